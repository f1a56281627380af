//! Sinks that are away, or that refuse what they get.

use std::sync::Arc;

use expect_test::{Expect, expect};
use motet_api::Options;
use motet_runtime::SinkRule;
use motet_types::Limits;

use crate::support::Server;

const TELL: &str = "  - tell: { emit: { event: { with: { type: told, id: '${ .id }', source: /tell, time: '2026-01-01T00:00:00Z' } } } }";

fn server(events_max: usize) -> Server {
    let rule = SinkRule {
        name: "out".into(),
        namespace: None,
        types: Vec::new(),
        emitted: true,
        lifecycle: true,
        drops: false,
    };
    let limits = Limits { sink_events_max: events_max, sink_refused_max: 2, ..Limits::default() };
    Server::telling(Options::default(), limits, Arc::from([rule]))
}

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

/// The sink refuses the first event that waits for it.
async fn refuse(server: &Server, reason: &str) -> Result<(), motet_runtime::Error> {
    let waiting = server.handle.outgoing("out".into(), None, 1).await?;
    let first = waiting.into_iter().next().unwrap();
    server.handle.sink_refuses(first, reason.to_owned()).await.map(drop)
}

#[tokio::test]
async fn what_a_sink_refused_is_shown_and_goes_out_again_or_goes() {
    let server = server(100);
    server.publish("tell", "1.0.0", TELL).await;
    server.start("tell", "wait=20s", r#"{"id":"1"}"#).await;
    refuse(&server, "it is too long").await.unwrap();
    check(
        &server,
        "GET /api/v1/sinks",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "name": "out",
              "configured": true,
              "waiting": 0,
              "waitingMax": 100,
              "holdsUpStarts": false,
              "refused": 1,
              "refusedMax": 2,
              "dropped": 0
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/sinks/out/refused",
        expect![[r#"
        200 OK
        content-type: application/json

        {
          "items": [
            {
              "refusedAt": "<instant>",
              "reason": "it is too long",
              "instanceId": "<id>",
              "record": 2,
              "event": {
                "specversion": "1.0",
                "type": "told",
                "id": "1",
                "source": "/tell",
                "time": "2026-01-01T00:00:00Z"
              }
            }
          ]
        }
    "#]],
    )
    .await;
    check(
        &server,
        "POST /api/v1/sinks/out/retry?reason=mended",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "sink": "out",
          "events": 1
        }
    "#]],
    )
    .await;
    refuse(&server, "it is still too long").await.unwrap();
    server.start("tell", "wait=20s", r#"{"id":"2"}"#).await;
    refuse(&server, "too long, too").await.unwrap();
    server.start("tell", "wait=20s", r#"{"id":"3"}"#).await;
    // Beyond its limit the sink stands, and nothing is lost.
    let full = refuse(&server, "one too many").await.unwrap_err();
    expect!["the sink out has refused 2 events, which is the limit: retry or discard them"]
        .assert_eq(&full.to_string());
    let first = server.send("GET /api/v1/sinks/out/refused?limit=1").await;
    let path = format!("GET /api/v1/sinks/out/refused?limit=2&cursor={}", first.member("next"));
    let rest = server.send(&path).await;
    // They are in the order of their instances, which is anything.
    let both = first.text + &rest.text;
    assert_eq!(
        (both.matches("still too long").count(), both.matches("too long, too").count()),
        (1, 1)
    );
    check(
        &server,
        "DELETE /api/v1/sinks/out/refused",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "sink": "out",
          "events": 2
        }
    "#]],
    )
    .await;
    check(
        &server,
        "DELETE /api/v1/sinks/out/refused",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "sink": "out",
          "events": 0
        }
    "#]],
    )
    .await;
    let position = server.handle.position().0;
    let audit = server.send(&format!("GET /api/v1/audit?at={position}")).await;
    let audit = audit.text.replace("},{", "},\n{");
    let audit: Vec<&str> = audit.lines().filter(|line| line.contains("sink.")).collect();
    assert_eq!(audit.len(), 2, "{audit:?}");
    assert!(
        audit[0].contains(r#""action":"sink.discard","subject":"out","after":{"events":2}"#),
        "{audit:?}"
    );
    assert!(audit[1].contains(r#""reason":"mended","after":{"events":1}"#), "{audit:?}");
}

#[tokio::test]
async fn a_sink_that_is_away_holds_up_what_would_add_to_it_and_nothing_else() {
    let server = server(2);
    server.publish("tell", "1.0.0", TELL).await;
    server.publish("silent", "1.0.0", "  - a: { set: { a: 1 } }").await;
    server.start("tell", "wait=20s", r#"{"id":"1"}"#).await;
    server.start("tell", "wait=20s", r#"{"id":"2"}"#).await;
    check(&server, "POST /api/v1/workflows/test/tell/instances\n\n{\"id\":\"3\"}", expect![[r#"
        503 Service Unavailable
        content-type: application/problem+json
        retry-after: 5

        {
          "type": "/docs/errors/sink-full",
          "title": "As many events wait for a sink as may.",
          "status": 503,
          "detail": "2 events wait for the sink out, which is the limit: nothing begins that would add to them",
          "code": "sink-full"
        }
    "#]]).await;
    assert_eq!(server.start("silent", "wait=20s", "{}").await.len(), 36);
    let sinks = server.send("GET /api/v1/sinks").await;
    assert!(
        sinks.text.contains(r#""waiting":2,"waitingMax":2,"holdsUpStarts":true"#),
        "{}",
        sinks.text
    );
    let waiting = server.handle.outgoing("out".into(), None, 10).await.unwrap();
    server.handle.delivered(vec![waiting[0].key.clone()]).await.unwrap();
    assert_eq!(server.start("tell", "wait=20s", r#"{"id":"3"}"#).await.len(), 36);
}

#[tokio::test]
async fn only_what_is_not_configured_can_be_removed() {
    let server = server(2);
    check(&server, "DELETE /api/v1/sinks/out", expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "type": "/docs/errors/sink-in-use",
          "title": "The sink is configured and takes what waits for it.",
          "status": 409,
          "detail": "the sink out is configured and takes what waits for it: start the server without it first",
          "code": "sink-in-use"
        }
    "#]]).await;
    check(
        &server,
        "DELETE /api/v1/sinks/other",
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-sink",
          "title": "There is no such sink.",
          "status": 404,
          "detail": "there is no sink other",
          "code": "unknown-sink"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/sinks/other/refused",
        expect![[r#"
        404 Not Found
        content-type: application/problem+json

        {
          "type": "/docs/errors/unknown-sink",
          "title": "There is no such sink.",
          "status": 404,
          "detail": "there is no sink other",
          "code": "unknown-sink"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "GET /api/v1/sinks/out/refused?cursor=x",
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
}
