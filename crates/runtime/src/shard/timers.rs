//! Time: due timers wake their instances, a few hundred at a time so that commits stay small.

use super::Machine;
use super::slots::Task;
use crate::sabotage::{self, Sabotage};

/// Instances that one tick wakes at most.
const WAKE_MAX: usize = 512;

impl Machine {
    pub(super) fn tick(&mut self) {
        for _ in 0..WAKE_MAX {
            let Some((due, id)) = self.timers.first().copied() else { break };
            if due > self.now && !sabotage::is(Sabotage::TimerEarly) {
                break;
            }
            self.timers.pop_first();
            self.give(id, Task::TimersDue);
        }
        self.fire_schedules();
        self.answer_impatient();
        self.tend_links();
        self.resume_due();
        self.park_waiting();
        self.tend_jobs();
        self.load_resting_topics();
    }
}
