use std::net::SocketAddr;

use super::*;
use crate::bench::stub::Stub;
use crate::bench::wire;

fn arguments(line: &str) -> Arguments {
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Arguments::read(&args, &[], &["server", "stubs", "workflow"]).unwrap()
}

fn stubs() -> String {
    let listed: Vec<String> = Stub::in_background().iter().map(SocketAddr::to_string).collect();
    listed.join(",")
}

fn plan(clients: u64, count: u64) -> Plan {
    Plan { clients, warmup: Duration::ZERO, measured: None, count, rate: None, log: None }
}

#[test]
fn bare_chains_are_counted_exactly() {
    for (clients, count) in [(1, 10), (7, 100), (16, 3)] {
        let task = Task::read("bare", &arguments(&format!("--stubs {}", stubs()))).unwrap();
        let result = Load::new(task, plan(clients, count)).unwrap().run().unwrap();
        assert_eq!((&result["completed"], &result["refused"]), (&json!(count), &json!(0)));
        assert!(result["p50Ms"].as_f64() <= result["maxMs"].as_f64());
    }
}

#[test]
fn a_rate_is_not_exceeded() {
    let task = Task::read("bare", &arguments(&format!("--stubs {}", stubs()))).unwrap();
    let plan = Plan { rate: Some(1_000), ..plan(8, 50) };
    let result = Load::new(task, plan).unwrap().run().unwrap();
    assert_eq!(result["completed"], json!(50));
    // The last of 50 begins 49 ms after the first.
    assert!(result["seconds"].as_f64().unwrap() >= 0.049, "{result}");
}

#[test]
fn what_is_done_is_logged() {
    let path = std::env::temp_dir().join(format!("motet-load-{}", std::process::id()));
    let task = Task::read("bare", &arguments(&format!("--stubs {}", stubs()))).unwrap();
    let plan = Plan { log: Some(path.clone()), ..plan(2, 5) };
    Load::new(task, plan).unwrap().run().unwrap();
    let log = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut values: Vec<&str> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, ["0", "1", "2", "3", "4"]);
}

/// What a task makes of an answer to value 5.
fn verdict(kind: &str, status: &str, body: &str) -> String {
    let args = arguments(
        "--server 127.0.0.1:1 --workflow a/b --stubs 127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
    );
    let task = Task::read(kind, &args).unwrap();
    let mut bytes = Vec::new();
    wire::respond(&mut bytes, status, "application/json", body.as_bytes());
    let message = wire::message(&bytes).unwrap().unwrap();
    match task.answered(0, 5, &message) {
        Ok(next) => format!("{next:?}"),
        Err(error) => error.to_string().split(':').next().unwrap().to_owned(),
    }
}

#[test]
fn only_right_answers_count() {
    const DONE: &str = "Done(None)";
    const WRONG: &str = "the answer to 5, step 0, is wrong";
    const RIGHT: &str = r#"{"id":"a","status":"completed","output":{"value":8}}"#;
    assert_eq!(verdict("bare", "200 OK", r#"{"value":6}"#), "Ask(6)");
    assert_eq!(verdict("bare", "200 OK", r#"{"value":5}"#), WRONG);
    assert_eq!(verdict("bare", "503 Busy", ""), WRONG);
    assert_eq!(verdict("chain", "200 OK", RIGHT), DONE);
    assert_eq!(verdict("chain", "202 Accepted", RIGHT), WRONG);
    assert_eq!(verdict("chain", "200 OK", &RIGHT.replace('8', "7")), WRONG);
    assert_eq!(verdict("chain", "200 OK", &RIGHT.replace("completed", "faulted")), WRONG);
    assert_eq!(verdict("chain", "200 OK", r#"{"status":"completed","input":{"value":8}}"#), WRONG);
    assert_eq!(verdict("chain", "429 Too Many Requests", ""), "Refused");
    let failed = r#"{"status":"faulted","error":{"type":"https://x/errors/expression"}}"#;
    assert_eq!(verdict("hostile", "200 OK", failed), DONE);
    assert_eq!(verdict("hostile", "200 OK", &failed.replace("expression", "runtime")), WRONG);
    let accepted = r#"{"id":"a","startedAt":"1970-01-01T00:00:01.5Z"}"#;
    let done = verdict("start", "202 Accepted", accepted);
    assert_eq!(done, r#"Done(Some(Started { instance: "a", at: 1500000 }))"#);
    assert_eq!(verdict("start", "202 Accepted", "{}"), WRONG);
}
