//! Instances that were loaded go on: what is in flight as far as their durable state knows leaves again.

use motet_engine::{self as engine, Effect, Outcome};
use motet_types::{Attempt, InstanceId, StepId};

use super::Machine;
use super::dispatch::CallId;
use super::slots::{Slot, Task};

/// What is known of an abandoned call that was in flight when the server stopped.
const LOST: &str = "the call was abandoned, and the server stopped before its outcome came";

impl Machine {
    /// An instance was loaded: what is in flight leaves again under its keys, unless it left in this life of the server
    /// already, stands in line, or its answer is there.
    pub(super) fn resume(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(instance) = slot.live() else { return };
        let mut effects = engine::outstanding(instance, self.now);
        let doubted = self.dispatch.doubted_of(id, &effects);
        effects.retain(|effect| match effect {
            Effect::Call { step, attempt, .. } => {
                let call = (id, *step, *attempt);
                let has_left = self.dispatch.in_flight.contains(&call);
                let waits = self.dispatch.stands_in_line(&call);
                !has_left && !waits && !slot.is_answered(*step, *attempt)
            }
            _ => true,
        });
        let may_have_left = |effect: &Effect| match effect {
            Effect::Call { step, attempt, .. } => !self.has_surely_not_left((id, *step, *attempt)),
            _ => false,
        };
        let effects: Vec<(Effect, bool)> = effects
            .into_iter()
            .map(|effect| {
                let doubt = may_have_left(&effect);
                (effect, doubt)
            })
            .collect();
        let unsettled: Vec<_> = instance.unsettled().collect();
        if instance.has_work() {
            self.yielded.push_back(id);
        }
        // A refused commit may have taken the doubt with it: it comes before any outcome.
        for (step, attempt) in doubted {
            self.give(id, Task::Doubt { step, attempt });
        }
        for (step, attempt) in unsettled {
            self.settle_abandoned(id, step, attempt);
        }
        for (effect, may_have_left) in effects {
            self.leave_again(id, effect, may_have_left);
        }
        self.announce_jobs(id);
        self.register_timer(id);
    }

    /// Only what waits in this life, or is durably parked as not sent, has surely not left.
    fn has_surely_not_left(&self, call: CallId) -> bool {
        let (id, step, _) = call;
        let instance = self.slots.get(&id).and_then(Slot::live);
        let parked = instance.and_then(|instance| instance.steps.get(&step)?.parked());
        // What was known of one that is called up was written down before its instance left memory.
        let unsent = self.dispatch.unsent.get(&call);
        unsent.is_some_and(|unsent| !unsent.sent || unsent.is_called_up)
            || parked.is_some_and(|parked| !parked.sent)
    }

    fn leave_again(&mut self, id: InstanceId, effect: Effect, may_have_left: bool) {
        match effect {
            Effect::Call { step, attempt, ref request, .. }
                if may_have_left && !self.may_resend(id, step, request) =>
            {
                let outcome = Outcome::Failed {
                    maybe_run: true,
                    timed_out: false,
                    message: engine::UNKNOWN_OUTCOME.to_owned(),
                };
                self.give(id, Task::Outcome { step, attempt, outcome });
            }
            Effect::Call { step, attempt, .. } => {
                if may_have_left {
                    self.dispatch.doubted.insert((id, step, attempt));
                    self.give(id, Task::Doubt { step, attempt });
                }
                let unsent = self.dispatch.unsent.entry((id, step, attempt)).or_default();
                unsent.sent |= may_have_left;
                self.carry_out(id, effect);
            }
            effect => self.carry_out(id, effect),
        }
    }

    /// An abandoned call whose outcome an undo waits for and nobody will bring any more: it may have been carried out.
    pub(super) fn settle_abandoned(&mut self, id: InstanceId, step: StepId, attempt: Attempt) {
        let is_coming = self.dispatch.in_flight.contains(&(id, step, attempt))
            || self.slots.get(&id).is_some_and(|slot| slot.is_answered(step, attempt));
        if !is_coming {
            let outcome =
                Outcome::Failed { maybe_run: true, timed_out: false, message: LOST.to_owned() };
            self.give(id, Task::Outcome { step, attempt, outcome });
        }
    }

    pub(super) fn resume_due(&mut self) {
        while let Some((due, id)) = self.dispatch.resting.first().copied() {
            if due > self.now {
                return;
            }
            self.dispatch.resting.pop_first();
            self.dispatch.resume(id);
        }
    }
}
