use motet_runtime::{
    HistoryEntry, InstanceRow, InstanceView, Line, QueuedFor, RoomView, StepView, TurnView,
    UndoEntryView, UndoView, WorkflowError,
};
use motet_types::{InstanceId, StepId, WorkflowRef};

use crate::json::{self, Object};

/// What a caller of a start wants to know: how the instance stands, and what came of it.
pub(crate) fn result(instance: &InstanceView, created: Option<bool>) -> Vec<u8> {
    json::object(|object| {
        object.text("id", instance.id);
        definition(object, &instance.definition);
        object.text("status", instance.status);
        phase(object, instance.is_compensating);
        if let Some(created) = created {
            object.truth("created", created);
        }
        object.text("startedAt", instance.started_at);
        object.maybe_text("endedAt", instance.ended_at);
        outcome(object, instance);
    })
}

/// Everything about one instance but its history.
pub(crate) fn instance(instance: &InstanceView) -> Vec<u8> {
    json::object(|object| {
        object.text("id", instance.id);
        definition(object, &instance.definition);
        object.text("digest", instance.digest);
        object.text("status", instance.status);
        phase(object, instance.is_compensating);
        object.text("startedAt", instance.started_at);
        object.text("updatedAt", instance.updated_at);
        object.maybe_text("endedAt", instance.ended_at);
        object.maybe_text("parent", instance.parent);
        object.maybe_text("businessKey", instance.business_key.as_ref());
        object.object("attributes", |attributes| {
            for (name, value) in &instance.attributes {
                attributes.value(name, value);
            }
        });
        turn(object, instance.turn.as_ref());
        room(object, instance.room.as_ref());
        object.value("input", &instance.input);
        outcome(object, instance);
        object.array("steps", |steps| {
            for open in &instance.steps {
                steps.object(|object| step(object, open));
            }
        });
        incidents(object, &instance.incidents);
        object.number("records", instance.records);
    })
}

/// How an instance stands to its concurrency key.
fn turn(object: &mut Object<'_>, turn: Option<&TurnView>) {
    let Some(turn) = turn else { return };
    object.object("concurrency", |object| {
        object.text("key", &turn.key);
        if let Some(holder) = turn.holder {
            object.text("waitsFor", holder);
            object.number("ahead", turn.ahead as u64);
        }
    });
}

/// For room under which limit it waits.
fn room(object: &mut Object<'_>, room: Option<&RoomView>) {
    let Some(room) = room else { return };
    object.object("waitsForRoom", |object| {
        object.text("of", limit_of(&room.line));
        object.number("ahead", room.ahead as u64);
    });
}

/// Whom a limit counts, in one word.
pub(crate) fn limit_of(line: &Line) -> &'static str {
    match line {
        Line::Root(_) => "root",
        Line::Workflow(_) => "workflow",
        Line::Namespace(_) => "namespace",
    }
}

/// What an instance would undo, undoes or has undone.
pub(crate) fn undo(id: InstanceId, undo: &UndoView) -> Vec<u8> {
    json::object(|object| {
        object.text("id", id);
        definition(object, &undo.definition);
        object.text("status", undo.status);
        phase(object, undo.is_compensating);
        object.truth("committed", undo.is_committed);
        object.array("entries", |entries| {
            for own in &undo.entries {
                entries.object(|object| undo_entry(object, own));
            }
        });
    })
}

fn undo_entry(object: &mut Object<'_>, entry: &UndoEntryView) {
    object.number("step", entry.step.0);
    object.text("name", &entry.name);
    object.text("task", &entry.reference);
    object.text("type", entry.kind);
    object.text("state", entry.state);
    object.text("outcome", entry.outcome);
    object.text("idempotencyKey", &entry.key);
    object.array("by", |names| {
        for name in &entry.by {
            names.text(name);
        }
    });
    object.maybe_text("child", entry.child);
    if entry.tries > 0 {
        object.number("tries", entry.tries);
    }
    object.maybe_text("due", entry.due);
    if let Some(error) = &entry.error {
        object.value("error", &error.to_value());
    }
}

/// What the instance does besides going on: it is written only while it undoes what it did.
fn phase(object: &mut Object<'_>, is_compensating: bool) {
    object.maybe_text("phase", is_compensating.then_some("compensating"));
}

/// An instance in a list.
pub(crate) fn row(object: &mut Object<'_>, row: &InstanceRow) {
    object.text("id", row.id);
    definition(object, &row.definition);
    object.text("status", row.status);
    object.text("startedAt", row.started_at);
    object.text("updatedAt", row.updated_at);
    object.maybe_text("endedAt", row.ended_at);
    object.maybe_text("parent", row.parent);
    object.maybe_text("businessKey", row.business_key.as_ref());
    if !row.attributes.is_empty() {
        object.object("attributes", |attributes| {
            for (name, value) in &row.attributes {
                attributes.value(name, value);
            }
        });
    }
    object.maybe_text("error", row.error.as_ref());
    object.truth("hasIncident", row.has_incident);
    if let Some(waits) = &row.waits_for {
        object.object("waitsFor", |object| match waits {
            QueuedFor::Key(turn) => {
                object.text("concurrencyKey", &turn.key);
                object.maybe_text("instance", turn.holder);
            }
            QueuedFor::Workflow => object.text("limit", "workflow"),
            QueuedFor::Namespace => object.text("limit", "namespace"),
        });
    }
}

/// The member `incidents`.
pub(crate) fn incidents(object: &mut Object<'_>, incidents: &[(StepId, WorkflowError)]) {
    object.array("incidents", |items| {
        for (step, error) in incidents {
            items.object(|item| {
                item.number("step", step.0);
                item.value("error", &error.to_value());
            });
        }
    });
}

/// One entry of a history; what belongs to its kind stands beside what every entry has.
pub(crate) fn entry(object: &mut Object<'_>, entry: &HistoryEntry) {
    object.number("number", entry.number);
    object.text("at", entry.at);
    object.text("type", entry.kind);
    object.number("step", entry.step.0);
    object.maybe_text("name", entry.name.as_ref());
    object.maybe_text("task", entry.task.as_ref());
    object.maybe_text("actor", entry.actor.as_deref());
    for (name, value) in &entry.details {
        debug_assert!(
            !["number", "at", "type", "step", "name", "task", "actor"].contains(name),
            "a detail would hide what every entry has"
        );
        object.value(name, value);
    }
}

fn step(object: &mut Object<'_>, step: &StepView) {
    object.number("id", step.id.0);
    if let Some(parent) = step.parent {
        object.number("parent", parent.0);
    }
    object.text("name", &step.name);
    object.text("task", &step.reference);
    object.text("type", step.kind);
    object.text("status", step.status);
    object.text("startedAt", step.started_at);
    if let Some(attempt) = step.attempt {
        object.number("attempt", attempt.0);
    }
    object.maybe_text("due", step.due);
    if let Some(parked) = &step.parked {
        object.object("parked", |object| {
            object.text("reason", parked.reason.as_str());
            object.text("since", parked.since);
            object.maybe_text("until", parked.until);
            object.truth("sent", parked.sent);
        });
    }
    super::job::waits_for(object, step.waits_for.as_ref());
    if !step.listens_to.is_empty() {
        object.array("listensTo", |items| step.listens_to.iter().for_each(|it| items.text(it)));
    }
}

fn outcome(object: &mut Object<'_>, instance: &InstanceView) {
    if let Some(output) = &instance.output {
        object.value("output", output);
    }
    if let Some(error) = &instance.error {
        object.value("error", &error.to_value());
    }
}

pub(super) fn definition(object: &mut Object<'_>, definition: &WorkflowRef) {
    object.text("namespace", &definition.workflow.namespace);
    object.text("workflow", &definition.workflow.name);
    object.text("version", &definition.version);
}
