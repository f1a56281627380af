//! Limits as vectors, and that nothing but source, input, variables, fuel and time decides a result.

use std::thread;

use motet_expr::{
    Environment, EvalErrorKind, ExpressionLimits, Mode, Program, Template, Value, json,
};
use motet_types::Timestamp;

fn value(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).expect("the tables are JSON")
}

/// The result as text, or the kind of the error; and the fuel that is left.
fn run(program: &Program, input: &Value, limits: ExpressionLimits, fuel: u64) -> (String, u64) {
    let mut left = fuel;
    let mut environment = Environment::new(&mut left, Timestamp::from_micros(1_500_000));
    environment.limits = limits;
    let result = program.evaluate_with(input, &mut |name| json::string(name), &mut environment);
    let text = match result {
        Ok(result) => json::to_text(&result),
        Err(error) => error.kind.to_string(),
    };
    (text, left)
}

fn limited(source: &str, limits: ExpressionLimits) -> String {
    run(&Program::compile(source, &[]).expect("it compiles"), &Value::Null, limits, 1_000_000).0
}

#[test]
fn depth_ends_exactly_at_its_limit() {
    let limits = ExpressionLimits { depth_max: 5, ..ExpressionLimits::default() };
    let table = [
        ("[[[[[]]]]]", "[[[[[]]]]]"),
        ("[[[[[[]]]]]]", "depth"),
        ("{a: {a: {a: {a: {}}}}}", r#"{"a":{"a":{"a":{"a":{}}}}}"#),
        ("{a: {a: {a: {a: {a: {}}}}}}", "depth"),
        ("reduce range(5) as $i (0; [.])", "[[[[[0]]]]]"),
        ("reduce range(6) as $i (0; [.])", "depth"),
        ("null | .a.a.a.a.a = 1", r#"{"a":{"a":{"a":{"a":{"a":1}}}}}"#),
        ("null | .a.a.a.a.a.a = 1", "depth"),
        ("null | .[0][0][0][0][0] = 1", "[[[[[1]]]]]"),
        ("null | setpath([0, 0, 0, 0, 0, 0]; 1)", "depth"),
        ("\"[[[[[1]]]]]\" | fromjson", "[[[[[1]]]]]"),
        ("\"[[[[[[1]]]]]]\" | fromjson", "failed"),
        ("[[[[[]]]]] | [.] | .[0]", "depth"),
        ("try [[[[[[]]]]]] catch 1", "depth"),
    ];
    for (source, expected) in table {
        assert_eq!(limited(source, limits), expected, "{source}");
    }
}

#[test]
fn size_ends_exactly_at_its_limit() {
    // A text of n bytes counts 16 + n, an array of texts 16 more.
    let limits = ExpressionLimits { value_bytes_max: 1_000, ..ExpressionLimits::default() };
    let table = [
        ("\"x\" * 984 | length", "984"),
        ("\"x\" * 1001 | length", "size"),
        ("[limit(61; repeat(1))] | length", "61"),
        ("[limit(80; repeat(1))] | length", "size"),
        ("[range(20) | \"abcdefghijklmnopqrstuvwxyz\"] | length", "20"),
        ("[range(40) | \"abcdefghijklmnopqrstuvwxyz\"] | length", "size"),
        ("reduce range(40) as $i (\"\"; . + \"abcdefghijklmnopqrstuvwxyz\")", "size"),
        ("\"\\(\"x\" * 600)\\(\"y\" * 600)\"", "size"),
        ("{a: (\"x\" * 600), b: (\"y\" * 600)}", "size"),
        ("(\"x\" * 600 | [., .])", "size"),
        ("try (\"x\" * 2000) catch 1", "size"),
    ];
    for (source, expected) in table {
        assert_eq!(limited(source, limits), expected, "{source}");
    }
}

#[test]
fn recursion_ends_at_its_limit() {
    let limits = ExpressionLimits { recursion_max: 20, ..ExpressionLimits::default() };
    let depth =
        |levels: u32| format!("def f: if . == 0 then 0 else (. - 1 | f) + 1 end; {levels} | f");
    assert_eq!(limited(&depth(10), limits), "10");
    assert_eq!(limited(&depth(30), limits), "depth");
    let last = "def f: if . == 0 then \"done\" else . - 1 | f end; 5000 | f";
    assert_eq!(limited(last, limits), r#""done""#, "the last call of a function costs no depth");
}

#[test]
fn fuel_is_spent_and_never_borrowed() {
    let program = Program::compile("[range(100)] | map(. + 1) | add", &[]).unwrap();
    let (whole, left) = run(&program, &Value::Null, ExpressionLimits::default(), 100_000);
    let price = 100_000 - left;
    assert_eq!(whole, "5050");
    for fuel in [0, 1, price / 2, price - 1] {
        let (text, left) = run(&program, &Value::Null, ExpressionLimits::default(), fuel);
        assert_eq!((text.as_str(), left), ("fuel", 0), "{fuel} of {price}");
    }
    let exact = run(&program, &Value::Null, ExpressionLimits::default(), price);
    assert_eq!(exact, ("5050".to_owned(), 0));
}

/// Sources that work in different corners of the language.
const SOURCES: &[&str] = &[
    ".a.b",
    ".items | map(.n * 2) | add",
    ".items | group_by(.k) | map({k: .[0].k, n: length})",
    "[.items[] | select(.n > 1) | .k] | unique | join(\",\")",
    "reduce .items[] as $i ({}; .[$i.k] += $i.n)",
    "[paths] | length",
    "with_entries(.key |= ascii_upcase) | keys",
    "[.text | match(\"[a-z]+\"; \"g\") | .string]",
    ".text | gsub(\"(?<d>[0-9])\"; \"<\\(.d)>\")",
    "now | todate",
    "$context + \"!\"",
    "[limit(20; repeat(1))] | add",
    "def f: if . > 100 then . else . * 2 | f end; 1 | f",
    ".a.b.c.d",
    ".items | sort_by(.n, .k) | .[0]",
    "[.items[].n] | [min, max, add / length]",
    "tojson | fromjson == .",
    "error(\"always\")",
    "[range(1e9)]",
    "def f: f; f",
];

const INPUT: &str = r#"{"a":{"b":1.50},"text":"ab 12 cd","items":[
    {"k":"x","n":1},{"k":"y","n":2},{"k":"x","n":3},{"k":"z","n":9007199254740993}]}"#;

fn outcomes(programs: &[Program], input: &Value) -> Vec<(String, u64)> {
    let limits = ExpressionLimits { value_bytes_max: 1 << 16, ..ExpressionLimits::default() };
    programs.iter().map(|program| run(program, input, limits, 20_000)).collect()
}

fn programs() -> Vec<Program> {
    SOURCES
        .iter()
        .map(|source| Program::compile(source, &["context"]).expect("it compiles"))
        .collect()
}

#[test]
fn programs_are_shared_by_threads_without_a_difference() {
    let (programs, input) = (programs(), value(INPUT));
    let here = outcomes(&programs, &input);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|nth| {
                let (programs, input) = (&programs, &input);
                let work = move || (0..20).map(|_| outcomes(programs, input)).collect::<Vec<_>>();
                let size = (nth + 1) * 2 * 1024 * 1024;
                thread::Builder::new().stack_size(size).spawn_scoped(scope, work).unwrap()
            })
            .collect();
        for own in threads {
            assert!(own.join().unwrap().iter().all(|outcomes| *outcomes == here));
        }
    });
}

#[test]
fn compiling_again_changes_nothing() {
    let input = value(INPUT);
    let first = outcomes(&programs(), &input);
    for _ in 0..5 {
        assert_eq!(outcomes(&programs(), &input), first);
    }
}

#[test]
fn the_order_of_evaluations_changes_nothing() {
    let (programs, input) = (programs(), value(INPUT));
    let first = outcomes(&programs, &input);
    for seed in 0..50_u64 {
        let mut order: Vec<usize> = (0..programs.len()).collect();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for at in (1..order.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            order.swap(at, (state % (at as u64 + 1)) as usize);
        }
        for idx in order {
            let again = outcomes(std::slice::from_ref(&programs[idx]), &input);
            assert_eq!(again[0], first[idx], "{} with seed {seed}", SOURCES[idx]);
        }
    }
}

#[test]
fn the_form_of_the_input_changes_nothing() {
    let programs = programs();
    let built = value(INPUT);
    let printed = value(&json::to_text(&built));
    let pretty = value(&json::to_pretty(&built));
    let first = outcomes(&programs, &built);
    assert_eq!(outcomes(&programs, &printed), first);
    assert_eq!(outcomes(&programs, &pretty), first);
}

#[test]
fn templates_share_one_budget_in_a_fixed_order() {
    let text =
        r#"{"a":"${ [range(50)] | add }","b":["${ [range(60)] | add }"],"c":"x ${ 1 + 1 } y"}"#;
    let template = Template::compile(&value(text), &[], Mode::Strict).unwrap();
    let render = |fuel: u64| {
        let mut left = fuel;
        let mut environment = Environment::new(&mut left, Timestamp::default());
        let rendered = template.evaluate(&Value::Null, &mut |_| Value::Null, &mut environment);
        (rendered.map(|value| json::to_text(&value)).map_err(|error| error.kind), left)
    };
    let (whole, left) = render(10_000);
    assert_eq!(whole.as_deref(), Ok(r#"{"a":1225,"b":[1770],"c":"x 2 y"}"#));
    let price = 10_000 - left;
    assert_eq!(render(price), (whole, 0));
    assert_eq!(render(price - 1), (Err(EvalErrorKind::Fuel), 0));
}
