//! `raise`.

use expect_test::expect;

use crate::harness::check_lines;

const WORDS: [&str; 2] = ["fails", "="];

#[test]
fn an_inline_error() {
    check_lines(
        &WORDS,
        "
        do:
          - no:
              raise:
                error: {type: 'https://x.test/no', status: 409, title: No, detail: not today}
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/no fails: 409 https://x.test/no at /do/0/no (No: not today)
            = faulted in step 1: 409 https://x.test/no at /do/0/no (No: not today)
        "#]],
    );
}

#[test]
fn a_named_error() {
    check_lines(
        &WORDS,
        "
        use: {errors: {busy: {type: 'https://x.test/busy', status: 503}}}
        do: [{no: {raise: {error: busy}}}]
        ",
        "",
        expect![[r#"
            +0s 1 /do/0/no fails: 503 https://x.test/busy at /do/0/no
            = faulted in step 1: 503 https://x.test/busy at /do/0/no
        "#]],
    );
}

#[test]
fn expressions_in_every_text() {
    check_lines(
        &WORDS,
        "
        do:
          - no:
              raise:
                error:
                  type: '${ \"https://x.test/\" + .kind }'
                  status: 409
                  title: '${ .title }'
                  detail: 'about ${ .kind }, ${ $task.name }'
        ",
        r#"start {"kind":"odd","title":"Odd"}"#,
        expect![[r#"
            +0s 1 /do/0/no fails: 409 https://x.test/odd at /do/0/no (Odd: about odd, no)
            = faulted in step 1: 409 https://x.test/odd at /do/0/no (Odd: about odd, no)
        "#]],
    );
}

#[test]
fn an_expression_that_fails_is_the_error() {
    check_lines(
        &WORDS,
        "do: [{no: {raise: {error: {type: 'https://x.test/e', status: 409, detail: '${ 1 | keys }'}}}}]",
        "",
        expect![[r#"
            +0s 1 /do/0/no fails: 400 expression at /do/0/no (an expression failed: raise.error.detail: cannot use 1 as array or object)
            = faulted in step 1: 400 expression at /do/0/no (an expression failed: raise.error.detail: cannot use 1 as array or object)
        "#]],
    );
}

#[test]
fn the_instance_points_to_the_task_wherever_it_stands() {
    let raise = "{raise: {error: {type: 'https://x.test/e', status: 400}}}";
    let places = [
        (
            format!("do: [{{'a/b~c': {raise}}}]"),
            expect![[r#"
            = faulted in step 1: 400 https://x.test/e at /do/0/a~1b~0c
        "#]],
        ),
        (
            format!("do: [{{o: {{do: [{{x: {raise}}}]}}}}]"),
            expect![[r#"
            = faulted in step 2: 400 https://x.test/e at /do/0/o/do/0/x
        "#]],
        ),
        (
            format!("do: [{{l: {{for: {{in: '[1]'}}, do: [{{x: {raise}}}]}}}}]"),
            expect![[r#"
            = faulted in step 2: 400 https://x.test/e at /do/0/l/do/0/x
        "#]],
        ),
        (
            format!(
                "do: [{{f: {{fork: {{branches: [{{a: {{set: {{n: 1}}}}}}, {{b: {raise}}}]}}}}}}]"
            ),
            expect![[r#"
                = faulted in step 3: 400 https://x.test/e at /do/0/f/fork/branches/1/b
            "#]],
        ),
        (
            format!(
                "do: [{{t: {{try: [{{y: {{raise: {{error: {{type: 'https://x.test/first', status: 500}}}}}}}}], catch: {{do: [{{x: {raise}}}]}}}}}}]"
            ),
            expect![[r#"
                = faulted in step 3: 400 https://x.test/e at /do/0/t/catch/do/0/x
            "#]],
        ),
        (
            format!("use: {{functions: {{bad: {raise}}}}}\ndo: [{{c: {{call: bad}}}}]"),
            expect![[r#"
                = faulted in step 2: 400 https://x.test/e at /use/functions/bad
            "#]],
        ),
    ];
    for (document, expected) in places {
        check_lines(&["= faulted"], &document, "", expected);
    }
}

#[test]
fn an_instance_that_the_definition_gives_is_kept() {
    check_lines(
        &["="],
        "do: [{no: {raise: {error: {type: 'https://x.test/e', status: 400, instance: /elsewhere}}}}]",
        "",
        expect![[r#"
            = faulted in step 1: 400 https://x.test/e at /elsewhere
        "#]],
    );
}
