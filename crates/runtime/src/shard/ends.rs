//! What is told of instances that have ended, if somebody wants it.

use motet_engine::{End, WorkflowError};
use motet_types::{InstanceId, Status, Timestamp, WorkflowRef};

use super::slots::Slot;
use super::{Machine, Output};

/// An instance whose end is durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub id: InstanceId,
    /// The outermost ancestor, which may be itself.
    pub root: InstanceId,
    pub parent: Option<InstanceId>,
    pub definition: WorkflowRef,
    pub from: Timestamp,
    pub until: Timestamp,
    pub status: Status,
    /// The error that nobody caught, or why it was cancelled.
    pub error: Option<String>,
}

impl Machine {
    /// From now on ends are told.
    #[must_use]
    pub fn telling_ends(self) -> Self {
        Self { tells_ends: true, ..self }
    }

    /// One that is not in memory any more is not told.
    pub(super) fn tell_end(&mut self, id: InstanceId) {
        if !self.tells_ends {
            return;
        }
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        let start = &instance.start;
        let error = match &instance.end {
            Some(End::Faulted { error, .. }) => Some(told(error)),
            Some(End::Cancelled { reason }) => Some(reason.clone().unwrap_or_default()),
            Some(End::Completed(_)) | None => None,
        };
        let ended = Ended {
            id,
            root: start.parent.as_ref().map_or(id, |parent| parent.root),
            parent: start.parent.as_ref().map(|parent| parent.instance),
            definition: start.definition.clone(),
            from: instance.started_at,
            until: instance.updated_at,
            status: instance.status(),
            error,
        };
        self.outputs.push(Output::Ended(Box::new(ended)));
    }
}

fn told(error: &WorkflowError) -> String {
    let parts = [error.title.as_deref(), error.detail.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    if parts.is_empty() { error.kind.clone() } else { parts.join(": ") }
}
