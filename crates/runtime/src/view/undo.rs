//! How the undo of an instance looks to people.

use motet_definition::graph::Graph;
use motet_engine::{Activity, Incident, Instance, TimerKind, UndoEntry, UndoOutcome, UndoState};
use motet_types::StepId;

use super::{UndoEntryView, UndoView};

/// Everything that an instance would undo, undoes or has undone, newest first.
pub(crate) fn undo(instance: &Instance, graph: Option<&Graph>) -> UndoView {
    let root = instance.steps.get(&StepId(0));
    let entries = instance.undo.iter().rev();
    UndoView {
        definition: instance.start.definition.clone(),
        status: instance.status(),
        is_compensating: instance.is_compensating(),
        is_committed: root.is_some_and(|root| root.committed),
        entries: entries.filter_map(|(id, it)| entry(instance, *id, it, graph?)).collect(),
    }
}

fn entry(
    instance: &Instance,
    id: StepId,
    entry: &UndoEntry,
    graph: &Graph,
) -> Option<UndoEntryView> {
    let vertex = graph.vertices.get(entry.task.0 as usize)?;
    let tasks = vertex.undo.map(|scope| graph.scope(scope).tasks.as_slice()).unwrap_or_default();
    let failed = failed_step(instance, entry);
    let due = failed.and_then(|id| instance.timers.due(id, TimerKind::Again));
    let failure = failed.and_then(|id| instance.steps.get(&id)?.result.as_ref()?.as_ref().err());
    let path = failed.and_then(|id| instance.steps.get(&id)).map(|step| step.path);
    Some(UndoEntryView {
        step: id,
        name: vertex.name.clone(),
        reference: vertex.reference.clone(),
        kind: vertex.kind.word(),
        key: entry.key.clone(),
        outcome: match entry.outcome {
            UndoOutcome::Completed => "completed",
            UndoOutcome::Pending | UndoOutcome::Unknown => "unknown",
        },
        state: match entry.state {
            UndoState::Undone => "undone",
            UndoState::Undoing(_) if failed.is_some() && due.is_none() => "failed",
            UndoState::Undoing(_) => "undoing",
            UndoState::Noted if !entry.open.is_empty() => "waiting",
            UndoState::Noted if entry.is_doomed => "queued",
            UndoState::Noted => "noted",
        },
        by: tasks.iter().map(|task| graph.vertex(*task).name.clone()).collect(),
        child: entry.child,
        tries: path.and_then(|path| instance.repeats.get(&path)).copied().unwrap_or(0),
        due,
        error: failure.or(entry.error.as_ref()).map(|error| (**error).clone()),
    })
}

/// The step of an undo that waits for a person, or for its next try.
fn failed_step(instance: &Instance, entry: &UndoEntry) -> Option<StepId> {
    let UndoState::Undoing(root) = entry.state else { return None };
    let waits = |id: &StepId| {
        let has_incident =
            matches!(instance.incidents.get(id), Some(Incident::Undo(_) | Incident::Fault(_)));
        has_incident || instance.timers.due(*id, TimerKind::Again).is_some()
    };
    let is_within = |id: &StepId| {
        let mut at = Some(*id);
        while let Some(id) = at.filter(|id| *id != root) {
            at = instance.steps.get(&id).and_then(|step| step.parent);
        }
        at == Some(root)
    };
    let undo = instance.steps.get(&root)?;
    debug_assert!(matches!(undo.activity, Activity::Undo { .. }), "an undo has a step of its own");
    instance.steps.keys().copied().filter(waits).find(is_within)
}
