use expect_test::expect;

use crate::{Mode, Part, Template, is_expression, json, parse_interpolated};

fn parts(text: &str) -> String {
    match parse_interpolated(text) {
        Ok(parts) => {
            let shown = parts.iter().map(|part| match part {
                Part::Text(text) => format!("[{text}]"),
                Part::Expression { source, offset } => format!("<{offset}:{source}>"),
            });
            shown.collect()
        }
        Err(error) => format!("{:?} {}", error.range, error.message),
    }
}

#[test]
fn expressions_end_at_their_own_brace() {
    let table = [
        ("", ""),
        ("plain $text {x}", "[plain $text {x}]"),
        ("${.a}", "<2:.a>"),
        ("a${.b}c${.d}", "[a]<3:.b>[c]<9:.d>"),
        ("${ {a: {b: 1}} }x", "<2: {a: {b: 1}} >[x]"),
        (r#"${ "}" }"#, r#"<2: "}" >"#),
        (r#"${ "\"}" }"#, r#"<2: "\"}" >"#),
        (r#"${ "\\" }"#, r#"<2: "\\" >"#),
        (r#"${ "a\("}" + "b\(1)}")}" }"#, r#"<2: "a\("}" + "b\(1)}")}" >"#),
        ("${ .a # }\n + 1 }", "<2: .a # }\n + 1 >"),
        ("${ .a # }\\\n } \n + 1 }", "<2: .a # }\\\n } \n + 1 >"),
        ("$${.a}", "[$]<3:.a>"),
        ("ä${.ü}ö", "[ä]<4:.ü>[ö]"),
        ("${ .a", "0..2 this expression does not end: expected a closing brace"),
        ("x${", "1..3 this expression does not end: expected a closing brace"),
        (r#"${ "abc }"#, "0..2 this expression does not end: expected a closing brace"),
        ("${ (.a }", "3..4 this parenthesis is not closed"),
    ];
    for (text, expected) in table {
        assert_eq!(parts(text), expected, "{text}");
    }
}

#[test]
fn a_whole_expression_is_one_part() {
    for text in ["${.a}", " ${ .a }\n", "${ {} }"] {
        assert!(is_expression(text), "{text}");
    }
    for text in ["", ".a", "${.a} ", "${.a}${.b}", "x${.a}", "${.a", "{.a}"] {
        assert_eq!(is_expression(text), text == "${.a} ", "{text}");
    }
}

#[test]
fn a_text_tells_all_that_is_wrong_in_it() {
    let texts = [
        "${ .a ) x ${ .b ( }",
        "${ .a + } and ${ .b }",
        "${ .a + } and ${ nope }",
        "${ .a x ${ .b } ${ .c ] }",
        "a ${ [1 b ${ (2 } ${ 3 }",
        "${ .a ${ .b",
        "${${",
        r#"${ "${x}" ) } ${ "(" ] }"#,
        r#"${ "a } ${ .b ( }"#,
        "${ ) ü ${ ( }",
        "${ # ${ \n ) } ${ $x }",
    ];
    let shown = texts.map(|text| format!("{text:?}\n{}", mistakes(text)));
    expect![[r#"
        "${ .a ) x ${ .b ( }"
          0..2 this brace is not closed
          16..17 this parenthesis is not closed
        "${ .a + } and ${ .b }"
          8..8 expected term at the end
        "${ .a + } and ${ nope }"
          8..8 expected term at the end
          17..21 unknown function nope
        "${ .a x ${ .b } ${ .c ] }"
          0..2 this expression does not end: expected a closing brace
          16..18 this brace is not closed
        "a ${ [1 b ${ (2 } ${ 3 }"
          5..6 this bracket is not closed
          13..14 this parenthesis is not closed
        "${ .a ${ .b"
          0..2 this expression does not end: expected a closing brace
          6..8 this expression does not end: expected a closing brace
        "${${"
          0..2 this expression does not end: expected a closing brace
          2..4 this expression does not end: expected a closing brace
        "${ \"${x}\" ) } ${ \"(\" ] }"
          0..2 this brace is not closed
          14..16 this brace is not closed
        "${ \"a } ${ .b ( }"
          0..2 this expression does not end: expected a closing brace
        "${ ) ü ${ ( }"
          0..2 this brace is not closed
          11..12 this parenthesis is not closed
        "${ # ${ \n ) } ${ $x }"
          0..2 this brace is not closed
          17..19 unknown variable $x; no variables are available here
    "#]]
    .assert_eq(&shown.concat());
}

/// Where what is wrong, in a template that is this text and in one that holds it.
fn mistakes(text: &str) -> String {
    let errors = Template::compile(&json::string(text), &[], Mode::Strict).expect_err(text);
    let shown = errors.iter().map(|it| format!("  {:?} {}\n", it.error.range, it.error.message));
    let inner = Template::compile(&json::array([json::string(text)]), &[], Mode::Strict);
    assert!(inner.expect_err(text).iter().all(|it| it.path == "/0"), "{text}");
    shown.collect()
}
