use super::*;

const SECOND: i64 = 1_000_000;

fn arrival(second: i64, key: &str, request: &str) -> Arrival {
    Arrival { service: 1, at: second * SECOND, key: key.to_owned(), request: request.to_owned() }
}

fn attempt(key: &str, from: i64, to: i64) -> Attempt {
    let (from, to) = (from * SECOND, Some(to * SECOND));
    Attempt { key: key.to_owned(), from, to, timed_out: false }
}

fn kill(victim: Victim, second: i64) -> Kill {
    Kill { victim, from: second * SECOND, to: second * SECOND + 1_000 }
}

fn violations(arrivals: &[Arrival], attempts: &[Attempt], kills: &[Kill]) -> Vec<String> {
    Verdict::of(arrivals, attempts, kills, Again::Timeout).violations
}

#[test]
fn one_repeat_for_each_kill_that_hits_the_call() {
    let arrivals = [arrival(1, "k", "r"), arrival(4, "k", "r"), arrival(7, "k", "r")];
    let attempts = [attempt("k", 1, 5), attempt("k", 6, 8)];
    let kills = [kill(Victim::Server, 2), kill(Victim::Service(1), 5)];
    let verdict = Verdict::of(&arrivals, &attempts, &kills, Again::Timeout);
    let expected = Verdict { arrivals: 3, keys: 1, repeats: 2, in_flight: 2, ..Verdict::default() };
    assert_eq!(verdict, expected);
}

#[test]
fn a_kill_explains_only_what_it_can_have_caused() {
    let arrivals = [arrival(1, "k", "r"), arrival(4, "k", "r")];
    let unexplained =
        "r arrived 2 times under k: 1 repeats came without a kill, 0 attempts timed out";
    for (kills, what) in [
        (vec![], "no kill"),
        (vec![kill(Victim::Service(2), 2)], "another service"),
        (vec![kill(Victim::Server, 5)], "after the repeat"),
        (vec![kill(Victim::Server, 0)], "before the first arrival"),
    ] {
        let found = violations(&arrivals, &[attempt("k", 1, 6)], &kills);
        assert_eq!(found, [unexplained], "{what}");
    }
    let settled_before = violations(&arrivals, &[attempt("k", 1, 2)], &[kill(Victim::Server, 3)]);
    assert_eq!(settled_before, [unexplained], "an outcome that was durable");
    let twice = [arrivals[0].clone(), arrival(3, "k", "r"), arrivals[1].clone()];
    let one_kill = violations(&twice, &[attempt("k", 1, 6)], &[kill(Victim::Server, 2)]);
    assert_eq!(one_kill.len(), 1, "one kill, two repeats");
}

#[test]
fn a_timeout_explains_one_repeat() {
    let arrivals = [arrival(1, "k", "r"), arrival(4, "k", "r")];
    let timed_out = Attempt { timed_out: true, ..attempt("k", 1, 3) };
    let verdict = Verdict::of(&arrivals, &[timed_out, attempt("k", 4, 5)], &[], Again::Timeout);
    assert_eq!(
        (verdict.violations.as_slice(), verdict.attempts_again, verdict.repeats),
        (&[][..], 1, 1)
    );
}

#[test]
fn keys_and_requests_belong_to_each_other() {
    let attempts = [attempt("k", 1, 2), attempt("l", 1, 2)];
    let two_requests = [arrival(1, "k", "r"), arrival(1, "k", "s"), arrival(1, "l", "t")];
    let found = violations(&two_requests, &attempts, &[kill(Victim::Server, 1)]);
    assert_eq!(found, [r#"the key k came with each of {"r", "s"}"#]);
    let two_keys = [arrival(1, "k", "r"), arrival(1, "l", "r")];
    let found = violations(&two_keys, &attempts, &[]);
    assert_eq!(found, [r#"the request r came with each of {"k", "l"}"#]);
}

#[test]
fn what_left_without_a_trace_is_found() {
    let stranger = violations(&[arrival(1, "k", "r")], &[], &[]);
    assert_eq!(stranger, ["r arrived under k, which no history knows"]);
    let no_key = violations(&[arrival(1, "", "r")], &[], &[]);
    assert_eq!(no_key, ["r arrived without a key"]);
    let open = Attempt { to: None, ..attempt("k", 1, 2) };
    assert_eq!(violations(&[arrival(1, "k", "r")], &[open], &[]), ["the call k has no outcome"]);
}

#[test]
fn where_services_fail_each_attempt_explains_one_arrival() {
    let arrivals = [arrival(1, "k", "r"), arrival(3, "k", "r"), arrival(5, "k", "r")];
    let attempts = [attempt("k", 1, 2), attempt("k", 3, 4), attempt("k", 5, 6)];
    let found = |attempts: &[Attempt], kills: &[Kill]| {
        Verdict::of(&arrivals, attempts, kills, Again::Attempt).violations
    };
    assert_eq!(found(&attempts, &[]), Vec::<String>::new());
    assert_eq!(
        found(&attempts[..2], &[]),
        [
            "r arrived 3 times under k: 2 repeats came without a kill, 1 attempts came after the first"
        ]
    );
    let longer = [attempt("k", 1, 4), attempt("k", 5, 6)];
    assert_eq!(found(&longer, &[kill(Victim::Server, 2)]), Vec::<String>::new());
}
