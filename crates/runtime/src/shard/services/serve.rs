//! Governed calls: those that may not leave wait in line, those that find their service away wait again.

use std::time::Duration;

use motet_engine::{Instance, Outcome, ParkReason};
use motet_policy::governor::{Reason, Wait};
use motet_policy::queue::Class;
use motet_types::{InstanceId, StepId, Timestamp};

use super::callers::Caller;
use super::calls::{Ended, Turn, held};
use super::lines::{LineKey, Place, park_reason};
use crate::sabotage::{self, Sabotage};
use crate::shard::Machine;
use crate::shard::dispatch::{CallId, CalledUp};
use crate::shard::slots::{Slot, State, Task};

/// Calls of one line that leave before it is the turn of the next line, and of the server's own queue.
const SERVED_AT_ONCE_MAX: usize = 32;

/// Repeats for which nothing is left in the budget, that are passed over at most to find a call that is none.
const PASSED_OVER_MAX: usize = 64;

/// Calls whose patience ends that are told so at once at most, and how long the next ones wait for that.
const TURNED_AWAY_AT_ONCE_MAX: usize = 256;
const TURNED_AWAY_EVERY: Duration = Duration::from_millis(50);

impl Machine {
    /// Lets some of those go on who wait for one service, as far as it and the server's own gate allow; tells whether there
    /// was a line with somebody whose turn it may be.
    pub(in crate::shard) fn serve_next_line(&mut self) -> bool {
        if !self.can_serve_lines() {
            return false;
        }
        let Some(key) = self.services.lines.next_ready() else { return false };
        self.serve_line(&key);
        true
    }

    pub(in crate::shard) fn can_serve_lines(&self) -> bool {
        self.dispatch.has_room() && self.services.lines.can_go_on()
    }

    fn serve_line(&mut self, key: &LineKey) {
        if self.turn_away(key) {
            let until = Some(self.now.saturating_add(TURNED_AWAY_EVERY));
            return self.services.lines.look_again(
                self.now,
                key,
                Wait { reason: Reason::Endpoint, until },
            );
        }
        let (mut served, mut passed_over) = (0, Vec::new());
        let mut ends = None;
        while self.can_serve_one() && served < SERVED_AT_ONCE_MAX {
            ends = self.services.holds(self.now, key);
            if ends.is_some() {
                break;
            }
            let Some((call, is_behind_absent)) = self.services.lines.next(key) else {
                ends = passed_over.first().map(|(_, wait)| *wait);
                break;
            };
            if is_behind_absent && self.slots.get(&call.0).is_some_and(|slot| slot.live().is_some())
            {
                // The line goes on when they are here.
                let wait = self.services.lines.of(key).map(|(_, wait, _)| wait);
                ends = wait.map(|wait| Wait { until: None, ..wait });
                break;
            }
            self.services.lines.pop(key);
            let (line, wait) = match self.call_up(call, Turn::OfLine) {
                CalledUp::Waits(line, wait) => (line, wait),
                called => {
                    if matches!(called, CalledUp::Absent) && self.is_to_be_loaded(call.0) {
                        self.services.lines.call_up(key, call.0);
                    }
                    served += 1;
                    continue;
                }
            };
            if line != *key {
                self.stand_in_line(call, &line, wait);
                continue;
            }
            passed_over.push((call, wait));
            if wait.reason != Reason::Budget || passed_over.len() == PASSED_OVER_MAX {
                ends = Some(wait);
                break;
            }
        }
        for (call, wait) in passed_over {
            self.stand_in_line(call, key, wait);
        }
        match ends {
            Some(wait) => self.services.lines.look_again(self.now, key, wait),
            None => self.services.lines.set_ready(key),
        }
    }

    fn is_to_be_loaded(&self, id: InstanceId) -> bool {
        let is_to_come = |slot: &Slot| matches!(slot.state, State::Loading(_) | State::Unread);
        self.slots.get(&id).is_none_or(is_to_come)
    }

    fn can_serve_one(&self) -> bool {
        self.dispatch.has_room() && self.services.lines.may_call_up()
    }

    /// Whoever has waited as long as the service's document says takes the error; tells whether there are more of them.
    fn turn_away(&mut self, key: &LineKey) -> bool {
        for _ in 0..TURNED_AWAY_AT_ONCE_MAX {
            let Some((_, wait, _)) = self.services.lines.of(key) else { return false };
            let Some(call) = self.services.lines.pop_impatient(self.now, key) else {
                return false;
            };
            let Some(unsent) = self.dispatch.unsent.remove(&call) else { continue };
            let (id, step, attempt) = call;
            let outcome = held(&key.0, wait, unsent.sent);
            self.give(id, Task::Outcome { step, attempt, outcome });
        }
        true
    }

    /// A call waits in line for its service; it is parked when that has lasted for a while.
    pub(in crate::shard) fn stand_in_line(&mut self, call: CallId, key: &LineKey, wait: Wait) {
        let (id, step, _) = call;
        let instance = self.slots.get(&id).and_then(Slot::live);
        let class = instance.map_or(Class::Started, |instance| class(instance, step));
        let parked = instance.and_then(|instance| instance.steps.get(&step)?.parked());
        let parked_since = parked.map(|parked| parked.since);
        let patience = self.services.patience(&key.0);
        self.dispatch.wait(self.now, call);
        let Some(unsent) = self.dispatch.unsent.get_mut(&call) else { return };
        if unsent.since.is_none() {
            self.services.count_held(&key.0, &key.1, wait);
        }
        let since = *unsent.since.get_or_insert(parked_since.unwrap_or(self.now));
        unsent.is_called_up = false;
        let place = Place { line: key.clone(), class, since };
        let patient_since = (class != Class::Undo).then_some(since);
        let caller = instance.map(|instance| Caller::new(instance, step, patient_since));
        self.services.lines.push(self.now, &place, call, caller, patience, wait);
        unsent.place = Some(place);
    }

    /// An outcome that says that the service is away leads to another try, if the call may have one and its patience is not
    /// at its end; else it is given back.
    pub(in crate::shard) fn heed(&mut self, call: CallId, outcome: Outcome) -> Option<Outcome> {
        let (id, step, attempt) = call;
        self.dispatch.settled(id, step, attempt);
        self.observe_ended(call, &outcome);
        let Some(Ended { key, since, may_repeat, sent, is_withdrawn }) =
            self.route_ended(call, &outcome)
        else {
            return Some(outcome);
        };
        let Some(away) = Away::of(&outcome) else { return Some(outcome) };
        let instance = self.slots.get(&id).and_then(Slot::live);
        let is_undo = instance.is_some_and(|instance| instance.is_undo(step));
        let until = since.saturating_add(self.services.patience(&key.0));
        let is_patient = is_undo || until > self.now;
        // Its instance has given it up, or will hear of its end only from this outcome.
        let is_given_up = instance.is_some_and(|it| it.abandoned.contains(&(step, attempt)));
        let may_leave_again = may_repeat || !away.had_left;
        if !is_patient || !may_leave_again || is_given_up || is_withdrawn {
            return Some(outcome);
        }
        if sabotage::is(Sabotage::LineForgotten) {
            return None;
        }
        if away.may_have_run {
            // Whatever the next try brings, an undo has to know of this one.
            self.dispatch.doubted.insert(call);
            self.give(id, Task::Doubt { step, attempt });
        }
        let unsent = self.dispatch.unsent.entry(call).or_default();
        unsent.sent = sent || away.had_left;
        unsent.again = true;
        unsent.since = Some(since);
        let wait = self.services.holds(self.now, &key);
        let wait = wait.unwrap_or(Wait { reason: Reason::Endpoint, until: None });
        self.stand_in_line(call, &key, wait);
        self.services.lines.set_ready(&key);
        None
    }

    /// What a waiting call waits for, as it is written down.
    pub(in crate::shard) fn park_reason(&self, call: &CallId) -> (ParkReason, Option<Timestamp>) {
        let place = self.dispatch.unsent.get(call).and_then(|unsent| unsent.place.as_ref());
        let line = place.and_then(|place| self.services.lines.of(&place.line));
        let Some((_, Wait { reason, until }, _)) = line else { return (ParkReason::Gate, None) };
        (park_reason(reason), until)
    }
}

/// A service that could not do its work.
struct Away {
    /// Whether the call had left.
    had_left: bool,
    /// Whether its work may have been done.
    may_have_run: bool,
}

impl Away {
    fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Failed { maybe_run: false, .. } => {
                Some(Self { had_left: false, may_have_run: false })
            }
            // The connection broke: what is sent again is under the same key.
            Outcome::Failed { maybe_run: true, timed_out: false, .. } => {
                Some(Self { had_left: true, may_have_run: true })
            }
            Outcome::Response(response) => match response.status {
                429 | 503 => Some(Self { had_left: true, may_have_run: false }),
                502 | 504 => Some(Self { had_left: true, may_have_run: true }),
                _ => None,
            },
            _ => None,
        }
    }
}

fn class(instance: &Instance, step: StepId) -> Class {
    match instance.has_completed_call {
        _ if instance.is_undo(step) => Class::Undo,
        true => Class::Started,
        false => Class::New,
    }
}
