//! Events.

use expect_test::expect;

use super::tasks;

#[test]
fn emitting() {
    tasks(
        r#"
- a: { emit: {} }"#,
        expect![[r#"
            line:1:8: error[missing-property]: the property `event` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: {} } }"#,
        expect![[r#"
            line:1:16: error[missing-property]: the property `with` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { source: https://a.b } } } }"#,
        expect![[r#"
            line:1:25: error[missing-property]: the property `type` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, source: "a b", data: "${ $nothing }" } } } }"#,
        expect![[r#"
            line:1:50: error[invalid-uri]: `a b` is no URI: it holds white space, write %20
            line:1:67: error[undefined-variable]: unknown variable $nothing; available here: $authorization, $context, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "2026-01-31T08:30:00Z" } } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "2026-01-31T08:30:00.123+02:00" } } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "${ .at }" } } } }"#,
        expect![[""]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "2026-01-31" } } } }"#,
        expect![[r#"
            line:1:48: error[invalid-value]: `2026-01-31` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "yesterday" } } } }"#,
        expect![[r#"
            line:1:48: error[invalid-value]: `yesterday` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "2026-02-30T00:00:00Z" } } } }"#,
        expect![[r#"
            line:1:48: error[invalid-value]: `2026-02-30T00:00:00Z` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: "2026-01-31T25:00:00Z" } } } }"#,
        expect![[r#"
            line:1:48: error[invalid-value]: `2026-01-31T25:00:00Z` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression
        "#]],
    );
    tasks(
        r#"
- a: { emit: { event: { with: { type: a, time: 5 } } } }"#,
        expect![[r#"
            line:1:48: error[wrong-type]: text is expected here, found a number (put the value in quotes to make it text)
        "#]],
    );
}

#[test]
fn listening() {
    tasks(
        r#"
- a: { listen: {} }"#,
        expect![[r#"
            line:1:8: error[missing-property]: the property `to` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: {} } }"#,
        expect![[r#"
            line:1:18: error[missing-property]: one of the properties is missing: add `all`, `any` or `one`
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { all: [], any: [] } } }"#,
        expect![[r#"
            line:1:18: error[conflicting-properties]: `all` and `any` exclude each other: keep one
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { one: [] } } }"#,
        expect![[r#"
            line:1:29: error[wrong-type]: an object is expected here, found a list
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { one: { with: { type: a } } }, read: body } }"#,
        expect![[r#"
            line:1:60: error[invalid-value]: `body` is not known here: use `data`, `envelope` or `raw`
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { one: { with: { type: a }, correlate: { x: { from: "(", expct: 1 }, y: {} } } } } }"#,
        expect![[r#"
            line:1:75: error[invalid-expression]: the expression does not compile: this parenthesis is not closed
            line:1:79: warning[suspicious-property]: the property `expct` has no meaning here: did you mean `expect`?
            line:1:91: error[missing-property]: the property `from` is missing: add it
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { any: [ { with: { type: a } } ], until: "1 +" } } }"#,
        expect![[r#"
            line:1:67: error[invalid-expression]: the expression does not compile: expected term at the end
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { any: [ { with: { type: a } } ], until: 5 } } }"#,
        expect![[r#"
            line:1:63: error[wrong-type]: an expression or an event strategy is expected here, found a number
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { one: { with: { type: a } } } }, foreach: { item: "a b", do: [ { b: { set: { x: "${ $item }" } } } ], output: { as: $index } } }"#,
        expect![[r#"
            line:1:73: error[invalid-variable]: `a b` cannot name a variable: use letters, digits and `_`, without `$` and spaces
            line:1:107: error[undefined-variable]: unknown variable $item; available here: $a b, $authorization, $context, $index, $input, $runtime, $secrets, $task, $workflow
        "#]],
    );
    tasks(
        r#"
- a: { listen: { to: { one: { with: { type: a } } } }, foreach: { each: x } }"#,
        expect![[r#"
            line:1:67: error[unknown-property]: the property `each` is not known here: use `at`, `do`, `export`, `item` or `output`
        "#]],
    );
}
