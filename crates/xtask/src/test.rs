//! Everything that must pass: `cargo xtask test`.
//!
//! Stages run in order, cheap ones first, and all of them run whatever fails. Their output is passed through. The last
//! line sums up: the tests that cargo ran, and one for each other stage. `cargo xtask test NAME...` runs only those stages.

mod beside;
mod generated;

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::arguments::Arguments;
use crate::{Missing, Reported, brokers, clients, demo, kill, tidy, workspace};
use beside::Beside;

/// What runs, in order: a new stage is a line here.
///
/// Clippy comes before the tests: both use the same build scripts and macros, and it says sooner what is wrong. Rustdoc
/// uses what clippy checked.
const STAGES: &[Stage] = &[
    Stage::new("format", Work::Cargo(&["fmt", "--all", "--check"])).needs("rustfmt", "fmt"),
    Stage::new("tidy", Work::Own(check_tidy)),
    Stage::new("clippy", Work::Cargo(CLIPPY)).needs("clippy", "clippy"),
    Stage::new("rustdoc", Work::Cargo(RUSTDOC)),
    Stage::new("generated", Work::Own(generated::check)),
    Stage::new("tests", Work::Tests(&["test", "--workspace", "--no-fail-fast"])),
    // It waits for brokers most of the time, and the next stages for nothing but the processor.
    Stage::new("brokers", Work::Own(brokers::stage)).beside(),
    Stage::new("simulation", Work::Cargo(SIMULATION)),
    Stage::new("sabotage", Work::Tests(SABOTAGE)),
    Stage::new("experiments", Work::Tests(EXPERIMENTS)),
    Stage::new("clients", Work::Own(clients::stage)),
    Stage::new("demo", Work::Own(demo::once)),
    Stage::new("kill", Work::Own(kill::stage)),
    Stage::new("saga", Work::Own(kill::saga::stage)),
];
const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets", "--", "--deny=warnings"];
const RUSTDOC: &[&str] =
    &["doc", "--workspace", "--no-deps", "--config=build.rustdocflags=['--deny=warnings']"];
/// As many seeds as CI has time for; `cargo xtask soak` runs more.
///
/// With the feature, but no fault: so it is built once for this and the next stage. Without it `tests` runs a few.
const SIMULATION: &[&str] = &[
    "run",
    "--profile=simulation",
    "--package=motet-sim",
    "--features=sabotage",
    "--",
    "--seeds",
    "0..20000",
];
/// Shows which seed catches each fault that is built in on purpose.
const SABOTAGE: &[&str] = &[
    "test",
    "--profile=simulation",
    "--package=motet-sim",
    "--features=sabotage",
    "--test=sabotage",
    "--",
    "--nocapture",
];
/// The balancer, the limiter and the queue in virtual time, beside what others do.
const EXPERIMENTS: &[&str] = &[
    "test",
    "--profile=simulation",
    "--package=motet-policy",
    "--features=experiments",
    "--test=experiments",
];
/// How a line begins by which a test says that it could not test.
const SKIPPED: &str = "SKIPPED:";
/// What may be missing even in CI: the kit is large, and not ours.
const MAY_BE_MISSING: &str = "SKIPPED: specification kit not found";

/// The command: `test [STAGE]...`.
///
/// # Errors
/// Something failed, or there is no such stage.
pub fn run(args: &[String]) -> anyhow::Result<()> {
    let chosen = Arguments::read(args, &[], &[])?.words;
    if let Some(word) = chosen.iter().find(|word| STAGES.iter().all(|stage| stage.name != **word)) {
        let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("there is no stage {word:?}, only {}", names.join(", "));
    }
    let root = workspace::root();
    let in_ci =
        std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    let (mut results, mut beside) = (Vec::new(), Vec::new());
    for stage in STAGES.iter().filter(|stage| stage.has_work()) {
        match chosen.is_empty() && stage.is_beside {
            true => beside.push(Beside::begin(stage.name, &root)?),
            false if chosen.is_empty() || chosen.iter().any(|name| name == stage.name) => {
                results.push(stage.run(&root, in_ci));
            }
            false => {}
        }
    }
    results.extend(beside.into_iter().map(Beside::end));
    let total = results.iter().fold(Counts::default(), |total, result| total + result.counts);
    println!("\n{}\n{total}", table(&results));
    if total.failed == 0 { Ok(()) } else { Err(Reported.into()) }
}

/// One thing that must pass.
struct Stage {
    name: &'static str,
    work: Work,
    /// A part of the toolchain that it needs, and the cargo command that shows whether it is there.
    component: Option<(&'static str, &'static str)>,
    /// Whether it runs in a process of its own while the next ones run.
    is_beside: bool,
}

enum Work {
    /// A cargo command that passes or fails as a whole.
    Cargo(&'static [&'static str]),
    /// A cargo command that runs tests, which are counted one by one.
    Tests(&'static [&'static str]),
    /// A function of ours; an error of [`Reported`] has been printed already, one of [`Missing`] skips the stage.
    Own(fn(&Path) -> anyhow::Result<()>),
}

struct Outcome {
    name: &'static str,
    counts: Counts,
    duration: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Stage {
    const fn new(name: &'static str, work: Work) -> Self {
        Self { name, work, component: None, is_beside: false }
    }

    const fn beside(self) -> Self {
        Self { is_beside: true, ..self }
    }

    const fn needs(self, component: &'static str, command: &'static str) -> Self {
        Self { component: Some((component, command)), ..self }
    }

    fn has_work(&self) -> bool {
        self.name != "generated" || !generated::GENERATED.is_empty()
    }

    fn run(&self, root: &Path, in_ci: bool) -> Outcome {
        println!("\n=== {}", self.name);
        let began = Instant::now();
        let counts = match self.missing_component(root) {
            Some(component) => {
                println!(
                    "{SKIPPED} {component} is not installed: rustup component add {component}"
                );
                Counts::of_skip(in_ci)
            }
            None => self.counts(root, in_ci).unwrap_or_else(|error| {
                println!("error: {error:#}");
                Counts::FAILED
            }),
        };
        let duration = began.elapsed();
        println!("--- {}: {counts} ({:.1} s)", self.name, duration.as_secs_f64());
        Outcome { name: self.name, counts, duration }
    }

    fn missing_component(&self, root: &Path) -> Option<&'static str> {
        let (component, command) = self.component?;
        let mut cargo = workspace::cargo(root);
        cargo.args([command, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        let is_there = cargo.status().is_ok_and(|status| status.success());
        (!is_there).then_some(component)
    }

    fn counts(&self, root: &Path, in_ci: bool) -> anyhow::Result<Counts> {
        match self.work {
            Work::Cargo(args) => {
                let mut cargo = workspace::cargo(root);
                let status = cargo.args(args).status().context("cannot start cargo")?;
                Ok(Counts::of(status.success()))
            }
            Work::Own(check) => match check(root) {
                Err(error) if error.is::<Missing>() => {
                    println!("{SKIPPED} {error}");
                    Ok(Counts::of_skip(in_ci))
                }
                Err(error) if !error.is::<Reported>() => Err(error),
                result => Ok(Counts::of(result.is_ok())),
            },
            Work::Tests(args) => {
                let (out, err) = (std::io::stdout(), std::io::stderr());
                run_tests(workspace::cargo(root).args(args), in_ci, out, err)
            }
        }
    }
}

impl Counts {
    const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    fn of(passed: bool) -> Self {
        if passed { Self::PASSED } else { Self::FAILED }
    }

    /// In CI nothing may be skipped for want of something.
    fn of_skip(in_ci: bool) -> Self {
        if in_ci { Self::FAILED } else { Self::SKIPPED }
    }

    /// What one line of a test's output adds.
    fn of_line(line: &str, in_ci: bool) -> Self {
        if line.starts_with(SKIPPED) {
            return Self::of_skip(in_ci && !line.starts_with(MAY_BE_MISSING));
        }
        let Some(result) = line.strip_prefix("test result: ") else {
            return Self::default();
        };
        Self {
            passed: number_before(result, "passed;").unwrap_or(0),
            failed: number_before(result, "failed;").unwrap_or(0),
            skipped: number_before(result, "ignored;").unwrap_or(0),
        }
    }

    /// Reads what `Display` writes.
    fn parse(line: &str) -> Option<Self> {
        Some(Self {
            passed: number_before(line, "passed,")?,
            failed: number_before(line, "failed,")?,
            skipped: number_before(line, "skipped")?,
        })
    }
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    let (before, _) = text.split_once(word)?;
    before.trim_end().rsplit(' ').next()?.parse().ok()
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

fn check_tidy(_root: &Path) -> anyhow::Result<()> {
    tidy::run(&[])
}

/// Runs tests, passes their output through and counts them.
///
/// A failure without a failed test (a crate that does not compile, a test program that dies) counts as one.
fn run_tests(
    command: &mut Command,
    in_ci: bool,
    out: impl Write,
    err: impl Write + Send,
) -> anyhow::Result<Counts> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", workspace::describe(command)))?;
    let stdout = child.stdout.take().context("no standard output")?;
    let stderr = child.stderr.take().context("no standard error")?;
    let (from_stdout, from_stderr) = thread::scope(|scope| {
        let from_stderr = scope.spawn(|| pass_through(stderr, err, in_ci));
        let from_stdout = pass_through(stdout, out, in_ci);
        (from_stdout, from_stderr.join().expect("passing lines through does not panic"))
    });
    let mut counts = from_stdout? + from_stderr?;
    let succeeded = child.wait()?.success();
    if !succeeded && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

fn pass_through(from: impl Read, mut to: impl Write, in_ci: bool) -> anyhow::Result<Counts> {
    let mut reader = BufReader::new(from);
    let mut counts = Counts::default();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        counts = counts + Counts::of_line(String::from_utf8_lossy(&line).trim_end(), in_ci);
        line.clear();
    }
    Ok(counts)
}

fn table(results: &[Outcome]) -> String {
    let row = |result: &Outcome| {
        let Outcome { name, counts, duration } = result;
        let verdict = if counts.failed == 0 { "ok" } else { "FAILED" };
        format!("{name:12} {verdict:6} {:7.1} s  {counts}\n", duration.as_secs_f64())
    };
    results.iter().map(row).collect()
}

#[cfg(test)]
mod tests;
