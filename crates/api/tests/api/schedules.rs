//! Schedules over HTTP: what events start.

use expect_test::expect;
use http::StatusCode;

use crate::support::Server;

const DOCUMENT: &str = "document: { dsl: 1.0.3, namespace: test, name: shipment, version: 1.0.0 }
schedule:
  on:
    all:
      - with: { type: order.paid }
        correlate: { order: { from: .data.order } }
      - with: { type: order.packed }
        correlate: { order: { from: .data.order } }
do:
  - ship: { set: { order: '${ .[0].order }', hall: '${ .[1].hall }' } }
";

async fn event(server: &Server, kind: &str, id: &str, data: &str) {
    let body = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/shop","type":"{kind}","data":{data}}}"#
    );
    let answer = server
        .send(&format!(
            "POST /api/v1/events?namespace=test\ncontent-type: application/cloudevents+json\n\n{body}"
        ))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
}

/// The schedule once it says so.
async fn schedule_that_says(server: &Server, text: &str) -> String {
    for _ in 0..100_000 {
        let answer = server.send("GET /api/v1/schedules/test/shipment").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        if answer.text.contains(text) {
            return answer.text;
        }
        tokio::task::yield_now().await;
    }
    panic!("the schedule never says {text}");
}

#[tokio::test]
async fn events_that_belong_together_start_an_instance() {
    let server = Server::new();
    let answer = server.send(&format!("POST /api/v1/workflows\n\n{DOCUMENT}")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    event(&server, "order.paid", "p1", r#"{"order": 1}"#).await;
    event(&server, "order.paid", "p2", r#"{"order": 2}"#).await;
    let gathering = schedule_that_says(&server, r#""gathering":2"#).await;
    assert!(gathering.contains(r#""on":["order.packed","order.paid"]"#), "{gathering}");
    event(&server, "order.packed", "h2", r#"{"order": 2, "hall": "B"}"#).await;
    event(&server, "order.packed", "h2", r#"{"order": 2, "hall": "B"}"#).await;
    let begun = schedule_that_says(&server, r#""outcome":"completed""#).await;
    assert!(begun.contains(r#""started":1"#) && begun.contains(r#""gathering":1"#), "{begun}");
    let id = begun.split(r#""instanceId":""#).nth(1).expect("it has started")[..36].to_owned();
    let instance = server.send(&format!("GET /api/v1/instances/{id}")).await;
    assert!(instance.text.contains(r#""output":{"order":2,"hall":"B"}"#), "{}", instance.text);
    assert!(
        instance.text.contains(r#""input":[{"order":2},{"order":2,"hall":"B"}]"#),
        "{}",
        instance.text
    );
    let triggered = server.send("POST /api/v1/schedules/test/shipment/trigger").await;
    expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/invalid-body",
          "title": "The body is JSON of another shape than is asked for.",
          "status": 400,
          "detail": "test/shipment: only events start it: start an instance with those events as its input",
          "code": "invalid-body"
        }
    "#]].assert_eq(&triggered.show());
}
