use expect_test::{Expect, expect};
use http::StatusCode;
use motet_api::{Code, Options};

use crate::support::Server;

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let server = Server::new();
    check(
        &server,
        "GET /api/v1/nothing",
        expect![[r#"
            404 Not Found
            content-type: application/problem+json

            {
              "type": "/docs/errors/unknown-route",
              "title": "There is nothing at this path.",
              "status": 404,
              "detail": "there is nothing at /api/v1/nothing: GET /api/v1/openapi.json describes every route",
              "code": "unknown-route"
            }
        "#]],
    )
    .await;
    check(
        &server,
        "DELETE /api/v1/instances",
        expect![[r#"
        405 Method Not Allowed
        content-type: application/problem+json
        allow: GET,HEAD

        {
          "type": "/docs/errors/method-not-allowed",
          "title": "The path is known, the method is not.",
          "status": 405,
          "detail": "/api/v1/instances does not take DELETE",
          "code": "method-not-allowed"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/workflows/a/%ff",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "path: Invalid UTF-8 in `name`",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
    check(&server, "GET /api/v1/workflows/A/b", expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "namespace: \"A\" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens",
          "code": "invalid-parameter"
        }
    "#]]).await;
    check(
        &server,
        "GET /api/v1/instances/nonsense",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "id: \"nonsense\" is not an id: expected hexadecimal digits, as in <id>",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn parameters_are_refused_by_name() {
    let server = Server::new();
    for (query, code) in [
        ("GET /api/v1/instances?limt=5", Code::UnknownParameter),
        ("GET /api/v1/instances?limit=0", Code::InvalidParameter),
        ("GET /api/v1/instances?limit=1001", Code::InvalidParameter),
        ("GET /api/v1/instances?limit=5&limit=6", Code::InvalidParameter),
        ("GET /api/v1/instances?status=failed", Code::InvalidParameter),
        ("GET /api/v1/instances?from=yesterday", Code::InvalidParameter),
        ("GET /api/v1/instances?parent=me", Code::InvalidParameter),
        ("GET /api/v1/instances?incidents=maybe", Code::InvalidParameter),
        ("GET /api/v1/instances?workflow=a/b&namespace=c", Code::InvalidParameter),
        ("GET /api/v1/instances?at=-1", Code::InvalidParameter),
        ("GET /api/v1/instances?at=Latest", Code::InvalidParameter),
        ("GET /api/v1/incidents?at=newest", Code::InvalidParameter),
        ("GET /livez?verbose", Code::UnknownParameter),
        ("POST /api/v1/workflows/a/b/instances?wait=30", Code::InvalidParameter),
        ("POST /api/v1/workflows/a/b/instances?wait=301s", Code::InvalidParameter),
        ("POST /api/v1/workflows/a/b/instances", Code::UnknownWorkflow),
        ("POST /api/v1/workflows/a/b/instances\n\n{\"a\":}", Code::MalformedJson),
        (
            "POST /api/v1/workflows/a/b/instances\ncontent-type: text/plain\n\n{}",
            Code::UnsupportedMediaType,
        ),
        (
            "POST /api/v1/workflows/a/b/instances\nidempotency-key: \u{e9}\n\n{}",
            Code::InvalidParameter,
        ),
    ] {
        let answer = server.send(query).await;
        assert_eq!(answer.member("code"), code.as_str(), "{query}: {}", answer.text);
        assert_eq!(answer.status, code.status(), "{query}");
    }
}

#[tokio::test]
async fn only_pages_of_this_server_may_call_it() {
    let options = Options {
        listen: Some("192.0.2.7:7080".parse().unwrap()),
        allowed_hosts: vec!["motet.example.com".to_owned(), "console.example.com:8443".to_owned()],
        ..Options::default()
    };
    let server = Server::with(options);
    let mut transcript = String::new();
    for (host, origin) in [
        ("localhost:7080", ""),
        ("127.0.0.1", ""),
        ("[::1]:7080", ""),
        ("192.0.2.7:7080", ""),
        ("192.0.2.8:7080", ""),
        ("motet.example.com", ""),
        ("MOTET.example.com:443", ""),
        ("console.example.com:8443", ""),
        ("console.example.com", ""),
        ("evil.example.com", ""),
        ("localhost.evil.example.com", ""),
        ("localhost:7080", "http://localhost:7080"),
        ("localhost:7080", "http://localhost:3000"),
        ("localhost:7080", "https://motet.example.com"),
        ("localhost:7080", "https://evil.example.com"),
        ("localhost:7080", "null"),
    ] {
        let origin_line =
            if origin.is_empty() { String::new() } else { format!("\norigin: {origin}") };
        let answer = server.send(&format!("GET /livez\nhost: {host}{origin_line}")).await;
        let verdict = match answer.status {
            StatusCode::OK => "taken".to_owned(),
            _ => answer.member("code"),
        };
        transcript.push_str(&format!("{host} {origin} -> {verdict}\n"));
    }
    expect![[r#"
        localhost:7080  -> taken
        127.0.0.1  -> taken
        [::1]:7080  -> taken
        192.0.2.7:7080  -> taken
        192.0.2.8:7080  -> foreign-host
        motet.example.com  -> taken
        MOTET.example.com:443  -> taken
        console.example.com:8443  -> taken
        console.example.com  -> foreign-host
        evil.example.com  -> foreign-host
        localhost.evil.example.com  -> foreign-host
        localhost:7080 http://localhost:7080 -> taken
        localhost:7080 http://localhost:3000 -> foreign-origin
        localhost:7080 https://motet.example.com -> taken
        localhost:7080 https://evil.example.com -> foreign-origin
        localhost:7080 null -> foreign-origin
    "#]]
    .assert_eq(&transcript);
    check(&server, "GET /livez\nhost: evil.example.com", expect![[r#"
        403 Forbidden
        content-type: application/problem+json

        {
          "type": "/docs/errors/foreign-host",
          "title": "The request names a host that is not this server.",
          "status": 403,
          "detail": "the request is for \"evil.example.com\", which is not a name of this server: call it by its address, or allow the name in its configuration (allowed-hosts)",
          "code": "foreign-host"
        }
    "#]]).await;
}

#[tokio::test]
async fn every_name_is_admitted_only_on_demand() {
    let options = Options { allowed_hosts: vec!["*".to_owned()], ..Options::default() };
    let answer = Server::with(options).send("GET /livez\nhost: anything.example.com").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stopping_server_refuses_and_says_when_to_come_again() {
    let server = Server::new();
    while !server.handle.health().ready {
        tokio::task::yield_now().await;
    }
    server.handle.shut_down(std::time::Duration::ZERO).await;
    check(
        &server,
        "GET /readyz",
        expect![[r#"
            503 Service Unavailable
            content-type: application/problem+json

            {
              "type": "/docs/errors/not-ready",
              "title": "The server is not ready.",
              "status": 503,
              "detail": "stopping",
              "code": "not-ready"
            }
        "#]],
    )
    .await;
    check(&server, "POST /api/v1/workflows\n\ndocument: { dsl: 1.0.0, namespace: a, name: b, version: 1.0.0 }\ndo: [ { a: { set: { b: 1 } } } ]", expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 5

        {
          "type": "/docs/errors/unavailable",
          "title": "The server takes nothing new at present.",
          "status": 503,
          "detail": "the server is not available: stopping",
          "code": "unavailable"
        }
    "#]]).await;
    assert_eq!(server.send("GET /livez").await.status, StatusCode::OK);
}
