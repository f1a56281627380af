use std::fmt::Write as _;

use expect_test::expect;

use super::*;
use crate::routes::ROUTES;

fn route(operation: &str) -> &'static Route {
    ROUTES.iter().find(|route| route.operation == operation).unwrap()
}

fn parse(operation: &str, query: &str) -> Result<Query, Problem> {
    Query::parse(route(operation), Some(query))
}

#[test]
fn only_known_parameters_pass() {
    let mut transcript = String::new();
    for (operation, query) in [
        ("listInstances", ""),
        ("listInstances", "status=waiting&status=running,faulted&limit=3"),
        ("listInstances", "workflow=shop%2Forder&businessKey=a+b%26c"),
        ("listInstances", "Limit=3"),
        ("listInstances", "workflow=a&workflow=b"),
        ("readWorkflow", "x"),
        ("startInstance", "version=^1&wait=30s&wat=1"),
    ] {
        let shown = match parse(operation, query) {
            Ok(Query(pairs)) => format!("{pairs:?}"),
            Err(problem) => format!("{}: {}", problem.code, problem.detail),
        };
        writeln!(transcript, "?{query}\n  {shown}").unwrap();
    }
    expect![[r#"
        ?
          []
        ?status=waiting&status=running,faulted&limit=3
          [("status", "waiting"), ("status", "running,faulted"), ("limit", "3")]
        ?workflow=shop%2Forder&businessKey=a+b%26c
          [("workflow", "shop/order"), ("businessKey", "a b&c")]
        ?Limit=3
          unknown-parameter: the query parameter "Limit" is not known: this route takes namespace, workflow, version, status, parent, businessKey, attribute.NAME, from, to, incidents, cursor, limit, at
        ?workflow=a&workflow=b
          invalid-parameter: workflow: it may be given only once
        ?x
          unknown-parameter: the query parameter "x" is not known: this route takes none
        ?version=^1&wait=30s&wat=1
          unknown-parameter: the query parameter "wat" is not known: this route takes version, wait
    "#]].assert_eq(&transcript);
}

#[test]
fn a_list_takes_commas_and_repetition() {
    let query = parse("listInstances", "status=waiting,&status=running,faulted").unwrap();
    assert_eq!(query.list("status").collect::<Vec<_>>(), ["waiting", "running", "faulted"]);
}

#[test]
fn a_wait_has_a_unit_and_a_limit() {
    let mut transcript = String::new();
    for text in [
        "0s",
        "500ms",
        "30s",
        "2m",
        "5m",
        "301s",
        "6m",
        "30",
        "s",
        "-1s",
        "1.5s",
        "1h",
        "99999999999999999999s",
        "9999999999999999999m",
    ] {
        let query = parse("readInstance", &format!("wait={text}")).unwrap();
        let shown = match query.duration("wait", Duration::from_secs(300)) {
            Ok(duration) => format!("{duration:?}"),
            Err(problem) => problem.detail,
        };
        writeln!(transcript, "{text} -> {shown}").unwrap();
    }
    expect![[r#"
        0s -> 0ns
        500ms -> 500ms
        30s -> 30s
        2m -> 120s
        5m -> 300s
        301s -> wait: 301s is longer than the limit of 300s
        6m -> wait: 6m is longer than the limit of 300s
        30 -> wait: "30" is not a length of time: write 30s, 500ms or 2m
        s -> wait: "s" is not a length of time: write 30s, 500ms or 2m
        -1s -> wait: "-1s" is not a length of time: write 30s, 500ms or 2m
        1.5s -> wait: "1.5s" is not a length of time: write 30s, 500ms or 2m
        1h -> wait: "1h" is not a length of time: write 30s, 500ms or 2m
        99999999999999999999s -> wait: "99999999999999999999s" is not a length of time: write 30s, 500ms or 2m
        9999999999999999999m -> wait: "9999999999999999999m" is not a length of time: write 30s, 500ms or 2m
    "#]].assert_eq(&transcript);
}

#[test]
fn switches_and_limits() {
    let query = parse("cancelInstances", "all&dryRun=true").unwrap();
    assert_eq!((query.switch("all").unwrap(), query.switch("dryRun").unwrap()), (true, true));
    assert!(!query.switch("incidents").unwrap());
    let limit = |text: &str| parse("listInstances", text).unwrap().limit(100, 1_000);
    assert_eq!(limit("").unwrap(), 100);
    assert_eq!(limit("limit=1000").unwrap(), 1_000);
    for wrong in ["limit=0", "limit=1001", "limit=x", "limit="] {
        assert_eq!(limit(wrong).unwrap_err().code, Code::InvalidParameter, "{wrong}");
    }
    let small = parse("listInstances", "").unwrap().limit(100, 10);
    assert_eq!(small.unwrap(), 10, "a small server's pages are no larger than its limit");
}
