//! Sagas: what is undone before an error, a cancel or the end goes on, and what goes on afterwards.

use std::time::Duration;

use motet_types::{Attempt, StepId};

use super::Decider;
use crate::sabotage::{self, Sabotage};
use crate::{
    Activity, End, ErrorKind, Fact, Incident, Opening, Rejection, UndoCause, WorkflowError, task,
};

/// How long a failed step that has to succeed rests before it begins again: twice as long each time.
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);

impl Decider<'_> {
    /// Ends everything that is open beneath a step, and begins to undo what has to be; `false` if there is nothing, and
    /// the caller goes on at once.
    pub(super) fn begin_undo(&mut self, at: StepId, cause: UndoCause) -> bool {
        self.abandon_all(at, None);
        let all = self.instance.undoes_all(at, &cause);
        let has_to = self.instance.has_to_undo(at, all);
        if has_to {
            self.emit(at, Fact::UndoBegan { cause });
        }
        has_to
    }

    /// Begins the next undo beneath a step, or goes on with what waited for the last one.
    pub(super) fn undo(&mut self, at: StepId) {
        if let Some(entry) = self.instance.next_undo(at) {
            return self.undo_entry(at, entry);
        }
        let Some(undoing) = self.instance.step(at).undoing.clone() else { return };
        let told = match undoing.cause {
            UndoCause::Parent { step } => Some(step),
            _ => None,
        };
        self.emit(at, Fact::UndoEnded { told });
        match undoing.cause {
            UndoCause::Error { error, catch: Some(action) } => {
                self.emit(at, Fact::Caught { error, action });
            }
            UndoCause::Error { error, catch: None } if at == StepId(0) => {
                self.emit(at, Fact::Ended { end: End::Faulted { step: at, error } });
            }
            UndoCause::Error { error, catch: None } => {
                self.emit(at, Fact::Failed { error: error.clone() });
                self.rise(at, *error);
            }
            UndoCause::Cancelled { reason } => {
                self.emit(at, Fact::Ended { end: End::Cancelled { reason } });
            }
            UndoCause::Parent { .. } => {
                let reason = Some(UNDONE.to_owned());
                self.emit(at, Fact::Ended { end: End::Cancelled { reason } });
            }
            UndoCause::Finishing => {}
        }
    }

    fn undo_entry(&mut self, parent: StepId, of: StepId) {
        let entry = &self.instance.undo[&of];
        let (task, child) = (entry.task, entry.child);
        let undo = self.vertex(task).undo;
        let first = undo.filter(|_| child.is_none() && !sabotage::is(Sabotage::UndoSkipped));
        let first = first.map(|scope| self.graph.first(scope));
        let step = StepId(self.instance.steps_activated);
        let opening = Opening::Undo { entry: of, first };
        let fact = Fact::Activated { parent, input: None, due: None, opening, guard: None };
        self.emit_about(step, Some(task), fact);
        match child {
            Some(_) if sabotage::is(Sabotage::ChildNotUndone) => self.emit(step, Fact::Undone),
            Some(child) => self.emit(step, Fact::ChildUndoRequested { child }),
            None => {}
        }
    }

    /// Whether a step belongs to something that has to succeed: an undo, or a saga whose pivot is complete.
    pub(super) fn must_succeed(&self, at: StepId) -> bool {
        let step = self.instance.step(at);
        step.is_undo() || step.committed
    }

    /// A step has failed from which there is no way back. What may be over soon is tried again as often as it takes;
    /// everything else waits for a person.
    pub(super) fn go_forward(&mut self, step: StepId, error: WorkflowError) {
        let failed = self.instance.step(step);
        let repeatable = match &failed.activity {
            Activity::Call { request, .. } => request.repeatable,
            _ => true,
        };
        if !repeatable || !is_passing(&error) {
            let error = Box::new(error);
            let incident = Box::new(match self.instance.is_undo(step) {
                true => Incident::Undo(error),
                false => Incident::Fault(error),
            });
            return self.emit(step, Fact::IncidentRaised { incident });
        }
        let number = self.instance.repeats.get(&failed.path).copied().unwrap_or(0) + 1;
        let doubled = REST_MIN.saturating_mul(1 << (number - 1).min(10)).min(REST_MAX);
        let share = task::trying::unit_interval(self, step, number);
        let at = self.now.saturating_add(doubled + doubled.mul_f64(share / 5.0));
        self.emit(step, Fact::Postponed { error: Box::new(error), number, at });
    }

    /// The parent asks for everything back that this instance has completed.
    pub(super) fn undo_for_parent(&mut self, step: StepId) -> Result<(), Rejection> {
        let is_complete = matches!(self.instance.end, Some(End::Completed(_)));
        self.ensure(is_complete, "only what has completed can be undone by its parent")?;
        self.emit(StepId(0), Fact::UndoBegan { cause: UndoCause::Parent { step } });
        Ok(())
    }

    /// An attempt is sent again of which nobody knows whether it ran before.
    pub(super) fn doubt(&mut self, step: StepId, attempt: Attempt) -> Result<(), Rejection> {
        let open = self.instance.steps.get(&step);
        let is_in_flight = open.is_some_and(|open| open.attempt_in_flight() == Some(attempt));
        if !is_in_flight || !self.instance.may_be_undone(step) {
            return Err(Rejection::Stale);
        }
        self.emit(step, Fact::Doubted { attempt });
        Ok(())
    }

    pub(super) fn child_undone(
        &mut self,
        step: StepId,
        child: motet_types::InstanceId,
        error: Option<Box<WorkflowError>>,
    ) -> Result<(), Rejection> {
        let waits = self.instance.steps.get(&step).is_some_and(|step| {
            matches!(step.activity, Activity::Undo { child: Some(own), .. } if own == child)
                && step.result.is_none()
        });
        if !waits {
            return Err(Rejection::Stale);
        }
        match error {
            None => self.emit(step, Fact::Undone),
            Some(error) => self.fail(step, *error),
        }
        Ok(())
    }
}

/// Why an instance is cancelled that its parent has undone.
const UNDONE: &str = "undone by its parent";

/// Whether an error says nothing about the next try: nobody answered, or not now.
fn is_passing(error: &WorkflowError) -> bool {
    let is = |kind: ErrorKind| error.is_kind(&WorkflowError::new(kind, "", "").kind);
    match error.status {
        408 | 425 | 429 => is(ErrorKind::Communication) || is(ErrorKind::Timeout),
        400..=499 => false,
        _ => is(ErrorKind::Communication),
    }
}
