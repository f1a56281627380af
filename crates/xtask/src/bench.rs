//! How fast Motet is: `cargo xtask bench`. Results as a table and as JSON; how it is measured stands in
//! `docs/performance.md`.
//!
//! Everything runs as processes of their own, built for release: the server, the stubs that it calls, and the clients.

mod chain;
mod events;
mod hostile;
mod jobs;
mod pick;
mod recover;
mod registry;
mod start;
mod timers;

mod latency;
mod machine;
mod report;
mod rig;
mod waiting;

pub(crate) mod load;
mod poll;
pub(crate) mod stub;
mod wire;

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::arguments::Arguments;
use crate::process::{Build, Executables, clear_logs};
use crate::workspace;
use report::{Line, Report, Rules};
use rig::Rig;

/// Runs of which a figure is the median.
const RUNS: usize = 5;

type Measure = fn(&Rig) -> anyhow::Result<Vec<Line>>;

/// The bench that needs no server.
const PICK: &str = "pick";

/// Every bench, in the order in which they run.
const BENCHES: [(&str, Measure); 9] = [
    ("chain", chain::measure),
    ("start", start::measure),
    ("recover", recover::measure),
    ("hostile", hostile::measure),
    ("events", events::measure),
    ("jobs", jobs::measure),
    ("timers", timers::measure),
    ("registry", registry::measure),
    (PICK, pick::measure),
];

/// The command: `bench [NAME]... [--runs N] [--clients N] [--count N] [--no-build] [--accept-noise]`. A bar that is missed is printed and is no error.
///
/// # Errors
/// Something cannot be built or started, an answer is wrong, or something was acknowledged before it was durable.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let args = Arguments::read(args, &["no-build", "accept-noise"], &["runs", "count", "clients"])?;
    for word in &args.words {
        if !BENCHES.iter().any(|(name, _)| name == word) {
            let names = BENCHES.map(|(name, _)| name).join(", ");
            bail!("there is no bench {word:?}, only {names}");
        }
    }
    clear_logs()?;
    let is_alone = !args.words.is_empty() && args.words.iter().all(|word| word == PICK);
    let programs = match args.has("no-build") {
        _ if is_alone => Executables::default(),
        true => Executables::of_release(&["motet", "xtask"])?,
        false => Build {
            packages: &["motet", "xtask"],
            features: &[],
            release: true,
            beside_tests: false,
        }
        .run()?,
    };
    let folder = workspace::target(&workspace::root()).join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let rig = Rig {
        programs,
        folder,
        rules: Rules {
            runs: args.option("runs")?.unwrap_or(RUNS),
            accept_noise: args.has("accept-noise"),
        },
        count: args.option("count")?,
        clients: args.option("clients")?,
    };
    let machine = describe(&rig.folder)?;
    for (name, measure) in BENCHES {
        if args.words.is_empty() || args.words.iter().any(|word| word == name) {
            println!("{name}");
            let lines = measure(&rig)?;
            let report = Report { bench: name, machine: machine.clone(), lines };
            println!("\n{}", report.table());
            println!("{}\n", report.save(&rig.folder)?.display());
        }
    }
    Ok(())
}

fn describe(folder: &Path) -> anyhow::Result<String> {
    let sync = machine::sync_time(folder)?.as_secs_f64() * 1_000.0;
    Ok(format!("{}, one fdatasync {sync:.3} ms", machine::description()?))
}
