//! Instances that wait for a person: errors that nobody caught, and defects of the engine.

use expect_test::expect;

use crate::harness::{check, check_lines};

const CALL: &str = "
    do:
      - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
      - after: {set: {got: '${ . }'}}
    ";

const INCIDENT: &str = "
    document:
      dsl: '1.0.3'
      namespace: test
      name: flow
      version: '1.0.0'
      metadata: {motet: {onFault: incident}}
    ";

fn with_incident(rest: &str) -> String {
    let unindented = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let indent = lines.clone().map(|line| line.len() - line.trim_start().len()).min();
        lines.map(|line| format!("{}\n", &line[indent.unwrap_or(0)..])).collect::<String>()
    };
    format!("{}{}", unindented(INCIDENT), unindented(rest))
}

#[test]
fn a_retry_of_a_suspended_instance_with_an_incident_fires_no_timer() {
    check_lines(
        &["timer", "reopened", "incident", "="],
        &with_incident(
            "
            do:
              - both:
                  fork:
                    branches:
                      - pause: {wait: {seconds: 5}}
                      - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
            ",
        ),
        "
        answer ask 500
        suspend
        advance 9s
        retry
        resume
        ",
        expect![[r#"
            = running · due +5s · unanswered: ask
            +0s 3 /do/0/both/fork/branches/1/ask incident: 500 communication at /do/0/both/fork/branches/1/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = waiting · incident in step 3: 500 communication at /do/0/both/fork/branches/1/ask (the service answered with an error: GET http://ask.test/ answered 500) · due +5s
            = suspended · incident in step 3: 500 communication at /do/0/both/fork/branches/1/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = suspended · incident in step 3: 500 communication at /do/0/both/fork/branches/1/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +9s 0 reopened
            = suspended
            +9s 2 /do/0/both/fork/branches/0/pause timer Wait
            = running · unanswered: ask
        "#]],
    );
}

#[test]
fn refused_input_is_no_incident() {
    check_lines(
        &["="],
        &with_incident(
            "
            input: {schema: {document: {type: string}}}
            do: [{keep: {set: {n: 1}}}]
            ",
        ),
        "start 7",
        expect![[r#"
            = faulted in step 0: 400 validation at  (does not match its schema: input: 7 is not of type "string")
        "#]],
    );
}

#[test]
fn an_incident_waits_for_a_person() {
    check(
        &with_incident(CALL),
        "
        answer ask 500
        retry
        answer ask 200 {\"n\":1}
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
            +0s 1 /do/0/ask incident: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = waiting · incident in step 1: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
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
        "#]],
    );
}

#[test]
fn an_incident_of_one_branch_lets_the_others_go_on() {
    check(
        &with_incident(
            "
            do:
              - both:
                  fork:
                    branches:
                      - left: {call: http, with: {method: get, endpoint: http://left.test/}}
                      - right: {call: http, with: {method: get, endpoint: http://right.test/}}
            ",
        ),
        "
        answer left 500
        answer right 500
        retry
        answer left 200 \"L\"
        answer right 200 \"R\"
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/both begins fork of left, right
            +0s 2 /do/0/both/fork/branches/0/left begins
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right begins
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer left 500
            +0s 2 /do/0/both/fork/branches/0/left #1 fails: 500 communication (the service answered with an error: GET http://left.test/ answered 500) maybe-run
            +0s 2 /do/0/both/fork/branches/0/left fails: 500 communication at /do/0/both/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500)
            +0s 2 /do/0/both/fork/branches/0/left incident: 500 communication at /do/0/both/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500)
            = running · incident in step 2: 500 communication at /do/0/both/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500) · unanswered: right
            > answer right 500
            +0s 3 /do/0/both/fork/branches/1/right #1 fails: 500 communication (the service answered with an error: GET http://right.test/ answered 500) maybe-run
            +0s 3 /do/0/both/fork/branches/1/right fails: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            +0s 3 /do/0/both/fork/branches/1/right incident: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            = waiting · incident in step 2: 500 communication at /do/0/both/fork/branches/0/left (the service answered with an error: GET http://left.test/ answered 500) · incident in step 3: 500 communication at /do/0/both/fork/branches/1/right (the service answered with an error: GET http://right.test/ answered 500)
            > retry
            +0s 0 reopened
            +0s 4 /do/0/both/fork/branches/0/left begins
            +0s 4 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 5 /do/0/both/fork/branches/1/right begins
            +0s 5 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            > answer left 200 "L"
            +0s 4 /do/0/both/fork/branches/0/left #1 gives "L"
            +0s 4 /do/0/both/fork/branches/0/left done → end of scope
            = running · unanswered: right
            > answer right 200 "R"
            +0s 5 /do/0/both/fork/branches/1/right #1 gives "R"
            +0s 5 /do/0/both/fork/branches/1/right done → end of scope
            +0s 1 /do/0/both done → end of scope
            +0s 0 completed ["L","R"]
            = completed ["L","R"]
        "#]],
    );
}

#[test]
fn an_incident_of_the_whole_stops_everything() {
    check(
        &with_incident(
            "
            timeout: {after: {seconds: 5}}
            do:
              - both:
                  fork:
                    branches:
                      - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
                      - pause: {wait: {seconds: 9}}
              - after: {set: {got: '${ . }'}}
            ",
        ),
        "
        advance 20s
        answer ask 200 1
        retry
        ",
        expect![[r#"
            > start
            +0s 0 started until +5s
            +0s 1 /do/0/both begins fork of ask, pause
            +0s 2 /do/0/both/fork/branches/0/ask begins
            +0s 2 /do/0/both/fork/branches/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/pause begins
            +0s 3 /do/0/both/fork/branches/1/pause waits until +9s
            = running · due +5s · unanswered: ask
            > advance 20s
            +5s 0 timer Timeout
            +5s 0 incident: 408 timeout at  (timed out: the workflow did not end within its timeout)
            = running · incident in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout) · unanswered: ask
            > answer ask 200 1
            +20s 2 /do/0/both/fork/branches/0/ask #1 gives 1
            = waiting · incident in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
            > retry
            +20s 0 reopened
            +20s 3 /do/0/both/fork/branches/1/pause timer Wait
            +20s 2 /do/0/both/fork/branches/0/ask done → end of scope
            +20s 3 /do/0/both/fork/branches/1/pause done → end of scope
            +20s 1 /do/0/both done → after
            +20s 4 /do/1/after begins
            +20s 4 /do/1/after done output {"got":[1,null]} → end of scope
            +20s 0 completed {"got":[1,null]}
            = completed {"got":[1,null]}
        "#]],
    );
}

#[test]
fn an_instance_with_an_incident_can_be_cancelled() {
    check_lines(
        &["incident", "="],
        &with_incident(CALL),
        "answer ask 500\ncancel",
        expect![[r#"
            = running · unanswered: ask
            +0s 1 /do/0/ask incident: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = waiting · incident in step 1: 500 communication at /do/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            = cancelled
        "#]],
    );
}

#[test]
fn an_input_that_meets_a_defect_is_kept_and_fed_again() {
    check(
        CALL,
        "
        panic answer ask 200 {\"n\":1}
        continue
        retry
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > panic answer ask 200 {"n":1}
            +0s 0 incident: defect "a bug"
            = running · incident in step 0: defect "a bug" · unanswered: ask
            > continue
            ! nothing to do
            = running · incident in step 0: defect "a bug" · unanswered: ask
            > retry
            +0s 0 reopened
            +0s 0 feeds the kept input
            +0s 1 /do/0/ask #1 gives {"n":1}
            +0s 1 /do/0/ask done → after
            +0s 2 /do/1/after begins
            +0s 2 /do/1/after done output {"got":{"n":1}} → end of scope
            +0s 0 completed {"got":{"n":1}}
            = completed {"got":{"n":1}}
        "#]],
    );
}

#[test]
fn a_second_defect_does_not_lose_the_first_input() {
    check_lines(
        &["defect", "reopened", "feeds", "#1", "="],
        "
        do:
          - both:
              fork:
                branches:
                  - left: {call: http, with: {method: get, endpoint: http://left.test/}}
                  - right: {call: http, with: {method: get, endpoint: http://right.test/}}
        ",
        "
        panic answer left 200 \"L\"
        panic answer right 200 \"R\"
        retry
        ",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/left calls #1 K1 GET http://left.test/ until +60s ⇒ call
            +0s 3 /do/0/both/fork/branches/1/right calls #1 K2 GET http://right.test/ until +60s ⇒ call
            = running · unanswered: left, right
            +0s 0 incident: defect "a bug"
            = running · incident in step 0: defect "a bug" · unanswered: left, right
            +0s 0 incident: defect "a bug"
            = running · incident in step 0: defect "a bug" · unanswered: left, right
            +0s 0 reopened
            +0s 0 feeds the kept input
            +0s 2 /do/0/both/fork/branches/0/left #1 gives "L"
            +0s 0 feeds the kept input
            +0s 3 /do/0/both/fork/branches/1/right #1 gives "R"
            = completed ["L","R"]
        "#]],
    );
}

#[test]
fn a_defect_while_an_incident_of_the_whole_is_retried_leaves_it_retriable() {
    check_lines(
        &["incident", "reopened", "feeds", "="],
        &with_incident(
            "
            do: [{keep: {set: {n: 1}}}]
            output: {as: '${ .n | keys }'}
            ",
        ),
        "
        panic retry
        retry
        cancel
        ",
        expect![[r#"
            +0s 0 incident: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            = waiting · incident in step 0: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            +0s 0 incident: defect "a bug"
            = waiting · incident in step 0: defect "a bug"
            +0s 0 reopened
            +0s 0 feeds the kept input
            +0s 0 incident: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            = waiting · incident in step 0: 400 expression at  (an expression failed: output: cannot use 1 as array or object)
            = cancelled
        "#]],
    );
}

#[test]
fn while_a_defect_stands_outcomes_are_kept_and_nothing_advances() {
    check_lines(
        &["#1", "done", "defect", "timer", "="],
        "
        do:
          - both:
              fork:
                branches:
                  - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
                  - pause: {wait: {seconds: 1}}
        ",
        "
        panic timers
        answer ask 200 1
        advance 5s
        retry
        ",
        expect![[r#"
            +0s 2 /do/0/both/fork/branches/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · due +1s · unanswered: ask
            > panic timers
            +0s 0 incident: defect "a bug"
            = running · incident in step 0: defect "a bug" · unanswered: ask
            +0s 2 /do/0/both/fork/branches/0/ask #1 gives 1
            = waiting · incident in step 0: defect "a bug"
            = waiting · incident in step 0: defect "a bug"
            +5s 3 /do/0/both/fork/branches/1/pause timer Wait
            +5s 2 /do/0/both/fork/branches/0/ask done → end of scope
            +5s 3 /do/0/both/fork/branches/1/pause done → end of scope
            +5s 1 /do/0/both done → end of scope
            = completed [1,null]
        "#]],
    );
}
