//! Work that comes back wrong: answers that do not fit their form, results that are too large, workers that come too late
//! or never. Each is told so, and the work stays with whoever may still do it.

use expect_test::expect;
use motet_api::Options;
use motet_types::Limits;

use crate::support::{Answer, Server, redact};

/// Status, code and detail of a refusal, and what does not fit; the body of anything else.
fn told(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return redact(&format!("{status} {}", answer.text));
    }
    let mut shown = format!("{status} {} {}", answer.member("code"), answer.member("detail"));
    for more in ["violations", "diagnostics"] {
        if answer.text.contains(&format!("\"{more}\"")) {
            shown += &format!(" {}", answer.member(more));
        }
    }
    redact(&shown)
}

async fn post(server: &Server, path: &str, body: &str) -> Answer {
    server.send(&format!("POST /api/v1/{path}\n\n{body}")).await
}

/// Takes the next job of this type, once there is one; nothing is waited for longer than it takes.
async fn take(server: &Server, kind: &str, worker: &str, lease: &str) -> String {
    let body = format!(r#"{{"worker":"{worker}","timeout":"{lease}","wait":"30s"}}"#);
    let answer = post(server, &format!("jobs/{kind}/activate"), &body).await;
    let (_, rest) = answer.text.split_once(r#""id":""#).expect("a job");
    rest.split_once('"').expect("the end of its id").0.to_owned()
}

async fn end_of(server: &Server, id: &str) -> String {
    let ended = server.send(&format!("GET /api/v1/instances/{id}?wait=30s")).await;
    let value = |name: &str| match ended.text.contains(&format!("\"{name}\"")) {
        true => ended.member(name),
        false => String::new(),
    };
    redact(&format!("{} {}{}", ended.member("status"), value("output"), value("error")))
}

const ORDER: &str = "  - order:
      call: human
      with:
        form:
          type: object
          required: [ok, lines]
          additionalProperties: false
          properties:
            ok: { type: boolean }
            lines:
              type: array
              minItems: 1
              items:
                type: object
                required: [sku]
                properties:
                  sku: { type: string, pattern: '^[a-z]+$' }
                  'per/cent~': { type: integer, maximum: 100 }";

#[tokio::test]
async fn answers_that_do_not_fit_their_form_leave_the_task_open() {
    let server = Server::new();
    server.publish("order", "1.0.0", ORDER).await;
    let id = server.start("order", "", "{}").await;
    let many = vec!["{}"; 40].join(",");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let large = format!(r#"{{"ok":true,"lines":[{{"sku":"{}"}}]}}"#, "a".repeat(1_100_000));
    let mut shown = String::new();
    for (name, output) in [
        ("nothing", ""),
        ("null", "null"),
        ("a text", "\"yes\""),
        ("a list", "[]"),
        ("empty", "{}"),
        ("another type", r#"{"ok":"yes","lines":[{"sku":"a"}]}"#),
        ("no lines", r#"{"ok":true,"lines":[]}"#),
        ("a member too many", r#"{"ok":true,"lines":[{"sku":"a"}],"why":1}"#),
        ("deep inside", r#"{"ok":true,"lines":[{"sku":"a"},{"sku":"B","per/cent~":101}]}"#),
        ("very many", &format!(r#"{{"ok":true,"lines":[{many}]}}"#)),
        ("no JSON", "{"),
        ("too deep", &deep),
        ("too large", &large),
    ] {
        let output =
            if output.is_empty() { String::new() } else { format!(r#","output":{output}"#) };
        let body = format!(r#"{{"user":"ada"{output}}}"#);
        let answer = post(&server, &format!("tasks/{id}.1/complete"), &body).await;
        shown += &format!("{name}: {}", told(&answer));
    }
    expect![[r#"
        nothing: 422 form-mismatch the output does not fit the form [{"path":"","message":"null is not of type \"object\""}]
        null: 422 form-mismatch the output does not fit the form [{"path":"","message":"null is not of type \"object\""}]
        a text: 422 form-mismatch the output does not fit the form [{"path":"","message":"\"yes\" is not of type \"object\""}]
        a list: 422 form-mismatch the output does not fit the form [{"path":"","message":"[] is not of type \"object\""}]
        empty: 422 form-mismatch the output does not fit the form [{"path":"","message":"\"ok\" is a required property"},{"path":"","message":"\"lines\" is a required property"}]
        another type: 422 form-mismatch the output does not fit the form [{"path":"/ok","message":"\"yes\" is not of type \"boolean\""}]
        no lines: 422 form-mismatch the output does not fit the form [{"path":"/lines","message":"[] has less than 1 item"}]
        a member too many: 422 form-mismatch the output does not fit the form [{"path":"","message":"Additional properties are not allowed ('why' was unexpected)"}]
        deep inside: 422 form-mismatch the output does not fit the form [{"path":"/lines/1/sku","message":"\"B\" does not match \"^[a-z]+$\""},{"path":"/lines/1/per~1cent~0","message":"101 is greater than the maximum of 100"}]
        very many: 422 form-mismatch the output does not fit the form [{"path":"/lines/0","message":"\"sku\" is a required property"},{"path":"/lines/1","message":"\"sku\" is a required property"},{"path":"/lines/2","message":"\"sku\" is a required property"},{"path":"/lines/3","message":"\"sku\" is a required property"},{"path":"/lines/4","message":"\"sku\" is a required property"},{"path":"/lines/5","message":"\"sku\" is a required property"},{"path":"/lines/6","message":"\"sku\" is a required property"},{"path":"/lines/7","message":"\"sku\" is a required property"},{"path":"/lines/8","message":"\"sku\" is a required property"},{"path":"/lines/9","message":"\"sku\" is a required property"},{"path":"/lines/10","message":"\"sku\" is a required property"},{"path":"/lines/11","message":"\"sku\" is a required property"},{"path":"/lines/12","message":"\"sku\" is a required property"},{"path":"/lines/13","message":"\"sku\" is a required property"},{"path":"/lines/14","message":"\"sku\" is a required property"},{"path":"/lines/15","message":"\"sku\" is a required property"},{"path":"/lines/16","message":"\"sku\" is a required property"},{"path":"/lines/17","message":"\"sku\" is a required property"},{"path":"/lines/18","message":"\"sku\" is a required property"},{"path":"/lines/19","message":"\"sku\" is a required property"}]
        no JSON: 400 malformed-json expected a comma or the end of the object at byte 25
        too deep: 400 malformed-json the value is nested more deeply than allowed at byte 150
        too large: 413 payload-too-large the body has more than 1048576 bytes, which is the limit
    "#]].assert_eq(&shown);
    let body = r#"{"user":"ada","output":{"ok":true,"lines":[{"sku":"a","per/cent~":100}]}}"#;
    let done = post(&server, &format!("tasks/{id}.1/complete"), body).await;
    expect![[r#"
        200 {"id":"<id>.1","status":"completed"}
    "#]]
    .assert_eq(&told(&done));
    let late = post(&server, &format!("tasks/{id}.1/complete"), body).await;
    expect![[r#"
        410 job-over the job is over: it was done already, or nobody waits for it any more
    "#]]
    .assert_eq(&told(&late));
}

#[tokio::test]
async fn a_form_that_is_no_schema_is_refused_at_publish() {
    let server = Server::new();
    let mut shown = String::new();
    for form in [
        "7",
        "[]",
        "{ type: nonsense }",
        "{ type: object, properties: 7 }",
        "{ type: object, required: ok }",
        "{ type: string, pattern: '(' }",
        "{ type: string, minLength: -1 }",
        "{ $ref: '#/$defs/missing' }",
        "{ $ref: 'https://elsewhere.example/form.json' }",
    ] {
        let document = format!(
            "document: {{ dsl: 1.0.0, namespace: test, name: ask, version: 1.0.0 }}\ndo:\n  - ask: {{ call: human, with: {{ form: {form} }} }}\n"
        );
        let answer = post(&server, "workflows", &document).await;
        shown += &format!("{form}: {}", told(&answer));
    }
    expect![[r#"
        7: 422 invalid-document the document has 1 error [{"code":"wrong-type","severity":"error","message":"a form is a JSON Schema: write an object","path":"/do/0/ask/with/form","line":3,"column":39}]
        []: 422 invalid-document the document has 1 error [{"code":"wrong-type","severity":"error","message":"a form is a JSON Schema: write an object","path":"/do/0/ask/with/form","line":3,"column":39}]
        { type: nonsense }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: /type: \"nonsense\" is not valid under any of the schemas listed in the 'anyOf' keyword","path":"/do/0/ask/with/form","line":3,"column":39}]
        { type: object, properties: 7 }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: /properties: 7 is not of type \"object\"","path":"/do/0/ask/with/form","line":3,"column":39}]
        { type: object, required: ok }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: /required: \"ok\" is not of type \"array\"","path":"/do/0/ask/with/form","line":3,"column":39}]
        { type: string, pattern: '(' }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: /pattern: \"(\" is not a \"regex\"","path":"/do/0/ask/with/form","line":3,"column":39}]
        { type: string, minLength: -1 }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: /minLength: -1 is less than the minimum of 0","path":"/do/0/ask/with/form","line":3,"column":39}]
        { $ref: '#/$defs/missing' }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema is not a JSON Schema: Pointer '/$defs/missing' does not exist","path":"/do/0/ask/with/form","line":3,"column":39}]
        { $ref: 'https://elsewhere.example/form.json' }: 422 invalid-document the document has 1 error [{"code":"not-compilable","severity":"error","message":"the schema refers to \"https://elsewhere.example/form.json\", and nothing is fetched: write what it means under `$defs` and refer to that","path":"/do/0/ask/with/form","line":3,"column":39}]
    "#]].assert_eq(&shown);
}

const LABELS: &str = "  - labels:
      for: { each: n, in: '${ [range(.count)] }' }
      do:
        - label:
            call: job
            with: { type: label }";

#[tokio::test]
async fn results_that_are_too_large_are_refused_and_the_job_stays_with_its_worker() {
    let limits =
        Limits { payload_bytes_max: 1_000, instance_bytes_max: 5_000, ..Limits::default() };
    let server = Server::limited(Options::default(), limits);
    server.publish("labels", "1.0.0", LABELS).await;
    let id = server.start("labels", "", r#"{"count":1}"#).await;
    let job = take(&server, "label", "w1", "30s").await;
    let mut shown = String::new();
    let text = |length: usize| format!("\"{}\"", "a".repeat(length));
    for (name, verb, body) in [
        ("a long text", "complete", format!(r#"{{"output":{}}}"#, text(1_000))),
        ("many numbers", "complete", format!(r#"{{"output":[{}]}}"#, vec!["1"; 600].join(","))),
        ("a long name", "complete", format!(r#"{{"output":{{{}:1}}}}"#, text(1_000))),
        ("nested", "complete", format!(r#"{{"output":{{"a":[{{"b":{}}}]}}}}"#, text(990))),
        ("more than a request may have", "complete", format!(r#"{{"output":{}}}"#, text(1 << 20))),
        ("a long error", "fail", format!(r#"{{"error":{},"retries":3}}"#, text(1 << 16))),
        ("a long detail", "fail", format!(r#"{{"error":{{"detail":{}}}}}"#, text(1 << 16))),
        ("an error beyond a request", "fail", format!(r#"{{"error":{}}}"#, text(1 << 20))),
        ("still held", "heartbeat", r#"{"worker":"w1"}"#.to_owned()),
        ("what fits", "complete", format!(r#"{{"output":{}}}"#, text(900))),
    ] {
        let answer = post(&server, &format!("jobs/{job}/{verb}"), &body).await;
        shown += &format!("{name}: {}", told(&answer));
    }
    expect![[r#"
        a long text: 413 payload-too-large too large or too deep: the output has 1002 bytes as JSON, payload_bytes_max is 1000
        many numbers: 413 payload-too-large too large or too deep: the output has 1201 bytes as JSON, payload_bytes_max is 1000
        a long name: 413 payload-too-large too large or too deep: the output has 1006 bytes as JSON, payload_bytes_max is 1000
        nested: 413 payload-too-large too large or too deep: the output has 1006 bytes as JSON, payload_bytes_max is 1000
        more than a request may have: 413 payload-too-large the body has more than 1048576 bytes, which is the limit
        a long error: 413 payload-too-large too large or too deep: the error has 65665 bytes as JSON, that of a job may have 65536
        a long detail: 413 payload-too-large too large or too deep: the error has 65665 bytes as JSON, that of a job may have 65536
        an error beyond a request: 413 payload-too-large the body has more than 1048576 bytes, which is the limit
        still held: 200 {"cancelled":false,"leaseUntil":"<instant>"}
        what fits: 200 {"id":"<id>.2.1"}
    "#]].assert_eq(&shown);
    assert!(end_of(&server, &id).await.starts_with("completed"), "it was done in the end");

    // Each result fits, all of them together do not: the instance says so, and is the only one that suffers.
    let branch = |nth| format!("          - b{nth}: {{ call: job, with: {{ type: label }} }}\n");
    let branches: String = (0..9).map(branch).collect();
    let fork = format!("  - all:\n      fork:\n        branches:\n{branches}");
    server.publish("fork", "1.0.0", &fork).await;
    let id = server.start("fork", "", "{}").await;
    let mut done = 0;
    loop {
        let shown = server.send(&format!("GET /api/v1/instances/{id}")).await;
        if shown.member("status") != "waiting" && shown.member("status") != "running" {
            break;
        }
        let job = take(&server, "label", "w1", "30s").await;
        let body = format!(r#"{{"output":{}}}"#, text(900));
        assert!(post(&server, &format!("jobs/{job}/complete"), &body).await.status.is_success());
        done += 1;
    }
    expect![[r#"
        9 were done: faulted {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime","status":500,"instance":"/do/0/all","title":"too large","detail":"output has 8128 bytes as JSON, payload_bytes_max is 1000"}
    "#]].assert_eq(&format!("{done} were done: {}", end_of(&server, &id).await));
    server.publish("other", "1.0.0", "  - a: { set: { a: 1 } }").await;
    server.start("other", "wait=30s", "{}").await;
}

const TIMED: &str = "  - tried:
      try:
        - label:
            call: job
            with: { type: label }
            timeout: { after: { milliseconds: 300 } }
      catch:
        errors: { with: { status: 408 } }
        do:
          - late: { set: { late: '${ $error.title }' } }";

#[tokio::test]
async fn whoever_completes_after_the_time_is_up_is_told_that_nobody_waits() {
    let server = Server::new();
    server.publish("timed", "1.0.0", TIMED).await;
    let id = server.start("timed", "", "{}").await;
    let job = take(&server, "label", "w1", "30s").await;
    let mut shown = end_of(&server, &id).await;
    for (verb, body) in [
        ("heartbeat", r#"{"worker":"w1"}"#),
        ("complete", r#"{"output":{"label":1}}"#),
        ("fail", r#"{"error":"no","retries":5}"#),
    ] {
        let answer = post(&server, &format!("jobs/{job}/{verb}"), body).await;
        shown += &format!("{verb}: {}", told(&answer));
    }
    shown += &end_of(&server, &id).await;
    expect![[r#"
        completed {"late":"timed out"}
        heartbeat: 200 {"cancelled":true,"reason":"nobody waits for this attempt of the job any more"}
        complete: 410 job-over the job is over: it was done already, or nobody waits for it any more
        fail: 410 job-over the job is over: it was done already, or nobody waits for it any more
        completed {"late":"timed out"}
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_worker_whose_lease_is_over_may_still_be_the_first_to_complete() {
    let server = Server::new();
    server.publish("labels", "1.0.0", LABELS).await;
    for (first, second) in [("w1", "w2"), ("w2", "w1")] {
        let id = server.start("labels", "", r#"{"count":1}"#).await;
        let job = take(&server, "label", "w1", "100ms").await;
        // The lease ends, and the next one has it.
        assert_eq!(take(&server, "label", "w2", "30s").await, job);
        let mut shown = String::new();
        for (verb, worker) in
            [("heartbeat", "w1"), ("heartbeat", "w2"), ("complete", first), ("complete", second)]
        {
            let output =
                if verb == "complete" { format!(r#","output":"{worker}""#) } else { String::new() };
            let body = format!(r#"{{"worker":"{worker}"{output}}}"#);
            let answer = post(&server, &format!("jobs/{job}/{verb}"), &body).await;
            shown += &format!("{worker}, {verb}: {}", told(&answer));
        }
        shown += &end_of(&server, &id).await;
        match first {
            "w1" => expect![[r#"
                w1, heartbeat: 200 {"cancelled":true,"reason":"the lease was over, and another worker has the job"}
                w2, heartbeat: 200 {"cancelled":false,"leaseUntil":"<instant>"}
                w1, complete: 200 {"id":"<id>.2.1"}
                w2, complete: 410 job-over the job is over: it was done already, or nobody waits for it any more
                completed w1
            "#]].assert_eq(&shown),
            _ => expect![[r#"
                w1, heartbeat: 200 {"cancelled":true,"reason":"the lease was over, and another worker has the job"}
                w2, heartbeat: 200 {"cancelled":false,"leaseUntil":"<instant>"}
                w2, complete: 200 {"id":"<id>.2.1"}
                w1, complete: 410 job-over the job is over: it was done already, or nobody waits for it any more
                completed w2
            "#]].assert_eq(&shown),
        }
    }
}

#[tokio::test]
async fn a_job_that_kills_its_workers_fails_in_the_end() {
    let limits = Limits { job_workers_lost_max: 3, ..Limits::default() };
    let server = Server::limited(Options::default(), limits);
    server.publish("labels", "1.0.0", LABELS).await;
    let id = server.start("labels", "", r#"{"count":1}"#).await;
    let mut jobs = Vec::new();
    for worker in ["w1", "w2", "w3"] {
        jobs.push(take(&server, "label", worker, "100ms").await);
    }
    jobs.dedup();
    assert_eq!(jobs.len(), 1, "it is the same attempt all the time");
    let mut shown = end_of(&server, &id).await;
    let late = post(&server, &format!("jobs/{}/complete", jobs[0]), r#"{"output":1}"#).await;
    shown += &told(&late);
    let none = post(&server, "jobs/label/activate", "{}").await;
    shown += &told(&none);
    expect![[r#"
        faulted {"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime","status":500,"instance":"/do/0/labels/do/0/label","title":"the job loses its workers","detail":"the leases of 3 workers ended one after the other, and none of them was heard of again: job_workers_lost_max"}
        410 job-over the job is over: it was done already, or nobody waits for it any more
        200 {"jobs":[]}
    "#]].assert_eq(&shown);
    // Somebody who has mended the worker goes on with it.
    let retried = post(&server, &format!("instances/{id}/retry"), "").await;
    assert!(retried.status.is_success(), "{}", retried.text);
    let job = take(&server, "label", "w4", "30s").await;
    let done = post(&server, &format!("jobs/{job}/complete"), r#"{"output":1}"#).await;
    assert!(done.status.is_success(), "{}", done.text);
    assert!(end_of(&server, &id).await.starts_with("completed"));
}
