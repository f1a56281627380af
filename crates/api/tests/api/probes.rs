use http::StatusCode;

use crate::support::Server;

#[tokio::test]
async fn probes_answer_in_plain_text() {
    let server = Server::new();
    while !server.handle.health().ready {
        tokio::task::yield_now().await;
    }
    for (path, text) in [("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let answer = server.send(&format!("GET {path}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, text));
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        let head = server.send(&format!("HEAD {path}")).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    }
}

#[tokio::test]
async fn the_front_page_names_what_is_open_to_read() {
    let page = Server::new().send("GET /").await;
    assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
    assert!(page.text.starts_with("Motet "), "{}", page.text);
    for path in ["/api/v1/workflows ", "/api/v1/openapi.json ", "/metrics ", "/readyz "] {
        assert!(page.text.lines().any(|line| line.starts_with(path)), "{path} in {}", page.text);
    }
    assert!(!page.text.contains('{'), "{}", page.text);
}

#[tokio::test]
async fn figures_are_in_the_form_of_prometheus() {
    let server = Server::new();
    server.publish("echo", "1.0.0", "  - echo: { set: \"${ . }\" }").await;
    for _ in 0..3 {
        server.start("echo", "wait=10s", "{}").await;
    }
    server.send("GET /api/v1/instances/nonsense").await;
    let answer = server.send("GET /metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let start = "route=\"/api/v1/workflows/{namespace}/{name}/instances\"";
    for line in [
        format!("motet_http_requests_total{{method=\"POST\",{start},status=\"2xx\"}} 3"),
        "motet_http_requests_total{method=\"GET\",route=\"/api/v1/instances/{id}\",status=\"4xx\"} 1"
            .to_owned(),
        "motet_instances_started_total 3".to_owned(),
        "# TYPE motet_instances_started_total counter".to_owned(),
    ] {
        assert!(answer.text.lines().any(|other| other == line), "no {line} in {}", answer.text);
    }
    let mut described = Vec::new();
    for line in answer.text.lines() {
        match line.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next()) {
            Some(name) => described.push(name.to_owned()),
            None if line.starts_with('#') => {}
            None => {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                assert_eq!(described.last().map(String::as_str), Some(name), "{line}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }
    let distinct: std::collections::BTreeSet<_> = described.iter().collect();
    assert_eq!(distinct.len(), described.len(), "a figure is described once");
}
