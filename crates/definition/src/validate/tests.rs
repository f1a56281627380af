use expect_test::{Expect, expect};
use motet_types::Limits;

use super::secrets::{only_passes, secret_uses};
use super::*;
use crate::parse;

#[test]
fn what_a_source_does_with_secrets() {
    let cases = [
        ("$secrets.a", "a", true),
        ("$secret.a.b", "a", true),
        ("$secrets[\"a b\"].c", "a b", true),
        ("$secrets.\"a\"", "a", true),
        ("{ x: $secrets.a, \"y\": [ $secrets.b, .c, $context.d ], z: null }", "a b", true),
        ("[$secrets.a]", "a", true),
        ("$secrets", "?", false),
        ("$secrets[.name]", "?", false),
        ("$secrets.a + \"x\"", "a", false),
        ("\"Bearer \\($secrets.a)\"", "a", false),
        ("$secrets.a == .b", "a", false),
        ("$secrets.a | length", "a", false),
        ("length($secrets.a)", "a", false),
        ("{ x: $secrets.a } | tojson", "a", false),
        ("not $secrets.a", "a", false),
        ("if .x then $secrets.a else null end", "a", false),
        ("$secrets.a // \"default\"", "a", false),
        ("$secrets.a.b[0]", "a", false),
        ("$secrets.a[]", "a", false),
    ];
    for (source, names, passes) in cases {
        let uses = secret_uses(source);
        let found: Vec<&str> =
            uses.iter().map(|secret| secret.name.as_deref().unwrap_or("?")).collect();
        assert_eq!(
            (found.join(" ").as_str(), only_passes(source, &uses)),
            (names, passes),
            "{source}"
        );
    }
}

/// The pointers and codes that `validate` gives for a model, without any text.
fn check(body: &str, expected: Expect) {
    let header = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\n";
    let parsed = parse(&format!("{header}{body}"), &Limits::default());
    let document = parsed.document.unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics));
    let strict = Limits { duration_max: std::time::Duration::from_secs(60), ..Limits::default() };
    let lines: Vec<String> = validate(&document, &strict)
        .iter()
        .map(|found| format!("{} {} {:?}\n", found.code, found.path, found.place))
        .collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn every_duration_of_a_document_is_held_to_the_limit() {
    check(
        "timeout: { after: PT1H }\n\
         schedule: { every: PT1H, after: PT1H, on: { one: { with: { type: a } } } }\n\
         use:\n\
         \x20 timeouts: { long: { after: PT1H } }\n\
         \x20 retries: { slow: { delay: PT1H, backoff: { linear: { increment: PT1H, maxDelay: PT1H } }, jitter: { from: PT1H, to: PT1H }, limit: { attempt: { duration: PT1H }, duration: PT1H } } }\n\
         do:\n\
         \x20 - wait: { wait: { hours: 1 }, timeout: { after: PT1H } }\n\
         \x20 - try: { try: [ { a: { set: { x: 1 } } } ], catch: { retry: { delay: PT1H } } }\n\
         \x20 - run: { run: { container: { image: a, lifetime: { cleanup: eventually, after: PT1H } } } }\n\
         \x20 - tool: { call: mcp, with: { method: tools/list, timeout: PT1H, transport: { stdio: { command: a } } } }\n\
         \x20 - take: { call: asyncapi, with: { document: { endpoint: https://a }, operation: o, subscription: { consume: { amount: 1, for: PT1H } } } }\n",
        expect![[r#"
            duration-too-long /use/retries/slow/delay Value
            duration-too-long /use/retries/slow/backoff/linear/increment Value
            duration-too-long /use/retries/slow/backoff/linear/maxDelay Value
            duration-too-long /use/retries/slow/limit/attempt/duration Value
            duration-too-long /use/retries/slow/limit/duration Value
            duration-too-long /use/retries/slow/jitter/from Value
            duration-too-long /use/retries/slow/jitter/to Value
            duration-too-long /use/timeouts/long/after Value
            duration-too-long /timeout/after Value
            duration-too-long /schedule/every Value
            duration-too-long /schedule/after Value
            duration-too-long /do/0/wait/wait Value
            duration-too-long /do/0/wait/timeout/after Value
            duration-too-long /do/1/try/catch/retry/delay Value
            duration-too-long /do/2/run/run/container/lifetime/after Value
            duration-too-long /do/3/tool/with/timeout Value
            duration-too-long /do/4/take/with/subscription/consume/for Value
        "#]],
    );
}

#[test]
fn every_place_of_an_expression_is_compiled() {
    // A call of an unknown function compiles nowhere; the strict reader refuses the document, so only `parse` sees it.
    let header = "document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0, metadata: { motet: { attributes: { a: '${ $x }' }, businessKey: '${ $x }' } } }\n";
    let body = "input: { from: $x }\n\
         output: { as: { a: '${ $x }' } }\n\
         timeout: { after: '${ $x }' }\n\
         schedule: { on: { any: [ { with: { type: '${ $x }' }, correlate: { k: { from: $x, expect: '${ $x }' } } } ], until: $x } }\n\
         use:\n\
         \x20 authentications: { a: { basic: { username: '${ $x }', password: '${ $x }' } } }\n\
         \x20 catalogs: { a: { endpoint: '${ $x }' } }\n\
         \x20 errors: { a: { type: '${ $x }', status: 500, instance: '${ $x }', title: '${ $x }', detail: '${ $x }' } }\n\
         \x20 extensions: [ { a: { extend: all, when: $x, before: [ { b: { set: '${ $x }' } } ], after: [ { b: { if: $x, set: { c: 1 } } } ] } } ]\n\
         \x20 functions: { a: { call: http, with: { method: '${ $x }', endpoint: '${ $x }', headers: '${ $x }', query: { a: '${ $x }' }, body: [ '${ $x }' ] } } }\n\
         \x20 retries: { a: { when: $x, exceptWhen: $x, delay: '${ $x }' } }\n\
         do:\n\
         \x20 - a: { input: { from: $x }, output: { as: $x }, export: { as: $x }, set: { a: 1 } }\n\
         \x20 - b: { for: { in: $x }, while: $x, do: [ { a: { wait: '${ $x }' } } ] }\n\
         \x20 - c: { for: { in: [ { a: '${ $x }' } ] }, do: [ { a: { emit: { event: { with: { type: '${ $x }' } } } } } ] }\n\
         \x20 - d: { switch: [ { a: { when: $x, then: end } } ] }\n\
         \x20 - e: { try: [ { a: { set: { a: 1 } } } ], catch: { errors: { with: { type: '${ $x }', title: '${ $x }' } }, when: $x, exceptWhen: $x, retry: { when: $x } } }\n\
         \x20 - f: { run: { shell: { command: a, stdin: '${ $x }', arguments: [ '${ $x }' ], environment: { A: '${ $x }' } } } }\n\
         \x20 - g: { run: { workflow: { namespace: a, name: b, version: latest, input: { a: '${ $x }' } } } }\n\
         \x20 - h: { call: a, with: { a: '${ $x }' } }\n\
         \x20 - i: { listen: { to: { one: { with: { data: '${ $x }' } } } }, foreach: { output: { as: $x }, export: { as: $x } } }\n\
         \x20 - j: { wait: PT1S, metadata: { motet: { until: $x } } }\n";
    let parsed = parse(&format!("{header}{body}"), &Limits::default());
    let text = format!("{header}{body}");
    let places = text.match_indices("$x").count();
    let found: Vec<&Diagnostic> =
        parsed.diagnostics.iter().filter(|found| found.code == Code::UndefinedVariable).collect();
    for diagnostic in &found {
        let span = diagnostic.span.expect("a text was read");
        assert_eq!(&text[span.start..span.end], "$x", "{diagnostic:?}");
    }
    assert_eq!(found.len(), places, "{:#?}", parsed.diagnostics);
    assert_eq!(parsed.diagnostics.len(), places, "{:#?}", parsed.diagnostics);
}

#[test]
fn in_loose_mode_text_that_is_no_expression_stays_text() {
    check(
        "evaluate: { mode: loose }\ndo:\n  - a: { set: { x: '.a + 1', y: 'not an expression at all (', z: '$nothing' } }\n",
        expect![[""]],
    );
}
