//! Operators, order and comparison, as transcripts.

use super::*;

#[test]
fn operators_are_those_of_jq() {
    let table = [
        ("1 + 2", "3"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("9223372036854775808 - 1", "9223372036854775807"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1.5 + 1.5", "3"),
        ("null + 1", "1"),
        ("1 + null", "1"),
        ("\"a\" + \"b\"", "\"ab\""),
        ("[1] + [2]", "[1,2]"),
        ("{a: 1, b: 1} + {b: 2}", r#"{"a":1,"b":2}"#),
        ("1 + \"a\"", "failed: cannot calculate 1 + \"a\""),
        ("[1, 2, 1, 3] - [1, 3.0]", "[2]"),
        ("[] - [1]", "[]"),
        ("\"a\" - \"a\"", "failed: cannot calculate \"a\" - \"a\""),
        ("3 * 1.5", "4.5"),
        ("\"ab\" * 3", "\"ababab\""),
        ("3 * \"ab\"", "\"ababab\""),
        ("\"ab\" * 0.5", "\"ab\""),
        ("\"ab\" * 0", "null"),
        ("\"ab\" * -1", "null"),
        ("{a: {b: 1}} * {a: {c: 2}}", r#"{"a":{"b":1,"c":2}}"#),
        ("[] * 2", "failed: cannot calculate [] * 2"),
        ("7 / 2", "3.5"),
        ("1 / 0", "failed: cannot calculate 1 / 0"),
        ("0 / -0.0", "failed: cannot calculate 0 / -0.0"),
        ("\"a,b,\" / \",\"", r#"["a","b",""]"#),
        ("\"äb\" / \"\"", r#"["ä","b"]"#),
        ("\"\" / \",\"", "[]"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("7 % 0", "failed: cannot calculate 7 % 0"),
        ("5.5 % 2", "1"),
        (
            "-(1, 2) | [.] | length",
            "several results: the expression gives more than one result; put brackets around it for an array",
        ),
        ("-\"a\"", "failed: cannot use \"a\" as number"),
        // jaq varies the right side first, jq the left one.
        ("[(1, 2) + (10, 20)]", "[11,21,12,22]"),
        ("[true, false | not]", "[false,true]"),
        ("[null, 0, \"\", [] | if . then 1 else 0 end]", "[0,1,1,1]"),
        ("null // false // 3", "3"),
        ("empty // 4", "4"),
        ("[false, 1, null, 2] | [.[] // empty]", "[1,2]"),
    ];
    for (source, expected) in table {
        assert_eq!(transcript(source, "null"), expected, "{source}");
    }
}

#[test]
fn values_have_one_order() {
    let rising = [
        "null",
        "false",
        "true",
        "-1e400",
        "-1",
        "0",
        "0.5",
        "1",
        "9007199254740993",
        "1e400",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"ä\"",
        "[]",
        "[0]",
        "[0,1]",
        "[1]",
        "{}",
        "{\"a\":1}",
        "{\"a\":2}",
        "{\"a\":1,\"b\":0}",
        "{\"b\":0}",
    ];
    for (at, left) in rising.iter().enumerate() {
        for (other, right) in rising.iter().enumerate() {
            let source = format!("[{left} < {right}, {left} == {right}, {left} > {right}]");
            let expected = format!("[{},{},{}]", at < other, at == other, at > other);
            assert_eq!(transcript(&source, "null"), expected, "{source}");
        }
    }
    let shuffled: Vec<_> = rising.iter().rev().copied().collect();
    let sorted = format!("[{}] | sort", shuffled.join(","));
    assert_eq!(transcript(&sorted, "null"), format!("[{}]", rising.join(",")));
}

#[test]
fn equality_does_not_look_at_notation() {
    let table = [
        ("1 == 1.0", "true"),
        ("0 == -0", "true"),
        ("{a: 1, b: 2} == {b: 2, a: 1.0}", "true"),
        ("[1, [2]] == [1, [2.0]]", "true"),
        ("nan == nan", "false"),
        ("[nan] == [nan]", "false"),
        ("\"1\" == 1", "false"),
        ("[nan, nan, 1] | sort | map(isnan)", "[true,true,false]"),
        ("[range(50) | if . % 3 == 0 then nan else . end] | sort | length", "50"),
        ("{a: 1} | has(\"a\") and (.b | not)", "true"),
    ];
    for (source, expected) in table {
        assert_eq!(transcript(source, "null"), expected, "{source}");
    }
}
