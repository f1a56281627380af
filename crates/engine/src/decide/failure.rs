//! Errors: who takes them, and what becomes of those that nobody takes.

use motet_definition::graph::OnFault;
use motet_types::StepId;

use super::Decider;
use crate::{
    Activity, Branch, BranchState, CallState, CatchAction, End, Fact, Incident, TryPhase,
    UndoCause, WorkflowError, task,
};

impl Decider<'_> {
    /// A step fails: the nearest `try` that wants the error takes it, or a race goes on without the branch, or the
    /// instance faults.
    pub(crate) fn fail(&mut self, step: StepId, error: WorkflowError) {
        let error = error.at(self.reference(step));
        if step == StepId(0) {
            self.abandon_all(step, None);
        } else if self.begin_undo(step, UndoCause::error(&error, None)) {
            return;
        }
        self.emit(step, Fact::Failed { error: Box::new(error.clone()) });
        self.rise(step, error);
    }

    /// A step fails with an error that nothing may take.
    pub(crate) fn fault(&mut self, step: StepId, error: WorkflowError) {
        self.abandon_all(step, None);
        self.emit(step, Fact::Failed { error: Box::new(error.clone()) });
        match self.instance.is_undo(step) {
            true => self.go_forward(step, error),
            false => self.uncaught(step, error),
        }
    }

    /// The instance faults before its first task: nothing can be retried, whatever the definition says of faults.
    pub(crate) fn refuse(&mut self, error: WorkflowError) {
        let error = Box::new(error.at(self.reference(StepId(0))));
        self.emit(StepId(0), Fact::Failed { error: error.clone() });
        self.emit(StepId(0), Fact::Ended { end: End::Faulted { step: StepId(0), error } });
    }

    /// The workflow itself fails: its time is up, or it is too large. Its open steps stay, so that a retry goes on with them.
    pub(crate) fn fault_workflow(&mut self, error: WorkflowError) {
        self.uncaught(StepId(0), error.at(self.reference(StepId(0))));
    }

    /// One attempt of a `try` took too long: its own catch is asked first.
    pub(crate) fn time_out_attempt(&mut self, step: StepId, error: WorkflowError) {
        let error = error.at(self.reference(step));
        match task::trying::catch(self, step, &error) {
            Ok(Some(action)) => self.take_error(step, error, action),
            Ok(None) => self.fail(step, error),
            Err(own) => self.fail(step, own),
        }
    }

    /// An error goes up from a failed step until somebody takes it. A saga that it leaves is undone first, and it goes on
    /// from there.
    pub(super) fn rise(&mut self, failed: StepId, mut error: WorkflowError) {
        let (mut origin, mut below) = (failed, failed);
        if self.instance.step(failed).is_undo() {
            return self.go_forward(failed, error);
        }
        while let Some(at) = self.instance.step(below).parent {
            match &self.instance.step(at).activity {
                Activity::Try { phase: TryPhase::Body, .. } => {
                    match task::trying::catch(self, at, &error) {
                        Ok(Some(action)) => return self.take_error(at, error, action),
                        Ok(None) => {}
                        // The catch itself is wrong: its error goes on instead, as one of the `try`.
                        Err(own) => {
                            error = own.at(self.reference(at));
                            origin = at;
                        }
                    }
                }
                Activity::Fork { compete: true, branches } => {
                    let open =
                        branches.iter().filter(|branch| matches!(branch.state, BranchState::Open));
                    if open.count() > 1 {
                        return self.lose(at, below, error);
                    }
                    error = first_failure(branches).unwrap_or(error);
                    origin = at;
                }
                Activity::Iteration { .. } if !self.is_fail_fast(at) => {
                    return self.give_up(at, error);
                }
                _ => {}
            }
            if self.must_succeed(at) {
                self.fail_at(failed, origin, &error);
                return self.go_forward(origin, error);
            }
            let is_left = at != StepId(0) && self.instance.step(at).is_saga();
            if is_left && self.begin_undo(at, UndoCause::error(&error, None)) {
                return;
            }
            below = at;
        }
        self.fail_at(failed, origin, &error);
        self.uncaught(origin, error);
    }

    /// The error has become one of a step above the one that failed.
    fn fail_at(&mut self, failed: StepId, origin: StepId, error: &WorkflowError) {
        if origin != failed {
            self.abandon_all(origin, None);
            self.emit(origin, Fact::Failed { error: Box::new(error.clone()) });
        }
    }

    /// A `try` takes an error of its body, once what has to be undone of the body is.
    fn take_error(&mut self, at: StepId, error: WorkflowError, action: CatchAction) {
        if !self.begin_undo(at, UndoCause::error(&error, Some(action.clone()))) {
            self.emit(at, Fact::Caught { error: Box::new(error), action });
        }
    }

    /// A branch was skipped: if all others of its race have failed, the race fails with the first of their errors.
    pub(super) fn fail_race_without_winner(&mut self, fork: StepId) {
        let Some(open) = self.instance.steps.get(&fork) else { return };
        let Activity::Fork { compete: true, branches } = &open.activity else { return };
        let is_lost =
            |branch: &Branch| matches!(branch.state, BranchState::Failed(_) | BranchState::Skipped);
        if !branches.iter().all(is_lost) {
            return;
        }
        if let Some(error) = first_failure(branches) {
            self.fail(fork, error);
        }
    }

    /// A competing branch is out of the race.
    fn lose(&mut self, fork: StepId, branch: StepId, error: WorkflowError) {
        let Some(task) = self.instance.step(branch).task else {
            return;
        };
        self.abandon_all(branch, None);
        let fact = Fact::BranchFailed { branch: task, error: Box::new(error) };
        self.emit(fork, fact);
    }

    fn uncaught(&mut self, step: StepId, error: WorkflowError) {
        if self.graph.on_fault == OnFault::Incident || self.instance.step(StepId(0)).committed {
            let incident = Box::new(Incident::Fault(Box::new(error)));
            return self.emit(step, Fact::IncidentRaised { incident });
        }
        if self.begin_undo(StepId(0), UndoCause::error(&error, None)) {
            return;
        }
        let end = End::Faulted { step, error: Box::new(error) };
        self.emit(StepId(0), Fact::Ended { end });
    }

    /// Takes the steering from all there is, undo included.
    pub(super) fn abandon_everything(&mut self) {
        let all: Vec<StepId> = self.instance.steps.keys().copied().collect();
        self.abandon_each(all);
    }

    /// Takes the steering from every call in flight, every awaited child and every listen beneath `root`, `root` included, but for
    /// those at or beneath `spared` and those of an undo, which is never given up.
    pub(crate) fn abandon_all(&mut self, root: StepId, spared: Option<StepId>) {
        let mut steps = self.instance.descendants(root);
        let undos = steps.iter().copied().filter(|id| self.instance.step(*id).is_undo());
        for kept in undos.chain(spared).collect::<Vec<_>>() {
            let beneath = self.instance.descendants(kept);
            steps.retain(|step| *step != kept && !beneath.contains(step));
        }
        steps.insert(root);
        self.abandon_each(steps.into_iter().filter(|step| Some(*step) != spared));
    }

    fn abandon_each(&mut self, steps: impl IntoIterator<Item = StepId>) {
        for step in steps {
            match &self.instance.step(step).activity {
                Activity::Call { attempt, state: CallState::InFlight, .. } => {
                    let attempt = *attempt;
                    self.emit(step, Fact::Abandoned { attempt });
                }
                Activity::Job { attempt, state: CallState::InFlight, .. } => {
                    let attempt = *attempt;
                    self.emit(step, Fact::JobWithdrawn { attempt });
                }
                Activity::Child(request) if self.instance.step(step).result.is_none() => {
                    let child = request.id;
                    self.emit(step, Fact::ChildCancelled { child });
                }
                Activity::Listen(listen) if listen.is_waiting() => {
                    self.emit(step, Fact::Unsubscribed);
                }
                _ => {}
            }
        }
    }
}

/// The error of the first branch that failed, in declaration order.
fn first_failure(branches: &[Branch]) -> Option<WorkflowError> {
    branches.iter().find_map(|branch| match &branch.state {
        BranchState::Failed(first) => Some((**first).clone()),
        _ => None,
    })
}
