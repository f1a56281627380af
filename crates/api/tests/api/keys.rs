//! Search attributes and concurrency keys.

use expect_test::{Expect, expect};
use http::StatusCode;

use crate::support::{Server, document};

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

/// Publishes a workflow with these extensions.
async fn publish(server: &Server, name: &str, motet: &str, tasks: &str) {
    let header =
        format!("namespace: test, name: {name}, version: 1.0.0, metadata: {{ motet: {motet} }}");
    let request = format!("POST /api/v1/workflows\n\n{}", document(&header, tasks));
    let answer = server.send(&request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

const TASKS: &str = "  - note:
      set: { carrier: north, at: '2026-11-22T09:30:00+01:00', secret: s3 }
      metadata: { motet: { attributes: { carrier: '${ .carrier }', at: '${ .at }', secret: '${ .secret }' } } }";

async fn orders() -> Server {
    let server = Server::new();
    let motet = "{ businessKey: '${ .order }', redact: [.secret], attributes: { customer: '${ .customer }', total: '${ .total }', paid: '${ .paid }' } }";
    publish(&server, "order", motet, TASKS).await;
    for input in [
        r#"{"order": "o-1", "customer": "Ada", "total": 10, "paid": true}"#,
        r#"{"order": "o-2", "customer": "Ada", "total": 20.5, "paid": false}"#,
        r#"{"order": "o-3", "customer": "Grace", "total": 30}"#,
    ] {
        server.start("order", "wait=10s", input).await;
    }
    server
}

#[tokio::test]
async fn lists_are_asked_for_attributes() {
    let server = orders().await;
    let list = async |query: &str| {
        let answer = server.send(&format!("GET /api/v1/instances?at=latest&{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let keys = answer.text.split("\"businessKey\":\"").skip(1);
        let mut keys: Vec<String> = keys.map(|rest| rest[..3].to_owned()).collect();
        keys.sort();
        keys.join(" ")
    };
    for (query, expected) in [
        ("attribute.customer=Ada", "o-1 o-2"),
        ("attribute.customer=ada", ""),
        ("attribute.total=10", "o-1"),
        ("attribute.total.from=10&attribute.total.to=30", "o-1 o-2"),
        ("attribute.total.from=11", "o-2 o-3"),
        ("attribute.paid=false", "o-2"),
        ("attribute.customer=Ada&attribute.paid=true", "o-1"),
        ("attribute.carrier=north", "o-1 o-2 o-3"),
        ("attribute.at=2026-11-22T08:30:00Z", "o-1 o-2 o-3"),
        ("attribute.at.to=2026-11-22T08:30:00Z", ""),
        ("attribute.customer=Ada&businessKey=o-2", "o-2"),
        ("attribute.customer=Ada&status=running", ""),
        // Nobody finds by guessing what nobody may see.
        ("attribute.secret=s3", ""),
        ("attribute.unheard-of=1", ""),
    ] {
        assert_eq!(list(query).await, expected, "?{query}");
    }
    check(
        &server,
        "GET /api/v1/instances/counts?attribute.customer=Ada",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "counts": {
            "completed": 2
          },
          "total": 2
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_test_is_refused() {
    let server = Server::new();
    for query in ["attribute.=1", "attribute.a.b=1", "attribute=1", "attribute.a.from.to=1"] {
        let answer = server.send(&format!("GET /api/v1/instances?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.text);
    }
    let nine: String = (1..=9).map(|nth| format!("attribute.a{nth}=1&")).collect();
    check(
        &server,
        &format!("GET /api/v1/instances?{nine}"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "attribute: at most 8 search attributes can be asked for at once",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_purge_takes_the_attributes_along() {
    let server = orders().await;
    let list = "GET /api/v1/instances?attribute.total=20.5&at=latest";
    let listed = server.send(list).await.text;
    let id = &listed.split("\"id\":\"").nth(1).unwrap()[..36];
    check(
        &server,
        &format!("GET /api/v1/instances/{id}"),
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "order",
          "version": "1.0.0",
          "digest": "<digest>",
          "status": "completed",
          "startedAt": "<instant>",
          "updatedAt": "<instant>",
          "endedAt": "<instant>",
          "businessKey": "o-2",
          "attributes": {
            "customer": "Ada",
            "total": 20.5,
            "paid": false,
            "at": "2026-11-22T09:30:00+01:00",
            "carrier": "north",
            "secret": "[redacted]"
          },
          "input": {
            "order": "o-2",
            "customer": "Ada",
            "total": 20.5,
            "paid": false
          },
          "output": {
            "carrier": "north",
            "at": "2026-11-22T09:30:00+01:00",
            "secret": "[redacted]"
          },
          "steps": [],
          "incidents": [],
          "records": 5
        }
    "#]],
    )
    .await;
    let purged = server.send(&format!("DELETE /api/v1/instances/{id}")).await;
    assert_eq!(purged.status, StatusCode::OK, "{}", purged.text);
    check(
        &server,
        list,
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": []
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn the_list_shows_who_waits_for_whom() {
    let server = Server::new();
    let motet = "{ concurrency: { key: '${ .order }' } }";
    publish(&server, "settle", motet, "  - think: { wait: { hours: 1 } }").await;
    let holder = server.start("settle", "", r#"{"order": 17}"#).await;
    let waiting = server.start("settle", "", r#"{"order": 17}"#).await;
    let shown = async |request: String| {
        let text = server.send(&request).await.text;
        text.replace(&holder, "<holder>").replace(&waiting, "<waiting>")
    };
    let list = shown("GET /api/v1/instances?status=pending&at=latest".to_owned()).await;
    let waits = r#""waitsFor":{"concurrencyKey":"17","instance":"<holder>"}"#;
    assert!(list.contains(waits), "{list}");
    let one = shown(format!("GET /api/v1/instances/{waiting}")).await;
    let waits = r#""concurrency":{"key":"17","waitsFor":"<holder>","ahead":1}"#;
    assert!(one.contains(waits), "{one}");
    let one = shown(format!("GET /api/v1/instances/{holder}")).await;
    assert!(one.contains(r#""concurrency":{"key":"17"}"#), "{one}");
    let cancelled = server.send(&format!("POST /api/v1/instances/{holder}/cancel\n\n")).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.text);
    let next = shown(format!("GET /api/v1/instances/{waiting}")).await;
    assert!(next.contains(r#""concurrency":{"key":"17"}"#), "{next}");
}

#[tokio::test]
async fn a_start_that_may_not_wait_is_refused() {
    let limits = motet_types::Limits { concurrency_queue_max: 0, ..Default::default() };
    let server = Server::limited(motet_api::Options::default(), limits);
    let tasks = "  - think: { wait: { hours: 1 } }";
    publish(&server, "sole", "{ concurrency: { key: '${ .order }', policy: reject } }", tasks)
        .await;
    publish(&server, "queued", "{ concurrency: { key: '${ .order }' } }", tasks).await;
    for name in ["sole", "queued"] {
        server.start(name, "", r#"{"order": 17}"#).await;
    }
    let again =
        |name: &str| format!("POST /api/v1/workflows/test/{name}/instances\n\n{{\"order\": 17}}");
    check(&server, &again("sole"), expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "type": "/docs/errors/concurrency-conflict",
          "title": "Another instance holds the concurrency key.",
          "status": 409,
          "detail": "instance <id> of test/sole holds the concurrency key \"17\": the workflow's policy is to refuse others",
          "code": "concurrency-conflict",
          "instanceId": "<id>"
        }
    "#]]).await;
    check(&server, &again("queued"), expect![[r#"
        429 Too Many Requests
        content-type: application/problem+json
        retry-after: 5

        {
          "type": "/docs/errors/concurrency-queue-full",
          "title": "As many wait for the concurrency key as may.",
          "status": 429,
          "detail": "0 instances of test/queued wait for the concurrency key \"17\", which is the limit",
          "code": "concurrency-queue-full"
        }
    "#]]).await;
    check(&server, "POST /api/v1/workflows/test/queued/instances\n\n{}", expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-concurrency-key",
          "title": "The input gives no concurrency key.",
          "status": 422,
          "detail": "the start has no concurrency key: concurrency.key: a key is a number, a truth value or a text of 1 to 1024 bytes",
          "code": "invalid-concurrency-key"
        }
    "#]]).await;
}

#[tokio::test]
async fn lists_show_by_what_instances_are_found() {
    let server = orders().await;
    check(
        &server,
        "GET /api/v1/instances?attribute.customer=Grace&at=latest",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "order",
              "version": "1.0.0",
              "status": "completed",
              "startedAt": "<instant>",
              "updatedAt": "<instant>",
              "endedAt": "<instant>",
              "businessKey": "o-3",
              "attributes": {
                "at": "<instant>",
                "carrier": "north",
                "customer": "Grace",
                "total": 30
              },
              "hasIncident": false
            }
          ]
        }
    "#]],
    )
    .await;
}

/// Asks until the answer holds this: a place is given when the line has heard of the instance.
async fn until(server: &Server, request: &str, wanted: &str) {
    while !server.send(request).await.text.contains(wanted) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn limits_show_who_runs_and_who_waits() {
    let limits = motet_types::Limits {
        instances_running_max_by_namespace: [("test".to_owned(), 3)].into(),
        instances_waiting_max: 1,
        ..Default::default()
    };
    let server = Server::limited(motet_api::Options::default(), limits);
    let tasks = "  - think: { wait: { hours: 1 } }";
    publish(&server, "import", "{ limits: { running: 1 } }", tasks).await;
    let first = server.start("import", "", "{}").await;
    let of_first = format!("GET /api/v1/instances/{first}");
    until(&server, &of_first, r#""status":"waiting""#).await;
    let second = server.start("import", "", "{}").await;
    let of_second = format!("GET /api/v1/instances/{second}");
    until(&server, &of_second, r#""waitsForRoom":{"of":"workflow","ahead":0}"#).await;
    check(
        &server,
        "GET /api/v1/limits",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "of": "workflow",
              "namespace": "test",
              "workflow": "import",
              "max": 1,
              "running": 1,
              "waiting": 1
            },
            {
              "of": "namespace",
              "namespace": "test",
              "max": 3,
              "running": 1,
              "waiting": 0
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/limits?limit=1",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "of": "workflow",
              "namespace": "test",
              "workflow": "import",
              "max": 1,
              "running": 1,
              "waiting": 1
            }
          ],
          "next": "test/import"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/limits?cursor=test/import",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "of": "namespace",
              "namespace": "test",
              "max": 3,
              "running": 1,
              "waiting": 0
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/limits?cursor=..",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "cursor: it is not one that a page gave",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
    let list = server.send("GET /api/v1/instances?status=pending&at=latest").await.text;
    assert!(list.contains(r#""waitsFor":{"limit":"workflow"}"#), "{list}");
    let third = "POST /api/v1/workflows/test/import/instances\n\n{}";
    check(&server, third, expect![[r#"
        429 Too Many Requests
        content-type: application/problem+json
        retry-after: 5

        {
          "type": "/docs/errors/limit-queue-full",
          "title": "As many wait for room under a limit as may.",
          "status": 429,
          "detail": "1 instances wait for room under that of the workflow test/import, which is the limit",
          "code": "limit-queue-full"
        }
    "#]]).await;
    let cancelled = server.send(&format!("POST /api/v1/instances/{first}/cancel\n\n")).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.text);
    until(&server, &of_second, r#""status":"waiting""#).await;
}
