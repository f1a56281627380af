use crate::{Part, is_expression, parse_interpolated};

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
