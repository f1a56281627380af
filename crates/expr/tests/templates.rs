//! Templates: what is an expression in which mode, what comes out, and what is said about mistakes.

use motet_expr::{Environment, Mode, Template, json};
use motet_types::Timestamp;

const INPUT: &str =
    r#"{"id":"o-7","n":2,"price":12.50,"tags":["a","b"],"none":null,"who":{"name":"Ada"}}"#;

/// Renders each template on the same input; of a failure its kind and message.
#[track_caller]
fn check(mode: Mode, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(template, expected)| {
            let actual = render(template, mode);
            (actual != *expected).then(|| format!("{template} gives {actual}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn render(template: &str, mode: Mode) -> String {
    let value = |text: &str| {
        json::parse(text.as_bytes(), json::Limits::default()).expect("the tables are JSON")
    };
    let template = match Template::compile(&value(template), &["context", "task"], mode) {
        Ok(template) => template,
        Err(errors) => {
            let lines = errors
                .iter()
                .map(|own| format!("{} {:?} {}", own.path, own.error.range, own.error.message));
            return lines.collect::<Vec<_>>().join("; ");
        }
    };
    let mut fuel = 100_000;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    let mut variables = |name: &str| json::string(format!("<{name}>"));
    match template.evaluate(&value(INPUT), &mut variables, &mut environment) {
        Ok(rendered) => json::to_text(&rendered),
        Err(error) => format!("{}: {error}", error.kind),
    }
}

#[test]
fn one_expression_keeps_its_type() {
    check(
        Mode::Strict,
        &[
            (r#""${ .n }""#, "2"),
            (r#""${ .price }""#, "12.50"),
            (r#""${ .tags }""#, r#"["a","b"]"#),
            (r#""${ .none }""#, "null"),
            (r#""${ .missing }""#, "null"),
            (r#""${ .who }""#, r#"{"name":"Ada"}"#),
            (r#""${.n}""#, "2"),
            (r#"" ${ .n } ""#, "2"),
            (r#""\n${ .n }\n""#, "2"),
            (r#""${ {a: .n} }""#, r#"{"a":2}"#),
            (r#""${ [.tags[] | ascii_upcase] }""#, r#"["A","B"]"#),
            (r#""${ $context }""#, r#""<context>""#),
            (r#""${ $task + \"!\" }""#, r#""<task>!""#),
            (r#""${ \"}\" }""#, r#""}""#),
            (r#""${ \"${\" }""#, r#""${""#),
            (r#""${ .n # the count\n }""#, "2"),
        ],
    );
}

#[test]
fn several_parts_become_text() {
    check(
        Mode::Strict,
        &[
            (r#""order ${ .id }""#, r#""order o-7""#),
            (r#""${ .id }!""#, r#""o-7!""#),
            (r#""${ .id }${ .n }""#, r#""o-72""#),
            (r#""${ .id } ${ .n }""#, r#""o-7 2""#),
            (r#""${ .price } EUR""#, r#""12.50 EUR""#),
            (r#""tags: ${ .tags }""#, r#""tags: [\"a\",\"b\"]""#),
            (r#""who: ${ .who }""#, r#""who: {\"name\":\"Ada\"}""#),
            (r#""none: ${ .none }""#, r#""none: null""#),
            (r#""yes: ${ .n == 2 }""#, r#""yes: true""#),
            (r#""https://shop/${ .id }/items?n=${ .n }""#, r#""https://shop/o-7/items?n=2""#),
            (r#""{${ .n }}""#, r#""{2}""#),
            (r#""$${ .n }""#, r#""$2""#),
            (r#""${ .id }-${ \"}\" }-${ {a: 1} | .a }""#, r#""o-7-}-1""#),
            (r#""é${ .id }😀""#, r#""éo-7😀""#),
        ],
    );
}

#[test]
fn what_is_not_marked_stands_for_itself() {
    check(
        Mode::Strict,
        &[
            (r#"".n""#, r#"".n""#),
            (r#""$context""#, r#""$context""#),
            (r#""{ .n }""#, r#""{ .n }""#),
            (r#""$ { .n }""#, r#""$ { .n }""#),
            (r#""""#, r#""""#),
            ("7", "7"),
            ("1.0", "1.0"),
            ("true", "true"),
            ("null", "null"),
            ("[]", "[]"),
            ("{}", "{}"),
            (r#"{"${ .n }":1}"#, r#"{"${ .n }":1}"#),
        ],
    );
}

#[test]
fn templates_are_rendered_at_any_depth() {
    check(
        Mode::Strict,
        &[
            (r#"{"a":{"b":["${ .n }",1,"x"]}}"#, r#"{"a":{"b":[2,1,"x"]}}"#),
            (r#"["${ .id }",["${ .id }",["${ .id }"]]]"#, r#"["o-7",["o-7",["o-7"]]]"#),
            (r#"{"b":"${ .n }","a":"${ .id }"}"#, r#"{"b":2,"a":"o-7"}"#),
            (r#"{"a":"${ .missing }","b":[null,"${ .none }"]}"#, r#"{"a":null,"b":[null,null]}"#),
        ],
    );
}

#[test]
fn in_loose_mode_every_text_is_tried() {
    check(
        Mode::Loose,
        &[
            (r#"".n""#, "2"),
            (r#"".who.name""#, r#""Ada""#),
            (r#""$context""#, r#""<context>""#),
            (r#""1 + 1""#, "2"),
            (r#""not an expression""#, r#""not an expression""#),
            (r#""hello""#, r#""hello""#),
            (r#""$unknown""#, r#""$unknown""#),
            (r#"".n.x""#, r#"".n.x""#),
            (r#""${ .n }""#, "2"),
            (r#""${ nonsense }""#, r#""${ nonsense }""#),
            (r#""n is ${ .n }""#, r#""n is 2""#),
            (r#"{"a":".n","b":["it's",".id"]}"#, r#"{"a":2,"b":["it's","o-7"]}"#),
            (r#""""#, r#""""#),
        ],
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    check(
        Mode::Strict,
        &[
            (r#""${ .a. }""#, " 7..7 expected key at the end"),
            (r#""${ foo }""#, " 3..6 unknown function foo"),
            (r#""x ${ .a""#, " 2..4 this expression does not end: expected a closing brace"),
            (
                r#"{"a":["${ $x }","${ ( }"],"b/c":"${ 1 + }","~":"${ } ${ $y }"}"#,
                "/a/0 3..5 unknown variable $x; available here: $context, $task; \
                 /a/1 3..4 this parenthesis is not closed; \
                 /b~1c 7..7 expected term at the end; \
                 /~0 3..3 expected term at the end; /~0 8..10 unknown variable $y; available here: $context, $task",
            ),
        ],
    );
}

#[test]
fn what_fails_while_it_is_rendered_names_its_kind() {
    check(
        Mode::Strict,
        &[
            (r#""${ error(\"no stock\") }""#, "failed: no stock"),
            (
                r#""${ .tags[] }""#,
                "several results: the expression gives more than one result; put brackets around it for an array",
            ),
            (r#""a ${ .id.x } b""#, "failed: cannot index \"o-7\" with \"x\""),
            (r#"["${ .n }","${ 1 / 0 }"]"#, "failed: cannot calculate 1 / 0"),
            (r#""${ def f: f; f }""#, "fuel: the expression has used up its fuel"),
        ],
    );
}
