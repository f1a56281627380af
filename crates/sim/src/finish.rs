//! The end of a seed: everything that was begun has ended, and everybody agrees on how.

use std::collections::BTreeSet;

use motet_engine::{Activity, Instance};
use motet_store::Value;
use motet_types::{InstanceId, Status};

use crate::check::{Check, Checked, ensure, violated};
use crate::clients::{Action, Steer};
use crate::server::Server;
use crate::world::{Event, World};

/// Rounds in which people resume and retry what waits for them.
const ROUNDS_MAX: usize = 60;

/// Openings of the store until its last checkpoint has to succeed.
const OPENINGS_MAX: usize = 40;

/// How long a message may wait once nothing fails any more, in virtual microseconds.
const MESSAGES_WAIT_MAX: u64 = 120_000_000;

/// What no seed has less of.
const INSTANCES_MIN: u64 = 20;
const CRASHES_MIN: u64 = 3;
const DISK_FAULTS_MIN: u64 = 2;

impl World {
    /// Drives everything to its end in bounded virtual time and compares all there is.
    pub(crate) fn finish(&mut self) -> Checked {
        self.settle()?;
        for _ in 0..ROUNDS_MAX {
            let somebody_listens = self.check_listens()?;
            if !self.attend()? && !somebody_listens {
                break;
            }
            self.settle()?;
        }
        self.check_ended()?;
        self.check_schedule()?;
        self.check_sinks()?;
        self.check_sources()?;
        self.services.check_undone(|id| self.comes_to_nothing(id))?;
        self.check_promises()?;
        self.compare_states(100)?;
        if !self.may_be_tame {
            self.check_rough()?;
        }
        // Everything is durable: losing the power loses nothing.
        self.crash(true);
        self.settle()?;
        self.check_promises()?;
        self.check_last_rows()?;
        self.count();
        self.forget_audit()?;
        self.forget_all()?;
        self.check_last_rows()?;
        self.summary.forgotten = self.shadow.forgotten.len() as u64;
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

    /// Why an instance has not ended, if one has not: the first cause, not who waits for it.
    fn check_ended(&mut self) -> Checked {
        let clock = self.clock();
        let messages = self.shadow.rows("message");
        let expected = "no message that waits";
        ensure(messages.is_empty(), Check::MessageTwiceOrLost, expected, || {
            format!("{messages:?}")
        })?;
        let mut open = self.shadow.instances.values().map(|known| &known.state);
        open.clone().filter(|state| state.end.is_none()).try_for_each(|state| {
            let is_forgotten =
                state.has_work() || !motet_engine::outstanding(state, clock).is_empty();
            ensure(!is_forgotten, Check::CallForgotten, "whatever can go on goes on", || {
                about(state)
            })?;
            let is_due = state.next_due().is_some_and(|due| due <= clock);
            ensure(!is_due, Check::TimerWrong, "every timer fired", || about(state))?;
            let expected = "children that start, and parents that learn of their end";
            let is_told = state.steps.values().all(|step| self.will_be_told(&step.activity));
            ensure(is_told, Check::MessageTwiceOrLost, expected, || about(state))
        })?;
        let endless = open.find(|state| state.end.is_none());
        ensure(endless.is_none(), Check::NeverEnds, "every instance ends", || {
            endless.map(about).unwrap_or_default()
        })
    }

    /// Whether the child that a step awaits is on its way; other steps await none.
    fn will_be_told(&self, activity: &Activity) -> bool {
        let Activity::Child(child) = activity else { return true };
        let child = self.shadow.known(child.id);
        child.is_some_and(|child| child.state.end.is_none())
    }

    /// Whether an instance has ended in such a way that nothing of it may be left: not completed, or undone by its parent.
    fn comes_to_nothing(&self, id: InstanceId) -> bool {
        let Some(known) = self.shadow.known(id) else { return false };
        let parent = known.state.start.parent.as_ref().filter(|parent| parent.awaited);
        known.state.status() != Status::Completed
            || parent.is_some_and(|parent| self.comes_to_nothing(parent.instance))
    }

    /// Once nothing fails any more no message waits for minutes.
    pub(crate) fn check_messages(&mut self) -> Checked {
        if !self.services.calm || self.server.is_none() {
            self.messages = (self.now, BTreeSet::new());
            return Ok(());
        }
        if self.now < self.messages.0 + MESSAGES_WAIT_MAX {
            return Ok(());
        }
        let rows = self.shadow.rows("message");
        let waiting: BTreeSet<Vec<Value>> = rows.iter().map(|row| row[..2].to_vec()).collect();
        let late = waiting.intersection(&self.messages.1).next().cloned();
        self.messages = (self.now, waiting);
        let expected = "messages that arrive";
        ensure(late.is_none(), Check::MessageTwiceOrLost, expected, || {
            format!("{late:?} still waits")
        })
    }

    fn check_last_rows(&mut self) -> Checked {
        let server = self.cover_all()?;
        self.summary.rows_compared += self.shadow.compare_tables(&server.store)?;
        self.compare_view(&server.store)?;
        self.compare_rows()?;
        self.compare_ended()?;
        self.compare_events()?;
        let messages = self.shadow.rows("message");
        let expected = "no message that waits";
        ensure(messages.is_empty(), Check::MessageTwiceOrLost, expected, || {
            format!("{messages:?}")
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// A server whose tables cover everything. Power that was to fail in its opening may fail only now: then another opens.
    fn cover_all(&mut self) -> Checked<Server> {
        for _ in 0..OPENINGS_MAX {
            let Some(server) = self.server.take() else {
                return Err(violated(Check::StoreDoesNotOpen, "a server", "none"));
            };
            let covered = server.store.machine().checkpoint();
            match covered {
                Ok(()) => return Ok(server),
                Err(_) if self.disk.is_off() => {
                    drop(server);
                    self.crash(true);
                    self.settle()?;
                }
                Err(error) => {
                    let expected = "a checkpoint";
                    return Err(violated(Check::StoreDoesNotOpen, expected, error.to_string()));
                }
            }
        }
        let seen = format!("{OPENINGS_MAX} times a failure of the power");
        Err(violated(Check::NeverEnds, "a checkpoint in the end", seen))
    }

    /// What every seed has to contain, whatever chance says.
    fn check_rough(&self) -> Checked {
        let summary = &self.summary;
        let instances = self.shadow.instances.values().chain(self.shadow.forgotten.values());
        let started = instances.filter(|known| known.state.start.parent.is_none()).count() as u64;
        for (what, found, least) in [
            ("instances", started, INSTANCES_MIN),
            ("crashes", summary.crashes_power + summary.crashes_kill, CRASHES_MIN),
            ("faults of the disk", summary.disk_faults, DISK_FAULTS_MIN),
            ("late outcomes", summary.outcomes_late, 1),
            ("lost outcomes", summary.outcomes_lost, 1),
            ("duplicate outcomes", summary.outcomes_duplicate, 1),
            ("jumps of the clock", summary.clock_forward, 1),
        ] {
            ensure(found >= least, Check::TooTame, "enough that goes wrong", || {
                format!("{found} {what}, at least {least} are due: {:?}", self.clients.unserved())
            })?;
        }
        Ok(())
    }

    fn count(&mut self) {
        for known in self.shadow.instances.values().chain(self.shadow.forgotten.values()) {
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

fn about(state: &Instance) -> String {
    let Instance { id, start, steps, .. } = state;
    format!("{id} ({}) is {}: {steps:?}", start.definition, state.status())
}
