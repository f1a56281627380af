//! The end of a seed: everything that was begun has ended, and everybody agrees on how.

use motet_engine::Activity;
use motet_types::{InstanceId, Status};

use crate::check::{Check, Checked, ensure, violated};
use crate::clients::{Action, Steer};
use crate::compare;
use crate::world::{Event, World};

/// Rounds in which people resume and retry what waits for them.
const ROUNDS_MAX: usize = 60;

impl World {
    /// Drives everything to its end in bounded virtual time and compares all there is.
    pub(crate) fn finish(&mut self) -> Checked {
        self.settle()?;
        for _ in 0..ROUNDS_MAX {
            if !self.attend()? {
                break;
            }
            self.settle()?;
        }
        self.check_ended()?;
        self.check_promises()?;
        self.compare_states(100)?;
        // Everything is durable: losing the power loses nothing.
        self.crash(true);
        self.settle()?;
        self.check_promises()?;
        self.check_last_rows()?;
        self.count();
        Ok(())
    }

    /// People resume what is suspended and retry what waits for them; `false` if there is nothing of the kind.
    fn attend(&mut self) -> Checked<bool> {
        let open = self.shadow.instances.values().filter(|known| known.state.end.is_none());
        let waiting: Vec<(InstanceId, Steer)> = open
            .filter_map(|known| match (known.state.suspended, known.state.incidents.is_empty()) {
                (true, _) => Some((known.state.id, Steer::Resume)),
                (false, false) => Some((known.state.id, Steer::Retry)),
                (false, true) => None,
            })
            .collect();
        for (id, steer) in &waiting {
            self.plan(1, Event::Client(Action::Steer(*steer, Some(*id))));
        }
        Ok(!waiting.is_empty())
    }

    /// Why an instance has not ended, if one has not.
    fn check_ended(&mut self) -> Checked {
        let clock = self.clock();
        for known in self.shadow.instances.values() {
            let state = &known.state;
            if state.end.is_some() {
                continue;
            }
            let about = format!(
                "{} ({}) is {}: {:?}",
                state.id,
                state.start.definition,
                state.status(),
                state.steps
            );
            if state.has_work() || !motet_engine::outstanding(state, clock).is_empty() {
                let expected =
                    "every call in flight sent and answered, everything else gone on with";
                return Err(violated(Check::CallForgotten, expected, about));
            }
            if state.next_due().is_some_and(|due| due <= clock) {
                return Err(violated(Check::TimerWrong, "every timer fired", about));
            }
            let is_told = |activity: &Activity| match activity {
                Activity::Child(child) => {
                    let child = self.shadow.instances.get(&child.id);
                    child.is_some_and(|child| child.state.end.is_none())
                }
                _ => true,
            };
            let all_told = state.steps.values().all(|step| is_told(&step.activity));
            let expected = "children that start, and parents that learn of their end";
            ensure(all_told, Check::MessageTwiceOrLost, expected, || about.clone())?;
            return Err(violated(Check::NeverEnds, "every instance ends", about));
        }
        Ok(())
    }

    fn check_last_rows(&mut self) -> Checked {
        let Some(server) = self.server.take() else {
            return Err(violated(Check::StoreDoesNotOpen, "a server", "none"));
        };
        server.store.machine().checkpoint().map_err(|error| {
            violated(Check::StoreDoesNotOpen, "a checkpoint", error.to_string())
        })?;
        self.compare_view(&server.store)?;
        self.compare_rows(&server.store)?;
        let messages = compare::rows(&server.store, "message")?;
        let expected = "no message that waits";
        ensure(messages.is_empty(), Check::MessageTwiceOrLost, expected, || {
            format!("{messages:?}")
        })?;
        self.server = Some(server);
        Ok(())
    }

    fn count(&mut self) {
        for known in self.shadow.instances.values() {
            let summary = &mut self.summary;
            summary.instances += 1;
            summary.children += u64::from(known.state.start.parent.is_some());
            match known.state.status() {
                Status::Completed => summary.completed += 1,
                Status::Faulted => summary.faulted += 1,
                _ => summary.cancelled += 1,
            }
        }
    }
}
