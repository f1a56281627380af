use std::time::Duration;

use expect_test::{Expect, expect};
use motet_policy::balancer::{
    Balancer, Condition, Member, Options, Report, Slot, Strategy, Ticket, Wish,
};

use crate::ms;

fn balancer(options: Options, weights: &[f64]) -> Balancer {
    let mut balancer = Balancer::new(options, 7);
    for (identity, weight) in weights.iter().enumerate() {
        let member = Member { identity: identity as u64, weight: *weight, zone: None };
        balancer.insert(ms(0), member);
    }
    balancer
}

fn with(strategy: Strategy) -> Options {
    Options { strategy, ..Options::default() }
}

/// Makes a call that takes so long.
fn call(balancer: &mut Balancer, slot: u32, began: i64, took: i64, report: Report) {
    let ticket = balancer.begin(Slot(slot), ms(began));
    balancer.end(&ticket, ms(began + took), report);
}

/// How often each endpoint is picked; `hold` keeps the calls open.
fn shares(balancer: &mut Balancer, now: i64, picks: usize, hold: bool, expected: Expect) {
    let mut counts = vec![0; balancer.len()];
    let mut open: Vec<Ticket> = Vec::new();
    for _ in 0..picks {
        let slot = balancer.pick(ms(now), Wish::default()).expect("one is usable");
        counts[slot.0 as usize] += 1;
        if hold {
            open.push(balancer.begin(slot, ms(now)));
        }
    }
    for ticket in &open {
        balancer.end(ticket, ms(now), Report::Withdrawn);
    }
    expected.assert_eq(&format!("{counts:?}"));
}

#[test]
fn turns_follow_the_weights() {
    let mut balancer = balancer(with(Strategy::RoundRobin), &[1.0, 2.0, 5.0]);
    shares(&mut balancer, 0, 80, false, expect!["[10, 20, 50]"]);
}

#[test]
fn chance_follows_the_weights() {
    let mut balancer = balancer(with(Strategy::Random), &[1.0, 2.0, 5.0]);
    shares(&mut balancer, 0, 8_000, false, expect!["[975, 2022, 5003]"]);
}

#[test]
fn fewest_calls_in_flight_follow_the_weights() {
    let mut balancer = balancer(with(Strategy::LeastRequest), &[1.0, 2.0, 5.0]);
    shares(&mut balancer, 0, 80, true, expect!["[10, 20, 50]"]);
}

#[test]
fn latency_times_calls_in_flight_is_evened_out() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0, 1.0, 1.0]);
    for (slot, took) in [(0, 10), (1, 20), (2, 40)] {
        call(&mut balancer, slot, 0, took, Report::Answered);
    }
    shares(&mut balancer, 40, 70, true, expect!["[40, 20, 10]"]);
}

#[test]
fn a_failure_counts_as_five_seconds_and_fades() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0, 1.0]);
    call(&mut balancer, 0, 0, 10, Report::Answered);
    call(&mut balancer, 1, 0, 1, Report::Failed { retry_after: None });
    let latency = |balancer: &Balancer, at| {
        balancer.latency(Slot(1), ms(at)).expect("it was called").as_millis()
    };
    let seen = [1, 10_001, 30_001, 60_001].map(|at| latency(&balancer, at));
    expect!["[5000, 1839, 248, 12]"].assert_eq(&format!("{seen:?}"));
    shares(&mut balancer, 20, 20, false, expect!["[20, 0]"]);
}

#[test]
fn an_endpoint_that_asks_to_be_spared_is_spared_that_long_at_most() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0]);
    let report = Report::Failed { retry_after: Some(Duration::from_secs(100_000)) };
    call(&mut balancer, 0, 0, 1, report);
    let latency = balancer.latency(Slot(0), ms(1)).expect("it was called");
    assert_eq!(latency, Duration::from_secs(300));
}

#[test]
fn what_hangs_shows_before_it_ends() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0, 1.0]);
    for slot in [0, 1] {
        call(&mut balancer, slot, 0, 10, Report::Answered);
    }
    let hanging = balancer.begin(Slot(0), ms(10));
    shares(&mut balancer, 2_000, 10, true, expect!["[0, 10]"]);
    balancer.end(&hanging, ms(2_000), Report::Withdrawn);
    assert_eq!(balancer.in_flight(Slot(0)), 0);
}

#[test]
fn suspects_are_asked_last_and_those_out_never() {
    let mut balancer = balancer(with(Strategy::RoundRobin), &[1.0, 1.0, 1.0]);
    balancer.set_condition(Slot(0), Condition::Suspect);
    balancer.set_condition(Slot(1), Condition::Out);
    shares(&mut balancer, 0, 6, false, expect!["[0, 0, 6]"]);
    balancer.set_condition(Slot(2), Condition::Out);
    shares(&mut balancer, 0, 6, false, expect!["[6, 0, 0]"]);
    balancer.set_condition(Slot(0), Condition::Out);
    assert_eq!(balancer.pick(ms(0), Wish::default()), None);
}

#[test]
fn the_endpoint_of_a_failed_try_is_avoided_while_there_is_another() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0, 1.0]);
    let wish = Wish { avoid: Some(Slot(0)), ..Wish::default() };
    assert_eq!(balancer.pick(ms(0), wish), Some(Slot(1)));
    balancer.remove(Slot(1));
    assert_eq!(balancer.pick(ms(0), wish), Some(Slot(0)));
}

#[test]
fn a_new_endpoint_starts_slowly() {
    let options = Options {
        strategy: Strategy::RoundRobin,
        slow_start: Duration::from_secs(10),
        ..Options::default()
    };
    let mut balancer = balancer(options, &[1.0]);
    let member = Member { identity: 9, weight: 1.0, zone: None };
    balancer.insert(ms(20_000), member);
    shares(&mut balancer, 20_000, 110, false, expect!["[100, 10]"]);
    shares(&mut balancer, 25_000, 30, false, expect!["[20, 10]"]);
    shares(&mut balancer, 30_000, 30, false, expect!["[15, 15]"]);
}

#[test]
fn keys_keep_their_endpoints_when_another_one_goes() {
    let mut balancer = balancer(with(Strategy::RingHash), &[1.0, 1.0, 1.0, 1.0]);
    let place = |balancer: &mut Balancer| -> Vec<u32> {
        let wish = |key| Wish { key: Some(key), ..Wish::default() };
        (0..1_000).map(|key| balancer.pick(ms(0), wish(key)).expect("usable").0).collect()
    };
    let before = place(&mut balancer);
    balancer.remove(Slot(2));
    let after = place(&mut balancer);
    let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    let lost = before.iter().filter(|slot| **slot == 2).count();
    assert_eq!(moved, lost, "only what was on the endpoint that went has moved");
    expect!["231"].assert_eq(&lost.to_string());
}

#[test]
fn the_own_zone_is_preferred_while_it_can_carry_its_calls() {
    let mut balancer = Balancer::new(with(Strategy::RoundRobin), 7);
    for identity in 0..6 {
        let zone = Some(u32::from(identity >= 3));
        balancer.insert(ms(0), Member { identity, weight: 1.0, zone });
    }
    let picks = |balancer: &mut Balancer| {
        let wish = Wish { zone: Some(0), ..Wish::default() };
        let mut picked: Vec<u32> =
            (0..6).map(|_| balancer.pick(ms(0), wish).expect("usable").0).collect();
        picked.sort_unstable();
        format!("{picked:?}")
    };
    expect!["[0, 0, 1, 1, 2, 2]"].assert_eq(&picks(&mut balancer));
    balancer.set_condition(Slot(0), Condition::Out);
    expect!["[1, 1, 2, 3, 4, 5]"].assert_eq(&picks(&mut balancer));
}

#[test]
fn the_place_of_one_that_went_is_used_again_and_its_calls_end_quietly() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0, 1.0]);
    let ticket = balancer.begin(Slot(0), ms(0));
    balancer.remove(Slot(0));
    let member = Member { identity: 5, weight: 1.0, zone: None };
    assert_eq!(balancer.insert(ms(1), member), Slot(0));
    balancer.end(&ticket, ms(2), Report::Failed { retry_after: None });
    assert_eq!((balancer.latency(Slot(0), ms(2)), balancer.in_flight(Slot(0))), (None, 0));
}

#[test]
fn of_many_endpoints_some_are_compared_and_a_usable_one_is_found() {
    let mut balancer = balancer(with(Strategy::Ewma), &[1.0; 200]);
    for slot in 0..199 {
        balancer.set_condition(Slot(slot), Condition::Out);
    }
    assert_eq!(balancer.pick(ms(0), Wish::default()), Some(Slot(199)));
}
