//! Where in the text an expression is wrong, in every way that YAML and JSON have to write it. Where its letters stand in the
//! document as they are, the very word is marked; else, behind escapes and over several lines, the text in which it stands, in its
//! first line. Of one text every problem is told.

use expect_test::{Expect, expect};
use motet_definition::graph::check as publish;
use motet_definition::{Code, Span};
use motet_types::Limits;

const HEADER: &str = "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0}\n";

/// A part of a document with every place marked at which a variable is said to be unknown; each is `$nothing`.
fn check(part: &str, marked: Expect) {
    let text = format!("{HEADER}{part}");
    marked.assert_eq(marks(&text, Code::UndefinedVariable).trim_start_matches(HEADER));
}

/// The text with marks around what gets the code.
fn marks(text: &str, code: Code) -> String {
    let found = publish(text, &Limits::default()).diagnostics;
    assert!(found.iter().all(|one| one.code == code), "{text}\n{found:#?}");
    let spans = found.iter().map(|one| one.span.expect("a document of text has places"));
    let mut spans: Vec<Span> = spans.collect();
    spans.sort_by_key(|span| span.start);
    spans.dedup();
    let (mut marked, mut from) = (String::new(), 0);
    for span in &spans {
        let before = &text[..span.start];
        assert_eq!(span.line, before.matches('\n').count() + 1, "the line in\n{text}");
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        assert_eq!(span.column, column, "the column in\n{text}");
        marked.push_str(&format!("{}»{}«", &text[from..span.start], &text[span.start..span.end]));
        from = span.end;
    }
    marked + &text[from..]
}

#[test]
fn in_a_scalar_of_one_line() {
    check(
        r#"do:
- plain: { set: { x: $nothing, y: "${ $nothing }", z: '${ "it''s" + $nothing }' } }
- bare: { if: $nothing, set: { x: 1 } }
- escaped: { set: { x: "${ \"a\\n\u00e9\" + $nothing }" } }
- several: { set: { x: "${ $nothing } and ${ .a } and ${ $nothing }" } }
"#,
        expect![[r#"
            do:
            - plain: { set: { x: $nothing, y: "${ »$nothing« }", z: »'${ "it''s" + $nothing }'« } }
            - bare: { if: »$nothing«, set: { x: 1 } }
            - escaped: { set: { x: »"${ \"a\\n\u00e9\" + $nothing }"« } }
            - several: { set: { x: "${ »$nothing« } and ${ .a } and ${ »$nothing« }" } }
        "#]],
    );
}

#[test]
fn in_a_scalar_of_several_lines() {
    check(
        r#"do:
- literal:
    set:
      x: |
        ${ .a +
           $nothing }
- folded:
    set:
      x: >-
        ${ .a
        + $nothing }
- plain:
    if: .a
      and $nothing
    set: { x: 1 }
- quoted:
    set:
      x: "${ .a +
        $nothing }"
"#,
        expect![[r#"
            do:
            - literal:
                set:
                  x: |
                    »${ .a +«
                       $nothing }
            - folded:
                set:
                  x: >-
                    »${ .a«
                    + $nothing }
            - plain:
                if: ».a«
                  and $nothing
                set: { x: 1 }
            - quoted:
                set:
                  x: »"${ .a +«
                    $nothing }"
        "#]],
    );
}

#[test]
fn behind_letters_of_several_bytes() {
    check(
        "do:\n- \u{e9}t\u{e9} \u{1f3b6}: { set: { \"cl\u{e9}\": \"\u{1f3b6} ${ $nothing }\" } }\n",
        expect![[r#"
            do:
            - été 🎶: { set: { "clé": "🎶 ${ »$nothing« }" } }
        "#]],
    );
}

#[test]
fn where_an_alias_repeats_it() {
    check(
        "do:\n- first: { set: &data { x: \"${ $nothing }\" } }\n- second: { set: *data }\n",
        expect![[r#"
            do:
            - first: { set: &data { x: "${ »$nothing« }" } }
            - second: { set: *data }
        "#]],
    );
}

#[test]
fn in_json_with_escapes_and_foreign_line_ends() {
    let text = "{\"document\": {\"dsl\": \"1.0.3\", \"namespace\": \"t\", \"name\": \"t\", \"version\": \"1.0.0\"},\r\n\
                \"do\": [\r\n{\"a\": {\"set\": {\"\\u00e9\": \"\\ud83c\\udfb6 ${ \\\"\\/\\\" + $nothing }\"}}}]}";
    expect![[r#"
        {"document": {"dsl": "1.0.3", "namespace": "t", "name": "t", "version": "1.0.0"},
        "do": [
        {"a": {"set": {"\u00e9": »"\ud83c\udfb6 ${ \"\/\" + $nothing }"«}}}]}"#]]
    .assert_eq(&marks(text, Code::UndefinedVariable).replace('\r', ""));
}

#[test]
fn of_a_name_that_leads_nowhere() {
    let text = format!(
        "{HEADER}do:\n- a: {{ set: {{ x: 1 }}, then: b }}\n- \"c\": {{ set: {{ x: 1 }}, \"then\": 'd' }}\n"
    );
    expect![[r#"
        do:
        - a: { set: { x: 1 }, then: »b« }
        - "c": { set: { x: 1 }, "then": »'d'« }
    "#]]
    .assert_eq(marks(&text, Code::UnknownTask).trim_start_matches(HEADER));
}
