//! Tables of nominal times: each line of a test is the local time of the next start.

use expect_test::{Expect, expect};
use motet_types::Timestamp;

use super::{Cron, Plan, Rule, Zone};
use crate::model::{Catchup, Overlap};

fn plan(cron: &str, zone: &str) -> Plan {
    let cron = Cron::parse(cron).unwrap();
    Plan {
        rules: vec![Rule::Cron(Box::new(cron))],
        on: None,
        zone: zone.parse().unwrap(),
        overlap: Overlap::Allow,
        catchup: Catchup::Last,
    }
}

/// The next starts after an instant; and, read backwards, the same from the last one on.
fn check(cron: &str, zone: &str, after: &str, count: usize, expected: &Expect) {
    let plan = plan(cron, zone);
    let rule = &plan.rules[0];
    let after: Timestamp = after.parse().unwrap();
    let times = plan.upcoming(after, after, count);
    let lines: Vec<String> =
        times.iter().map(|(at, _)| plan.zone.local(*at).unwrap() + "\n").collect();
    expected.assert_eq(&lines.concat());
    for pair in times.windows(2) {
        let before = Timestamp::from_micros(pair[1].0.as_micros() - 1);
        assert_eq!(plan.last(rule, after, before), Some(pair[0].0), "before {}", pair[1].0);
        assert_eq!(plan.last(rule, after, pair[0].0), Some(pair[0].0), "at {}", pair[0].0);
    }
}

#[test]
fn plain_times() {
    check(
        "*/20 * * * *",
        "UTC",
        "2026-01-31T23:10:00Z",
        4,
        &expect![[r#"
        2026-01-31T23:20:00+00:00
        2026-01-31T23:40:00+00:00
        2026-02-01T00:00:00+00:00
        2026-02-01T00:20:00+00:00
    "#]],
    );
    check(
        "30 8 * * mon-fri",
        "UTC",
        "2026-01-30T08:30:00Z",
        3,
        &expect![[r#"
        2026-02-02T08:30:00+00:00
        2026-02-03T08:30:00+00:00
        2026-02-04T08:30:00+00:00
    "#]],
    );
    check(
        "15,45 */5 * * * *",
        "UTC",
        "2026-01-31T08:59:50Z",
        4,
        &expect![[r#"
        2026-01-31T09:00:15+00:00
        2026-01-31T09:00:45+00:00
        2026-01-31T09:05:15+00:00
        2026-01-31T09:05:45+00:00
    "#]],
    );
    check(
        "5/20 1 * * *",
        "UTC",
        "2026-01-31T01:25:00Z",
        3,
        &expect![[r#"
        2026-01-31T01:45:00+00:00
        2026-02-01T01:05:00+00:00
        2026-02-01T01:25:00+00:00
    "#]],
    );
    check(
        "@weekly",
        "UTC",
        "2026-01-30T08:30:00.5Z",
        2,
        &expect![[r#"
        2026-02-01T00:00:00+00:00
        2026-02-08T00:00:00+00:00
    "#]],
    );
}

#[test]
fn ends_of_months_and_leap_days() {
    check(
        "0 12 31 * *",
        "UTC",
        "2026-01-31T12:00:00Z",
        4,
        &expect![[r#"
        2026-03-31T12:00:00+00:00
        2026-05-31T12:00:00+00:00
        2026-07-31T12:00:00+00:00
        2026-08-31T12:00:00+00:00
    "#]],
    );
    check(
        "0 12 L * *",
        "UTC",
        "2027-12-31T12:00:00Z",
        4,
        &expect![[r#"
        2028-01-31T12:00:00+00:00
        2028-02-29T12:00:00+00:00
        2028-03-31T12:00:00+00:00
        2028-04-30T12:00:00+00:00
    "#]],
    );
    check(
        "0 0 29 2 *",
        "UTC",
        "2096-02-29T00:00:00Z",
        2,
        &expect![[r#"
        2104-02-29T00:00:00+00:00
        2108-02-29T00:00:00+00:00
    "#]],
    );
    // Both kinds of day: either fits. A star in one of them: both have to.
    check(
        "0 0 13 * fri",
        "UTC",
        "2026-02-06T00:00:00Z",
        4,
        &expect![[r#"
        2026-02-13T00:00:00+00:00
        2026-02-20T00:00:00+00:00
        2026-02-27T00:00:00+00:00
        2026-03-06T00:00:00+00:00
    "#]],
    );
    check(
        "0 0 */2 * fri",
        "UTC",
        "2026-02-06T00:00:00Z",
        3,
        &expect![[r#"
        2026-02-13T00:00:00+00:00
        2026-02-27T00:00:00+00:00
        2026-03-13T00:00:00+00:00
    "#]],
    );
}

#[test]
fn a_named_time_that_is_skipped_comes_with_the_change() {
    let before = "2026-03-27T22:00:00Z";
    check(
        "30 2 * * *",
        "Europe/Berlin",
        before,
        3,
        &expect![[r#"
        2026-03-28T02:30:00+01:00
        2026-03-29T03:00:00+02:00
        2026-03-30T02:30:00+02:00
    "#]],
    );
    check(
        "0,15,30 2,3 * * *",
        "Europe/Berlin",
        "2026-03-28T23:00:00Z",
        4,
        &expect![[r#"
        2026-03-29T03:00:00+02:00
        2026-03-29T03:15:00+02:00
        2026-03-29T03:30:00+02:00
        2026-03-30T02:00:00+02:00
    "#]],
    );
    check(
        "0 2 29 3 *",
        "Europe/Berlin",
        before,
        2,
        &expect![[r#"
        2026-03-29T03:00:00+02:00
        2027-03-29T02:00:00+02:00
    "#]],
    );
    // Midnight itself is skipped in Santiago; a whole day in Apia.
    check(
        "0 0 * * *",
        "America/Santiago",
        "2026-09-05T10:00:00Z",
        2,
        &expect![[r#"
        2026-09-06T01:00:00-03:00
        2026-09-07T00:00:00-03:00
    "#]],
    );
    check(
        "0 9 * * *",
        "Pacific/Apia",
        "2011-12-28T20:00:00Z",
        3,
        &expect![[r#"
        2011-12-29T09:00:00-10:00
        2011-12-31T00:00:00+14:00
        2011-12-31T09:00:00+14:00
    "#]],
    );
}

#[test]
fn a_named_time_that_comes_twice_fires_once() {
    check(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-23T22:00:00Z",
        4,
        &expect![[r#"
        2026-10-24T02:30:00+02:00
        2026-10-25T02:30:00+02:00
        2026-10-26T02:30:00+01:00
        2026-10-27T02:30:00+01:00
    "#]],
    );
    check(
        "30 1 * * *",
        "America/New_York",
        "2026-10-31T00:00:00Z",
        3,
        &expect![[r#"
        2026-10-31T01:30:00-04:00
        2026-11-01T01:30:00-04:00
        2026-11-02T01:30:00-05:00
    "#]],
    );
    // Half an hour back, at 02:00.
    check(
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T00:00:00Z",
        2,
        &expect![[r#"
        2026-04-05T01:45:00+11:00
        2026-04-06T01:45:00+10:30
    "#]],
    );
}

#[test]
fn what_repeats_goes_with_the_clock() {
    check(
        "30 * * * *",
        "Europe/Berlin",
        "2026-03-28T23:45:00Z",
        3,
        &expect![[r#"
        2026-03-29T01:30:00+01:00
        2026-03-29T03:30:00+02:00
        2026-03-29T04:30:00+02:00
    "#]],
    );
    check(
        "30 * * * *",
        "Europe/Berlin",
        "2026-10-24T23:45:00Z",
        4,
        &expect![[r#"
        2026-10-25T02:30:00+02:00
        2026-10-25T02:30:00+01:00
        2026-10-25T03:30:00+01:00
        2026-10-25T04:30:00+01:00
    "#]],
    );
    check(
        "*/30 2 * * *",
        "Europe/Berlin",
        "2026-10-24T12:00:00Z",
        5,
        &expect![[r#"
        2026-10-25T02:00:00+02:00
        2026-10-25T02:30:00+02:00
        2026-10-25T02:00:00+01:00
        2026-10-25T02:30:00+01:00
        2026-10-26T02:00:00+01:00
    "#]],
    );
    check(
        "*/30 2 * * *",
        "Europe/Berlin",
        "2026-03-28T12:00:00Z",
        2,
        &expect![[r#"
        2026-03-30T02:00:00+02:00
        2026-03-30T02:30:00+02:00
    "#]],
    );
}

#[test]
fn intervals_count_from_their_anchor() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let plan = plan("@daily", "UTC");
    let rule = Rule::Every(std::time::Duration::from_secs(90));
    let anchor = at("2026-01-01T00:00:10Z");
    let next = |after| plan.next(&rule, anchor, at(after)).map(|at| at.to_string());
    assert_eq!(next("2025-06-01T00:00:00Z").as_deref(), Some("2026-01-01T00:01:40.000Z"));
    assert_eq!(next("2026-01-01T00:00:10Z").as_deref(), Some("2026-01-01T00:01:40.000Z"));
    assert_eq!(next("2026-01-01T00:01:39.999Z").as_deref(), Some("2026-01-01T00:01:40.000Z"));
    assert_eq!(next("2026-01-01T00:01:40Z").as_deref(), Some("2026-01-01T00:03:10.000Z"));
    let last = |until| plan.last(&rule, anchor, at(until)).map(|at| at.to_string());
    assert_eq!(last("2026-01-01T00:01:39Z"), None);
    assert_eq!(last("2026-01-01T00:01:40Z").as_deref(), Some("2026-01-01T00:01:40.000Z"));
    assert_eq!(last("2026-01-02T00:00:00Z").as_deref(), Some("2026-01-01T23:58:40.000Z"));
}

#[test]
fn what_never_comes_true_is_known() {
    for (cron, fires) in [
        ("0 0 30 2 *", false),
        ("0 0 31 2,4,6,9,11 *", false),
        ("0 0 30 2 mon", true),
        ("0 0 29 2 *", true),
        ("0 0 L 2 *", true),
        ("0 0 31 2,3 *", true),
    ] {
        let read = Cron::parse(cron).unwrap();
        assert_eq!(read.ever_fires(), fires, "{cron}");
        let plan = plan(cron, "Europe/Berlin");
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(plan.next(&plan.rules[0], at, at).is_some(), fires, "{cron}");
        let long = "2060-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(plan.last(&plan.rules[0], at, long).is_some(), fires, "{cron}");
    }
}

#[test]
fn zones_are_spelt_as_in_the_database() {
    for zone in ["UTC", "Europe/Berlin", "EST5EDT", "Etc/GMT+5", "America/Argentina/Buenos_Aires"] {
        assert_eq!(zone.parse::<Zone>().unwrap().to_string(), zone);
    }
    for zone in ["", "europe/berlin", "Europe/Bielefeld", "Local", "+02:00", "../etc/passwd"] {
        zone.parse::<Zone>().unwrap_err();
    }
}
