//! Jobs: left, given back, assigned, settled, withdrawn.

use std::sync::Arc;

use motet_types::{Attempt, StepId, Timestamp};

use crate::job::{Assignment, Job, JobWork};
use crate::{Activity, CallState, Instance, Settled, TimerKind, Work};

impl Instance {
    pub(super) fn job_created(
        &mut self,
        id: StepId,
        attempt: Attempt,
        key: &str,
        job: &Arc<Job>,
        assignment: Option<&Assignment>,
    ) {
        self.change(id, |step| {
            step.activity = Activity::Job {
                attempt,
                key: key.to_owned(),
                job: job.clone(),
                state: CallState::InFlight,
                ready_at: job.created_at,
                assignment: assignment.cloned().map(Box::new),
            };
        });
        self.set_due(id);
    }

    pub(super) fn job_returned(&mut self, id: StepId, again: Attempt, at: Timestamp) {
        self.work.retain(|work| *work != Work::Resend { step: id });
        self.change(id, |step| {
            if let Activity::Job { attempt, state, ready_at, .. } = &mut step.activity {
                (*attempt, *state, *ready_at) = (again, CallState::InFlight, at);
            }
        });
        self.set_due(id);
    }

    pub(super) fn job_settled(&mut self, id: StepId, attempt: Attempt, settled: &Settled) {
        self.note_settled(id, attempt, settled);
        self.leave_job(id, CallState::Settled);
        self.take_result(id, &settled.result);
    }

    pub(super) fn job_withdrawn(&mut self, id: StepId) {
        self.note_withdrawn(id);
        self.leave_job(id, CallState::Abandoned);
    }

    pub(super) fn task_assigned(&mut self, id: StepId, to: &Assignment) {
        self.change(id, |step| {
            if let Activity::Job { assignment, .. } = &mut step.activity {
                *assignment = Some(Box::new(to.clone()));
            }
        });
        self.set_due(id);
    }

    fn leave_job(&mut self, id: StepId, left: CallState) {
        self.timers.remove(id, TimerKind::Due);
        self.change(id, |step| {
            if let Activity::Job { state, .. } = &mut step.activity {
                *state = left;
            }
        });
    }

    /// The timer of a task's due time, where that being over means something.
    fn set_due(&mut self, id: StepId) {
        self.timers.remove(id, TimerKind::Due);
        let Some(step) = self.steps.get(&id) else { return };
        let Activity::Job { job, assignment: Some(assignment), .. } = &step.activity else {
            return;
        };
        let JobWork::Person { escalation: Some(_), .. } = &job.work else { return };
        if let Some(due) = assignment.due {
            self.timers.insert((due, id, TimerKind::Due));
        }
    }
}
