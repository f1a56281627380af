//! `jobs`: jobs that workers take and complete, a second.
//!
//! Instances that wait for a worker are there before the clock starts. Each worker takes batches, and completes every job
//! by a request of its own; the window ends when every instance has durably ended, by the server's own counter.

use anyhow::ensure;

use super::events::CLIENTS_BUSY_MAX;
use super::machine;
use super::report::{Figure, Line, Run};
use super::rig::{Rig, head};

const JOBS: u64 = 100_000;
/// Clients that start the instances.
const STARTERS: u64 = 64;
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
    let address = server.address().to_string();
    let options = [
        ("server", address.clone()),
        ("workflow", "bench/job".to_owned()),
        ("clients", STARTERS.to_string()),
        ("count", jobs.to_string()),
    ];
    let started = Rig::observe(rig.load("start", &options)?, &mut server, &[])?;
    Rig::settle(&server)?;
    let waiting_memory = machine::memory_of(server.pid()?)?;
    let options = [
        ("server", address),
        ("clients", workers.to_string()),
        ("count", jobs.to_string()),
        ("batch", BATCH.to_string()),
    ];
    let seen = Rig::observe_until(rig.load("work", &options)?, &mut server, &[], |figures| {
        figures.of("motet_instances_ended_total").is_ok_and(|ended| ended >= jobs as f64)
    })?;
    let ended = server.figures()?.of("motet_instances_ended_total")?;
    ensure!(ended == jobs as f64, "{ended} of {jobs} instances have ended");
    server.stop()?;
    let thousands = jobs as f64 / 1e3;
    let figures = vec![
        Figure::new("jobs activated and completed/s", jobs as f64 / seen.seconds).at_least(5_000.0),
        Figure::new("p50 of a completion, ms", seen.number("p50Ms")?),
        Figure::new("p99 of a completion, ms", seen.number("p99Ms")?),
        Figure::new("p99 of an activation, ms", seen.number("activationP99Ms")?),
        Figure::new("jobs per activation", jobs as f64 / seen.number("activations")?),
        Figure::new("CPU of Motet per 1,000, s", seen.cpu.as_secs_f64() / thousands),
        Figure::new("syncs per 1,000", seen.frames.syncs / thousands),
        Figure::new("commits per sync", seen.frames.commits_per_sync()),
        Figure::new("commits per job", seen.frames.commits / jobs as f64),
        Figure::new("PSS while all wait, MB", waiting_memory as f64 / 1e6),
        Figure::new("PSS at the end, MB", seen.memory as f64 / 1e6),
        Figure::new("refused", seen.number("refused")?),
        Figure::new("clients, of a processor", seen.clients),
        Figure::new("started/s", started.number("perSecond")?),
    ];
    Ok(Run { figures, others: seen.others, is_void: seen.clients > CLIENTS_BUSY_MAX })
}
