use super::*;
use crate::json::{string, to_text};
use crate::{EvalErrorKind, Mode, Template, TemplateError};

fn compile(text: &str, mode: Mode) -> Result<Template, Vec<TemplateError>> {
    Template::compile(&value(text), &["context"], mode)
}

fn render(text: &str, input: &str, mode: Mode) -> String {
    let template = compile(text, mode).unwrap();
    let mut fuel = FUEL;
    let rendered =
        template.evaluate(&value(input), &mut |name| string(name), &mut environment(&mut fuel));
    match rendered {
        Ok(value) => to_text(&value),
        Err(error) => format!("{}: {error}", error.kind),
    }
}

#[test]
fn strict_templates_evaluate_what_is_marked() {
    let table = [
        (r#""${ .a }""#, r#"{"a":[1.0]}"#, "[1.0]"),
        (r#""  ${ .a }  ""#, r#"{"a":1}"#, "1"),
        (r#""id ${ .a }/${ .b }!""#, r#"{"a":1,"b":"x"}"#, r#""id 1/x!""#),
        (r#""${ .a }${ .b }""#, r#"{"a":null,"b":[1]}"#, r#""null[1]""#),
        (r#""${ {a: \"}\"} | .a } b""#, "0", r#""} b""#),
        (r#"".a""#, "0", r#"".a""#),
        (r#""{ $a }""#, "0", r#""{ $a }""#),
        (
            r#"{"a":"${ .x }","b":["${ $context }",1.0,{"c":"d"}],"${ .x }":2}"#,
            r#"{"x":5}"#,
            r#"{"a":5,"b":["context",1.0,{"c":"d"}],"${ .x }":2}"#,
        ),
        (r#""${ empty }""#, "0", "null"),
        (r#""a${ empty }""#, "0", "\"anull\""),
        (r#"["${ error(\"no\") }"]"#, "0", "failed: no"),
        (
            r#""x${ \"y\" * 20000000 }""#,
            "0",
            "size: the expression makes a value of more than 16777216 bytes",
        ),
        (
            r#""${ \"y\" * 10000000 }${ \"y\" * 10000000 }""#,
            "0",
            "size: the text becomes longer than 16777216 bytes",
        ),
        (
            r#"["${ \"y\" * 10000000 }","${ \"y\" * 10000000 }"]"#,
            "0",
            "size: the expression makes a value of more than 16777216 bytes",
        ),
    ];
    for (text, input, expected) in table {
        assert_eq!(render(text, input, Mode::Strict), expected, "{text}");
    }
}

#[test]
fn loose_templates_try_everything_and_keep_what_fails() {
    let table = [
        (r#"".a""#, r#"{"a":1}"#, "1"),
        (r#""hello world""#, "0", r#""hello world""#),
        (r#""${ .a }""#, r#"{"a":1}"#, "1"),
        (r#""${ nonsense }""#, "0", r#""${ nonsense }""#),
        (r#"".a.b""#, r#"{"a":1}"#, r#"".a.b""#),
        (r#"{"a":".x","b":"it's"}"#, r#"{"x":2}"#, r#"{"a":2,"b":"it's"}"#),
        (r#""def f: f; f""#, "0", "fuel: the expression has used up its fuel"),
    ];
    for (text, input, expected) in table {
        assert_eq!(render(text, input, Mode::Loose), expected, "{text}");
    }
}

#[test]
fn every_mistake_is_reported_with_its_path() {
    let text = r#"{"a/b":"${ foo }","c":["ok","x ${ $nope } ${"],"d~":"${ 1 + }"}"#;
    let errors = compile(text, Mode::Strict).unwrap_err();
    let report: Vec<String> = errors
        .iter()
        .map(|e| format!("{} {:?} {}", e.path, e.error.range, e.error.message))
        .collect();
    assert_eq!(
        report,
        [
            "/a~1b 3..6 unknown function foo",
            "/c/1 5..10 unknown variable $nope; available here: $context",
            "/c/1 13..15 this expression does not end: expected a closing brace",
            "/d~0 7..7 expected term at the end",
        ]
    );
}

#[test]
fn literals_are_known_as_such() {
    assert!(compile(r#"{"a":[1,"x",null]}"#, Mode::Strict).unwrap().is_literal());
    let template = compile(r#"{"a":[1,"${ .b }"],"c":"x ${ $context.d }"}"#, Mode::Strict).unwrap();
    assert!(!template.is_literal());
    let sources: Vec<_> = template.programs().map(|program| program.source().to_owned()).collect();
    assert_eq!(sources, [" .b ", " $context.d "]);
}

#[test]
fn only_used_variables_are_asked_for_and_fuel_is_shared() {
    let template = compile(r#"["${ $context }","${ .a }"]"#, Mode::Strict).unwrap();
    let mut asked = Vec::new();
    let mut fuel = 1000;
    let mut variables = |name: &str| {
        asked.push(name.to_owned());
        Value::Null
    };
    template.evaluate(&value("{}"), &mut variables, &mut environment(&mut fuel)).unwrap();
    assert_eq!(asked, ["context"]);
    assert!(fuel < 1000);
    let mut fuel = 1;
    let error = template
        .evaluate(&value("{}"), &mut |_| Value::Null, &mut environment(&mut fuel))
        .unwrap_err();
    assert_eq!(error.kind, EvalErrorKind::Fuel);
}
