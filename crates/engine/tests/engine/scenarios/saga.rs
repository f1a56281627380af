//! What is undone, when, in which order and how often.
#![expect(clippy::too_many_lines, reason = "a story of undoing is told whole")]

use expect_test::{Expect, expect};

use crate::harness::{Setup, catalog, check_lines, check_lines_with, parent};

/// Lines that tell of calls and their undo.
const STORY: [&str; 15] = [
    "> ",
    "= ",
    "calls",
    "undo",
    "abandons",
    "faulted",
    "cancelled",
    "completed",
    "incident",
    "again at",
    "asks",
    "lets",
    "catches",
    "child",
    "! ",
];

/// A task that calls `http://s/NAME` and is undone by a call of `http://s/un-NAME`, with the input of the undo as its body.
fn step(name: &str) -> String {
    format!(
        "{name}: {{call: http, with: {{method: post, endpoint: 'http://s/{name}'}}, metadata: {{motet: {{compensate: [{{un-{name}: {}}}]}}}}}}",
        undo(name)
    )
}

fn undo(name: &str) -> String {
    format!(
        "{{call: http, with: {{method: post, endpoint: 'http://s/un-{name}', body: '${{ {{outcome, output, error: .error.status?}} }}'}}}}"
    )
}

fn plain(name: &str) -> String {
    format!("{name}: {{call: http, with: {{method: post, endpoint: 'http://s/{name}'}}}}")
}

/// The tasks one after the other, each a flow mapping without braces.
fn tasks(tasks: &[&str]) -> String {
    let items = tasks.iter().map(|task| format!("{{{task}}}"));
    format!("do: [{}]", items.collect::<Vec<_>>().join(", "))
}

fn story(document: &str, script: &str, expected: Expect) {
    check_lines(&STORY, document, script, expected);
}

fn story_with(setup: Setup, document: &str, script: &str, expected: Expect) {
    check_lines_with(setup, &STORY, document, script, expected);
}

#[test]
fn an_error_undoes_what_was_completed_newest_first() {
    story(
        &tasks(&[&step("a"), &step("b"), &plain("c")]),
        "answer a 200 1\nanswer b 200 2\nanswer c 422\nanswer un-b 200\nanswer un-a 200\nretry",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 200 2
            +0s 3 /do/2/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: c
            > answer c 422
            +0s 0 undo begins: 422 communication at /do/2/c (the service answered with an error: POST http://s/c answered 422)
            +0s 4 /do/1/b undoes step 2
            +0s 5 /do/1/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 4 /do/1/b undone
            +0s 6 /do/0/a undoes step 1
            +0s 7 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K5 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 6 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/2/c (the service answered with an error: POST http://s/c answered 422)
            = faulted in step 0: 422 communication at /do/2/c (the service answered with an error: POST http://s/c answered 422)
            > retry
            ! the instance is faulted: what it did was undone: start another one
            = faulted in step 0: 422 communication at /do/2/c (the service answered with an error: POST http://s/c answered 422)
        "#]],
    );
}

#[test]
fn what_may_have_run_is_undone_and_what_surely_did_not_is_not() {
    for (outcome, _) in [("silence", ""), ("timeout", ""), ("500", ""), ("408", "")] {
        let way = if outcome.starts_with(char::is_numeric) { "answer" } else { "fail" };
        let script = format!("{way} a {outcome}");
        let transcript = crate::harness::transcript(&tasks(&[&step("a")]), &script);
        assert!(transcript.contains("undoes step 1"), "{outcome}:\n{transcript}");
    }
    for outcome in ["fail a connection", "answer a 404", "answer a 429", "answer a 503"] {
        let transcript = crate::harness::transcript(&tasks(&[&step("a")]), outcome);
        assert!(!transcript.contains("undoes"), "{outcome}:\n{transcript}");
        assert!(transcript.contains("faulted"), "{outcome}:\n{transcript}");
    }
}

#[test]
fn the_undo_is_told_that_the_outcome_is_unknown() {
    story(
        &tasks(&[&step("a")]),
        "answer a 500\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 500
        +0s 0 undo begins: 500 communication at /do/0/a (the service answered with an error: POST http://s/a answered 500)
        +0s 2 /do/0/a undoes step 1
        +0s 3 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"unknown","output":null,"error":500} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 2 /do/0/a undone
        +0s 0 undo is over
        +0s 0 faulted in step 0: 500 communication at /do/0/a (the service answered with an error: POST http://s/a answered 500)
        = faulted in step 0: 500 communication at /do/0/a (the service answered with an error: POST http://s/a answered 500)
    "#]],
    );
}

#[test]
fn a_completed_call_is_undone_also_when_its_output_failed() {
    let failing = step("a").replace("metadata:", "output: {as: '${ error(\"no\") }'}, metadata:");
    story(
        &tasks(&[&failing]),
        "answer a 200 1\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 0 undo begins: 400 expression at /do/0/a (an expression failed: output: no)
        +0s 2 /do/0/a undoes step 1
        +0s 3 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 2 /do/0/a undone
        +0s 0 undo is over
        +0s 0 faulted in step 0: 400 expression at /do/0/a (an expression failed: output: no)
        = faulted in step 0: 400 expression at /do/0/a (an expression failed: output: no)
    "#]],
    );
}

#[test]
fn what_is_sent_again_after_a_crash_may_have_run_whatever_it_answers_now() {
    let script = "doubt a\nanswer a 503\nanswer un-a 200";
    let transcript = crate::harness::transcript(&tasks(&[&step("a")]), script);
    assert!(transcript.contains("undoes step 1"), "{transcript}");
    assert!(transcript.contains(r#""outcome":"unknown""#), "{transcript}");
}

#[test]
fn a_retried_try_is_undone_once() {
    let body = format!("[{{{}}}, {{{}}}]", step("a"), plain("b"));
    let retry = "{retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}";
    story(
        &tasks(&[&format!("t: {{try: {body}, catch: {retry}}}")]),
        "answer a 200 1\nanswer b 500\nadvance 1s\nanswer a 200 1\nanswer b 500\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/0/t/try/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 500
            +0s 1 /do/0/t catches 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500): retry 1 at +1s
            = waiting · due +1s
            > advance 1s
            +1s 4 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +61s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +1s 5 /do/0/t/try/1/b calls #1 K2 POST http://s/b until +61s ⇒ call
            = running · unanswered: b
            > answer b 500
            +1s 0 undo begins: 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500)
            +1s 6 /do/0/t/try/0/a undoes step 4
            +1s 7 /do/0/t/try/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +61s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +1s 6 /do/0/t/try/0/a undone
            +1s 0 undo is over
            +1s 0 faulted in step 0: 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500)
            = faulted in step 0: 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500)
        "#]],
    );
}

#[test]
fn a_later_attempt_does_not_take_back_what_an_earlier_one_may_have_done() {
    let retry = "{retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}}";
    story(
        &tasks(&[&format!("t: {{try: [{{{}}}], catch: {retry}}}", step("a"))]),
        "answer a 500\nadvance 1s\nanswer a 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 500
            +0s 1 /do/0/t catches 500 communication at /do/0/t/try/0/a (the service answered with an error: POST http://s/a answered 500): retry 1 at +1s
            = waiting · due +1s
            > advance 1s
            +1s 3 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +61s ⇒ call
            = running · unanswered: a
            > answer a 422
            +1s 0 undo begins: 422 communication at /do/0/t/try/0/a (the service answered with an error: POST http://s/a answered 422)
            +1s 4 /do/0/t/try/0/a undoes step 2
            +1s 5 /do/0/t/try/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"unknown","output":null,"error":500} until +61s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +1s 4 /do/0/t/try/0/a undone
            +1s 0 undo is over
            +1s 0 faulted in step 0: 422 communication at /do/0/t/try/0/a (the service answered with an error: POST http://s/a answered 422)
            = faulted in step 0: 422 communication at /do/0/t/try/0/a (the service answered with an error: POST http://s/a answered 422)
        "#]],
    );
}

#[test]
fn the_own_undo_of_a_task_replaces_those_inside_once_it_is_complete() {
    let group = |rest: &str| {
        format!(
            "g: {{do: [{{{}}}{rest}], metadata: {{motet: {{compensate: [{{un-g: {}}}]}}}}}}",
            step("a"),
            undo("g")
        )
    };
    story(
        &tasks(&[&group(""), &plain("z")]),
        "answer a 200 1\nanswer z 422\nanswer un-g 200",
        expect![[r#"
            > start
            +0s 2 /do/0/g/do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/1/z calls #1 K2 POST http://s/z until +60s ⇒ call
            = running · unanswered: z
            > answer z 422
            +0s 0 undo begins: 422 communication at /do/1/z (the service answered with an error: POST http://s/z answered 422)
            +0s 4 /do/0/g undoes step 1
            +0s 5 /do/0/g/metadata/motet/compensate/0/un-g calls #1 K3 POST http://s/un-g json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-g
            > answer un-g 200
            +0s 4 /do/0/g undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/z (the service answered with an error: POST http://s/z answered 422)
            = faulted in step 0: 422 communication at /do/1/z (the service answered with an error: POST http://s/z answered 422)
        "#]],
    );
    // Before that those inside are undone, and it is itself only where something inside is undone by nothing else.
    story(
        &tasks(&[&group(&format!(", {{{}}}", plain("z")))]),
        "answer a 200 1\nanswer z 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/g/do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/0/g/do/1/z calls #1 K2 POST http://s/z until +60s ⇒ call
            = running · unanswered: z
            > answer z 422
            +0s 0 undo begins: 422 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 422)
            +0s 4 /do/0/g/do/0/a undoes step 2
            +0s 5 /do/0/g/do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/g/do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 422)
            = faulted in step 0: 422 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 422)
        "#]],
    );
    story(
        &tasks(&[&group(&format!(", {{{}}}", plain("z")))]),
        "answer a 200 1\nanswer z 500\nanswer un-a 200\nanswer un-g 200",
        expect![[r#"
            > start
            +0s 2 /do/0/g/do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/0/g/do/1/z calls #1 K2 POST http://s/z until +60s ⇒ call
            = running · unanswered: z
            > answer z 500
            +0s 0 undo begins: 500 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 500)
            +0s 4 /do/0/g/do/0/a undoes step 2
            +0s 5 /do/0/g/do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/g/do/0/a undone
            +0s 6 /do/0/g undoes step 1
            +0s 7 /do/0/g/metadata/motet/compensate/0/un-g calls #1 K4 POST http://s/un-g json {"outcome":"unknown","output":null,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-g
            > answer un-g 200
            +0s 6 /do/0/g undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 500 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 500)
            = faulted in step 0: 500 communication at /do/0/g/do/1/z (the service answered with an error: POST http://s/z answered 500)
        "#]],
    );
}

#[test]
fn a_saga_is_undone_before_the_error_reaches_an_outer_catch() {
    let saga = format!(
        "s: {{do: [{{{}}}, {{{}}}], metadata: {{motet: {{saga: true}}}}}}",
        step("b"),
        plain("c")
    );
    let handler = "{do: [{h: {set: {handled: true}}}]}";
    story(
        &tasks(&[&step("a"), &format!("t: {{try: [{{{saga}}}], catch: {handler}}}"), &plain("d")]),
        "answer a 200 1\nanswer b 200 2\nanswer c 500\nanswer un-b 200\nanswer d 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 4 /do/1/t/try/0/s/do/0/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 200 2
            +0s 5 /do/1/t/try/0/s/do/1/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: c
            > answer c 500
            +0s 3 /do/1/t/try/0/s undo begins: 500 communication at /do/1/t/try/0/s/do/1/c (the service answered with an error: POST http://s/c answered 500)
            +0s 6 /do/1/t/try/0/s/do/0/b undoes step 4
            +0s 7 /do/1/t/try/0/s/do/0/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 6 /do/1/t/try/0/s/do/0/b undone
            +0s 3 /do/1/t/try/0/s undo is over
            +0s 2 /do/1/t catches 500 communication at /do/1/t/try/0/s/do/1/c (the service answered with an error: POST http://s/c answered 500): handled from h
            +0s 9 /do/2/d calls #1 K5 POST http://s/d until +60s ⇒ call
            = running · unanswered: d
            > answer d 200
            +0s 0 completed null
            = completed null
        "#]],
    );
}

#[test]
fn the_body_of_a_try_that_is_a_saga_is_undone_before_its_own_handler_but_not_before_a_retry() {
    let catch = "{retry: {delay: {seconds: 1}, limit: {attempt: {count: 1}}}, do: [{h: {set: {handled: true}}}]}";
    story(
        &tasks(&[&format!(
            "t: {{try: [{{{}}}, {{{}}}], catch: {catch}, metadata: {{motet: {{saga: true}}}}}}",
            step("a"),
            plain("b")
        )]),
        "answer a 200 1\nanswer b 500\nadvance 1s\nanswer a 200 1\nanswer b 500\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/0/t/try/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 500
            +0s 1 /do/0/t catches 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500): retry 1 at +1s
            = waiting · due +1s
            > advance 1s
            +1s 4 /do/0/t/try/0/a calls #1 K1 POST http://s/a until +61s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +1s 5 /do/0/t/try/1/b calls #1 K2 POST http://s/b until +61s ⇒ call
            = running · unanswered: b
            > answer b 500
            +1s 1 /do/0/t undo begins: 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500), then handled from h
            +1s 6 /do/0/t/try/0/a undoes step 4
            +1s 7 /do/0/t/try/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +61s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +1s 6 /do/0/t/try/0/a undone
            +1s 1 /do/0/t undo is over
            +1s 1 /do/0/t catches 500 communication at /do/0/t/try/1/b (the service answered with an error: POST http://s/b answered 500): handled from h
            +1s 0 completed {"handled":true}
            = completed {"handled":true}
        "#]],
    );
}

#[test]
fn what_was_undone_begins_under_other_keys_when_it_begins_again() {
    let saga = format!(
        "s: {{do: [{{{}}}, {{{}}}], metadata: {{motet: {{saga: true}}}}}}",
        step("a"),
        plain("b")
    );
    let retry = "{retry: {delay: {seconds: 1}, limit: {attempt: {count: 2}}}}";
    story(
        &tasks(&[&format!("t: {{try: [{{{saga}}}], catch: {retry}}}")]),
        "answer a 200 1\nanswer b 500\nanswer un-a 200\nadvance 1s\nanswer a 200 2\nanswer b 500\nanswer un-a 200\nadvance 1s\nanswer a 200 3\nanswer b 200",
        expect![[r#"
            > start
            +0s 3 /do/0/t/try/0/s/do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 4 /do/0/t/try/0/s/do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 500
            +0s 2 /do/0/t/try/0/s undo begins: 500 communication at /do/0/t/try/0/s/do/1/b (the service answered with an error: POST http://s/b answered 500)
            +0s 5 /do/0/t/try/0/s/do/0/a undoes step 3
            +0s 6 /do/0/t/try/0/s/do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 5 /do/0/t/try/0/s/do/0/a undone
            +0s 2 /do/0/t/try/0/s undo is over
            +0s 1 /do/0/t catches 500 communication at /do/0/t/try/0/s/do/1/b (the service answered with an error: POST http://s/b answered 500): retry 1 at +1s
            = waiting · due +1s
            > advance 1s
            +1s 8 /do/0/t/try/0/s/do/0/a calls #1 K4 POST http://s/a until +61s ⇒ call
            = running · unanswered: a
            > answer a 200 2
            +1s 9 /do/0/t/try/0/s/do/1/b calls #1 K5 POST http://s/b until +61s ⇒ call
            = running · unanswered: b
            > answer b 500
            +1s 7 /do/0/t/try/0/s undo begins: 500 communication at /do/0/t/try/0/s/do/1/b (the service answered with an error: POST http://s/b answered 500)
            +1s 10 /do/0/t/try/0/s/do/0/a undoes step 8
            +1s 11 /do/0/t/try/0/s/do/0/a/metadata/motet/compensate/0/un-a calls #1 K6 POST http://s/un-a json {"outcome":"completed","output":2,"error":null} until +61s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +1s 10 /do/0/t/try/0/s/do/0/a undone
            +1s 7 /do/0/t/try/0/s undo is over
            +1s 1 /do/0/t catches 500 communication at /do/0/t/try/0/s/do/1/b (the service answered with an error: POST http://s/b answered 500): retry 2 at +2s
            = waiting · due +2s
            > advance 1s
            +2s 13 /do/0/t/try/0/s/do/0/a calls #1 K7 POST http://s/a until +62s ⇒ call
            = running · unanswered: a
            > answer a 200 3
            +2s 14 /do/0/t/try/0/s/do/1/b calls #1 K8 POST http://s/b until +62s ⇒ call
            = running · unanswered: b
            > answer b 200
            +2s 0 completed null
            = completed null
        "#]],
    );
}

#[test]
fn a_saga_that_is_complete_is_undone_with_the_one_around_it() {
    let saga = format!("s: {{do: [{{{}}}], metadata: {{motet: {{saga: true}}}}}}", step("a"));
    story(
        &tasks(&[&saga, &plain("b")]),
        "answer a 200 1\nanswer b 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/s/do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 4 /do/0/s/do/0/a undoes step 2
            +0s 5 /do/0/s/do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/s/do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}

#[test]
fn a_cancel_undoes_and_waits_for_what_it_abandons() {
    let document = tasks(&[&step("a"), &step("b")]);
    story(
        &document,
        "answer a 200 1\ncancel\nlate b 200 2\ncancel\nanswer un-b 200\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > cancel
            +0s 2 /do/1/b abandons #1 ⇒ withdraw
            +0s 0 undo begins: cancelled
            = running (compensating) · unanswered: b (abandoned)
            > late b 200 2
            +0s 3 /do/1/b undoes step 2
            +0s 4 /do/1/b/metadata/motet/compensate/0/un-b calls #1 K3 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > cancel
            ! the instance is running: it is being undone already
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 3 /do/1/b undone
            +0s 5 /do/0/a undoes step 1
            +0s 6 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K4 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 5 /do/0/a undone
            +0s 0 undo is over
            +0s 0 cancelled
            = cancelled
        "#]],
    );
    story(
        &document,
        "answer a 200 1\ncancel\nlate b withdrawn\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
        = running · unanswered: b
        > cancel
        +0s 2 /do/1/b abandons #1 ⇒ withdraw
        +0s 0 undo begins: cancelled
        = running (compensating) · unanswered: b (abandoned)
        > late b withdrawn
        +0s 3 /do/0/a undoes step 1
        +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 3 /do/0/a undone
        +0s 0 undo is over
        +0s 0 cancelled
        = cancelled
    "#]],
    );
    story(
        &document,
        "answer a 200 1\ncancel\nlate b silence\nanswer un-b 200\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > cancel
            +0s 2 /do/1/b abandons #1 ⇒ withdraw
            +0s 0 undo begins: cancelled
            = running (compensating) · unanswered: b (abandoned)
            > late b silence
            +0s 3 /do/1/b undoes step 2
            +0s 4 /do/1/b/metadata/motet/compensate/0/un-b calls #1 K3 POST http://s/un-b json {"outcome":"unknown","output":null,"error":500} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 3 /do/1/b undone
            +0s 5 /do/0/a undoes step 1
            +0s 6 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K4 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 5 /do/0/a undone
            +0s 0 undo is over
            +0s 0 cancelled
            = cancelled
        "#]],
    );
    story(
        &document,
        "answer a 200 1\ncancel uncompensated\nlate b 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
        = running · unanswered: b
        > cancel uncompensated
        +0s 2 /do/1/b abandons #1 ⇒ withdraw
        +0s 0 cancelled
        = cancelled · unanswered: b (abandoned)
        > late b 200
        = cancelled
    "#]],
    );
    story(
        &document,
        "answer a 200 1\ncancel\nlate b withdrawn\ncancel uncompensated\nlate un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > cancel
            +0s 2 /do/1/b abandons #1 ⇒ withdraw
            +0s 0 undo begins: cancelled
            = running (compensating) · unanswered: b (abandoned)
            > late b withdrawn
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > cancel uncompensated
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a abandons #1 ⇒ withdraw
            +0s 0 cancelled
            = cancelled · unanswered: un-a (abandoned)
            > late un-a 200
            = cancelled
        "#]],
    );
}

#[test]
fn branches_are_undone_in_the_order_of_their_beginnings() {
    let fork = format!(
        "f: {{fork: {{branches: [{{{}}}, {{{}}}, {{{}}}]}}}}",
        step("a"),
        step("b"),
        plain("c")
    );
    story(
        &tasks(&[&fork]),
        "answer b 200 2\nanswer c 422\nlate a 200 1\nanswer un-b 200\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            +0s 4 /do/0/f/fork/branches/2/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: a, b, c
            > answer b 200 2
            = running · unanswered: a, c
            > answer c 422
            +0s 2 /do/0/f/fork/branches/0/a abandons #1 ⇒ withdraw
            +0s 0 undo begins: 422 communication at /do/0/f/fork/branches/2/c (the service answered with an error: POST http://s/c answered 422)
            = running (compensating) · unanswered: a (abandoned)
            > late a 200 1
            +0s 5 /do/0/f/fork/branches/1/b undoes step 3
            +0s 6 /do/0/f/fork/branches/1/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 5 /do/0/f/fork/branches/1/b undone
            +0s 7 /do/0/f/fork/branches/0/a undoes step 2
            +0s 8 /do/0/f/fork/branches/0/a/metadata/motet/compensate/0/un-a calls #1 K5 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 7 /do/0/f/fork/branches/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/0/f/fork/branches/2/c (the service answered with an error: POST http://s/c answered 422)
            = faulted in step 0: 422 communication at /do/0/f/fork/branches/2/c (the service answered with an error: POST http://s/c answered 422)
        "#]],
    );
}

#[test]
fn losers_of_a_race_are_undone_as_they_settle_and_the_winner_does_not_wait() {
    let race =
        format!("f: {{fork: {{compete: true, branches: [{{{}}}, {{{}}}]}}}}", step("a"), step("b"));
    let document = tasks(&[&race, &plain("c")]);
    story(
        &document,
        "answer a 200 1\nlate b 200 2\nanswer c 200 3\nanswer un-b 200",
        expect![[r#"
            > start
            +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: a, b
            > answer a 200 1
            +0s 3 /do/0/f/fork/branches/1/b abandons #1 ⇒ withdraw
            +0s 4 /do/1/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: b (abandoned), c
            > late b 200 2
            +0s 5 /do/0/f/fork/branches/1/b undoes step 3
            +0s 6 /do/0/f/fork/branches/1/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running · unanswered: c, un-b
            > answer c 200 3
            +0s 0 undo begins: finishing
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 5 /do/0/f/fork/branches/1/b undone
            +0s 0 undo is over
            +0s 0 completed 3
            = completed 3
        "#]],
    );
    // The end waits for what is open.
    story(
        &document,
        "answer a 200 1\nanswer c 200 3\nlate b 200 2\nanswer un-b 200",
        expect![[r#"
            > start
            +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: a, b
            > answer a 200 1
            +0s 3 /do/0/f/fork/branches/1/b abandons #1 ⇒ withdraw
            +0s 4 /do/1/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: b (abandoned), c
            > answer c 200 3
            +0s 0 undo begins: finishing
            = running (compensating) · unanswered: b (abandoned)
            > late b 200 2
            +0s 5 /do/0/f/fork/branches/1/b undoes step 3
            +0s 6 /do/0/f/fork/branches/1/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 5 /do/0/f/fork/branches/1/b undone
            +0s 0 undo is over
            +0s 0 completed 3
            = completed 3
        "#]],
    );
    story(
        &document,
        "answer a 200 1\nanswer c 200 3\nlate b withdrawn",
        expect![[r#"
        > start
        +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
        = running · unanswered: a, b
        > answer a 200 1
        +0s 3 /do/0/f/fork/branches/1/b abandons #1 ⇒ withdraw
        +0s 4 /do/1/c calls #1 K3 POST http://s/c until +60s ⇒ call
        = running · unanswered: b (abandoned), c
        > answer c 200 3
        +0s 0 undo begins: finishing
        = running (compensating) · unanswered: b (abandoned)
        > late b withdrawn
        +0s 0 undo is over
        +0s 0 completed 3
        = completed 3
    "#]],
    );
    // An error undoes the winner, too, after what is newer.
    story(
        &document,
        "answer a 200 1\nanswer c 422\nlate b 200 2\nanswer un-b 200\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: a, b
            > answer a 200 1
            +0s 3 /do/0/f/fork/branches/1/b abandons #1 ⇒ withdraw
            +0s 4 /do/1/c calls #1 K3 POST http://s/c until +60s ⇒ call
            = running · unanswered: b (abandoned), c
            > answer c 422
            +0s 0 undo begins: 422 communication at /do/1/c (the service answered with an error: POST http://s/c answered 422)
            = running (compensating) · unanswered: b (abandoned)
            > late b 200 2
            +0s 5 /do/0/f/fork/branches/1/b undoes step 3
            +0s 6 /do/0/f/fork/branches/1/b/metadata/motet/compensate/0/un-b calls #1 K4 POST http://s/un-b json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-b
            > answer un-b 200
            +0s 5 /do/0/f/fork/branches/1/b undone
            +0s 7 /do/0/f/fork/branches/0/a undoes step 2
            +0s 8 /do/0/f/fork/branches/0/a/metadata/motet/compensate/0/un-a calls #1 K5 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 7 /do/0/f/fork/branches/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/c (the service answered with an error: POST http://s/c answered 422)
            = faulted in step 0: 422 communication at /do/1/c (the service answered with an error: POST http://s/c answered 422)
        "#]],
    );
}

#[test]
fn a_saga_that_a_sibling_cuts_off_is_undone_before_the_error_goes_on() {
    let saga = format!(
        "s: {{do: [{{{}}}, {{{}}}], metadata: {{motet: {{saga: true}}}}}}",
        step("a"),
        plain("b")
    );
    let fork = format!("f: {{fork: {{branches: [{{{saga}}}, {{{}}}]}}}}", plain("c"));
    story(
        &tasks(&[&format!("t: {{try: [{{{fork}}}], catch: {{do: [{{h: {{set: {{x: 1}}}}}}]}}}}")]),
        "answer a 200 1\nanswer c 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 4 /do/0/t/try/0/f/fork/branches/1/c calls #1 K1 POST http://s/c until +60s ⇒ call
            +0s 5 /do/0/t/try/0/f/fork/branches/0/s/do/0/a calls #1 K2 POST http://s/a until +60s ⇒ call
            = running · unanswered: c, a
            > answer a 200 1
            +0s 6 /do/0/t/try/0/f/fork/branches/0/s/do/1/b calls #1 K3 POST http://s/b until +60s ⇒ call
            = running · unanswered: c, b
            > answer c 422
            +0s 6 /do/0/t/try/0/f/fork/branches/0/s/do/1/b abandons #1 ⇒ withdraw
            +0s 1 /do/0/t undo begins: 422 communication at /do/0/t/try/0/f/fork/branches/1/c (the service answered with an error: POST http://s/c answered 422), then handled from h
            +0s 7 /do/0/t/try/0/f/fork/branches/0/s/do/0/a undoes step 5
            +0s 8 /do/0/t/try/0/f/fork/branches/0/s/do/0/a/metadata/motet/compensate/0/un-a calls #1 K4 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: b (abandoned), un-a
            > answer un-a 200
            +0s 7 /do/0/t/try/0/f/fork/branches/0/s/do/0/a undone
            +0s 1 /do/0/t undo is over
            +0s 1 /do/0/t catches 422 communication at /do/0/t/try/0/f/fork/branches/1/c (the service answered with an error: POST http://s/c answered 422): handled from h
            +0s 0 completed {"x":1}
            = completed {"x":1} · unanswered: b (abandoned)
        "#]],
    );
}

#[test]
fn behind_the_pivot_there_is_only_forward() {
    let pivot = plain("p").replace("call: http", "metadata: {motet: {pivot: true}}, call: http");
    let document = tasks(&[&step("a"), &pivot, &plain("b")]);
    story(
        &document,
        "answer a 200 1\nanswer p 200\ncancel\nfail b connection\nadvance 2s\nanswer b 500\nadvance 3s\nanswer b 422\nretry\nanswer b 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/p calls #1 K2 POST http://s/p until +60s ⇒ call
            = running · unanswered: p
            > answer p 200
            +0s 3 /do/2/b calls #1 K3 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > cancel
            ! the instance is running: it is past its point of no return: say `force`
            = running · unanswered: b
            > fail b connection
            +0s 3 /do/2/b again at +1.189587s after 1: 500 communication at /do/2/b (the service was not reached: connection refused)
            = waiting · due +1.189587s
            > advance 2s
            +1.189587s 4 /do/2/b calls #1 K3 POST http://s/b until +61.189587s ⇒ call
            = running · unanswered: b
            > answer b 500
            +2s 4 /do/2/b again at +4.051303s after 2: 500 communication at /do/2/b (the service answered with an error: POST http://s/b answered 500)
            = waiting · due +4.051303s
            > advance 3s
            +4.051303s 5 /do/2/b calls #1 K3 POST http://s/b until +64.051303s ⇒ call
            = running · unanswered: b
            > answer b 422
            +5s 5 /do/2/b incident: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            = waiting · incident in step 5: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            > retry
            +5s 6 /do/2/b calls #1 K3 POST http://s/b until +65s ⇒ call
            = running · unanswered: b
            > answer b 200
            +5s 0 completed null
            = completed null
        "#]],
    );
    story(
        &document,
        "answer a 200 1\nanswer p 200\ncancel forced\nlate b 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/p calls #1 K2 POST http://s/p until +60s ⇒ call
            = running · unanswered: p
            > answer p 200
            +0s 3 /do/2/b calls #1 K3 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > cancel forced
            +0s 3 /do/2/b abandons #1 ⇒ withdraw
            +0s 0 undo begins: cancelled
            +0s 4 /do/0/a undoes step 1
            +0s 5 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K4 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: b (abandoned), un-a
            > late b 422
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/a undone
            +0s 0 undo is over
            +0s 0 cancelled
            = cancelled
        "#]],
    );
    // Before it is complete, everything is undone.
    story(
        &document,
        "answer a 200 1\nanswer p 422\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 2 /do/1/p calls #1 K2 POST http://s/p until +60s ⇒ call
        = running · unanswered: p
        > answer p 422
        +0s 0 undo begins: 422 communication at /do/1/p (the service answered with an error: POST http://s/p answered 422)
        +0s 3 /do/0/a undoes step 1
        +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 3 /do/0/a undone
        +0s 0 undo is over
        +0s 0 faulted in step 0: 422 communication at /do/1/p (the service answered with an error: POST http://s/p answered 422)
        = faulted in step 0: 422 communication at /do/1/p (the service answered with an error: POST http://s/p answered 422)
    "#]],
    );
    let raises = tasks(&[
        &step("a"),
        &pivot,
        "r: {raise: {error: {type: 'https://x.test/no', status: 409}}}",
    ]);
    story(
        &raises,
        "answer a 200 1\nanswer p 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 2 /do/1/p calls #1 K2 POST http://s/p until +60s ⇒ call
        = running · unanswered: p
        > answer p 200
        +0s 3 /do/2/r incident: 409 https://x.test/no at /do/2/r
        = waiting · incident in step 3: 409 https://x.test/no at /do/2/r
    "#]],
    );
}

#[test]
fn a_failed_undo_waits_for_a_person_and_an_outage_is_waited_out() {
    story(
        &tasks(&[&step("a"), &plain("b")]),
        "answer a 200 1\nanswer b 422\nfail un-a connection\nadvance 2s\nanswer un-a 503\nadvance 3s\nanswer un-a 422\nretry\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > fail un-a connection
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a again at +1.043513s after 1: 500 communication at /do/0/a/metadata/motet/compensate/0/un-a (the service was not reached: connection refused)
            = running (compensating) · due +1.043513s
            > advance 2s
            +1.043513s 5 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +61.043513s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 503
            +2s 5 /do/0/a/metadata/motet/compensate/0/un-a again at +4.05927s after 2: 503 communication at /do/0/a/metadata/motet/compensate/0/un-a (the service answered with an error: POST http://s/un-a answered 503)
            = running (compensating) · due +4.05927s
            > advance 3s
            +4.05927s 6 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +64.05927s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 422
            +5s 6 /do/0/a/metadata/motet/compensate/0/un-a incident: undo failed: 422 communication at /do/0/a/metadata/motet/compensate/0/un-a (the service answered with an error: POST http://s/un-a answered 422)
            = running (compensating) · incident in step 6: undo failed: 422 communication at /do/0/a/metadata/motet/compensate/0/un-a (the service answered with an error: POST http://s/un-a answered 422)
            > retry
            +5s 7 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +65s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +5s 3 /do/0/a undone
            +5s 0 undo is over
            +5s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}

#[test]
fn a_retry_hurries_what_was_put_off() {
    story(
        &tasks(&[&step("a"), &plain("b")]),
        "answer a 200 1\nanswer b 422\nfail un-a connection\nretry\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > fail un-a connection
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a again at +1.043513s after 1: 500 communication at /do/0/a/metadata/motet/compensate/0/un-a (the service was not reached: connection refused)
            = running (compensating) · due +1.043513s
            > retry
            +0s 5 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}

#[test]
fn an_undo_uses_the_whole_language() {
    let compensate = "[{look: {call: http, with: {method: get, endpoint: 'http://s/look'}}}, {which: {switch: [{none: {when: '${ .found | not }', then: exit}}]}}, {safely: {try: [{drop: {call: http, with: {method: delete, endpoint: 'http://s/drop'}}}], catch: {errors: {with: {status: 404}}}}}]";
    let task = format!(
        "a: {{call: http, with: {{method: post, endpoint: 'http://s/a'}}, metadata: {{motet: {{compensate: {compensate}}}}}}}"
    );
    let document = tasks(&[&task, &plain("b")]);
    story(
        &document,
        "answer a 200 1\nanswer b 422\nanswer look 200 {\"found\":false}",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/look calls #1 K3 GET http://s/look until +60s ⇒ call
            = running (compensating) · unanswered: look
            > answer look 200 {"found":false}
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
    story(
        &document,
        "answer a 200 1\nanswer b 422\nanswer look 200 {\"found\":true}\nanswer drop 404",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/look calls #1 K3 GET http://s/look until +60s ⇒ call
            = running (compensating) · unanswered: look
            > answer look 200 {"found":true}
            +0s 7 /do/0/a/metadata/motet/compensate/2/safely/try/0/drop calls #1 K4 DELETE http://s/drop until +60s ⇒ call
            = running (compensating) · unanswered: drop
            > answer drop 404
            +0s 6 /do/0/a/metadata/motet/compensate/2/safely catches 404 communication at /do/0/a/metadata/motet/compensate/2/safely/try/0/drop (the service answered with an error: DELETE http://s/drop answered 404): done with it
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}

#[test]
fn timeouts_do_not_apply_to_an_undo() {
    let document =
        format!("timeout: {{after: {{seconds: 10}}}}\n{}", tasks(&[&step("a"), &plain("b")]));
    story(
        &document,
        "answer a 200 1\nadvance 20s\nlate b withdrawn\nadvance 1h\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · due +10s · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · due +10s · unanswered: b
            > advance 20s
            +10s 2 /do/1/b abandons #1 ⇒ withdraw
            +10s 0 undo begins: 408 timeout at  (timed out: the workflow did not end within its timeout)
            +10s 3 /do/0/a undoes step 1
            +10s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +70s ⇒ call
            = running (compensating) · unanswered: b (abandoned), un-a
            > late b withdrawn
            = running (compensating) · unanswered: un-a
            > advance 1h
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +3620s 3 /do/0/a undone
            +3620s 0 undo is over
            +3620s 0 faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
            = faulted in step 0: 408 timeout at  (timed out: the workflow did not end within its timeout)
        "#]],
    );
}

#[test]
fn a_completed_child_is_undone_by_itself() {
    let setup = || Setup { catalog: catalog(&["test/saga-child:1.0.0"]), ..Setup::default() };
    let run = "c: {run: {workflow: {namespace: test, name: saga-child, version: latest}}}";
    let document = tasks(&[&step("a"), run, &plain("b")]);
    story_with(
        setup(),
        &document,
        "answer a 200 1\nchild c undoable 5\nanswer b 422\nundone c\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/c asks for test/saga-child:1.0.0 1 depth 1 ⇒ start child
            = waiting
            > child c undoable 5
            +0s 2 /do/1/c child gives 5, can be undone
            +0s 3 /do/2/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            +0s 4 /do/1/c undoes step 2
            +0s 4 /do/1/c asks the child to undo itself ⇒ undo child
            = running (compensating)
            > undone c
            +0s 4 /do/1/c undone
            +0s 5 /do/0/a undoes step 1
            +0s 6 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 5 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
    story_with(
        setup(),
        &document,
        "answer a 200 1\nchild c completed 5\nanswer b 422\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/c asks for test/saga-child:1.0.0 1 depth 1 ⇒ start child
            = waiting
            > child c completed 5
            +0s 2 /do/1/c child gives 5
            +0s 3 /do/2/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            +0s 4 /do/0/a undoes step 1
            +0s 5 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
    story_with(
        setup(),
        &document,
        "answer a 200 1\nchild c undoable 5\nanswer b 422\nundone c gone\nretry\nundone c\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/c asks for test/saga-child:1.0.0 1 depth 1 ⇒ start child
            = waiting
            > child c undoable 5
            +0s 2 /do/1/c child gives 5, can be undone
            +0s 3 /do/2/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            +0s 4 /do/1/c undoes step 2
            +0s 4 /do/1/c asks the child to undo itself ⇒ undo child
            = running (compensating)
            > undone c gone
            +0s 4 /do/1/c fails: 500 runtime at /do/1/c (the child is not to be had: gone)
            +0s 4 /do/1/c incident: undo failed: 500 runtime at /do/1/c (the child is not to be had: gone)
            = running (compensating) · incident in step 4: undo failed: 500 runtime at /do/1/c (the child is not to be had: gone)
            > retry
            +0s 5 /do/1/c undoes step 2
            +0s 5 /do/1/c asks the child to undo itself ⇒ undo child
            = running (compensating)
            > undone c
            +0s 5 /do/1/c undone
            +0s 6 /do/0/a undoes step 1
            +0s 7 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 6 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/2/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
    // One that was let go counts when it answers.
    story_with(
        setup(),
        &document,
        "answer a 200 1\ncancel\nchild c undoable 5\nundone c\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/c asks for test/saga-child:1.0.0 1 depth 1 ⇒ start child
            = waiting
            > cancel
            +0s 2 /do/1/c lets the child go ⇒ cancel child
            +0s 0 undo begins: cancelled
            = running (compensating)
            > child c undoable 5
            +0s 2 child gives 5, can be undone
            +0s 3 /do/1/c undoes step 2
            +0s 3 /do/1/c asks the child to undo itself ⇒ undo child
            = running (compensating)
            > undone c
            +0s 3 /do/1/c undone
            +0s 4 /do/0/a undoes step 1
            +0s 5 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 4 /do/0/a undone
            +0s 0 undo is over
            +0s 0 cancelled
            = cancelled
        "#]],
    );
    story_with(
        setup(),
        &document,
        "answer a 200 1\ncancel\nchild c cancelled\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/c asks for test/saga-child:1.0.0 1 depth 1 ⇒ start child
            = waiting
            > cancel
            +0s 2 /do/1/c lets the child go ⇒ cancel child
            +0s 0 undo begins: cancelled
            = running (compensating)
            > child c cancelled
            +0s 2 child fails: 500 runtime at /do/0/inChild (the child was cancelled: )
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 cancelled
            = cancelled
        "#]],
    );
}

#[test]
fn a_child_undoes_for_its_parent_what_it_completed() {
    let setup = || Setup { parent: Some(parent(1)), ..Setup::default() };
    story_with(
        setup(),
        &tasks(&[&step("a")]),
        "answer a 200 1\nundo\nanswer un-a 200\nundo",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 0 completed 1 ⇒ tell parent, can be undone
            = completed 1
            > undo
            +0s 0 undo begins: for the parent
            +0s 2 /do/0/a undoes step 1
            +0s 3 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 2 /do/0/a undone
            +0s 0 undo is over ⇒ tell parent it is undone
            +0s 0 cancelled: undone by its parent ⇒ tell parent
            = cancelled
            > undo
            ! the instance is cancelled: only what has completed can be undone by its parent
            = cancelled
        "#]],
    );
    story_with(
        setup(),
        &tasks(&[&plain("a")]),
        "answer a 200 1\nundo",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 0 completed 1 ⇒ tell parent
        = completed 1
        > undo
        +0s 0 undo begins: for the parent
        +0s 0 undo is over ⇒ tell parent it is undone
        +0s 0 cancelled: undone by its parent ⇒ tell parent
        = cancelled
    "#]],
    );
}

#[test]
fn too_much_to_undo_is_an_error_before_the_next_call() {
    story(
        &tasks(&[&step("a"), &step("b")]),
        "limit undo_entries_max 1\nstart\nanswer a 200 1\nanswer un-a 200",
        expect![[r#"
            > limit undo_entries_max 1
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b fails: 500 runtime at /do/1/b (too much to undo: undo_entries_max is 1)
            +0s 0 undo begins: 500 runtime at /do/1/b (too much to undo: undo_entries_max is 1)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K2 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 500 runtime at /do/1/b (too much to undo: undo_entries_max is 1)
            = faulted in step 0: 500 runtime at /do/1/b (too much to undo: undo_entries_max is 1)
        "#]],
    );
}

#[test]
fn an_instance_that_waits_for_a_person_undoes_nothing_until_it_is_cancelled() {
    let document = format!(
        "document:\n  {{dsl: '1.0.3', namespace: test, name: flow, version: '1.0.0', metadata: {{motet: {{onFault: incident}}}}}}\n{}",
        tasks(&[&step("a"), &plain("b")])
    );
    story(
        &document,
        "answer a 200 1\nanswer b 422\ncancel\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        = running · unanswered: a
        > answer a 200 1
        +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
        = running · unanswered: b
        > answer b 422
        +0s 2 /do/1/b incident: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        = waiting · incident in step 2: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        > cancel
        +0s 0 undo begins: cancelled
        +0s 3 /do/0/a undoes step 1
        +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 3 /do/0/a undone
        +0s 0 undo is over
        +0s 0 cancelled
        = cancelled
    "#]],
    );
}

#[test]
fn a_step_that_end_cuts_off_is_undone_if_it_was_done() {
    let fork = format!(
        "f: {{fork: {{branches: [{{{}}}, {{{}}}]}}}}",
        step("a"),
        plain("b").replace("call: http", "then: end, call: http")
    );
    story(
        &tasks(&[&fork]),
        "answer b 200 2\nlate a 200 1\nanswer un-a 200",
        expect![[r#"
        > start
        +0s 2 /do/0/f/fork/branches/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
        +0s 3 /do/0/f/fork/branches/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
        = running · unanswered: a, b
        > answer b 200 2
        +0s 2 /do/0/f/fork/branches/0/a abandons #1 ⇒ withdraw
        +0s 0 undo begins: finishing
        = running (compensating) · unanswered: a (abandoned)
        > late a 200 1
        +0s 4 /do/0/f/fork/branches/0/a undoes step 2
        +0s 5 /do/0/f/fork/branches/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
        = running (compensating) · unanswered: un-a
        > answer un-a 200
        +0s 4 /do/0/f/fork/branches/0/a undone
        +0s 0 undo is over
        +0s 0 completed 2
        = completed 2
    "#]],
    );
}

#[test]
fn a_suspended_undo_goes_on_when_it_is_resumed() {
    story(
        &tasks(&[&step("a"), &plain("b")]),
        "answer a 200 1\nanswer b 422\nsuspend\nanswer un-a 200\nresume",
        expect![[r#"
            > start
            +0s 1 /do/0/a calls #1 K1 POST http://s/a until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 2 /do/1/b calls #1 K2 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 3 /do/0/a undoes step 1
            +0s 4 /do/0/a/metadata/motet/compensate/0/un-a calls #1 K3 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > suspend
            = suspended (compensating) · unanswered: un-a
            > answer un-a 200
            = suspended (compensating)
            > resume
            +0s 3 /do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}

#[test]
fn a_loop_is_undone_iteration_by_iteration() {
    let each = format!(
        "l: {{for: {{each: n, in: '${{ [1, 2] }}'}}, do: [{{{}}}]}}",
        step("a").replace("'http://s/a'", "'${ \"http://s/a\" + ($n | tostring) }'")
    );
    story(
        &tasks(&[&each, &plain("b")]),
        "answer a 200 1\nanswer a 200 2\nanswer b 422\nanswer un-a 200\nanswer un-a 200",
        expect![[r#"
            > start
            +0s 2 /do/0/l/do/0/a calls #1 K1 POST http://s/a1 until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 1
            +0s 3 /do/0/l/do/0/a calls #1 K2 POST http://s/a2 until +60s ⇒ call
            = running · unanswered: a
            > answer a 200 2
            +0s 4 /do/1/b calls #1 K3 POST http://s/b until +60s ⇒ call
            = running · unanswered: b
            > answer b 422
            +0s 0 undo begins: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            +0s 5 /do/0/l/do/0/a undoes step 3
            +0s 6 /do/0/l/do/0/a/metadata/motet/compensate/0/un-a calls #1 K4 POST http://s/un-a json {"outcome":"completed","output":2,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 5 /do/0/l/do/0/a undone
            +0s 7 /do/0/l/do/0/a undoes step 2
            +0s 8 /do/0/l/do/0/a/metadata/motet/compensate/0/un-a calls #1 K5 POST http://s/un-a json {"outcome":"completed","output":1,"error":null} until +60s ⇒ call
            = running (compensating) · unanswered: un-a
            > answer un-a 200
            +0s 7 /do/0/l/do/0/a undone
            +0s 0 undo is over
            +0s 0 faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
            = faulted in step 0: 422 communication at /do/1/b (the service answered with an error: POST http://s/b answered 422)
        "#]],
    );
}
