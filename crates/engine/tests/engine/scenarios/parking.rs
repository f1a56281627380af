//! Calls that wait to be sent, and what comes late of those that were given up.

use expect_test::expect;

use crate::harness::{check, check_lines};

#[test]
fn a_call_that_waits_is_parked_and_released() {
    check(
        "
        do:
          - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
        ",
        "
        start
        park ask gate
        park ask gate
        park ask breaker
        advance 5s
        release ask
        release ask
        answer ask 200 {}
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > park ask gate
            +0s 1 /do/0/ask parks #1 for the gate since +0s
            = waiting · unanswered: ask
            > park ask gate
            ! nothing to do
            = waiting · unanswered: ask
            > park ask breaker
            +0s 1 /do/0/ask parks #1 for the breaker since +0s
            = waiting · unanswered: ask
            > advance 5s
            = waiting · unanswered: ask
            > release ask
            +5s 1 /do/0/ask lets #1 go ⇒ call
            = running · unanswered: ask
            > release ask
            ! nothing to do
            = running · unanswered: ask
            > answer ask 200 {}
            +5s 1 /do/0/ask #1 gives {}
            +5s 1 /do/0/ask done → end of scope
            +5s 0 completed {}
            = completed {}
        "#]],
    );
}

#[test]
fn a_parked_call_that_is_given_up_waits_no_longer_and_was_perhaps_sent_before() {
    check_lines(
        &["parks", "abandons", "again", "=", "withdrawn"],
        "
        do:
          - ask:
              call: http
              with: {method: get, endpoint: http://ask.test/}
              timeout: {after: {seconds: 5}}
        ",
        "
        start
        park ask limit
        advance 5s
        late ask withdrawn
        retry
        park ask endpoint
        cancel
        ",
        expect![[r#"
            = running · due +5s · unanswered: ask
            +0s 1 /do/0/ask parks #1 for the limit since +0s
            = waiting · due +5s · unanswered: ask
            +5s 1 /do/0/ask abandons #1 ⇒ withdraw
            = faulted in step 1: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout) · unanswered: ask (abandoned)
            > late ask withdrawn
            +5s 1 /do/0/ask #1 fails: 500 runtime (withdrawn: the call was never sent)
            = faulted in step 1: 408 timeout at /do/0/ask (timed out: ask did not end within its timeout)
            = running · due +10s · unanswered: ask
            +5s 2 /do/0/ask parks #1 for the endpoint since +5s
            = waiting · due +10s · unanswered: ask
            +5s 2 /do/0/ask abandons #1 ⇒ withdraw
            = cancelled · unanswered: ask (abandoned)
        "#]],
    );
}

#[test]
fn what_comes_late_of_a_step_that_is_gone_names_its_task() {
    check_lines(
        &["#1", "#2", "="],
        "
        do:
          - tries:
              try:
                - ask: {call: http, with: {method: get, endpoint: http://ask.test/}, timeout: {after: {seconds: 1}}}
              catch: {}
          - after: {set: {n: 1}}
        ",
        "start\nadvance 1s\nlate ask silence",
        expect![[r#"
            +0s 2 /do/0/tries/try/0/ask calls #1 K1 GET http://ask.test/ until +1s ⇒ call
            = running · due +1s · unanswered: ask
            +1s 2 /do/0/tries/try/0/ask abandons #1 ⇒ withdraw
            = completed {"n":1} · unanswered: ask (abandoned)
            +1s 2 /do/0/tries/try/0/ask #1 fails: 500 communication (the outcome of the call is unknown: connection closed before the response) maybe-run
            = completed {"n":1}
        "#]],
    );
}
