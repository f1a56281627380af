use motet_expr::{Num, Value, json as values};
use motet_runtime::{Assignment, JobView, TaskRow, TaskView, WaitsFor};

use super::instance::definition;
use crate::json::Object;

/// A job for its worker.
pub(crate) fn job(object: &mut Object<'_>, job: &JobView) {
    object.text("id", job.id);
    object.text("type", &job.kind);
    object.value("input", &job.input);
    object.number("attempt", job.attempt.0);
    object.value("priority", &Value::Num(Num::Int(job.priority.into())));
    object.text("idempotencyKey", &job.key);
    object.text("instance", job.id.instance);
    definition(object, &job.definition);
    object.text("task", &job.task);
    object.text("createdAt", job.created_at);
    object.text("leaseUntil", job.lease_until);
    if let Some(heartbeat) = job.heartbeat {
        let millis = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX);
        object.number("heartbeatMs", millis);
    }
}

/// A person's task.
pub(crate) fn task(object: &mut Object<'_>, task: &TaskView) {
    object.text("id", task.id);
    object.text("status", if task.assignment.claimant.is_some() { "claimed" } else { "open" });
    object.text("name", &task.name);
    object.maybe_text("title", task.title.as_ref());
    object.text("instance", task.id.instance);
    definition(object, &task.definition);
    object.text("task", &task.reference);
    assignment(object, &task.assignment);
    object.text("createdAt", task.created_at);
    object.value("input", &task.input);
    if let Some(form) = &task.form {
        object.value("form", form);
    }
}

/// A task in a list.
pub(crate) fn task_row(object: &mut Object<'_>, row: &TaskRow) {
    object.text("id", row.id);
    object.text("status", &row.status);
    object.text("name", &row.name);
    object.maybe_text("title", row.title.as_ref());
    object.text("instance", row.id.instance);
    definition(object, &row.definition);
    object.maybe_text("assignee", row.assignee.as_ref());
    object.value("groups", &row.groups);
    object.maybe_text("due", row.due);
    object.text("createdAt", row.created_at);
}

/// The member `waitsFor` of a step.
pub(super) fn waits_for(object: &mut Object<'_>, waits: Option<&WaitsFor>) {
    match waits {
        None => {}
        Some(WaitsFor::Worker { kind, since, not_before }) => {
            object.object("waitsFor", |object| {
                object.text("kind", "worker");
                object.text("type", kind);
                object.text("since", since);
                object.maybe_text("notBefore", *not_before);
            });
        }
        Some(WaitsFor::Person { task, since, assignment: own }) => {
            object.object("waitsFor", |object| {
                object.text("kind", "person");
                object.text("task", task);
                object.text("since", since);
                assignment(object, own);
            });
        }
    }
}

fn assignment(object: &mut Object<'_>, own: &Assignment) {
    object.maybe_text("assignee", own.assignee.as_ref());
    let groups = own.groups.iter().map(|group| values::string(group.as_str()));
    object.value("groups", &values::array(groups));
    object.maybe_text("claimant", own.claimant.as_ref());
    object.maybe_text("due", own.due);
    if own.is_escalated {
        object.truth("escalated", true);
    }
}
