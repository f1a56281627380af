//! Who waits for an instance's end, and who watches it.

use std::collections::BTreeSet;

use motet_types::{InstanceId, Timestamp};

use super::ids::ByInstance;
use super::slots::Task;
use super::{Machine, Responder, Watcher};
use crate::HistoryEntry;

#[derive(Default)]
pub(super) struct Waiters {
    waiting: ByInstance<Vec<(Timestamp, bool, Responder)>>,
    /// Deadlines of those who wait.
    deadlines: BTreeSet<(Timestamp, InstanceId)>,
    watching: ByInstance<Vec<Watcher>>,
}

impl Waiters {
    pub(super) fn wait(
        &mut self,
        id: InstanceId,
        until: Timestamp,
        created: bool,
        reply: Responder,
    ) {
        self.waiting.entry(id).or_default().push((until, created, reply));
        self.deadlines.insert((until, id));
    }

    /// Everybody who waits for the instance, each with whether it created it.
    pub(super) fn take(&mut self, id: InstanceId) -> Vec<(bool, Responder)> {
        let waiting = self.waiting.remove(&id).unwrap_or_default();
        for (until, ..) in &waiting {
            self.deadlines.remove(&(*until, id));
        }
        waiting.into_iter().map(|(_, created, reply)| (created, reply)).collect()
    }

    pub(super) fn is_awaited(&self, id: InstanceId) -> bool {
        self.waiting.contains_key(&id)
    }

    /// One whose patience is over.
    fn take_due(&mut self, now: Timestamp) -> Option<(InstanceId, bool, Responder)> {
        let (until, id) = self.deadlines.first().copied().filter(|(until, _)| *until <= now)?;
        let waiting = self.waiting.get_mut(&id)?;
        let at = waiting.iter().position(|(deadline, ..)| *deadline == until)?;
        let (_, created, reply) = waiting.swap_remove(at);
        if !waiting.iter().any(|(deadline, ..)| *deadline == until) {
            self.deadlines.remove(&(until, id));
        }
        if waiting.is_empty() {
            self.waiting.remove(&id);
        }
        Some((id, created, reply))
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    pub(super) fn watch(&mut self, id: InstanceId, watcher: Watcher) {
        self.watching.entry(id).or_default().push(watcher);
    }

    pub(super) fn is_watched(&self, id: InstanceId) -> bool {
        self.watching.contains_key(&id)
    }

    /// The instance has ended: nothing follows that could be told.
    pub(super) fn unwatch(&mut self, id: InstanceId) {
        self.watching.remove(&id);
    }

    pub(super) fn tell(&mut self, id: InstanceId, entries: &[HistoryEntry]) {
        if let Some(watchers) = self.watching.get_mut(&id) {
            watchers.retain_mut(|watcher| watcher(entries));
            if watchers.is_empty() {
                self.watching.remove(&id);
            }
        }
    }
}

impl Machine {
    /// Answers at the instance's end, or at `until` at the latest; without a deadline at once.
    pub(super) fn answer_when_ended(
        &mut self,
        id: InstanceId,
        until: Option<Timestamp>,
        created: bool,
        reply: Responder,
    ) {
        let has_ended = self.slots.get(&id).is_some_and(|slot| slot.end().is_some());
        match until {
            Some(until) if !has_ended => self.waiters.wait(id, until, created, reply),
            _ => self.answer(id, created, reply),
        }
    }

    pub(super) fn answer_impatient(&mut self) {
        while let Some((id, created, reply)) = self.waiters.take_due(self.now) {
            self.give(id, Task::Read { until: None, created, reply });
        }
    }
}
