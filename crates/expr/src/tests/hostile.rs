//! What must end in an error, quickly, and never take the thread or the process with it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::EvalErrorKind::{self, Depth, Failed, Fuel, Interrupted, Size, Stack};
use crate::{ExpressionLimits, SOURCE_BYTES_MAX, json};

const HOSTILE: &[(&str, EvalErrorKind)] = &[
    // loops
    ("def f: f; f", Fuel),
    ("def f: ., f; last(f)", Fuel),
    ("[range(1e12)]", Size),
    ("last(range(1e12))", Fuel),
    ("last(repeat(1))", Fuel),
    ("[limit(1e9; repeat(0))]", Fuel),
    ("until(false; .)", Fuel),
    ("[while(true; .)]", Size),
    ("reduce repeat(1) as $x (0; . + $x)", Fuel),
    ("[recurse(.)]", Size),
    ("first(range(1e12) | select(. < 0))", Fuel),
    ("isempty(range(1e12) | empty)", Fuel),
    ("any(range(1e12); false)", Fuel),
    ("label $out | foreach repeat(1) as $x (0; . + $x; empty)", Fuel),
    // recursion
    ("def f: 1 + f; f", Depth),
    ("def f: [f]; f", Depth),
    ("def f: f | f; f", Depth),
    ("def f(g): f(1 | g); f(.)", Depth),
    ("def f(g): f(g); f(.)", Depth),
    ("def f($n; g): f($n + 1; $n); f(0; .)", Depth),
    ("def f: try error(\"x\") catch f; f", Depth),
    ("def f: {a: f}; f", Depth),
    ("def f: reduce 1 as $x (f; .); f", Depth),
    ("def f: def g: 1 + f; g; f", Depth),
    ("path(.none | def f: .a | f; f)", Depth),
    ("[path(.none | recurse(.a))]", Depth),
    ("path(reduce range(100000) as $i (.none; .[0]))", Depth),
    ("def f: .a |= f; null | f", Depth),
    (".none | getpath([range(100000) | 0]) |= 1", Stack),
    // nesting
    ("reduce range(100000) as $i (null; [.])", Depth),
    ("reduce range(100000) as $i (null; {a: .})", Depth),
    ("reduce range(100000) as $i (null; [[.], 1] | first)", Depth),
    ("\"[\" * 100000 | fromjson", Failed),
    ("null | setpath([range(1000) | 0]; 1)", Depth),
    ("null | setpath([range(1000) | \"a\"]; 1)", Depth),
    ("reduce range(1000) as $i (null; .[0] = [.])", Depth),
    ("reduce range(1000) as $i ({}; {a: 1} * {a: .})", Depth),
    // growth
    ("\"x\" * 1e9", Size),
    ("\"x\" * 1000000000000", Size),
    ("\"x\" * 100000000000000000000", Size),
    ("reduce range(60) as $i (\"x\"; . + .)", Size),
    ("reduce range(60) as $i ([1]; . + .)", Size),
    ("reduce range(60) as $i ([1]; [., .])", Size),
    ("reduce range(60) as $i ({}; {a: ., b: .})", Size),
    ("reduce range(60) as $i (\"x\"; @text \"\\(.)\\(.)\")", Size),
    ("reduce range(60) as $i (\"<\"; . + . | @html)", Size),
    ("reduce range(60) as $i (\"%\"; . + . | @uri)", Size),
    ("reduce range(60) as $i (\"x\"; @base64)", Size),
    ("reduce range(60) as $i (\"\\\"\"; tojson)", Size),
    ("reduce range(60) as $i (\"ab\"; . as $s | [., .] | join($s))", Size),
    ("reduce range(60) as $i (\"ab\"; [explode[], explode[]] | implode)", Size),
    ("reduce range(60) as $i (\"ab\"; . as $s | gsub(\"a\"; $s + $s))", Fuel),
    ("reduce range(64) as $i (10; . * .)", Size),
    ("null | .[1000000000] = 1", Size),
    ("null | .[1e9] = 1", Size),
    ("[1] | .[] |= repeat(1)", Fuel),
    ("[1, 2] | [limit(1e9; combinations(30))] | length", Size),
    ("[range(300) | [range(300)]] | last(combinations)", Fuel),
    ("[range(1000)] | .[0:0] = [limit(1e7; repeat(1))]", Fuel),
    ("[range(100) | \"x\" * 1000000]", Size),
    // expensive natives
    ("\"a\" * 100000 | gsub(\"a*b|a\"; \"\")", Fuel),
    ("\"a\" * 1000 | test(\"(((a{100}){100}){100}){100}\")", Fuel),
    ("\"a\" | test(\"(((a{50}){50}){50})\")", Failed),
    ("[range(20000)] | last(range(1e6) as $x | sort)", Fuel),
    ("[range(100000)] | . as $a | last(range(1e6) | $a == ($a | map(.)))", Fuel),
    ("([range(1e5) | 1] | .[[range(5e4) | 1]]) | length", Fuel),
    ("\"a\" * 1000000 | indices(\"a\" * 10000)", Fuel),
    ("reduce range(24) as $i ([1]; [., .]) | . == (tojson | fromjson)", Size),
    ("\"a\" * 10000000 | . as $s | last(range(1e6) | $s | startswith($s))", Fuel),
    ("\" \" * 10000000 | . as $s | last(range(1e6) | $s | trim)", Fuel),
    ("\"a\" * 10000000 | . as $s | last(range(1e6) | try ($s | .a) catch .)", Fuel),
    // what would reach outside, or what nobody may catch
    ("try (def f: f; f) catch 1", Fuel),
    ("[.[]?, (try [range(1e12)] catch 1)]", Size),
    ("(def f: 1 + f; f)?", Depth),
    ("[[range(1e12)]?] // 1", Size),
    ("error(reduce range(100) as $i (null; [.]))", Failed),
    ("error", Failed),
    ("9223372036854775807 | gmtime", Failed),
    ("[2026, 127, 1, 0, 0, 0] | mktime", Failed),
    ("[-9223372036854775808] | implode", Failed),
    ("\"Europe/Paris\" | strptime(\"%Q\")", Failed),
];

/// Runs on a thread with the smallest stack that Rust programs usually have.
fn on_small_stack<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(test).unwrap().join().unwrap()
}

fn outcome(source: &str, fuel: u64) -> Result<EvalErrorKind, String> {
    let program = Program::compile(source, &[]).unwrap_or_else(|error| panic!("{source}: {error}"));
    let outcome = on_small_stack(move || {
        let (mut fuel, input) = (fuel, value(r#"{"a":[1,2,3],"s":"text"}"#));
        program.evaluate(input, vec![], &mut environment(&mut fuel))
    });
    match outcome {
        Ok(result) => Err(json::to_text(&result)),
        Err(error) => Ok(error.kind),
    }
}

#[test]
fn hostile_expressions_end() {
    let wrong: Vec<String> = HOSTILE
        .iter()
        .filter_map(|(source, expected)| {
            // Where fuel decides, a tenth of it shows the same in a tenth of the time.
            let fuel = if *expected == Fuel { FUEL / 10 } else { FUEL };
            let outcome = outcome(source, fuel);
            (outcome != Ok(*expected))
                .then(|| format!("{source}: {outcome:?}, expected {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_reaches_outside_does_not_exist() {
    for source in [
        "halt",
        "halt_error",
        "halt_error(1)",
        "halt(0)",
        "env",
        "env.HOME",
        "$ENV",
        "$ENV.HOME",
        "input",
        "inputs",
        "input_filename",
        "input_line_number",
        "$__prog_args",
        "$__loc__",
        "get_search_list",
        "import \"a\" as a; .",
        "include \"a\"; .",
        "modulemeta",
        "debug_empty",
        "stderr_empty",
        "@main",
        "@deeper(.)",
        "@strftime(\"%s\")",
        "def @csv: 1; @csv",
        "jn(2000000000; 1.5)",
        "yn(1; 2)",
        "tobytes",
        "splits_",
        "localtime_r",
    ] {
        assert!(Program::compile(source, &[]).is_err(), "{source}");
    }
}

#[test]
fn sources_that_would_overflow_the_compiler_are_refused() {
    let sources = [
        "(".repeat(8000),
        "[".repeat(8000) + &"]".repeat(8000),
        format!("{}1{}", "(".repeat(60), ")".repeat(60)),
        "{a:".repeat(4000) + "1" + &"}".repeat(4000),
        "\"\\(".repeat(2000),
        "-".repeat(SOURCE_BYTES_MAX - 1) + "1",
        "try ".repeat(4000) + "1",
        "if ".repeat(4000),
        "reduce ".repeat(2000),
        "def f: ".repeat(2000),
        "1 as $x | ".repeat(1500) + "1",
        "label $x | ".repeat(1400) + "1",
        "1 | ".repeat(4000) + "1",
        "1 + ".repeat(4000) + "1",
        "1 // ".repeat(3000) + "1",
        "1 , ".repeat(4000) + "1",
        format!("[{}1]", "1,".repeat(7000)),
        ".a".repeat(8000),
        ".[0]".repeat(4000),
        ".".to_owned() + &"[.".repeat(4000),
        "def f: 1; ".repeat(1500) + "f",
        ". as [".to_owned() + &"[".repeat(8000),
        format!(". as {}$x{} | 1", "[".repeat(60), "]".repeat(60)),
        "?".repeat(16_000),
        format!(".{}", "?".repeat(16_000)),
        "x".repeat(SOURCE_BYTES_MAX + 1),
        "1".repeat(10_000),
        "\"a\\(1)".to_owned() + &"\\(1)".repeat(3000) + "\"",
        format!("{{{}}}", (0..1500).map(|n| format!("a{n}:1,")).collect::<String>()),
    ];
    on_small_stack(move || {
        for source in sources {
            // Those that compile must also run.
            if let Ok(program) = Program::compile(&source, &[]) {
                let mut fuel = FUEL;
                let result = program.evaluate(Value::Null, vec![], &mut environment(&mut fuel));
                drop(result);
            }
        }
    });
}

#[test]
fn fuel_is_taken_and_counted_the_same_everywhere() {
    let program = Program::compile("[range(100)] | map(. * 2) | add", &[]).unwrap();
    let run = move || {
        let mut fuel = 10_000;
        let result = program.evaluate(Value::Null, vec![], &mut environment(&mut fuel));
        (json::to_text(&result.unwrap()), fuel)
    };
    let here = run();
    assert_eq!(here.0, "9900");
    assert!(here.1 < 9_500, "{} left", here.1);
    assert_eq!(here, std::thread::spawn(run).join().unwrap());
}

#[test]
fn fuel_runs_out_at_the_same_place() {
    let program =
        Program::compile("[limit(50; repeat(\"x\"))] | join(\",\") | length", &[]).unwrap();
    let least = (0..10_000)
        .find(|fuel| {
            let mut fuel = *fuel;
            let env = &mut environment(&mut fuel);
            program.evaluate(Value::Null, vec![], env).is_ok()
        })
        .expect("ten thousand units are enough");
    let mut fuel = least;
    program.evaluate(Value::Null, vec![], &mut environment(&mut fuel)).unwrap();
    assert_eq!(fuel, 0);
    let mut fuel = least - 1;
    let error = program.evaluate(Value::Null, vec![], &mut environment(&mut fuel)).unwrap_err();
    assert_eq!((error.kind, fuel), (Fuel, 0));
}

#[test]
fn the_interrupt_ends_an_evaluation() {
    let interrupt = AtomicBool::new(true);
    let program = Program::compile("def f: f; f", &[]).unwrap();
    let mut fuel = u64::MAX;
    let mut env = environment(&mut fuel);
    env.interrupt = Some(&interrupt);
    let error = program.evaluate(Value::Null, vec![], &mut env).unwrap_err();
    assert_eq!(error.kind, Interrupted);
    interrupt.store(false, Ordering::Relaxed);
    let program = Program::compile("[1, 2] | add", &[]).unwrap();
    let mut env = environment(&mut fuel);
    env.interrupt = Some(&interrupt);
    assert_eq!(program.evaluate(Value::Null, vec![], &mut env).unwrap(), Value::from(3_usize));
}

#[test]
fn a_thread_of_the_wanted_size_needs_no_second_stack() {
    let run = || {
        let before = stacker::remaining_stack().unwrap();
        let limits = ExpressionLimits::default();
        assert!(before > limits.stack_bytes_max + 4 * 1024 * 1024, "{before}");
        assert_eq!(outcome("def f: 1 + f; f", FUEL), Ok(Depth));
    };
    std::thread::Builder::new()
        .stack_size(ExpressionLimits::STACK_BYTES_WANTED)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn limits_are_those_of_the_environment() {
    let program = Program::compile("[range(5)] | [[.]]", &[]).unwrap();
    let with = |limits| {
        let mut fuel = FUEL;
        let mut env = environment(&mut fuel);
        env.limits = limits;
        program.evaluate(Value::Null, vec![], &mut env).map_err(|error| error.kind)
    };
    let roomy = ExpressionLimits::default();
    assert!(with(roomy).is_ok());
    assert_eq!(with(ExpressionLimits { depth_max: 2, ..roomy }), Err(Depth));
    assert!(with(ExpressionLimits { depth_max: 3, ..roomy }).is_ok());
    assert_eq!(with(ExpressionLimits { value_bytes_max: 100, ..roomy }), Err(Size));
    let stack = ExpressionLimits { stack_bytes_max: 512, ..roomy };
    assert_eq!(with(stack), Err(Stack));
}

#[test]
fn a_violation_leaves_no_trace_for_the_next_evaluation() {
    for _ in 0..3 {
        assert_eq!(outcome("def f: 1 + f; f", FUEL), Ok(Depth));
        assert_eq!(transcript("[1, 2] | add", "null"), "3");
    }
}

#[test]
fn messages_are_short_whatever_is_thrown() {
    for source in ["error(\"é\" * 100000)", "[range(100000)] | error", "[range(100000)] | .a"] {
        let error = evaluate(source, &Value::Null).unwrap_err();
        assert_eq!(error.kind, Failed);
        assert!(error.message.len() <= EvalError::MESSAGE_BYTES_MAX, "{source}");
    }
}

#[test]
fn programs_and_templates_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    shared::<Program>();
    shared::<crate::Template>();
}

#[test]
fn values_deeper_than_the_limit_from_outside_are_refused_once_they_matter() {
    let deep = (0..200).fold(Value::Null, |inside, _| json::array([inside]));
    assert_eq!(evaluate(".[0][0][0] | type", &deep).unwrap(), json::string("array"));
    assert_eq!(evaluate("[.]", &deep).unwrap_err().kind, Depth);
}
