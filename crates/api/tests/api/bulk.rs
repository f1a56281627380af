use expect_test::{Expect, expect};
use motet_api::Options;

use crate::support::Server;

const SLEEP: &str = "  - sleep: { wait: { hours: 1 } }";
const ECHO: &str = "  - echo: { set: \"${ . }\" }";

async fn check(server: &Server, request: &str, expected: Expect) {
    expected.assert_eq(&server.send(request).await.show());
}

async fn server_with_sleepers(count: usize, options: Options) -> Server {
    let server = Server::with(options);
    server.publish("sleep", "1.0.0", SLEEP).await;
    server.publish("echo", "1.0.0", ECHO).await;
    server.start("echo", "wait=10s", "{}").await;
    for _ in 0..count {
        server.start("sleep", "", "{}").await;
    }
    server
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let server = server_with_sleepers(2, Options::default()).await;
    check(
        &server,
        "POST /api/v1/instances/cancel?all=true&dryRun=true",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "dryRun": true,
          "matched": 2,
          "sample": [
            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "sleep",
              "version": "1.0.0",
              "status": "waiting",
              "startedAt": "<instant>",
              "updatedAt": "<instant>",
              "hasIncident": false
            },
            {
              "id": "<id>",
              "namespace": "test",
              "workflow": "sleep",
              "version": "1.0.0",
              "status": "waiting",
              "startedAt": "<instant>",
              "updatedAt": "<instant>",
              "hasIncident": false
            }
          ]
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
            "completed": 1,
            "waiting": 2
          },
          "total": 3
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_takes_those_it_can_change_and_says_how_many() {
    let server = server_with_sleepers(3, Options::default()).await;
    check(
        &server,
        "POST /api/v1/instances/suspend?workflow=test/sleep",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "dryRun": false,
          "matched": 3,
          "applied": 3,
          "failed": 0,
          "failures": []
        }
    "#]],
    )
    .await;
    check(
        &server,
        "POST /api/v1/instances/resume?all=true\n\n{\"reason\":\"go\"}",
        expect![[r#"
            200 OK
            content-type: application/json
            motet-position: <position>

            {
              "dryRun": false,
              "matched": 3,
              "applied": 3,
              "failed": 0,
              "failures": []
            }
        "#]],
    )
    .await;
    check(
        &server,
        "POST /api/v1/instances/cancel?all=true",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "dryRun": false,
          "matched": 3,
          "applied": 3,
          "failed": 0,
          "failures": []
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
            "cancelled": 3,
            "completed": 1
          },
          "total": 4
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn those_it_cannot_change_are_named() {
    let server = server_with_sleepers(1, Options::default()).await;
    check(
        &server,
        "POST /api/v1/instances/cancel?status=completed,waiting",
        expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "dryRun": false,
          "matched": 2,
          "applied": 1,
          "failed": 1,
          "failures": [
            {
              "id": "<id>",
              "code": "status-conflict",
              "detail": "the instance is completed: it has ended and cannot be cancelled"
            }
          ]
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_for_very_many_goes_on_from_its_cursor() {
    let options = Options { bulk_instances_max: 2, bulk_in_flight_max: 1, ..Options::default() };
    let server = server_with_sleepers(5, options).await;
    let mut matched = Vec::new();
    let mut query = "workflow=sleep&status=waiting".to_owned();
    loop {
        let answer = server.send(&format!("POST /api/v1/instances/suspend?{query}")).await;
        matched.push(answer.member("matched"));
        if !answer.text.contains("\"next\"") {
            break;
        }
        query = format!("workflow=sleep&status=waiting&cursor={}", answer.member("next"));
    }
    assert_eq!(matched, ["2", "2", "1"]);
}

#[tokio::test]
async fn nobody_steers_everything_by_accident() {
    let server = server_with_sleepers(1, Options::default()).await;
    check(
        &server,
        "POST /api/v1/instances/cancel",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/missing-filter",
          "title": "A request for many instances says which.",
          "status": 400,
          "detail": "say which instances: with a filter such as workflow=shop/order, or all=true",
          "code": "missing-filter"
        }
    "#]],
    )
    .await;
    check(
        &server,
        "POST /api/v1/instances/cancel?all=false",
        expect![[r#"
        400 Bad Request
        content-type: application/problem+json

        {
          "type": "/docs/errors/missing-filter",
          "title": "A request for many instances says which.",
          "status": 400,
          "detail": "say which instances: with a filter such as workflow=shop/order, or all=true",
          "code": "missing-filter"
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn an_instance_that_was_acknowledged_is_not_missed() {
    let server = Server::new();
    server.publish("sleep", "1.0.0", SLEEP).await;
    for query in
        ["all=true", "workflow=test/sleep", "status=waiting,running", "all=true&dryRun=true"]
    {
        server.start("sleep", "", "{}").await;
        let answer = server.send(&format!("POST /api/v1/instances/cancel?{query}")).await;
        assert_eq!(answer.member("matched"), "1", "{query}: {}", answer.text);
    }
}
