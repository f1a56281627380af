//! Commands and the life of an instance.

use expect_test::expect;

use crate::harness::{check, check_lines};

const CALL: &str = "
    do:
      - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
      - after: {set: {got: '${ . }'}}
    ";

#[test]
fn cancel_with_a_call_in_flight() {
    check(
        CALL,
        "
        cancel changed my mind
        late ask 200 {}
        cancel
        suspend
        resume
        retry
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > cancel changed my mind
            +0s 1 /do/0/ask abandons #1 ⇒ withdraw
            +0s 0 cancelled: changed my mind
            = cancelled · unanswered: ask (abandoned)
            > late ask 200 {}
            +0s 1 /do/0/ask #1 gives {}
            = cancelled
            > cancel
            ! the instance is cancelled: it has ended and cannot be cancelled
            = cancelled
            > suspend
            ! the instance is cancelled: it has ended and cannot be suspended
            = cancelled
            > resume
            ! the instance is cancelled: only a suspended instance can be resumed
            = cancelled
            > retry
            ! the instance is cancelled: only a faulted instance can be retried
            = cancelled
        "#]],
    );
}

#[test]
fn a_withdrawn_call_is_settled_too() {
    check_lines(
        &["withdrawn", "abandons", "="],
        CALL,
        "cancel\nlate ask withdrawn",
        expect![[r#"
            = running · unanswered: ask
            +0s 1 /do/0/ask abandons #1 ⇒ withdraw
            = cancelled · unanswered: ask (abandoned)
            > late ask withdrawn
            +0s 1 /do/0/ask #1 fails: 500 runtime (withdrawn: the call was never sent)
            = cancelled
        "#]],
    );
}

#[test]
fn what_is_late_or_doubled_changes_nothing() {
    check(
        CALL,
        "
        cancel
        late ask 500
        again ask 200 {}
        continue
        timers
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > cancel
            +0s 1 /do/0/ask abandons #1 ⇒ withdraw
            +0s 0 cancelled
            = cancelled · unanswered: ask (abandoned)
            > late ask 500
            +0s 1 /do/0/ask #1 fails: 500 communication (the service answered with an error: an abandoned attempt answered 500) maybe-run
            = cancelled
            > again ask 200 {}
            ! nothing to do
            = cancelled
            > continue
            ! nothing to do
            = cancelled
            > timers
            ! nothing to do
            = cancelled
        "#]],
    );
}

#[test]
fn an_outcome_of_a_suspended_instance_is_kept() {
    check(
        CALL,
        "
        suspend night
        suspend
        answer ask 200 {\"n\":1}
        continue
        resume
        resume
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > suspend night
            +0s 0 suspended: night
            = suspended · unanswered: ask
            > suspend
            ! the instance is suspended: it is suspended already
            = suspended · unanswered: ask
            > answer ask 200 {"n":1}
            +0s 1 /do/0/ask #1 gives {"n":1}
            = suspended
            > continue
            ! nothing to do
            = suspended
            > resume
            +0s 0 resumed
            +0s 1 /do/0/ask done → after
            +0s 2 /do/1/after begins
            +0s 2 /do/1/after done output {"got":{"n":1}} → end of scope
            +0s 0 completed {"got":{"n":1}}
            = completed {"got":{"n":1}}
            > resume
            ! the instance is completed: only a suspended instance can be resumed
            = completed {"got":{"n":1}}
        "#]],
    );
}

#[test]
fn timers_that_come_due_while_suspended_fire_at_resume() {
    check(
        "
        do:
          - pause: {wait: {seconds: 5}}
          - again: {wait: {seconds: 5}}
        ",
        "
        suspend
        advance 30s
        timers
        resume
        advance 5s
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/pause begins
            +0s 1 /do/0/pause waits until +5s
            = waiting · due +5s
            > suspend
            +0s 0 suspended
            = suspended
            > advance 30s
            = suspended
            > timers
            ! nothing to do
            = suspended
            > resume
            +30s 0 resumed
            +30s 1 /do/0/pause timer Wait
            +30s 1 /do/0/pause done → again
            +30s 2 /do/1/again begins
            +30s 2 /do/1/again waits until +35s
            = waiting · due +35s
            > advance 5s
            +35s 2 /do/1/again timer Wait
            +35s 2 /do/1/again done → end of scope
            +35s 0 completed null
            = completed null
        "#]],
    );
}

#[test]
fn a_suspended_instance_can_be_cancelled() {
    check_lines(
        &["cancelled", "="],
        CALL,
        "suspend\ncancel",
        expect![[r#"
            = running · unanswered: ask
            = suspended · unanswered: ask
            +0s 0 cancelled
            = cancelled · unanswered: ask (abandoned)
        "#]],
    );
}

#[test]
fn a_faulted_instance_goes_on_where_it_failed() {
    check(
        CALL,
        "
        answer ask 500
        retry
        answer ask 200 {\"n\":1}
        retry
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 500
            +0s 1 /do/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 1 /do/0/ask fails: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 0 faulted in step 1: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = faulted in step 1: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            > retry
            +0s 0 reopened
            +0s 2 /do/0/ask begins
            +0s 2 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 200 {"n":1}
            +0s 2 /do/0/ask #1 gives {"n":1}
            +0s 2 /do/0/ask done → after
            +0s 3 /do/1/after begins
            +0s 3 /do/1/after done output {"got":{"n":1}} → end of scope
            +0s 0 completed {"got":{"n":1}}
            = completed {"got":{"n":1}}
            > retry
            ! the instance is completed: only a faulted instance can be retried
            = completed {"got":{"n":1}}
        "#]],
    );
}

#[test]
fn a_failed_output_of_the_workflow_is_tried_again() {
    check_lines(
        &["fails", "reopened", "!", "="],
        "
        do: [{keep: {set: {n: 1}}}]
        output: {as: '${ .n | keys }'}
        ",
        "retry",
        expect![[r#"
            +0s 0 fails: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            = faulted in step 0: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            +0s 0 reopened
            +0s 0 fails: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            = faulted in step 0: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
        "#]],
    );
}

#[test]
fn input_that_was_refused_cannot_be_retried() {
    check(
        "
        input: {schema: {document: {type: string}}}
        do: [{keep: {set: {n: 1}}}]
        ",
        "start 7\nretry\ncancel",
        expect![[r#"
            > start 7
            +0s 0 started
            +0s 0 fails: 400 validation at  (does not match its schema: input: 7 is not of type "string")
            +0s 0 faulted in step 0: 400 validation at  (does not match its schema: input: 7 is not of type "string")
            = faulted in step 0: 400 validation at  (does not match its schema: input: 7 is not of type "string")
            > retry
            ! the instance is faulted: its input was refused: start another one instead
            = faulted in step 0: 400 validation at  (does not match its schema: input: 7 is not of type "string")
            > cancel
            ! the instance is faulted: it has ended and cannot be cancelled
            = faulted in step 0: 400 validation at  (does not match its schema: input: 7 is not of type "string")
        "#]],
    );
}

#[test]
fn time_never_goes_back() {
    check(
        "
        do:
          - pause: {wait: {seconds: 10}}
          - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
          - again: {wait: {seconds: 10}}
        ",
        "
        advance 10s
        rewind 9s
        answer ask 200
        timers
        advance 18s
        advance 1s
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/pause begins
            +0s 1 /do/0/pause waits until +10s
            = waiting · due +10s
            > advance 10s
            +10s 1 /do/0/pause timer Wait
            +10s 1 /do/0/pause done → ask
            +10s 2 /do/1/ask begins
            +10s 2 /do/1/ask calls #1 K1 GET http://ask.test/ until +70s ⇒ call
            = running · unanswered: ask
            > rewind 9s
            = running · unanswered: ask
            > answer ask 200
            +10s 2 /do/1/ask #1 gives null
            +10s 2 /do/1/ask done → again
            +10s 3 /do/2/again begins
            +10s 3 /do/2/again waits until +20s
            = waiting · due +20s
            > timers
            ! nothing to do
            = waiting · due +20s
            > advance 18s
            = waiting · due +20s
            > advance 1s
            +20s 3 /do/2/again timer Wait
            +20s 3 /do/2/again done → end of scope
            +20s 0 completed null
            = completed null
        "#]],
    );
}
