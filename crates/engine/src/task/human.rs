//! `call: human`: a job that a person does.

use std::time::Duration;

use motet_definition::graph::{self, HumanCall, Kind, Vertex};
use motet_expr::{Template, Value, json};
use motet_types::StepId;

use super::job::{create, given, span};
use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled};
use crate::job::{Assignment, AssignmentChange, Escalation, Job, JobWork};
use crate::{Activity, ErrorKind, Fact, TimerKind, WorkflowError};

/// Bytes of a name of a person or a group.
const NAME_BYTES_MAX: usize = 256;

/// Groups of one task.
const GROUPS_MAX: usize = 32;

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    call: &HumanCall,
    input: &Value,
) -> Result<Handled, WorkflowError> {
    let frame = &Frame::new(Place::Within { step, vertex });
    let title = name(decider, call.title.as_ref(), input, frame, "with.title")?;
    let due = span(decider, call.due.as_ref(), input, frame)?;
    let assignment = Assignment {
        assignee: name(decider, call.assignee.as_ref(), input, frame, "with.assignee")?,
        groups: names(decider, call.groups.as_ref(), input, frame, "with.groups")?,
        due: due.map(|due| decider.now.saturating_add(due)),
        ..Assignment::default()
    };
    let escalation = match &call.escalation {
        None => None,
        Some(graph::Escalation::Timeout) => Some(Escalation::Timeout),
        Some(graph::Escalation::Reassign { assignee, groups, due }) => Some(Escalation::Reassign {
            assignee: name(decider, assignee.as_ref(), input, frame, "with.escalate.assignee")?,
            groups: names(decider, groups.as_ref(), input, frame, "with.escalate.groups")?,
            due: span(decider, due.as_ref(), input, frame)?,
        }),
    };
    let input = given(decider, call.input.as_ref(), input, frame)?;
    let work = JobWork::Person { title, escalation };
    let job = Job { input, created_at: decider.now, work };
    create(decider, step, "human", job, Some(Box::new(assignment)));
    Ok(Handled::Open)
}

/// The task's due time is over.
pub(crate) fn escalate(decider: &mut Decider<'_>, step: StepId) {
    decider.emit(step, Fact::Fired { timer: TimerKind::Due });
    let Activity::Job { job, assignment: Some(assignment), .. } =
        &decider.instance.step(step).activity
    else {
        return;
    };
    let JobWork::Person { escalation, .. } = &job.work else { return };
    match escalation.clone() {
        Some(Escalation::Reassign { assignee, groups, due }) if !assignment.is_escalated => {
            let assignment = Assignment {
                assignee,
                groups,
                claimant: None,
                due: due.map(|due: Duration| decider.now.saturating_add(due)),
                is_escalated: true,
            };
            let (change, assignment) = (AssignmentChange::Escalated, Box::new(assignment));
            decider.emit(step, Fact::TaskAssigned { change, assignment, by: None });
        }
        _ => {
            let detail = "the task was not completed by its due time";
            let error = WorkflowError::new(ErrorKind::Timeout, "a person did not answer", detail);
            decider.fail(step, error);
        }
    }
}

/// What is wrong with an output, by the form that the definition asks for.
pub(crate) fn misfits(
    decider: &Decider<'_>,
    step: StepId,
    output: &Value,
) -> Vec<(String, String)> {
    const MISFITS_MAX: usize = 20;
    match decider.vertex_of(step).map(|vertex| &vertex.kind) {
        Some(Kind::Human(call)) => {
            let form = call.form.as_ref();
            form.map(|form| form.schema.violations(output, MISFITS_MAX)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn name(
    decider: &mut Decider<'_>,
    template: Option<&Template>,
    input: &Value,
    frame: &Frame<'_>,
    what: &str,
) -> Result<Option<String>, WorkflowError> {
    let Some(template) = template else { return Ok(None) };
    match decider.evaluate(template, input, frame, what)? {
        Value::Null => Ok(None),
        value => text(&value, what).map(Some),
    }
}

fn names(
    decider: &mut Decider<'_>,
    template: Option<&Template>,
    input: &Value,
    frame: &Frame<'_>,
    what: &str,
) -> Result<Vec<String>, WorkflowError> {
    let Some(template) = template else { return Ok(Vec::new()) };
    let value = decider.evaluate(template, input, frame, what)?;
    match &value {
        Value::Null => Ok(Vec::new()),
        Value::Arr(items) if items.len() <= GROUPS_MAX => {
            items.iter().map(|item| text(item, what)).collect()
        }
        other => Err(not_a_name(other, what)),
    }
}

fn text(value: &Value, what: &str) -> Result<String, WorkflowError> {
    let fits = |text: &&str| (1..=NAME_BYTES_MAX).contains(&text.len());
    let text = json::as_str(value).filter(fits);
    text.map(str::to_owned).ok_or_else(|| not_a_name(value, what))
}

fn not_a_name(value: &Value, what: &str) -> WorkflowError {
    let detail = format!(
        "{what}: {} is not as expected: texts of 1 to {NAME_BYTES_MAX} bytes, at most {GROUPS_MAX} groups",
        json::to_text(value)
    );
    WorkflowError::new(ErrorKind::Expression, "not a name", detail)
}
