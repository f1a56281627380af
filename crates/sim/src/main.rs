//! Runs seeds of the simulator: `--seeds A..B [--threads N] [--sabotage NAME]` or `--seed N [--trace] [--sabotage NAME]`;
//! `--definition N` shows what runs under the name of `flow-N`.
#![allow(clippy::print_stdout, reason = "printing is what a command line does")]

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use motet_sim::{Sabotage, Summary, run_all, source, trace};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seeds that run when none are named.
const SEEDS: u64 = 1_000;

struct Arguments {
    seeds: Range<u64>,
    threads: usize,
    sabotage: Option<Sabotage>,
    trace: bool,
    definition: Option<usize>,
}

fn main() -> ExitCode {
    match arguments(std::env::args().skip(1)) {
        Ok(arguments) => execute(&arguments),
        Err(what) => {
            println!("{what}");
            println!(
                "usage: motet-sim [--seeds A..B | --seed N] [--trace] [--threads N] [--sabotage NAME]"
            );
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: &Arguments) -> ExitCode {
    if let Some(number) = arguments.definition {
        println!("{}", source(number).unwrap_or("there is no such definition"));
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    let result = match arguments.trace {
        true => trace(arguments.seeds.start, arguments.sabotage),
        false => run_all(arguments.seeds.clone(), arguments.threads, arguments.sabotage),
    };
    match result {
        Ok(summary) => {
            tell(&summary, began);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn tell(summary: &Summary, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    print!("{summary}");
    println!(
        "{} seeds in {seconds:.1} s: {:.0} seeds/s",
        summary.seeds,
        summary.seeds as f64 / seconds
    );
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed =
        Arguments { seeds: 0..SEEDS, threads: 2, sabotage: None, trace: false, definition: None };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
        match word.as_str() {
            "--seeds" => {
                let text = value()?;
                let (from, to) = text.split_once("..").ok_or("seeds are written A..B")?;
                parsed.seeds = number(from)?..number(to)?;
            }
            "--seed" => {
                let seed = number(&value()?)?;
                parsed.seeds = seed..seed + 1;
            }
            "--threads" => parsed.threads = number(&value()?)? as usize,
            "--definition" => parsed.definition = Some(number(&value()?)? as usize),
            "--trace" => parsed.trace = true,
            "--sabotage" => parsed.sabotage = Some(sabotage(&value()?)?),
            other => return Err(format!("{other} is not an option")),
        }
    }
    Ok(parsed)
}

fn sabotage(name: &str) -> Result<Sabotage, String> {
    if !cfg!(feature = "sabotage") {
        return Err("--sabotage needs a build with --features sabotage".to_owned());
    }
    Sabotage::named(name).ok_or_else(|| {
        let names: Vec<&str> = Sabotage::ALL.into_iter().map(Sabotage::name).collect();
        format!("{name} is none of {}", names.join(", "))
    })
}
