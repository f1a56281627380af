//! What people and other instances ask for.

use motet_expr::Value;
use motet_types::{Attempt, InstanceId, Status, StepId};

use super::Decider;
use crate::instance::CHILD;
use crate::sabotage::{self, Sabotage};
use crate::{
    Activity, End, Fact, Incident, Input, Outcome, Parked, Rejection, UndoCause, UndoEntry,
    WorkflowError, task,
};

impl Decider<'_> {
    pub(super) fn outcome(
        &mut self,
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    ) -> Result<(), Rejection> {
        let is_abandoned = self.instance.abandoned.contains(&(step, attempt));
        let is_awaited = self
            .instance
            .steps
            .get(&step)
            .is_some_and(|step| step.attempt_in_flight() == Some(attempt));
        let is_any =
            sabotage::is(Sabotage::AttemptCheckOff) && self.instance.steps.contains_key(&step);
        if !is_abandoned && !is_awaited && !is_any {
            return Err(Rejection::Stale);
        }
        task::call::settle(self, step, attempt, outcome);
        Ok(())
    }

    /// Writes down that a call waits, once for each reason.
    pub(super) fn park(
        &mut self,
        step: StepId,
        attempt: Attempt,
        parked: Parked,
    ) -> Result<(), Rejection> {
        let open = self.instance.steps.get(&step).ok_or(Rejection::Stale)?;
        let is_known = open
            .parked()
            .is_some_and(|known| known.reason == parked.reason && known.until == parked.until);
        if open.attempt_in_flight() != Some(attempt) || is_known {
            return Err(Rejection::Stale);
        }
        // An earlier attempt of the step is one that left, as far as anybody knows.
        let sent = parked.sent || attempt > Attempt(1);
        self.emit(step, Fact::Parked { attempt, parked: Parked { sent, ..parked } });
        Ok(())
    }

    /// Lets a parked call go.
    pub(super) fn release(&mut self, step: StepId, attempt: Attempt) -> Result<(), Rejection> {
        let open = self.instance.steps.get(&step).ok_or(Rejection::Stale)?;
        if open.attempt_in_flight() != Some(attempt) || open.parked().is_none() {
            return Err(Rejection::Stale);
        }
        self.emit(step, Fact::Released { attempt });
        Ok(())
    }

    pub(super) fn child_ended(
        &mut self,
        step: StepId,
        child: InstanceId,
        result: Result<Value, Box<WorkflowError>>,
        undoable: bool,
    ) -> Result<(), Rejection> {
        let waits = |entry: &UndoEntry| entry.open.contains(&(step, CHILD));
        if self.instance.undo.values().any(waits) {
            self.emit(step, Fact::ChildEnded { result, undoable });
            return Ok(());
        }
        let awaits = self.instance.steps.get(&step).is_some_and(|step| {
            matches!(&step.activity, Activity::Child(request) if request.id == child)
                && step.result.is_none()
        });
        if !awaits || self.instance.end.is_some() {
            return Err(Rejection::Stale);
        }
        let reference = self.reference(step).to_owned();
        let result =
            result.map_err(|error| Box::new(WorkflowError { instance: Some(reference), ..*error }));
        self.emit(step, Fact::ChildEnded { result, undoable });
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        reason: Option<String>,
        force: bool,
        without_undo: bool,
    ) -> Result<(), Rejection> {
        self.ensure_open("it has ended and cannot be cancelled")?;
        if self.instance.steps_activated == 0 {
            self.emit_about(StepId(0), None, Fact::Ended { end: End::Cancelled { reason } });
            return Ok(());
        }
        let is_committed = self.instance.steps.values().any(|step| step.committed);
        self.ensure(force || !is_committed, "it is past its point of no return: say `force`")?;
        let root = &self.instance.step(StepId(0)).undoing;
        let is_undone = root.as_ref().is_some_and(|undoing| undoing.cause != UndoCause::Finishing);
        self.ensure(without_undo || !is_undone, "it is being undone already")?;
        let cause = UndoCause::Cancelled { reason: reason.clone() };
        if without_undo {
            self.abandon_everything();
        } else if self.begin_undo(StepId(0), cause) {
            return Ok(());
        }
        self.emit(StepId(0), Fact::Ended { end: End::Cancelled { reason } });
        Ok(())
    }

    pub(super) fn suspend(&mut self, reason: Option<String>) -> Result<(), Rejection> {
        self.ensure_open("it has ended and cannot be suspended")?;
        self.ensure(!self.instance.suspended, "it is suspended already")?;
        self.emit(StepId(0), Fact::Suspended { reason });
        Ok(())
    }

    /// Lets the flow go on; timers that came due meanwhile fire now.
    pub(super) fn resume(&mut self) -> Result<(), Rejection> {
        self.ensure(self.instance.suspended, "only a suspended instance can be resumed")?;
        self.emit(StepId(0), Fact::Resumed);
        self.fire_due();
        Ok(())
    }

    /// Goes on at the failed step of a faulted instance, or at those that wait for a person.
    pub(super) fn retry(&mut self) -> Result<(), Rejection> {
        match &self.instance.end {
            Some(End::Faulted { step: StepId(0), .. }) if !self.began() => {
                return Err(self.conflict("its input was refused: start another one instead"));
            }
            Some(End::Faulted { .. }) => {
                let parent = self.instance.start.parent.as_ref();
                let taken = parent.is_some_and(|parent| parent.awaited);
                self.ensure(!taken, "its parent has already taken its error")?;
                self.ensure(!self.was_undone(), "what it did was undone: start another one")?;
            }
            Some(_) => return Err(self.conflict("only a faulted instance can be retried")),
            None => {
                let waits = !self.instance.incidents.is_empty()
                    || !self.instance.postponed_steps().is_empty();
                self.ensure(waits, "only an instance with an incident can be retried")?;
            }
        }
        self.emit(StepId(0), Fact::Reopened);
        self.fire_due();
        Ok(())
    }

    /// Keeps an input that met a defect, and waits for a person.
    pub(super) fn panicked(&mut self, message: String, input: Box<Input>) -> Result<(), Rejection> {
        self.ensure_open("it has ended")?;
        let incident = Box::new(Incident::Panic { message, input });
        self.emit(StepId(0), Fact::IncidentRaised { incident });
        Ok(())
    }

    /// Feeds an input again that met a defect; one that is stale by now is done with.
    pub(super) fn feed(&mut self, input: Input) {
        self.emit(StepId(0), Fact::Fed);
        if let Err(rejection) = self.take(input) {
            debug_assert!(matches!(rejection, Rejection::Stale | Rejection::Conflict { .. }));
        }
    }

    /// Whether what the failed step did was undone, or what the whole workflow did.
    fn was_undone(&self) -> bool {
        let failed = match &self.instance.end {
            Some(End::Faulted { step, .. }) => self.instance.steps.get(step),
            _ => None,
        };
        let is_spent = failed.is_some_and(|step| self.instance.spent.contains(&step.path));
        is_spent || self.instance.undo_begun
    }

    /// Whether any task was ever entered.
    fn began(&self) -> bool {
        self.instance.steps_activated > 1
    }

    pub(super) fn ensure_open(&self, reason: &'static str) -> Result<(), Rejection> {
        self.ensure(self.instance.end.is_none(), reason)
    }

    pub(super) fn ensure(&self, holds: bool, reason: &'static str) -> Result<(), Rejection> {
        if holds { Ok(()) } else { Err(self.conflict(reason)) }
    }

    fn conflict(&self, reason: &'static str) -> Rejection {
        let status: Status = self.instance.status();
        Rejection::Conflict { status, reason }
    }
}
