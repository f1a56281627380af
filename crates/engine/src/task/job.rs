//! `call: job`: leaves a unit of work for whoever fetches it, and takes what came of it.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::{JobCall, Span, Vertex};
use motet_definition::{is_job_type, priority};
use motet_expr::{Template, Value, json};
use motet_types::{Attempt, Digest, StepId};

use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled};
use crate::job::{Job, JobWork, Priority};
use crate::{ErrorKind, Fact, WorkflowError};

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    call: &JobCall,
    input: &Value,
) -> Result<Handled, WorkflowError> {
    let frame = &Frame::new(Place::Within { step, vertex });
    let kind = decider.evaluate(&call.kind, input, frame, "with.type")?;
    let kind = json::as_str(&kind).filter(|kind| is_job_type(kind)).ok_or_else(|| {
        let detail = format!("with.type: {} is not the type of a job", json::to_text(&kind));
        WorkflowError::new(ErrorKind::Configuration, "not a job's type", detail)
    })?;
    let work = JobWork::Worker {
        kind: kind.to_owned(),
        priority: priority_of(decider, call.priority.as_ref(), input, frame)?,
        timeout: span(decider, call.timeout.as_ref(), input, frame)?,
        heartbeat: span(decider, call.heartbeat.as_ref(), input, frame)?,
    };
    let what = kind.to_owned();
    let input = given(decider, call.input.as_ref(), input, frame)?;
    create(decider, step, &what, Job { input, created_at: decider.now, work }, None);
    Ok(Handled::Open)
}

/// Leaves the job, under a key made once.
pub(super) fn create(
    decider: &mut Decider<'_>,
    step: StepId,
    what: &str,
    job: Job,
    assignment: Option<Box<crate::Assignment>>,
) {
    let mut hasher = blake3::Hasher::new();
    hasher.update(what.as_bytes());
    hasher.update(&[0]);
    hasher.update(&json::canonical(&job.input));
    let digest = Digest(*hasher.finalize().as_bytes());
    let key = decider.instance.step(step).path.key(decider.instance.id, digest);
    let job = Arc::new(job);
    decider.emit(step, Fact::JobCreated { attempt: Attempt(1), key, job, assignment });
}

/// What whoever does the work is given.
pub(super) fn given(
    decider: &mut Decider<'_>,
    template: Option<&Template>,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Value, WorkflowError> {
    let Some(template) = template else { return Ok(input.clone()) };
    let given = decider.evaluate(template, input, frame, "with.input")?;
    decider.check_size(&given, "with.input")?;
    Ok(given)
}

pub(super) fn span(
    decider: &mut Decider<'_>,
    span: Option<&Span>,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Option<Duration>, WorkflowError> {
    span.map(|span| decider.span(span, input, frame)).transpose()
}

fn priority_of(
    decider: &mut Decider<'_>,
    template: Option<&Template>,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Priority, WorkflowError> {
    let Some(template) = template else { return Ok(Priority::default()) };
    let value = decider.evaluate(template, input, frame, "with.priority")?;
    let number = priority(&value).and_then(|number| i16::try_from(number).ok());
    number.map(Priority).ok_or_else(|| {
        let detail = format!(
            "with.priority: {} is not a whole number from -1000 to 1000",
            json::to_text(&value)
        );
        WorkflowError::new(ErrorKind::Expression, "not a priority", detail)
    })
}
