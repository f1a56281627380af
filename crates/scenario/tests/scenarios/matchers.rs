//! Expected values.

use expect_test::expect;

use crate::{check, said};

/// What is said where a task sets `actual` and `expected` is expected.
fn compare(expected: &str, actual: &str) -> String {
    let text = format!(
        "scenarios: [{{name: it, definition: {{do: [{{a: {{set: {{v: {actual}}}}}}}]}}, expect: {{output: {{v: {expected}}}}}}}]"
    );
    let said = said(&text);
    match said.contains("1 passed") {
        true => String::new(),
        false => said.lines().nth(3).unwrap_or(&said).trim().to_owned(),
    }
}

#[test]
fn what_fits() {
    for (expected, actual) in [
        ("$any", "null"),
        ("$string", "text"),
        ("$number", "1.5"),
        ("$boolean", "false"),
        ("$array", "[1]"),
        ("$object", "{}"),
        ("1", "1.0"),
        ("{a: 1, b: 2}", "{b: 2, a: 1}"),
        ("{$partial: {a: {b: 1}}}", "{a: {b: 1, c: 2}, d: 3}"),
        ("{$partial: {a: [{b: 1}]}}", "{a: [{b: 1, c: 2}]}"),
        ("{$regex: '^o-[0-9]+$'}", "o-17"),
        ("{$jq: '. > 3'}", "4"),
        ("{$oneOf: [1, $string]}", "x"),
        ("{$unordered: [$number, 1, 2]}", "[2, 1, 3]"),
        ("{$literal: $any}", "$any"),
        ("{$literal: {$jq: x}}", "{$jq: x}"),
    ] {
        assert_eq!(compare(expected, actual), "", "{expected} for {actual}");
    }
}

#[test]
fn what_does_not() {
    let mut told = String::new();
    for (expected, actual) in [
        ("$string", "1"),
        ("1", "2"),
        ("'1'", "1"),
        ("{a: 1}", "{a: 1, b: 2}"),
        ("{a: 1, b: 2}", "{a: 1}"),
        ("[1, 2]", "[1]"),
        ("[1]", "[1, 2]"),
        ("{$partial: {a: {$exact: {}}}}", "{a: {b: 1}}"),
        ("{$regex: '^a'}", "ba"),
        ("{$jq: .x}", "{x: 1}"),
        ("{$oneOf: [1, 2]}", "3"),
        ("{$unordered: [1, 1]}", "[1, 2]"),
        ("{$literal: $any}", "x"),
    ] {
        told.push_str(&format!("{expected} for {actual}: {}\n", compare(expected, actual)));
    }
    expect![[r#"
        $string for 1: output.v: expected "$string", was 1
        1 for 2: output.v: expected 1, was 2
        '1' for 1: output.v: expected "1", was 1
        {a: 1} for {a: 1, b: 2}: output.v.b: expected nothing, was 2
        {a: 1, b: 2} for {a: 1}: output.v.b: expected 2, was nothing
        [1, 2] for [1]: output.v[1]: expected 2, was nothing
        [1] for [1, 2]: output.v[1]: expected nothing, was 2
        {$partial: {a: {$exact: {}}}} for {a: {b: 1}}: output.v.a.b: expected nothing, was 1
        {$regex: '^a'} for ba: output.v: expected $regex "^a", was "ba"
        {$jq: .x} for {x: 1}: output.v: expected $jq ".x", was {"x":1}
        {$oneOf: [1, 2]} for 3: output.v: expected $oneOf [1,2], was 3
        {$unordered: [1, 1]} for [1, 2]: output.v: expected $unordered [1,1], was [1,2]
        {$literal: $any} for x: output.v: expected $literal "$any", was "x"
    "#]]
    .assert_eq(&told);
}

#[test]
fn matchers_that_cannot_be_read() {
    check(
        "
        scenarios:
          - name: it
            definition: {do: [{a: {set: {n: 1}}}]}
            expect:
              output: {a: {$anything: 1}, b: {$regex: '('}, c: {$jq: '. +'}, d: {$oneOf: 3}}
        ",
        expect![[r#"
            5:16 $anything is no matcher; known are $partial, $exact, $regex, $jq, $oneOf, $unordered, $literal
            5:39 not a regular expression: unclosed group
            5:57 expected term at the end
            5:74 expected a list
        "#]],
    );
}
