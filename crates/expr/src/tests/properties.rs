//! Properties over random programs, texts and values.

use proptest::prelude::*;

use super::*;
use crate::json::{Limits, parse, to_pretty, to_text};
use crate::{Mode, Part, Template, is_expression, parse_interpolated};

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        (-3_i64..4).prop_map(|n| n.to_string()),
        prop_oneof!["-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"],
        "[a-cä]{0,2}".prop_map(|text| format!("\"{text}\"")),
    ];
    let value = scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    value.prop_map(|text| value_of(&text))
}

fn value_of(text: &str) -> Value {
    parse(text.as_bytes(), Limits::default()).unwrap()
}

/// Sources that the fast path takes.
fn plain_source() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[a-c]",
        "\\[[0-3]\\]",
        Just("[-1]".to_owned()),
        Just("[\"b\"]".to_owned()),
    ];
    let path = (prop_oneof![Just("."), Just("$input")], prop::collection::vec(step, 0..4))
        .prop_map(|(root, steps)| {
            let path = format!("{root}{}", steps.concat());
            path.replace("..", ".")
        });
    let operand = prop_oneof![
        4 => path,
        1 => prop_oneof!["[0-3]", "[0-3]\\.[0-9]{1,2}", "\"[a-c]{0,2}\"", "-[1-3]"],
        1 => prop_oneof![Just("null".to_owned()), Just("true".to_owned()), Just("false".to_owned())],
    ];
    let compared = (
        operand.clone(),
        prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")],
        operand.clone(),
    )
        .prop_map(|(left, operator, right)| format!("({left} {operator} {right})"));
    let logic = (
        prop_oneof![operand.clone(), compared.clone()],
        prop_oneof![Just("and"), Just("or"), Just("//")],
        prop_oneof![operand.clone(), compared.clone()],
    )
        .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"));
    prop_oneof![operand, compared, logic]
}

fn outcome(source: &str, input: &Value, variable: &Value) -> Result<String, EvalError> {
    let program = Program::compile(source, &["input"]).unwrap();
    let mut fuel = FUEL;
    let result =
        program.evaluate_with(input, &mut |_| variable.clone(), &mut environment(&mut fuel));
    result.map(|value| to_text(&value))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_path_agrees_with_jaq(source in plain_source(), input in any_value(), variable in any_value()) {
        // `first(f)` is no simple program, so jaq evaluates the same source.
        let by_jaq = outcome(&format!("first({source})"), &input, &variable);
        prop_assert_eq!(outcome(&source, &input, &variable), by_jaq, "{}", source);
    }

    #[test]
    fn json_round_trips(input in any_value()) {
        let text = to_text(&input);
        prop_assert_eq!(&to_text(&value_of(&text)), &text);
        prop_assert_eq!(&to_text(&value_of(&to_pretty(&input))), &text);
        prop_assert_eq!(evaluate(".", &input).map(|value| to_text(&value)), Ok(text.clone()));
        prop_assert_eq!(evaluate("tojson | fromjson", &input).map(|value| to_text(&value)), Ok(text.clone()));
        prop_assert_eq!(evaluate("fromstream(tostream)", &input).map(|value| to_text(&value)), Ok(text));
    }

    #[test]
    fn canonical_bytes_agree_with_equality(left in any_value(), right in any_value()) {
        use crate::json::canonical;
        if canonical(&left) == canonical(&right) {
            prop_assert_eq!(&left, &right);
        }
        let again = value_of(&to_text(&left));
        prop_assert_eq!(canonical(&left), canonical(&again));
    }

    #[test]
    fn interpolation_loses_nothing(text in "[a$\\{\\}\"\\\\()# \n.ä]{0,24}") {
        let _ = is_expression(&text);
        if let Ok(parts) = parse_interpolated(&text) {
            let again: String = parts.iter().map(|part| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Expression { source, .. } => format!("${{{source}}}"),
            }).collect();
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn quoted_text_survives_interpolation(text in any::<String>()) {
        let quoted = to_text(&crate::json::string(text.as_str()));
        // JSON's quotes are jq's, but `\(` does not exist in JSON, so nothing is interpolated.
        let source = format!("a${{ {quoted} }}b");
        let template = Template::compile(&crate::json::string(source), &[], Mode::Strict).unwrap();
        let mut fuel = FUEL;
        let result = template.evaluate(&Value::Null, &mut |_| Value::Null, &mut environment(&mut fuel));
        prop_assert_eq!(result.unwrap(), crate::json::string(format!("a{text}b")));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(text.as_bytes(), Limits::default());
        let _ = parse_interpolated(&text);
        let _ = Program::compile(&text, &[]);
        let _ = Program::compile_field(&text, &[]);
        let _ = Template::compile(&crate::json::string(text), &[], Mode::Loose);
    }

    #[test]
    fn no_well_formed_program_panics(source in well_formed_source(), input in any_value()) {
        let program = Program::compile(&source, &["input"]);
        let program = program.map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        let mut fuel = 20_000;
        let result = program.evaluate_with(&input, &mut |_| input.clone(), &mut environment(&mut fuel));
        if let Err(error) = result {
            prop_assert_ne!(error.kind, crate::EvalErrorKind::Internal, "{}: {}", source, error);
        }
    }

    #[test]
    fn no_program_panics(tokens in prop::collection::vec(token(), 0..16), input in any_value()) {
        let source = tokens.join(" ");
        if let Ok(program) = Program::compile(&source, &["input"]) {
            let mut fuel = 5_000;
            let result = program.evaluate_with(&input, &mut |_| Value::Null, &mut environment(&mut fuel));
            if let Err(error) = result {
                prop_assert_ne!(error.kind, crate::EvalErrorKind::Internal, "{}: {}", source, error);
            }
        }
    }
}

const TOKENS: &[&str] = &[
    ".",
    "..",
    ".a",
    "[]",
    ".[]",
    ".[0]",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "|",
    ",",
    ":",
    ";",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "<",
    "=",
    "|=",
    "+=",
    "//",
    "//=",
    "and",
    "or",
    "not",
    "as",
    "$x",
    "$input",
    "if",
    "then",
    "else",
    "elif",
    "end",
    "try",
    "catch",
    "?",
    "reduce",
    "foreach",
    "def",
    "f",
    "label",
    "break",
    "1",
    "0",
    "-1",
    "1.5",
    "1e3",
    "\"a\"",
    "\"\\(.)\"",
    "\"",
    "null",
    "true",
    "empty",
    "map",
    "sort",
    "length",
    "keys",
    "tojson",
    "range(3)",
    "range(9)",
    "limit(2; .[])",
    "error",
    "path",
    "paths",
    "del(.a)",
    "@base64",
    "explode",
    "implode",
    "floor",
    "tostring",
    "to_entries",
    "add",
    "flatten",
    "first",
    "last",
    "recurse",
    "walk(.)",
    "test(\"a\")",
    "gsub(\"a\"; \"b\")",
    "todate",
    "gmtime",
    "mktime",
    "infinite",
    "nan",
    "9223372036854775807",
    "splits(\"a\")",
    "ltrimstr(\"a\")",
    "tostream",
    "getpath([\"a\"])",
    "# x\n",
    ".a = 1",
    ".[1] |= empty",
    "def f: .; f",
    "def f(g): g | g; f(.)",
    ". as [$x] | $x",
];

/// Programs of every construct; most fail, none may break.
fn well_formed_source() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let shape = prop::sample::select(SHAPES);
        (shape, inner.clone(), inner.clone(), inner)
            .prop_map(|(shape, a, b, c)| shape.replace('A', &a).replace('B', &b).replace('C', &c))
    })
}

const LEAVES: &[&str] = &[
    ".",
    "..",
    ".[]",
    ".[]?",
    ".a",
    ".b?",
    ".[0]",
    ".[-1]",
    ".[1:]",
    ".[:-1]",
    "null",
    "true",
    "false",
    "0",
    "1",
    "(-1)",
    "1.5",
    "1e300",
    "9223372036854775807",
    "infinite",
    "nan",
    "\"\"",
    "\"ab\"",
    "\"\\u00e4\"",
    "[]",
    "{}",
    "$input",
    "empty",
    "error",
    "keys",
    "values",
    "length",
    "add",
    "sort",
    "unique",
    "reverse",
    "flatten",
    "tojson",
    "fromjson",
    "tostring",
    "tonumber",
    "type",
    "to_entries",
    "from_entries",
    "paths",
    "tostream",
    "explode",
    "implode",
    "floor",
    "abs",
    "min",
    "max",
    "any",
    "all",
    "first",
    "last",
    "transpose",
    "combinations",
    "trim",
    "ascii",
    "gmtime",
    "mktime",
    "todate",
    "fromdate",
    "now",
    "@csv",
    "@tsv",
    "@sh",
    "@html",
    "@uri",
    "@base64",
    "@base64d",
    "@json",
    "@text",
    "utf8bytelength",
    "significand",
    "frexp",
    "logb",
];

/// Ways to put programs together; no leaf contains the letters that stand for the parts.
const SHAPES: &[&str] = &[
    "(A | B)",
    "(A, B)",
    "[A]",
    "{a: A, b: B}",
    "{(A): B}",
    "(A + B)",
    "(A - B)",
    "(A * B)",
    "(A / B)",
    "(A % B)",
    "(-A)",
    "(A == B)",
    "(A < B)",
    "(A and B)",
    "(A // B)",
    "(A as $x | B | [., $x] | C)",
    "(A as [$x, {a: $y}] | [$x, $y])",
    "(if A then B else C end)",
    "(try A catch B)",
    "(A?)",
    "(A = B)",
    "(A |= B)",
    "(A += B)",
    "(A //= B)",
    "(A)[B]",
    "(A)[B:C]",
    "(reduce A as $x (B; C))",
    "(foreach A as $x (B; C; [., $x]))",
    "(label $o | A | if B then break $o else C end)",
    "(def f: A; B | f)",
    "(def f(g): A | g; f(B))",
    "(def f($x): A | [$x]; f(B))",
    "(def f: if length > 3 then A | f else B end; C | f)",
    "map(A)",
    "map_values(A)",
    "select(A)",
    "path(A)",
    "[paths(A)]",
    "del(A)",
    "pick(A)",
    "to_entries",
    "with_entries(A)",
    "walk(A)",
    "recurse(A)",
    "[limit(5; A)]",
    "first(A)",
    "last(A)",
    "[skip(1; A)]",
    "until(A; B)",
    "[while(A; B)]",
    "range(A; B; C)",
    "sort_by(A)",
    "group_by(A)",
    "unique_by(A)",
    "min_by(A)",
    "any(A; B)",
    "isempty(A)",
    "getpath(A)",
    "setpath(A; B)",
    "delpaths(A)",
    "has(A)",
    "contains(A)",
    "inside(A)",
    "indices(A)",
    "index(A)",
    "join(A)",
    "split(A)",
    "split(A; null)",
    "test(A)",
    "[match(A; \"g\")]",
    "sub(A; B)",
    "gsub(A; B)",
    "[scan(A)]",
    "ltrimstr(A)",
    "startswith(A)",
    "IN(A)",
    "INDEX(A)",
    "bsearch(A)",
    "flatten(A)",
    "fromstream(A)",
    "[truncate_stream(A)]",
    "strftime(A)",
    "strptime(A)",
    "pow(A; B)",
    "ldexp(A; B)",
    "nth(A; B)",
    "combinations(A)",
    "splits(A)",
    "ascii_downcase",
    "tojson",
    "\"x\\(A)y\\(B)\"",
    "@json \"\\(A)\"",
    "error(A)",
    "limit(A; B)",
    "(A | tojson | fromjson)",
    "(getpath([\"a\", 0]) |= A)",
];

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(TOKENS)
}
