use std::time::Duration;

use expect_test::expect;

use super::*;

fn figures() -> ServiceFigures {
    let label = |text: &str| text.parse().expect("a label");
    let service = ServiceName { namespace: label("shop"), name: label("payments") };
    let version = Version::new(1, 2, 0);
    let requests = Requests { answered: 7, failed: 2, overloaded: 1, withdrawn: 0 };
    let mut buckets = [0; LATENCY_BUCKETS.len() + 1];
    (buckets[3], buckets[LATENCY_BUCKETS.len()]) = (9, 1);
    let own = VersionFigures {
        requests,
        latencies: Latencies { buckets, sum: Duration::from_millis(61_090) },
        changes: [("ejected", 2), ("opened", 1)].into(),
        held: [("breaker", 3)].into(),
    };
    let levels = VersionLevels {
        in_flight: 4,
        limit: Some(20),
        repeats: 12.5,
        breaker: "half-open",
        endpoints: [("passing", 2), ("ejected", 1)].into(),
    };
    let id = "a\"b\\c".parse().expect("an id");
    ServiceFigures {
        services: 3,
        waiting: Vec::new(),
        other_waiting: motet_runtime::Tallies::new(),
        versions: vec![((service.clone(), version.clone()), own, Some(levels))],
        other_versions: VersionFigures::default(),
        endpoints: vec![((service, version, id), requests)],
        other_endpoints: Requests { answered: 1, ..Requests::default() },
    }
}

#[test]
fn every_family_is_described_once_and_every_series_has_its_labels() {
    let mut text = String::new();
    append(&figures(), &mut text);
    expect![[r##"
        # HELP motet_services Services that have a document or an endpoint.
        # TYPE motet_services gauge
        motet_services 3
        # HELP motet_service_requests_total Calls that came back, by what came of them.
        # TYPE motet_service_requests_total counter
        motet_service_requests_total{namespace="shop",service="payments",version="1.2.0",outcome="answered"} 7
        motet_service_requests_total{namespace="shop",service="payments",version="1.2.0",outcome="failed"} 2
        motet_service_requests_total{namespace="shop",service="payments",version="1.2.0",outcome="overloaded"} 1
        motet_service_requests_total{namespace="shop",service="payments",version="1.2.0",outcome="withdrawn"} 0
        # HELP motet_service_latency_seconds How long calls took that came back.
        # TYPE motet_service_latency_seconds histogram
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.001"} 0
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.002"} 0
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.005"} 0
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.01"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.025"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.05"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.1"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.25"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="0.5"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="1"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="2.5"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="5"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="10"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="60"} 9
        motet_service_latency_seconds_bucket{namespace="shop",service="payments",version="1.2.0",le="+Inf"} 10
        motet_service_latency_seconds_sum{namespace="shop",service="payments",version="1.2.0"} 61.09
        motet_service_latency_seconds_count{namespace="shop",service="payments",version="1.2.0"} 10
        # HELP motet_service_changes_total What happened to endpoints and breakers.
        # TYPE motet_service_changes_total counter
        motet_service_changes_total{namespace="shop",service="payments",version="1.2.0",change="ejected"} 2
        motet_service_changes_total{namespace="shop",service="payments",version="1.2.0",change="opened"} 1
        # HELP motet_service_held_total Times that a call could not leave at once, and why.
        # TYPE motet_service_held_total counter
        motet_service_held_total{namespace="shop",service="payments",version="1.2.0",reason="breaker"} 3
        # HELP motet_service_in_flight Calls on their way.
        # TYPE motet_service_in_flight gauge
        motet_service_in_flight{namespace="shop",service="payments",version="1.2.0"} 4
        # HELP motet_service_limit Calls that may be on their way, as was learnt.
        # TYPE motet_service_limit gauge
        motet_service_limit{namespace="shop",service="payments",version="1.2.0"} 20
        # HELP motet_service_retry_budget Repeats that may leave.
        # TYPE motet_service_retry_budget gauge
        motet_service_retry_budget{namespace="shop",service="payments",version="1.2.0"} 12.5
        # HELP motet_service_breaker 1 for the state that the breaker is in.
        # TYPE motet_service_breaker gauge
        motet_service_breaker{namespace="shop",service="payments",version="1.2.0",state="closed"} 0
        motet_service_breaker{namespace="shop",service="payments",version="1.2.0",state="open"} 0
        motet_service_breaker{namespace="shop",service="payments",version="1.2.0",state="half-open"} 1
        motet_service_breaker{namespace="shop",service="payments",version="1.2.0",state="ramping"} 0
        # HELP motet_service_endpoints Endpoints by state.
        # TYPE motet_service_endpoints gauge
        motet_service_endpoints{namespace="shop",service="payments",version="1.2.0",state="ejected"} 1
        motet_service_endpoints{namespace="shop",service="payments",version="1.2.0",state="passing"} 2
        # HELP motet_service_waiting Calls that wait, by what the first one waits for.
        # TYPE motet_service_waiting gauge
        # HELP motet_endpoint_requests_total Calls of each endpoint.
        # TYPE motet_endpoint_requests_total counter
        motet_endpoint_requests_total{namespace="shop",service="payments",version="1.2.0",endpoint="a\"b\\c",outcome="answered"} 7
        motet_endpoint_requests_total{namespace="shop",service="payments",version="1.2.0",endpoint="a\"b\\c",outcome="failed"} 2
        motet_endpoint_requests_total{namespace="shop",service="payments",version="1.2.0",endpoint="a\"b\\c",outcome="overloaded"} 1
        motet_endpoint_requests_total{namespace="shop",service="payments",version="1.2.0",endpoint="a\"b\\c",outcome="withdrawn"} 0
        motet_endpoint_requests_total{namespace="(other)",service="(other)",version="(other)",endpoint="(other)",outcome="answered"} 1
        motet_endpoint_requests_total{namespace="(other)",service="(other)",version="(other)",endpoint="(other)",outcome="failed"} 0
        motet_endpoint_requests_total{namespace="(other)",service="(other)",version="(other)",endpoint="(other)",outcome="overloaded"} 0
        motet_endpoint_requests_total{namespace="(other)",service="(other)",version="(other)",endpoint="(other)",outcome="withdrawn"} 0
    "##]].assert_eq(&text);
}

#[test]
fn each_line_of_waiting_calls_has_a_series_and_the_others_share_some() {
    let mut figures = figures();
    let (key, ..) = figures.versions.remove(0);
    figures.waiting = vec![(key, "breaker", 12)];
    figures.other_waiting = [("endpoint", 1), ("limit", 3)].into();
    let mut text = String::new();
    append(&figures, &mut text);
    let of_lines = |line: &&str| line.starts_with("motet_service_waiting{");
    let series: Vec<&str> = text.lines().filter(of_lines).collect();
    expect![[r#"
        motet_service_waiting{namespace="shop",service="payments",version="1.2.0",reason="breaker"} 12
        motet_service_waiting{namespace="(other)",service="(other)",version="(other)",reason="endpoint"} 1
        motet_service_waiting{namespace="(other)",service="(other)",version="(other)",reason="limit"} 3
    "#]].assert_eq(&(series.join("\n") + "\n"));
}

#[test]
fn before_the_first_call_the_families_are_there_without_series() {
    let mut text = String::new();
    append(&ServiceFigures::default(), &mut text);
    let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(series, ["motet_services 0"]);
    assert_eq!(text.matches("# TYPE ").count(), 12);
}
