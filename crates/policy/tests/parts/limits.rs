use std::time::Duration;

use expect_test::expect;
use motet_policy::budget::{self, Budget};
use motet_policy::fault::{self, Fault};
use motet_policy::hedge::{self, Hedge};
use motet_policy::limiter::{self, Limiter, Sign};
use motet_policy::quantile::Quantiles;
use motet_policy::random::Random;
use motet_policy::rate::{self, RateLimit};

use crate::ms;

#[test]
fn a_fifth_of_the_calls_and_a_reserve_may_be_repeated() {
    let mut budget = Budget::new(budget::Options::default());
    let take = |budget: &mut Budget, at| (0..1_000).filter(|_| budget.withdraw(ms(at))).count();
    assert_eq!(take(&mut budget, 0), 100, "the reserve of ten seconds");
    (0..500).for_each(|_| budget.deposit(ms(1)));
    assert_eq!(take(&mut budget, 2), 100, "a fifth of 500");
    assert_eq!(take(&mut budget, 5_000), 0, "nothing is left within the window");
    assert_eq!(take(&mut budget, 10_100), 100, "calls and repeats have left the window together");
}

#[test]
fn calls_pass_at_their_rate_with_a_burst() {
    let mut limit = RateLimit::new(rate::Options { per_second: 10.0, burst: 3 });
    let mut story = Vec::new();
    for at in [0, 0, 0, 0, 50, 100, 100, 1_000, 1_000, 1_000, 1_000] {
        let answer = limit.admit(ms(at));
        story.push(answer.map_or_else(|wait| wait.as_millis().to_string(), |()| "+".to_owned()));
    }
    expect!["+ + + 100 50 + 100 + + + 100"].assert_eq(&story.join(" "));
}

#[test]
fn senseless_rates_are_taken_for_the_nearest_sensible_one() {
    for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut limit = RateLimit::new(rate::Options { per_second, burst: 0 });
        assert!(limit.admit(ms(0)).is_ok(), "{per_second}");
    }
}

#[test]
fn the_limit_grows_while_it_is_used_and_shrinks_once_an_interval() {
    let mut limiter = Limiter::new(limiter::Options { initial: 10, ..limiter::Options::default() });
    let round = |limiter: &mut Limiter, at, calls: u32, sign| {
        let admitted = (0..calls).filter(|_| limiter.admit()).count();
        (0..admitted).for_each(|_| limiter.release(ms(at), Duration::from_millis(50), sign));
        limiter.limit()
    };
    assert_eq!(round(&mut limiter, 0, 3, Sign::Served), 10, "not used: it does not grow");
    let grown: Vec<u32> = (1..6).map(|at| round(&mut limiter, at, 100, Sign::Served)).collect();
    expect!["[14, 19, 26, 35, 47]"].assert_eq(&format!("{grown:?}"));
    assert_eq!(round(&mut limiter, 10, 100, Sign::Overload), 42, "47 failures are one sign");
    assert_eq!(round(&mut limiter, 70, 100, Sign::Overload), 38);
    assert_eq!(round(&mut limiter, 80, 100, Sign::Neither), 38);
    for at in 0..200 {
        round(&mut limiter, 1_000 + at * 100, 100, Sign::Overload);
    }
    assert_eq!((limiter.limit(), limiter.in_flight()), (1, 0), "one call always passes");
    // Fast up to half of what was too much, and then with care.
    let grown = (0..16).map(|at| round(&mut limiter, 50_000 + at, 100, Sign::Served));
    expect!["[2, 3, 5, 7, 10, 14, 19, 24, 24, 25, 25, 26, 26, 27, 27, 28]"]
        .assert_eq(&format!("{:?}", grown.collect::<Vec<_>>()));
}

#[test]
fn quantiles_are_those_of_the_last_two_periods() {
    let mut quantiles = Quantiles::new(Duration::from_secs(10));
    for number in 1..=1_000 {
        quantiles.observe(ms(0), Duration::from_micros(number * 100));
    }
    let at = |quantiles: &mut Quantiles, time, quantile| {
        quantiles.value(ms(time), quantile).map(|value| value.as_millis())
    };
    let seen = [0.5, 0.9, 0.99, 1.0].map(|quantile| at(&mut quantiles, 1, quantile));
    expect!["[Some(50), Some(90), Some(100), Some(100)]"].assert_eq(&format!("{seen:?}"));
    quantiles.observe(ms(10_001), Duration::from_millis(1));
    assert_eq!(quantiles.count(ms(10_001)), 1_001);
    quantiles.observe(ms(20_002), Duration::from_millis(1));
    assert_eq!(quantiles.count(ms(20_002)), 2);
    assert_eq!(quantiles.count(ms(60_000)), 0);
    assert_eq!(at(&mut quantiles, 60_000, 0.5), None);
}

#[test]
fn one_call_in_a_hundred_gets_a_second_copy() {
    let mut hedge = Hedge::new(hedge::Options::default());
    assert_eq!(hedge.begin(ms(0)), None, "nothing is known yet");
    for number in 0..1_000 {
        hedge.begin(ms(number));
        hedge.observe(ms(number), Duration::from_millis(if number % 50 == 0 { 80 } else { 5 }));
    }
    let delay = hedge.begin(ms(1_000)).expect("enough was seen");
    expect!["82"].assert_eq(&delay.as_millis().to_string());
    assert_eq!((0..100).filter(|_| hedge.may_leave(ms(1_000))).count(), 10);
}

#[test]
fn faults_fall_by_their_shares() {
    let options = fault::Options {
        abort_share: 0.1,
        error_share: 0.2,
        error_status: 503,
        delay_share: 0.3,
        delay: Duration::from_millis(5),
    };
    let mut random = Random::new(3);
    let mut counts = [0; 4];
    for _ in 0..10_000 {
        counts[match fault::draw(&options, &mut random) {
            Fault::None => 0,
            Fault::Abort => 1,
            Fault::Error { status: 503 } => 2,
            Fault::Delay(_) => 3,
            Fault::Error { .. } => unreachable!("no other status was asked for"),
        }] += 1;
    }
    expect!["[3921, 986, 2029, 3064]"].assert_eq(&format!("{counts:?}"));
    let none = fault::Options::default();
    assert!((0..1_000).all(|_| fault::draw(&none, &mut random) == Fault::None));
}
