//! Arbitrary jobs.

use motet_engine::{Assignment, AssignmentChange, Escalation, Job, JobCommand, JobWork, Priority};
use std::time::Duration;

use super::*;

fn span() -> impl Strategy<Value = Duration> + Clone {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn job() -> BoxedStrategy<Arc<Job>> {
    let worker = (text(), any::<i16>(), of(span()), of(span())).prop_map(
        |(kind, priority, timeout, heartbeat)| JobWork::Worker {
            kind,
            priority: Priority(priority),
            timeout,
            heartbeat,
        },
    );
    let reassign = (of(text()), vec(text(), 0..3), of(span()))
        .prop_map(|(assignee, groups, due)| Escalation::Reassign { assignee, groups, due });
    let escalation = prop_oneof![Just(Escalation::Timeout), reassign];
    let person = (of(text()), of(escalation))
        .prop_map(|(title, escalation)| JobWork::Person { title, escalation });
    (value(), at(), prop_oneof![worker, person])
        .prop_map(|(input, created_at, work)| Arc::new(Job { input, created_at, work }))
        .boxed()
}

fn assignment() -> impl Strategy<Value = Box<Assignment>> + Clone {
    (of(text()), vec(text(), 0..3), of(text()), of(at()), any::<bool>()).prop_map(
        |(assignee, groups, claimant, due, is_escalated)| {
            Box::new(Assignment { assignee, groups, claimant, due, is_escalated })
        },
    )
}

pub(super) fn fact() -> BoxedStrategy<Fact> {
    let settled =
        (result(), any::<bool>()).prop_map(|(result, maybe_run)| Settled { result, maybe_run });
    let change = select(
        &[
            AssignmentChange::Claimed,
            AssignmentChange::Unclaimed,
            AssignmentChange::Reassigned,
            AssignmentChange::Escalated,
        ][..],
    );
    prop_oneof![
        (attempt(), text(), job(), of(assignment())).prop_map(|(attempt, key, job, assignment)| {
            Fact::JobCreated { attempt, key, job, assignment }
        }),
        (attempt(), at(), of(error()), of(text()))
            .prop_map(|(attempt, at, error, by)| Fact::JobReturned { attempt, at, error, by }),
        (attempt(), of(text()), settled).prop_map(|(attempt, by, settled)| Fact::JobSettled {
            attempt,
            by,
            settled
        }),
        attempt().prop_map(|attempt| Fact::JobWithdrawn { attempt }),
        (change, assignment(), of(text()))
            .prop_map(|(change, assignment, by)| Fact::TaskAssigned { change, assignment, by }),
    ]
    .boxed()
}

pub(super) fn activity() -> BoxedStrategy<Activity> {
    let state = select(&[CallState::InFlight, CallState::Settled, CallState::Abandoned][..]);
    (attempt(), text(), job(), state, at(), of(assignment()))
        .prop_map(|(attempt, key, job, state, ready_at, assignment)| Activity::Job {
            attempt,
            key,
            job,
            state,
            ready_at,
            assignment,
        })
        .boxed()
}

pub(super) fn input() -> BoxedStrategy<Input> {
    let command = prop_oneof![
        (value(), of(text())).prop_map(|(output, by)| JobCommand::Complete { output, by }),
        (error(), any::<u32>(), of(span()), of(text())).prop_map(
            |(error, retries, backoff, by)| JobCommand::Fail { error, retries, backoff, by }
        ),
        text().prop_map(|by| JobCommand::Claim { by }),
        text().prop_map(|by| JobCommand::Unclaim { by }),
        (of(text()), vec(text(), 0..3), of(at()), of(text())).prop_map(
            |(assignee, groups, due, by)| JobCommand::Reassign { assignee, groups, due, by }
        ),
    ];
    (step_id(), of(attempt()), command)
        .prop_map(|(step, attempt, command)| Input::Job { step, attempt, command })
        .boxed()
}
