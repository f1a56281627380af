//! What an expression sees at each place, DSL "Runtime Expression Arguments".

use expect_test::expect;

use crate::harness::check_lines;

#[test]
fn the_task_descriptor() {
    check_lines(
        &["done", "="],
        "
        do:
          - outer:
              do:
                - shows:
                    set:
                      name: '${ $task.name }'
                      reference: '${ $task.reference }'
                      definition: '${ $task.definition | keys }'
                      input: '${ $task.input }'
                      output: '${ $task.output }'
                      startedAt: '${ $task.startedAt }'
                    input: {from: '${ .n }'}
                    output: {as: '${ . + {rawOutput: ($task.output | keys | length)} }'}
        ",
        r#"start {"n":1}"#,
        expect![[r#"
            +0s 2 /do/0/outer/do/0/shows done output {"name":"shows","reference":"/do/0/outer/do/0/shows","definition":["input","output","set"],"input":{"n":1},"output":null,"startedAt":{"iso8601":"2026-01-01T00:00:00.000Z","epoch":{"seconds":1767225600,"milliseconds":1767225600000}},"rawOutput":6} → end of scope
            +0s 1 /do/0/outer done → end of scope
            = completed {"name":"shows","reference":"/do/0/outer/do/0/shows","definition":["input","output","set"],"input":{"n":1},"output":null,"startedAt":{"iso8601":"2026-01-01T00:00:00.000Z","epoch":{"seconds":1767225600,"milliseconds":1767225600000}},"rawOutput":6}
        "#]],
    );
}

#[test]
fn the_workflow_descriptor() {
    check_lines(
        &["="],
        "
        input: {from: '${ .n }'}
        do:
          - shows:
              set:
                id: '${ $workflow.id }'
                name: '${ $workflow.definition.document.name }'
                input: '${ $workflow.input }'
                startedAt: '${ $workflow.startedAt.iso8601 }'
        ",
        r#"start {"n":1}"#,
        expect![[r#"
            = completed {"id":"<id>","name":"flow","input":{"n":1},"startedAt":"2026-01-01T00:00:00.000Z"}
        "#]],
    );
}

#[test]
fn the_runtime_descriptor() {
    check_lines(
        &["="],
        "do: [{shows: {set: {name: '${ $runtime.name }', keys: '${ $runtime | keys }'}}}]",
        "",
        expect![[r#"
            = completed {"name":"motet","keys":["metadata","name","version"]}
        "#]],
    );
}

#[test]
fn the_condition_and_the_input_see_the_raw_input() {
    check_lines(
        &["begins", "skipped", "="],
        "
        do:
          - one:
              if: '.n == 1 and $task.input.n == 1 and $task.name == \"one\"'
              input: {from: '${ {from: .n, raw: $task.input, context: $context} }'}
              set: '${ . }'
        ",
        r#"start {"n":1}"#,
        expect![[r#"
            +0s 1 /do/0/one begins input {"from":1,"raw":{"n":1},"context":{"n":1}}
            = completed {"from":1,"raw":{"n":1},"context":{"n":1}}
        "#]],
    );
}

#[test]
fn the_authorization_of_a_call() {
    check_lines(
        &["calls", "done", "="],
        "
        do:
          - ask:
              call: http
              with:
                method: post
                endpoint:
                  uri: http://ask.test/
                  authentication: {basic: {username: ann, password: '${ .password }'}}
                headers: {x-scheme: '${ $authorization.scheme }'}
                body: '${ $authorization }'
              output: {as: '${ {scheme: $authorization.scheme, got: .} }'}
              export: {as: '${ $authorization.parameter | @base64d }'}
          - shows: {set: {context: '${ $context }', authorization: '${ $context | type }'}}
        ",
        "start {\"password\":\"pw\"}\nanswer ask 200 1",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://ask.test/ x-scheme=Basic json {"scheme":"Basic","parameter":"YW5uOnB3"} basic ann:pw until +60s ⇒ call
            = running · unanswered: ask
            +0s 1 /do/0/ask done output {"scheme":"Basic","got":1} context "ann:pw" → shows
            +0s 2 /do/1/shows done output {"context":"ann:pw","authorization":"string"} → end of scope
            = completed {"context":"ann:pw","authorization":"string"}
        "#]],
    );
}

#[test]
fn secrets_are_markers() {
    check_lines(
        &["calls", "done", "="],
        "
        use: {secrets: [pin, token]}
        do:
          - ask:
              call: http
              with:
                method: get
                endpoint: {uri: 'http://ask.test/', authentication: {bearer: {token: '${ $secrets.token }'}}}
                headers: {x-pin: '${ \"pin \\($secrets.pin)\" }'}
              output: {as: '${ [$authorization, $secrets.pin] }'}
        ",
        "answer ask 200 1",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 GET http://ask.test/ x-pin=<secret deferred/1/1> bearer <secret deferred/1/0> [deferred 0 on null ] [deferred 1 on null ] until +60s ⇒ call
            = running · unanswered: ask
            +0s 1 /do/0/ask done output [{"scheme":"Bearer","parameter":"<secret deferred/1/0>"},"<secret pin>"] → end of scope
            = completed [{"scheme":"Bearer","parameter":"<secret deferred/1/0>"},"<secret pin>"]
        "#]],
    );
}

#[test]
fn an_expression_over_a_secret_is_left_to_dispatch_with_what_else_it_reads() {
    check_lines(
        &["calls", "="],
        "
        use: {secrets: [pin]}
        do:
          - ask:
              call: http
              with:
                method: post
                endpoint: http://ask.test/
                headers: {x-plain: '${ .user }', x-mac: '${ $secrets.pin + $context.salt + .user | @base64 }'}
                body: {user: '${ .user }', pin: '${ $secrets.pin | length }', task: '${ $task.name }'}
        ",
        "start {\"user\":\"ann\",\"salt\":\"s\"}\nanswer ask 200 1",
        expect![[r#"
            +0s 1 /do/0/ask calls #1 K1 POST http://ask.test/ x-plain=ann x-mac=<secret deferred/1/0> json {"user":"ann","pin":"<secret deferred/1/1>","task":"ask"} [deferred 1 on {"user":"ann","salt":"s"} context={"user":"ann","salt":"s"}] [deferred 3 on {"user":"ann","salt":"s"} ] until +60s ⇒ call
            = running · unanswered: ask
            = completed 1
        "#]],
    );
}

/// A retry under another key where the time is a part of what is asked, under the same one where it is not.
#[test]
fn an_expression_over_a_secret_that_reads_the_time_asks_something_else_each_time() {
    for (stamp, expected) in [
        (
            "$secrets.pin",
            expect![[r#"
            +0s 2 /do/0/ask/try/0/ask calls #1 K1 POST http://ask.test/ json {"mac":"<secret deferred/2/0>"} [deferred 0 on null ] until +60s ⇒ call
            +1s 3 /do/0/ask/try/0/ask calls #1 K1 POST http://ask.test/ json {"mac":"<secret deferred/3/0>"} [deferred 0 on null ] until +61s ⇒ call
        "#]],
        ),
        (
            "$secrets.pin + (now | tostring)",
            expect![[r#"
            +0s 2 /do/0/ask/try/0/ask calls #1 K1 POST http://ask.test/ json {"mac":"<secret deferred/2/0>"} [deferred 0 on null ] until +60s ⇒ call
            +1s 3 /do/0/ask/try/0/ask calls #1 K2 POST http://ask.test/ json {"mac":"<secret deferred/3/0>"} [deferred 0 on null ] until +61s ⇒ call
        "#]],
        ),
        (
            "def now: 1; $secrets.pin + (now | tostring)",
            expect![[r#"
            +0s 2 /do/0/ask/try/0/ask calls #1 K1 POST http://ask.test/ json {"mac":"<secret deferred/2/0>"} [deferred 0 on null ] until +60s ⇒ call
            +1s 3 /do/0/ask/try/0/ask calls #1 K1 POST http://ask.test/ json {"mac":"<secret deferred/3/0>"} [deferred 0 on null ] until +61s ⇒ call
        "#]],
        ),
    ] {
        check_lines(
            &["calls"],
            &format!(
                "
        use: {{secrets: [pin]}}
        do:
          - ask:
              try:
                - ask:
                    call: http
                    with: {{method: post, endpoint: http://ask.test/, body: {{ mac: '${{ {stamp} }}' }}}}
              catch: {{ retry: {{ delay: {{ seconds: 1 }}, limit: {{ attempt: {{ count: 1 }} }} }} }}
        "
            ),
            "start null\nanswer ask 503\nadvance 1s\nanswer ask 200 1",
            expected,
        );
    }
}

#[test]
fn now_is_the_recorded_time() {
    check_lines(
        &["="],
        "
        do:
          - first: {set: {at: '${ now }'}}
          - pause: {wait: {seconds: 90}}
          - second: {set: {first: '${ .at }', second: '${ now }'}}
        ",
        "advance 90s",
        expect![[r#"
            = waiting · due +90s
            = completed {"first":1767225600,"second":1767225690}
        "#]],
    );
}
