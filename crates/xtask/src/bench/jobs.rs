//! `jobs`: jobs that workers take and complete, a second.
//!
//! Instances that wait for a worker are there before the clock starts. Each worker takes batches, and completes every job
//! by a request of its own; the window ends when every instance has durably ended, by the server's own counter.

use anyhow::ensure;

use super::report::{Figure, Line, Run};
use super::rig::{Rig, head};
use super::waiting::Waiting;

const JOBS: u64 = 100_000;
const WORKERS: u64 = 8;
/// Jobs of one activation.
const BATCH: u64 = 64;

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let (jobs, workers) = (rig.count.unwrap_or(JOBS), rig.clients.unwrap_or(WORKERS));
    let name = format!("{jobs} jobs, {workers} workers");
    Ok(vec![Line::measure(name, rig.rules, || run(rig, jobs, workers))?])
}

fn run(rig: &Rig, jobs: u64, workers: u64) -> anyhow::Result<Run> {
    let document = head("job") + "  - work: { call: job, with: { type: work } }\n";
    let mut server = rig.running_server(&[document])?;
    let waiting = Waiting::start(rig, &mut server, "bench/job", jobs, &[])?;
    let options = [
        ("clients", workers.to_string()),
        ("count", jobs.to_string()),
        ("batch", BATCH.to_string()),
    ];
    let seen = waiting.end(rig, &mut server, "work", &options)?;
    let ended = server.figures()?.of("motet_instances_ended_total")?;
    ensure!(ended == jobs as f64, "{ended} of {jobs} instances have ended");
    server.stop()?;
    let figures = vec![
        Figure::new("jobs activated and completed/s", jobs as f64 / seen.seconds).at_least(5_000.0),
        Figure::new("p50 of a completion, ms", seen.number("p50Ms")?),
        Figure::new("p99 of a completion, ms", seen.number("p99Ms")?),
        Figure::new("p99 of an activation, ms", seen.number("activationP99Ms")?),
        Figure::new("jobs per activation", jobs as f64 / seen.number("activations")?),
    ];
    waiting.run(&seen, figures)
}
