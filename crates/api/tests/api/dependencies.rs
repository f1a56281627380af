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
    expect![[r#"{"of":["worker/test/label"],"dependents":[{"id":"workflow/test/ship:1.1.0","kind":"workflow","open":3,"distance":1,"through":"worker/test/label"},{"id":"workflow/test/order:1.0.0","kind":"workflow","open":0,"distance":2,"through":"workflow/test/ship:1.1.0"}],"open":3}"#]].assert_eq(&hit.text);
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
