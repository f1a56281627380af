//! `try` and `catch`: which errors are taken, and what follows.

use expect_test::{Expect, expect};

use crate::harness::{check, check_lines};

/// A `try` around a call, with this catch.
fn around_call(catch: &str) -> String {
    format!(
        "
        do:
          - tries:
              try:
                - ask: {{call: http, with: {{method: get, endpoint: http://ask.test/}}}}
              catch: {catch}
          - after: {{set: {{got: '${{ . }}'}}}}
        "
    )
}

const WORDS: [&str; 4] = ["catches", "fails", "faulted", "="];

#[test]
fn a_caught_error_is_handled_with_the_input_of_the_try() {
    check(
        &around_call("{do: [{handle: {set: {error: '${ $error }', input: '${ . }'}}}]}"),
        "start {\"in\":1}\nanswer ask 404 {\"no\":\"such\"}",
        expect![[r#"
            > start {"in":1}
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/ask begins
            +0s 2 /do/0/tries/try/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 404 {"no":"such"}
            +0s 2 /do/0/tries/try/0/ask #1 fails: 404 communication (the service answered with an error: GET http://ask.test/ answered 404: {"no":"such"})
            +0s 2 /do/0/tries/try/0/ask fails: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404: {"no":"such"})
            +0s 1 /do/0/tries catches 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404: {"no":"such"}): handled from handle
            +0s 3 /do/0/tries/catch/do/0/handle begins
            +0s 3 /do/0/tries/catch/do/0/handle done output {"error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication","status":404,"instance":"/do/0/tries/try/0/ask","title":"the service answered with an error","detail":"GET http://ask.test/ answered 404: {\"no\":\"such\"}"},"input":{"in":1}} → end of scope
            +0s 1 /do/0/tries done → after
            +0s 4 /do/1/after begins
            +0s 4 /do/1/after done output {"got":{"error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication","status":404,"instance":"/do/0/tries/try/0/ask","title":"the service answered with an error","detail":"GET http://ask.test/ answered 404: {\"no\":\"such\"}"},"input":{"in":1}}} → end of scope
            +0s 0 completed {"got":{"error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication","status":404,"instance":"/do/0/tries/try/0/ask","title":"the service answered with an error","detail":"GET http://ask.test/ answered 404: {\"no\":\"such\"}"},"input":{"in":1}}}
            = completed {"got":{"error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication","status":404,"instance":"/do/0/tries/try/0/ask","title":"the service answered with an error","detail":"GET http://ask.test/ answered 404: {\"no\":\"such\"}"},"input":{"in":1}}}
        "#]],
    );
}

#[test]
fn a_body_that_succeeds() {
    check(
        &around_call("{do: [{handle: {set: {n: 1}}}]}"),
        "answer ask 200 {\"ok\":true}",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/ask begins
            +0s 2 /do/0/tries/try/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 200 {"ok":true}
            +0s 2 /do/0/tries/try/0/ask #1 gives {"ok":true}
            +0s 2 /do/0/tries/try/0/ask done → end of scope
            +0s 1 /do/0/tries done → after
            +0s 3 /do/1/after begins
            +0s 3 /do/1/after done output {"got":{"ok":true}} → end of scope
            +0s 0 completed {"got":{"ok":true}}
            = completed {"got":{"ok":true}}
        "#]],
    );
}

#[test]
fn without_a_handler_the_input_passes() {
    check_lines(
        &WORDS,
        &around_call("{}"),
        "start {\"in\":1}\nanswer ask 500",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 2 /do/0/tries/try/0/ask fails: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): done with it
            = completed {"got":{"in":1}}
        "#]],
    );
}

#[test]
fn the_error_has_the_name_that_the_catch_gives_it() {
    check_lines(
        &WORDS,
        &around_call("{as: problem, do: [{handle: {set: {status: '${ $problem.status }'}}}]}"),
        "answer ask 418 \"teapot\"",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 418 communication (the service answered with an error: GET http://ask.test/ answered 418: "teapot")
            +0s 2 /do/0/tries/try/0/ask fails: 418 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 418: "teapot")
            +0s 1 /do/0/tries catches 418 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 418: "teapot"): handled from handle
            = completed {"got":{"status":418}}
        "#]],
    );
}

#[test]
fn a_filter_by_status() {
    let document = around_call("{errors: {with: {status: 503}}}");
    check_lines(
        &WORDS,
        &document,
        "answer ask 503",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 503 communication (the service answered with an error: GET http://ask.test/ answered 503)
            +0s 2 /do/0/tries/try/0/ask fails: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            +0s 1 /do/0/tries catches 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503): done with it
            = completed {"got":null}
        "#]],
    );
    check_lines(
        &WORDS,
        &document,
        "answer ask 404",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 404 communication (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 2 /do/0/tries/try/0/ask fails: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 0 faulted in step 2: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
            = faulted in step 2: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
        "#]],
    );
}

/// How a call that was answered with 500 ends where the catch wants this type.
fn caught_as(kind: &str, expected: Expect) {
    let catch = format!("{{errors: {{with: {{type: '{kind}'}}}}}}");
    check_lines(&["= completed", "= faulted"], &around_call(&catch), "answer ask 500", expected);
}

#[test]
fn every_form_of_a_standard_type_is_the_same_type() {
    let [ows, sw] = ["https://open-workflow-specification.org", "https://serverlessworkflow.io"];
    caught_as(
        &format!("{ows}/spec/1.0.0/errors/communication"),
        expect![[r#"
        = completed {"got":null}
    "#]],
    );
    caught_as(
        &format!("{sw}/spec/1.0.0/errors/communication"),
        expect![[r#"
        = completed {"got":null}
    "#]],
    );
    caught_as(
        &format!("{ows}/dsl/errors/types/communication"),
        expect![[r#"
        = completed {"got":null}
    "#]],
    );
    caught_as(
        &format!("{sw}/dsl/errors/types/communication"),
        expect![[r#"
        = completed {"got":null}
    "#]],
    );
    caught_as(
        &format!("{sw}/spec/1.0.3/errors/communication"),
        expect![[r#"
        = completed {"got":null}
    "#]],
    );
}

#[test]
fn another_type_is_another_type() {
    let ows = "https://open-workflow-specification.org";
    caught_as(
        &format!("{ows}/spec/1.0.0/errors/timeout"),
        expect![[r#"
        = faulted in step 2: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
    "#]],
    );
    caught_as(
        &format!("{ows}/elsewhere/communication"),
        expect![[r#"
        = faulted in step 2: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
    "#]],
    );
    caught_as(
        "https://example.com/spec/1.0.0/errors/communication",
        expect![[r#"
        = faulted in step 2: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
    "#]],
    );
    caught_as(
        "communication",
        expect![[r#"
        = faulted in step 2: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
    "#]],
    );
}

#[test]
fn a_filter_by_the_other_members() {
    let document = |with: &str| {
        format!(
            "
            do:
              - tries:
                  try:
                    - fails: {{raise: {{error: {{type: 'https://x.test/e', status: 400, title: T, detail: D}}}}}}
                  catch: {{errors: {{with: {{{with}}}}}}}
            "
        )
    };
    check_lines(
        &["="],
        &document("title: T, detail: D"),
        "",
        expect![[r#"
        = completed null
    "#]],
    );
    check_lines(
        &["="],
        &document("title: other"),
        "",
        expect![[r#"
        = faulted in step 2: 400 https://x.test/e at /do/0/tries/try/0/fails (T: D)
    "#]],
    );
    check_lines(
        &["="],
        &document("instance: /do/0/tries/try/0/fails"),
        "",
        expect![[r#"
        = completed null
    "#]],
    );
}

#[test]
fn when_and_except_when() {
    let document = around_call("{when: $error.status >= 500, exceptWhen: .status == 503}");
    check_lines(
        &WORDS,
        &document,
        "answer ask 500",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 2 /do/0/tries/try/0/ask fails: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): done with it
            = completed {"got":null}
        "#]],
    );
    check_lines(
        &WORDS,
        &document,
        "answer ask 503",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 503 communication (the service answered with an error: GET http://ask.test/ answered 503)
            +0s 2 /do/0/tries/try/0/ask fails: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            +0s 0 faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
            = faulted in step 2: 503 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 503)
        "#]],
    );
    check_lines(
        &WORDS,
        &document,
        "answer ask 404",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 404 communication (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 2 /do/0/tries/try/0/ask fails: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
            +0s 0 faulted in step 2: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
            = faulted in step 2: 404 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 404)
        "#]],
    );
}

#[test]
fn when_sees_input_and_context() {
    check_lines(
        &WORDS,
        &around_call("{as: e, when: $input.catch and $context.catch and $e.status == 500}"),
        "start {\"catch\":true}\nanswer ask 500",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 2 /do/0/tries/try/0/ask fails: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 1 /do/0/tries catches 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500): done with it
            = completed {"got":{"catch":true}}
        "#]],
    );
}

#[test]
fn a_filter_that_fails_puts_its_error_in_the_place_of_the_other() {
    check_lines(
        &WORDS,
        &around_call("{when: '1 | keys'}"),
        "answer ask 500\nretry",
        expect![[r#"
            = running · unanswered: ask
            +0s 2 /do/0/tries/try/0/ask #1 fails: 500 communication (the service answered with an error: GET http://ask.test/ answered 500) maybe-run
            +0s 2 /do/0/tries/try/0/ask fails: 500 communication at /do/0/tries/try/0/ask (the service answered with an error: GET http://ask.test/ answered 500)
            +0s 1 /do/0/tries fails: 400 expression at /do/0/tries (an expression failed: catch.when: cannot use 1 as array or object)
            +0s 0 faulted in step 1: 400 expression at /do/0/tries (an expression failed: catch.when: cannot use 1 as array or object)
            = faulted in step 1: 400 expression at /do/0/tries (an expression failed: catch.when: cannot use 1 as array or object)
            = running · unanswered: ask
        "#]],
    );
}

#[test]
fn the_next_try_around_is_asked() {
    check_lines(
        &WORDS,
        "
        do:
          - outer:
              try:
                - inner:
                    try:
                      - fails: {raise: {error: {type: 'https://x.test/e', status: 400}}}
                    catch: {errors: {with: {status: 500}}}
              catch: {do: [{handle: {set: {at: '${ $error.instance }'}}}]}
        ",
        "",
        expect![[r#"
            +0s 3 /do/0/outer/try/0/inner/try/0/fails begins
            +0s 3 /do/0/outer/try/0/inner/try/0/fails fails: 400 https://x.test/e at /do/0/outer/try/0/inner/try/0/fails
            +0s 1 /do/0/outer catches 400 https://x.test/e at /do/0/outer/try/0/inner/try/0/fails: handled from handle
            +0s 4 /do/0/outer/catch/do/0/handle done output {"at":"/do/0/outer/try/0/inner/try/0/fails"} → end of scope
            +0s 0 completed {"at":"/do/0/outer/try/0/inner/try/0/fails"}
            = completed {"at":"/do/0/outer/try/0/inner/try/0/fails"}
        "#]],
    );
}

#[test]
fn an_error_of_the_handler_is_not_caught_by_its_own_try() {
    check_lines(
        &WORDS,
        "
        do:
          - outer:
              try:
                - inner:
                    try:
                      - fails: {raise: {error: {type: 'https://x.test/one', status: 400}}}
                    catch:
                      do:
                        - again: {raise: {error: {type: 'https://x.test/two', status: 500, detail: '${ $error.type }'}}}
              catch: {as: last, do: [{handle: {set: {type: '${ $last.type }', detail: '${ $last.detail }'}}}]}
        ",
        "",
        expect![[r#"
            +0s 3 /do/0/outer/try/0/inner/try/0/fails begins
            +0s 3 /do/0/outer/try/0/inner/try/0/fails fails: 400 https://x.test/one at /do/0/outer/try/0/inner/try/0/fails
            +0s 2 /do/0/outer/try/0/inner catches 400 https://x.test/one at /do/0/outer/try/0/inner/try/0/fails: handled from again
            +0s 4 /do/0/outer/try/0/inner/catch/do/0/again fails: 500 https://x.test/two at /do/0/outer/try/0/inner/catch/do/0/again (https://x.test/one)
            +0s 1 /do/0/outer catches 500 https://x.test/two at /do/0/outer/try/0/inner/catch/do/0/again (https://x.test/one): handled from handle
            = completed {"type":"https://x.test/two","detail":"https://x.test/one"}
        "#]],
    );
}

#[test]
fn catch_then_says_where_to_go() {
    check_lines(
        &["begins", "done", "="],
        "
        do:
          - tries:
              try: [{fails: {raise: {error: {type: 'https://x.test/e', status: 400}}}}]
              catch: {then: last}
          - never: {set: {n: 1}}
          - last: {set: {n: 2}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/fails begins
            +0s 1 /do/0/tries catches 400 https://x.test/e at /do/0/tries/try/0/fails: done with it
            +0s 1 /do/0/tries done → last
            +0s 3 /do/2/last begins
            +0s 3 /do/2/last done output {"n":2} → end of scope
            = completed {"n":2}
        "#]],
    );
}

#[test]
fn catch_then_is_for_the_caught_alone() {
    check_lines(
        &["begins", "="],
        "
        do:
          - tries:
              try: [{works: {set: {n: 0}}}]
              catch: {then: last}
          - between: {set: {n: 1}}
          - last: {set: {n: '${ .n + 1 }'}}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/works begins
            +0s 3 /do/1/between begins
            +0s 4 /do/2/last begins
            = completed {"n":2}
        "#]],
    );
}

#[test]
fn what_runs_beside_a_caught_error_is_abandoned() {
    check(
        "
        do:
          - tries:
              try:
                - both:
                    fork:
                      branches:
                        - ask: {call: http, with: {method: get, endpoint: http://ask.test/}}
                        - waits: {wait: {seconds: 9}}
                        - fails:
                            do:
                              - pause: {wait: {seconds: 1}}
                              - raises: {raise: {error: {type: 'https://x.test/e', status: 400}}}
              catch: {}
          - after: {wait: {seconds: 20}}
        ",
        "
        advance 1s
        late ask 404
        advance 20s
        ",
        expect![[r#"
            > start
            +0s 0 started
            +0s 1 /do/0/tries begins
            +0s 2 /do/0/tries/try/0/both begins fork of ask, waits, fails
            +0s 3 /do/0/tries/try/0/both/fork/branches/0/ask begins
            +0s 3 /do/0/tries/try/0/both/fork/branches/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
            +0s 4 /do/0/tries/try/0/both/fork/branches/1/waits begins
            +0s 4 /do/0/tries/try/0/both/fork/branches/1/waits waits until +9s
            +0s 5 /do/0/tries/try/0/both/fork/branches/2/fails begins
            +0s 6 /do/0/tries/try/0/both/fork/branches/2/fails/do/0/pause begins
            +0s 6 /do/0/tries/try/0/both/fork/branches/2/fails/do/0/pause waits until +1s
            = running · due +1s · unanswered: ask
            > advance 1s
            +1s 6 /do/0/tries/try/0/both/fork/branches/2/fails/do/0/pause timer Wait
            +1s 6 /do/0/tries/try/0/both/fork/branches/2/fails/do/0/pause done → raises
            +1s 7 /do/0/tries/try/0/both/fork/branches/2/fails/do/1/raises begins
            +1s 7 /do/0/tries/try/0/both/fork/branches/2/fails/do/1/raises fails: 400 https://x.test/e at /do/0/tries/try/0/both/fork/branches/2/fails/do/1/raises
            +1s 3 /do/0/tries/try/0/both/fork/branches/0/ask abandons #1 ⇒ withdraw
            +1s 1 /do/0/tries catches 400 https://x.test/e at /do/0/tries/try/0/both/fork/branches/2/fails/do/1/raises: done with it
            +1s 1 /do/0/tries done → after
            +1s 8 /do/1/after begins
            +1s 8 /do/1/after waits until +21s
            = waiting · due +21s · unanswered: ask (abandoned)
            > late ask 404
            +1s 3 /do/0/tries/try/0/both/fork/branches/0/ask #1 fails: 404 communication (the service answered with an error: an abandoned attempt answered 404)
            = waiting · due +21s
            > advance 20s
            +21s 8 /do/1/after timer Wait
            +21s 8 /do/1/after done → end of scope
            +21s 0 completed null
            = completed null
        "#]],
    );
}
