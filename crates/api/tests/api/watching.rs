use std::time::Duration;

use expect_test::expect;
use motet_api::Options;

use crate::support::{Server, redact};

const TWO: &str = "  - one: { set: { n: 1 } }\n  - two: { set: { n: 2 } }";
const NAP: &str = "  - nap: { wait: { milliseconds: 200 } }";

/// Events without their data's details: id, name, and the type of the record.
fn outline(events: &str) -> String {
    let mut lines = String::new();
    for event in events.split("\n\n").filter(|event| !event.is_empty()) {
        let field = |name: &str| {
            let line = event.lines().find(|line| line.starts_with(name));
            line.map_or("-", |line| line[name.len()..].trim())
        };
        let kind = event.split("\"type\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let kind = kind.unwrap_or("-");
        lines.push_str(&format!("{} {} {kind}\n", field("id:"), field("event:")));
    }
    lines
}

#[tokio::test]
async fn a_finished_instance_is_told_whole() {
    let server = Server::new();
    server.publish("two", "1.0.0", TWO).await;
    let id = server.start("two", "wait=10s", "{}").await;
    let watched = server.send(&format!("GET /api/v1/instances/{id}/watch")).await;
    assert_eq!(watched.headers["content-type"], "text/event-stream");
    expect![[r#"
        0 record started
        1 record activated
        2 record completed
        3 record activated
        4 record completed
        5 record workflow-completed
        - end -
    "#]]
    .assert_eq(&outline(&watched.text));
    let last = watched.text.split("\n\n").find(|event| event.starts_with("event: end"));
    expect![[r#"
        event: end
        data: {"id":"<id>","namespace":"test","workflow":"two","version":"1.0.0","status":"completed","startedAt":"<instant>","endedAt":"<instant>","output":{"n":2}}
    "#]].assert_eq(&redact(last.unwrap()));
}

#[tokio::test]
async fn a_reader_goes_on_after_the_last_event_it_saw() {
    let server = Server::new();
    server.publish("two", "1.0.0", TWO).await;
    let id = server.start("two", "wait=10s", "{}").await;
    let request = format!("GET /api/v1/instances/{id}/watch\nlast-event-id: 3");
    expect![[r#"
        4 record completed
        5 record workflow-completed
        - end -
    "#]]
    .assert_eq(&outline(&server.send(&request).await.text));
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens_and_silence_is_kept_alive() {
    let options = Options { keep_alive: Duration::from_millis(10), ..Options::default() };
    let server = Server::with(options);
    server.publish("nap", "1.0.0", NAP).await;
    let id = server.start("nap", "", "{}").await;
    let watched = server.send(&format!("GET /api/v1/instances/{id}/watch")).await;
    assert!(watched.text.contains("\n\n:\n\n"), "no comment in the silence: {}", watched.text);
    let events: String = watched.text.replace(":\n\n", "");
    expect![[r#"
        0 record started
        1 record activated
        2 record waiting
        3 record fired
        4 record completed
        5 record workflow-completed
        - end -
    "#]]
    .assert_eq(&outline(&events));
}

#[tokio::test]
async fn nobody_watches_what_is_not_there() {
    let server = Server::new();
    let request = "GET /api/v1/instances/00000000-0000-7000-8000-000000000000/watch";
    assert_eq!(server.send(request).await.member("code"), "unknown-instance");
    let request = format!("{request}\nlast-event-id: x");
    assert_eq!(server.send(&request).await.member("code"), "invalid-parameter");
}
