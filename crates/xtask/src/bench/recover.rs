//! `recover`: how soon what was in flight at a `kill -9` is finished.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::chain::of_chain;
use super::machine::Others;
use super::report::{Figure, Line, Run};
use super::rig::{Rig, Stubs};
use super::start::wait_listening;
use crate::server::Server;

/// Clients of the first line, each with a chain in flight.
const CLIENTS: u64 = 64;
/// Chains in flight of the second line.
const MANY: u64 = 100_000;
/// Load before the kill, so that there is a log to recover.
const LOADED: Duration = Duration::from_secs(3);
/// Everything is finished by then, or the run has failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at a server.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let few = Line::measure(format!("{CLIENTS} clients in mid chain"), rig.rules, || few(rig))?;
    let many = Line::measure(format!("{MANY} in flight"), rig.rules, || many(rig))?;
    Ok(vec![few, many])
}

/// 64 clients run chains until every one is stuck in its second call; then the server is killed.
fn few(rig: &Rig) -> anyhow::Result<Run> {
    let stubs = rig.stubs()?;
    let mut server = rig.running_server(&[stubs.chain_document()])?;
    let lasts_longer = PATIENCE.as_millis().to_string();
    let options = vec![("clients", CLIENTS.to_string()), ("measure-ms", lasts_longer)];
    let mut load = rig.load("chain", &[options, of_chain(&server)].concat())?;
    load.wait_for("begin")?;
    thread::sleep(LOADED);
    stubs.hold(2)?;
    let began = Instant::now();
    while server.figures()?.of("motet_calls_in_flight")? < CLIENTS as f64 {
        ensure!(began.elapsed() < PATIENCE, "the clients are not all stuck");
        thread::sleep(LOOK_INTERVAL);
    }
    let started = server.figures()?.of("motet_instances_started_total")?;
    server.kill()?;
    drop(load);
    let recovery = recover(&mut server, &stubs, CLIENTS, started)?;
    let figures = vec![
        Figure::new("exec to all finished, s", recovery.all.as_secs_f64()).at_most(0.5),
        Figure::new("exec to the first finished, s", recovery.first.as_secs_f64()),
        Figure::new("exec to listening, s", recovery.listening.as_secs_f64()),
    ];
    Ok(Run { figures, others: recovery.others, is_void: false })
}

/// So many chains are stuck in their first call or wait for their turn; then the server is killed.
fn many(rig: &Rig) -> anyhow::Result<Run> {
    let stubs = rig.stubs()?;
    let mut server = rig.running_server(&[stubs.chain_document()])?;
    stubs.hold(1)?;
    let options = vec![("clients", "256".to_owned()), ("count", MANY.to_string())];
    rig.load("start", &[options, of_chain(&server)].concat())?.finish()?;
    server.kill()?;
    let recovery = recover(&mut server, &stubs, MANY, MANY as f64)?;
    let figures = vec![
        Figure::new("exec to the first finished, s", recovery.first.as_secs_f64()).at_most(5.0),
        Figure::new("exec to all finished, s", recovery.all.as_secs_f64()),
        Figure::new("exec to listening, s", recovery.listening.as_secs_f64()),
    ];
    Ok(Run { figures, others: recovery.others, is_void: false })
}

/// Times from starting the program.
struct Recovery {
    listening: Duration,
    first: Duration,
    all: Duration,
    others: f64,
}

/// Starts the killed server and waits until all that was in flight has finished, and nothing was lost.
fn recover(
    server: &mut Server,
    stubs: &Stubs,
    in_flight: u64,
    started: f64,
) -> anyhow::Result<Recovery> {
    stubs.release()?;
    let others = Others::beside(&[stubs.process.id()])?;
    let began = Instant::now();
    server.execute()?;
    wait_listening(server)?;
    let listening = began.elapsed();
    let first = wait_ended(server, began, 1.0)?;
    let all = wait_ended(server, began, in_flight as f64)?;
    let others = others.share(&[server.pid()?])?;
    wait_completed(server, began, started)?;
    server.stop()?;
    Ok(Recovery { listening, first, all, others })
}

/// Waits until so many instances have ended since the server began.
fn wait_ended(server: &Server, began: Instant, count: f64) -> anyhow::Result<Duration> {
    loop {
        let ended = server.figures()?.of("motet_instances_ended_total")?;
        if ended >= count {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < PATIENCE, "only {ended} of {count} have ended");
        thread::sleep(LOOK_INTERVAL);
    }
}

/// Waits until the lists, which lag a little, show that every instance that was ever started has completed.
fn wait_completed(server: &Server, began: Instant, count: f64) -> anyhow::Result<()> {
    loop {
        let counts = server.client().get("/api/v1/instances/counts")?.expect(&[200])?.json()?;
        let (total, completed) = (counts["total"].as_f64(), counts["counts"]["completed"].as_f64());
        if total == Some(count) && completed == Some(count) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{count} were started, and there are {counts}");
        thread::sleep(LOOK_INTERVAL);
    }
}
