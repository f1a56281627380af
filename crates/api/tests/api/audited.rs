//! What every route that changes something leaves in the audit, and that what lasts ends with the rights to it.

use std::future::Future;
use std::pin::pin;

use expect_test::{Expect, expect};
use motet_api::{Backup, BackupReport, Options};
use motet_expr::{Value, json};
use motet_runtime::{Position, Role, token};

use crate::support::{Answer, Server, redact};

const DOCUMENTS: [&str; 4] = [
    "document: { dsl: 1.0.0, namespace: test, name: tick, version: 1.0.0 }
schedule: { every: { days: 1 } }
do:
  - nap: { wait: { days: 1 } }
",
    "document: { dsl: 1.0.0, namespace: test, name: wrong, version: 1.0.0 }
do:
  - fails: { raise: { error: { type: https://example.com/wrong, status: 500 } } }
",
    "document: { dsl: 1.0.0, namespace: test, name: undone, version: 1.0.0 }
do:
  - kept: { emit: { event: { with: { type: a } } }, metadata: { motet: { compensate: [ { back: { wait: { days: 1 } } } ] } } }
  - nap: { wait: { days: 1 } }
",
    "document: { dsl: 1.0.0, namespace: test, name: work, version: 1.0.0 }
do:
  - both:
      fork:
        branches:
          - machine: { call: job, with: { type: saw } }
          - second: { call: job, with: { type: drill } }
          - person: { call: human, with: { title: Look, groups: [clerks] } }
",
];

/// Each route that changes something, with a request that does. What answers leave behind is named in braces.
const CALLS: &[(&str, &str)] = &[
    ("/api/v1/workflows", "POST workflows"),
    ("/api/v1/workflows/validate", "POST workflows/validate"),
    (
        "/api/v1/workflows/{namespace}/{name}/tags/{tag}",
        "PUT workflows/test/tick/tags/stable\n\n{\"version\":\"1.0.0\"}",
    ),
    (
        "/api/v1/schedules/{namespace}/{name}/pause",
        "POST schedules/test/tick/pause\n\n{\"reason\":\"fair\"}",
    ),
    ("/api/v1/schedules/{namespace}/{name}/resume", "POST schedules/test/tick/resume"),
    ("/api/v1/schedules/{namespace}/{name}/resume", "POST schedules/test/tick/resume"),
    ("/api/v1/schedules/{namespace}/{name}/trigger", "POST schedules/test/tick/trigger"),
    (
        "/api/v1/schedules/{namespace}/{name}/backfill",
        "POST schedules/test/tick/backfill\n\n{\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"2020-01-01T00:00:01Z\"}",
    ),
    ("/api/v1/workflows/{namespace}/{name}/instances", "POST workflows/test/undone/instances"),
    ("/api/v1/instances/{id}/suspend", "POST instances/{id}/suspend\n\n{\"reason\":\"lunch\"}"),
    ("/api/v1/instances/{id}/resume", "POST instances/{id}/resume"),
    (
        "/api/v1/instances/{id}/events",
        "POST instances/{id}/events\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"a\"}",
    ),
    ("/api/v1/instances/{id}/cancel", "POST instances/{id}/cancel\n\n{\"reason\":\"unwanted\"}"),
    (
        "/api/v1/instances/{id}/cancel",
        "POST instances/{id}/cancel?compensate=false\n\n{\"reason\":\"never mind\"}",
    ),
    ("/api/v1/instances/{id}", "DELETE instances/{id}?reason=wish"),
    (
        "/api/v1/workflows/{namespace}/{name}/instances",
        "POST workflows/test/wrong/instances?wait=20s",
    ),
    ("/api/v1/instances/{id}/retry", "POST instances/{id}/retry"),
    ("/api/v1/workflows/{namespace}/{name}/instances", "POST workflows/test/work/instances"),
    ("/api/v1/instances/suspend", "POST instances/suspend?workflow=test/work&at={at}"),
    ("/api/v1/instances/resume", "POST instances/resume?workflow=test/work&at={at}"),
    ("/api/v1/instances/retry", "POST instances/retry?workflow=test/wrong&at={at}"),
    ("/api/v1/jobs/{type}/activate", "POST jobs/saw/activate\n\n{\"wait\":\"20s\"}"),
    ("/api/v1/jobs/{job}/heartbeat", "POST jobs/{id}.2.1/heartbeat"),
    ("/api/v1/jobs/{job}/complete", "POST jobs/{id}.2.1/complete"),
    ("/api/v1/jobs/{job}/fail", "POST jobs/{id}.3.1/fail\n\n{\"error\":\"no\",\"retries\":3}"),
    ("/api/v1/tasks/{task}/claim", "POST tasks/{id}.4/claim\n\n{\"user\":\"ada\"}"),
    ("/api/v1/tasks/{task}/unclaim", "POST tasks/{id}.4/unclaim\n\n{\"user\":\"ada\"}"),
    ("/api/v1/tasks/{task}/reassign", "POST tasks/{id}.4/reassign\n\n{\"assignee\":\"bob\"}"),
    ("/api/v1/tasks/{task}/complete", "POST tasks/{id}.4/complete\n\n{\"user\":\"bob\"}"),
    ("/api/v1/instances/cancel", "POST instances/cancel?workflow=test/work"),
    (
        "/api/v1/events",
        "POST events?namespace=test\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"a\"}",
    ),
    (
        "/api/v1/workflows/{namespace}/{name}/events",
        "POST workflows/test/work/events?businessKey=x\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"a\"}",
    ),
    (
        "/api/v1/services/{namespace}/{name}",
        "PUT services/test/pay\n\nservice: pay\nnamespace: test\n",
    ),
    (
        "/api/v1/services/{namespace}/{name}/endpoints/{endpoint}",
        "PUT services/test/pay/endpoints/a?maintenance=true&reason=disk\n\n{\"url\":\"http://a\"}",
    ),
    (
        "/api/v1/services/{namespace}/{name}/endpoints/{endpoint}",
        "DELETE services/test/pay/endpoints/a",
    ),
    ("/api/v1/services/{namespace}/{name}", "DELETE services/test/pay?reason=old"),
    (
        "/v1/agent/service/register",
        "PUT /v1/agent/service/register?ns=test\n\n{\"Name\":\"ship\",\"ID\":\"s1\",\"Address\":\"10.0.0.1\",\"Port\":80,\"Check\":{\"TTL\":\"10s\"}}",
    ),
    ("/v1/agent/check/pass/{id}", "PUT /v1/agent/check/pass/service:s1?ns=test"),
    ("/v1/agent/check/warn/{id}", "PUT /v1/agent/check/warn/service:s1?ns=test"),
    ("/v1/agent/check/fail/{id}", "PUT /v1/agent/check/fail/service:s1?ns=test"),
    (
        "/v1/agent/check/update/{id}",
        "PUT /v1/agent/check/update/service:s1?ns=test\n\n{\"Status\":\"passing\"}",
    ),
    (
        "/v1/agent/check/register",
        "PUT /v1/agent/check/register?ns=test\n\n{\"ID\":\"more\",\"ServiceID\":\"s1\",\"TTL\":\"10s\"}",
    ),
    ("/v1/agent/check/deregister/{id}", "PUT /v1/agent/check/deregister/more?ns=test"),
    (
        "/v1/agent/service/maintenance/{id}",
        "PUT /v1/agent/service/maintenance/s1?ns=test&enable=true&reason=disk",
    ),
    ("/v1/agent/service/deregister/{id}", "PUT /v1/agent/service/deregister/s1?ns=test"),
    ("/api/v1/sinks/{sink}/retry", "POST sinks/out/retry"),
    ("/api/v1/sinks/{sink}/refused", "DELETE sinks/out/refused?reason=old"),
    ("/api/v1/sinks/{sink}", "DELETE sinks/out"),
    ("/api/v1/secrets/{namespace}/{name}", "PUT secrets/test/key\n\nhunter2"),
    ("/api/v1/secrets/{namespace}/{name}", "DELETE secrets/test/key"),
    (
        "/api/v1/tokens",
        "POST tokens\n\n{\"name\":\"ci\",\"roles\":[\"author\"],\"namespaces\":[\"test\"]}",
    ),
    ("/api/v1/tokens/{token}", "DELETE tokens/{id}"),
    ("/api/v1/backup", "POST backup\n\n{\"directory\":\"/nowhere/yet\"}"),
];

fn text(value: &Value, key: &str) -> String {
    json::get(value, key).map(json::to_text).unwrap_or_default()
}

/// The entries of the audit at a position, newest first.
async fn audit(server: &Server, root: &str, at: &str) -> Vec<String> {
    let answer = server.send_as(root, &format!("GET /api/v1/audit?limit=1000&at={at}")).await;
    let value = answer.value();
    let Some(Value::Arr(items)) = json::get(&value, "items") else { panic!("{}", answer.text) };
    let entry = |entry: &Value| {
        let parts = ["actor", "action", "subject", "before", "after", "reason"];
        parts.map(|key| text(entry, key)).join(" ")
    };
    items.iter().map(entry).collect()
}

#[tokio::test]
async fn every_route_that_changes_something_says_who_did() {
    let backup = Backup::new(|_| Ok(BackupReport { position: Position(1), bytes: 1 }));
    let server = Server::with(Options { backup: Some(backup), ..Options::default() });
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    for document in &DOCUMENTS[1..] {
        let published =
            server.send_as(&root, &format!("POST /api/v1/workflows\n\n{document}")).await;
        assert_eq!(published.status, 201, "{}", published.text);
    }
    let (mut shown, mut known, mut id, mut at) = (String::new(), 4, String::new(), "0".to_owned());
    for (_, call) in CALLS {
        let (verb, rest) = call.split_once(' ').unwrap();
        let body =
            if rest.starts_with("workflows") && !rest.contains('/') || rest.ends_with("validate") {
                format!("\n\n{}", DOCUMENTS[0])
            } else {
                String::new()
            };
        let request = match rest.strip_prefix('/') {
            Some(rest) => format!("{verb} /{rest}{body}"),
            None => format!("{verb} /api/v1/{rest}{body}"),
        }
        .replace("{id}", &id)
        .replace("{at}", &at);
        let answer = server.send_as(&root, &request).await;
        if let Some(position) = answer.headers.get("motet-position") {
            at = position.to_str().unwrap().to_owned();
        }
        if answer.status.is_success()
            && (rest.contains("/instances") || *rest == *"tokens" || rest.starts_with("tokens\n"))
        {
            id = answer.member("id");
        }
        let entries = audit(&server, &root, &at).await;
        assert!(answer.status != 400, "{}", answer.text);
        shown += &format!("{} {}\n", answer.status.as_u16(), call.split("\n\n").next().unwrap());
        for entry in entries[..entries.len() - known].iter().rev() {
            // Ids of tokens are no ids of instances.
            let entry = if id.is_empty() { entry.clone() } else { entry.replace(&id, "<id>") };
            shown += &format!("    {entry}\n");
        }
        known = entries.len();
    }
    let changing = motet_api::rights().into_iter().filter(|right| right.0 != "GET");
    let missing: Vec<_> = changing
        .filter(|(verb, path, ..)| {
            !CALLS.iter().any(|(route, call)| route == path && call.starts_with(verb))
        })
        .collect();
    assert!(missing.is_empty(), "say what these leave in the audit: {missing:?}");
    expect![[r#"
        201 POST workflows
            "root" "workflow.publish" "test/tick:1.0.0"  {"digest":"<digest>"} 
        200 POST workflows/validate
        200 PUT workflows/test/tick/tags/stable
            "root" "tag.set" "test/tick:stable"  {"version":"1.0.0"} 
        200 POST schedules/test/tick/pause
            "root" "schedule.pause" "test/tick"   "fair"
        200 POST schedules/test/tick/resume
            "root" "schedule.resume" "test/tick"   
        200 POST schedules/test/tick/resume
        200 POST schedules/test/tick/trigger
            "root" "schedule.trigger" "test/tick"   
        200 POST schedules/test/tick/backfill
        202 POST workflows/test/undone/instances
        200 POST instances/{id}/suspend
            "root" "instance.suspend" "<id>"  {"status":"suspended"} "lunch"
        200 POST instances/{id}/resume
            "root" "instance.resume" "<id>"  {"status":"waiting"} 
        202 POST instances/{id}/events
        200 POST instances/{id}/cancel
            "root" "instance.cancel" "<id>"  {"status":"running"} "unwanted"
        200 POST instances/{id}/cancel?compensate=false
            "root" "instance.cancel" "<id>"  {"status":"cancelled"} "never mind"
        200 DELETE instances/{id}?reason=wish
            "root" "instance.purge" "<id>" {"workflow":"test/undone:1.0.0","status":"cancelled"}  "wish"
        200 POST workflows/test/wrong/instances?wait=20s
        200 POST instances/{id}/retry
            "root" "instance.retry" "<id>"  {"status":"faulted"} 
        202 POST workflows/test/work/instances
        200 POST instances/suspend?workflow=test/work&at={at}
            "root" "instance.suspend" "<id>"  {"status":"suspended"} 
        200 POST instances/resume?workflow=test/work&at={at}
            "root" "instance.resume" "<id>"  {"status":"waiting"} 
        200 POST instances/retry?workflow=test/wrong&at={at}
            "root" "instance.retry" "<id>"  {"status":"faulted"} 
        200 POST jobs/saw/activate
        200 POST jobs/{id}.2.1/heartbeat
        200 POST jobs/{id}.2.1/complete
        200 POST jobs/{id}.3.1/fail
        200 POST tasks/{id}.4/claim
            "root" "task.claim" "<id>.4"  {"by":"ada","assignee":"ada","groups":["clerks"]} 
        200 POST tasks/{id}.4/unclaim
            "root" "task.unclaim" "<id>.4"  {"by":"ada","groups":["clerks"]} 
        200 POST tasks/{id}.4/reassign
            "root" "task.reassign" "<id>.4"  {"assignee":"bob"} 
        200 POST tasks/{id}.4/complete
            "root" "task.complete" "<id>.4"  {"by":"bob"} 
        200 POST instances/cancel?workflow=test/work
            "root" "instance.cancel" "<id>"  {"status":"cancelled"} 
        202 POST events?namespace=test
        404 POST workflows/test/work/events?businessKey=x
        201 PUT services/test/pay
            "root" "service.set" "test/pay"  {"digest":"<digest>"} 
        201 PUT services/test/pay/endpoints/a?maintenance=true&reason=disk
            "root" "endpoint.drain" "test/pay"  {"endpoint":"a"} "disk"
        200 DELETE services/test/pay/endpoints/a
        200 DELETE services/test/pay?reason=old
            "root" "service.delete" "test/pay" {"digest":"<digest>"}  "old"
        200 PUT /v1/agent/service/register?ns=test
        200 PUT /v1/agent/check/pass/service:s1?ns=test
        200 PUT /v1/agent/check/warn/service:s1?ns=test
        200 PUT /v1/agent/check/fail/service:s1?ns=test
        200 PUT /v1/agent/check/update/service:s1?ns=test
        200 PUT /v1/agent/check/register?ns=test
        200 PUT /v1/agent/check/deregister/more?ns=test
        200 PUT /v1/agent/service/maintenance/s1?ns=test&enable=true&reason=disk
            "root" "endpoint.drain" "test/ship"  {"endpoint":"s1"} "disk"
        200 PUT /v1/agent/service/deregister/s1?ns=test
        404 POST sinks/out/retry
        404 DELETE sinks/out/refused?reason=old
        404 DELETE sinks/out
        201 PUT secrets/test/key
            "root" "secret.set" "test/key"  {"version":1} 
        200 DELETE secrets/test/key
            "root" "secret.delete" "test/key"   
        201 POST tokens
            "root" "token.create" "<id>"  {"name":"ci","roles":["author"],"namespaces":"test"} 
        200 DELETE tokens/{id}
            "root" "token.revoke" "<id>" {"name":"ci"}  
        200 POST backup
            "root" "server.backup" "/nowhere/yet"   
    "#]].assert_eq(&redact(&shown));
}

/// Sends a request that lasts, then takes the token away.
async fn revoked(request: &str, expected: Expect) {
    let server = Server::new();
    server.publish("nap", "1.0.0", "  - nap: { wait: { days: 1 } }").await;
    let id = server.start("nap", "", "{}").await;
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let _other = server.token("other", &[Role::Admin], &["*"]).await;
    let request = request.replace("{id}", &id);
    let mut answer = pin!(server.send_as(&root, &request));
    under_way(&mut answer).await;
    let (token, _) = token::read(&root).unwrap();
    server.handle.revoke_token(token.parse().unwrap(), None).await.unwrap();
    let answer = answer.await;
    let told = answer.text.split("event: error").last().unwrap();
    let told = format!("{} {}", answer.status, redact(told.trim()));
    expected.assert_eq(&told);
}

/// Lets a request go as far as it goes without waiting.
async fn under_way(answer: &mut (impl Future<Output = Answer> + Unpin)) {
    for _ in 0..100 {
        tokio::select! {
            biased;
            answer = &mut *answer => panic!("it did not last: {}", answer.text),
            () = tokio::task::yield_now() => {}
        }
    }
}

#[tokio::test]
async fn a_long_poll_ends_with_its_token() {
    revoked("GET /api/v1/instances/{id}?wait=60s", expect![[r#"
        401 Unauthorized {"type":"/docs/errors/unauthenticated","title":"The request shows no token that is valid here.","status":401,"detail":"the token root was revoked at <instant>, which ended the request; what it had asked for may have been done","code":"unauthenticated"}
    "#]]).await;
}

#[tokio::test]
async fn a_start_that_waits_ends_with_its_token() {
    revoked("POST /api/v1/workflows/test/nap/instances?wait=60s", expect![[r#"
        401 Unauthorized {"type":"/docs/errors/unauthenticated","title":"The request shows no token that is valid here.","status":401,"detail":"the token root was revoked at <instant>, which ended the request; what it had asked for may have been done","code":"unauthenticated"}
    "#]]).await;
}

#[tokio::test]
async fn a_worker_waits_no_longer_than_its_token_is_good() {
    revoked("POST /api/v1/jobs/saw/activate\n\n{\"wait\":\"60s\"}", expect![[r#"
        401 Unauthorized {"type":"/docs/errors/unauthenticated","title":"The request shows no token that is valid here.","status":401,"detail":"the token root was revoked at <instant>, which ended the request; what it had asked for may have been done","code":"unauthenticated"}
    "#]]).await;
}

#[tokio::test]
async fn a_watch_ends_with_its_token() {
    revoked("GET /api/v1/instances/{id}/watch", expect![[r#"
        200 OK data: {"type":"/docs/errors/unauthenticated","title":"The request shows no token that is valid here.","status":401,"detail":"the token root was revoked at <instant>, which ended the request; what it had asked for may have been done","code":"unauthenticated"}
    "#]]).await;
}

#[tokio::test]
async fn the_first_token_ends_what_nobody_had_to_show_one_for() {
    let server = Server::new();
    server.publish("nap", "1.0.0", "  - nap: { wait: { days: 1 } }").await;
    let id = server.start("nap", "", "{}").await;
    let request = format!("GET /api/v1/instances/{id}?wait=60s");
    let mut answer = pin!(server.send(&request));
    under_way(&mut answer).await;
    server.token("root", &[Role::Admin], &["*"]).await;
    expect![[r#"
        401 Unauthorized
        content-type: application/problem+json

        {
          "type": "/docs/errors/unauthenticated",
          "title": "The request shows no token that is valid here.",
          "status": 401,
          "detail": "this server wants a token since its first one was made, which ended the request; what it had asked for may have been done",
          "code": "unauthenticated"
        }
    "#]].assert_eq(&answer.await.show());
}

#[tokio::test]
async fn whoever_revokes_their_own_token_is_answered() {
    let server = Server::new();
    let _other = server.token("other", &[Role::Admin], &["*"]).await;
    let root = server.token("root", &[Role::Admin], &["*"]).await;
    let (id, _) = token::read(&root).unwrap();
    let answer = server.send_as(&root, &format!("DELETE /api/v1/tokens/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(server.send_as(&root, "GET /api/v1/tokens").await.member("code"), "unauthenticated");
}
