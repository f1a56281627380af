//! Jobs and people's tasks.

use std::sync::Arc;
use std::time::Duration;

use motet_engine::{
    Activity, Assignment, AssignmentChange, CallState, Escalation, Fact, Input, Instance, Job,
    JobCommand, JobWork, Priority, Record, Settled, Steps, TimerKind,
};
use motet_types::{Attempt, StepId, TaskId};

use super::{at, error, json, order};

fn worker(priority: i16) -> Arc<Job> {
    Arc::new(Job {
        input: order(),
        created_at: at(20),
        work: JobWork::Worker {
            kind: "print-label".to_owned(),
            priority: Priority(priority),
            timeout: Some(Duration::from_secs(90)),
            heartbeat: Some(Duration::from_secs(5)),
        },
    })
}

fn person(escalation: Option<Escalation>) -> Arc<Job> {
    let work = JobWork::Person { title: Some("Approve the order".to_owned()), escalation };
    Arc::new(Job { input: json("{}"), created_at: at(30), work })
}

fn reassign() -> Escalation {
    Escalation::Reassign {
        assignee: Some("grace".to_owned()),
        groups: vec!["managers".to_owned(), "owners".to_owned()],
        due: Some(Duration::from_secs(3_600)),
    }
}

fn assignment() -> Box<Assignment> {
    Box::new(Assignment {
        assignee: Some("ada".to_owned()),
        groups: vec!["clerks".to_owned()],
        claimant: Some("ada".to_owned()),
        due: Some(at(90_000)),
        is_escalated: true,
    })
}

pub(crate) fn records() -> Vec<Record> {
    let created = |job, assignment| Fact::JobCreated {
        attempt: Attempt(1),
        key: "key-of-the-job".to_owned(),
        job,
        assignment,
    };
    let settled = |result| Fact::JobSettled {
        attempt: Attempt(2),
        by: Some("worker-1".to_owned()),
        settled: Settled { result, maybe_run: true },
    };
    let assigned = |change| Fact::TaskAssigned {
        change,
        assignment: assignment(),
        by: Some("ada".to_owned()),
    };
    let facts = vec![
        created(worker(-1_000), None),
        created(worker(7), None),
        created(person(None), Some(assignment())),
        created(person(Some(Escalation::Timeout)), Some(Box::default())),
        created(person(Some(reassign())), Some(assignment())),
        Fact::JobReturned {
            attempt: Attempt(2),
            at: at(4_000),
            error: Some(error()),
            by: Some("worker-1".to_owned()),
        },
        Fact::JobReturned { attempt: Attempt(3), at: at(4_000), error: None, by: None },
        settled(Ok(json("{\"ok\":true}"))),
        settled(Err(error())),
        Fact::JobWithdrawn { attempt: Attempt(3) },
        assigned(AssignmentChange::Claimed),
        assigned(AssignmentChange::Unclaimed),
        assigned(AssignmentChange::Reassigned),
        assigned(AssignmentChange::Escalated),
        Fact::Fired { timer: TimerKind::Due },
    ];
    let facts = facts.into_iter().enumerate();
    facts
        .map(|(idx, fact)| Record {
            at: at(idx as i64 * 10),
            step: StepId(idx as u32),
            task: Some(TaskId(1)),
            fact,
            actor: None,
        })
        .collect()
}

/// An instance that waits for a worker and for people.
pub(crate) fn instance() -> Instance {
    let open = |job, assignment, state| Activity::Job {
        attempt: Attempt(2),
        key: "key-of-the-job".to_owned(),
        job,
        state,
        ready_at: at(4_000),
        assignment,
    };
    let activities = [
        Activity::Scope,
        open(worker(7), None, CallState::InFlight),
        open(person(Some(reassign())), Some(assignment()), CallState::InFlight),
        open(person(None), Some(Box::default()), CallState::Abandoned),
    ];
    let steps: Steps = (0..)
        .map(StepId)
        .zip(activities)
        .map(|(id, activity)| (id, super::step(id, activity, &order())))
        .collect();
    let timers = [(at(90_000), StepId(2), TimerKind::Due)].into_iter().collect();
    Instance { steps, timers, ..super::instance() }
}

pub(crate) fn inputs() -> Vec<Input> {
    let by = || Some("ada".to_owned());
    let commands = [
        JobCommand::Complete { output: order(), by: by() },
        JobCommand::Fail {
            error: error(),
            retries: 3,
            backoff: Some(Duration::from_secs(9)),
            by: None,
        },
        JobCommand::Claim { by: "ada".to_owned() },
        JobCommand::Unclaim { by: "ada".to_owned() },
        JobCommand::Reassign {
            assignee: by(),
            groups: vec!["clerks".to_owned()],
            due: Some(at(1)),
            by: by(),
        },
    ];
    let input = |command| Input::Job { step: StepId(3), attempt: Some(Attempt(2)), command };
    commands.into_iter().map(input).collect()
}
