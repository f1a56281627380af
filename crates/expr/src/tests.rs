mod hostile;
mod json;
mod operators;
mod properties;
mod semantics;
mod syntax;
mod template;

use crate::{Environment, EvalError, Program, Value};

/// Fuel of one expression by default, as a server gives it.
const FUEL: u64 = 2_000_000;

fn value(text: &str) -> Value {
    crate::json::parse(text.as_bytes(), crate::json::Limits::default()).expect("test data is JSON")
}

fn environment(fuel: &mut u64) -> Environment<'_> {
    Environment::new(fuel, "2026-01-31T08:30:00.5Z".parse().unwrap())
}

fn evaluate(source: &str, input: &Value) -> Result<Value, EvalError> {
    let program = Program::compile(source, &["context", "input", "secrets"])
        .unwrap_or_else(|error| panic!("{source}: {error} at {:?}", error.range));
    let mut fuel = FUEL;
    program.evaluate_with(
        input,
        &mut |name| crate::json::object([("name", crate::json::string(name))]),
        &mut environment(&mut fuel),
    )
}

/// The result as JSON, or the kind of the error and its message.
fn transcript(source: &str, input: &str) -> String {
    let program = match Program::compile(source, &["context", "input", "secrets"]) {
        Ok(program) => program,
        Err(error) => return format!("compile {:?}: {error}", error.range),
    };
    drop(program);
    match evaluate(source, &value(input)) {
        Ok(result) => crate::json::to_text(&result),
        Err(error) => format!("{}: {error}", error.kind),
    }
}
