//! Who may do what: every route against every role, and every way to be refused.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};
use http::StatusCode;
use motet_api::Options;
use motet_runtime::{Namespaces, Role, TokenRequest};

use crate::support::{Answer, Server, document};

/// An id that no instance has.
const NOBODY: &str = "019fa2b0-0000-7000-8000-000000000000";

impl Server {
    /// Makes a token through the handle, as nobody has one yet.
    pub(crate) async fn token(&self, name: &str, roles: &[Role], namespaces: &[&str]) -> String {
        let namespaces = match namespaces {
            ["*"] => Namespaces::All,
            names => Namespaces::Named(names.iter().map(|name| name.parse().unwrap()).collect()),
        };
        let request = TokenRequest {
            name: name.parse().unwrap(),
            roles: roles.iter().copied().collect(),
            namespaces,
            description: None,
            expires: None,
        };
        let (minted, _) = self.handle.acting("root".into()).create_token(request).await.unwrap();
        minted.text
    }

    /// Sends a request with a token; the body, if any, follows an empty line.
    pub(crate) async fn send_as(&self, token: &str, request: &str) -> Answer {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        self.send(&format!("{head}\nauthorization: Bearer {token}\n\n{body}")).await
    }
}

/// Whether the caller got past the check of rights.
fn is_let_in(answer: &Answer) -> bool {
    let is_refused =
        answer.status == StatusCode::UNAUTHORIZED || answer.text.contains("\"code\":\"forbidden\"");
    !is_refused
}

/// Every route as it is called with values that lead nowhere.
fn calls() -> Vec<(&'static str, &'static str, String)> {
    let filled = |path: &str| {
        [("namespace", "shop"), ("name", "order"), ("version", "1.0.0"), ("tag", "stable")]
            .iter()
            .fold(path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            })
            .replace("{id}", NOBODY)
            .replace("{token}", "nobody")
            .replace("{code}", "syntax")
            .replace(['{', '}'], "")
    };
    let rights = motet_api::rights().into_iter();
    rights.map(|(method, path, _, _)| (method, path, filled(path))).collect()
}

/// The table of `docs/security.md`, by asking a real router as everybody.
async fn matrix() -> String {
    let server = Server::new();
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push(server.token(&format!("a-{role}"), &[role], &["*"]).await);
    }
    let mut text = String::from(
        "| request | none | viewer | operator | author | admin | worker | service | where |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    let places = motet_api::rights();
    for ((method, path, call), (_, _, role, place)) in calls().into_iter().zip(places) {
        let request = format!("{method} {call}");
        let mut cells = vec![is_let_in(&server.send(&request).await)];
        for (token, own) in tokens.iter().zip(Role::ALL) {
            let is_in = is_let_in(&server.send_as(token, &request).await);
            let is_declared = role.is_none_or(|wanted| own.includes(wanted));
            assert_eq!(is_in, is_declared, "{method} {path} as {own}");
            cells.push(is_in);
        }
        let cells: Vec<&str> = cells.iter().map(|is_in| if *is_in { "●" } else { " " }).collect();
        let _ = writeln!(text, "| `{method} {path}` | {} | {place} |", cells.join(" | "));
    }
    drop(root);
    text
}

/// `MOTET_WRITE_SCHEMA=1` writes the table into the page.
#[tokio::test]
async fn the_documented_table_of_rights_is_what_happens() {
    let table = matrix().await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/security.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- rights -->\n").expect("the page has a table");
    let (documented, after) = rest.split_once("<!-- end of rights -->\n").expect("it ends");
    if std::env::var_os("MOTET_WRITE_SCHEMA").is_some() {
        let page = format!("{before}<!-- rights -->\n{table}<!-- end of rights -->\n{after}");
        std::fs::write(&path, page).unwrap();
    } else {
        assert_eq!(
            documented, table,
            "docs/security.md is stale: run this with MOTET_WRITE_SCHEMA=1"
        );
    }
}

async fn check(server: &Server, token: &str, request: &str, expected: Expect) {
    let answer = server.send_as(token, request).await;
    let challenge = answer.headers.get("www-authenticate");
    let challenge =
        challenge.map(|value| format!("www-authenticate: {}\n", value.to_str().unwrap()));
    let code = answer.member("code");
    let detail = answer.member("detail");
    let shown =
        format!("{} {code}\n{}{detail}\n", answer.status.as_u16(), challenge.unwrap_or_default());
    expected.assert_eq(&crate::support::redact(&shown));
}

#[tokio::test]
async fn without_a_token_an_open_server_takes_everybody_for_local() {
    let server = Server::new();
    let answer = server.send("GET /api/v1/tokens/self").await;
    assert_eq!(answer.member("actor"), "local");
    assert_eq!(server.send("GET /api/v1/workflows").await.status, StatusCode::OK);
    // What looks like credentials is never ignored.
    let answer = server.send("GET /api/v1/workflows\nauthorization: Bearer x").await;
    assert_eq!(answer.member("code"), "unauthenticated");
    // Credentials of another kind are a proxy's.
    let answer = server.send("GET /api/v1/workflows\nauthorization: Basic YTpi").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_may_be_wanted_before_there_are_any() {
    let server = Server::with(Options { require_tokens: true, ..Options::default() });
    assert_eq!(server.send("GET /api/v1/workflows").await.member("code"), "unauthenticated");
    assert_eq!(server.send("GET /livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn figures_may_be_opened() {
    let server = Server::with(Options { metrics_open: true, ..Options::default() });
    server.token("root", &[Role::Admin], &["*"]).await;
    assert_eq!(server.send("GET /metrics").await.status, StatusCode::OK);
    assert_eq!(server.send("GET /api/v1/workflows").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    let server = Server::new();
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let viewer = server.token("dashboard", &[Role::Viewer], &["test"]).await;
    let cut = &root[..root.len() - 1];
    check(
        &server,
        cut,
        "GET /api/v1/workflows",
        expect![[r#"
        401 unauthenticated
        www-authenticate: Bearer realm="motet", error="invalid_token"
        the text in `Authorization` is no token: it is mistyped, cut off, or not of Motet
    "#]],
    )
    .await;
    let other = Server::new().token("root", &[Role::Admin], &["*"]).await;
    check(
        &server,
        &other,
        "GET /api/v1/workflows",
        expect![[r#"
        401 unauthenticated
        www-authenticate: Bearer realm="motet", error="invalid_token"
        this server does not know the token
    "#]],
    )
    .await;
    check(
        &server,
        &viewer,
        &format!("POST /api/v1/instances/{NOBODY}/cancel"),
        expect![[r#"
        403 forbidden
        www-authenticate: Bearer realm="motet", error="insufficient_scope", scope="operator"
        this needs the role operator; the token "dashboard" has viewer
    "#]],
    )
    .await;
    check(
        &server,
        &viewer,
        "GET /api/v1/workflows/shop/order",
        expect![[r#"
        403 forbidden
        the token "dashboard" has no rights in the namespace "shop", only in test
    "#]],
    )
    .await;
    check(&server, &viewer, "GET /metrics", expect![[r#"
        403 forbidden
        www-authenticate: Bearer realm="motet", error="insufficient_scope", scope="viewer"
        this is about the whole server: it needs the role viewer in all namespaces; the token "dashboard" has it in test
    "#]])
    .await;
    check(
        &server,
        &viewer,
        "GET /api/v1/instances?namespace=shop",
        expect![[r#"
        403 forbidden
        the token "dashboard" has no rights in the namespace "shop", only in test
    "#]],
    )
    .await;
    let revoked = server.send_as(&root, "DELETE /api/v1/tokens/dashboard?reason=leaked").await;
    assert_eq!(revoked.member("revokedFor"), "leaked");
    check(
        &server,
        &viewer,
        "GET /api/v1/workflows",
        expect![[r#"
        401 unauthenticated
        www-authenticate: Bearer realm="motet", error="invalid_token"
        the token dashboard was revoked at <instant>
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_namespace_sees_nothing_of_the_others() {
    let server = Server::new();
    for namespace in ["shop", "test"] {
        let header = format!("namespace: {namespace}, name: flow, version: 1.0.0");
        let text = document(&header, "  - a: { set: { b: 1 } }");
        let answer = server.send(&format!("POST /api/v1/workflows\n\n{text}")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    let shop = server.send("POST /api/v1/workflows/shop/flow/instances?wait=5s").await;
    let test = server.send("POST /api/v1/workflows/test/flow/instances?wait=5s").await;
    let (shop, position) =
        (shop.member("id"), test.headers["motet-position"].to_str().unwrap().to_owned());
    server.token("root", &[Role::Admin], &["*"]).await;
    let roles = [Role::Operator, Role::Author, Role::Admin];
    let token = server.token("testers", &roles, &["test"]).await;
    let mut transcript = String::new();
    let header = "namespace: shop, name: flow, version: 2.0.0";
    let foreign = document(header, "  - a: { set: { b: 1 } }");
    for request in [
        format!("GET /api/v1/instances?at={position}"),
        format!("GET /api/v1/instances?workflow=flow&at={position}"),
        "GET /api/v1/instances?workflow=shop/flow".to_owned(),
        "GET /api/v1/instances/counts".to_owned(),
        "GET /api/v1/workflows".to_owned(),
        "GET /api/v1/workflows?namespace=shop".to_owned(),
        format!("GET /api/v1/instances/{shop}"),
        format!("GET /api/v1/instances/{shop}/history"),
        format!("GET /api/v1/instances/{shop}/watch"),
        format!("DELETE /api/v1/instances/{shop}"),
        format!("POST /api/v1/instances/{shop}/cancel"),
        "POST /api/v1/instances/retry?all=true&dryRun=true".to_owned(),
        format!("POST /api/v1/workflows\n\n{foreign}"),
        "PUT /api/v1/workflows/shop/flow/tags/stable\n\n{\"version\": \"1.0.0\"}".to_owned(),
        "PUT /api/v1/secrets/shop/key\n\nx".to_owned(),
        "PUT /api/v1/secrets/test/key\n\nx".to_owned(),
        "GET /api/v1/audit".to_owned(),
        "GET /api/v1/audit?namespace=shop".to_owned(),
        "POST /api/v1/backup\n\n{}".to_owned(),
        "POST /api/v1/tokens\n\n{\"name\": \"x\", \"roles\": [\"viewer\"], \"namespaces\": [\"*\"]}".to_owned(),
        "POST /api/v1/tokens\n\n{\"name\": \"x\", \"roles\": [\"viewer\"], \"namespaces\": [\"test\"]}".to_owned(),
        "DELETE /api/v1/tokens/root".to_owned(),
        "GET /api/v1/tokens".to_owned(),
    ] {
        let answer = server.send_as(&token, &request).await;
        let sees = |what: &str| answer.text.contains(&format!("\"namespace\":\"{what}\""));
        let seen = match (sees("shop"), sees("test")) {
            (true, _) => " sees shop",
            (false, true) => " sees test",
            (false, false) => "",
        };
        let code = if answer.status.is_success() { String::new() } else { format!(" {}", answer.member("code")) };
        let line = request.lines().next().unwrap().replace(&format!("at={position}"), "at=<position>");
        let _ = writeln!(transcript, "{line}: {}{code}{seen}", answer.status.as_u16());
    }
    expect![[r#"
        GET /api/v1/instances?at=<position>: 200 sees test
        GET /api/v1/instances?workflow=flow&at=<position>: 200 sees test
        GET /api/v1/instances?workflow=shop/flow: 403 forbidden
        GET /api/v1/instances/counts: 200
        GET /api/v1/workflows: 200 sees test
        GET /api/v1/workflows?namespace=shop: 403 forbidden
        GET /api/v1/instances/<id>: 404 unknown-instance
        GET /api/v1/instances/<id>/history: 404 unknown-instance
        GET /api/v1/instances/<id>/watch: 404 unknown-instance
        DELETE /api/v1/instances/<id>: 404 unknown-instance
        POST /api/v1/instances/<id>/cancel: 404 unknown-instance
        POST /api/v1/instances/retry?all=true&dryRun=true: 200
        POST /api/v1/workflows: 403 forbidden
        PUT /api/v1/workflows/shop/flow/tags/stable: 403 forbidden
        PUT /api/v1/secrets/shop/key: 403 forbidden
        PUT /api/v1/secrets/test/key: 201 sees test
        GET /api/v1/audit: 200 sees test
        GET /api/v1/audit?namespace=shop: 403 forbidden
        POST /api/v1/backup: 403 forbidden
        POST /api/v1/tokens: 403 forbidden
        POST /api/v1/tokens: 201
        DELETE /api/v1/tokens/root: 403 forbidden
        GET /api/v1/tokens: 200
    "#]]
    .assert_eq(&crate::support::redact(&transcript));
}

#[tokio::test]
async fn a_token_is_shown_once_and_nowhere_again() {
    let server = Server::new();
    let body =
        r#"{"name": "root", "roles": ["admin"], "namespaces": ["*"], "description": "mine"}"#;
    let made = server.send(&format!("POST /api/v1/tokens\n\n{body}")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.headers["cache-control"], "no-store");
    let token = made.member("token");
    let id = made.member("id");
    assert!(token.starts_with(&format!("motet_{id}_")), "{token}");
    let listed = server.send_as(&token, "GET /api/v1/tokens").await;
    assert!(listed.text.contains("\"lastUsedAt\""), "{}", listed.text);
    assert!(listed.text.contains("\"createdBy\":\"local\""), "{}", listed.text);
    let secret = token.rsplit('_').next().unwrap();
    for path in ["/api/v1/tokens?all=true", "/api/v1/tokens/self", "/api/v1/audit", "/metrics"] {
        let answer = server.send_as(&token, &format!("GET {path}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(!answer.text.contains(secret), "{path} shows the token");
    }
    let last = server.send_as(&token, &format!("DELETE /api/v1/tokens/{id}")).await;
    assert_eq!(last.member("code"), "token-conflict", "the last admin stays");
}

#[tokio::test]
async fn requests_for_tokens_are_read_strictly() {
    let server = Server::new();
    let mut transcript = String::new();
    for body in [
        "[]",
        "{}",
        r#"{"name": "A", "roles": ["admin"], "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": ["boss"], "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": "admin", "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": [], "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": ["admin"]}"#,
        r#"{"name": "a", "roles": ["admin"], "namespaces": ["A"]}"#,
        r#"{"name": "a", "role": ["admin"], "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresIn": "soon"}"#,
        r#"{"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresIn": "1d"}"#,
        r#"{"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresAt": "2001-01-01T00:00:00Z"}"#,
        r#"{"name": "local", "roles": ["admin"], "namespaces": ["*"]}"#,
        r#"{"name": "a", "roles": ["viewer"], "namespaces": ["*"]}"#,
    ] {
        let answer = server.send(&format!("POST /api/v1/tokens\n\n{body}")).await;
        let _ = writeln!(
            transcript,
            "{body}\n  {}: {}",
            answer.member("code"),
            answer.member("detail")
        );
    }
    expect![[r#"
        []
          invalid-body: the body is not an object
        {}
          invalid-body: say how it is called: `name`
        {"name": "A", "roles": ["admin"], "namespaces": ["*"]}
          invalid-parameter: name: "A" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        {"name": "a", "roles": ["boss"], "namespaces": ["*"]}
          invalid-parameter: roles: "boss" is no role: expected viewer, operator, author, admin, worker or service
        {"name": "a", "roles": "admin", "namespaces": ["*"]}
          invalid-body: the member "roles" is not a list of texts
        {"name": "a", "roles": [], "namespaces": ["*"]}
          invalid-body: say what it may do: `roles`, as in ["viewer"]
        {"name": "a", "roles": ["admin"]}
          invalid-body: say where it holds: `namespaces`, as in ["shop"], or ["*"] for all
        {"name": "a", "roles": ["admin"], "namespaces": ["A"]}
          invalid-parameter: namespaces: "A" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        {"name": "a", "role": ["admin"], "namespaces": ["*"]}
          invalid-body: the member "role" is not known: name, roles, namespaces, description, expiresIn, expiresAt
        {"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresIn": "soon"}
          invalid-parameter: expiresIn: "soon" is no length of time: write 90d, 12h, 30m or 10s
        {"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresIn": "1d"}
          token-conflict: the first token must be one of an admin of all namespaces that does not expire: from then on nobody comes in without a token
        {"name": "a", "roles": ["admin"], "namespaces": ["*"], "expiresAt": "2001-01-01T00:00:00Z"}
          token-conflict: the token would have expired before it is made
        {"name": "local", "roles": ["admin"], "namespaces": ["*"]}
          token-conflict: no token may be called "local": it stands for nobody
        {"name": "a", "roles": ["viewer"], "namespaces": ["*"]}
          token-conflict: the first token must be one of an admin of all namespaces that does not expire: from then on nobody comes in without a token
    "#]].assert_eq(&transcript);
}

#[tokio::test]
async fn the_audit_says_who_did_what() {
    let server = Server::new();
    server.publish("nap", "1.0.0", "  - nap: { wait: { hours: 1 } }").await;
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let text =
        document("namespace: test, name: nap, version: 1.1.0", "  - nap: { wait: { hours: 2 } }");
    server.send_as(&root, &format!("POST /api/v1/workflows\n\n{text}")).await;
    for version in ["1.0.0", "1.1.0"] {
        let body = format!("{{\"version\": \"{version}\", \"reason\": \"because\"}}");
        let request = format!("PUT /api/v1/workflows/test/nap/tags/stable\n\n{body}");
        server.send_as(&root, &request).await;
    }
    let started = server.send_as(&root, "POST /api/v1/workflows/test/nap/instances").await;
    let id = started.member("id");
    for (verb, body) in [("suspend", "{\"reason\": \"lunch\"}"), ("resume", ""), ("cancel", "")] {
        let answer =
            server.send_as(&root, &format!("POST /api/v1/instances/{id}/{verb}\n\n{body}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let history = server.send_as(&root, &format!("GET /api/v1/instances/{id}/history")).await;
    assert_eq!(history.text.matches("\"actor\":\"root\"").count(), 4, "{}", history.text);
    server.send_as(&root, "PUT /api/v1/secrets/test/key\n\nhunter2").await;
    server.send_as(&root, "PUT /api/v1/secrets/test/key\n\nhunter3").await;
    server.send_as(&root, "DELETE /api/v1/secrets/test/key?reason=unused").await;
    let gone = server.send_as(&root, &format!("DELETE /api/v1/instances/{id}?reason=wish")).await;
    assert_eq!(gone.member("purged"), "1");
    let unknown = server.send_as(&root, &format!("GET /api/v1/instances/{id}/history")).await;
    assert_eq!(unknown.member("code"), "unknown-instance");
    let position = gone.headers["motet-position"].to_str().unwrap();
    let audit = server.send_as(&root, &format!("GET /api/v1/audit?at={position}")).await;
    assert!(!audit.text.contains("hunter"), "a secret is in the audit: {}", audit.text);
    let value = audit.value();
    let mut transcript = String::new();
    for entry in items(&value) {
        let part = |key| {
            motet_expr::json::get(&entry, key).map(motet_expr::json::to_text).unwrap_or_default()
        };
        let parts = ["actor", "action", "subject", "before", "after", "reason"].map(part);
        let _ = writeln!(transcript, "{}", parts.join(" "));
    }
    let token = server.handle.catalog().catalog.tokens.keys().next().unwrap().to_string();
    expect![[r#"
        "root" "instance.purge" "<id>" {"workflow":"test/nap:1.1.0","status":"cancelled"}  "wish"
        "root" "secret.delete" "test/key"   "unused"
        "root" "secret.set" "test/key" {"version":1} {"version":2} 
        "root" "secret.set" "test/key"  {"version":1} 
        "root" "instance.cancel" "<id>"  {"status":"cancelled"} 
        "root" "instance.resume" "<id>"  {"status":"waiting"} 
        "root" "instance.suspend" "<id>"  {"status":"suspended"} "lunch"
        "root" "tag.set" "test/nap:stable" {"version":"1.0.0"} {"version":"1.1.0"} "because"
        "root" "tag.set" "test/nap:stable"  {"version":"1.0.0"} "because"
        "root" "workflow.publish" "test/nap:1.1.0"  {"digest":"<digest>"} 
        "root" "token.create" "<token>"  {"name":"root","roles":["admin"],"namespaces":"*"} 
        "local" "workflow.publish" "test/nap:1.0.0"  {"digest":"<digest>"} 
    "#]]
    .assert_eq(&crate::support::redact(&transcript.replace(&token, "<token>")));
    let some = server.send_as(&root, "GET /api/v1/audit?action=tag.set&limit=1").await;
    let next = some.member("next");
    let rest = server
        .send_as(&root, &format!("GET /api/v1/audit?action=tag.set&limit=1&cursor={next}"))
        .await;
    assert!(
        rest.text.contains("\"version\":\"1.0.0\"") && !rest.text.contains("before"),
        "{}",
        rest.text
    );
    let none = server.send_as(&root, "GET /api/v1/audit?actor=nobody").await;
    assert_eq!(items(&none.value()).len(), 0);
}

fn items(page: &motet_expr::Value) -> Vec<motet_expr::Value> {
    match motet_expr::json::get(page, "items") {
        Some(motet_expr::Value::Arr(items)) => items.to_vec(),
        _ => panic!("no items"),
    }
}

#[tokio::test]
async fn what_has_not_ended_is_not_purged() {
    let server = Server::new();
    server.publish("nap", "1.0.0", "  - nap: { wait: { hours: 1 } }").await;
    let id = server.start("nap", "", "").await;
    let refused = server.send(&format!("DELETE /api/v1/instances/{id}")).await;
    assert_eq!(refused.member("code"), "status-conflict");
    let forced = server.send(&format!("DELETE /api/v1/instances/{id}?force=true")).await;
    assert_eq!(forced.member("purged"), "1", "{}", forced.text);
    let again = server.send(&format!("DELETE /api/v1/instances/{id}?force=true")).await;
    assert_eq!(again.member("code"), "unknown-instance");
}

#[tokio::test]
async fn a_purge_takes_children_and_start_keys_along() {
    let server = Server::new();
    server.publish("child", "1.0.0", "  - a: { set: { b: 1 } }").await;
    let run = "  - call: { run: { workflow: { namespace: test, name: child, version: 1.0.0 } } }";
    server.publish("parent", "1.0.0", run).await;
    let start = "POST /api/v1/workflows/test/parent/instances?wait=5s\nidempotency-key: k\n\n{}";
    let first = server.send(start).await;
    assert_eq!(first.member("status"), "completed", "{}", first.text);
    let id = first.member("id");
    let position = first.headers["motet-position"].to_str().unwrap();
    let children = server.send(&format!("GET /api/v1/instances?parent={id}&at={position}")).await;
    let child =
        motet_expr::json::get(&items(&children.value())[0], "id").map(motet_expr::json::to_text);
    let child = child.unwrap().replace('"', "");
    let gone = server.send(&format!("DELETE /api/v1/instances/{id}")).await;
    assert_eq!(gone.member("purged"), "2", "{}", gone.text);
    assert_eq!(
        server.send(&format!("GET /api/v1/instances/{child}")).await.member("code"),
        "unknown-instance"
    );
    let second = server.send(start).await;
    assert_eq!(second.member("created"), "true", "{}", second.text);
    assert_ne!(second.member("id"), id);
}

#[tokio::test]
async fn values_of_secrets_are_taken_and_never_given() {
    let server = Server::new();
    let mut transcript = String::new();
    for request in [
        "PUT /api/v1/secrets/shop/api_Key\n\nhunter2",
        "PUT /api/v1/secrets/shop/api_Key\ncontent-type: application/json\n\n{\"value\": \"hunter3\"}",
        "PUT /api/v1/secrets/shop/api_Key\ncontent-type: application/json\n\n{\"valeu\": \"hunter4\"}",
        "PUT /api/v1/secrets/shop/api_Key\ncontent-type: application/json\n\n{hunter5",
        "PUT /api/v1/secrets/shop/api_Key\ncontent-type: text/html\n\nhunter6",
        "PUT /api/v1/secrets/shop/api_Key",
        "PUT /api/v1/secrets/shop/api.key\n\nhunter7",
        "PUT /api/v1/secrets/Shop/key\n\nhunter8",
        "GET /api/v1/secrets",
        "GET /api/v1/secrets?namespace=other",
        "GET /api/v1/secrets/shop/api_Key",
        "DELETE /api/v1/secrets/shop/api_Key",
        "DELETE /api/v1/secrets/shop/api_Key",
    ] {
        let answer = server.send(request).await;
        let line = request.lines().next().unwrap();
        let _ = writeln!(transcript, "{line}: {} {}", answer.status.as_u16(), answer.text);
    }
    assert!(!transcript.contains("hunter"), "{transcript}");
    expect![[r#"
        PUT /api/v1/secrets/shop/api_Key: 201 {"namespace":"shop","name":"api_Key","version":1,"setAt":"<instant>","setBy":"local"}
        PUT /api/v1/secrets/shop/api_Key: 200 {"namespace":"shop","name":"api_Key","version":2,"setAt":"<instant>","setBy":"local"}
        PUT /api/v1/secrets/shop/api_Key: 400 {"type":"/docs/errors/invalid-body","title":"The body is JSON of another shape than is asked for.","status":400,"detail":"write {\"value\": \"...\"}, or send the value itself as text/plain","code":"invalid-body"}
        PUT /api/v1/secrets/shop/api_Key: 400 {"type":"/docs/errors/malformed-json","title":"The body is not JSON.","status":400,"detail":"the body is not JSON","code":"malformed-json"}
        PUT /api/v1/secrets/shop/api_Key: 415 {"type":"/docs/errors/unsupported-media-type","title":"The body is of a kind that is not read here.","status":415,"detail":"the body is of type \"text/html\": send it with Content-Type: text/plain or application/octet-stream or application/json","code":"unsupported-media-type"}
        PUT /api/v1/secrets/shop/api_Key: 400 {"type":"/docs/errors/invalid-body","title":"The body is JSON of another shape than is asked for.","status":400,"detail":"the body is empty: it is to be the value","code":"invalid-body"}
        PUT /api/v1/secrets/shop/api.key: 400 {"type":"/docs/errors/invalid-parameter","title":"A parameter or header has a value that it cannot have.","status":400,"detail":"name: \"shop/api.key\" is not a secret's name: write namespace/name, the name of letters, digits, - and _","code":"invalid-parameter"}
        PUT /api/v1/secrets/Shop/key: 400 {"type":"/docs/errors/invalid-parameter","title":"A parameter or header has a value that it cannot have.","status":400,"detail":"name: \"Shop/key\" is not a secret's name: write namespace/name, the name of letters, digits, - and _","code":"invalid-parameter"}
        GET /api/v1/secrets: 200 {"items":[{"namespace":"shop","name":"api_Key","version":2,"setAt":"<instant>","setBy":"local"}]}
        GET /api/v1/secrets?namespace=other: 200 {"items":[]}
        GET /api/v1/secrets/shop/api_Key: 405 {"type":"/docs/errors/method-not-allowed","title":"The path is known, the method is not.","status":405,"detail":"/api/v1/secrets/shop/api_Key does not take GET","code":"method-not-allowed"}
        DELETE /api/v1/secrets/shop/api_Key: 200 {"namespace":"shop","name":"api_Key","version":2,"setAt":"<instant>","setBy":"local"}
        DELETE /api/v1/secrets/shop/api_Key: 404 {"type":"/docs/errors/missing-secret","title":"There is no such secret.","status":404,"detail":"there is no secret shop/api_Key","code":"missing-secret"}
    "#]].assert_eq(&crate::support::redact(&transcript));
}

#[tokio::test]
async fn redacted_paths_are_masked_wherever_data_are_shown() {
    let server = Server::new();
    let text = "\
document:
  { dsl: 1.0.0, namespace: test, name: pay, version: 1.0.0, metadata: { motet: { redact: [..number] } } }
do:
  - keep:
      set: { card: \"${ .card }\", pin: 4711, note: paid }
      metadata: { motet: { redact: [.pin] } }
  - finish: { set: { number: \"${ .card.number }\", pin: \"${ .pin }\" } }
";
    let published = server.send(&format!("POST /api/v1/workflows\n\n{text}")).await;
    assert_eq!(published.status, StatusCode::CREATED, "{}", published.text);
    let input = r#"{"card": {"number": "4929-0000", "holder": "ada"}}"#;
    let start = format!("POST /api/v1/workflows/test/pay/instances?wait=5s\n\n{input}");
    let ended = server.send(&start).await;
    let id = ended.member("id");
    let read = server.send(&format!("GET /api/v1/instances/{id}")).await;
    let history = server.send(&format!("GET /api/v1/instances/{id}/history")).await;
    let watched = server.send(&format!("GET /api/v1/instances/{id}/watch")).await;
    for shown in [&ended, &read, &history, &watched] {
        assert!(!shown.text.contains("4929"), "{}", shown.text);
        assert!(shown.text.contains("[redacted]"), "{}", shown.text);
    }
    // The engine has the values: the paths of a task hold for its own entries alone.
    assert_eq!(read.text.matches("4711").count(), 1, "{}", read.text);
    let of_task = |name: &str| {
        let entries = items(&history.value());
        let entries = entries.into_iter().filter(|entry| {
            motet_expr::json::get(entry, "name").and_then(motet_expr::json::as_str) == Some(name)
        });
        entries.map(|entry| motet_expr::json::to_text(&entry)).collect::<String>()
    };
    assert!(
        !of_task("keep").contains("4711") && of_task("keep").contains("ada"),
        "{}",
        of_task("keep")
    );
    assert!(of_task("finish").contains("4711"), "{}", of_task("finish"));
    let bad = text.replace("..number", "card.number");
    let refused = server.send(&format!("POST /api/v1/workflows/validate\n\n{bad}")).await;
    assert!(refused.text.contains("`card.number` is no path"), "{}", refused.text);
}
