//! `jobs`: jobs that workers take and complete, a second.
//!
//! Instances that wait for a worker are there before the clock starts; each worker takes batches and completes every job
//! by a request of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::machine::{self, Others};
use super::report::{Figure, Line, Run};
use super::rig::{Frames, Rig};
use crate::http::Client;

const JOBS: u64 = 50_000;
const WORKERS: u64 = 32;
const BATCH: u64 = 64;
/// One request of a worker.
const PATIENCE: Duration = Duration::from_secs(90);

const DOCUMENT: &str = "\
document: { dsl: 1.0.3, namespace: bench, name: job, version: 1.0.0 }
do:
  - work: { call: job, with: { type: work } }
";

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let (jobs, workers) = (rig.count.unwrap_or(JOBS), rig.clients.unwrap_or(WORKERS));
    let name = format!("{jobs} jobs, {workers} workers");
    Ok(vec![Line::measure(&name, rig.rules, || run(rig, jobs, workers))?])
}

fn run(rig: &Rig, jobs: u64, workers: u64) -> anyhow::Result<Run> {
    let mut server = rig.running_server(&[DOCUMENT.to_owned()])?;
    let options = [
        ("server", server.address().to_string()),
        ("workflow", "bench/job".to_owned()),
        ("clients", "64".to_owned()),
        ("count", jobs.to_string()),
    ];
    rig.load("start", &options)?.result()?;
    let pid = server.pid()?;
    let before = Frames::of(&server.figures()?)?;
    let (others, cpu) = (Others::beside(&[pid, std::process::id()])?, machine::cpu_of(pid)?);
    let (address, done) = (server.address(), AtomicU64::new(0));
    let began = Instant::now();
    let worked: Vec<anyhow::Result<()>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| work(Client::new(address, PATIENCE), &done, jobs)))
            .collect();
        threads.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect()
    });
    let elapsed = began.elapsed();
    worked.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    let cpu = machine::cpu_of(pid)? - cpu;
    let (others, memory) = (others.share()?, machine::memory_of(pid)?);
    ensure!(done.load(Ordering::Relaxed) == jobs, "jobs were completed twice or not at all");
    let frames = Frames::of(&server.figures()?)?.since(before);
    server.stop()?;
    let rate = jobs as f64 / elapsed.as_secs_f64();
    let figures = vec![
        Figure::new("jobs activated and completed a second", rate).at_least(5_000.0),
        Figure::new("CPU of the server, µs a job", cpu.as_secs_f64() * 1e6 / jobs as f64),
        Figure::new("commits per sync", frames.commits_per_sync()),
        Figure::new("memory, MiB", memory as f64 / 1_048_576.0),
    ];
    Ok(Run { figures, others, is_void: false })
}

/// Takes and completes jobs until all are done.
fn work(mut client: Client, done: &AtomicU64, jobs: u64) -> anyhow::Result<()> {
    while done.load(Ordering::Relaxed) < jobs {
        let asked = json!({"maxJobs": BATCH, "wait": "1s"});
        let given: Value =
            client.post("/api/v1/jobs/work/activate", &[], &asked)?.expect(&[200])?.json()?;
        for job in given["jobs"].as_array().context("a list of jobs")? {
            let id = job["id"].as_str().context("a job has an id")?;
            let output = json!({"output": {"ok": true}});
            client.post(&format!("/api/v1/jobs/{id}/complete"), &[], &output)?.expect(&[200])?;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
