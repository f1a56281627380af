//! Whatever happens, in whatever order, and whatever the clock says.

use std::time::Duration;

use motet_policy::balancer::{
    Balancer, Condition, Member, Options, Report, Slot, Strategy, Ticket, Wish,
};
use motet_policy::breaker::{self, Breaker, State};
use motet_policy::ejection::{self, Ejector, Verdict};
use motet_policy::governor::{self, Governor};
use motet_policy::limiter::{self, Limiter, Sign};
use motet_policy::window::{Counts, Window};
use motet_types::Timestamp;
use proptest::prelude::*;

const STRATEGIES: [Strategy; 5] = [
    Strategy::Ewma,
    Strategy::LeastRequest,
    Strategy::RoundRobin,
    Strategy::Random,
    Strategy::RingHash,
];

fn times() -> impl Strategy_<Value = Vec<(u8, u8, i64)>> {
    proptest::collection::vec((any::<u8>(), any::<u8>(), -1_000_i64..100_000), 1..200)
}

use proptest::strategy::Strategy as Strategy_;

proptest! {
    #[test]
    fn a_pick_is_one_that_may_be_picked(events in times(), strategy in 0..5_usize) {
        let options = Options { strategy: STRATEGIES[strategy], ..Options::default() };
        let mut balancer = Balancer::new(options, 1);
        let mut open: Vec<Ticket> = Vec::new();
        let mut now = 0;
        for (what, which, later) in events {
            now += later;
            let (at, slot) = (Timestamp::from_micros(now), Slot(u32::from(which % 8)));
            match what % 6 {
                0 => {
                    let member = Member { identity: u64::from(which), weight: f64::from(which), zone: None };
                    balancer.insert(at, member);
                }
                1 => balancer.remove(slot),
                2 => {
                    let all = [Condition::Usable, Condition::Suspect, Condition::Ejected, Condition::Out];
                    balancer.set_condition(slot, all[usize::from(which) % 4]);
                }
                3 | 4 => {
                    let wish = Wish { key: Some(u64::from(which)), avoid: Some(slot), zone: None };
                    if let Some(picked) = balancer.pick(at, wish) {
                        prop_assert_ne!(balancer.condition(picked), Some(Condition::Out));
                        prop_assert!(balancer.condition(picked).is_some());
                        open.push(balancer.begin(picked, at));
                    }
                }
                _ => {
                    if let Some(ticket) = open.pop() {
                        let report = if which % 2 == 0 { Report::Answered } else { Report::Failed { retry_after: None } };
                        balancer.end(&ticket, at, report);
                    }
                }
            }
            let counted: usize = (0..256).map(|slot| balancer.in_flight(Slot(slot))).sum();
            prop_assert!(counted <= open.len());
        }
    }

    #[test]
    fn a_breaker_never_lets_more_out_than_its_state_allows(events in times()) {
        let options = breaker::Options { calls_min: 3, ..breaker::Options::default() };
        let mut breaker = Breaker::new(options);
        let mut out = Vec::new();
        let mut since_change = 0_u32;
        let mut now = 0;
        for (what, _, later) in events {
            now += later * 100;
            let (at, before) = (Timestamp::from_micros(now), breaker.state());
            match what % 3 {
                0 => {
                    if let Ok(pass) = breaker.admit(at) {
                        if let State::Open { until } = before {
                            prop_assert!(at >= until);
                        }
                        out.push(pass);
                        since_change += 1;
                    }
                }
                failed => {
                    if let Some(pass) = out.pop() {
                        breaker.report(at, &pass, failed == 1);
                    }
                }
            }
            if breaker.state() != before {
                since_change = u32::from(breaker.state() == State::HalfOpen);
            }
            if breaker.state() == State::HalfOpen {
                prop_assert_eq!(since_change, 1, "one probe at a time");
            }
        }
    }

    #[test]
    fn some_endpoint_always_stays(events in times()) {
        let mut ejector = Ejector::new(ejection::Options { share_max: 1.0, ..Default::default() });
        (0..6).for_each(|slot| ejector.insert(Slot(slot)));
        let mut now = 0;
        for (what, which, later) in events {
            now += later.max(0);
            let at = Timestamp::from_micros(now);
            let slot = Slot(u32::from(which % 6));
            for _ in 0..what % 8 {
                ejector.record(at, slot, true, Duration::from_millis(u64::from(what)));
            }
            ejector.record(at, Slot(u32::from(what % 6)), false, Duration::from_millis(3));
            for (_, verdict) in ejector.compare(at) {
                prop_assert_ne!(verdict, Verdict::Stays);
            }
            prop_assert!((0..6).any(|slot| ejector.until(Slot(slot), at).is_none()), "nobody is left");
        }
    }

    #[test]
    fn the_limit_stays_within_its_bounds(events in times()) {
        let options = limiter::Options { min: 2, max: 9, initial: 5, ..Default::default() };
        let mut limiter = Limiter::new(options);
        let mut now = 0;
        for (what, _, later) in events {
            now += later;
            let signs = [Sign::Served, Sign::Overload, Sign::Neither];
            if !limiter.admit() || what % 4 == 0 {
                limiter.release(Timestamp::from_micros(now), Duration::ZERO, signs[usize::from(what) % 3]);
            }
            prop_assert!((2..=9).contains(&limiter.limit()));
        }
    }

    #[test]
    fn a_window_holds_what_its_buckets_hold(events in times()) {
        let mut window = Window::new(Duration::from_millis(100));
        let mut all: Vec<(i64, u64)> = Vec::new();
        let mut now = 0;
        for (what, _, later) in events {
            now += later.max(0);
            let at = Timestamp::from_micros(now);
            window.add(at, Counts { total: u64::from(what), marked: 0 });
            all.push((now / 10_000, u64::from(what)));
            let recent = all.iter().filter(|(bucket, _)| bucket + 10 > now / 10_000);
            prop_assert_eq!(window.counts(at).total, recent.map(|(_, count)| count).sum::<u64>());
        }
    }

    /// Nothing leaks, nothing is let out that is held, and nobody is left out for ever.
    #[test]
    fn a_governor_keeps_its_books(events in times(), most in 1..20_u32) {
        let mut world = Governed::new(most);
        for (what, which, later) in events {
            world.now += later.max(0) * 100;
            world.event(what, which);
            world.check();
        }
        world.drain();
    }
}

/// A governor with calls out.
struct Governed {
    governor: Governor,
    now: i64,
    slots: Vec<Slot>,
    out: Vec<governor::Ticket>,
    most: u32,
}

impl Governed {
    fn new(most: u32) -> Self {
        let breaker = breaker::Options { calls_min: 4, ramp_calls_max: 8, ..Default::default() };
        let options = governor::Options {
            breaker,
            calls_max: Some(most),
            rate: Some(motet_policy::rate::Options { per_second: 1_000.0, burst: 100 }),
            hedge: Some(motet_policy::hedge::Options { calls_min: 5, ..Default::default() }),
            ..governor::Options::default()
        };
        Self {
            governor: Governor::new(options, 7),
            now: 0,
            slots: Vec::new(),
            out: Vec::new(),
            most,
        }
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn event(&mut self, what: u8, which: u8) {
        let (at, is_odd) = (self.at(), which % 2 == 1);
        let some =
            (!self.slots.is_empty()).then(|| self.slots[usize::from(which) % self.slots.len()]);
        match (what % 10, some) {
            (0, _) if self.slots.len() < 6 => {
                let member = Member { identity: u64::from(which), weight: 1.0, zone: None };
                self.slots.push(self.governor.insert(at, member));
            }
            (1, Some(slot)) if which > 200 => {
                self.governor.remove(slot);
                self.slots.retain(|own| *own != slot);
            }
            (1, Some(slot)) => self.governor.set_draining(slot, is_odd),
            (2, Some(slot)) => drop(self.governor.probed(at, slot, is_odd)),
            (3, Some(slot)) => self.governor.set_suspect(slot, is_odd),
            (4, _) => drop(self.governor.tick(at)),
            (5 | 6, _) => self.ask(is_odd),
            _ => self.end(which),
        }
    }

    fn ask(&mut self, is_repeat: bool) {
        let (at, before) = (self.at(), self.governor.breaker());
        let endpoint = Wish::default();
        let Ok(ticket) = self.governor.admit(at, governor::Wish { endpoint, is_repeat }) else {
            return;
        };
        match before {
            State::Open { until } => assert!(until <= at, "it left while the breaker was open"),
            State::HalfOpen => panic!("a second probe left"),
            State::Ramping { .. } | State::Closed => {}
        }
        assert!(
            self.governor.endpoint(ticket.slot(), at).expect("it is there").condition
                != Condition::Out
        );
        self.out.extend(self.governor.hedge(at, &ticket, governor::Wish::default()));
        self.out.push(ticket);
    }

    fn end(&mut self, which: u8) {
        if self.out.is_empty() {
            return;
        }
        let ticket = self.out.swap_remove(usize::from(which) % self.out.len());
        let report = match which % 4 {
            0 => governor::Report::Answered,
            1 => governor::Report::Failed,
            2 => governor::Report::Overloaded { retry_after: Some(Duration::from_secs(1)) },
            _ => governor::Report::Withdrawn,
        };
        drop(self.governor.report(self.at(), ticket, report));
    }

    fn check(&mut self) {
        let view = self.governor.view(self.at());
        assert_eq!(view.in_flight as usize, self.out.len());
        assert!(view.in_flight <= self.most);
        let counted: usize = self.views().map(|endpoint| endpoint.in_flight).sum();
        assert!(counted <= self.out.len());
        assert!(view.failures <= view.calls);
        let ejected = self.views().filter_map(|endpoint| endpoint.ejected_until).min();
        let due = self.governor.next_due();
        assert!(
            ejected.is_none_or(|until| due.is_some_and(|due| due <= until)),
            "nobody looks when it returns"
        );
    }

    fn views(&self) -> impl Iterator<Item = governor::EndpointView> + '_ {
        self.slots.iter().filter_map(|slot| self.governor.endpoint(*slot, self.at()))
    }

    /// All calls come back, well; then it is as good as new.
    fn drain(mut self) {
        while let Some(ticket) = self.out.pop() {
            drop(self.governor.report(self.at(), ticket, governor::Report::Answered));
        }
        assert_eq!(self.governor.in_flight(), 0);
        for slot in self.slots.clone() {
            self.governor.set_draining(slot, false);
        }
        self.now += 400_000_000;
        while let Some(due) = self.governor.next_due() {
            assert!(due <= self.at());
            drop(self.governor.tick(self.at()));
        }
        assert!(self.views().all(|endpoint| endpoint.ejected_until.is_none()));
        let is_there = !self.slots.is_empty();
        let answer = self.governor.admit(self.at(), governor::Wish::default());
        assert_eq!(answer.is_ok(), is_there, "{answer:?}");
        if let Ok(ticket) = answer {
            drop(self.governor.report(self.at(), ticket, governor::Report::Answered));
        }
    }
}
