//! What is asked of others, counted, so that each of it can be made to fail in turn.

use motet_types::{InstanceId, StepId};

use super::{Fault, World};
use crate::model::Failure;

/// Tries that fail of something that has to succeed, before what failed "for good" is back: an undo, and what lies behind a
/// pivot, goes on for as long as it takes.
const OUTAGE_TRIES: u32 = 10;

/// The same for a definition that tries for ever by itself.
const TRIES_MAX: u32 = 1_000;

/// Something asked of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Name of the task.
    pub(crate) task: String,
    pub(crate) kind: AskedKind,
    /// It undoes something.
    pub(crate) is_undo: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedKind {
    Call,
    Job,
    /// An instance that is not run.
    Child,
}

impl World<'_> {
    /// Notes that a step asks somebody; gives how that fails, if it is to.
    pub(super) fn ask(&mut self, id: InstanceId, step: StepId, kind: AskedKind) -> Option<Failure> {
        let number = self.outcome.asked.len();
        let slot = &self.slots[&id];
        let open = slot.live.steps.get(&step);
        let task = open.and_then(|open| open.task).map(|task| slot.graph.vertex(task).name.clone());
        let is_undo = slot.live.is_undo(step);
        self.outcome.asked.push(Asked { task: task.unwrap_or_default(), kind, is_undo });
        let Some(Fault::Step { number: failing, failure, for_good }) = self.fault else {
            return None;
        };
        let path = open.map(|open| open.path)?;
        if number == failing {
            if for_good {
                self.failing.insert((id, path), 1);
            }
            return Some(failure);
        }
        let has_to_succeed = slot.live.has_to_succeed(step);
        let tries = self.failing.get_mut(&(id, path))?;
        let tries_max = if has_to_succeed { OUTAGE_TRIES } else { TRIES_MAX };
        if *tries >= tries_max {
            return None;
        }
        *tries += 1;
        Some(failure)
    }
}
