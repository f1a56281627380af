//! Expressions: any source compiles or is refused, evaluates within its limits, twice to the same, and gives JSON.
//!
//! The data is a source, a line `---`, and the input as JSON; without that line the input is null.

use motet_expr::{
    Environment, ExpressionLimits, Mode, Part, Program, Template, Value, is_expression, json,
    parse_interpolated,
};
use motet_types::Timestamp;

const FUEL: u64 = 50_000;
const VARIABLES: [&str; 3] = ["context", "input", "secrets"];

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (source, input) = text.split_once("\n---\n").unwrap_or((text, "null"));
    let Ok(input) = json::parse(input.as_bytes(), json::Limits::default()) else {
        return;
    };
    interpolation(source);
    program(source, &input);
    for mode in [Mode::Strict, Mode::Loose] {
        template(source, mode, &input);
    }
}

fn program(source: &str, input: &Value) {
    match Program::compile(source, &VARIABLES) {
        Ok(program) => twice(|fuel| {
            program.evaluate_with(input, &mut |_| input.clone(), &mut environment(fuel))
        }),
        Err(error) => assert!(source.get(error.range.clone()).is_some(), "{error:?}"),
    }
}

fn template(source: &str, mode: Mode, input: &Value) {
    let text = json::string(source);
    if let Ok(template) = Template::compile(&text, &VARIABLES, mode) {
        twice(|fuel| template.evaluate(input, &mut |_| input.clone(), &mut environment(fuel)));
    }
}

/// The parts of a text cover it, and a whole expression is one part.
fn interpolation(text: &str) {
    let Ok(parts) = parse_interpolated(text) else {
        return;
    };
    let joined: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Expression { source, .. } => format!("${{{source}}}"),
        })
        .collect();
    assert_eq!(joined, text);
    let is_whole = parse_interpolated(text.trim())
        .is_ok_and(|parts| matches!(parts.as_slice(), [Part::Expression { .. }]));
    assert_eq!(is_expression(text), is_whole, "{text:?}");
}

/// Evaluates twice: the same comes out, the same fuel is used, and a value is JSON that can be read again.
fn twice<E: std::fmt::Debug + PartialEq>(evaluate: impl Fn(&mut u64) -> Result<Value, E>) {
    let run = || {
        let mut fuel = FUEL;
        let outcome = evaluate(&mut fuel).map(|value| json::to_text(&value));
        (outcome, fuel)
    };
    let first = run();
    assert_eq!(first, run());
    if let Ok(text) = first.0 {
        let limits = json::Limits { bytes_max: usize::MAX, ..json::Limits::default() };
        let again = json::parse(text.as_bytes(), limits).expect("what leaves is JSON");
        assert_eq!(json::to_text(&again), text);
    }
}

fn environment(fuel: &mut u64) -> Environment<'_> {
    let limits =
        ExpressionLimits { value_bytes_max: 1 << 20, depth_max: 64, ..ExpressionLimits::default() };
    Environment { limits, ..Environment::new(fuel, Timestamp::from_micros(1_769_848_200_000_000)) }
}
