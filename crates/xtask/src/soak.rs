//! The long forms of what `cargo xtask test` shows in short: `cargo xtask soak [simulation|property|kill]...`.

use std::time::Instant;

use anyhow::{bail, ensure};

use crate::arguments::Arguments;
use crate::process::clear_logs;
use crate::{kill, workspace};

/// Seeds of the simulator.
const SEEDS: &str = "0..1000000";
/// Seeds of the property test of the engine.
const PROPERTY_SEEDS: &str = "20000";
/// Kills over each kind of disk.
const KILLS: usize = 500;

type Part = (&'static str, fn() -> anyhow::Result<()>);

const PARTS: [Part; 3] =
    [("simulation", simulate), ("property", test_properties), ("kill", || kill::both(KILLS))];

/// The command: all parts, or those that are named. All of them run whatever fails.
///
/// # Errors
/// A part failed, or there is none of a name.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &[], &[])?;
    for word in &args.words {
        if !PARTS.iter().any(|(name, _)| name == word) {
            bail!("there is no part {word:?}, only {}", PARTS.map(|(name, _)| name).join(", "));
        }
    }
    clear_logs()?;
    let mut lines = Vec::new();
    let mut failed = 0;
    for (name, part) in PARTS {
        if !args.words.is_empty() && !args.words.iter().any(|word| word == name) {
            continue;
        }
        println!("=== {name}");
        let began = Instant::now();
        let result = part();
        let seconds = began.elapsed().as_secs_f64();
        match result {
            Ok(()) => lines.push(format!("{name:12} ok     {seconds:8.0} s")),
            Err(error) => {
                failed += 1;
                println!("error: {error:#}");
                lines.push(format!("{name:12} FAILED {seconds:8.0} s"));
            }
        }
    }
    println!("\n{}", lines.join("\n"));
    ensure!(failed == 0, "{failed} parts failed");
    Ok(())
}

fn simulate() -> anyhow::Result<()> {
    let run = ["run", "--profile", "simulation", "--package", "motet-sim", "--", "--seeds", SEEDS];
    cargo(&run, &[])
}

fn test_properties() -> anyhow::Result<()> {
    let test = ["test", "--release", "--package", "motet-engine", "recovery", "--", "--nocapture"];
    cargo(&test, &[("MOTET_SEEDS", PROPERTY_SEEDS)])
}

fn cargo(args: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut cargo = workspace::cargo(&workspace::root());
    let status = cargo.args(args).envs(environment.iter().copied()).status()?;
    ensure!(status.success(), "{} failed", workspace::describe(&cargo));
    Ok(())
}
