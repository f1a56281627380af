use std::time;

use super::*;

#[test]
fn iso_8601_durations() {
    let seconds = |seconds: u64| Some(time::Duration::from_secs(seconds));
    let cases = [
        ("PT30S", seconds(30)),
        ("PT1H30M", seconds(5_400)),
        ("P2D", seconds(172_800)),
        ("P1W", seconds(604_800)),
        ("P1Y2M3W4DT5H6M7S", seconds((365 + 60 + 21 + 4) * 86_400 + 5 * 3_600 + 6 * 60 + 7)),
        ("PT0.5S", Some(time::Duration::from_millis(500))),
        ("PT1.5H", seconds(5_400)),
        ("PT0.0000000019S", Some(time::Duration::from_nanos(1))),
        ("PT99999999999999999999S", seconds(u64::MAX)),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("1D", None),
        ("p1d", None),
        ("PT1D", None),
        ("P1H", None),
        ("PT1M1H", None),
        ("PT1S1S", None),
        ("PT.5S", None),
        ("PT5.S", None),
        ("PT1.2.3S", None),
        ("PT-1S", None),
        ("PT1é", None),
        (" PT1S", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_iso8601(text).ok(), expected, "{text}");
    }
}

#[test]
fn parts_of_a_duration_add_up_and_never_overflow() {
    let parts =
        DurationParts { minutes: Some(1), milliseconds: Some(1_500), ..DurationParts::default() };
    assert_eq!(parts.total(), time::Duration::from_millis(61_500));
    let parts = DurationParts { days: Some(u64::MAX), hours: Some(1), ..DurationParts::default() };
    assert_eq!(parts.total().as_secs(), u64::MAX);
}

#[test]
fn the_target_of_a_function_call_is_judged_by_its_form() {
    let target = |function: &str| {
        let call = FunctionCall { function: function.to_owned(), with: None };
        format!("{:?}", call.target())
    };
    let cases = [
        ("charge", "Named(\"charge\")"),
        (
            "log:1.0.0@shared",
            "Catalogued { name: \"log\", version: Some(\"1.0.0\"), catalog: \"shared\" }",
        ),
        ("log@default", "Catalogued { name: \"log\", version: None, catalog: \"default\" }"),
        ("https://user@host/f.yaml", "Uri(\"https://user@host/f.yaml\")"),
        ("file:f.yaml", "Uri(\"file:f.yaml\")"),
    ];
    for (function, expected) in cases {
        assert_eq!(target(function), expected);
    }
}
