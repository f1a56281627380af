//! Numbers: what stays exact, what becomes a double, how digests see them, and what leaves an evaluation.

use motet_expr::{Environment, Program, Value, json};
use motet_types::Timestamp;

fn value(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).expect("the tables are JSON")
}

fn evaluate(source: &str, input: &str) -> String {
    let program = Program::compile(source, &[]).expect("the tables compile");
    let mut fuel = 10_000;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    match program.evaluate(value(input), Vec::new(), &mut environment) {
        Ok(result) => json::to_text(&result),
        Err(error) => format!("{}: {error}", error.kind),
    }
}

#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(source, input, expected)| {
            let actual = evaluate(source, input);
            (actual != *expected)
                .then(|| format!("{source} on {input} gives {actual}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Texts of numbers that JSON allows and doubles cannot hold, or would print otherwise.
const TEXTS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1.0",
    "1.10",
    "1e2",
    "1E2",
    "1e+2",
    "1e-2",
    "100.00",
    "0.1",
    "0.30000000000000004",
    "3.141592653589793238462643383279",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "1e309",
    "-1e400",
    "5e-324",
    "1e-400",
    "123456789012345678901234567890123456789012345678901234567890",
    "0.000000000000000000000000000000000000000000000000000000000001",
];

#[test]
fn what_is_only_passed_on_keeps_its_text() {
    let ways = [
        ".",
        "[.] | .[0]",
        "{a: .} | .a",
        ". as $x | $x",
        "[., .] | first",
        "[.] | map(.) | .[0]",
        "[[.]] | flatten | .[0]",
        "{a: {b: .}} | getpath([\"a\", \"b\"])",
        "{a: .} | to_entries | .[0].value",
        "[.] | tojson | fromjson | .[0]",
        "[.] | sort | .[0]",
        "reduce . as $x (null; $x)",
        "try error(.) catch .",
        "if true then . else 0 end",
        "null // .",
    ];
    for text in TEXTS {
        for way in ways {
            assert_eq!(evaluate(way, text), *text, "{way}");
        }
    }
}

#[test]
fn integers_are_calculated_exactly_whatever_their_size() {
    check(&[
        (". + 1", "9007199254740992", "9007199254740993"),
        (". + 1", "9223372036854775807", "9223372036854775808"),
        (". - 1", "-9223372036854775808", "-9223372036854775809"),
        (". * .", "9223372036854775807", "85070591730234615847396907784232501249"),
        (". * 10", "123456789012345678901234567890", "1234567890123456789012345678900"),
        ("-.", "9223372036854775808", "-9223372036854775808"),
        (". - .", "123456789012345678901234567890", "0"),
        ("[.[] | . % 10]", "[9007199254740993,-7,17]", "[3,-7,7]"),
        (". % -1", "-9223372036854775808", "0"),
        ("add", "[9007199254740993,1,1]", "9007199254740995"),
        ("[range(9007199254740992; 9007199254740995)] | length", "0", "3"),
        (". == 9007199254740992", "9007199254740993", "false"),
        ("[., 9007199254740992] | sort | .[0]", "9007199254740993", "9007199254740992"),
        ("length", "-9007199254740993", "9007199254740993"),
        ("tostring", "123456789012345678901234567890", r#""123456789012345678901234567890""#),
        ("tonumber", r#""123456789012345678901234567890""#, "123456789012345678901234567890"),
    ]);
}

#[test]
fn fractions_are_calculated_as_doubles() {
    check(&[
        (". + 0.2", "0.1", "0.30000000000000004"),
        (". * 3", "0.1", "0.30000000000000004"),
        (". / 3", "1", "0.3333333333333333"),
        (". / 2", "9007199254740993", "4503599627370496"),
        (". + 0", "1.10", "1.1"),
        (". * 1", "100.00", "100"),
        (". + 0", "3.141592653589793238462643383279", "3.141592653589793"),
        (". * 1", "1e400", "1.7976931348623157e308"),
        (". * 1", "-1e400", "-1.7976931348623157e308"),
        (". * 1", "1e-400", "0"),
        (". + 0.5", "9007199254740992", "9007199254740992"),
        ("floor", "1.7", "1"),
        ("floor", "-1.2", "-2"),
        ("sqrt", "2", "1.4142135623730951"),
        ("pow(.; 2)", "1.5", "2.25"),
    ]);
}

#[test]
fn division_by_zero_is_an_error_and_not_a_number_leaves_as_null() {
    check(&[
        (". / 0", "1", "failed: cannot calculate 1 / 0"),
        (". / 0.0", "1", "failed: cannot calculate 1 / 0.0"),
        (". / -0", "1", "failed: cannot calculate 1 / 0"),
        (". % 0", "1", "failed: cannot calculate 1 % 0"),
        (". % 0.9", "1", "failed: cannot calculate 1 % 0.9"),
        ("try (. / 0) catch \"none\"", "1", r#""none""#),
        ("(. / 0)? // 7", "1", "7"),
        (".total / .count", r#"{"total":5,"count":0}"#, "failed: cannot calculate 5 / 0"),
        ("nan", "0", "null"),
        ("[nan, 1]", "0", "[null,1]"),
        (
            "nan % 2, 5 % nan | isnan | not",
            "0",
            "several results: the expression gives more than one result; put brackets around it for an array",
        ),
        ("[nan % 2, 5 % nan | isnan]", "0", "[true,true]"),
        ("[infinite % 7, 7 % infinite, -7 % infinite]", "0", "[0,7,-7]"),
        ("infinite", "0", "1.7976931348623157e308"),
        ("-infinite", "0", "-1.7976931348623157e308"),
        ("infinite - infinite", "0", "null"),
    ]);
}

#[test]
fn remainders_are_those_of_whole_parts() {
    check(&[
        ("[.[] | . % 3]", "[0,1,2,3,4,5]", "[0,1,2,0,1,2]"),
        ("[.[] | . % 3]", "[-1,-2,-3,-4]", "[-1,-2,0,-1]"),
        ("[.[] | . % -3]", "[1,2,3,4]", "[1,2,0,1]"),
        ("[.[] | . % 3]", "[1.9,5.5,-5.5,1e1]", "[1,2,-2,1]"),
        ("5 % 2.9", "0", "1"),
        ("5 % 1e30", "0", "5"),
    ]);
}

#[test]
fn numbers_are_equal_whatever_their_text() {
    for group in [
        ["1", "1.0", "1e0", "10e-1"],
        ["0", "-0", "0.0", "0e9"],
        ["1200", "1.2e3", "12e2", "1200.00"],
        ["-0.5", "-5e-1", "-0.50", "-0.05e1"],
    ] {
        for left in group {
            for right in group {
                check(&[("(.[0] == .[1])", &format!("[{left},{right}]"), "true")]);
                check(&[("unique | length", &format!("[{left},{right}]"), "1")]);
            }
        }
    }
}

/// Canonical bytes are kept for ever, in digests: each row is a vector of the format.
const CANONICAL: &[(&str, &str)] = &[
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("0", "0"),
    ("-0", "0"),
    ("0.000", "0"),
    ("0e17", "0"),
    ("1", "1e0"),
    ("-1", "-1e0"),
    ("1.0", "1e0"),
    ("10", "1e1"),
    ("100", "1e2"),
    ("1200", "12e2"),
    ("12.5", "125e-1"),
    ("0.1", "1e-1"),
    ("0.10", "1e-1"),
    ("-0.05", "-5e-2"),
    ("1e400", "1e400"),
    ("10e399", "1e400"),
    ("1E-400", "1e-400"),
    ("9007199254740993", "9007199254740993e0"),
    ("123456789012345678901234567890", "12345678901234567890123456789e1"),
    ("\"\"", "\"\""),
    ("\"a\"", "\"a\""),
    ("\"\\u0061\"", "\"a\""),
    ("\"\\u00e9\"", "\"é\""),
    ("\"é\"", "\"é\""),
    ("\"\\ud83d\\ude00\"", "\"😀\""),
    ("\"\\/\"", "\"/\""),
    ("\"\\\"\\\\\"", "\"\\\"\\\\\""),
    ("\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""),
    ("\"\\u0000\\u001f\"", "\"\\u0000\\u001f\""),
    ("\"\\u007f\"", "\"\\u007f\""),
    ("[]", "[]"),
    ("[ ]", "[]"),
    ("[1, [2.0, []]]", "[1e0,[2e0,[]]]"),
    ("{}", "{}"),
    ("{ \"b\": 1, \"a\": 2 }", "{\"a\":2e0,\"b\":1e0}"),
    ("{\"a\":1,\"a\":2}", "{\"a\":2e0}"),
    (
        "{\"\":0,\" \":0,\"A\":0,\"a\":0,\"é\":0,\"😀\":0}",
        "{\"\":0,\" \":0,\"A\":0,\"a\":0,\"é\":0,\"😀\":0}",
    ),
    ("{\"aa\":0,\"a\":0,\"ab\":0}", "{\"a\":0,\"aa\":0,\"ab\":0}"),
    ("{\"z\":{\"y\":[{\"x\":1,\"w\":2}]}}", "{\"z\":{\"y\":[{\"w\":2e0,\"x\":1e0}]}}"),
];

#[test]
fn canonical_vectors() {
    for (text, expected) in CANONICAL {
        let canonical = String::from_utf8(json::canonical(&value(text))).unwrap();
        assert_eq!(canonical, *expected, "{text}");
    }
}

#[test]
fn canonical_forms_are_their_own() {
    for (text, canonical) in CANONICAL {
        assert_eq!(json::canonical(&value(canonical)), canonical.as_bytes(), "{text}");
        let printed = json::to_text(&value(text));
        assert_eq!(json::canonical(&value(&printed)), canonical.as_bytes(), "{text}");
        let pretty = json::to_pretty(&value(text));
        assert_eq!(json::canonical(&value(&pretty)), canonical.as_bytes(), "{text}");
    }
}
