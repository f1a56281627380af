use std::time::Duration;

use expect_test::expect;
use motet_types::{ServiceName, Timestamp, Version};

use super::*;

#[test]
fn news_are_told_in_words_and_as_members() {
    let label = |text: &str| text.parse().expect("a label");
    let service = ServiceName { namespace: label("shop"), name: label("payments") };
    let at = Timestamp::from_micros(1_800_000_000_000_000);
    let until = at.saturating_add(Duration::from_secs(30));
    let all = [
        (Some("one"), News::Ejected { until, cause: Cause::Latency }),
        (Some("one"), News::Ejected { until, cause: Cause::ConsecutiveFailures }),
        (Some("one"), News::Returned),
        (Some("two"), News::Failing),
        (Some("two"), News::Passing),
        (None, News::Opened { until }),
        (None, News::Ramping),
        (None, News::Closed),
    ];
    let mut told = String::new();
    for (endpoint, news) in all {
        let endpoint = endpoint.map(|id| id.parse().expect("an id"));
        let version = Version::new(1, 2, 0);
        let notice = Notice { at, service: service.clone(), version, endpoint, news };
        let members = motet_expr::json::object(members(&notice));
        told.push_str(&format!("{}\n  {}\n", words(&notice), motet_expr::json::to_text(&members)));
    }
    expect![[r#"
        endpoint one of shop/payments 1.2.0 gets no calls until 2027-01-15T08:00:30.000Z: it is far slower than the others
          {"at":"2027-01-15T08:00:00.000Z","event":"service.ejected","namespace":"shop","service":"payments","version":"1.2.0","endpoint":"one","until":"2027-01-15T08:00:30.000Z","cause":"it is far slower than the others"}
        endpoint one of shop/payments 1.2.0 gets no calls until 2027-01-15T08:00:30.000Z: calls failed in a row
          {"at":"2027-01-15T08:00:00.000Z","event":"service.ejected","namespace":"shop","service":"payments","version":"1.2.0","endpoint":"one","until":"2027-01-15T08:00:30.000Z","cause":"calls failed in a row"}
        endpoint one of shop/payments 1.2.0 gets calls again
          {"at":"2027-01-15T08:00:00.000Z","event":"service.returned","namespace":"shop","service":"payments","version":"1.2.0","endpoint":"one"}
        endpoint two of shop/payments 1.2.0 does not answer its probes
          {"at":"2027-01-15T08:00:00.000Z","event":"service.failing","namespace":"shop","service":"payments","version":"1.2.0","endpoint":"two"}
        endpoint two of shop/payments 1.2.0 answers its probes again
          {"at":"2027-01-15T08:00:00.000Z","event":"service.passing","namespace":"shop","service":"payments","version":"1.2.0","endpoint":"two"}
        service shop/payments 1.2.0: its breaker is open until 2027-01-15T08:00:30.000Z
          {"at":"2027-01-15T08:00:00.000Z","event":"service.opened","namespace":"shop","service":"payments","version":"1.2.0","until":"2027-01-15T08:00:30.000Z"}
        service shop/payments 1.2.0: its breaker lets calls back one by one
          {"at":"2027-01-15T08:00:00.000Z","event":"service.ramping","namespace":"shop","service":"payments","version":"1.2.0"}
        service shop/payments 1.2.0: its breaker is closed
          {"at":"2027-01-15T08:00:00.000Z","event":"service.closed","namespace":"shop","service":"payments","version":"1.2.0"}
    "#]].assert_eq(&told);
}
