//! Time: due timers wake their instances, a few hundred at a time so that commits stay small.

use std::collections::{BTreeSet, VecDeque};

use motet_types::InstanceId;

use super::Machine;
use super::slots::Task;
use crate::sabotage::{self, Sabotage};

/// Instances that one tick wakes at most.
const WAKE_MAX: usize = 512;

/// Instances that are loaded at once for their timers ...
const WAKING_MAX: usize = 1_024;

/// ... as long as no more calls than these wait for their turn. Whoever is woken beyond that only waits in another queue,
/// and takes memory there. (What is in memory is always woken at once: its timers may be what ends a call.)
const CALLS_WAITING_MAX: usize = 16_384;

/// Instances whose timers are due, outside of memory.
#[derive(Default)]
pub(super) struct Sleepers {
    /// Those that have to wait, in the order of their timers.
    due: VecDeque<InstanceId>,
    /// Those that are being loaded.
    waking: BTreeSet<InstanceId>,
}

impl Sleepers {
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// The load of an instance has come to its end.
    pub(super) fn loaded(&mut self, id: InstanceId) {
        self.waking.remove(&id);
    }
}

impl Machine {
    pub(super) fn tick(&mut self) {
        for _ in 0..WAKE_MAX {
            let Some((due, id)) = self.timers.first().copied() else { break };
            if due > self.now && !sabotage::is(Sabotage::TimerEarly) {
                break;
            }
            self.timers.pop_first();
            match self.slots.contains_key(&id) {
                true => self.give(id, Task::TimersDue),
                false => self.sleepers.due.push_back(id),
            }
        }
        self.wake_sleepers();
        self.fire_schedules();
        self.answer_impatient();
        self.tend_links();
        self.tend_rooms();
        self.resume_due();
        self.park_waiting();
        self.tend_jobs();
        self.tend_services();
        self.load_resting_topics();
    }

    /// Loads those whose timers are due, as far as there is room for them.
    pub(super) fn wake_sleepers(&mut self) {
        while self.can_wake_sleepers() {
            let Some(id) = self.sleepers.due.pop_front() else { return };
            if !self.slots.contains_key(&id) {
                self.sleepers.waking.insert(id);
            }
            self.give(id, Task::TimersDue);
        }
    }

    pub(super) fn can_wake_sleepers(&self) -> bool {
        !self.sleepers.due.is_empty()
            && self.sleepers.waking.len() < WAKING_MAX
            && self.dispatch.waiting() <= CALLS_WAITING_MAX + self.services.lines.waiting()
    }
}
