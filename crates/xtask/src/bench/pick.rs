//! `pick`: what it costs to choose an endpoint for a call and to learn from its outcome, in instructions.
//!
//! They are counted by callgrind, so that the figure is the same on a busy machine.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::report::{Figure, Line, Rules, Run};
use super::rig::Rig;
use crate::process::Executables;
use crate::{Missing, workspace};

const PROGRAM: &str = "pick";
/// Calls that the program makes in each of its functions.
const CALLS: f64 = 20_000.0;
/// What a line is called, and the function of the program.
const SIZES: [(&str, &str); 3] = [
    ("10 endpoints", "over_10_endpoints"),
    ("100 endpoints", "over_100_endpoints"),
    ("1,000 endpoints", "over_1000_endpoints"),
];
/// Instructions a call may take with ten endpoints.
const INSTRUCTIONS_MAX: f64 = 3_000.0;

pub(super) fn measure(_: &Rig) -> anyhow::Result<Vec<Line>> {
    let programs = build()?;
    let program = programs.path(PROGRAM)?;
    // The same every time: one run is enough, whatever others do.
    let rules = Rules { runs: 1, accept_noise: true };
    let line = |(name, function): (&str, &str)| {
        Line::measure(name, rules, || {
            let figure =
                Figure::new("instructions per call", collected(program, function)? as f64 / CALLS);
            let has_bar = function == SIZES[0].1;
            let figure = if has_bar { figure.at_most(INSTRUCTIONS_MAX) } else { figure };
            Ok(Run { figures: vec![figure], others: 0.0, is_void: false })
        })
    };
    SIZES.into_iter().map(line).collect()
}

fn build() -> anyhow::Result<Executables> {
    let mut cargo = workspace::cargo(&workspace::root());
    cargo.args(["build", "--release", "--package", "motet-policy", "--example", PROGRAM]);
    cargo.arg("--message-format=json-render-diagnostics");
    Executables::from_messages(&workspace::output(&mut cargo)?)
}

/// Instructions from the beginning to the end of one function.
fn collected(program: &Path, function: &str) -> anyhow::Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--toggle-collect=*{function}*")).arg(program);
    let output = valgrind.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Missing("valgrind, which counts the instructions, is not installed".to_owned()).into()
        }
        _ => anyhow::Error::new(error).context("cannot start valgrind"),
    })?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {told}");
    let counted = read(&told).filter(|counted| *counted > 0);
    counted.with_context(|| format!("valgrind did not say what it counted: {told}"))
}

/// `==PID== Collected : NUMBER`
fn read(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("Collected"))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_count_is_read_from_what_valgrind_says() {
        let told = "==7== Events    : Ir\n==7== Collected : 123456789\n==7== \n";
        assert_eq!(read(told), Some(123_456_789));
        assert_eq!(read("==7== Killed\n"), None);
    }
}
