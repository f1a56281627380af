//! What an instance would have to undo, and what it is undoing.

use std::collections::BTreeSet;

use motet_expr::{Value, json};
use motet_types::{Attempt, InstanceId, StepId, TaskId, Timestamp};

use super::{Activity, Instance, Path, Step};
use crate::{CatchAction, TimerKind, WorkflowError};

/// Stands for the outcome of a child among the attempts of an entry: no call has this number.
pub(crate) const CHILD: Attempt = Attempt(0);

/// What a step means to the saga around it; fixed when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// It has a `compensate` of its own.
    pub undo: bool,
    /// An error that leaves it undoes what was done inside.
    pub saga: bool,
    /// The saga around it only goes forward once it is complete.
    pub pivot: bool,
    /// A branch of a race: what it did is undone if it loses.
    pub race: bool,
}

impl Guard {
    /// `None` for the many steps that mean nothing to a saga.
    pub(crate) fn some(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// Something that was done, or may have been, and can be undone. Its key in the instance is the newest activation that did
/// it.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoEntry {
    pub task: TaskId,
    pub path: Path,
    /// The idempotency key of what is undone: one entry per key.
    pub key: String,
    /// The open step whose fate decides: a saga, a race's branch, a task with a `compensate` of its own, or the workflow.
    pub holder: StepId,
    /// It stands for everything inside a task that holds tasks.
    pub is_group: bool,
    pub input: Value,
    pub output: Option<Value>,
    pub error: Option<Box<WorkflowError>>,
    pub outcome: UndoOutcome,
    /// Abandoned attempts whose outcome is not known yet.
    pub open: BTreeSet<(StepId, Attempt)>,
    /// The child that is told to undo itself.
    pub child: Option<InstanceId>,
    /// It will be undone.
    pub is_doomed: bool,
    pub state: UndoState,
}

/// What is known of what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoOutcome {
    /// Nothing yet: an attempt is open.
    Pending,
    /// It may have been done.
    Unknown,
    Completed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoState {
    Noted,
    /// By this step.
    Undoing(StepId),
    /// Its values are gone.
    Undone,
}

/// A step that undoes before anything else happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Undoing {
    pub cause: UndoCause,
    /// Timers around it that do not run meanwhile.
    pub timers: Vec<(Timestamp, StepId, TimerKind)>,
}

/// Why something is undone, and with that what follows.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoCause {
    /// An error leaves the step; `catch` is what its own catch does about it afterwards.
    Error {
        error: Box<WorkflowError>,
        catch: Option<CatchAction>,
    },
    Cancelled {
        reason: Option<String>,
    },
    /// The workflow is done but for what its races left over.
    Finishing,
    /// The parent undoes what this instance has completed; the answer goes to this step of it.
    Parent {
        step: StepId,
    },
}

impl UndoCause {
    pub(crate) fn error(error: &WorkflowError, catch: Option<CatchAction>) -> Self {
        Self::Error { error: Box::new(error.clone()), catch }
    }
}

impl UndoEntry {
    /// What the tasks of the undo get as their input.
    pub(crate) fn to_value(&self) -> Value {
        let outcome = match self.outcome {
            UndoOutcome::Completed => "completed",
            UndoOutcome::Pending | UndoOutcome::Unknown => "unknown",
        };
        json::object([
            ("input", self.input.clone()),
            ("output", self.output.clone().unwrap_or_default()),
            ("error", self.error.as_ref().map(|error| error.to_value()).unwrap_or_default()),
            ("key", json::string(self.key.as_str())),
            ("outcome", json::string(outcome)),
        ])
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.state == UndoState::Noted
    }

    pub(crate) fn size_bound(&self) -> usize {
        json::size_bound(&self.input) + self.output.as_ref().map_or(0, json::size_bound)
    }

    /// Nobody needs the values of what is over.
    pub(crate) fn strip(&mut self) {
        (self.input, self.output, self.error) = (Value::Null, None, None);
        self.open.clear();
    }
}

impl Instance {
    /// Whether it undoes before it does anything else.
    pub fn is_compensating(&self) -> bool {
        self.end.is_none() && self.steps.undoing().next().is_some()
    }

    /// Whether the step belongs to an undo.
    pub fn is_undo(&self, id: StepId) -> bool {
        let own = self.steps.get(&id).is_some_and(Step::is_undo);
        own || self.ancestors(id).any(|(_, step)| step.is_undo())
    }

    /// Abandoned attempts for whose outcome an undo waits.
    pub fn unsettled(&self) -> impl Iterator<Item = (StepId, Attempt)> {
        let open = self.undo.values().flat_map(|entry| entry.open.iter().copied());
        open.filter(|(_, attempt)| *attempt != CHILD)
    }

    /// Whether the step is tried again for as long as it takes: it belongs to an undo, or lies behind a pivot.
    pub fn has_to_succeed(&self, id: StepId) -> bool {
        self.is_undo(id) || self.ancestors(id).any(|(_, step)| step.committed)
    }

    /// Whether something undoes what the step does, alone or together with others.
    pub fn may_be_undone(&self, id: StepId) -> bool {
        self.concerned(id).is_some()
    }

    /// Entries that nothing has undone.
    pub(crate) fn undo_entries(&self) -> usize {
        self.undo.values().filter(|entry| entry.is_noted()).count()
    }

    /// The nearest step above that decides the fate of entries.
    pub(crate) fn holder_above(&self, id: StepId) -> StepId {
        let holds = |step: &Step| step.guard.is_some() || step.undoing.is_some();
        self.ancestors(id).find(|(_, step)| holds(step)).map_or(StepId(0), |(id, _)| id)
    }

    /// The nearest saga around the step.
    pub(crate) fn saga_above(&self, id: StepId) -> StepId {
        self.ancestors(id).find(|(_, step)| step.is_saga()).map_or(StepId(0), |(id, _)| id)
    }

    /// The nearest step, the given one included, beneath which undo steps stand.
    pub(crate) fn anchor(&self, id: StepId) -> StepId {
        let own = self.steps.get(&id).map(|step| (id, step));
        own.into_iter()
            .chain(self.ancestors(id))
            .find(|(_, step)| step.is_saga() || step.undoing.is_some())
            .map_or(StepId(0), |(id, _)| id)
    }

    /// Whether the undo at this step can go on at once: it begins the next entry, or it is over.
    pub(crate) fn is_undo_ready(&self, at: StepId) -> bool {
        let Some(step) = self.steps.get(&at) else { return false };
        let is_busy = self.steps.children(at).any(|(_, step)| step.is_undo());
        match step.undoing {
            _ if is_busy => false,
            Some(_) => self.undo.values().all(|entry| {
                entry.holder != at || entry.open.is_empty() || !(entry.is_doomed || at.0 == 0)
            }),
            None => self.next_undo(at).is_some(),
        }
    }

    /// The newest entry that is to be undone at this step.
    pub(crate) fn next_undo(&self, at: StepId) -> Option<StepId> {
        let is_next = |entry: &UndoEntry| {
            entry.holder == at && entry.is_doomed && entry.is_noted() && entry.open.is_empty()
        };
        let mut entries = self.undo.iter();
        if crate::sabotage::is(crate::sabotage::Sabotage::UndoOrderReversed) {
            return entries.find(|(_, entry)| is_next(entry)).map(|(id, _)| *id);
        }
        entries.rfind(|(_, entry)| is_next(entry)).map(|(id, _)| *id)
    }

    /// Whether anything beneath the step has to be undone before it goes; with `all` everything.
    pub(crate) fn has_to_undo(&self, at: StepId, all: bool) -> bool {
        self.undo.values().any(|entry| {
            if entry.state == UndoState::Undone {
                return false;
            }
            let (mut below, mut is_doomed) = (entry.holder, entry.is_doomed);
            while below != at {
                let Some(step) = self.steps.get(&below) else { return false };
                is_doomed |= step.dooms();
                let Some(parent) = step.parent else { return false };
                below = parent;
            }
            is_doomed || all
        })
    }

    /// Whether an undo or an attempt is still open that the end of the workflow has to wait for.
    pub(crate) fn has_loose_ends(&self) -> bool {
        self.undo.values().any(|entry| {
            !entry.open.is_empty() || (entry.is_doomed && entry.state != UndoState::Undone)
        })
    }

    /// The entry that a step's effects belong to: its own, or that of the nearest task around it that is undone as a whole.
    pub(crate) fn concerned(&self, id: StepId) -> Option<StepId> {
        let step = self.steps.get(&id)?;
        if step.has_undo() {
            return Some(id);
        }
        if let Activity::Call { request, .. } = &step.activity
            && matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
        {
            return None;
        }
        let around = self.ancestors(id).take_while(|(_, step)| !step.is_undo());
        around.filter(|(_, step)| step.has_undo()).map(|(id, _)| id).next()
    }
}

impl Step {
    /// Whether it undoes an entry.
    pub fn is_undo(&self) -> bool {
        matches!(self.activity, Activity::Undo { .. })
    }

    pub(crate) fn is_saga(&self) -> bool {
        self.guard.is_some_and(|guard| guard.saga)
    }

    pub(crate) fn has_undo(&self) -> bool {
        self.guard.is_some_and(|guard| guard.undo)
    }

    /// Whether what was done inside is undone when the step goes without being complete.
    pub(crate) fn dooms(&self) -> bool {
        self.guard.is_some_and(|guard| (guard.saga && !self.committed) || guard.race)
    }
}
