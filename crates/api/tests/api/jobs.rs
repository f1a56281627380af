//! Workers and people over HTTP.

use expect_test::expect;

use crate::support::{Answer, Server};

const LABEL: &str =
    "  - label: { call: job, with: { type: print-label, input: { id: '${ .id }' } } }";
const TRIED: &str = "  - tried:
      try:
        - label: { call: job, with: { type: print-label } }
      catch:
        errors: { with: { status: 402 } }
        do:
          - sorry: { set: { sorry: '${ $error.detail }' } }";
const APPROVE: &str = "  - approve:
      call: human
      with:
        title: 'Approve ${ .id }'
        groups: [clerks, bosses]
        form: { type: object, required: [ok], properties: { ok: { type: boolean }, why: { type: string } } }
        due: P1D";

async fn post(server: &Server, path: &str, body: &str) -> Answer {
    server.send(&format!("POST /api/v1/{path}\n\n{body}")).await
}

/// The id of the only job that an activation gives.
fn job_of(answer: &Answer) -> String {
    let value = answer.value();
    let jobs = motet_expr::json::get(&value, "jobs").unwrap();
    let motet_expr::Value::Arr(jobs) = jobs else { panic!("{}", answer.text) };
    let id = motet_expr::json::get(&jobs[0], "id").unwrap();
    motet_expr::json::as_str(id).unwrap().to_owned()
}

async fn activate(server: &Server) -> String {
    job_of(&post(server, "jobs/print-label/activate", r#"{"worker":"w1","wait":"20s"}"#).await)
}

#[tokio::test]
async fn a_worker_takes_a_job_keeps_it_and_completes_it() {
    let server = Server::new();
    server.publish("label", "1.0.0", LABEL).await;
    let id = server.start("label", "", r#"{"id":7}"#).await;
    let body = r#"{"worker":"w1","maxJobs":5,"timeout":"30s","wait":"20s"}"#;
    let given = post(&server, "jobs/print-label/activate", body).await;
    expect![[r#"
        200 OK
        content-type: application/json

        {
          "jobs": [
            {
              "id": "<id>.1.1",
              "type": "print-label",
              "input": {
                "id": 7
              },
              "attempt": 1,
              "priority": 0,
              "idempotencyKey": "<id>-87aada6ba2aac4abc86399ba374cfd75",
              "instance": "<id>",
              "namespace": "test",
              "workflow": "label",
              "version": "1.0.0",
              "task": "label",
              "createdAt": "<instant>",
              "leaseUntil": "<instant>"
            }
          ]
        }
    "#]]
    .assert_eq(&given.show());
    let job = job_of(&given);
    let kept = post(&server, &format!("jobs/{job}/heartbeat"), "").await;
    expect![[r#"
        200 OK
        content-type: application/json

        {
          "cancelled": false,
          "leaseUntil": "<instant>"
        }
    "#]]
    .assert_eq(&kept.show());
    let shown = server.send(&format!("GET /api/v1/instances/{id}")).await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>",
          "namespace": "test",
          "workflow": "label",
          "version": "1.0.0",
          "digest": "<digest>",
          "status": "waiting",
          "startedAt": "<instant>",
          "updatedAt": "<instant>",
          "attributes": {},
          "input": {
            "id": 7
          },
          "steps": [
            {
              "id": 1,
              "parent": 0,
              "name": "label",
              "task": "/do/0/label",
              "type": "call",
              "status": "waiting",
              "startedAt": "<instant>",
              "attempt": 1,
              "waitsFor": {
                "kind": "worker",
                "type": "print-label",
                "since": "<instant>"
              }
            }
          ],
          "incidents": [],
          "records": 3
        }
    "#]]
    .assert_eq(&shown.show());
    let done = post(&server, &format!("jobs/{job}/complete"), r#"{"output":{"label":"L7"}}"#).await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>.1.1"
        }
    "#]]
    .assert_eq(&done.show());
    let late = post(&server, &format!("jobs/{job}/complete"), r#"{"output":1}"#).await;
    expect![[r#"
        410 Gone
        content-type: application/problem+json

        {
          "type": "/docs/errors/job-over",
          "title": "The job or task is over.",
          "status": 410,
          "detail": "the job is over: it was done already, or nobody waits for it any more",
          "code": "job-over"
        }
    "#]]
    .assert_eq(&late.show());
    let lost = post(&server, &format!("jobs/{job}/heartbeat"), "{}").await;
    expect![[r#"
        200 OK
        content-type: application/json

        {
          "cancelled": true,
          "reason": "nobody waits for this attempt of the job any more"
        }
    "#]]
    .assert_eq(&lost.show());
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=20s")).await;
    assert_eq!(
        (ended.member("status"), ended.member("output")),
        ("completed".to_owned(), r#"{"label":"L7"}"#.to_owned())
    );
    let metrics = server.send("GET /metrics").await.text;
    let jobs: Vec<&str> = metrics.lines().filter(|line| line.starts_with("motet_jobs")).collect();
    expect![[r#"
        motet_jobs_waiting{type="print-label"} 0
        motet_jobs_leased{type="print-label"} 0
        motet_jobs_completed_total{type="print-label"} 1
        motet_jobs_failed_total{type="print-label"} 0
        motet_jobs_returned_total{type="print-label"} 0
        motet_jobs_expired_total{type="print-label"} 0
    "#]]
    .assert_eq(&(jobs.join("\n") + "\n"));
}

#[tokio::test]
async fn a_failure_that_may_pass_gives_the_job_back_another_is_caught() {
    let server = Server::new();
    server.publish("tried", "1.0.0", TRIED).await;
    let id = server.start("tried", "", "{}").await;
    let first = activate(&server).await;
    let body = r#"{"error":"no paper","retries":1,"backoff":"1ms","worker":"w1"}"#;
    let back = post(&server, &format!("jobs/{first}/fail"), body).await;
    assert_eq!(back.status, 200, "{}", back.text);
    let second = activate(&server).await;
    assert_eq!(second, first.replace(".1", ".2"), "the next attempt of the same job");
    let late = post(&server, &format!("jobs/{first}/complete"), "{}").await;
    expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "type": "/docs/errors/job-superseded",
          "title": "The job is at another attempt.",
          "status": 409,
          "detail": "attempt 1 is over, the job is at attempt 2",
          "code": "job-superseded"
        }
    "#]]
    .assert_eq(&late.show());
    let body = r#"{"error":{"type":"https://example.com/broke","status":402,"detail":"no money"},"retries":1}"#;
    let failed = post(&server, &format!("jobs/{second}/fail"), body).await;
    assert_eq!(failed.status, 200, "{}", failed.text);
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=20s")).await;
    assert_eq!(ended.member("output"), r#"{"sorry":"no money"}"#);
}

#[tokio::test]
async fn a_worker_learns_that_the_instance_was_cancelled() {
    let server = Server::new();
    server.publish("label", "1.0.0", LABEL).await;
    let id = server.start("label", "", "{}").await;
    let job = activate(&server).await;
    post(&server, &format!("instances/{id}/cancel"), "").await;
    let beat = post(&server, &format!("jobs/{job}/heartbeat"), "").await;
    assert_eq!(beat.member("cancelled"), "true");
    let late = post(&server, &format!("jobs/{job}/complete"), "{}").await;
    assert_eq!((late.status.as_u16(), late.member("code")), (410, "job-over".to_owned()));
}

#[tokio::test]
async fn requests_of_workers_that_are_wrong() {
    let server = Server::new();
    server.publish("label", "1.0.0", LABEL).await;
    let id = server.start("label", "", "{}").await;
    let job = activate(&server).await;
    let unknown = job.replace(&id, "0192f0c1-7a2b-7c3d-8e4f-5a6b7c8d9e0f");
    let large = format!(r#"{{"output":"{}"}}"#, "a".repeat(1_048_570));
    let mut shown = String::new();
    for (path, body) in [
        ("jobs/print label/activate".replace(' ', "%20"), "{}"),
        ("jobs/print-label/activate".to_owned(), r#"{"wait":"61s"}"#),
        ("jobs/print-label/activate".to_owned(), r#"{"maxJobs":-1}"#),
        ("jobs/print-label/activate".to_owned(), r#"{"max":1}"#),
        ("jobs/print-label/activate".to_owned(), "[]"),
        ("jobs/print-label/activate".to_owned(), r#"{"timeout":"soon"}"#),
        ("jobs/nobody/activate".to_owned(), "{}"),
        (format!("jobs/{id}.1/complete"), "{}"),
        (format!("jobs/{id}.1.2/complete"), "{}"),
        (format!("jobs/{id}.9.1/complete"), "{}"),
        (format!("jobs/{id}.0.1/complete"), "{}"),
        (format!("jobs/{unknown}/complete"), "{}"),
        (format!("jobs/{unknown}/heartbeat"), "{}"),
        ("jobs/7/complete".to_owned(), "{}"),
        (format!("jobs/{job}/complete"), large.as_str()),
        (format!("jobs/{job}/fail"), "{}"),
        (format!("jobs/{job}/fail"), r#"{"error":{"type":"no-such"}}"#),
        (format!("jobs/{job}/fail"), r#"{"error":{"status":200}}"#),
        (format!("tasks/{id}.1/claim"), r#"{"user":"ada"}"#),
        (format!("tasks/{id}.1/claim"), "{}"),
    ] {
        let answer = post(&server, &path, body).await;
        let told = if answer.status.is_success() {
            answer.text
        } else {
            format!("{} {}", answer.member("code"), answer.member("detail"))
        };
        shown += &format!("{} {told}\n", answer.status.as_u16());
    }
    expect![[r#"
        400 invalid-parameter type: a type has 1 to 128 letters, digits, `-`, `_`, `.` and `:`
        400 invalid-body the member "wait" is longer than 60s
        400 invalid-body the member "maxJobs" is not a whole number from 0 to 1000
        400 invalid-body the member "max" is not known: write worker, maxJobs, timeout, wait, namespaces
        400 invalid-body the body is not an object
        400 invalid-body the member "timeout" is not a length of time: write 30s, 500ms, 2m or PT1H
        200 {"jobs":[]}
        400 invalid-parameter job: it does not say which attempt: use the id as given
        404 unknown-job there is no such job
        404 unknown-job there is no such job
        404 unknown-job there is no such job
        404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        404 unknown-job there is no instance <id>: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs
        400 invalid-parameter job: "7" is not the id of a job: expected an instance, a step and an attempt, as in <id>.3.1
        413 payload-too-large the body has more than 1048576 bytes, which is the limit
        400 invalid-body the member "error" is missing
        400 invalid-body the type "no-such" is neither a URI nor one of configuration, validation, expression, authentication, authorization, timeout, communication, runtime
        400 invalid-body the status of an error is between 400 and 599
        404 unknown-job it is not a job of this kind
        400 invalid-body the member "user" is missing
    "#]].assert_eq(&crate::support::redact(&shown));
}

#[tokio::test]
async fn a_person_finds_claims_and_completes_a_task() {
    let server = Server::new();
    server.publish("approve", "1.0.0", APPROVE).await;
    let id = server.start("approve", "", r#"{"id":7}"#).await;
    let list = |query: &'static str| server.send(query);
    let listed = list("GET /api/v1/tasks?group=clerks&status=open").await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "items": [
            {
              "id": "<id>.1",
              "status": "open",
              "name": "approve",
              "title": "Approve 7",
              "instance": "<id>",
              "namespace": "test",
              "workflow": "approve",
              "version": "1.0.0",
              "groups": [
                "clerks",
                "bosses"
              ],
              "due": "<instant>",
              "createdAt": "<instant>"
            }
          ]
        }
    "#]]
    .assert_eq(&listed.show());
    let task = format!("{id}.1");
    let claimed = post(&server, &format!("tasks/{task}/claim"), r#"{"user":"ada"}"#).await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>.1",
          "status": "claimed",
          "name": "approve",
          "title": "Approve 7",
          "instance": "<id>",
          "namespace": "test",
          "workflow": "approve",
          "version": "1.0.0",
          "task": "/do/0/approve",
          "groups": [
            "clerks",
            "bosses"
          ],
          "claimant": "ada",
          "due": "<instant>",
          "createdAt": "<instant>",
          "input": {
            "id": 7
          },
          "form": {
            "type": "object",
            "required": [
              "ok"
            ],
            "properties": {
              "ok": {
                "type": "boolean"
              },
              "why": {
                "type": "string"
              }
            }
          }
        }
    "#]]
    .assert_eq(&claimed.show());
    for (query, count) in [
        ("GET /api/v1/tasks?group=clerks&status=open", 0),
        ("GET /api/v1/tasks?group=bosses&status=claimed", 1),
        ("GET /api/v1/tasks?assignee=ada", 1),
        ("GET /api/v1/tasks?assignee=bob", 0),
        ("GET /api/v1/tasks?group=nobody", 0),
        ("GET /api/v1/tasks", 1),
    ] {
        let found = list(query).await.text.matches("\"name\":\"approve\"").count();
        assert_eq!(found, count, "{query}");
    }
    let taken = post(&server, &format!("tasks/{task}/claim"), r#"{"user":"bob"}"#).await;
    expect![[r#"
        409 Conflict
        content-type: application/problem+json

        {
          "type": "/docs/errors/task-conflict",
          "title": "The task is somebody else's.",
          "status": 409,
          "detail": "the task is claimed by ada",
          "code": "task-conflict"
        }
    "#]]
    .assert_eq(&taken.show());
    let body = r#"{"user":"ada","output":{"ok":"yes","why":3}}"#;
    let misfit = post(&server, &format!("tasks/{task}/complete"), body).await;
    expect![[r#"
        422 Unprocessable Entity
        content-type: application/problem+json

        {
          "type": "/docs/errors/form-mismatch",
          "title": "The output does not fit the form.",
          "status": 422,
          "detail": "the output does not fit the form",
          "code": "form-mismatch",
          "violations": [
            {
              "path": "/ok",
              "message": "\"yes\" is not of type \"boolean\""
            },
            {
              "path": "/why",
              "message": "3 is not of type \"string\""
            }
          ]
        }
    "#]]
    .assert_eq(&misfit.show());
    let body = r#"{"groups":["bosses"],"user":"ada"}"#;
    let passed_on = post(&server, &format!("tasks/{task}/reassign"), body).await;
    assert_eq!(passed_on.member("groups"), r#"["bosses"]"#);
    let body = r#"{"user":"grace","output":{"ok":true}}"#;
    let done = post(&server, &format!("tasks/{task}/complete"), body).await;
    expect![[r#"
        200 OK
        content-type: application/json
        motet-position: <position>

        {
          "id": "<id>.1",
          "status": "completed"
        }
    "#]]
    .assert_eq(&done.show());
    let gone = server.send(&format!("GET /api/v1/tasks/{task}")).await;
    expect![[r#"
        410 Gone
        content-type: application/problem+json

        {
          "type": "/docs/errors/job-over",
          "title": "The job or task is over.",
          "status": 410,
          "detail": "the job is over: it was done already, or nobody waits for it any more",
          "code": "job-over"
        }
    "#]]
    .assert_eq(&gone.show());
    assert!(!list("GET /api/v1/tasks").await.text.contains(&id), "what is over is not listed");
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=20s")).await;
    assert_eq!(ended.member("output"), r#"{"ok":true}"#);
}
