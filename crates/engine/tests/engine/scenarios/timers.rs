//! `wait` and timeouts.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn wait_is_neither_early_nor_moved_by_being_asked() {
    check(
        "
        do:
          - pause: {wait: {seconds: 5}}
          - after: {set: {at: '${ now }'}}
        ",
        "
        start {\"in\":1}
        sleep 4999ms
        timers
        sleep 2ms
        timers
        ",
        expect![[r#"
            > start {"in":1}
            +0s 0 started
            +0s 1 /do/0/pause begins
            +0s 1 /do/0/pause waits until +5s
            = waiting · due +5s
            > sleep 4999ms
            = waiting · due +5s
            > timers
            ! nothing to do
            = waiting · due +5s
            > sleep 2ms
            = waiting · due +5s
            > timers
            +5.001s 1 /do/0/pause timer Wait
            +5.001s 1 /do/0/pause done → after
            +5.001s 2 /do/1/after begins
            +5.001s 2 /do/1/after done output {"at":1767225605.001} → end of scope
            +5.001s 0 completed {"at":1767225605.001}
            = completed {"at":1767225605.001}
        "#]],
    );
}

#[test]
fn durations_in_every_form() {
    for (wait, expected) in [
        (
            "PT1H30M",
            expect![[r#"
                  +0s 1 /do/0/pause waits until +5400s
            "#]],
        ),
        (
            "P1D",
            expect![[r#"
                  +0s 1 /do/0/pause waits until +86400s
            "#]],
        ),
        (
            "{days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1}",
            expect![[r#"
                  +0s 1 /do/0/pause waits until +90061.001s
            "#]],
        ),
        (
            "'${ .long }'",
            expect![[r#"
                  +0s 1 /do/0/pause waits until +120s
            "#]],
        ),
        (
            "'${ {milliseconds: 250} }'",
            expect![[r#"
                  +0s 1 /do/0/pause waits until +0.25s
            "#]],
        ),
        (
            "'${ 7 }'",
            expect![[r#"
                  +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (not a duration: 7 is not a duration: expected PT30S or {"seconds": 30})
            "#]],
        ),
    ] {
        check_lines(
            &["waits", "fails"],
            &format!("do: [{{pause: {{wait: {wait}}}}}]"),
            r#"start {"long":"PT2M"}"#,
            expected,
        );
    }
}

#[test]
fn a_timeout_ends_a_call() {
    check(
        "
        do:
          - ask:
              call: http
              with: {method: get, endpoint: http://ask.test/}
              timeout: {after: {seconds: 5}}
        ",
        "
        advance 5s
        late ask 200 {\"late\":true}
        retry
        answer ask 200 {\"ok\":true}
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins until +5s
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +5s ⇒ call
            = running · due +5s · unanswered: ask
            > advance 5s
            +5s 1 /do/0/ask timer Timeout
            +5s 1 /do/0/ask abandons #1 ⇒ withdraw
            +5s 1 /do/0/ask fails: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout)
            +5s 0 faulted in step 1: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout)
            = faulted in step 1: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout) · unanswered: ask (abandoned)
            > late ask 200 {"late":true}
            +5s 1 /do/0/ask #1 gives {"late":true}
            = faulted in step 1: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout)
            > retry
            +5s 0 reopened
            +5s 2 /do/0/ask begins until +10s
            +5s 2 /do/0/ask calls #1 K1 GET http://ask.test/ until +10s ⇒ call
            = running · due +10s · unanswered: ask
            > answer ask 200 {"ok":true}
            +5s 2 /do/0/ask #1 gives {"ok":true}
            +5s 2 /do/0/ask done → end of scope
            +5s 0 completed {"ok":true}
            = completed {"ok":true}
        "#]],
    );
}

#[test]
fn a_timeout_ends_everything_inside() {
    check(
        "
        use: {timeouts: {short: {after: PT3S}}}
        do:
          - tries:
              try:
                - outer:
                    timeout: short
                    do:
                      - both:
                          fork:
                            branches:
                              - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
                              - pause: {wait: {seconds: 60}}
              catch: {errors: {with: {status: 408}}, do: [{handle: {set: {at: '${ $error.instance }'}}}]}
        ",
        "advance 3s\nlate ask withdrawn",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/outer begins until +3s
            +0s 3 /do/0/tries/try/0/outer/do/0/both begins fork of ask, pause
            +0s 4 /do/0/tries/try/0/outer/do/0/both/fork/branches/0/ask begins
            +0s 4 /do/0/tries/try/0/outer/do/0/both/fork/branches/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            +0s 5 /do/0/tries/try/0/outer/do/0/both/fork/branches/1/pause begins
            +0s 5 /do/0/tries/try/0/outer/do/0/both/fork/branches/1/pause waits until +60s
            = running · due +3s · unanswered: ask
            > advance 3s
            +3s 2 /do/0/tries/try/0/outer timer Timeout
            +3s 4 /do/0/tries/try/0/outer/do/0/both/fork/branches/0/ask abandons #1 ⇒ withdraw
            +3s 2 /do/0/tries/try/0/outer fails: 408 timeout at /do/0/tries/try/0/outer (timed out: outer did not end within its timeout)
            +3s 1 /do/0/tries catches 408 timeout at /do/0/tries/try/0/outer (timed out: outer did not end within its timeout): handled from handle
            +3s 6 /do/0/tries/catch/do/0/handle begins
            +3s 6 /do/0/tries/catch/do/0/handle done output {"at":"/do/0/tries/try/0/outer"} → end of scope
            +3s 1 /do/0/tries done → end of scope
            +3s 0 completed {"at":"/do/0/tries/try/0/outer"}
            = completed {"at":"/do/0/tries/try/0/outer"} · unanswered: ask (abandoned)
            > late ask withdrawn
            +3s 4 /do/0/tries/try/0/outer/do/0/both/fork/branches/0/ask #1 fails: 500 runtime (withdrawn: the call was never sent)
            = completed {"at":"/do/0/tries/try/0/outer"}
        "#]],
    );
}

#[test]
fn a_task_that_is_done_in_time_leaves_no_timer() {
    check_lines(
        &["begins", "="],
        "
        do:
          - ask: {call: http, with: {method: get, endpoint: http://ask.test/}, timeout: {after: {seconds: 5}}}
          - pause: {wait: {seconds: 10}}
        ",
        "answer ask 200\nadvance 10s",
        expect![[r#"
            +0s 1 /do/0/ask begins until +5s
            = running · due +5s · unanswered: ask
            +0s 2 /do/1/pause begins
            = waiting · due +10s
            = completed null
        "#]],
    );
}

#[test]
fn a_timeout_may_be_computed_from_the_input() {
    check_lines(
        &["begins", "="],
        "do: [{pause: {wait: {seconds: 60}, timeout: {after: '${ .patience }'}}}]",
        "start {\"patience\":\"PT2S\"}\nadvance 2s",
        expect![[r#"
            +0s 1 /do/0/pause begins until +2s
            = waiting · due +2s
            = faulted in step 1: 408 timeout at /do/0/pause (timed out: pause did not end within its timeout)
        "#]],
    );
}

#[test]
fn the_workflow_has_a_timeout_too() {
    check(
        "
        timeout: {after: {seconds: 10}}
        do:
          - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
          - after: {set: {ok: '${ . }'}}
        ",
        "
        advance 10s
        retry
        late ask 200 \"late\"
        answer ask 200 \"again\"
        ",
        expect![[r#"
            > start
            +0s 0 started until +10s
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · due +10s · unanswered: ask
            > advance 10s
            +10s 0 timer Timeout
            +10s 1 /do/0/ask abandons #1 ⇒ withdraw
            +10s 0 faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
            = faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout) · unanswered: ask (abandoned)
            > retry
            +10s 0 reopened
            +10s 1 /do/0/ask calls again #2 until +70s ⇒ call
            = running · unanswered: ask (abandoned), ask
            > late ask 200 "late"
            +10s 1 /do/0/ask #1 gives "late"
            = running · unanswered: ask
            > answer ask 200 "again"
            +10s 1 /do/0/ask #2 gives "again"
            +10s 1 /do/0/ask done → after
            +10s 2 /do/1/after begins
            +10s 2 /do/1/after done output {"ok":"again"} → end of scope
            +10s 0 completed {"ok":"again"}
            = completed {"ok":"again"}
        "#]],
    );
}

#[test]
fn the_workflow_timeout_is_not_caught() {
    check_lines(
        &["timer", "catches", "="],
        "
        timeout: {after: {seconds: 1}}
        do: [{tries: {try: [{pause: {wait: {seconds: 5}}}], catch: {}}}]
        ",
        "advance 1s",
        expect![[r#"
            = waiting · due +1s
            +1s 0 timer Timeout
            = faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
        "#]],
    );
}

#[test]
fn timers_that_are_due_together_fire_in_order_of_time() {
    check_lines(
        &["timer", "done", "fails", "="],
        "
        do:
          - both:
              fork:
                branches:
                  - long: {wait: {seconds: 2}}
                  - short: {wait: {seconds: 1}}
        ",
        "sleep 9s\ntimers",
        expect![[r#"
            = waiting · due +1s
            = waiting · due +1s
            > timers
            +9s 3 /do/0/both/fork/branches/1/short timer Wait
            +9s 2 /do/0/both/fork/branches/0/long timer Wait
            +9s 3 /do/0/both/fork/branches/1/short done → end of scope
            +9s 2 /do/0/both/fork/branches/0/long done → end of scope
            +9s 1 /do/0/both done → end of scope
            = completed [null,null]
        "#]],
    );
}

#[test]
fn a_wait_of_nothing_passes_at_the_next_look() {
    check_lines(
        &["waits", "timer", "="],
        "do: [{pause: {wait: {seconds: 0}}}]",
        "timers",
        expect![[r#"
            +0s 1 /do/0/pause waits until +0s
            = waiting · due +0s
            > timers
            +0s 1 /do/0/pause timer Wait
            = completed null
        "#]],
    );
}

#[test]
fn a_wait_until_an_instant_in_every_form() {
    for (until, expected) in [
        (
            "'\"2026-01-01T00:01:00+00:00\"'",
            expect![[r#"
            +0s 1 /do/0/pause waits until +60s
        "#]],
        ),
        (
            ".due",
            expect![[r#"
            +0s 1 /do/0/pause waits until +7.25s
        "#]],
        ),
        (
            "now + 1.5",
            expect![[r#"
            +0s 1 /do/0/pause waits until +1.5s
        "#]],
        ),
        (
            "$workflow.startedAt | .epoch.milliseconds += 250",
            expect![[r#"
            +0s 1 /do/0/pause waits until +0.25s
        "#]],
        ),
        (
            "'{iso8601: .due}'",
            expect![[r#"
            +0s 1 /do/0/pause waits until +7.25s
        "#]],
        ),
        (
            "'\"tomorrow\"'",
            expect![[r#"
            +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (not an instant: until: "tomorrow" is not an instant: expected 2030-01-31T08:30:00Z or seconds since 1970)
        "#]],
        ),
        (
            ".nothing",
            expect![[r#"
            +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (not an instant: until: null is not an instant: expected 2030-01-31T08:30:00Z or seconds since 1970)
        "#]],
        ),
        (
            "'{}'",
            expect![[r#"
            +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (not an instant: until: {} is not an instant: expected 2030-01-31T08:30:00Z or seconds since 1970)
        "#]],
        ),
        (
            "'1e300'",
            expect![[r#"
            +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (not an instant: until: 1e300 is not an instant: expected 2030-01-31T08:30:00Z or seconds since 1970)
        "#]],
        ),
        (
            "now + 400000000",
            expect![[r#"
            +0s 1 /do/0/pause fails: 400 expression at /do/0/pause (too far away: until: 2038-09-04T15:06:40.000Z is later than duration_max allows, 2036-01-09T00:00:00.000Z)
        "#]],
        ),
    ] {
        check_lines(
            &["waits", "done", "fails"],
            &format!("do: [{{pause: {{wait: PT1H, metadata: {{motet: {{until: {until}}}}}}}}}]"),
            r#"start {"due":"2026-01-01T00:00:07.25Z"}"#,
            expected,
        );
    }
}

#[test]
fn an_instant_that_has_passed_ends_the_wait_at_once() {
    check(
        "do: [{pause: {wait: PT1H, metadata: {motet: {until: .due}}}}]",
        r#"start {"due":"2025-12-31T23:59:59Z"}"#,
        expect![[r#"
            > start {"due":"2025-12-31T23:59:59Z"}
            +0s 0 started
            +0s 1 /do/0/pause begins
            +0s 1 /do/0/pause done → end of scope
            +0s 0 completed {"due":"2025-12-31T23:59:59Z"}
            = completed {"due":"2025-12-31T23:59:59Z"}
        "#]],
    );
}
