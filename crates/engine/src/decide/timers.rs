//! Timers that came due.

use motet_types::StepId;

use super::Decider;
use crate::sabotage::due_by;
use crate::{ErrorKind, Fact, Rejection, TimerKind, WorkflowError, task};

impl Decider<'_> {
    /// Fires every timer that is due by now, in order.
    pub(super) fn timers_due(&mut self) -> Result<(), Rejection> {
        if self.instance.next_due().is_none_or(|due| due > due_by(self.now)) {
            return Err(Rejection::Stale);
        }
        self.fire_due();
        Ok(())
    }

    pub(super) fn fire_due(&mut self) {
        while self.instance.next_due().is_some_and(|due| due <= due_by(self.now)) {
            let Some((_, step, kind)) = self.instance.timers.first().copied() else {
                return;
            };
            self.fire(step, kind);
        }
    }

    fn fire(&mut self, step: StepId, timer: TimerKind) {
        match timer {
            TimerKind::Wait | TimerKind::Again => self.emit(step, Fact::Fired { timer }),
            TimerKind::Retry => {
                task::trying::begin_again(self, step);
            }
            TimerKind::Attempt => {
                let detail = "an attempt did not end within the limit of its retry policy";
                let error = WorkflowError::new(ErrorKind::Timeout, "timed out", detail);
                self.time_out_attempt(step, error);
            }
            TimerKind::Due => task::human::escalate(self, step),
            TimerKind::Timeout => {
                self.emit(step, Fact::Fired { timer });
                let of = self.vertex_of(step).map_or("the workflow", |vertex| &vertex.name);
                let detail = format!("{of} did not end within its timeout");
                let error = WorkflowError::new(ErrorKind::Timeout, "timed out", detail);
                match step {
                    StepId(0) => self.fault_workflow(error),
                    _ => self.fail(step, error),
                }
            }
        }
    }
}
