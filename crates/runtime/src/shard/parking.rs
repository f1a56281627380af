//! Calls that have waited for a while are parked: what they wait for stands in their history, and that they have not left.

use std::time::Duration;

use motet_engine::Parked;
use motet_types::{Attempt, InstanceId, StepId};

use super::Machine;
use super::dispatch::CallId;
use super::slots::Task;

/// How long a call waits before that is written down.
pub(super) const PARKED_AFTER: Duration = Duration::from_secs(1);

/// Calls that are parked at once at most, and how long the next ones wait: a stalled server writes no storm of records.
const PARKED_AT_ONCE_MAX: usize = 256;
const PARKED_EVERY: Duration = Duration::from_millis(100);

impl Machine {
    /// A place was taken for a parked call that does not leave.
    pub(super) fn give_back(&mut self, call: CallId) {
        self.dispatch.releasing.remove(&call);
        self.lose_place(call);
    }

    /// Places go back that were taken for releases of this instance, which will not become durable.
    pub(super) fn give_all_back(&mut self, id: InstanceId) {
        let all = (id, StepId(0), Attempt(0))..=(id, StepId(u32::MAX), Attempt(u32::MAX));
        while let Some(call) = self.dispatch.releasing.range(all.clone()).next().copied() {
            self.give_back(call);
        }
    }

    /// Calls that have waited for a while are parked: durably known as not sent.
    pub(super) fn park_waiting(&mut self) {
        if self.dispatch.parks_at > self.now {
            return;
        }
        for _ in 0..PARKED_AT_ONCE_MAX {
            let Some((since, call)) = self.dispatch.patient.front().copied() else { return };
            if since.saturating_add(PARKED_AFTER) > self.now {
                return;
            }
            self.dispatch.patient.pop_front();
            let Some(unsent) = self.dispatch.unsent.get(&call) else { continue };
            let (sent, since) = (unsent.sent, unsent.since.unwrap_or(since));
            let (id, step, attempt) = call;
            let slot = self.slots.get(&id);
            let is_live = slot.is_some_and(|slot| slot.live().is_some() || slot.is_away());
            // One that is not in memory waits anew once it is loaded.
            if is_live && self.dispatch.waits(&call) {
                let (reason, until) = self.park_reason(&call);
                let parked = Parked { reason, since, until, sent };
                self.give(id, Task::Park { step, attempt, parked });
            }
        }
        self.dispatch.parks_at = self.now.saturating_add(PARKED_EVERY);
    }
}
