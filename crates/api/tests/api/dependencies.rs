use expect_test::expect;
use http::StatusCode;

use crate::support::Server;

const ORDER: &str = "
  - charge: { call: http, with: { method: get, endpoint: 'http://payments/charges' } }
  - ship: { run: { workflow: { namespace: test, name: ship, version: ^1.0.0 } } }
  - gone: { run: { workflow: { namespace: test, name: gone, version: 1.0.0 } } }
";
const SHIP: &str = "
  - rest: { wait: { hours: 1 } }
  - label: { call: job, with: { type: label } }
";

async fn shop() -> Server {
    let server = Server::new();
    server.publish("order", "1.0.0", ORDER).await;
    server.publish("ship", "1.0.0", SHIP).await;
    server.publish("ship", "1.1.0", SHIP).await;
    server
}

#[tokio::test]
async fn the_graph_shows_who_depends_on_what() {
    let server = shop().await;
    let drawn = server.send("GET /api/v1/graph?format=text").await;
    assert_eq!(drawn.headers["content-type"], "text/plain; charset=utf-8");
    expect![[r#"
        workflow/test/order:1.0.0
        ├─ runs workflow/test/ship:1.1.0
        ├─ runs workflow/test/gone:1.0.0  (missing)
        └─ calls service/test/payments  (missing)
        workflow/test/ship:1.1.0
        └─ hands to worker/test/label
    "#]]
    .assert_eq(&drawn.text);
    let svg = server.send("GET /api/v1/graph\naccept: image/svg+xml").await;
    assert!(svg.text.starts_with("<svg "), "{}", svg.text);
    let all = server.send("GET /api/v1/graph?versions=all&format=text").await;
    assert!(all.text.contains("workflow/test/ship:1.0.0"), "{}", all.text);
    let elsewhere = server.send("GET /api/v1/graph?namespace=other").await;
    expect![[r#"{"vertices":[],"edges":[],"cycles":[],"orphans":[],"drift":{"neverObserved":[],"undeclared":[]},"singlePoints":[],"leftOut":0}"#]]
        .assert_eq(&elsewhere.text);
}

#[tokio::test]
async fn impact_counts_open_instances_of_whatever_depends() {
    let server = shop().await;
    for _ in 0..3 {
        server.start("ship", "", "{}").await;
    }
    let asked = "GET /api/v1/impact?of=worker/test/label";
    let mut hit = server.send(asked).await;
    // The lists may lag behind the starts.
    while !hit.text.contains("\"open\":3") {
        tokio::task::yield_now().await;
        hit = server.send(asked).await;
    }
    expect![[r#"{"of":["worker/test/label"],"dependents":[{"id":"workflow/test/ship:1.1.0","kind":"workflow","open":3,"distance":1,"through":"worker/test/label"},{"id":"workflow/test/order:1.0.0","kind":"workflow","open":0,"distance":2,"through":"workflow/test/ship:1.1.0"}],"breakers":[],"waiting":[],"open":3}"#]].assert_eq(&hit.text);
    for (wrong, told) in [
        ("", "of: name what fails"),
        ("?of=payments", "names nothing in the graph"),
        ("?of=service/test/nobody", "is not in the graph"),
    ] {
        let refused = server.send(&format!("GET /api/v1/impact{wrong}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(refused.text.contains(told), "{}", refused.text);
    }
}

/// Answers every request with an empty object; its address.
async fn answering() -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4_096];
            // The requests have no body, and their heads fit.
            let read = stream.read(&mut head).await.unwrap_or(0);
            if read > 0 {
                let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    format!("http://{address}")
}

/// Replaces the digits of every number that differs from run to run.
fn without_times(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    for key in ["\"ratePerSecond\":", "\"p50Ms\":", "\"p99Ms\":"] {
        let at = rest.find(key).unwrap_or_else(|| panic!("no {key} in {rest}")) + key.len();
        let end = at + rest[at..].find([',', '}']).unwrap();
        assert!(rest[at..end].parse::<f64>().unwrap() > 0.0, "{key} {rest}");
        shown.push_str(&rest[..at]);
        shown.push('0');
        rest = &rest[end..];
    }
    shown + rest
}

const ASK: &str = "
  - ask: { call: http, with: { method: get, endpoint: 'http://oracle/ask' } }
  - rest: { wait: { milliseconds: 5 } }
  - rarely: { if: '${ .rarely == true }', call: http, with: { method: get, endpoint: 'http://rates.example/today' } }
";

#[tokio::test]
async fn the_graph_and_the_path_show_what_calls_have_shown() {
    let server = Server::new();
    let endpoint = answering().await;
    let document = format!(
        "service: oracle\nnamespace: test\nversions: [{{ version: 1.2.0, endpoints: ['{endpoint}'] }}]\n"
    );
    let put =
        format!("PUT /api/v1/services/test/oracle\ncontent-type: application/yaml\n\n{document}");
    let answer = server.send(&put).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    server.publish("ask", "1.0.0", ASK).await;
    let ended = server.send("POST /api/v1/workflows/test/ask/instances?wait=20s\n\n{}").await;
    assert_eq!(ended.member("status"), "completed", "{}", ended.text);
    let graph = server.send("GET /api/v1/graph").await;
    expect![[r#"{"vertices":[{"id":"workflow/test/ask:1.0.0","kind":"workflow","open":0},{"id":"service/test/oracle","kind":"service","endpoints":1,"passing":1},{"id":"host/rates.example","kind":"host"}],"edges":[{"from":"workflow/test/ask:1.0.0","to":"service/test/oracle","relation":"calls","places":["/do/0/ask"],"observed":[{"version":"1.2.0","calls":1,"errors":0,"inFlight":0,"ratePerSecond":0,"p50Ms":0,"p99Ms":0}]},{"from":"workflow/test/ask:1.0.0","to":"host/rates.example","relation":"calls","places":["/do/2/rarely"]}],"cycles":[],"orphans":[],"drift":{"neverObserved":[{"from":"workflow/test/ask:1.0.0","to":"host/rates.example"}],"undeclared":[]},"singlePoints":["service/test/oracle"],"leftOut":0}"#]].assert_eq(&without_times(&graph.text));
    let metrics = server.send("GET /metrics").await.text;
    let counted = "motet_service_requests_total{namespace=\"test\",service=\"oracle\",version=\"1.2.0\",outcome=\"answered\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    // The limit is learnt; where nothing else is known it begins at twenty.
    let limit = "motet_service_limit{namespace=\"test\",service=\"oracle\",version=\"1.2.0\"} 20\n";
    assert!(metrics.contains(limit), "{metrics}");
    let path = "GET /api/v1/workflows/test/ask/versions/latest/critical-path";
    let critical = server.send(path).await;
    assert_eq!(critical.member("instances"), "1", "{}", critical.text);
    let tasks = critical.value();
    let tasks = motet_expr::json::get(&tasks, "tasks").unwrap();
    let motet_expr::Value::Arr(tasks) = tasks else { panic!("{}", critical.text) };
    let word = |task: &motet_expr::Value, key: &str| {
        motet_expr::json::as_str(motet_expr::json::get(task, key).unwrap()).unwrap().to_owned()
    };
    let shown: Vec<_> =
        tasks.iter().map(|task| format!("{} {}", word(task, "kind"), word(task, "task"))).collect();
    assert_eq!(shown, ["call /do/0/ask", "wait /do/1/rest"]);
}

const HURRY: &str = "
  - ask: { call: http, with: { method: get, endpoint: 'http://oracle/ask' }, timeout: { after: { hours: 1 } } }
";

/// Puts `<instant>` in the place of every time.
fn without_instants(text: &str) -> String {
    let mut parts = text.split("\"20");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        let (instant, rest) = part.split_once('"').unwrap();
        assert!(instant.ends_with('Z'), "{instant}");
        shown += &format!("\"<instant>\"{rest}");
    }
    shown
}

#[tokio::test]
async fn while_a_breaker_is_open_impact_tells_who_waits_and_until_when() {
    let server = Server::new();
    // Nobody listens at port 1.
    let put = "PUT /api/v1/services/test/oracle\ncontent-type: application/yaml\n\nservice: oracle\nnamespace: test\npatience: 10h\nbreaker: { calls: 2, open: 5m, openMax: 5m }\nversions: [{ version: 1.2.0, endpoints: ['http://127.0.0.1:1'] }]\n";
    let answer = server.send(put).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    server.publish("ask", "1.0.0", ASK).await;
    server.publish("hurry", "1.0.0", HURRY).await;
    for name in ["ask", "hurry", "ask"] {
        server.start(name, "", "{}").await;
    }
    let asked = "GET /api/v1/impact?of=service/test/oracle";
    let mut hit = server.send(asked).await;
    // Calls come back from nobody until the breaker opens, and the lists may lag behind.
    while !(hit.text.contains(r#""calls":3,"instances":3,"reason":"breaker""#)
        && hit.text.ends_with(r#""open":3}"#))
    {
        tokio::task::yield_now().await;
        hit = server.send(asked).await;
    }
    expect![[r#"{"of":["service/test/oracle"],"dependents":[{"id":"workflow/test/ask:1.0.0","kind":"workflow","open":2,"distance":1,"through":"service/test/oracle"},{"id":"workflow/test/hurry:1.0.0","kind":"workflow","open":1,"distance":1,"through":"service/test/oracle"}],"breakers":[{"service":"test/oracle","version":"1.2.0","state":"open","until":"<instant>"}],"waiting":[{"service":"test/oracle","version":"1.2.0","calls":3,"instances":3,"reason":"breaker","since":"<instant>","until":"<instant>","deadline":"<instant>","deadlineOf":"task","workflows":[{"workflow":"test/hurry","version":"1.0.0","calls":1,"instances":1,"deadline":"<instant>","deadlineOf":"task"},{"workflow":"test/ask","version":"1.0.0","calls":2,"instances":2,"deadline":"<instant>","deadlineOf":"patience"}],"leftOut":0}],"open":3}"#]].assert_eq(&without_instants(&hit.text));
    let metrics = server.send("GET /metrics").await.text;
    for line in [
        r#"motet_service_waiting{namespace="test",service="oracle",version="1.2.0",reason="breaker"} 3"#,
        r#"motet_service_breaker{namespace="test",service="oracle",version="1.2.0",state="open"} 1"#,
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    let service = server.send("GET /api/v1/services/test/oracle").await.text;
    let waiting = |text: &str| {
        let from = text.find(r#""calls":3"#).unwrap();
        text[from..from + text[from..].find("]").unwrap()].to_owned()
    };
    assert_eq!(waiting(&service), waiting(&hit.text), "both tell the same");
}
