//! Errors that somebody takes.

use motet_types::{StepId, TaskId};

use crate::{
    Activity, BranchState, CatchAction, Instance, TimerKind, TryPhase, Work, WorkflowError,
};

impl Instance {
    pub(super) fn caught(&mut self, id: StepId, error: &WorkflowError, action: &CatchAction) {
        self.clear_beneath(id);
        self.work.retain(|work| work.step() != id);
        self.timers.remove(id, TimerKind::Attempt);
        self.change(id, |step| {
            step.data = step.input.clone();
            step.visits.clear();
            if let Activity::Try { phase, retries, .. } = &mut step.activity {
                match action {
                    CatchAction::Retry { number, .. } => {
                        *phase = TryPhase::Delaying;
                        *retries = *number;
                    }
                    CatchAction::Handle { .. } | CatchAction::Leave => {
                        *phase = TryPhase::Handling(Box::new(error.clone()));
                    }
                }
            }
        });
        match action {
            CatchAction::Retry { at, .. } => {
                self.timers.insert((*at, id, TimerKind::Retry));
            }
            CatchAction::Handle { first } => self.push(Work::Enter { parent: id, task: *first }),
            CatchAction::Leave => self.push(Work::Leave { step: id }),
        }
    }

    pub(super) fn branch_failed(&mut self, fork: StepId, failed: TaskId, error: &WorkflowError) {
        let open = self.branch_step(fork, failed);
        if let Some(open) = open {
            self.clear(open);
        }
        self.work.retain(|work| *work != Work::Enter { parent: fork, task: failed });
        self.set_branch(fork, failed, BranchState::Failed(Box::new(error.clone())));
    }

    pub(super) fn set_branch(&mut self, fork: StepId, task: TaskId, state: BranchState) {
        self.change(fork, |step| {
            if let Activity::Fork { branches, .. } = &mut step.activity {
                for branch in branches.iter_mut().filter(|branch| branch.task == task) {
                    branch.state = state.clone();
                }
            }
        });
    }

    fn branch_step(&self, fork: StepId, task: TaskId) -> Option<StepId> {
        let mut branches = self.steps.children(fork);
        branches.find(|(_, step)| step.task == Some(task)).map(|(id, _)| id)
    }
}
