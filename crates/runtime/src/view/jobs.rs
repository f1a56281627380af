//! Jobs and tasks as workers and people see them.

use motet_definition::graph::{Graph, Kind};
use motet_engine::{Activity, CallState, Instance, JobWork};
use motet_types::{JobId, StepId, Timestamp};

use super::{JobView, TaskView, WaitsFor};

/// An open job, for the worker that holds it until `lease_until`.
pub(crate) fn job(
    instance: &Instance,
    id: StepId,
    graph: Option<&Graph>,
    lease_until: Timestamp,
) -> Option<JobView> {
    let step = instance.steps.get(&id)?;
    let Activity::Job { attempt, key, job, .. } = &step.activity else { return None };
    let JobWork::Worker { kind, priority, heartbeat, .. } = &job.work else { return None };
    let vertex = graph.zip(step.task).map(|(graph, task)| graph.vertex(task));
    Some(JobView {
        id: JobId { instance: instance.id, step: id, attempt: Some(*attempt) },
        kind: kind.clone(),
        input: job.input.clone(),
        attempt: *attempt,
        priority: priority.0,
        key: key.clone(),
        definition: instance.start.definition.clone(),
        task: vertex.map(|vertex| vertex.name.clone()).unwrap_or_default(),
        created_at: job.created_at,
        lease_until,
        heartbeat: *heartbeat,
    })
}

/// A person's open task.
pub(crate) fn task(instance: &Instance, id: StepId, graph: &Graph) -> Option<TaskView> {
    let step = instance.steps.get(&id).filter(|_| instance.end.is_none())?;
    let Activity::Job { job, state: CallState::InFlight, assignment, .. } = &step.activity else {
        return None;
    };
    let JobWork::Person { title, .. } = &job.work else { return None };
    let vertex = graph.vertex(step.task?);
    let form = match &vertex.kind {
        Kind::Human(call) => call.form.as_ref().map(|form| form.source.clone()),
        _ => None,
    };
    Some(TaskView {
        id: JobId { instance: instance.id, step: id, attempt: None },
        definition: instance.start.definition.clone(),
        name: vertex.name.clone(),
        reference: vertex.reference.clone(),
        title: title.clone(),
        input: job.input.clone(),
        form,
        assignment: assignment.as_deref().cloned().unwrap_or_default(),
        created_at: job.created_at,
    })
}

/// Who is to do something before the step goes on.
pub(crate) fn waits_for(instance: &Instance, id: StepId) -> Option<WaitsFor> {
    let Activity::Job { job, state: CallState::InFlight, ready_at, assignment, .. } =
        &instance.steps.get(&id)?.activity
    else {
        return None;
    };
    Some(match &job.work {
        JobWork::Worker { kind, .. } => WaitsFor::Worker {
            kind: kind.clone(),
            since: job.created_at,
            not_before: (*ready_at > job.created_at).then_some(*ready_at),
        },
        JobWork::Person { .. } => WaitsFor::Person {
            task: JobId { instance: instance.id, step: id, attempt: None },
            since: job.created_at,
            assignment: assignment.as_deref().cloned().unwrap_or_default(),
        },
    })
}
