//! The registry over HTTP: documents, endpoints, who may do what, and what is refused.

use expect_test::{Expect, expect};
use http::StatusCode;

use crate::support::Server;

const DOCUMENT: &str = "service: payments\nnamespace: shop\nversions:\n  - version: 1.0.0\n    endpoints: ['http://127.0.0.1:1']\n";

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

/// Status and code of a refusal, or the status alone.
async fn verdict(server: &Server, request: &str) -> String {
    let answer = server.send(request).await;
    match answer.status.is_success() {
        true => answer.status.as_u16().to_string(),
        false => format!(
            "{} {}: {}",
            answer.status.as_u16(),
            answer.member("code"),
            answer.member("detail")
        ),
    }
}

#[tokio::test]
async fn a_service_is_set_read_and_taken_away() {
    let server = Server::new();
    let put = format!("PUT /api/v1/services/shop/payments\n\n{DOCUMENT}");
    assert_eq!(server.send(&put).await.status, StatusCode::CREATED);
    check(
        &server,
        &put,
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "namespace": "shop",
          "name": "payments",
          "digest": "<digest>",
          "diagnostics": []
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/services",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "namespace": "shop",
              "name": "payments",
              "document": true,
              "versions": [
                "1.0.0"
              ],
              "endpoints": 1,
              "passing": 1,
              "inFlight": 0
            }
          ]
        }
    "#]],
    )
    .await;
    let read = server.send("GET /api/v1/services/shop/payments").await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "namespace": "shop",
          "name": "payments",
          "document": {
            "digest": "<digest>",
            "source": "service: payments\nnamespace: shop\nversions:\n  - version: 1.0.0\n    endpoints: ['http://127.0.0.1:1']\n",
            "setAt": "<instant>",
            "setBy": "local"
          },
          "patienceMs": 3600000,
          "versions": [
            {
              "version": "1.0.0",
              "weight": 100,
              "endpoints": 1,
              "inFlight": 0,
              "inFlightMax": 20,
              "breaker": "closed",
              "recentCalls": 0,
              "recentFailures": 0
            }
          ],
          "waiting": [],
          "endpoints": [
            {
              "id": "127.0.0.1:1",
              "url": "http://127.0.0.1:1",
              "version": "1.0.0",
              "weight": 1,
              "origin": "document",
              "state": "passing",
              "inFlight": 0,
              "registeredAt": "<instant>",
              "registeredBy": "local"
            }
          ],
          "revision": <revision>
        }
    "#]].assert_eq(&read.show());
    check(
        &server,
        "DELETE /api/v1/services/shop/payments?reason=old",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "namespace": "shop",
          "name": "payments"
        }
    "#]],
    )
    .await;
    assert_eq!(
        verdict(&server, "GET /api/v1/services/shop/payments").await,
        "404 missing-service: there is no service shop/payments"
    );
}

#[tokio::test]
async fn an_endpoint_registers_rests_and_leaves() {
    let server = Server::new();
    let body = r#"{"url":"http://127.0.0.1:2","version":"1.2.0","zone":"b","weight":3,"ttl":"30s","metadata":{"rack":"7"}}"#;
    let put = format!("PUT /api/v1/services/shop/payments/endpoints/two\n\n{body}");
    assert_eq!(server.send(&put).await.status, StatusCode::CREATED);
    check(
        &server,
        &put,
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "two",
          "leaseMs": 30000
        }
    "#]],
    )
    .await;
    let path = "/api/v1/services/shop/payments/endpoints/two";
    check(
        &server,
        &format!("PUT {path}?maintenance=true&reason=disk"),
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "two",
          "maintenance": true
        }
    "#]],
    )
    .await;
    let state = |text: &str| text.contains(r#""state":"draining""#);
    assert!(state(&server.send("GET /api/v1/services/shop/payments").await.text));
    // Saying that it is there does not end the maintenance.
    assert_eq!(verdict(&server, &put).await, "200");
    assert!(state(&server.send("GET /api/v1/services/shop/payments").await.text));
    assert_eq!(verdict(&server, &format!("PUT {path}?maintenance=false")).await, "200");
    assert!(!state(&server.send("GET /api/v1/services/shop/payments").await.text));
    assert_eq!(verdict(&server, &format!("DELETE {path}")).await, "200");
    assert_eq!(
        verdict(&server, &format!("DELETE {path}")).await,
        "404 unknown-endpoint: the service shop/payments has no endpoint two"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_reason() {
    let server = Server::new();
    let registrations = [
        "{}",
        r#"{"url": 5}"#,
        r#"{"url": "127.0.0.1:80"}"#,
        r#"{"url": "http://a", "weight": 0}"#,
        r#"{"url": "http://a", "weight": 1.5}"#,
        r#"{"url": "http://a", "version": "one"}"#,
        r#"{"url": "http://a", "ttl": "1ms"}"#,
        r#"{"url": "http://a", "ttl": "2000h"}"#,
        r#"{"url": "http://a", "zone": ""}"#,
        r#"{"url": "http://a", "metadata": {"a": 1}}"#,
        r#"{"url": "http://a", "name": "x"}"#,
        "no JSON",
    ];
    let mut shown = String::new();
    for body in registrations {
        let put = format!("PUT /api/v1/services/shop/payments/endpoints/two\n\n{body}");
        shown += &format!("{body}\n  {}\n", verdict(&server, &put).await);
    }
    let large = format!(r#"{{"url": "http://a", "metadata": {{"a": "{}"}}}}"#, "x".repeat(9_000));
    let put = format!("PUT /api/v1/services/shop/payments/endpoints/two\n\n{large}");
    shown += &format!("large metadata\n  {}\n", verdict(&server, &put).await);
    for path in ["shop/payments/endpoints/%20", "shop/Pay/endpoints/a", "sh_op/a/endpoints/a"] {
        let put = format!("PUT /api/v1/services/{path}\n\n{{\"url\": \"http://a\"}}");
        shown += &format!("{path}\n  {}\n", verdict(&server, &put).await);
    }
    let documents = ["service: other\nnamespace: shop", "service: payments", "service: [", ""];
    for document in documents {
        let put = format!("PUT /api/v1/services/shop/payments\n\n{document}");
        shown += &format!("{document:?}\n  {}\n", verdict(&server, &put).await);
    }
    server.send(&format!("PUT /api/v1/services/shop/payments\n\n{DOCUMENT}")).await;
    let own = "/api/v1/services/shop/payments/endpoints/127.0.0.1:1";
    let taken = format!("PUT {own}\n\n{{\"url\": \"http://a\"}}");
    for request in [
        taken,
        format!("DELETE {own}"),
        "PUT /api/v1/services/shop/none/endpoints/a?maintenance=true".to_owned(),
    ] {
        shown += &format!(
            "{}\n  {}\n",
            request.lines().next().unwrap(),
            verdict(&server, &request).await
        );
    }
    expect![[r#"
        {}
          400 invalid-body: the member "url" is missing
        {"url": 5}
          400 invalid-body: the member "url" is not text
        {"url": "127.0.0.1:80"}
          400 invalid-body: the member "url": it begins with neither http:// nor https://
        {"url": "http://a", "weight": 0}
          400 invalid-body: the member "weight" is 0: let the endpoint rest with ?maintenance=true
        {"url": "http://a", "weight": 1.5}
          400 invalid-body: the member "weight" is not a whole number from 0 to 1000000
        {"url": "http://a", "version": "one"}
          400 invalid-parameter: version: unexpected character 'o' while parsing major version number
        {"url": "http://a", "ttl": "1ms"}
          400 invalid-body: the member "ttl" is not between 1s and a day
        {"url": "http://a", "ttl": "2000h"}
          400 invalid-body: the member "ttl" is not a length of time: write 30s, 500ms, 2m or PT1H
        {"url": "http://a", "zone": ""}
          400 invalid-body: the member "zone" is not 1 to 255 bytes long
        {"url": "http://a", "metadata": {"a": 1}}
          400 invalid-body: the member "metadata" is no object of texts
        {"url": "http://a", "name": "x"}
          400 invalid-body: the member "name" is not known: write url, version, zone, weight, ttl, metadata
        no JSON
          400 malformed-json: expected a value at byte 0
        large metadata
          400 invalid-body: the metadata have 9001 bytes, the limit is 8192
        shop/payments/endpoints/%20
          400 invalid-parameter: endpoint: " " is not an endpoint's id: use 1 to 255 visible ASCII characters
        shop/Pay/endpoints/a
          400 invalid-parameter: name: "Pay" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        sh_op/a/endpoints/a
          400 invalid-parameter: namespace: "sh_op" is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        "service: other\nnamespace: shop"
          422 invalid-document: the document has 1 error
        "service: payments"
          422 invalid-document: the document has 1 error
        "service: ["
          422 invalid-document: the document has 1 error
        ""
          422 invalid-document: the document has 1 error
        PUT /api/v1/services/shop/payments/endpoints/127.0.0.1:1
          409 endpoint-conflict: the endpoint 127.0.0.1:1 of shop/payments stands in its document, or was found by DNS
        DELETE /api/v1/services/shop/payments/endpoints/127.0.0.1:1
          409 endpoint-conflict: the endpoint 127.0.0.1:1 of shop/payments stands in its document, or was found by DNS
        PUT /api/v1/services/shop/none/endpoints/a?maintenance=true
          404 unknown-endpoint: the service shop/none has no endpoint a
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_workflow_is_warned_of_services_that_are_not_there() {
    let server = Server::new();
    let tasks = "  - pay: { call: http, with: { method: get, endpoint: 'http://payments/a' } }\n  - ship: { call: http, with: { method: get, endpoint: 'http://shipping/a' } }";
    let document = crate::support::document("namespace: shop, name: order, version: 1.0.0", tasks);
    server.send(&format!("PUT /api/v1/services/shop/payments\n\n{DOCUMENT}")).await;
    let answer = server.send(&format!("POST /api/v1/workflows\n\n{document}")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let warned = |name: &str| answer.text.contains(&format!("no service `{name}` is registered"));
    assert!(warned("shipping") && !warned("payments"), "{}", answer.text);
}
