use super::*;
use crate::json::{
    Limits, array, as_str, canonical, depth, get, object, parse, size_bound, string, to_pretty,
    to_text,
};

#[test]
fn json_comes_out_as_it_went_in() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.0",
        "-0.0",
        "1e400",
        "1E-5",
        "9007199254740993",
        "123456789012345678901234567890.123456789012345678901234567890",
        "\"\"",
        "\"a\\\"\\\\\\n\"",
        "\"äöü€😀\"",
        "[]",
        "{}",
        "[1,[2,[]],{\"a\":{}}]",
        "{\"b\":1,\"a\":2,\"\":3}",
        "\"\\u0000\\u001f\"",
    ] {
        assert_eq!(to_text(&value(text)), text);
    }
}

#[test]
fn json_is_read_as_the_standard_says() {
    let table = [
        (" [ 1 , 2 ] \n", "[1,2]"),
        (r#""\u00e4\ud83d\ude00\/""#, "\"ä😀/\""),
        (r#""\ud83d""#, "\"\u{fffd}\""),
        (r#""\ud83dx""#, "\"\u{fffd}x\""),
        (r#""\ud83d\ud83d\ude00""#, "\"\u{fffd}😀\""),
        (r#""\ude00""#, "\"\u{fffd}\""),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
    ];
    for (text, expected) in table {
        assert_eq!(to_text(&value(text)), expected);
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let table: &[(&[u8], &str)] = &[
        (b"", "expected a value at byte 0"),
        (b"nul", "expected a value at byte 0"),
        (b"nan", "expected a value at byte 0"),
        (b"[1,]", "expected a value at byte 3"),
        (b"[1 2]", "expected a comma or the end of the array at byte 3"),
        (b"{a:1}", "expected a key in quotes at byte 1"),
        (b"{\"a\" 1}", "expected a colon after the key at byte 5"),
        (b"{\"a\":1,}", "expected a key in quotes at byte 7"),
        (b"{\"a\":1", "expected a comma or the end of the object at byte 6"),
        (b"01", "unexpected text after the value at byte 1"),
        (b"1.", "expected a digit at byte 2"),
        (b"-", "expected a digit at byte 1"),
        (b"1e", "expected a digit at byte 2"),
        (b"+1", "expected a value at byte 0"),
        (b"\"a", "the text in quotes does not end at byte 2"),
        (b"\"\n\"", "a control character in text must be escaped at byte 1"),
        (b"\"\\x\"", "unknown escape at byte 2"),
        (b"\"\\u12g4\"", "expected four hexadecimal digits at byte 5"),
        (b"\"\xff\"", "the text is not UTF-8 at byte 1"),
        (b"1 2", "unexpected text after the value at byte 2"),
        (b"# a\n1", "expected a value at byte 0"),
    ];
    for (text, expected) in table {
        let error = parse(text, Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes_max: 20, depth_max: 2 };
    let message = |text: &str| parse(text.as_bytes(), limits).map_err(|error| error.message);
    assert!(message("[[1]]").is_ok());
    assert_eq!(message("[[[1]]]"), Err("the value is nested more deeply than allowed"));
    assert_eq!(message("[[{}]]"), Err("the value is nested more deeply than allowed"));
    assert_eq!(message("\"0123456789012345678\""), Err("the text is longer than allowed"));
    let deep = Limits { bytes_max: 1 << 20, depth_max: usize::MAX };
    let error = parse("[".repeat(1 << 20).as_bytes(), deep).unwrap_err();
    assert_eq!(error.offset, crate::json::DEPTH_MAX);
    let long = "1".repeat(1025);
    let error = parse(long.as_bytes(), Limits::default()).unwrap_err();
    assert_eq!(error.message, "the number has more digits than allowed");
}

#[test]
fn pretty_text_is_for_people() {
    let text = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
    assert_eq!(to_pretty(&value(text)), text);
}

#[test]
fn canonical_bytes_tell_values_apart_and_nothing_else() {
    let canonical = |text: &str| String::from_utf8(canonical(&value(text))).unwrap();
    let same = [
        ["1", "1.0", "10e-1", "0.1e1", "1e0"],
        ["0", "-0", "0.0", "0e5", "-0.00"],
        ["1200", "1.2e3", "12e2", "1200.0", "0.12E+4"],
        [
            "{\"a\":1,\"b\":[2]}",
            "{\"b\":[2],\"a\":1}",
            "{ \"b\":[2.0],\"a\":1 }",
            "{\"a\":1e0,\"b\":[2]}",
            "{\"a\":0,\"b\":[2],\"a\":1}",
        ],
    ];
    for group in same {
        for text in group {
            assert_eq!(canonical(text), canonical(group[0]), "{text}");
        }
    }
    assert_eq!(canonical("1200"), "12e2");
    assert_eq!(canonical("-0.05"), "-5e-2");
    let different = [
        "1",
        "-1",
        "10",
        "\"1\"",
        "[1]",
        "null",
        "9007199254740993",
        "9007199254740992.0",
        "1e400",
        "1e401",
        "{}",
        "[]",
    ];
    for (at, left) in different.iter().enumerate() {
        for right in &different[at + 1..] {
            assert_ne!(canonical(left), canonical(right), "{left} {right}");
        }
    }
    assert_eq!(canonical("1e99999999999999999999"), "1e99999999999999999999+0");
}

#[test]
fn equality_is_that_of_jq() {
    assert_eq!(value("1"), value("1.0"));
    assert_eq!(value(r#"{"a":1,"b":2}"#), value(r#"{"b":2,"a":1}"#));
    assert_ne!(value("1"), value("\"1\""));
}

#[test]
fn helpers_look_inside() {
    let order = object([("id", string("o-1")), ("lines", array([Value::from(1_usize)]))]);
    assert_eq!(get(&order, "id").and_then(as_str), Some("o-1"));
    assert_eq!(get(&order, "no"), None);
    assert_eq!(get(&string("id"), "id"), None);
    assert_eq!(as_str(&Value::Null), None);
    assert_eq!((depth(&order), depth(&Value::Null), depth(&array([]))), (2, 0, 1));
    assert_eq!(size_bound(&string("abc")), 19);
    assert_eq!(size_bound(&array([Value::Null, string("abc")])), 16 + 16 + 19);
}
