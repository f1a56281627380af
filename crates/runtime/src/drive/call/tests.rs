//! What leaves the server: requests with secrets in the places of their markers, and errors without them.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::{Expect, expect};
use motet_definition::graph;
use motet_engine::secret::{SecretKey, marker};
use motet_engine::{Catalog, Context, Effect, SEMANTICS, Start, begin, outstanding};
use motet_expr::json;
use motet_mesh::Mesh;
use motet_types::{InstanceId, Limits, ShardId, Timestamp};

use super::{Known, Sender};
use crate::drive::Secrets;
use crate::shard::Call;

const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
const KEY: SecretKey = SecretKey([7; 32]);
const INPUT: &str = r#"{"n":1}"#;

/// The secrets of the tests; none of these texts may ever be in an error.
const SECRETS: [(&str, &str); 4] = [
    ("token", "s3cr3t/& ä"),
    ("login", r#"{"user":"ada","pin":1234,"roles":["a","b"]}"#),
    ("broken", "s3cr3t\nline"),
    ("digits", "987654"),
];

struct Vault(BTreeMap<String, String>);

impl Secrets for Vault {
    fn secret(&self, name: &str) -> Option<String> {
        match name.split_once('.') {
            None => self.0.get(name).cloned(),
            Some((name, property)) => {
                let object = json::parse(self.0.get(name)?.as_bytes(), json::Limits::default());
                let value = json::get(&object.ok()?, property)?.clone();
                Some(json::as_str(&value).map_or_else(|| json::to_text(&value), str::to_owned))
            }
        }
    }
}

/// Renders the call whose `with` this is, and shows the request that would leave.
#[track_caller]
fn check(with: &str, expect: Expect) {
    expect.assert_eq(&outgoing(with, INPUT, id(1), &KEY));
}

#[test]
fn a_header_holds_the_secret_and_is_sensitive() {
    check(
        "method: get, endpoint: 'http://shop/', headers: { x-token: '${ $secrets.digits }', x-plain: a }",
        expect![[r#"
            GET http://shop/
            x-token: 987654 (sensitive)
            x-plain: a

        "#]],
    );
}

#[test]
fn a_uri_holds_the_secret_percent_encoded() {
    check(
        "method: get, endpoint: 'http://shop/', query: { t: '${ $secrets.token }' }",
        expect![[r#"
            GET http://shop/?t=s3cr3t%2F%26%20%C3%A4

        "#]],
    );
    check(
        "method: get, endpoint: 'http://shop/', query: { t: '${ $secrets.login }' }",
        expect![[r#"
            GET http://shop/?t=%7B%22user%22%3A%22ada%22%2C%22pin%22%3A1234%2C%22roles%22%3A%5B%22a%22%2C%22b%22%5D%7D

        "#]],
    );
    check(
        "method: get, endpoint: '${ \"http://shop/\" + ($secrets.token | @uri) }'",
        expect![[r#"
            GET http://shop/s3cr3t%2F%26%20%C3%A4

        "#]],
    );
}

#[test]
fn a_body_holds_whole_values_of_any_type_and_texts() {
    check(
        "method: post, endpoint: 'http://shop/', body: { all: '${ $secrets.login }', pin: '${ $secrets.login.pin }', text: '${ \"<\" + $secrets.token + \">\" }', list: ['${ $secrets.digits }', 2] }",
        expect![[r#"
            POST http://shop/
            content-type: application/json
            {"all":{"user":"ada","pin":1234,"roles":["a","b"]},"pin":1234,"text":"<s3cr3t/& ä>","list":["987654",2]}
        "#]],
    );
    check(
        "method: post, endpoint: 'http://shop/', headers: { content-type: text/plain }, body: '${ \"pin \" + $secrets.digits }'",
        expect![[r#"
            POST http://shop/
            content-type: text/plain
            pin 987654
        "#]],
    );
}

#[test]
fn credentials_hold_the_secret_and_the_parameter_may_be_used_elsewhere() {
    check(
        "method: get, endpoint: { uri: 'http://shop/', authentication: { basic: { username: ada, password: '${ $secrets.token }' } } }",
        expect![[r#"
            GET http://shop/
            authorization: Basic YWRhOnMzY3IzdC8mIMOk (sensitive)

        "#]],
    );
    check(
        "method: get, endpoint: { uri: 'http://shop/', authentication: { bearer: { token: '${ $secrets.digits }' } } }, headers: { x-copy: '${ $authorization.parameter }' }",
        expect![[r#"
            GET http://shop/
            x-copy: 987654 (sensitive)
            authorization: Bearer 987654 (sensitive)

        "#]],
    );
}

#[test]
fn an_expression_over_a_secret_sees_the_recorded_now() {
    check(
        "method: post, endpoint: 'http://shop/', body: { stamp: '${ ($secrets.digits | length) + now }', n: '${ .n }' }",
        expect![[r#"
            POST http://shop/
            content-type: application/json
            {"stamp":1767225606,"n":1}
        "#]],
    );
}

#[test]
fn a_secret_that_is_not_there_is_an_authorization_error() {
    check(
        "method: get, endpoint: 'http://shop/', headers: { x-token: '${ $secrets.absent }' }",
        expect![[r#"
            refused: {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/authorization","status":403,"title":"a secret is not available","detail":"the secret \"absent\" is not available"}
        "#]],
    );
    check(
        "method: get, endpoint: 'http://shop/', headers: { x-token: '${ $secrets.absent | ascii_upcase }' }",
        expect![[r#"
            refused: {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/authorization","status":403,"title":"a secret is not available","detail":"the secret \"absent\" is not available"}
        "#]],
    );
}

#[test]
fn a_missing_secret_is_found_wherever_it_is_read() {
    for body in [
        "{ pin: '${ $secrets.absent.pin }' }",
        "{ all: '${ $secrets }' }",
        "{ is: '${ $secrets.absent == null }' }",
        "{ is: '${ $secrets.absent | tonumber }' }",
        "'${ if .n == 1 then $secrets.absent else 0 end }'",
    ] {
        let with = format!("method: post, endpoint: 'http://shop/', body: {body}");
        let refused = outgoing(&with, INPUT, id(1), &KEY);
        assert!(
            refused.contains("the secret \\\"absent\\\" is not available"),
            "{body}: {refused}"
        );
    }
    let unread = "method: post, endpoint: 'http://shop/', body: '${ if .n == 2 then $secrets.absent else $secrets.digits end }'";
    assert!(outgoing(unread, INPUT, id(1), &KEY).contains("987654"));
}

#[test]
fn what_fails_over_a_secret_says_nothing_of_it() {
    check(
        "method: post, endpoint: 'http://shop/', body: { n: '${ $secrets.token | tonumber }' }",
        expect![[r#"
            refused: {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression","status":400,"title":"an expression failed","detail":"an expression over secrets failed (Failed)"}
        "#]],
    );
    check(
        "method: get, endpoint: 'http://shop/', headers: { x-token: '${ $secrets.broken }' }",
        expect![[r#"
            refused: {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression","status":400,"title":"not a header","detail":"a header's value holds a control character"}
        "#]],
    );
    check(
        "method: get, endpoint: '${ \"http://sh op/\" + $secrets.digits }'",
        expect![[r#"
        refused: {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression","status":400,"title":"the request cannot be sent","detail":"\"\\u{f8ff}motet:secret:f91b93fb2889bb3f1f5df19654e3e28f:deferred/1/0\\u{f8fe}\" is not a valid endpoint"}
    "#]],
    );
}

#[test]
fn a_marker_of_another_instance_or_cluster_stops_the_call() {
    let with = "method: post, endpoint: 'http://shop/', body: '${ .text }'";
    let foreign = [
        marker(&KEY, id(2), "test", "token"),
        marker(&SecretKey([8; 32]), id(1), "test", "token"),
        marker(&KEY, id(1), "other", "token"),
        marker(&KEY, id(1), "test", "token").replace("token", "login"),
        "\u{f8ff}motet:secret:without an end".to_owned(),
    ];
    for text in foreign {
        let input = json::to_text(&json::object([("text", json::string(text))]));
        let refused = outgoing(with, &input, id(1), &KEY);
        assert!(refused.starts_with("refused: ") && refused.contains("authorization"), "{refused}");
        assert!(!refused.contains("s3cr3t"), "{refused}");
    }
}

#[test]
fn a_child_reveals_the_markers_of_its_root() {
    let with = "method: post, endpoint: 'http://shop/', body: '${ .text }'";
    let text = marker(&KEY, id(2), "test", "digits");
    let input = json::to_text(&json::object([("text", json::string(text))]));
    let sent = outgoing(with, &input, id(2), &KEY);
    assert!(sent.ends_with("\n987654\n") || sent.ends_with("\n\"987654\"\n"), "{sent}");
}

fn outgoing(with: &str, input: &str, root: InstanceId, key: &SecretKey) -> String {
    let limits = Limits::default();
    let source = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: secrets, version: '1.0.0' }}\nuse: {{ secrets: [token, login, broken, digits, absent] }}\ndo:\n  - send: {{ call: http, with: {{ {with} }} }}\n"
    );
    let checked = graph::check(&source, &limits);
    let graph = checked.graph.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    let graph = Arc::new(graph);
    let start = Start {
        digest: graph.digest,
        definition: graph.definition.clone(),
        semantics: SEMANTICS,
        input: json::parse(input.as_bytes(), json::Limits::default()).expect("JSON"),
        start_key: "random/1".to_owned(),
        parent: None,
        business_key: None,
        attributes: Vec::new(),
        schedule: None,
        concurrency_key: None,
        lines: Vec::new(),
    };
    let catalog = Catalog::default();
    let ctx = Context {
        graph: &graph,
        catalog: &catalog,
        now: NOW,
        limits: &limits,
        secret_key: key,
        undoable: &|_| false,
        place: &|_, _| None,
    };
    let (instance, _) = begin(&ctx, id(1), start);
    let effects = outstanding(&instance, NOW);
    let Some(Effect::Call { step, attempt, key, request, .. }) = effects.into_iter().next() else {
        return format!("failed before dispatch: {:?}\n", instance.error());
    };
    let task = instance.steps[&step].task.expect("a task");
    let namespace = "test".to_owned();
    let endpoint = None;
    let call =
        Call { id: id(1), root, namespace, step, attempt, key, request, endpoint, task, graph };
    let vault = SECRETS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let sender = Sender {
        mesh: Mesh::new(motet_mesh::Options { native_roots: false, ..Default::default() })
            .expect("a mesh"),
        secrets: Known::outside(Arc::new(Vault(vault.collect()))),
        secret_key: KEY,
        limits,
    };
    show(&sender, &call)
}

/// Method, address, headers but for those that every call has, and body; or the error.
fn show(sender: &Sender, call: &Call) -> String {
    let request = match sender.request(call) {
        Ok(request) => request,
        Err(error) => {
            let text = json::to_text(&error.to_value());
            for (_, secret) in SECRETS {
                assert!(!text.contains(secret) && !text.contains("s3cr3t"), "{text}");
            }
            return format!("refused: {text}\n");
        }
    };
    const ALWAYS: [&str; 5] =
        ["accept", "user-agent", "idempotency-key", "traceparent", "x-request-timeout-ms"];
    let mut text = format!("{} {}\n", request.method, request.uri);
    for (name, value) in &request.headers {
        if ALWAYS.contains(&name.as_str()) {
            assert!(!value.is_sensitive());
            continue;
        }
        let sensitive = if value.is_sensitive() { " (sensitive)" } else { "" };
        let value = String::from_utf8_lossy(value.as_bytes());
        text += &format!("{name}: {value}{sensitive}\n");
    }
    text + &format!("{}\n", String::from_utf8_lossy(&request.body))
}

fn id(nth: u64) -> InstanceId {
    InstanceId::new(NOW, ShardId(1), nth)
}
