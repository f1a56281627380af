use motet_expr::json;

use super::*;

fn redaction(paths: &[&str]) -> Redaction {
    Redaction::new(paths.iter().map(|path| path.parse().unwrap()).collect())
}

#[track_caller]
fn check(paths: &[&str], value: &str, masked: &str) {
    let value = json::parse(value.as_bytes(), json::Limits::default()).unwrap();
    assert_eq!(json::to_text(&redaction(paths).mask(&value)), masked, "{paths:?}");
}

#[test]
fn paths_begin_at_the_root_unless_they_lead_anywhere() {
    let order = r#"{"card":{"number":"4711","name":"ada"},"items":[{"price":1},{"price":2,"card":{"number":9}}]}"#;
    check(&[], order, order);
    check(&[".number"], order, order);
    check(
        &[".card.number"],
        order,
        r#"{"card":{"number":"[redacted]","name":"ada"},"items":[{"price":1},{"price":2,"card":{"number":9}}]}"#,
    );
    check(
        &["..number"],
        order,
        r#"{"card":{"number":"[redacted]","name":"ada"},"items":[{"price":1},{"price":2,"card":{"number":"[redacted]"}}]}"#,
    );
    check(
        &[".items[].price", "..card"],
        order,
        r#"{"card":"[redacted]","items":[{"price":"[redacted]"},{"price":"[redacted]","card":"[redacted]"}]}"#,
    );
    check(&["."], order, r#""[redacted]""#);
    check(&[".[]"], r#"[1,{"a":2}]"#, r#"["[redacted]","[redacted]"]"#);
    check(&[".[].a"], r#"{"x":{"a":1},"y":{"b":1}}"#, r#"{"x":{"a":"[redacted]"},"y":{"b":1}}"#);
    check(
        &["..a.b"],
        r#"{"a":{"a":{"b":1},"b":2}}"#,
        r#"{"a":{"a":{"b":"[redacted]"},"b":"[redacted]"}}"#,
    );
    check(&[".\"a b\".c"], r#"{"a b":{"c":null}}"#, r#"{"a b":{"c":"[redacted]"}}"#);
}

#[test]
fn paths_are_read_and_written_alike() {
    for text in [".", ".a", "..a", ".a[].b", ".[]", ".[][]", ".\"x.y\"..z", ".ä-1_b"] {
        assert_eq!(text.parse::<RedactedPath>().unwrap().to_string(), text);
    }
    let long = ".a".repeat(STEPS_MAX + 1);
    for text in
        ["", "a", "a.b", "..", ". a", ".a.", ".a[0]", "[]", ".a[", "...a", ".\"a", "$.a", &long]
    {
        assert!(text.parse::<RedactedPath>().is_err(), "{text}");
    }
}

#[test]
fn parameters_of_a_query_are_members_of_one_name() {
    let redaction = redaction(&["..card", ".pin", ".deep.x"]);
    for (uri, masked) in [
        ("http://pay/a", "http://pay/a"),
        ("http://pay/a?card=1&x=2&pin", "http://pay/a?card=[redacted]&x=2&pin=[redacted]"),
        ("http://pay/a?Card=1#card=2", "http://pay/a?Card=[redacted]#card=2"),
    ] {
        assert_eq!(redaction.mask_uri(uri), masked);
    }
}
