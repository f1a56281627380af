//! Errors: who takes them, and what becomes of those that nobody takes.

use motet_definition::graph::OnFault;
use motet_types::StepId;

use super::Decider;
use crate::{
    Activity, Branch, BranchState, CallState, CatchAction, End, Fact, Incident, TryPhase,
    WorkflowError, task,
};

impl Decider<'_> {
    /// A step fails: the nearest `try` that wants the error takes it, or a race goes on without the branch, or the
    /// instance faults.
    pub(crate) fn fail(&mut self, step: StepId, error: WorkflowError) {
        let error = error.at(self.reference(step));
        self.abandon_all(step, None);
        self.emit(step, Fact::Failed { error: Box::new(error.clone()) });
        self.rise(step, error);
    }

    /// A step fails with an error that nothing may take.
    pub(crate) fn fault(&mut self, step: StepId, error: WorkflowError) {
        self.abandon_all(step, None);
        self.emit(step, Fact::Failed { error: Box::new(error.clone()) });
        self.uncaught(step, error);
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
            Ok(Some(action)) => self.caught(step, error, action),
            Ok(None) => self.fail(step, error),
            Err(own) => self.fail(step, own),
        }
    }

    fn rise(&mut self, failed: StepId, mut error: WorkflowError) {
        let (mut origin, mut below) = (failed, failed);
        while let Some(at) = self.instance.step(below).parent {
            match &self.instance.step(at).activity {
                Activity::Try { phase: TryPhase::Body, .. } => {
                    match task::trying::catch(self, at, &error) {
                        Ok(Some(action)) => return self.caught(at, error, action),
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
            below = at;
        }
        if origin != failed {
            self.abandon_all(origin, None);
            self.emit(origin, Fact::Failed { error: Box::new(error.clone()) });
        }
        self.uncaught(origin, error);
    }

    fn caught(&mut self, at: StepId, error: WorkflowError, action: CatchAction) {
        self.abandon_all(at, None);
        self.emit(at, Fact::Caught { error: Box::new(error), action });
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
        if self.graph.on_fault == OnFault::Incident {
            let incident = Box::new(Incident::Fault(Box::new(error)));
            return self.emit(step, Fact::IncidentRaised { incident });
        }
        self.abandon_all(StepId(0), None);
        let end = End::Faulted { step, error: Box::new(error) };
        self.emit(StepId(0), Fact::Ended { end });
    }

    /// Takes the steering from every call in flight, every awaited child and every listen beneath `root`, `root` included, but for
    /// those at or beneath `spared`.
    pub(crate) fn abandon_all(&mut self, root: StepId, spared: Option<StepId>) {
        let mut steps = self.instance.descendants(root);
        steps.insert(root);
        if let Some(spared) = spared {
            let beneath = self.instance.descendants(spared);
            steps.retain(|step| *step != spared && !beneath.contains(step));
        }
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
