use std::collections::VecDeque;
use std::time::Duration;

use expect_test::{Expect, expect};
use motet_policy::balancer::{Condition, Member, Slot};
use motet_policy::breaker::{self, State};
use motet_policy::governor::{Change, Governor, Options, Report, Ticket, View, Wait, Wish};
use motet_policy::{balancer, budget, ejection, hedge, limiter, rate, share};
use motet_types::Timestamp;

use crate::ms;

/// A governor of some endpoints, driven by lines: the time in ms, then what happens.
///
/// ```text
/// call · again             a call asks to leave, for the first time or not
/// ok · bad · busy · gone   what comes of the oldest call out; `ok@1` of the oldest that went to endpoint 1
/// up0 · down0              a probe of endpoint 0
/// suspect0 · drain0 · serve0
/// tick                     only where it is due
/// 5*WORD                   five times
/// ```
struct Story {
    governor: Governor,
    out: VecDeque<Ticket>,
    text: String,
}

fn check(options: &Options, endpoints: u64, script: &str, expected: Expect) {
    let mut story =
        Story { governor: Governor::new(*options, 1), out: VecDeque::new(), text: String::new() };
    for identity in 0..endpoints {
        story.governor.insert(ms(0), Member { identity, weight: 1.0, zone: None });
    }
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (time, words) = line.split_once(' ').expect("a time and what happens");
        let millis = time.parse().expect("a number");
        let told: Vec<String> =
            words.split(' ').flat_map(|word| story.word(millis, word)).collect();
        let state = story.state(millis);
        let told = told.join(", ");
        story.text.push_str(&format!("{time}: {words} => {told} [{state}]\n"));
    }
    expected.assert_eq(&story.text);
}

impl Story {
    fn word(&mut self, millis: i64, word: &str) -> Vec<String> {
        if let Some((times, word)) = word.split_once('*') {
            let times = times.parse().expect("a number");
            let told: Vec<String> = (0..times).flat_map(|_| self.word(millis, word)).collect();
            let is_long = told.len() >= 10 && told.iter().all(|told| told.starts_with("to "));
            return if is_long { vec![format!("{} leave", told.len())] } else { told };
        }
        let now = ms(millis);
        let (verb, slot) =
            word.split_at(word.find(|it: char| it.is_ascii_digit()).unwrap_or(word.len()));
        let slot = || Slot(slot.parse().expect("an endpoint"));
        let changes = match verb.trim_end_matches('@') {
            "call" | "again" => return vec![self.ask(now, word == "again")],
            "up" | "down" => self.governor.probed(now, slot(), verb == "up"),
            "suspect" => {
                self.governor.set_suspect(slot(), true);
                Vec::new()
            }
            "drain" | "serve" => {
                self.governor.set_draining(slot(), verb == "drain");
                Vec::new()
            }
            "tick" => match self.governor.next_due() {
                Some(due) if due <= now => self.governor.tick(now),
                _ => return vec!["nothing is due".to_owned()],
            },
            end => {
                let at = verb.ends_with('@').then(slot);
                let mut out = self.out.iter();
                let place = out.position(|ticket| at.is_none_or(|slot| ticket.slot() == slot));
                let ticket = self.out.remove(place.expect("a call is out")).expect("it is there");
                self.governor.report(now, ticket, report(end))
            }
        };
        changes.into_iter().map(|change| say(now, change)).collect()
    }

    fn ask(&mut self, now: Timestamp, is_repeat: bool) -> String {
        match self.governor.admit(now, Wish { is_repeat, ..Wish::default() }) {
            Ok(ticket) => {
                let slot = ticket.slot();
                self.out.push_back(ticket);
                format!("to {}", slot.0)
            }
            Err(Wait { reason, until: None }) => format!("waits for {reason:?}"),
            Err(Wait { reason, until: Some(until) }) => {
                format!("waits for {reason:?} {} ms", until.since(now).as_millis())
            }
        }
    }

    fn state(&mut self, millis: i64) -> String {
        let View { breaker, in_flight, .. } = self.governor.view(ms(millis));
        let breaker = match breaker {
            State::Closed => String::new(),
            State::Open { until } => format!("open {} ms, ", until.since(ms(millis)).as_millis()),
            State::HalfOpen => "half open, ".to_owned(),
            State::Ramping { limit } => format!("ramp {limit}, "),
        };
        format!("{breaker}{in_flight} out")
    }
}

fn report(word: &str) -> Report {
    match word {
        "ok" => Report::Answered,
        "bad" => Report::Failed,
        "busy" => Report::Overloaded { retry_after: None },
        "gone" => Report::Withdrawn,
        other => panic!("nothing is called {other:?}"),
    }
}

fn say(now: Timestamp, change: Change) -> String {
    let seconds = |until: Timestamp| until.since(now).as_secs();
    match change {
        Change::Ejected { slot, until, cause } => {
            format!("{} ejected {} s for {cause:?}", slot.0, seconds(until))
        }
        Change::Returned { slot } => format!("{} returns", slot.0),
        Change::Healthy { slot, is_healthy } => {
            format!("{} {}", slot.0, if is_healthy { "is well" } else { "is unwell" })
        }
        Change::Opened { until } => format!("opens {} s", seconds(until)),
        Change::Ramping => "ramps".to_owned(),
        Change::Closed => "closes".to_owned(),
    }
}

/// In turn, so that the stories are easy to follow.
fn in_turn() -> Options {
    let strategy = balancer::Strategy::RoundRobin;
    Options {
        balancer: balancer::Options { strategy, ..Default::default() },
        breaker: breaker::Options { ramp_calls_max: 4, ..Default::default() },
        ..Options::default()
    }
}

#[test]
fn an_outage_of_the_only_endpoint_opens_the_breaker_and_a_ramp_follows_it() {
    check(
        &in_turn(),
        1,
        "
        0 5*call 5*bad
        10 call
        5000 call call
        5001 bad
        15001 call ok
        15002 2*call ok
        15003 3*call 2*ok
        15004 5*call 4*ok
        15005 5*call 5*ok
        ",
        expect![[r#"
            0: 5*call 5*bad => to 0, to 0, to 0, to 0, to 0, opens 5 s [open 5000 ms, 0 out]
            10: call => waits for Breaker 4990 ms [open 4990 ms, 0 out]
            5000: call call => to 0, waits for Breaker [half open, 1 out]
            5001: bad => opens 10 s [open 10000 ms, 0 out]
            15001: call ok => to 0, ramps [ramp 1, 0 out]
            15002: 2*call ok => to 0, waits for Breaker [ramp 2, 0 out]
            15003: 3*call 2*ok => to 0, to 0, waits for Breaker [ramp 4, 0 out]
            15004: 5*call 4*ok => to 0, to 0, to 0, to 0, waits for Breaker, closes [0 out]
            15005: 5*call 5*ok => to 0, to 0, to 0, to 0, to 0 [0 out]
        "#]],
    );
}

#[test]
fn one_that_fails_is_left_out_and_returns() {
    check(
        &in_turn(),
        3,
        "
        0 3*call ok@1 ok@2 bad@0
        1 12*call ok@1 ok@2 bad@0 ok@1 ok@2 bad@0 ok@1 ok@2 bad@0 ok@1 ok@2 bad@0
        2 4*call 4*ok
        29000 tick
        30001 tick
        30002 3*call 3*ok
        ",
        expect![[r#"
            0: 3*call ok@1 ok@2 bad@0 => to 0, to 1, to 2 [0 out]
            1: 12*call ok@1 ok@2 bad@0 ok@1 ok@2 bad@0 ok@1 ok@2 bad@0 ok@1 ok@2 bad@0 => 12 leave, 0 ejected 30 s for ConsecutiveFailures [0 out]
            2: 4*call 4*ok => to 1, to 2, to 1, to 2 [0 out]
            29000: tick =>  [0 out]
            30001: tick => 0 returns [0 out]
            30002: 3*call 3*ok => to 0, to 1, to 2 [0 out]
        "#]],
    );
}

#[test]
fn where_all_fail_the_breaker_opens_and_few_calls_were_spent() {
    check(
        &in_turn(),
        10,
        "
        0 20*call 20*ok 20*call 20*ok 20*call 20*ok
        1 20*call 20*bad
        2 20*call 20*bad
        3 20*call 9*bad
        4 bad
        5 10*bad call
        5005 2*call ok
        ",
        expect![[r#"
            0: 20*call 20*ok 20*call 20*ok 20*call 20*ok => 20 leave, 20 leave, 20 leave [0 out]
            1: 20*call 20*bad => 20 leave [0 out]
            2: 20*call 20*bad => 20 leave [0 out]
            3: 20*call 9*bad => 20 leave, 0 ejected 30 s for ConsecutiveFailures [11 out]
            4: bad => opens 5 s [open 5000 ms, 10 out]
            5: 10*bad call => waits for Breaker 4999 ms [open 4999 ms, 0 out]
            5005: 2*call ok => to 1, waits for Breaker, ramps [ramp 1, 0 out]
        "#]],
    );
}

#[test]
fn too_much_load_is_no_outage_until_half_of_the_calls_say_so() {
    check(
        &in_turn(),
        1,
        "
        0 15*call 10*ok 5*busy
        1 15*call 4*busy
        2 busy
        ",
        expect![[r#"
            0: 15*call 10*ok 5*busy => 15 leave [0 out]
            1: 15*call 4*busy => to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, to 0, waits for Limit [10 out]
            2: busy => opens 5 s [open 5000 ms, 9 out]
        "#]],
    );
}

#[test]
fn suspects_are_asked_last_and_one_good_call_is_enough() {
    check(
        &in_turn(),
        2,
        "
        0 suspect0 2*call 2*ok
        1 3*down1 2*call
        2 ok@0 ok@1
        3 2*call
        ",
        expect![[r#"
            0: suspect0 2*call 2*ok => to 1, to 1 [0 out]
            1: 3*down1 2*call => 1 is unwell, to 0, to 1 [2 out]
            2: ok@0 ok@1 => 0 returns, 1 is well [0 out]
            3: 2*call => to 0, to 1 [2 out]
        "#]],
    );
}

#[test]
fn one_that_drains_gets_nothing_and_ends_what_it_has() {
    check(
        &in_turn(),
        2,
        "
        0 2*call drain0 2*call
        1 ok@0 drain1 call
        2 serve0 call
        ",
        expect![[r#"
            0: 2*call drain0 2*call => to 0, to 1, to 1, to 1 [4 out]
            1: ok@0 drain1 call => waits for Endpoint [3 out]
            2: serve0 call => to 0 [4 out]
        "#]],
    );
}

#[test]
fn an_ejected_one_is_better_than_none() {
    check(
        &in_turn(),
        2,
        "0 10*call 5*bad@0\n1 drain1 call ok@0",
        expect![[r#"
            0: 10*call 5*bad@0 => 10 leave, 0 ejected 30 s for ConsecutiveFailures [5 out]
            1: drain1 call ok@0 => to 0 [5 out]
        "#]],
    );
}

#[test]
fn an_endpoint_that_was_down_for_its_probes_too_is_back_with_the_first_good_one() {
    check(
        &in_turn(),
        2,
        "
        0 10*call 5*bad@0
        1 up0 call
        2 3*down0
        3 up0 2*call
        ",
        expect![[r#"
            0: 10*call 5*bad@0 => 10 leave, 0 ejected 30 s for ConsecutiveFailures [5 out]
            1: up0 call => to 1 [6 out]
            2: 3*down0 => 0 is unwell [6 out]
            3: up0 2*call => 0 is well, 0 returns, to 0, to 1 [8 out]
        "#]],
    );
    check(
        &in_turn(),
        1,
        "
        0 3*down0 5*call 5*bad
        1 call
        2 up0
        3 call ok
        ",
        expect![[r#"
            0: 3*down0 5*call 5*bad => 0 is unwell, to 0, to 0, to 0, to 0, to 0, opens 5 s [open 5000 ms, 0 out]
            1: call => waits for Breaker 4999 ms [open 4999 ms, 0 out]
            2: up0 => 0 is well [open 0 ms, 0 out]
            3: call ok => to 0, ramps [ramp 1, 0 out]
        "#]],
    );
}

#[test]
fn limits_hold_calls_back() {
    check(
        &Options { calls_max: Some(2), ..in_turn() },
        1,
        "0 3*call ok call",
        expect![[r#"
        0: 3*call ok call => to 0, to 0, waits for Limit, to 0 [2 out]
    "#]],
    );
    let limiter = Some(limiter::Options { initial: 2, ..Default::default() });
    check(
        &Options { limiter, ..in_turn() },
        1,
        "0 3*call ok 3*call",
        expect![[r#"
        0: 3*call ok 3*call => to 0, to 0, waits for Limit, to 0, to 0, waits for Limit [3 out]
    "#]],
    );
    let rate = Some(rate::Options { per_second: 10.0, burst: 1 });
    check(
        &Options { rate, ..in_turn() },
        1,
        "0 2*call\n100 2*call",
        expect![[r#"
        0: 2*call => to 0, waits for Limit 100 ms [1 out]
        100: 2*call => to 0, waits for Limit 100 ms [2 out]
    "#]],
    );
}

#[test]
fn repeats_draw_on_one_budget() {
    let budget = budget::Options { reserve_per_second: 0, ..Default::default() };
    check(
        &Options { budget, ..in_turn() },
        1,
        "
        0 again 5*call 5*ok again ok again
        10000 again
        ",
        expect![[r#"
            0: again 5*call 5*ok again ok again => waits for Budget 1000 ms, to 0, to 0, to 0, to 0, to 0, to 0, waits for Budget 1000 ms [0 out]
            10000: again => waits for Budget 1000 ms [0 out]
        "#]],
    );
}

#[test]
fn what_is_given_up_says_nothing() {
    check(
        &in_turn(),
        1,
        "
        0 5*call 5*bad
        5000 call gone
        5001 call ok
        ",
        expect![[r#"
            0: 5*call 5*bad => to 0, to 0, to 0, to 0, to 0, opens 5 s [open 5000 ms, 0 out]
            5000: call gone => to 0 [open 0 ms, 0 out]
            5001: call ok => to 0, ramps [ramp 1, 0 out]
        "#]],
    );
}

#[test]
fn an_outlier_is_found_by_comparing() {
    let ejection = ejection::Options { calls_min: 3, ..Default::default() };
    check(
        &Options { ejection, ..in_turn() },
        2,
        "
        0 8*call 4*ok@1
        900 4*ok@0
        999 tick
        1000 tick
        ",
        expect![[r#"
            0: 8*call 4*ok@1 => to 0, to 1, to 0, to 1, to 0, to 1, to 0, to 1 [4 out]
            900: 4*ok@0 =>  [0 out]
            999: tick => nothing is due [0 out]
            1000: tick => 0 ejected 30 s for Latency [0 out]
        "#]],
    );
}

#[test]
fn a_second_copy_goes_elsewhere_and_never_to_a_service_in_trouble() {
    let own = hedge::Options { calls_min: 100, ..Default::default() };
    let mut governor = Governor::new(Options { hedge: Some(own), ..in_turn() }, 1);
    for identity in 0..2 {
        governor.insert(ms(0), Member { identity, weight: 1.0, zone: None });
    }
    for call in 0..100 {
        let ticket = governor.admit(ms(call), Wish::default()).unwrap();
        assert_eq!(ticket.hedge_after, None, "too little is known");
        drop(governor.report(ms(call + 3), ticket, Report::Answered));
    }
    let first = governor.admit(ms(200), Wish::default()).unwrap();
    let after = first.hedge_after.unwrap();
    assert!((Duration::from_millis(3)..Duration::from_millis(4)).contains(&after), "{after:?}");
    let second = governor.hedge(ms(204), &first, Wish::default()).unwrap();
    assert_ne!(first.slot(), second.slot());
    assert!(governor.hedge(ms(205), &first, Wish::default()).is_none(), "one of a hundred");
    for ticket in [first, second] {
        drop(governor.report(ms(210), ticket, Report::Withdrawn));
    }
    assert_eq!(governor.in_flight(), 0);
}

#[test]
fn an_endpoint_that_takes_the_place_of_another_inherits_nothing() {
    let mut governor = Governor::new(in_turn(), 1);
    let member = Member { identity: 1, weight: 1.0, zone: None };
    let slot = governor.insert(ms(0), member);
    let tickets: Vec<Ticket> =
        (0..8).map(|_| governor.admit(ms(0), Wish::default()).unwrap()).collect();
    governor.remove(slot);
    assert_eq!(governor.insert(ms(1), member), slot);
    for ticket in tickets {
        assert_eq!(governor.report(ms(2), ticket, Report::Failed), []);
    }
    let endpoint = governor.endpoint(slot, ms(2)).unwrap();
    assert_eq!(
        (endpoint.in_flight, endpoint.latency, endpoint.condition),
        (0, None, Condition::Usable)
    );
    assert_eq!((governor.in_flight(), governor.breaker()), (0, State::Closed));
}

#[test]
fn what_was_open_before_a_restart_is_open_after_it() {
    let mut governor = Governor::new(in_turn(), 1);
    governor.insert(ms(0), Member { identity: 1, weight: 1.0, zone: None });
    governor.recall_open(ms(500));
    governor.recall_open(ms(300));
    assert_eq!(governor.breaker(), State::Open { until: ms(500) });
    let probe = governor.admit(ms(500), Wish::default()).unwrap();
    assert_eq!(governor.report(ms(501), probe, Report::Answered), [Change::Ramping]);
    governor.recall_open(ms(900));
    assert_eq!(governor.breaker(), State::Ramping { limit: 1 }, "what is seen counts for more");
}

#[test]
fn a_lot_always_falls_to_the_same_version_and_weights_are_kept() {
    let versions = [("1.0.0", 90), ("2.0.0", 10), ("3.0.0", 0)];
    let chosen = |lot| share::choose(versions.iter().copied(), lot);
    let second = (0..10_000).filter(|lot| chosen(*lot) == Some("2.0.0")).count();
    assert!((900..1_100).contains(&second), "{second}");
    assert!((0..10_000).all(|lot| chosen(lot) == chosen(lot) && chosen(lot) != Some("3.0.0")));
    assert_eq!(share::choose([("1.0.0", 0)].into_iter(), 1), None);
}
