use expect_test::{Expect, expect};
use motet_types::Limits;

use super::{EndpointUrl, is_service, parse_service, service_of};

/// What is wrong with a document, a line each.
#[track_caller]
fn check(text: &str, expect: Expect) {
    let parsed = parse_service(text, &Limits::default());
    let has_error = parsed.diagnostics.iter().any(crate::Diagnostic::is_error);
    assert_eq!(parsed.service.is_none(), has_error, "a service is there unless there are errors");
    expect.assert_eq(&crate::lines("s", &parsed.diagnostics));
}

/// The part of a service that `show` picks.
#[track_caller]
fn read<T: std::fmt::Debug>(text: &str, show: impl FnOnce(super::Service) -> T, expect: Expect) {
    let parsed = parse_service(text, &Limits::default());
    let service = parsed.service.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    expect.assert_eq(&format!("{:?}", show(service)));
}

#[test]
fn a_name_is_enough() {
    read(
        "service: payments",
        |service| service,
        expect![[
            r#"Service { namespace: Label("default"), name: Label("payments"), idempotency: Method, patience: 3600s, lease: 90s, versions: [], health: None, balancer: Balancer { strategy: Ewma, decay: 10s, failure_latency: 5s, slow_start: 0ns }, ejection: Some(Ejection { failures: 5, base: 30s, max: 300s, share: 0.1 }), breaker: Breaker { failures: 0.5, calls: 20, window: 10s, open: 5s, open_max: 60s }, retry: RetryBudget { share: 0.2, per_second: 10 }, limits: CallLimits { adaptive: Some(Adaptive { initial: 20, min: 1, max: 1000 }), in_flight: None, rate: None } }"#
        ]],
    );
}

#[test]
fn everything_can_be_said() {
    let everything = "
service: payments
namespace: shop
idempotency: key
patience: PT2H
lease: 30s
versions:
  - version: 1.0.0
    weight: 90
    endpoints:
      - http://127.0.0.1:8081
      - { url: 'https://Pay.example/v1/', zone: b, weight: 2 }
      - { dns: payments.internal, port: 8080, interval: 5s }
  - { version: 2.0.0-rc.1, weight: 10, endpoints: [{ dns: _pay._tcp.internal., type: srv, zone: c }] }
health: { http: /health, interval: 2s, timeout: 500ms, healthy: 2, unhealthy: 5 }
balancer: { strategy: leastRequest, decay: 5s, failureLatency: 1s }
slowStart: 30s
ejection: { failures: 3, base: 10s, max: 1m, share: 0.5 }
breaker: { failures: 0.3, calls: 5, window: 20s, open: 1s, openMax: 10s }
retry: { share: 0.1, perSecond: 1 }
limits: { adaptive: false, inFlight: 50, rate: { perSecond: 25 } }
";
    read(
        everything,
        |service| (service.versions, service.health),
        expect![[
            r#"([ServiceVersion { version: Version { major: 1, minor: 0, patch: 0 }, weight: 90, endpoints: [StaticEndpoint { url: EndpointUrl("http://127.0.0.1:8081"), zone: None, weight: 1 }, StaticEndpoint { url: EndpointUrl("https://pay.example/v1"), zone: Some("b"), weight: 2 }], dns: [DnsSource { name: "payments.internal", kind: Address { port: 8080 }, interval: 5s, zone: None }] }, ServiceVersion { version: Version { major: 2, minor: 0, patch: 0, pre: Prerelease("rc.1") }, weight: 10, endpoints: [], dns: [DnsSource { name: "_pay._tcp.internal", kind: Service, interval: 30s, zone: Some("c") }] }], Some(Health { probe: Http("/health"), interval: 2s, timeout: 500ms, healthy: 2, unhealthy: 5 }))"#
        ]],
    );
    read(
        everything,
        |service| (service.idempotency, service.balancer, service.ejection, service.breaker),
        expect![[
            r#"(Key, Balancer { strategy: LeastRequest, decay: 5s, failure_latency: 1s, slow_start: 30s }, Some(Ejection { failures: 3, base: 10s, max: 60s, share: 0.5 }), Breaker { failures: 0.3, calls: 5, window: 20s, open: 1s, open_max: 10s })"#
        ]],
    );
    read(
        everything,
        |service| (service.patience, service.lease, service.retry, service.limits),
        expect![[
            r#"(7200s, 30s, RetryBudget { share: 0.1, per_second: 1 }, CallLimits { adaptive: None, in_flight: Some(50), rate: Some(Rate { per_second: 25.0, burst: 3 }) })"#
        ]],
    );
    read(
        r#"{"service": "a", "health": {"tcp": true}, "ejection": false, "balancer": "random"}"#,
        |service| (service.health, service.ejection, service.balancer.strategy),
        expect![[
            r#"(Some(Health { probe: Tcp, interval: 5s, timeout: 1s, healthy: 1, unhealthy: 3 }), None, Random)"#
        ]],
    );
}

#[test]
fn what_is_no_document() {
    check(
        "",
        expect![[r#"
        s:1:1: error[empty-document]: the document is empty: it needs at least `document` and `do`
    "#]],
    );
    check(
        "- service: a",
        expect![[r#"
        s:1:1: error[wrong-type]: an object is expected here, found a list
    "#]],
    );
    check(
        "namespace: shop",
        expect![[r#"
        s:1:1: error[missing-property]: the property `service` is missing: add it
    "#]],
    );
}

#[test]
fn every_problem_has_its_place() {
    check(
        "
service: Pay_ments
idempotency: keys
patience: 5
patiense: 1h
lease: 10ms
versions:
  - { version: one, endpoints: [ftp://a, 'http://', 'http://a:0', 'http://a/?x', 5, { url: 'http://a', port: 1 }] }
  - { version: 1.0.0, endpoints: ['http://a:1', 'http://A:1/'], weight: 0 }
  - { version: 1.0.0, weight: 0, contract: openapi.yaml }
health: { http: health, tcp: true }
balancer: fastest
slowStart: soon
ejection: { share: 2, failures: 0 }
breaker: false
retry: { share: '0.1' }
limits: { adaptive: { min: 9, max: 3 }, rate: { burst: 1 } }
",
        expect![[r#"
            s:2:10: error[invalid-name]: `Pay_ments` is no name: use 1 to 63 lower-case letters, digits and inner hyphens (`pay-ments` would do)
            s:3:14: error[invalid-value]: `keys` is not known here: use `none`, `method` or `key` (did you mean `key`?)
            s:4:11: error[invalid-duration]: a duration needs its unit: write `{ seconds: 30 }` or `PT30S`
            s:5:1: error[unknown-property]: the property `patiense` is not known here: use `balancer`, `breaker`, `ejection`, `health`, `idempotency`, `lease`, `limits`, `namespace`, `patience`, `retry`, `service`, `slowStart` or `versions` (did you mean `patience`?)
            s:6:8: error[invalid-value]: 10ms is too short here: write at least 1s
            s:8:3: error[invalid-value]: no version has a weight above 0: none would ever be called
            s:8:16: error[invalid-version]: `one` is no semantic version: write three numbers, as in `1.0.0`
            s:8:33: error[invalid-uri]: `ftp://a` is no address of an endpoint: it begins with neither http:// nor https://; write it as `http://host:port`
            s:8:42: error[invalid-uri]: `http://` is no address of an endpoint: its host is none; write it as `http://host:port`
            s:8:53: error[invalid-uri]: `http://a:0` is no address of an endpoint: its port is no number from 1 to 65535; write it as `http://host:port`
            s:8:67: error[invalid-uri]: `http://a/?x` is no address of an endpoint: it holds more than scheme, host, port and path; write it as `http://host:port`
            s:8:82: error[wrong-type]: an address or an object with `url` or `dns` is expected here, found a number
            s:8:104: error[unknown-property]: the property `port` is not known here: use `url`, `weight` or `zone`
            s:9:49: error[conflicting-properties]: http://a:1 stands here twice: keep one
            s:10:5: error[conflicting-properties]: version 1.0.0 stands here twice: keep one
            s:10:34: error[unknown-property]: the property `contract` is not known here: use `endpoints`, `version` or `weight`
            s:11:1: error[conflicting-properties]: `http` and `tcp` exclude each other: keep one
            s:12:11: error[invalid-value]: `fastest` is not known here: use `ewma`, `leastRequest`, `roundRobin` or `random`
            s:13:12: error[invalid-duration]: `soon` is not a duration: write `5s`, `500ms` or `1h`
            s:14:20: error[invalid-value]: 2 is out of range: use a number from 0 to 1
            s:14:33: error[invalid-value]: 0 is out of range: use a whole number from 1 to 1000
            s:15:10: error[wrong-type]: an object is expected here, found a truth value
            s:16:17: error[wrong-type]: a number is expected here, found text
            s:17:21: error[invalid-value]: `min` 9 is above `max` 3
            s:17:41: error[missing-property]: the property `perSecond` is missing: add it
        "#]],
    );
}

#[test]
fn what_is_wrong_in_parts() {
    check(
        "
service: a
versions:
  - version: 1.0.0
    endpoints:
      - { dns: a.b }
      - { dns: a.b, type: srv, port: 80 }
      - { dns: 'a b', port: 80 }
      - { dns: a.b, port: 80, interval: 10ms }
      - { zone: b }
health: { tcp: false }
",
        expect![[r#"
            s:6:9: error[missing-property]: the property `port` is missing: add it
            s:7:9: error[conflicting-properties]: records of type SRV bring their ports: remove `port`
            s:8:16: error[invalid-name]: `a b` is no name of DNS
            s:9:41: error[invalid-value]: 10ms is too short here: write at least 1s
            s:10:9: error[missing-property]: the property `url` is missing: add it
            s:10:11: warning[suspicious-property]: the property `zone` has no effect yet
            s:11:16: error[invalid-value]: write `tcp: true`, or leave `health` out
        "#]],
    );
    check(
        "
service: a
versions: [{ version: 1.0.0, weight: 0 }, { version: 2.0.0, weight: 0 }]
health: {}
limits: { inFlight: 0, rate: { perSecond: 0 } }
patience: PT9000H
",
        expect![[r#"
            s:3:11: error[invalid-value]: no version has a weight above 0: none would ever be called
            s:4:1: error[missing-property]: one of the properties is missing: add `http` or `tcp`
            s:5:21: error[invalid-value]: 0 is out of range: use a whole number from 1 to 1000000
            s:5:43: error[invalid-value]: 0 is out of range: use a number from 0.001 to 1000000
            s:6:11: error[duration-too-long]: that is longer than a year
        "#]],
    );
}

#[test]
fn addresses_of_endpoints() {
    let shown = |text: &str| match text.parse::<EndpointUrl>() {
        Ok(url) => format!("{text} -> {url} ({})\n", url.join("/a?b=1")),
        Err(error) => format!("{text}: {error}\n"),
    };
    let texts = [
        "http://10.0.0.1:8080",
        "http://[::1]:8080/",
        "http://[1:2:3:4:5:6:7:8]",
        "http://[1:2:3]",
        "http://[1::2::3]",
        "http://[::g]",
        "HTTP://a",
        "https://Pay.example/base/",
        "http://user:pw@a",
        "http://[::1",
        "http://a:65536",
        "http://a:",
        "http://a b",
        "http://a/{x}",
        "a:80",
    ];
    expect![[r#"
        http://10.0.0.1:8080 -> http://10.0.0.1:8080 (http://10.0.0.1:8080/a?b=1)
        http://[::1]:8080/ -> http://[::1]:8080 (http://[::1]:8080/a?b=1)
        http://[1:2:3:4:5:6:7:8] -> http://[1:2:3:4:5:6:7:8] (http://[1:2:3:4:5:6:7:8]/a?b=1)
        http://[1:2:3]: its host is none
        http://[1::2::3]: its host is none
        http://[::g]: its host is none
        HTTP://a: it begins with neither http:// nor https://
        https://Pay.example/base/ -> https://pay.example/base (https://pay.example/base/a?b=1)
        http://user:pw@a: it holds more than scheme, host, port and path
        http://[::1: its host is none
        http://a:65536: its port is no number from 1 to 65535
        http://a:: its port is no number from 1 to 65535
        http://a b: it holds something else than visible ASCII
        http://a/{x}: it holds more than scheme, host, port and path
        a:80: it begins with neither http:// nor https://
    "#]]
    .assert_eq(&texts.map(shown).concat());
    let long = format!("http://a/{}", "x".repeat(2_000));
    assert_eq!(
        long.parse::<EndpointUrl>().map(|_| ()).map_err(|error| error.0),
        Err("it is longer than 1,024 bytes")
    );
}

#[test]
fn hosts_that_are_services() {
    let texts = [
        "http://payments/charges?x=1",
        "https://Payments",
        "http://payments:80/charges",
        "http://payments.shop/charges",
        "http://localhost/a",
        "http://LOCALHOST/a",
        "ftp://payments/a",
        "http://user@payments/",
        "http://[::1]/",
        "http://-a/",
        "payments/a",
        "http:///a",
    ];
    let shown = |text: &str| match service_of(text) {
        Some((name, rest)) => format!("{text} -> {name} {rest:?}\n"),
        None => format!("{text}: a host\n"),
    };
    expect![[r#"
        http://payments/charges?x=1 -> payments "/charges?x=1"
        https://Payments -> payments ""
        http://payments:80/charges: a host
        http://payments.shop/charges: a host
        http://localhost/a: a host
        http://LOCALHOST/a: a host
        ftp://payments/a: a host
        http://user@payments/: a host
        http://[::1]/: a host
        http://-a/: a host
        payments/a: a host
        http:///a: a host
    "#]]
    .assert_eq(&texts.map(shown).concat());
}

#[test]
fn documents_of_services_are_told_from_workflows() {
    let is = |text: &str| is_service(text, &Limits::default());
    assert!(is("service: a"));
    assert!(is(r#"{"namespace": "x", "service": 5}"#));
    assert!(!is("document: {}\nservice: a"));
    assert!(!is("do: []"));
    assert!(!is("- service: a"));
    assert!(!is("service: [unclosed"));
}
