//! Workers and people: they do what the mocks say, when they say it.

use std::sync::Arc;
use std::time::Duration;

use motet_engine::{
    Activity, CallState, Fact, Input, Job, JobCommand, JobRejection, JobWork, Record, Rejection,
    WorkflowError,
};
use motet_expr::{Environment, Value, json};
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use super::effects::error_of;
use super::{Arrival, AskedKind, World};
use crate::mock::Call;
use crate::model::{Deed, WorkAnswer};

/// A job, or a task of a person, as scenarios see it.
#[derive(Clone, Debug)]
pub(super) struct Work {
    instance: InstanceId,
    step: StepId,
    task: String,
    reference: String,
    job: Arc<Job>,
    attempts: u32,
    assignee: Option<String>,
    groups: Vec<String>,
    by: Option<String>,
    state: &'static str,
}

/// Fuel of one computed output.
const FUEL: u64 = 1_000_000;

impl World<'_> {
    /// Follows what a record says of jobs.
    pub(super) fn take_work(&mut self, id: InstanceId, record: &Record) {
        match &record.fact {
            Fact::JobCreated { attempt, job, assignment, .. } => {
                let Some(task) = record.task else { return };
                let vertex = self.slots[&id].graph.vertex(task);
                let (task, reference) = (vertex.name.clone(), vertex.reference.clone());
                let assignment = assignment.as_deref().cloned().unwrap_or_default();
                self.work.push(Work {
                    instance: id,
                    step: record.step,
                    task,
                    reference,
                    job: job.clone(),
                    attempts: 1,
                    assignee: assignment.assignee,
                    groups: assignment.groups,
                    by: None,
                    state: "open",
                });
                self.give_out(self.work.len() - 1, *attempt, record.at);
            }
            Fact::JobReturned { attempt, at, by, .. } => {
                let Some(place) = self.place_of(id, record.step) else { return };
                self.work[place].attempts = attempt.0;
                self.work[place].by.clone_from(by);
                self.give_out(place, *attempt, *at);
            }
            Fact::JobSettled { by, settled, .. } => {
                let state = if settled.result.is_ok() { "completed" } else { "failed" };
                self.over(id, record.step, state, by.as_ref());
            }
            Fact::JobWithdrawn { .. } => self.over(id, record.step, "withdrawn", None),
            Fact::TaskAssigned { assignment, .. } => {
                let Some(place) = self.place_of(id, record.step) else { return };
                let work = &mut self.work[place];
                (work.assignee, work.groups) =
                    (assignment.assignee.clone(), assignment.groups.clone());
            }
            _ => {}
        }
    }

    fn place_of(&self, id: InstanceId, step: StepId) -> Option<usize> {
        self.work.iter().rposition(|work| (work.instance, work.step) == (id, step))
    }

    fn over(&mut self, id: InstanceId, step: StepId, state: &'static str, by: Option<&String>) {
        let Some(place) = self.place_of(id, step) else { return };
        self.work[place].state = state;
        self.work[place].by = by.cloned().or(self.work[place].by.take());
    }

    /// Somebody may have it from `at` on.
    fn give_out(&mut self, place: usize, attempt: Attempt, at: Timestamp) {
        let work = self.work[place].clone();
        let is_person = work.job.work.is_for_person();
        let (to, step) = (work.instance, work.step);
        let mut failure = None;
        if !is_person {
            failure = self.ask(to, step, AskedKind::Job);
        }
        let call = Call {
            task: Some(work.task.clone()),
            reference: Some(work.reference.clone()),
            ..Call::default()
        };
        self.follow(to, &call, &work.to_value());
        let fits = |name: &str| name == work.task || name == work.reference || name == work.kind();
        let mocks = &self.scenario.work;
        let found =
            mocks.iter().position(|mock| mock.is_person == is_person && fits(&mock.pattern));
        let what = if is_person { "task of a person" } else { "job" };
        let Some(idx) = found else {
            return self.trouble(format!("no mock does the {what} {}", work.task));
        };
        let used = self.work_used[idx];
        self.work_used[idx] += 1;
        let Some(answer) = mocks[idx].nth(used) else {
            let message = format!("the mock has {used} answers, and this is one more {what}");
            return self.trouble(format!("task {}: {message}", work.task));
        };
        let (command, delay) = match failure {
            Some(_) => (Ok(Some(failing())), Duration::ZERO),
            None => (command(answer, &work), answer.delay),
        };
        match command {
            Ok(None) => {}
            Ok(Some(command)) => {
                let at = at.max(self.now).saturating_add(delay);
                self.arrive(at, Arrival::Job { to, step, attempt, command });
            }
            Err(message) => self.trouble(format!("task {}: {message}", work.task)),
        }
    }

    /// Whether somebody may still do it.
    pub(super) fn is_to_be_done(&self, id: InstanceId, step: StepId, attempt: Attempt) -> bool {
        let Some(slot) = self.slots.get(&id).filter(|slot| slot.live.end.is_none()) else {
            return false;
        };
        let open = slot.live.steps.get(&step);
        open.is_some_and(|open| {
            matches!(&open.activity, Activity::Job { attempt: present, state: CallState::InFlight, .. }
                if *present == attempt)
        })
    }

    pub(super) fn do_work(
        &mut self,
        to: InstanceId,
        step: StepId,
        attempt: Attempt,
        command: JobCommand,
    ) {
        let input = Input::Job { step, attempt: Some(attempt), command };
        let Some(rejection) = self.try_feed(to, input) else { return };
        let place = self.place_of(to, step);
        let task = place.map(|place| self.work[place].task.clone()).unwrap_or_default();
        let mut message = format!("task {task}: what is done with it is refused: {rejection}");
        if let Rejection::Job(JobRejection::Form(misfits)) = rejection {
            for (pointer, problem) in misfits {
                let place = if pointer.is_empty() { pointer } else { format!("{pointer}: ") };
                message.push_str(&format!("; {place}{problem}"));
            }
        }
        self.trouble(message);
    }
}

impl Work {
    pub(super) fn is_for_person(&self) -> bool {
        self.job.work.is_for_person()
    }

    fn kind(&self) -> &str {
        match &self.job.work {
            JobWork::Worker { kind, .. } => kind,
            JobWork::Person { .. } => "",
        }
    }

    pub(super) fn to_value(&self) -> Value {
        let text = |text: &str| json::string(text);
        let maybe = |text: &Option<String>| text.as_deref().map_or(Value::Null, json::string);
        let mut members = vec![
            ("task", text(&self.task)),
            ("reference", text(&self.reference)),
            ("input", self.job.input.clone()),
            ("state", text(self.state)),
            ("by", maybe(&self.by)),
        ];
        match &self.job.work {
            JobWork::Worker { kind, priority, .. } => {
                members.push(("type", text(kind)));
                members.push(("priority", Value::from(isize::from(priority.0))));
                members.push(("attempts", Value::from(self.attempts as usize)));
            }
            JobWork::Person { title, .. } => {
                members.push(("title", maybe(title)));
                members.push(("assignee", maybe(&self.assignee)));
                let groups = self.groups.iter().map(|group| text(group));
                members.push(("groups", json::array(groups)));
            }
        }
        json::object(members)
    }
}

/// What a mock does with it; nothing, where nobody does it.
fn command(answer: &WorkAnswer, work: &Work) -> Result<Option<JobCommand>, String> {
    let by = answer.by.clone();
    Ok(Some(match &answer.deed {
        Deed::Pending => return Ok(None),
        Deed::Complete(output) => JobCommand::Complete { output: output.clone(), by },
        Deed::Computed(program) => {
            let mut fuel = FUEL;
            let mut environment = Environment::new(&mut fuel, Timestamp::default());
            let output = program
                .evaluate(work.to_value(), Vec::new(), &mut environment)
                .map_err(|error| format!("`compute` fails: {error}"))?;
            JobCommand::Complete { output, by }
        }
        Deed::Fail { error, retries, backoff } => JobCommand::Fail {
            error: Box::new(error_of(error)),
            retries: *retries,
            backoff: *backoff,
            by,
        },
    }))
}

/// A worker that fails for good, so that nobody knows what it has done.
fn failing() -> JobCommand {
    let title = "the job failed: the scenario says so";
    let error = WorkflowError::new(motet_engine::ErrorKind::Communication, title, "");
    JobCommand::Fail { error: Box::new(error), retries: 0, backoff: None, by: None }
}
