//! What records do to the state. Each arm is one handler; none evaluates an expression or looks at the graph.

mod branches;
mod children;
mod events;
mod flow;
mod iterations;
mod jobs;
mod life;
mod retry;
mod undo;

use std::collections::BTreeSet;

use motet_types::{Attempt, StepId};

use crate::{Activity, CallState, Fact, Instance, Record, Settled, TimerKind, Work};

impl Instance {
    /// Remembers a record. Total: any record leads to a state, and only a record changes the state.
    pub fn apply(&mut self, record: &Record) {
        let (step, at) = (record.step, record.at);
        self.updated_at = self.updated_at.max(at);
        self.records += 1;
        match &record.fact {
            Fact::Started { start, data, due, first } => {
                self.started(start, data.as_ref(), *due, *first, at);
            }
            Fact::Queued { start } => self.queued(start, at),
            Fact::Admitted => self.admitted(),
            Fact::Described { .. } => self.described(&record.fact),
            Fact::Skipped { next } => self.skipped(step, record.task, *next),
            Fact::Activated { parent, input, due, opening, guard } => {
                self.activated(record, *parent, input.as_ref(), *due, opening);
                self.change(step, |step| step.guard = *guard);
            }
            Fact::Iterated { index, first } => self.iterated(step, *index, *first),
            Fact::IterationBegan { parent, index, first } => {
                self.iteration_began(record, *parent, *index, *first);
            }
            Fact::IterationFailed { error } => self.iteration_failed(step, error),
            Fact::IterationsClosed => self.iterations_closed(step),
            Fact::Waiting { until } => self.waiting(step, *until),
            Fact::Fired { timer } => self.fired(step, *timer),
            Fact::Requested { attempt, key, request, .. } => {
                self.requested(step, *attempt, key, request);
            }
            Fact::Resent { attempt, .. } => self.resent(step, *attempt),
            Fact::Parked { attempt, parked } => self.park(step, *attempt, Some(*parked)),
            Fact::Released { attempt } => self.park(step, *attempt, None),
            Fact::Settled { attempt, settled } => self.settled(step, *attempt, settled),
            Fact::Abandoned { attempt } => self.abandoned(step, *attempt),
            Fact::ChildRequested { child } => self.child_requested(step, child),
            Fact::ChildEnded { result, undoable } => self.child_ended(step, result, *undoable),
            Fact::ChildCancelled { .. } => self.child_cancelled(step),
            Fact::JobCreated { attempt, key, job, assignment } => {
                self.job_created(step, *attempt, key, job, assignment.as_deref());
            }
            Fact::JobReturned { attempt, at, .. } => self.job_returned(step, *attempt, *at),
            Fact::JobSettled { attempt, settled, .. } => self.job_settled(step, *attempt, settled),
            Fact::JobWithdrawn { .. } => self.job_withdrawn(step),
            Fact::TaskAssigned { assignment, .. } => self.task_assigned(step, assignment),
            Fact::Completed { output, context, next } => {
                self.completed(step, output.as_ref(), context.as_ref(), *next);
            }
            Fact::Failed { error } => self.failed(step, error),
            Fact::Caught { error, action } => self.caught(step, error, action),
            Fact::Retried { first, due } => self.retried(step, *first, *due),
            Fact::BranchFailed { branch, error } => self.branch_failed(step, *branch, error),
            Fact::Yielded | Fact::Emitted { .. } | Fact::ChildUndoRequested { .. } => {}
            Fact::Fed => self.fed(),
            Fact::Suspended { .. } | Fact::Resumed => self.suspended = record.fact != Fact::Resumed,
            Fact::IncidentRaised { incident } => self.incident_raised(step, incident),
            Fact::Reopened => self.reopened(),
            Fact::Ended { end } => self.ended(end),
            Fact::Listening { terms, floor } => self.listening(step, terms, *floor),
            Fact::Consumed { .. } => self.consumed(step, &record.fact),
            Fact::Handling { first } => self.handling(step, *first),
            Fact::Handled { output, context, closes } => {
                self.handled(step, output, context.as_ref(), *closes);
            }
            Fact::Unsubscribed => self.unsubscribed(step),
            Fact::Received { event } => self.received(event, at),
            Fact::UndoBegan { cause } => self.undo_began(step, cause),
            Fact::Undone => self.undone(step),
            Fact::UndoEnded { .. } => self.undo_ended(step),
            Fact::Postponed { number, at, .. } => self.postponed(step, *number, *at),
            Fact::Doubted { .. } => self.note_withdrawn(step),
        }
    }

    fn waiting(&mut self, step: StepId, until: motet_types::Timestamp) {
        self.timers.insert((until, step, TimerKind::Wait));
        self.change(step, |step| step.activity = Activity::Wait);
    }

    fn fired(&mut self, step: StepId, timer: TimerKind) {
        self.timers.remove(step, timer);
        match timer {
            TimerKind::Wait => self.work.push_back(Work::Leave { step }),
            TimerKind::Again => self.enter_again(step),
            TimerKind::Retry | TimerKind::Attempt | TimerKind::Timeout | TimerKind::Due => {}
        }
    }

    fn requested(
        &mut self,
        id: StepId,
        attempt: Attempt,
        key: &str,
        request: &std::sync::Arc<crate::Request>,
    ) {
        self.change(id, |step| {
            step.activity = Activity::Call {
                attempt,
                key: key.to_owned(),
                request: request.clone(),
                state: CallState::InFlight,
                parked: None,
            };
        });
    }

    fn resent(&mut self, id: StepId, again: Attempt) {
        self.work.retain(|work| *work != Work::Resend { step: id });
        self.change(id, |step| {
            if let Activity::Call { attempt, state, parked, .. } = &mut step.activity {
                *attempt = again;
                *state = CallState::InFlight;
                *parked = None;
            }
        });
    }

    /// The call waits to be sent, or does so no longer.
    fn park(&mut self, id: StepId, of: Attempt, waits: Option<crate::Parked>) {
        self.change(id, |step| {
            if let Activity::Call { attempt, state: CallState::InFlight, parked, .. } =
                &mut step.activity
                && *attempt == of
            {
                *parked = waits;
            }
        });
    }

    fn settled(&mut self, id: StepId, attempt: Attempt, settled: &Settled) {
        let is_abandoned = self.abandoned.remove(&(id, attempt));
        self.note_settled(id, attempt, settled);
        self.has_completed_call |= settled.result.is_ok();
        if is_abandoned {
            let mut others = self.abandoned.range((id, Attempt(0))..);
            if others.next().is_none_or(|(step, _)| *step != id) {
                self.abandoned_tasks.remove(&id);
            }
            return;
        }
        self.change(id, |step| {
            if let Activity::Call { state, parked, .. } = &mut step.activity {
                *state = CallState::Settled;
                *parked = None;
            }
        });
        self.take_result(id, &settled.result);
    }

    fn abandoned(&mut self, id: StepId, abandoned: Attempt) {
        self.note_abandoned(id, abandoned);
        self.abandoned.insert((id, abandoned));
        if let Some(task) = self.steps.get(&id).and_then(|step| step.task) {
            self.abandoned_tasks.insert(id, task);
        }
        self.change(id, |step| {
            if let Activity::Call { state, parked, .. } = &mut step.activity {
                *state = CallState::Abandoned;
                *parked = None;
            }
        });
    }

    fn take_result(
        &mut self,
        id: StepId,
        result: &Result<motet_expr::Value, Box<crate::WorkflowError>>,
    ) {
        self.change(id, |step| step.result = Some(result.clone()));
        self.push(Work::Leave { step: id });
    }

    fn fed(&mut self) {
        if let Some(at) = self.work.iter().position(|work| matches!(work, Work::Feed { .. })) {
            self.work.remove(at);
        }
    }

    /// Queues work once.
    fn push(&mut self, work: Work) {
        let is_open = self.steps.contains_key(&work.step()) || work.is_before_begin();
        if is_open && !self.work.contains(&work) {
            self.work.push_back(work);
        }
    }

    fn change(&mut self, id: StepId, change: impl FnOnce(&mut crate::Step)) {
        self.steps.change(id, change).unwrap_or_default();
    }

    /// Removes every open step beneath `root`, with its work, timers and incidents.
    fn clear_beneath(&mut self, root: StepId) {
        let gone = self.descendants(root);
        self.remove(gone, None, false);
    }

    /// Removes one open step and everything beneath it.
    fn clear(&mut self, id: StepId) {
        self.clear_as(id, false);
    }

    /// The same; `complete` says that what it did stands.
    fn clear_as(&mut self, id: StepId, complete: bool) {
        let mut gone = self.descendants(id);
        gone.insert(id);
        self.remove(gone, Some(id), complete);
    }

    fn remove(&mut self, mut gone: BTreeSet<StepId>, target: Option<StepId>, complete: bool) {
        if !self.undo.is_empty() {
            self.release(&mut gone, target, complete);
        }
        self.work.retain(|work| !gone.contains(&work.step()));
        for id in &gone {
            self.steps.remove(*id);
            self.incidents.remove(id);
            self.timers.take(*id);
        }
    }
}
