use std::collections::VecDeque;

use expect_test::{Expect, expect};
use motet_policy::breaker::{Breaker, Held, Options, Pass, State};

use crate::ms;

/// Each line: time in ms, then what happens: `call` (asks), `ok`, `bad`, `withdraw` (the oldest call out ends so), `trip`.
fn check(options: Options, script: &str, expected: Expect) {
    let mut breaker = Breaker::new(options);
    let mut out: VecDeque<Pass> = VecDeque::new();
    let mut story = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (time, words) = line.split_once(' ').expect("a time and what happens");
        let now = ms(time.parse().expect("a number"));
        for word in words.split(' ') {
            match word {
                "call" => match breaker.admit(now) {
                    Ok(pass) => out.push_back(pass),
                    Err(Held { until }) => {
                        let wait = until.map(|until| until.since(now).as_millis());
                        story.push_str(&format!("{time}: parks {wait:?}\n"));
                    }
                },
                "trip" => breaker.trip(now),
                end => {
                    let pass = out.pop_front().expect("a call is out");
                    match end {
                        "withdraw" => breaker.withdraw(now, &pass),
                        _ => drop(breaker.report(now, &pass, end == "bad")),
                    }
                }
            }
        }
        let state = match breaker.state() {
            State::Open { until } => format!("open for {} ms", until.since(now).as_millis()),
            other => format!("{other:?}"),
        };
        story.push_str(&format!("{time}: {words} -> {state}\n"));
    }
    expected.assert_eq(&story);
}

fn small() -> Options {
    Options { calls_min: 4, ramp_calls_max: 4, ..Options::default() }
}

#[test]
fn opens_at_half_of_enough_calls_and_ramps_up() {
    check(
        small(),
        "
        0 call call call call
        10 ok bad bad
        20 bad
        30 call
        5020 call
        5021 call
        5030 ok
        5031 call call
        5040 ok
        5041 call call
        5042 ok ok
        5043 call
        5044 ok
        ",
        expect![[r#"
            0: call call call call -> Closed
            10: ok bad bad -> Closed
            20: bad -> open for 5000 ms
            30: parks Some(4990)
            30: call -> open for 4990 ms
            5020: call -> HalfOpen
            5021: parks None
            5021: call -> HalfOpen
            5030: ok -> Ramping { limit: 1 }
            5031: parks None
            5031: call call -> Ramping { limit: 1 }
            5040: ok -> Ramping { limit: 2 }
            5041: call call -> Ramping { limit: 2 }
            5042: ok ok -> Ramping { limit: 4 }
            5043: call -> Ramping { limit: 4 }
            5044: ok -> Closed
        "#]],
    );
}

#[test]
fn a_probe_that_fails_doubles_the_time() {
    check(
        Options { open_max: std::time::Duration::from_secs(12), ..small() },
        "
        0 trip
        5000 call
        5001 bad
        15001 call
        15002 bad
        27002 call
        27003 ok
        27004 call
        27005 bad
        ",
        expect![[r#"
            0: trip -> open for 5000 ms
            5000: call -> HalfOpen
            5001: bad -> open for 10000 ms
            15001: call -> HalfOpen
            15002: bad -> open for 12000 ms
            27002: call -> HalfOpen
            27003: ok -> Ramping { limit: 1 }
            27004: call -> Ramping { limit: 1 }
            27005: bad -> open for 12000 ms
        "#]],
    );
}

#[test]
fn a_failure_on_the_ramp_halves_it() {
    check(
        Options { ramp_calls_max: 100, ..small() },
        "
        0 trip
        5000 call ok
        5001 call ok call ok call ok
        5002 call bad
        5003 call bad
        5004 call bad
        ",
        expect![[r#"
            0: trip -> open for 5000 ms
            5000: call ok -> Ramping { limit: 1 }
            5001: call ok call ok call ok -> Ramping { limit: 4 }
            5002: call bad -> Ramping { limit: 2 }
            5003: call bad -> Ramping { limit: 1 }
            5004: call bad -> open for 10000 ms
        "#]],
    );
}

#[test]
fn calls_that_left_before_it_opened_say_nothing_afterwards() {
    check(
        small(),
        "
        0 call call call call call
        10 bad bad bad bad
        20 ok
        5010 call
        ",
        expect![[r#"
            0: call call call call call -> Closed
            10: bad bad bad bad -> open for 5000 ms
            20: ok -> open for 4990 ms
            5010: call -> HalfOpen
        "#]],
    );
}

#[test]
fn a_probe_that_is_not_sent_leaves_its_place_to_the_next() {
    check(
        small(),
        "
        0 trip
        5000 call withdraw
        5001 call
        ",
        expect![[r#"
            0: trip -> open for 5000 ms
            5000: call withdraw -> open for 0 ms
            5001: call -> HalfOpen
        "#]],
    );
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    check(
        small(),
        "
        0 call call call bad bad bad
        11000 call bad
        11001 call ok call ok call ok
        ",
        expect![[r#"
            0: call call call bad bad bad -> Closed
            11000: call bad -> Closed
            11001: call ok call ok call ok -> Closed
        "#]],
    );
}
