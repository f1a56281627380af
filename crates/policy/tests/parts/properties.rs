//! Whatever happens, in whatever order, and whatever the clock says.

use std::time::Duration;

use motet_policy::balancer::{
    Balancer, Condition, Member, Options, Report, Slot, Strategy, Ticket, Wish,
};
use motet_policy::breaker::{self, Admission, Breaker, State};
use motet_policy::ejection::{self, Ejector, Verdict};
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
                    let all = [Condition::Usable, Condition::Suspect, Condition::Out];
                    balancer.set_condition(slot, all[usize::from(which) % 3]);
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
                    if let Admission::Pass(pass) = breaker.admit(at) {
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
    fn some_endpoint_of_each_version_always_stays(events in times()) {
        let mut ejector = Ejector::new(ejection::Options { share_max: 1.0, ..Default::default() });
        (0..6).for_each(|slot| ejector.insert(Slot(slot), slot % 2));
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
            for version in 0..2 {
                let stays = (0..6).filter(|slot| slot % 2 == version).any(|slot| ejector.until(Slot(slot), at).is_none());
                prop_assert!(stays, "version {} has nobody left", version);
            }
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
}
