use expect_test::{Expect, expect};
use http::StatusCode;

use crate::support::Server;

const ECHO: &str = "  - echo: { set: \"${ . }\" }";
const SLEEP: &str = "  - sleep: { wait: { hours: 1 } }";
const FAIL: &str = "  - fail: { raise: { error: { type: https://example.com/broken, status: 418, title: Broken } } }";

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

#[tokio::test]
async fn an_instance_that_ends_in_time_is_answered_with_its_output() {
    let server = Server::new();
    server.publish("echo", "1.0.0", ECHO).await;
    let start = "POST /api/v1/workflows/test/echo/instances?wait=10s";
    check(
        &server,
        &format!("{start}\n\n{{\"n\":1.0,\"big\":1e400,\"t\":\"\\u0007\"}}"),
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "echo",
              "version": "1.0.0",
              "status": "completed",
              "created": true,
              "startedAt": "<instant>",
              "endedAt": "<instant>",
              "output": {
                "n": 1.0,
                "big": 1e400,
                "t": "\u0007"
              }
            }
        "#]],
    )
    .await;
    check(
        &server,
        start,
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "echo",
          "version": "1.0.0",
          "status": "completed",
          "created": true,
          "startedAt": "<instant>",
          "endedAt": "<instant>",
          "output": {}
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn an_instance_that_goes_on_says_where_to_look() {
    let server = Server::new();
    server.publish("sleep", "1.0.0", SLEEP).await;
    let started = server.send("POST /api/v1/workflows/test/sleep/instances\n\n{\"a\":1}").await;
    expect![[r#"
        202 Accepted
        content-type: application/json
        location: /api/v1/instances/<id>
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "sleep",
          "version": "1.0.0",
          "status": "waiting",
          "created": true,
          "startedAt": "<instant>"
        }
    "#]]
    .assert_eq(&started.show());
    let location = started.headers["location"].to_str().unwrap();
    check(
        &server,
        &format!("GET {location}"),
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "sleep",
          "version": "1.0.0",
          "digest": "<digest>",
          "status": "waiting",
          "startedAt": "<instant>",
          "updatedAt": "<instant>",
          "attributes": {},
          "input": {
            "a": 1
          },
          "steps": [
            {
              "id": 1,
              "parent": 0,
              "name": "sleep",
              "task": "/do/0/sleep",
              "type": "wait",
              "status": "waiting",
              "startedAt": "<instant>",
              "due": "<instant>"
            }
          ],
          "incidents": [],
          "records": 3
        }
    "#]],
    )
    .await;
    check(
        &server,
        &format!("GET {location}/history"),
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "items": [
                {
                  "number": 0,
                  "at": "<instant>",
                  "type": "started",
                  "step": 0,
                  "workflow": "test/sleep:1.0.0",
                  "input": {
                    "a": 1
                  }
                },
                {
                  "number": 1,
                  "at": "<instant>",
                  "type": "activated",
                  "step": 1,
                  "name": "sleep",
                  "task": "/do/0/sleep",
                  "parent": 0
                },
                {
                  "number": 2,
                  "at": "<instant>",
                  "type": "waiting",
                  "step": 1,
                  "name": "sleep",
                  "task": "/do/0/sleep",
                  "due": "<instant>"
                }
              ]
            }
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_failure_is_an_answer_not_a_refusal() {
    let server = Server::new();
    server.publish("fail", "1.0.0", FAIL).await;
    check(
        &server,
        "POST /api/v1/workflows/test/fail/instances?wait=10s",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "fail",
          "version": "1.0.0",
          "status": "faulted",
          "created": true,
          "startedAt": "<instant>",
          "endedAt": "<instant>",
          "error": {
            "type": "https://example.com/broken",
            "status": 418,
            "instance": "/do/0/fail",
            "title": "Broken"
          }
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_key_finds_the_instance_that_it_started() {
    let server = Server::new();
    server.publish("echo", "1.0.0", ECHO).await;
    let start = |key: &str, body: &str| {
        format!(
            "POST /api/v1/workflows/test/echo/instances?wait=10s\nidempotency-key: {key}\n\n{body}"
        )
    };
    let first = server.send(&start("k", "{\"a\":1}")).await;
    let again = server.send(&start("k", "{\"a\":1}")).await;
    assert_eq!(first.member("created"), "true");
    assert_eq!((again.status, again.member("created")), (StatusCode::OK, "false".to_owned()));
    assert_eq!(first.member("id"), again.member("id"));
    check(
        &server,
        &start("k", "{\"a\":2}"),
        expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {
          "type": "/docs/errors/key-reused",
          "title": "The idempotency key was used for another start.",
          "status": 422,
          "detail": "the idempotency key was already used for another start (instance <id>)",
          "code": "key-reused",
          "instanceId": "<id>"
        }
    "#]],
    )
    .await;
    check(
        &server,
        &start(&"k".repeat(256), "{}"),
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-parameter",
          "title": "A parameter or header has a value that it cannot have.",
          "status": 400,
          "detail": "Idempotency-Key: it must have 1 to 255 characters",
          "code": "invalid-parameter"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn instances_are_listed_counted_and_filtered() {
    let server = Server::new();
    server.publish("echo", "1.0.0", ECHO).await;
    server.publish("sleep", "1.0.0", SLEEP).await;
    let mut ids = Vec::new();
    for name in ["echo", "sleep", "echo"] {
        ids.push(server.start(name, "wait=50ms", "{}").await);
    }
    let list = async |query: &str| {
        let answer = server.send(&format!("GET /api/v1/instances?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let of = |id: &String| ids.iter().position(|known| known == id).unwrap();
        let items = answer.text.split("\"id\":\"").skip(1).map(|rest| of(&rest[..36].to_owned()));
        let mut items: Vec<usize> = items.collect();
        // Of two ids of the same millisecond either may come first.
        items.sort_by(|one, other| other.cmp(one));
        items
    };
    for (query, expected) in [
        ("", vec![2, 1, 0]),
        ("workflow=echo", vec![2, 0]),
        ("workflow=test/sleep", vec![1]),
        ("namespace=other", vec![]),
        ("version=2.0.0", vec![]),
        ("status=completed", vec![2, 0]),
        ("status=completed,waiting", vec![2, 1, 0]),
        ("status=completed&status=waiting", vec![2, 1, 0]),
        ("from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00Z", vec![]),
        ("incidents=true", vec![]),
        ("businessKey=x", vec![]),
        ("at=1", vec![2, 1, 0]),
        ("at=latest", vec![2, 1, 0]),
    ] {
        assert_eq!(list(query).await, expected, "?{query}");
    }
    let newest = ids.iter().max().unwrap();
    let oldest = ids.iter().min().unwrap();
    assert_eq!(list(&format!("cursor={newest}")).await.len(), 2);
    assert!(list(&format!("cursor={oldest}")).await.is_empty());
    check(
        &server,
        "GET /api/v1/instances?limit=1&workflow=echo",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "echo",
              "version": "1.0.0",
              "status": "completed",
              "startedAt": "<instant>",
              "updatedAt": "<instant>",
              "endedAt": "<instant>",
              "hasIncident": false
            }
          ],
          "next": "<id>"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/instances/counts",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "counts": {
            "completed": 2,
            "waiting": 1
          },
          "total": 3
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/instances/counts?workflow=echo",
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
async fn a_history_is_read_page_by_page() {
    let server = Server::new();
    server.publish("echo", "1.0.0", ECHO).await;
    let id = server.start("echo", "wait=10s", "{\"a\":1}").await;
    check(
        &server,
        &format!("GET /api/v1/instances/{id}/history?limit=2"),
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "items": [
                {
                  "number": 0,
                  "at": "<instant>",
                  "type": "started",
                  "step": 0,
                  "workflow": "test/echo:1.0.0",
                  "input": {
                    "a": 1
                  }
                },
                {
                  "number": 1,
                  "at": "<instant>",
                  "type": "activated",
                  "step": 1,
                  "name": "echo",
                  "task": "/do/0/echo",
                  "parent": 0
                }
              ],
              "next": "2"
            }
        "#]],
    )
    .await;
    check(
        &server,
        &format!("GET /api/v1/instances/{id}/history?cursor=2"),
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "items": [
                {
                  "number": 2,
                  "at": "<instant>",
                  "type": "completed",
                  "step": 1,
                  "name": "echo",
                  "task": "/do/0/echo",
                  "output": {
                    "a": 1
                  }
                },
                {
                  "number": 3,
                  "at": "<instant>",
                  "type": "workflow-completed",
                  "step": 0,
                  "output": {
                    "a": 1
                  }
                }
              ]
            }
        "#]],
    )
    .await;
    check(
        &server,
        &format!("GET /api/v1/instances/{id}/history?cursor=1000"),
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
async fn instances_are_steered() {
    let server = Server::new();
    server.publish("sleep", "1.0.0", SLEEP).await;
    let id = server.start("sleep", "", "{}").await;
    let steer = async |verb: &str, body: &str| {
        let answer = server.send(&format!("POST /api/v1/instances/{id}/{verb}\n\n{body}")).await;
        let word = if answer.status == StatusCode::OK { "status" } else { "code" };
        format!("{} {}", answer.status.as_u16(), answer.member(word))
    };
    let mut transcript = String::new();
    for (verb, body) in [
        ("resume", ""),
        ("suspend", "{\"reason\":\"lunch\"}"),
        ("suspend", "{}"),
        ("resume", ""),
        ("retry", ""),
        ("cancel", "{\"reason\":1}"),
        ("cancel", "[]"),
        ("cancel", "{\"because\":\"x\"}"),
        ("cancel", "{\"reason\":\"enough\"}"),
        ("cancel", ""),
        ("retry", ""),
    ] {
        transcript.push_str(&format!("{verb} {body} -> {}\n", steer(verb, body).await));
    }
    expect![[r#"
        resume  -> 409 status-conflict
        suspend {"reason":"lunch"} -> 200 suspended
        suspend {} -> 409 status-conflict
        resume  -> 200 waiting
        retry  -> 409 status-conflict
        cancel {"reason":1} -> 400 invalid-body
        cancel [] -> 400 invalid-body
        cancel {"because":"x"} -> 400 invalid-body
        cancel {"reason":"enough"} -> 200 cancelled
        cancel  -> 409 status-conflict
        retry  -> 409 status-conflict
    "#]]
    .assert_eq(&transcript);
    let gone = "POST /api/v1/instances/00000000-0000-7000-8000-000000000000/cancel";
    check(
        &server,
        gone,
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-instance",
          "title": "There is no such instance.",
          "status": 404,
          "detail": "there is no instance <id>",
          "code": "unknown-instance"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn what_waits_for_a_person_is_listed_with_its_reason() {
    let server = Server::new();
    let header = "namespace: test, name: careful, version: 1.0.0, metadata: { motet: { onFault: incident } }";
    let document = crate::support::document(header, FAIL);
    let published = server.send(&format!("POST /api/v1/workflows\n\n{document}")).await;
    assert_eq!(published.status, StatusCode::CREATED, "{}", published.text);
    server.start("careful", "", "{}").await;
    check(
        &server,
        "GET /api/v1/incidents",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "careful",
              "version": "1.0.0",
              "status": "waiting",
              "startedAt": "<instant>",
              "updatedAt": "<instant>",
              "error": "https://example.com/broken Broken",
              "hasIncident": true,
              "incidents": [
                {
                  "step": 1,
                  "error": {
                    "type": "https://example.com/broken",
                    "status": 418,
                    "instance": "/do/0/fail",
                    "title": "Broken"
                  }
                }
              ]
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/incidents?workflow=other",
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
async fn whatever_answers_from_views_waits_for_a_position() {
    let server = Server::new();
    server.publish("nap", "1.0.0", "  - nap: { wait: { hours: 1 } }").await;
    server.start("nap", "wait=0s", "{}").await;
    let mut told = String::new();
    for (request, body) in [
        ("GET /api/v1/instances?", ""),
        ("GET /api/v1/instances/counts?", ""),
        ("GET /api/v1/incidents?", ""),
        ("GET /api/v1/tasks?", ""),
        ("GET /api/v1/events?namespace=test&", ""),
        ("GET /api/v1/audit?", ""),
        ("POST /api/v1/instances/suspend?dryRun=true&all=true&", "{}"),
        ("POST /api/v1/instances/suspend?all=true&", "{}"),
    ] {
        let mut said = Vec::new();
        for at in ["0", "latest", "soon"] {
            let json = if body.is_empty() { "" } else { "\ncontent-type: application/json" };
            let answer = server.send(&format!("{request}at={at}{json}\n\n{body}")).await;
            let position = answer.headers.get("motet-position");
            let is_zero = position.is_some_and(|position| position == "0");
            said.push(format!(
                "{}{}",
                answer.status.as_u16(),
                if is_zero { " as of 0" } else { "" }
            ));
        }
        told += &format!("{request}at= {}\n", said.join(", "));
    }
    expect![[r#"
        GET /api/v1/instances?at= 200, 200, 400
        GET /api/v1/instances/counts?at= 200, 200, 400
        GET /api/v1/incidents?at= 200, 200, 400
        GET /api/v1/tasks?at= 200, 200, 400
        GET /api/v1/events?namespace=test&at= 200, 200, 400
        GET /api/v1/audit?at= 200, 200, 400
        POST /api/v1/instances/suspend?dryRun=true&all=true&at= 200, 200, 400
        POST /api/v1/instances/suspend?all=true&at= 200, 200, 400
    "#]]
    .assert_eq(&told);
}
