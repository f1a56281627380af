//! Which instances stay in memory.

use motet_types::InstanceId;

use super::Machine;
use super::slots::Slot;

impl Machine {
    /// Lets an instance go that nothing moves: at once if it has ended, else when there are too many.
    pub(super) fn retire(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let Some(instance) = slot.live().filter(|_| slot.unsettled == 0) else { return };
        let (has_ended, was_idle) = (instance.end.is_some(), slot.idle.take());
        if let Some(place) = was_idle {
            self.idle.remove(&place);
        }
        let is_pending = slot.pending;
        if has_ended {
            self.slots.remove(&id);
        } else if !is_pending || self.only_waits_in_line(id) {
            let Some(slot) = self.slots.get_mut(&id) else { return };
            let place = self.idle.last_key_value().map_or(0, |(last, _)| last + 1);
            slot.idle = Some(place);
            self.idle.insert(place, id);
        }
        while self.idle.len() > self.config.limits.instances_cached_max {
            let Some((_, oldest)) = self.idle.pop_first() else { return };
            let Some(slot) = self.slots.get_mut(&oldest) else { continue };
            slot.idle = None;
            // One that moves again comes back here when its commit is durable.
            let is_still = slot.unsettled == 0 && slot.live().is_some();
            if is_still && (!slot.pending || self.only_waits_in_line(oldest)) {
                self.slots.remove(&oldest);
            }
        }
    }

    /// Whether every call of an instance in memory is durably parked and stands in the line of a service, and nothing else
    /// moves it: it need not be in memory meanwhile.
    pub(super) fn only_waits_in_line(&self, id: InstanceId) -> bool {
        if self.services.lines.waiting() == 0 {
            return false;
        }
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return false };
        let mut calls = instance.steps.iter().filter_map(|(step, open)| {
            open.attempt_in_flight().map(|attempt| (*step, attempt, open.parked().is_some()))
        });
        !instance.has_work()
            && instance.unsettled().next().is_none()
            && calls.all(|(step, attempt, is_parked)| {
                is_parked && self.dispatch.stands_in_line(&(id, step, attempt))
            })
    }
}
