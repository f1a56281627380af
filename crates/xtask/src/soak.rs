//! The long forms of what `cargo xtask test` shows in short: `cargo xtask soak [simulation|property|kill|saga]...`, about an
//! hour as it is; `--seeds N`, `--property-seeds N`, `--kills N` and `--orders N` make it longer or shorter.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{bail, ensure};

use crate::arguments::Arguments;
use crate::process::{Executables, clear_logs};
use crate::{kill, workspace};

/// Seeds of the simulator: about half an hour on two cores.
const SEEDS: u64 = 200_000;
/// Seeds of the simulator between two lines of progress.
const SEEDS_TOLD: u64 = 20_000;
/// Seeds of the property test of the engine.
const PROPERTY_SEEDS: u64 = 20_000;
/// Seeds of the property test between two lines of progress.
const PROPERTY_SEEDS_TOLD: u64 = 2_000;
/// Kills over each kind of disk.
const KILLS: usize = 500;
/// Orders that are done or undone.
const ORDERS: u64 = 10_000;

/// How long each part is.
struct Lengths {
    seeds: u64,
    property_seeds: u64,
    kills: usize,
    orders: u64,
}

type Part = (&'static str, fn(&Lengths) -> anyhow::Result<()>);

const PARTS: [Part; 4] = [
    ("simulation", |lengths| simulate(lengths.seeds)),
    ("property", |lengths| test_properties(lengths.property_seeds)),
    ("kill", |lengths| kill::both(lengths.kills, false)),
    ("saga", |lengths| kill::saga::soak(lengths.orders)),
];

/// The command: all parts, or those that are named. All of them run whatever fails.
///
/// # Errors
/// A part failed, or there is none of a name.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &[], &["seeds", "property-seeds", "kills", "orders"])?;
    let lengths = Lengths {
        seeds: args.option("seeds")?.unwrap_or(SEEDS),
        property_seeds: args.option("property-seeds")?.unwrap_or(PROPERTY_SEEDS),
        kills: args.option("kills")?.unwrap_or(KILLS),
        orders: args.option("orders")?.unwrap_or(ORDERS),
    };
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
        let result = part(&lengths);
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

/// In pieces, so that one sees how far it is.
fn simulate(seeds: u64) -> anyhow::Result<()> {
    for from in (0..seeds).step_by(SEEDS_TOLD as usize) {
        let range = format!("{from}..{}", seeds.min(from + SEEDS_TOLD));
        println!("  seeds {range} of {seeds}");
        let run = ["run", "--profile=simulation", "--package=motet-sim", "--", "--seeds", &range];
        cargo(&run)?;
    }
    Ok(())
}

/// Each seed is a random definition, restarted from its journal after every step. A process runs one, because a person who
/// repeats a seed does so, too.
fn test_properties(seeds: u64) -> anyhow::Result<()> {
    let mut cargo = workspace::cargo(&workspace::root());
    cargo.args(["test", "--no-run", "--release", "--package", "motet-engine", "--test", "engine"]);
    cargo.arg("--message-format=json-render-diagnostics");
    let built = Executables::from_messages(&workspace::output(&mut cargo)?)?;
    let program = built.path("engine")?;
    let next = AtomicU64::new(0);
    let workers = thread::available_parallelism()?.get();
    let failed = thread::scope(|scope| {
        let work = || test_seeds(program, &next, seeds);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join().expect("no worker panics"));
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let failed = failed.concat().len();
    println!("{seeds} seeds, {failed} failed");
    ensure!(failed == 0, "{failed} seeds failed");
    Ok(())
}

/// Runs the next seeds until there are none; gives those that fail.
fn test_seeds(program: &Path, next: &AtomicU64, seeds: u64) -> anyhow::Result<Vec<u64>> {
    let mut failed = Vec::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return Ok(failed);
        }
        if seed.is_multiple_of(PROPERTY_SEEDS_TOLD) {
            println!("  seed {seed} of {seeds}");
        }
        let mut test = Command::new(program);
        test.arg("recovery").env("MOTET_SEED", seed.to_string());
        if !test.output()?.status.success() {
            println!("seed {seed} fails: MOTET_SEED={seed} cargo test -p motet-engine recovery");
            failed.push(seed);
        }
    }
}

fn cargo(args: &[&str]) -> anyhow::Result<()> {
    let mut cargo = workspace::cargo(&workspace::root());
    let status = cargo.args(args).status()?;
    ensure!(status.success(), "{} failed", workspace::describe(&cargo));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_does_not_exist_is_refused() {
        let error = run(&["simulations".to_owned()]).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no part \"simulations\", only simulation, property, kill, saga"
        );
    }

    #[test]
    fn lengths_are_numbers() {
        let error = run(&["kill".to_owned(), "--kills".to_owned(), "many".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "--kills many: invalid digit found in string");
    }
}
