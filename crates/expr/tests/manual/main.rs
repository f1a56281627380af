//! What the functions of jq 1.7 give, section by section of its manual.
//!
//! A row is a source, an input, and all outputs as one array. The outputs were taken from jq itself, where it has the function.

mod arrays;
mod basics;
mod control;
mod deviations;
mod numbers;
mod objects;
mod streams;
mod texts;

use motet_expr::{Environment, Program, Value, json};
use motet_types::Timestamp;

type Row = (&'static str, &'static str, &'static str);

const FUEL: u64 = 1_000_000;

/// Evaluates every row, and shows all that differ.
#[track_caller]
fn check(rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(source, input, expected)| {
            let actual = outputs(source, input);
            (actual != *expected)
                .then(|| format!("{source} on {input} gives {actual}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// All outputs as one array, or why there are none.
fn outputs(source: &str, input: &str) -> String {
    let program = match Program::compile(&format!("[{source}]"), &[]) {
        Ok(program) => program,
        Err(error) => return format!("no program: {error}"),
    };
    let mut fuel = FUEL;
    let mut environment = Environment::new(&mut fuel, Timestamp::default());
    match program.evaluate(value(input), Vec::new(), &mut environment) {
        Ok(outputs) => json::to_text(&outputs),
        Err(error) => format!("{}: {error}", error.kind),
    }
}

fn value(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).expect("the inputs are JSON")
}
