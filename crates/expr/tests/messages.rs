//! What an author reads when an expression does not compile, or fails.

use motet_expr::{Environment, Program, json};
use motet_types::Timestamp;

/// The part of the source that a compiler error is about in `»…«`, and its message.
#[track_caller]
fn check_compile(rows: &[(&str, &str)]) {
    compare(rows, |source| match Program::compile(source, &["context", "input"]) {
        Ok(_) => "compiles".to_owned(),
        Err(error) => {
            let (start, end) = (error.range.start, error.range.end);
            format!("{}»{}«{}: {error}", &source[..start], &source[start..end], &source[end..])
        }
    });
}

/// The kind of an evaluation's error, and its message.
#[track_caller]
fn check_run(rows: &[(&str, &str)]) {
    compare(rows, |source| {
        let program = Program::compile(source, &[]).expect("it compiles");
        let mut fuel = 10_000;
        let mut environment = Environment::new(&mut fuel, Timestamp::default());
        match program.evaluate(motet_expr::Value::Null, Vec::new(), &mut environment) {
            Ok(value) => json::to_text(&value),
            Err(error) => format!("{}: {error}", error.kind),
        }
    });
}

#[track_caller]
fn compare(rows: &[(&str, &str)], transcript: impl Fn(&str) -> String) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(source, expected)| (transcript(source), expected))
        .filter(|(actual, expected)| actual != *expected)
        .map(|(actual, expected)| format!("    {actual}\nnot {expected}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn sources_that_do_not_compile() {
    check_compile(COMPILE);
}

const COMPILE: &[(&str, &str)] = &[
    ("", "»«: expected term at the end"),
    (".a.", ".a.»«: expected key at the end"),
    (".[", ".»[«: this bracket is not closed"),
    (".]", ".»]«: nothing is open that ']' closes"),
    ("(1", "»(«1: this parenthesis is not closed"),
    ("1)", "1»)«: nothing is open that ')' closes"),
    ("{a: 1", "»{«a: 1: this brace is not closed"),
    ("{a 1}", "{a »1«}: expected comma or right brace, found `1`"),
    ("[1,]", "[1,»]«: expected term, found `]`"),
    ("1 +", "1 +»«: expected term at the end"),
    ("+ 1", "»+« 1: expected term, found `+`"),
    ("1 2", "1 »2«: expected the end of the expression, found `2`"),
    ("if . then 1", "if . then 1»«: expected else or end at the end"),
    ("if . then 1 else 2", "if . then 1 else 2»«: expected end at the end"),
    ("reduce .[] as $x", "»reduce« .[] as $x: unknown function reduce"),
    ("foreach .[] as $x (0)", "»foreach« .[] as $x (0): unknown function foreach with 1 argument"),
    ("try", "try»«: expected term at the end"),
    ("def f: 1", "def f: 1»«: expected ; at the end"),
    ("def f 1; f", "def f »1«; f: expected :, found `1`"),
    (". as x | 1", ". as »x« | 1: expected pattern, found `x`"),
    ("\"abc", r#"»"«abc: this text in quotes does not end"#),
    ("\"\\q\"", r#""\»q«": expected string escape sequence, found `q`"#),
    ("\"\\u12\"", r#""\u12»"«: expected 4-digit hexadecimal UTF-8 code point, found `"`"#),
    ("\"\\(1\"", r#""\(1»"«: this text in quotes does not end"#),
    ("$x", "»$x«: unknown variable $x; available here: $context, $input"),
    ("$contxt", "»$contxt«: unknown variable $contxt; available here: $context, $input"),
    ("$__loc__", "»$__loc__«: unknown variable $__loc__; available here: $context, $input"),
    ("foo", "»foo«: unknown function foo"),
    ("foo(1)", "»foo«(1): unknown function foo with 1 argument"),
    ("map", "»map«: unknown function map"),
    ("map(.; .)", "»map«(.; .): unknown function map with 2 arguments"),
    ("length(1)", "»length«(1): unknown function length with 1 argument"),
    ("lenght", "»lenght«: unknown function lenght"),
    (
        "@base32",
        "»@base32«: unknown format @base32; there are @text, @json, @html, @htmld, @uri, @urid, @csv, @tsv, @sh, @base64, @base64d",
    ),
    ("break $out", "break »$out«: unknown label $out"),
    ("label $a | break $b", "label $a | break »$b«: unknown label $b"),
    ("env.HOME", "»env«.HOME: unknown function env"),
    ("input", "»input«: unknown function input"),
    ("halt", "»halt«: unknown function halt"),
    (
        "import \"a\" as b; .",
        r#"import »"a"« as b; .: expected the end of the expression, found `"a"`"#,
    ),
    ("'a'", "»'«a': expected token, found `'`"),
    (".a = = 1", ".a = »=« 1: expected term, found `=`"),
    ("é", "»é«: expected token, found `é`"),
    ("\u{0}", "»\u{0}«: expected token, found `\u{0}`"),
];

#[test]
fn evaluations_that_fail() {
    check_run(RUN);
}

const RUN: &[(&str, &str)] = &[
    ("1 | .a", r#"failed: cannot index 1 with "a""#),
    ("\"x\" | .[0]", r#"failed: cannot index "x" with 0"#),
    ("[1] | .a", r#"failed: cannot index [1] with "a""#),
    ("{a: 1} | .[0]", r#"failed: cannot index {"a":1} with 0"#),
    ("true | .[]", "failed: cannot use true as array or object"),
    ("5 | keys", "failed: cannot use 5 as array or object"),
    ("{a: 1} + 1", r#"failed: cannot calculate {"a":1} + 1"#),
    ("[1] - {}", "failed: cannot calculate [1] - {}"),
    ("{} * 2", "failed: cannot calculate {} * 2"),
    ("\"a\" / 2", r#"failed: cannot calculate "a" / 2"#),
    ("1 / 0", "failed: cannot calculate 1 / 0"),
    ("1 % 0", "failed: cannot calculate 1 % 0"),
    ("-\"a\"", r#"failed: cannot use "a" as number"#),
    ("\"x\" | tonumber", r#"failed: cannot read "x" as JSON: expected a value at byte 0"#),
    ("[] | tonumber", "failed: cannot use [] as text"),
    ("\"{\" | fromjson", r#"failed: cannot read "{" as JSON: expected a key in quotes at byte 1"#),
    ("1 | fromjson", "failed: cannot use 1 as text"),
    ("[1, \"a\"] | join(1)", r#"failed: cannot calculate "1" + 1"#),
    ("[-1] | implode", "failed: cannot use [-1] as array of code points"),
    ("1 | explode", "failed: cannot use 1 as string"),
    ("1 | test(\"a\")", "failed: cannot use 1 as text for a regular expression"),
    ("\"a\" | test(1)", "failed: cannot use 1 as text for a regular expression"),
    ("\"a\" | test(\"(\")", "failed: not a regular expression: unclosed group"),
    ("\"a\" | test(\"a\"; \"q\")", "failed: unknown flag 'q' of a regular expression"),
    ("\"a\" | sub(\"a\"; 1)", r#"failed: cannot calculate "" + 1"#),
    ("1 | split(\",\")", "failed: split input and separator must be strings"),
    ("1 | startswith(\"a\")", "failed: cannot use 1 as string"),
    ("\"a\" | startswith(1)", "failed: cannot use 1 as string"),
    ("1 | ascii_downcase", "failed: cannot use 1 as string"),
    ("{} | sort", "failed: cannot use {} as array"),
    ("1 | group_by(.)", "failed: cannot use 1 as array"),
    ("1 | to_entries", "failed: cannot use 1 as array or object"),
    ("[1] | from_entries", r#"failed: cannot index 1 with "key""#),
    ("1 | has(\"a\")", r#"failed: cannot index 1 with "a""#),
    ("[1] | has(\"a\")", r#"failed: cannot index [1] with "a""#),
    ("{} | has(0)", "failed: cannot index {} with 0"),
    ("\"a\" | range(.)", r#"failed: cannot use "a" as bound of a range"#),
    ("[1, 2] | .[1] = (.[5] | error)", "failed: null"),
    ("null | error", "failed: null"),
    ("error(\"a\\nb\")", "failed: a\nb"),
    ("error({code: 5})", r#"failed: {"code":5}"#),
    ("error([1, 2])", "failed: [1,2]"),
    ("[1] | @csv \"\\(1)\"", "failed: only an array can be a row of CSV"),
    ("[[1]] | @csv", "failed: an array or object cannot be in a row of CSV"),
    ("\"%%%\" | @base64d", "failed: Invalid symbol 37, offset 0."),
    (
        "\"x\" | fromdate",
        "failed: expected four digit year (or leading sign for six digit year), but found end of input",
    ),
    ("\"x\" | todate", r#"failed: cannot read "x" as a time"#),
    (
        "\"x\" | strptime(\"%Y\")",
        "failed: strptime parsing failed: %Y failed: failed to parse year: invalid number, no digits found",
    ),
    ("[1] | mktime", "failed: cannot read [1] as a calendar time"),
    ("{(1): 2}", "failed: cannot use 1 as key of an object"),
    ("{a: 1} | .a.b = 2", r#"failed: cannot index 1 with "b""#),
    ("[1] | .[\"a\"] = 2", r#"failed: cannot index [1] with "a""#),
    ("[1] | .[-5] = 2", "failed: cannot index [1] with -5"),
    ("[1] | del(.a)", r#"failed: cannot index [1] with "a""#),
    ("path(1)", "failed: invalid path expression with input null"),
    ("path(1 + 1)", "failed: invalid path expression with input null"),
    ("1 | getpath([\"a\"])", r#"failed: cannot index 1 with "a""#),
    ("null | setpath(1; 1)", "failed: cannot use 1 as path"),
    ("null | delpaths(1)", "failed: cannot use 1 as array of paths"),
    (
        "1, 2",
        "several results: the expression gives more than one result; put brackets around it for an array",
    ),
    ("\"a\" * 100000000", "size: the expression makes a value of more than 16777216 bytes"),
    ("def f: f; f", "fuel: the expression has used up its fuel"),
    ("def f: 1 + f; f", "depth: a function of the expression calls itself too deeply"),
    ("[limit(100000; repeat(1))]", "fuel: the expression has used up its fuel"),
];
