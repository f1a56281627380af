use std::time::Duration;

use expect_test::{Expect, expect};
use motet_policy::balancer::Slot;
use motet_policy::ejection::{Ejector, Options, Verdict};
use motet_policy::eviction::{self, Evictions};
use motet_policy::health::{self, Health};
use motet_policy::random::Random;

use crate::ms;

fn ejector(endpoints: u32) -> Ejector {
    let mut ejector = Ejector::new(Options::default());
    (0..endpoints).for_each(|slot| ejector.insert(Slot(slot)));
    ejector
}

fn fail(ejector: &mut Ejector, slot: u32, at: i64, times: usize) -> String {
    let verdicts = (0..times).map(|_| ejector.record(ms(at), Slot(slot), true, Duration::ZERO));
    say(verdicts.last().expect("it failed at least once"), at)
}

fn say(verdict: Verdict, at: i64) -> String {
    match verdict {
        Verdict::Ejected { until, cause } => {
            format!("{cause:?} for {} s", until.since(ms(at)).as_secs())
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn five_failures_in_a_row_eject_longer_each_time() {
    let mut ejector = ejector(10);
    let first = fail(&mut ejector, 0, 0, 5);
    let second = fail(&mut ejector, 0, 31_000, 5);
    let third = fail(&mut ejector, 0, 100_000, 5);
    expect![
        "ConsecutiveFailures for 30 s, ConsecutiveFailures for 60 s, ConsecutiveFailures for 90 s"
    ]
    .assert_eq(&[first, second, third].join(", "));
    for round in 0..20 {
        fail(&mut ejector, 0, 1_000_000 + round * 400_000, 5);
    }
    let longest = ejector.until(Slot(0), ms(8_600_000)).expect("it is out");
    assert_eq!(longest.since(ms(8_600_000)), Duration::from_secs(300));
}

#[test]
fn a_success_between_failures_begins_anew() {
    let mut ejector = ejector(10);
    fail(&mut ejector, 0, 0, 4);
    ejector.record(ms(1), Slot(0), false, Duration::from_millis(1));
    expect!["Stays"].assert_eq(&fail(&mut ejector, 0, 2, 4));
}

#[test]
fn one_of_few_and_a_tenth_of_many_may_be_out() {
    let mut few = ejector(3);
    let verdicts = [fail(&mut few, 0, 0, 5), fail(&mut few, 1, 0, 5)];
    expect!["ConsecutiveFailures for 30 s, TooMany"].assert_eq(&verdicts.join(", "));
    let mut many = ejector(30);
    let out = (0..30).filter(|slot| fail(&mut many, *slot, 0, 5).starts_with("Consecutive"));
    assert_eq!(out.count(), 3);
}

#[test]
fn the_last_endpoint_stays_and_is_a_case_for_the_breaker() {
    let mut ejector = ejector(2);
    let verdicts = [fail(&mut ejector, 0, 0, 5), fail(&mut ejector, 1, 0, 5)];
    expect!["ConsecutiveFailures for 30 s, Last"].assert_eq(&verdicts.join(", "));
    assert_eq!(ejector.until(Slot(1), ms(0)), None);
}

#[test]
fn one_that_drains_is_nobody_who_is_left() {
    let mut ejector = ejector(2);
    ejector.set_present(Slot(0), false);
    expect!["Last"].assert_eq(&fail(&mut ejector, 1, 0, 5));
    ejector.set_present(Slot(0), true);
    expect!["ConsecutiveFailures for 30 s"].assert_eq(&fail(&mut ejector, 1, 1, 1));
}

#[test]
fn where_all_fail_the_first_goes_and_with_the_last_it_is_a_case_for_the_breaker() {
    let mut ejector = ejector(4);
    let verdicts: Vec<String> = (0..4).map(|slot| fail(&mut ejector, slot, 0, 5)).collect();
    expect!["ConsecutiveFailures for 30 s, TooMany, TooMany, Last"].assert_eq(&verdicts.join(", "));
}

#[test]
fn a_restored_endpoint_is_back_at_once() {
    let mut ejector = ejector(3);
    fail(&mut ejector, 0, 0, 5);
    assert!(ejector.until(Slot(0), ms(1)).is_some());
    ejector.restore(Slot(0));
    assert_eq!(ejector.until(Slot(0), ms(1)), None);
}

/// Endpoints with so many good and bad calls and such a latency; who stands out.
fn compare(endpoints: &[(u32, u32, u64)], expected: Expect) {
    let mut ejector = ejector(endpoints.len() as u32);
    for (slot, (good, bad, millis)) in endpoints.iter().enumerate() {
        let slot = Slot(slot as u32);
        let latency = Duration::from_millis(*millis);
        for number in 0..good + bad {
            // Failures are spread out, so that no five come in a row.
            let is_failure = *bad > 0 && number % ((good + bad) / bad) == 0;
            ejector.record(ms(0), slot, is_failure, latency);
        }
    }
    let outliers = ejector.compare(ms(1));
    let told = outliers.iter().map(|(slot, verdict)| format!("{}: {}", slot.0, say(*verdict, 1)));
    expected.assert_eq(&told.collect::<Vec<_>>().join(", "));
}

#[test]
fn a_success_rate_far_below_the_others_stands_out() {
    compare(&[(100, 0, 5), (100, 0, 5), (70, 30, 5)], expect!["2: SuccessRate for 30 s"]);
    compare(&[(100, 0, 5), (100, 0, 5), (95, 5, 5)], expect![""]);
}

#[test]
fn all_that_fail_alike_stay() {
    compare(&[(50, 50, 5), (50, 50, 5), (50, 50, 5)], expect![""]);
}

#[test]
fn too_few_calls_say_nothing() {
    compare(&[(100, 0, 5), (5, 5, 5)], expect![""]);
}

#[test]
fn a_latency_far_above_the_others_stands_out() {
    compare(&[(50, 0, 5), (50, 0, 6), (50, 0, 90)], expect!["2: Latency for 30 s"]);
    compare(&[(50, 0, 5), (50, 0, 6), (50, 0, 30)], expect![""]);
}

#[test]
fn evictions_are_few_a_minute_whatever_expires() {
    let mut evictions = Evictions::new(eviction::Options::default());
    let mut random = Random::new(1);
    let mut left: Vec<u32> = (0..100).collect();
    let mut story = Vec::new();
    for second in [0, 10, 59, 61, 130] {
        let gone = evictions.choose(ms(second * 1_000), left.len(), left.clone(), &mut random);
        left.retain(|endpoint| !gone.contains(endpoint));
        story.push(format!("{second} s: {} go, {} stay", gone.len(), left.len()));
    }
    expect![[r#"
        0 s: 15 go, 85 stay
        10 s: 0 go, 85 stay
        59 s: 12 go, 73 stay
        61 s: 0 go, 73 stay
        130 s: 10 go, 63 stay"#]]
    .assert_eq(&story.join("\n"));
}

#[test]
fn the_only_endpoint_may_be_evicted() {
    let mut evictions = Evictions::new(eviction::Options::default());
    assert_eq!(evictions.choose(ms(0), 1, vec!['a'], &mut Random::new(1)), ['a']);
}

#[test]
fn probes_change_the_verdict_with_hysteresis() {
    let mut health = Health::new(health::Options::default());
    let mut story = String::new();
    for is_good in [false, false, true, false, false, false, true, false] {
        health.probed(is_good);
        story.push(if health.is_healthy() { '+' } else { '-' });
    }
    expect!["+++++-++"].assert_eq(&story);
    for _ in 0..3 {
        health.probed(false);
    }
    assert!(!health.is_healthy());
    assert!(health.called_well() && health.is_healthy());
}
