//! `call: http`: what a response means.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::harness::{check, check_lines, transcript};

/// What a call makes of a response.
fn settled(with: &str, response: &str, expected: Expect) {
    let document = format!(
        "do: [{{ask: {{call: http, with: {{method: get, endpoint: 'http://a.test/'{with}}}}}}}]"
    );
    check_lines(&["#1 gives", "#1 fails"], &document, &format!("answer ask {response}"), expected);
}

/// The same for several responses, as a table.
fn table(responses: &[&str], expected: Expect) {
    let document = "do: [{ask: {call: http, with: {method: get, endpoint: 'http://a.test/'}}}]";
    let mut lines = String::new();
    for response in responses {
        let transcript = transcript(document, &format!("answer ask {response}"));
        let is_settled = |line: &&str| line.contains(" #1 gives ") || line.contains(" #1 fails: ");
        let line = transcript.lines().find(is_settled).expect("the call is settled");
        let (_, settled) = line.split_once(" #1 ").expect("it was just found");
        writeln!(lines, "{response} → {settled}").expect("a string takes all text");
    }
    expected.assert_eq(&lines);
}

#[test]
fn content_is_decoded_by_its_media_type() {
    table(
        &[
            "200 {\"a\":1}",
            "200 content-type: application/json; charset=utf-8 | [1.0]",
            "200 content-type: Application/Problem+JSON | {\"a\":1}",
            "200 content-type: application/json | {broken",
            "200 content-type: application/json |",
            "200 content-type: text/plain | {\"a\":1}",
            "200 content-type: application/xml | <a/>",
            "200 content-type: text/plain | 0xff00",
            "200 content-type: application/octet-stream | hello",
            "200 content-type: image/png | 0x8950",
            "200 | {\"guessed\":true}",
            "200 | just text",
            "200 | 0xfffe",
            "204",
        ],
        expect![[r#"
            200 {"a":1} → gives {"a":1}
            200 content-type: application/json; charset=utf-8 | [1.0] → gives [1.0]
            200 content-type: Application/Problem+JSON | {"a":1} → gives {"a":1}
            200 content-type: application/json | {broken → fails: 500 communication (the response cannot be decoded: the body is not JSON: expected a key in quotes at byte 1) maybe-run
            200 content-type: application/json | → gives null
            200 content-type: text/plain | {"a":1} → gives "{\"a\":1}"
            200 content-type: application/xml | <a/> → gives "<a/>"
            200 content-type: text/plain | 0xff00 → gives "/wA="
            200 content-type: application/octet-stream | hello → gives "aGVsbG8="
            200 content-type: image/png | 0x8950 → gives "iVA="
            200 | {"guessed":true} → gives {"guessed":true}
            200 | just text → gives "just text"
            200 | 0xfffe → gives "//4="
            204 → gives null
        "#]],
    );
}

#[test]
fn the_raw_output_is_base64() {
    settled(
        ", output: raw",
        "200 {\"a\":1}",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives "eyJhIjoxfQ=="
        "#]],
    );
    settled(
        ", output: raw",
        "200 | 0xfffe",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives "//4="
        "#]],
    );
    settled(
        ", output: raw",
        "204",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives ""
        "#]],
    );
}

#[test]
fn the_response_output_holds_everything() {
    settled(
        ", output: response, headers: {x-asked: 'yes'}",
        "201 content-type: application/json, x-answered: yes | {\"a\":1}",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives {"request":{"method":"GET","uri":"http://a.test/","headers":{"x-asked":"yes"}},"statusCode":201,"headers":{"content-type":"application/json","x-answered":"yes"},"content":{"a":1}}
        "#]],
    );
    settled(
        ", output: response",
        "204",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives {"request":{"method":"GET","uri":"http://a.test/","headers":{}},"statusCode":204,"headers":{},"content":null}
        "#]],
    );
}

#[test]
fn the_status_decides() {
    table(
        &[
            "199", "200", "299", "300", "302", "399", "400", "404", "408", "429", "499", "500",
            "502", "503", "504",
        ],
        expect![[r#"
            199 → fails: 199 communication (the service answered with an error: GET http://a.test/ answered 199) maybe-run
            200 → gives null
            299 → gives null
            300 → fails: 300 communication (the service answered with an error: GET http://a.test/ answered 300) maybe-run
            302 → fails: 302 communication (the service answered with an error: GET http://a.test/ answered 302) maybe-run
            399 → fails: 399 communication (the service answered with an error: GET http://a.test/ answered 399) maybe-run
            400 → fails: 400 communication (the service answered with an error: GET http://a.test/ answered 400)
            404 → fails: 404 communication (the service answered with an error: GET http://a.test/ answered 404)
            408 → fails: 408 communication (the service answered with an error: GET http://a.test/ answered 408) maybe-run
            429 → fails: 429 communication (the service answered with an error: GET http://a.test/ answered 429)
            499 → fails: 499 communication (the service answered with an error: GET http://a.test/ answered 499)
            500 → fails: 500 communication (the service answered with an error: GET http://a.test/ answered 500) maybe-run
            502 → fails: 502 communication (the service answered with an error: GET http://a.test/ answered 502) maybe-run
            503 → fails: 503 communication (the service answered with an error: GET http://a.test/ answered 503)
            504 → fails: 504 communication (the service answered with an error: GET http://a.test/ answered 504) maybe-run
        "#]],
    );
}

#[test]
fn with_redirect_the_three_hundreds_are_no_errors() {
    settled(
        ", redirect: true",
        "302 location: /b | ",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives null
        "#]],
    );
    settled(
        ", redirect: true",
        "399",
        expect![[r#"
              +0s 1 /do/0/ask #1 gives null
        "#]],
    );
    settled(
        ", redirect: true",
        "400",
        expect![[r#"
              +0s 1 /do/0/ask #1 fails: 400 communication (the service answered with an error: GET http://a.test/ answered 400)
        "#]],
    );
}

#[test]
fn an_error_keeps_a_piece_of_the_body() {
    settled(
        "",
        "500 {\"why\":\"because\"}",
        expect![[r#"
              +0s 1 /do/0/ask #1 fails: 500 communication (the service answered with an error: GET http://a.test/ answered 500: {"why":"because"}) maybe-run
        "#]],
    );
    settled(
        "",
        &format!("500 | {}", "long ".repeat(200)),
        expect![[r#"
              +0s 1 /do/0/ask #1 fails: 500 communication (the service answered with an error: GET http://a.test/ answered 500: long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long lo) maybe-run
        "#]],
    );
    settled(
        "",
        "500 | 0xff41",
        expect![[r#"
              +0s 1 /do/0/ask #1 fails: 500 communication (the service answered with an error: GET http://a.test/ answered 500: �A) maybe-run
        "#]],
    );
}

#[test]
fn a_response_that_is_too_large_is_an_error() {
    check(
        "do: [{ask: {call: http, with: {method: get, endpoint: 'http://a.test/'}}}]",
        "
        limit payload_bytes_max 10
        start 1
        answer ask 200 [1,2,3,4,5]
        ",
        expect![[r#"
            > limit payload_bytes_max 10
            > start 1
            +0s 0 started
            +0s 1 /do/0/ask begins
            +0s 1 /do/0/ask calls #1 K1 GET http://a.test/ until +60s ⇒ call
            = running · unanswered: ask
            > answer ask 200 [1,2,3,4,5]
            +0s 1 /do/0/ask #1 fails: 500 communication (the response cannot be decoded: the body is not JSON: the text is longer than allowed at byte 10) maybe-run
            +0s 1 /do/0/ask fails: 500 communication at /do/0/ask (the response cannot be decoded: the body is not JSON: the text is longer than allowed at byte 10)
            +0s 0 faulted in step 1: 500 communication at /do/0/ask (the response cannot be decoded: the body is not JSON: the text is longer than allowed at byte 10)
            = faulted in step 1: 500 communication at /do/0/ask (the response cannot be decoded: the body is not JSON: the text is longer than allowed at byte 10)
        "#]],
    );
}

#[test]
fn a_late_response_to_a_step_that_is_gone_is_kept_in_the_history() {
    for (late, expected) in [
        (
            "200 {\"a\":1}",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 gives {"a":1}
                ! nothing to do
            "#]],
        ),
        (
            "302",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 gives null
                ! nothing to do
            "#]],
        ),
        (
            "404 {\"no\":1}",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 fails: 404 communication (the service answered with an error: an abandoned attempt answered 404: {"no":1})
                ! nothing to do
            "#]],
        ),
        (
            "502",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 fails: 502 communication (the service answered with an error: an abandoned attempt answered 502) maybe-run
                ! nothing to do
            "#]],
        ),
        (
            "connection",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 fails: 500 communication (the service was not reached: connection refused)
                ! nothing to do
            "#]],
        ),
        (
            "silence",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 fails: 500 communication (the outcome of the call is unknown: connection closed before the response) maybe-run
                ! nothing to do
            "#]],
        ),
        (
            "withdrawn",
            expect![[r#"
                +0s 2 /do/0/race/fork/branches/0/ask #1 fails: 500 runtime (withdrawn: the call was never sent)
                ! nothing to do
            "#]],
        ),
    ] {
        check_lines(
            &["#1 gives", "#1 fails", "!"],
            "
            do:
              - race:
                  fork:
                    compete: true
                    branches:
                      - ask: {call: http, with: {method: get, endpoint: 'http://a.test/'}}
                      - wins: {set: {n: 1}}
              - pause: {wait: {seconds: 5}}
            ",
            &format!("late ask {late}\nagain ask {late}"),
            expected,
        );
    }
}

#[test]
fn failures_of_calls_by_kind() {
    for (failure, expected) in [
        (
            "connection",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
                  +0s 1 /do/0/ask #1 fails: 500 communication (the service was not reached: connection refused)
            "#]],
        ),
        (
            "silence",
            expect![[r#"
                +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
                +0s 1 /do/0/ask #1 fails: 500 communication (the outcome of the call is unknown: connection closed before the response) maybe-run
            "#]],
        ),
        (
            "timeout",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
                  +0s 1 /do/0/ask #1 fails: 408 timeout (the service did not answer in time: no response within the limit) maybe-run
            "#]],
        ),
        (
            "refused",
            expect![[r#"
                  +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ until +60s ⇒ call
                  +0s 1 /do/0/ask #1 fails: 403 authorization (a secret is missing: secret "pin")
            "#]],
        ),
    ] {
        check_lines(
            &["#1"],
            "do: [{ask: {call: http, with: {method: get, endpoint: http://ask.test/}}}]",
            &format!("fail ask {failure}"),
            expected,
        );
    }
}
