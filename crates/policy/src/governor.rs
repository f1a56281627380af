//! All parts together: what stands between a call and one version of a service.

mod options;
mod seat;
mod words;

use std::time::Duration;

use motet_types::Timestamp;

use crate::balancer::{self, Balancer, Member, Slot};
use crate::breaker::{self, Breaker};
use crate::budget::Budget;
use crate::ejection::{Ejector, Verdict};
use crate::hedge::Hedge;
use crate::limiter::Limiter;
use crate::rate::RateLimit;

pub use options::Options;
pub use seat::EndpointView;
pub use words::{Change, Reason, Report, Ticket, View, Wait, Wish};

use seat::Seat;

/// How often endpoints are compared with each other while there are calls.
const COMPARED_EVERY: Duration = Duration::from_secs(1);

/// One version of a service, as those who call it see it.
#[derive(Clone, Debug)]
pub struct Governor {
    options: Options,
    balancer: Balancer,
    ejector: Ejector,
    /// By slot.
    seats: Vec<Option<Seat>>,
    breaker: Breaker,
    limiter: Option<Limiter>,
    rate: Option<RateLimit>,
    budget: Budget,
    hedge: Option<Hedge>,
    in_flight: u32,
    /// When the first of the ejected returns.
    returns_at: Option<Timestamp>,
    /// When endpoints are compared; nothing to compare without calls.
    compares_at: Option<Timestamp>,
    turns: u64,
}

impl Governor {
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            balancer: Balancer::new(options.balancer, seed),
            ejector: Ejector::new(options.ejection),
            seats: Vec::new(),
            breaker: Breaker::new(options.breaker),
            limiter: options.limiter.map(Limiter::new),
            rate: options.rate.map(RateLimit::new),
            budget: Budget::new(options.budget),
            hedge: options.hedge.map(Hedge::new),
            in_flight: 0,
            returns_at: None,
            compares_at: None,
            turns: 0,
            options,
        }
    }

    pub fn insert(&mut self, now: Timestamp, member: Member) -> Slot {
        let slot = self.balancer.insert(now, member);
        self.ejector.insert(slot);
        let index = slot.0 as usize;
        if index == self.seats.len() {
            self.seats.push(None);
        }
        self.seats[index] = Some(Seat::new(self.options.health));
        slot
    }

    /// Forgets an endpoint; calls to it that are in flight are reported as ever.
    pub fn remove(&mut self, slot: Slot) {
        self.balancer.remove(slot);
        self.ejector.remove(slot);
        if let Some(seat) = self.seats.get_mut(slot.0 as usize) {
            *seat = None;
        }
        self.plan_return();
    }

    pub fn set_weight(&mut self, slot: Slot, weight: f64) {
        self.balancer.set_weight(slot, weight);
    }

    /// Its lease is over: it is called only while nobody else can be, until a call to it succeeds.
    pub fn set_suspect(&mut self, slot: Slot, is_suspect: bool) {
        self.change_seat(slot, |seat| seat.is_suspect = is_suspect);
    }

    /// It gets no new calls: maintenance, or it is about to leave.
    pub fn set_draining(&mut self, slot: Slot, is_draining: bool) {
        self.change_seat(slot, |seat| seat.is_draining = is_draining);
        self.ejector.set_present(slot, !is_draining);
    }

    /// A probe came back.
    pub fn probed(&mut self, now: Timestamp, slot: Slot, is_good: bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let Some(seat) = self.seat_mut(slot) else { return changes };
        if !seat.health.probed(is_good) {
            return changes;
        }
        changes.push(Change::Healthy { slot, is_healthy: is_good });
        if is_good {
            // What was down for its probes, too, was started anew: what its calls showed is over.
            self.give_back(slot, &mut changes);
            self.breaker.encourage(now);
        }
        self.settle(slot);
        changes
    }

    /// What holds every call back, whichever endpoint it would go to. Asking takes nothing.
    pub fn held(&self, now: Timestamp) -> Option<Wait> {
        if let Some(held) = self.breaker.held(now) {
            return Some(by_breaker(held));
        }
        let is_full = self.options.calls_max.is_some_and(|most| self.in_flight >= most)
            || self.limiter.as_ref().is_some_and(|limiter| !limiter.has_room());
        if is_full {
            return Some(Wait { reason: Reason::Limit, until: None });
        }
        let wait = self.rate.as_ref().map(|rate| rate.wait(now)).filter(|wait| !wait.is_zero())?;
        Some(Wait { reason: Reason::Limit, until: Some(now.saturating_add(wait)) })
    }

    /// Asks for a call.
    ///
    /// # Errors
    /// It has to wait.
    pub fn admit(&mut self, now: Timestamp, wish: Wish) -> Result<Ticket, Wait> {
        if let Some(wait) = self.held(now) {
            return Err(wait);
        }
        let Some(slot) = self.balancer.pick(now, wish.endpoint) else {
            return Err(Wait { reason: Reason::Endpoint, until: None });
        };
        if wish.is_repeat && !self.budget.withdraw(now) {
            let until = now.saturating_add(self.budget.refill());
            return Err(Wait { reason: Reason::Budget, until: Some(until) });
        }
        let pass = self.breaker.admit(now).map_err(by_breaker)?;
        if !wish.is_repeat {
            self.budget.deposit(now);
        }
        if let Some(rate) = &mut self.rate {
            // `held` has asked it, with the same time.
            let passes = rate.admit(now);
            debug_assert_eq!(passes, Ok(()));
        }
        if let Some(limiter) = &mut self.limiter {
            let has_place = limiter.admit();
            debug_assert!(has_place);
        }
        self.in_flight += 1;
        let hedge_after = self.hedge.as_mut().and_then(|hedge| hedge.begin(now));
        Ok(Ticket { call: self.balancer.begin(slot, now), pass, hedge_after })
    }

    /// Asks for a second copy of a call in flight whose time for that has come.
    pub fn hedge(&mut self, now: Timestamp, first: &Ticket, wish: Wish) -> Option<Ticket> {
        let is_calm = self.breaker.state() == breaker::State::Closed;
        let may_leave = is_calm && self.hedge.as_mut().is_some_and(|hedge| hedge.may_leave(now));
        let endpoint = balancer::Wish { avoid: Some(first.slot()), ..wish.endpoint };
        let copy = may_leave.then(|| self.admit(now, Wish { endpoint, is_repeat: true }));
        copy?.ok()
    }

    /// A call has ended.
    pub fn report(&mut self, now: Timestamp, ticket: Ticket, report: Report) -> Vec<Change> {
        let Ticket { call, pass, .. } = ticket;
        let mut changes = Vec::new();
        let took = now.since(call.started());
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(limiter) = &mut self.limiter {
            limiter.release(now, took, report.sign());
        }
        let before = self.breaker.state();
        match report {
            Report::Withdrawn => self.breaker.withdraw(now, &pass),
            _ => drop(self.breaker.report(now, &pass, report.is_failure())),
        }
        let is_there = self.balancer.end(&call, now, report.of_endpoint());
        if is_there && report != Report::Withdrawn {
            self.judge(now, call.slot(), report, took, &mut changes);
        }
        changes.extend(turned(now, before, self.breaker.state()));
        changes
    }

    /// Ejected endpoints return, and the others are compared: to be called when [`Self::next_due`] says so.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let before = self.breaker.state();
        if self.returns_at.is_some_and(|at| at <= now) {
            for slot in (0..self.seats.len()).map(|index| Slot(index as u32)) {
                let seat = self.seat(slot);
                let until = seat.and_then(|seat| seat.ejected_until);
                if until.is_some_and(|until| until <= now) {
                    self.give_back(slot, &mut changes);
                }
            }
        }
        if self.compares_at.is_some_and(|at| at <= now) {
            self.compares_at = None;
            for (slot, verdict) in self.ejector.compare(now) {
                self.take_out(now, slot, verdict, &mut changes);
            }
        }
        changes.extend(turned(now, before, self.breaker.state()));
        changes
    }

    /// When [`Self::tick`] has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.returns_at.into_iter().chain(self.compares_at).min()
    }

    /// Before a restart the breaker was open until then.
    pub fn recall_open(&mut self, until: Timestamp) {
        self.breaker.recall(until);
    }

    pub fn view(&mut self, now: Timestamp) -> View {
        let counts = self.breaker.counts(now);
        View {
            breaker: self.breaker.state(),
            in_flight: self.in_flight,
            limit: self.limiter.as_ref().map(Limiter::limit),
            repeats: self.budget.balance(now),
            calls: counts.total,
            failures: counts.marked,
        }
    }

    pub fn endpoint(&self, slot: Slot, now: Timestamp) -> Option<EndpointView> {
        let seat = self.seat(slot)?;
        Some(EndpointView {
            condition: seat.condition(),
            in_flight: self.balancer.in_flight(slot),
            latency: self.balancer.latency(slot, now),
            is_healthy: seat.health.is_healthy(),
            is_suspect: seat.is_suspect,
            is_draining: seat.is_draining,
            ejected_until: seat.ejected_until,
        })
    }

    /// How often an endpoint came to stand otherwise so far: whoever shows that to others compares this first.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    pub fn len(&self) -> usize {
        self.balancer.len()
    }

    pub fn is_empty(&self) -> bool {
        self.balancer.is_empty()
    }

    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub fn breaker(&self) -> breaker::State {
        self.breaker.state()
    }

    /// What a call shows of its endpoint.
    fn judge(
        &mut self,
        now: Timestamp,
        slot: Slot,
        report: Report,
        took: Duration,
        changes: &mut Vec<Change>,
    ) {
        self.compares_at.get_or_insert(now.saturating_add(COMPARED_EVERY));
        let verdict = self.ejector.record(now, slot, report.is_failure(), took);
        match report {
            Report::Answered => {}
            // Too much for it is a case for the limit, and for the breaker only if half of the calls end so.
            Report::Overloaded { .. } if verdict == Verdict::Last => return,
            _ => return self.take_out(now, slot, verdict, changes),
        }
        if let Some(hedge) = &mut self.hedge {
            hedge.observe(now, took);
        }
        let Some(seat) = self.seat_mut(slot) else { return };
        if seat.is_in_doubt() {
            let was_unhealthy = seat.health.called_well();
            seat.is_suspect = false;
            changes.push(match was_unhealthy {
                true => Change::Healthy { slot, is_healthy: true },
                false => Change::Returned { slot },
            });
            self.settle(slot);
        }
    }

    fn take_out(
        &mut self,
        now: Timestamp,
        slot: Slot,
        verdict: Verdict,
        changes: &mut Vec<Change>,
    ) {
        match verdict {
            Verdict::Ejected { until, cause } => {
                self.change_seat(slot, |seat| seat.ejected_until = Some(until));
                self.plan_return();
                changes.push(Change::Ejected { slot, until, cause });
            }
            Verdict::Last => self.breaker.trip(now),
            Verdict::Stays | Verdict::TooMany => {}
        }
    }

    /// Ends an ejection, if there is one.
    fn give_back(&mut self, slot: Slot, changes: &mut Vec<Change>) {
        let ejected = self.seat_mut(slot).and_then(|seat| seat.ejected_until.take());
        if ejected.is_some() {
            self.ejector.restore(slot);
            self.settle(slot);
            self.plan_return();
            changes.push(Change::Returned { slot });
        }
    }

    fn plan_return(&mut self) {
        let ejected = self.seats.iter().flatten().filter_map(|seat| seat.ejected_until);
        self.returns_at = ejected.min();
    }

    fn change_seat(&mut self, slot: Slot, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.seat_mut(slot) {
            change(seat);
            self.settle(slot);
        }
    }

    fn seat(&self, slot: Slot) -> Option<&Seat> {
        self.seats.get(slot.0 as usize)?.as_ref()
    }

    fn seat_mut(&mut self, slot: Slot) -> Option<&mut Seat> {
        self.seats.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Tells the balancer what all that is known of an endpoint comes to.
    fn settle(&mut self, slot: Slot) {
        let Some(seat) = self.seat_mut(slot) else { return };
        let (condition, has_turned) = (seat.condition(), seat.has_turned());
        self.turns += u64::from(has_turned);
        self.balancer.set_condition(slot, condition);
    }
}

fn by_breaker(held: breaker::Held) -> Wait {
    Wait { reason: Reason::Breaker, until: held.until }
}

/// What people are told of a breaker; the steps of its ramp and its probes are seen in its state.
fn turned(now: Timestamp, before: breaker::State, after: breaker::State) -> Option<Change> {
    use breaker::State;
    match (before, after) {
        (before, after) if before == after => None,
        // A probe that was given up.
        (State::HalfOpen, State::Open { until }) if until <= now => None,
        (_, State::Open { until }) => Some(Change::Opened { until }),
        (State::Ramping { .. }, State::Ramping { .. }) | (_, State::HalfOpen) => None,
        (_, State::Ramping { .. }) => Some(Change::Ramping),
        (_, State::Closed) => Some(Change::Closed),
    }
}
