//! `timers`: many instances that wait, and then call a stub, which notes when.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::latency::percentile;
use super::machine::{self, Others};
use super::report::{Figure, Line, Run};
use super::rig::{Frames, Rig, Stubs, number};

/// Instances, and how long they wait: a million cannot be started within a minute and wait at once.
const SIZES: [(u64, u64); 2] = [(100_000, 60), (1_000_000, 300)];
/// Clients that start instances, and how many they start in a second, at most: what is started within a second comes due
/// within a second, too.
const CLIENTS: u64 = 256;
const RATE: u64 = 10_400;
/// Between two looks at the stub and at the server's memory.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// When all are due and nobody has called for this long, nobody will.
const SILENCE_MAX: Duration = Duration::from_secs(60);

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let chosen = SIZES.into_iter().filter(|(count, _)| rig.count.is_none_or(|of| of == *count));
    chosen
        .map(|(count, seconds)| {
            Line::measure(format!("{count} waiting {seconds} s"), rig.rules, || {
                run(rig, count, seconds)
            })
        })
        .collect()
}

fn run(rig: &Rig, count: u64, seconds: u64) -> anyhow::Result<Run> {
    let stubs = rig.stubs()?;
    let mut server = rig.running_server(&[stubs.nap_document(seconds)])?;
    let log = rig.folder.join("starts.log");
    let options = [
        ("server", server.address().to_string()),
        ("workflow", "bench/nap".to_owned()),
        ("clients", CLIENTS.to_string()),
        ("count", count.to_string()),
        ("rate", RATE.to_string()),
        ("log", log.display().to_string()),
    ];
    let seen = Rig::observe(rig.load("start", &options)?, &mut server, &[stubs.process.id()])?;
    let pid = server.pid()?;
    // What is written to disk in the background has had a moment to settle, and nothing is due yet.
    thread::sleep(Duration::from_secs(3));
    let fired_early = stubs.count()?;
    let waiting_memory = machine::memory_of(pid)?;
    let (others, cpu) = (Others::beside(&[pid, stubs.process.id()])?, machine::cpu_of(pid)?);
    let mut most_memory = waiting_memory.max(seen.memory);
    let before = Frames::of(&server.figures()?)?;
    let all_due = Instant::now() + Duration::from_secs(seconds);
    let (mut called, mut last_call) = (0, all_due);
    while called < count {
        ensure!(last_call.elapsed() < SILENCE_MAX, "{called} of {count} have called");
        thread::sleep(LOOK_INTERVAL);
        most_memory = most_memory.max(machine::memory_of(pid)?);
        let so_far = stubs.count()?;
        if so_far > called {
            (called, last_call) = (so_far, all_due.max(Instant::now()));
        }
    }
    let (others, cpu) = (others.share(&[])?.max(seen.others), machine::cpu_of(pid)? - cpu);
    let fired = Frames::of(&server.figures()?)?.since(before);
    let late = Lateness::read(&log, &stubs, count, seconds)?;
    server.stop()?;
    let memory_max = if count > 100_000 { 500.0 } else { 200.0 };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let figures = vec![
        Figure::new("started/s", number(&seen.result, "perSecond")?).at_least(10_000.0),
        Figure::new("p99 of a start, ms", seen.number("p99Ms")?),
        Figure::new("lateness after the acknowledgement, p99, ms", late.after_acknowledged)
            .at_most(50.0),
        Figure::new("lateness after the recorded start, p99, ms", late.after_started),
        Figure::new("PSS while all wait, MB", megabytes(waiting_memory)).at_most(memory_max),
        Figure::new("PSS at most, MB", megabytes(most_memory)),
        Figure::new("fired before all were started", fired_early as f64),
        Figure::new(
            "CPU of Motet per 1,000 starts, s",
            seen.cpu.as_secs_f64() * 1e3 / count as f64,
        ),
        Figure::new("CPU of Motet per 1,000 timers, s", cpu.as_secs_f64() * 1e3 / count as f64),
        Figure::new("commits per sync while they start", seen.frames.commits_per_sync()),
        Figure::new("commits per sync while they fire", fired.commits_per_sync()),
        Figure::new("refused", seen.number("refused")?),
    ];
    Ok(Run { figures, others, is_void: false })
}

/// 99th percentiles, in milliseconds.
#[derive(Debug, PartialEq)]
struct Lateness {
    /// By the client's clock.
    after_acknowledged: f64,
    /// By the start that the server recorded and answered, which came a little earlier.
    after_started: f64,
}

impl Lateness {
    fn read(log: &Path, stubs: &Stubs, count: u64, seconds: u64) -> anyhow::Result<Self> {
        let starts = fs::read_to_string(log)?;
        Self::of(&starts, &stubs.arrivals()?, count, seconds)
    }

    /// # Errors
    /// An instance called never, twice or too early.
    fn of(starts: &str, arrivals: &str, count: u64, seconds: u64) -> anyhow::Result<Self> {
        let numbers = |line: &str| -> anyhow::Result<Vec<u64>> {
            let numbers: Result<_, _> = line.split(' ').take(3).map(str::parse).collect();
            numbers.with_context(|| format!("{line:?} is no line of numbers"))
        };
        let mut arrived = HashMap::new();
        for line in arrivals.lines() {
            let [value, at] = numbers(line)?[..] else { bail!("{line:?} is no arrival") };
            ensure!(arrived.insert(value, at).is_none(), "instance {value} called twice");
        }
        let (mut after_acknowledged, mut after_started) = (Vec::new(), Vec::new());
        for line in starts.lines() {
            let [value, acknowledged, started] = numbers(line)?[..] else {
                bail!("{line:?} is no start")
            };
            let at = *arrived.get(&value).with_context(|| format!("{value} never called"))?;
            let due = started + seconds * 1_000_000;
            ensure!(at >= due, "instance {value} called {} us too early", due - at);
            let late = |since: u64| {
                let micros = at.saturating_sub(since + seconds * 1_000_000);
                u32::try_from(micros).unwrap_or(u32::MAX)
            };
            after_acknowledged.push(late(acknowledged));
            after_started.push(late(started));
        }
        let starts = after_started.len() as u64;
        ensure!(starts == count && arrived.len() as u64 == count, "{starts} starts of {count}");
        after_acknowledged.sort_unstable();
        after_started.sort_unstable();
        Ok(Self {
            after_acknowledged: percentile(&after_acknowledged, 0.99),
            after_started: percentile(&after_started, 0.99),
        })
    }
}

#[cfg(test)]
mod tests;
