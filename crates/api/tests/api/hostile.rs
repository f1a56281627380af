//! What clients get wrong, or mean to: each is refused by itself, and everybody else goes on.

use expect_test::expect;
use motet_api::Options;
use motet_runtime::Role;
use motet_types::Limits;

use crate::support::{Answer, Server, redact};

const STRUCTURED: &str = "content-type: application/cloudevents+json";
const BATCHED: &str = "content-type: application/cloudevents-batch+json";

/// Status, code and detail of a refusal; the body of anything else.
fn told(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return format!("{status} {}", answer.text);
    }
    format!("{status} {} {}", answer.member("code"), answer.member("detail"))
}

/// Publishes what a table says, line by line: what it is, headers, body.
async fn published(server: &Server, table: &[(&str, &str, String)]) -> String {
    let mut shown = String::new();
    for (name, headers, body) in table {
        let request = format!("POST /api/v1/events?namespace=test\n{headers}\n\n{body}");
        let request = request.replace("\n\n\n", "\n\n");
        let answer = server.send(&request).await;
        let text = told(&answer).split(",\"position\"").next().unwrap_or_default().to_owned();
        shown += &format!("{name}: {text}\n");
    }
    shown
}

fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/shop","type":"paid","data":{{"order":"{id}"}}}}"#
    )
}

#[tokio::test]
async fn malformed_events_are_refused_with_their_place() {
    let server = Server::new();
    let with = |from: &str, to: &str| event("1").replace(from, to);
    let long = "a".repeat(4_097);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let structured = [
        ("whole", String::from("7")),
        ("not json", "{".to_owned()),
        ("no id", with("\"id\":\"1\",", "")),
        ("empty id", with("\"id\":\"1\"", "\"id\":\"\"")),
        ("id is a number", with("\"id\":\"1\"", "\"id\":1")),
        ("other version", with("\"1.0\"", "\"0.3\"")),
        ("no type", with("\"type\":\"paid\",", "")),
        ("name of an attribute", with("\"type\"", "\"Order-Id\":\"1\",\"type\"")),
        ("attribute is an object", with("\"type\"", "\"order\":{},\"type\"")),
        ("attribute is too long", with("\"type\"", &format!("\"order\":\"{long}\",\"type\""))),
        ("time", with("\"type\"", "\"time\":\"yesterday\",\"type\"")),
        ("data twice", with("\"data\"", "\"data_base64\":\"AA==\",\"data\"")),
        ("base64", with("\"data\":{\"order\":\"1\"}", "\"data_base64\":\"a\"")),
        ("too deep", with("{\"order\":\"1\"}", &deep)),
        ("too large", with("\"1\"}", &format!("\"{}\"}}", "a".repeat(1_048_576)))),
    ];
    let table: Vec<_> = structured.map(|(name, body)| (name, STRUCTURED, body)).into();
    expect![[r#"
        whole: 400 invalid-event an event is a JSON object
        not json: 400 malformed-json expected a key in quotes at byte 1
        no id: 400 invalid-event id: is missing
        empty id: 400 invalid-event id: must not be empty
        id is a number: 400 invalid-event id: must be text
        other version: 400 invalid-event specversion: only version 1.0 of CloudEvents is understood
        no type: 400 invalid-event type: is missing
        name of an attribute: 400 invalid-event Order-Id: names of attributes have small letters and digits only, at most 64
        attribute is an object: 400 invalid-event order: must be text, a number or a flag
        attribute is too long: 400 invalid-event order: is longer than 4096 bytes
        time: 400 invalid-event time: is no instant of RFC 3339, as in 2026-01-31T12:00:00Z
        data twice: 400 invalid-event data_base64: an event has `data` or `data_base64`, not both
        base64: 400 invalid-event data_base64: is not base64
        too deep: 400 malformed-json the value is nested more deeply than allowed at byte 195
        too large: 413 payload-too-large the event has 1048657 bytes, the limit is 1048576
    "#]].assert_eq(&published(&server, &table).await);
    let binary = "ce-specversion: 1.0\nce-id: 1\nce-source: /shop\nce-type: paid";
    let table = [
        ("no version", "ce-id: 1\nce-source: /shop\nce-type: paid".to_owned(), "{}"),
        ("no source", "ce-specversion: 1.0\nce-id: 1\nce-type: paid".to_owned(), "{}"),
        ("not percent-encoded", format!("{binary}\nce-order: %zz"), "{}"),
        ("not utf-8", format!("{binary}\nce-order: %ff"), "{}"),
        ("not json", format!("{binary}\ncontent-type: application/json"), "{"),
        ("an attribute named data", format!("{binary}\nce-data: x"), ""),
        ("an attribute named as none may be", format!("{binary}\nce-order-id: 1"), ""),
        ("structured by its type", format!("{binary}\n{STRUCTURED}"), "{}"),
    ];
    let table: Vec<_> =
        table.iter().map(|(name, head, body)| (*name, head.as_str(), (*body).to_owned())).collect();
    expect![[r#"
        no version: 400 invalid-event specversion: is missing
        no source: 400 invalid-event source: is missing
        not percent-encoded: 400 invalid-event the header ce-order is not percent-encoded UTF-8
        not utf-8: 400 invalid-event the header ce-order is not percent-encoded UTF-8
        not json: 400 malformed-json expected a key in quotes at byte 1
        an attribute named data: 400 invalid-event data: it is no header: in binary mode the body is the data, and Content-Type says of which type
        an attribute named as none may be: 400 invalid-event order-id: names of attributes have small letters and digits only, at most 64
        structured by its type: 400 invalid-event specversion: is missing
    "#]].assert_eq(&published(&server, &table).await);
    let many = vec![event("1"); 1_001].join(",");
    let table = [
        ("no array", BATCHED, event("1")),
        ("one is wrong", BATCHED, format!("[{},{}]", event("1"), with("\"paid\"", "\"\""))),
        ("one is no object", BATCHED, format!("[{},7]", event("1"))),
        ("an array that says it is one event", STRUCTURED, format!("[{}]", event("1"))),
        ("too many", BATCHED, format!("[{many}]")),
        ("a form", "content-type: application/x-www-form-urlencoded", event("1")),
        ("xml", "content-type: application/cloudevents+xml", "<event/>".to_owned()),
        ("nothing", STRUCTURED, String::new()),
        ("an empty batch", BATCHED, "[]".to_owned()),
    ];
    expect![[r#"
        no array: 400 invalid-event a batch is an array of events
        one is wrong: 400 invalid-event event 1: type: must not be empty
        one is no object: 400 invalid-event event 1: an event is a JSON object
        an array that says it is one event: 400 invalid-event one event is an object: send an array as application/cloudevents-batch+json
        too many: 413 payload-too-large the batch has 1001 events, the limit is 1000
        a form: 415 unsupported-media-type the body is of type "application/x-www-form-urlencoded": send it with Content-Type: application/cloudevents+json or application/cloudevents-batch+json or application/json (with curl: -H 'Content-Type: application/cloudevents+json')
        xml: 415 unsupported-media-type the body is of type "application/cloudevents+xml": send it with Content-Type: application/cloudevents+json or application/cloudevents-batch+json or application/json
        nothing: 400 malformed-json expected a value at byte 0
        an empty batch: 202 {"accepted":0,"duplicates":0
    "#]].assert_eq(&published(&server, &table).await);
    // Nothing of what was refused is kept, of batches neither.
    let kept = server.send("GET /api/v1/events?namespace=test").await;
    assert!(kept.text.contains("\"items\":[]"), "{}", kept.text);
}

const PAID: &str = "  - paid:
      listen: { to: { one: { with: { type: paid, data: '${ .order == \"7\" }' } } } }";

#[tokio::test]
async fn duplicates_late_events_and_events_of_the_future_are_each_taken_once() {
    let server = Server::new();
    server.publish("paid", "1.0.0", PAID).await;
    let with = |time: &str, id: &str| {
        event("7")
            .replacen("\"id\":\"7\"", &format!("\"id\":\"{id}\""), 1)
            .replace("\"type\"", &format!("\"time\":\"{time}\",\"type\""))
    };
    let id = server.start("paid", "", "{}").await;
    let table = [
        ("of the future", STRUCTURED, with("2999-01-01T00:00:00Z", "future")),
        ("the same again", STRUCTURED, with("2999-01-01T00:00:00Z", "future")),
        (
            "the same with other data",
            STRUCTURED,
            with("2024-01-01T00:00:00Z", "future").replace("\"7\"", "\"8\""),
        ),
        ("of the past", STRUCTURED, with("1999-01-01T00:00:00Z", "past")),
        ("a batch of one three times", BATCHED, format!("[{0},{0},{0}]", event("9"))),
    ];
    expect![[r#"
        of the future: 202 {"accepted":1,"duplicates":0
        the same again: 202 {"accepted":1,"duplicates":1
        the same with other data: 202 {"accepted":1,"duplicates":1
        of the past: 202 {"accepted":1,"duplicates":0
        a batch of one three times: 202 {"accepted":3,"duplicates":2
    "#]]
    .assert_eq(&published(&server, &table).await);
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=20s")).await;
    expect![[r#"[{"order":"7"}]"#]].assert_eq(&ended.member("output"));
    let late = server
        .send(&format!("POST /api/v1/instances/{id}/events\n{STRUCTURED}\n\n{}", event("7")))
        .await;
    expect!["409 status-conflict the instance is completed: it has ended and takes no event"]
        .assert_eq(&told(&late));
}

#[tokio::test]
async fn a_flood_of_one_key_and_listens_that_never_match_cost_nobody_else_anything() {
    let limits = Limits {
        events_retained_max: 50,
        subscriptions_max: 3,
        events_waiting_max: 5,
        ..Limits::default()
    };
    let server = Server::limited(Options::default(), limits);
    server.publish("paid", "1.0.0", PAID).await;
    server
        .publish(
            "never",
            "1.0.0",
            "  - never: { listen: { to: { one: { with: { type: paid, subject: nobody } } } } }",
        )
        .await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(server.start("never", "", "{}").await);
    }
    let mut shown = String::new();
    // One more than the topic takes faults by itself; those that wait go on waiting.
    let beyond = server.send("POST /api/v1/workflows/test/never/instances?wait=20s\n\n{}").await;
    shown += &format!("one too many: {}\n", redact(&told(&beyond)));
    for nth in 0..20 {
        let flood = (0..10).map(|_| event("1")).collect::<Vec<_>>().join(",");
        let request = format!("POST /api/v1/events?namespace=test\n{BATCHED}\n\n[{flood}]");
        let answer = server.send(&request).await;
        let wanted = if nth == 0 { "\"duplicates\":9" } else { "\"duplicates\":10" };
        assert!(answer.text.contains(wanted), "{}", answer.text);
    }
    for nth in 0..60 {
        let answer = server
            .send(&format!(
                "POST /api/v1/events?namespace=test\n{STRUCTURED}\n\n{}",
                event(&format!("n{nth}"))
            ))
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let kept = server.send("GET /api/v1/events?namespace=test&limit=1000").await;
    shown += &format!("kept: {}\n", kept.text.matches("\"specversion\"").count());
    for id in &waiting {
        let answer = server.send(&format!("GET /api/v1/instances/{id}")).await;
        assert_eq!(answer.member("status"), "waiting");
    }
    // A flood to one instance, which nobody listens to.
    let id = &waiting[0];
    for nth in 0..7 {
        let other = event(&format!("m{nth}")).replace("\"paid\"", "\"other\"");
        let answer = server
            .send(&format!("POST /api/v1/instances/{id}/events\n{STRUCTURED}\n\n{other}"))
            .await;
        if nth >= 5 {
            shown += &format!(
                "letter {nth}: {}\n",
                redact(&told(&answer)).split(",\"version\"").next().unwrap()
            );
        }
    }
    for id in &waiting {
        let answer = server.send(&format!("POST /api/v1/instances/{id}/cancel")).await;
        assert_eq!(answer.member("status"), "cancelled", "{}", answer.text);
    }
    let id = server.start("paid", "", "{}").await;
    server
        .send(&format!("POST /api/v1/events?namespace=test\n{STRUCTURED}\n\n{}", event("7")))
        .await;
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=20s")).await;
    shown += &format!("somebody else: {} {}\n", ended.member("status"), redact(&ended.text));
    expect![[r#"
        one too many: 200 {"id":"<id>","namespace":"test","workflow":"never","version":"1.0.0","status":"faulted","created":true,"startedAt":"<instant>","endedAt":"<instant>","error":{"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime","status":500,"instance":"/do/0/never","title":"cannot listen","detail":"subscriptions_max is 3"}}

        kept: 50
        letter 5: 409 status-conflict the instance is waiting: as many events as it may hold wait for a listen

        letter 6: 409 status-conflict the instance is waiting: as many events as it may hold wait for a listen

        somebody else: completed {"id":"<id>","namespace":"test","workflow":"paid","version":"1.0.0","digest":"<digest>","status":"completed","startedAt":"<instant>","updatedAt":"<instant>","endedAt":"<instant>","attributes":{},"input":{},"output":[{"order":"7"}],"steps":[],"incidents":[],"records":6}

    "#]].assert_eq(&shown);
}

/// Publishes a document and tells what is wrong with it.
async fn document(server: &Server, text: &str) -> String {
    let answer = server.send(&format!("POST /api/v1/workflows\n\n{text}")).await;
    if answer.status.is_success() {
        return format!("{}", answer.status.as_u16());
    }
    let value = answer.value();
    let diagnostics = motet_expr::json::get(&value, "diagnostics").map(motet_expr::json::to_text);
    format!(
        "{} {} {}",
        answer.status.as_u16(),
        answer.member("code"),
        diagnostics.unwrap_or_default()
    )
}

#[tokio::test]
async fn schedules_that_never_come_and_zones_that_are_none_are_refused_at_publish() {
    let server = Server::new();
    let mut shown = String::new();
    for schedule in [
        "{ cron: '0 0 30 2 *' }",
        "{ cron: '0 0 31 4,6,9,11 *' }",
        "{ cron: '0 0 29 2 *' }",
        "{ cron: '60 * * * *' }",
        "{ cron: '* * *' }",
        "{ cron: '' }",
        "{ every: { seconds: 0 } }",
        "{ every: { milliseconds: 1 } }",
        "{ after: { days: 100000 } }",
    ] {
        let text = format!(
            "document: {{ dsl: 1.0.0, namespace: test, name: tick, version: 1.0.0 }}\nschedule: {schedule}\ndo:\n  - a: {{ set: {{ a: 1 }} }}\n"
        );
        shown += &format!("{schedule}: {}\n", document(&server, &text).await);
    }
    let zone = "document: { dsl: 1.0.0, namespace: test, name: zone, version: 1.0.0, metadata: { motet: { schedule: { timezone: Europe/Atlantis } } } }\nschedule: { cron: '0 0 * * *' }\ndo:\n  - a: { set: { a: 1 } }\n";
    shown += &format!("a zone: {}\n", document(&server, zone).await);
    expect![[r#"
        { cron: '0 0 30 2 *' }: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"`0 0 30 2 *` never comes true: none of its months has such a day","path":"/schedule/cron","line":2,"column":19}]
        { cron: '0 0 31 4,6,9,11 *' }: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"`0 0 31 4,6,9,11 *` never comes true: none of its months has such a day","path":"/schedule/cron","line":2,"column":19}]
        { cron: '0 0 29 2 *' }: 201
        { cron: '60 * * * *' }: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"`60` is no minute: use 0 to 59, `*`, or ranges, lists and steps of these","path":"/schedule/cron","line":2,"column":20}]
        { cron: '* * *' }: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"a cron expression has five fields (minute, hour, day of the month, month, day of the week), or six with the second first; this one has 3","path":"/schedule/cron","line":2,"column":20}]
        { cron: '' }: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"a cron expression has five fields (minute, hour, day of the month, month, day of the week), or six with the second first; this one has 0","path":"/schedule/cron","line":2,"column":19}]
        { every: { seconds: 0 } }: 422 invalid-document [{"code":"invalid-duration","severity":"error","message":"the interval is shorter than a second: let one instance do more","path":"/schedule/every","line":2,"column":20}]
        { every: { milliseconds: 1 } }: 422 invalid-document [{"code":"invalid-duration","severity":"error","message":"the interval is shorter than a second: let one instance do more","path":"/schedule/every","line":2,"column":20}]
        { after: { days: 100000 } }: 422 invalid-document [{"code":"duration-too-long","severity":"error","message":"the duration is longer than the limit of 3660 days: shorten it","path":"/schedule/after","line":2,"column":20}]
        a zone: 422 invalid-document [{"code":"invalid-value","severity":"error","message":"`Europe/Atlantis` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`","path":"/document/metadata/motet/schedule/timezone","line":1,"column":113}]
    "#]].assert_eq(&redact(&shown));
}

#[tokio::test]
async fn schedules_are_steered_and_what_does_not_fit_is_said() {
    let server = Server::new();
    let text = "document: { dsl: 1.0.0, namespace: test, name: tick, version: 1.0.0 }\nschedule: { every: { days: 1 } }\ndo:\n  - a: { wait: { days: 1 } }\n";
    document(&server, text).await;
    let often = text
        .replace("name: tick", "name: often")
        .replace("every: { days: 1 }", "cron: '* * * * *'");
    document(&server, &often).await;
    server.publish("plain", "1.0.0", "  - a: { set: { a: 1 } }").await;
    let mut shown = String::new();
    for (path, body) in [
        ("tick/pause", r#"{"reason":"fair"}"#),
        ("tick/pause", r#"{"why":"fair"}"#),
        ("tick/resume", ""),
        ("tick/resume", ""),
        ("tick/backfill", "{}"),
        ("tick/backfill", r#"{"from":"2024-01-02T00:00:00Z","to":"2024-01-01T00:00:00Z"}"#),
        ("tick/backfill", r#"{"from":"2024-01-01T00:00:00Z","to":"2999-01-01T00:00:00Z"}"#),
        ("tick/backfill", r#"{"from":"0001-01-01T00:00:00Z","to":"2024-01-01T00:00:00Z"}"#),
        ("tick/backfill", r#"{"from":"monday","to":"2024-01-01T00:00:00Z"}"#),
        ("often/backfill", r#"{"from":"2024-01-01T00:00:00Z","to":"2024-12-31T00:00:00Z"}"#),
        ("plain/trigger", ""),
        ("nobody/trigger", ""),
        ("tick/trigger", ""),
    ] {
        let answer = server.send(&format!("POST /api/v1/schedules/test/{path}\n\n{body}")).await;
        let line = redact(&told(&answer));
        let line = if answer.status.is_success() { &line[..3] } else { line.trim_end() };
        shown += &format!("{path} {body}: {line}\n");
    }
    expect![[r#"
        tick/pause {"reason":"fair"}: 200
        tick/pause {"why":"fair"}: 400 invalid-body the member "why" is not known: write reason
        tick/resume : 200
        tick/resume : 200
        tick/backfill {}: 400 invalid-body the body does not say `from`: write an instant of RFC 3339
        tick/backfill {"from":"2024-01-02T00:00:00Z","to":"2024-01-01T00:00:00Z"}: 400 invalid-body test/tick: the span ends before it begins, or has not passed yet
        tick/backfill {"from":"2024-01-01T00:00:00Z","to":"2999-01-01T00:00:00Z"}: 400 invalid-body test/tick: the span ends before it begins, or has not passed yet
        tick/backfill {"from":"0001-01-01T00:00:00Z","to":"2024-01-01T00:00:00Z"}: 200
        tick/backfill {"from":"monday","to":"2024-01-01T00:00:00Z"}: 400 invalid-parameter from: "monday" is not an instant: expected RFC 3339, as in 2026-01-31T08:30:00Z
        often/backfill {"from":"2024-01-01T00:00:00Z","to":"2024-12-31T00:00:00Z"}: 400 invalid-body test/often: more than 1000 starts would wait: ask for a shorter span, or wait for some of them
        plain/trigger : 404 unknown-schedule test/plain: the version in force has no schedule
        nobody/trigger : 404 unknown-workflow the workflow test/nobody is not published
        tick/trigger : 200
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_workflow_that_starts_itself_ends_at_the_depth_that_is_allowed() {
    let server =
        Server::limited(Options::default(), Limits { children_depth_max: 5, ..Limits::default() });
    let call = |other: &str| {
        format!(
            "  - again: {{ run: {{ workflow: {{ namespace: test, name: {other}, version: latest }} }} }}"
        )
    };
    server.publish("ping", "1.0.0", &call("pong")).await;
    server.publish("pong", "1.0.0", &call("ping")).await;
    server.publish("other", "1.0.0", "  - a: { set: { a: 1 } }").await;
    let answer = server.send("POST /api/v1/workflows/test/ping/instances?wait=20s\n\n{}").await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "ping",
          "version": "1.0.0",
          "status": "faulted",
          "created": true,
          "startedAt": "<instant>",
          "endedAt": "<instant>",
          "error": {
            "type": "https://open-workflow-specification.org/spec/1.0.0/errors/runtime",
            "status": 500,
            "instance": "/do/0/again",
            "title": "children are nested too deep",
            "detail": "children_depth_max is 5"
          }
        }
    "#]]
    .assert_eq(&answer.show());
    let counts = server.send("GET /api/v1/instances/counts?at=0").await;
    expect![[r#"{"faulted":6}"#]].assert_eq(&counts.member("counts"));
    assert!(server.start("other", "wait=20s", "{}").await.len() == 36);
}

const LABEL: &str = "  - label: { call: job, with: { type: label, timeout: PT5S } }";

#[tokio::test]
async fn workers_that_lie_are_told_so_and_hurt_nobody() {
    let server = Server::new();
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let worker = server.token("worker", &[Role::Worker], &["elsewhere"]).await;
    let document = format!(
        "document: {{ dsl: 1.0.0, namespace: test, name: label, version: 1.0.0 }}\ndo:\n{LABEL}\n"
    );
    server.send_as(&root, &format!("POST /api/v1/workflows\n\n{document}")).await;
    let started = server.send_as(&root, "POST /api/v1/workflows/test/label/instances\n\n{}").await;
    let id = started.member("id");
    let taken = server
        .send_as(&root, "POST /api/v1/jobs/label/activate\n\n{\"wait\":\"20s\",\"worker\":\"w1\"}")
        .await;
    assert!(taken.text.contains(&id), "{}", taken.text);
    let mut shown = String::new();
    for (who, token, path, body) in [
        ("of another namespace", &worker, format!("jobs/{id}.1.1/complete"), "{}"),
        ("of another namespace", &worker, format!("jobs/{id}.1.1/heartbeat"), "{}"),
        (
            "of another namespace",
            &worker,
            "jobs/label/activate".to_owned(),
            "{\"namespaces\":[\"test\"]}",
        ),
        ("of another namespace", &worker, "jobs/label/activate".to_owned(), "{}"),
        ("beats for another", &root, format!("jobs/{id}.1.1/heartbeat"), "{\"worker\":\"w2\"}"),
        ("another attempt", &root, format!("jobs/{id}.1.2/complete"), "{}"),
        ("another step", &root, format!("jobs/{id}.0.1/complete"), "{}"),
        (
            "gives it back",
            &root,
            format!("jobs/{id}.1.1/fail"),
            "{\"error\":\"no\",\"retries\":3,\"backoff\":\"0s\"}",
        ),
        ("after it gave it back", &root, format!("jobs/{id}.1.1/complete"), "{}"),
        ("after it gave it back", &root, format!("jobs/{id}.1.1/heartbeat"), "{}"),
        ("in time", &root, format!("jobs/{id}.1.2/complete"), "{\"output\":1}"),
        ("twice", &root, format!("jobs/{id}.1.2/complete"), "{\"output\":2}"),
        ("twice", &root, format!("jobs/{id}.1.2/fail"), "{\"error\":\"no\"}"),
        ("of nobody", &root, "instances".to_owned(), ""),
    ] {
        if path == "instances" {
            server.send_as(&root, &format!("DELETE /api/v1/instances/{id}")).await;
            continue;
        }
        let answer = server.send_as(token, &format!("POST /api/v1/{path}\n\n{body}")).await;
        let verb = path.rsplit('/').next().unwrap();
        shown += &format!("{who}, {verb}: {}", redact(&told(&answer)));
    }
    for verb in ["complete", "fail", "heartbeat"] {
        let body = if verb == "fail" { "{\"error\":\"no\"}" } else { "{}" };
        for (who, token) in [("forgotten", &root), ("forgotten and elsewhere", &worker)] {
            let answer = server
                .send_as(token, &format!("POST /api/v1/jobs/{id}.1.1/{verb}\n\n{body}"))
                .await;
            shown += &format!("{who}, {verb}: {}", redact(&told(&answer)));
        }
    }
    expect![[r#"
        of another namespace, complete: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        of another namespace, heartbeat: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        of another namespace, activate: 403 forbidden the token "worker" has no rights in the namespace "test", only in elsewhere
        of another namespace, activate: 200 {"jobs":[]}
        beats for another, heartbeat: 200 {"cancelled":true,"reason":"the lease was over, and another worker has the job"}
        another attempt, complete: 404 unknown-job there is no such job
        another step, complete: 404 unknown-job there is no such job
        gives it back, fail: 200 {"id":"<id>.1.1"}
        after it gave it back, complete: 409 job-superseded attempt 1 is over, the job is at attempt 2
        after it gave it back, heartbeat: 200 {"cancelled":true,"reason":"nobody waits for this attempt of the job any more"}
        in time, complete: 200 {"id":"<id>.1.2"}
        twice, complete: 410 job-over the job is over: it was done already, or nobody waits for it any more
        twice, fail: 410 job-over the job is over: it was done already, or nobody waits for it any more
        forgotten, complete: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        forgotten and elsewhere, complete: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        forgotten, fail: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        forgotten and elsewhere, fail: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        forgotten, heartbeat: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        forgotten and elsewhere, heartbeat: 404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_job_of_an_instance_that_was_cancelled_and_forgotten_reaches_nobody() {
    let server = Server::new();
    server.publish("label", "1.0.0", LABEL).await;
    let id = server.start("label", "", "{}").await;
    server.send(&format!("POST /api/v1/instances/{id}/cancel")).await;
    let gone = server.send(&format!("DELETE /api/v1/instances/{id}")).await;
    assert_eq!(gone.member("purged"), "1");
    let given = server.send("POST /api/v1/jobs/label/activate\n\n{}").await;
    assert_eq!(given.text, "{\"jobs\":[]}");
}
