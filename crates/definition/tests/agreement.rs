//! Small documents by hand: the editors' schema and the reader take the same ones.

use jsonschema::Validator;
use motet_definition::{json_schema, parse, to_json};
use motet_types::Limits;
use serde_json::Value;

const HEADER: &str = "{ dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }";

const TAKEN: &[&str] = &[
    "do: [ { a: { set: { x: 1 } } } ]",
    r#"do: [ { a: { set: "${ .x }" } } ]"#,
    "do: [ { a: { do: [ { b: { wait: PT1S } } ] } } ]",
    "do: [ { a: { wait: { seconds: 5 } } } ]",
    r#"do: [ { a: { wait: "${ .x }" } } ]"#,
    "do: [ { a: { switch: [ { b: { when: .x, then: end } } ] } } ]",
    "do: [ { a: { for: { in: .x }, do: [ { b: { set: { x: 1 } } } ] } } ]",
    "do: [ { a: { for: { in: [ { a: 1 } ] }, do: [ { b: { set: { x: 1 } } } ] } } ]",
    "do: [ { a: { fork: { branches: [ { b: { set: { x: 1 } } } ] } } } ]",
    "do: [ { a: { try: [ { b: { set: { x: 1 } } } ], catch: {} } } ]",
    "do: [ { a: { try: [ { b: { set: { x: 1 } } } ], catch: { retry: { delay: PT1S, backoff: { linear: {} } } } } } ]",
    r#"do: [ { a: { raise: { error: { type: "https://a.b/b", status: 500 } } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b/{id}" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b/${.id}/b" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b/${ .id }/b" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "${ .a }/${ .b }" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: { uri: "https://a.b", authentication: { bearer: { token: t } } } } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b", headers: { a: b }, query: "${ .q }", output: raw, redirect: true } } } ]"#,
    "do: [ { a: { call: job, with: { type: pick, input: [ 1 ] } } } ]",
    "do: [ { a: { run: { workflow: { namespace: t, name: u, version: latest } } } } ]",
    "do: [ { a: { run: { shell: { command: ls } } } } ]",
    "do: [ { a: { emit: { event: { with: { type: a } } } } } ]",
    "do: [ { a: { listen: { to: { one: { with: { type: a } } } } } } ]",
    "do: [ { a: { set: { x: 1 }, if: .x, then: end, timeout: { after: PT1S }, metadata: { free: true } } } ]",
    "{ input: { from: .x }, output: { as: { y: 1 } }, evaluate: { mode: loose }, timeout: { after: PT1S }, free: 1, do: [ { a: { set: { x: 1 } } } ] }",
    r#"{ schedule: { cron: "0 0 * * *" }, do: [ { a: { set: { x: 1 } } } ] }"#,
    r#"{ use: { secrets: [ s ], errors: { e: { type: "https://a.b/b", status: 400 } }, timeouts: { t: { after: PT1S } }, retries: { r: {} }, functions: { f: { set: { x: 1 } } } }, do: [ { a: { call: f } } ] }"#,
];

const REFUSED: &[&str] = &[
    "{}",
    "do: {}",
    "do: [ 1 ]",
    "do: [ {} ]",
    "do: [ { a: 1 } ]",
    "do: [ { a: {} } ]",
    "do: [ { a: { set: { x: 1 } }, b: { set: { x: 1 } } } ]",
    "do: [ { a: { set: {} } } ]",
    "do: [ { a: { set: 5 } } ]",
    "do: [ { a: { set: { x: 1 }, wait: PT1S } } ]",
    "do: [ { a: { set: { x: 1 }, unknown: 1 } } ]",
    "do: [ { a: { set: { x: 1 }, if: 5 } } ]",
    "do: [ { a: { set: { x: 1 }, then: [] } } ]",
    "do: [ { a: { set: { x: 1 }, timeout: { befor: PT1S } } } ]",
    "do: [ { a: { set: { x: 1 }, metadata: 5 } } ]",
    "do: [ { a: { set: { x: 1 }, metadata: { motet: { undo: [] } } } } ]",
    "do: [ { a: { wait: 5 } } ]",
    "do: [ { a: { wait: {} } } ]",
    "do: [ { a: { wait: soon } } ]",
    "do: [ { a: { wait: { weeks: 1 } } } ]",
    "do: [ { a: { switch: {} } } ]",
    "do: [ { a: { switch: [ { b: { when: .x } } ] } } ]",
    "do: [ { a: { for: { each: x }, do: [ { b: { set: { x: 1 } } } ] } } ]",
    "do: [ { a: { for: { in: .x } } } ]",
    "do: [ { a: { fork: {} } } ]",
    "do: [ { a: { fork: { branches: [ 5 ] } } } ]",
    "do: [ { a: { try: [ { b: { set: { x: 1 } } } ] } } ]",
    "do: [ { a: { try: [ { b: { set: { x: 1 } } } ], catch: { retries: 5 } } } ]",
    "do: [ { a: { try: [ { b: { set: { x: 1 } } } ], catch: { retry: { backoff: { linear: {}, constant: {} } } } } } ]",
    "do: [ { a: { raise: {} } } ]",
    "do: [ { a: { raise: { error: { status: 500 } } } } ]",
    r#"do: [ { a: { raise: { error: { type: "https://a.b/b", status: 99 } } } } ]"#,
    "do: [ { a: { call: http } } ]",
    "do: [ { a: { call: http, with: { method: get } } } ]",
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "a b" } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b", output: text } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: { url: "https://a.b" } } } } ]"#,
    r#"do: [ { a: { call: http, with: { method: get, endpoint: "https://a.b", headers: [ a ] } } } ]"#,
    "do: [ { a: { call: 5 } } ]",
    "do: [ { a: { run: {} } } ]",
    "do: [ { a: { run: { shell: { command: ls }, script: { language: js, code: x } } } } ]",
    "do: [ { a: { run: { workflow: { namespace: t, name: u } } } } ]",
    "do: [ { a: { emit: { event: { with: {} } } } } ]",
    "do: [ { a: { listen: { to: {} } } } ]",
    "do: [ { a: { listen: { to: { one: { with: {} } } } } } ]",
    "{ input: 5, do: [ { a: { set: { x: 1 } } } ] }",
    "{ output: { from: .x }, do: [ { a: { set: { x: 1 } } } ] }",
    "{ evaluate: { mode: lax }, do: [ { a: { set: { x: 1 } } } ] }",
    "{ schedule: { evry: PT1S }, do: [ { a: { set: { x: 1 } } } ] }",
    "{ use: { secret: [] }, do: [ { a: { set: { x: 1 } } } ] }",
    "{ use: { errors: { e: {} } }, do: [ { a: { set: { x: 1 } } } ] }",
    "{ use: { timeouts: { t: PT1S } }, do: [ { a: { set: { x: 1 } } } ] }",
];

#[test]
fn what_is_taken_is_taken_by_both() {
    for body in TAKEN {
        assert_eq!(judged(body), (true, true), "{body}");
    }
}

#[test]
fn what_is_refused_is_refused_by_both() {
    for body in REFUSED {
        assert_eq!(judged(body), (false, false), "{body}");
    }
}

#[test]
fn headers_are_judged_alike() {
    let table = [
        ("{ dsl: 1.0.3, namespace: a, name: b, version: 1.0.0 }", true),
        ("{ dsl: 1.0.0-alpha1, namespace: a-1, name: b, version: 1.0.0-rc.1+x }", true),
        (
            "{ dsl: 1.0.3, namespace: a, name: b, version: 1.0.0, title: t, summary: s, tags: {} }",
            true,
        ),
        ("{ dsl: 2.0.0, namespace: a, name: b, version: 1.0.0 }", false),
        ("{ dsl: 1.0.3, namespace: A, name: b, version: 1.0.0 }", false),
        ("{ dsl: 1.0.3, namespace: a, name: -b, version: 1.0.0 }", false),
        ("{ dsl: 1.0.3, namespace: a, name: b, version: 1.0 }", false),
        ("{ dsl: 1.0.3, namespace: a, name: b, version: 01.0.0 }", false),
        ("{ dsl: 1.0.3, namespace: a, name: b, version: 1.0.0, label: x }", false),
        ("{ dsl: 1.0.3, namespace: a, name: b }", false),
        ("[]", false),
    ];
    for (header, taken) in table {
        let text = format!("{{ document: {header}, do: [ {{ a: {{ set: {{ x: 1 }} }} }} ] }}");
        assert_eq!(verdicts(&text), (taken, taken), "{header}");
    }
}

/// What the schema and the reader say of a document with these parts beside its header.
fn judged(body: &str) -> (bool, bool) {
    let parts = match body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(parts) if parts.trim().is_empty() => String::new(),
        Some(parts) => format!(", {parts}"),
        None => format!(", {body}"),
    };
    verdicts(&format!("{{ document: {HEADER}{parts} }}"))
}

fn verdicts(text: &str) -> (bool, bool) {
    let document: Value = serde_yaml_ng::from_str(text).expect("the tables are YAML");
    (schema().is_valid(&document), parse(text, &Limits::default()).document.is_some())
}

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(&to_json(&json_schema())).expect("valid JSON");
    jsonschema::draft202012::new(&schema).expect("a JSON Schema")
}
