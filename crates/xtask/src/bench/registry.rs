//! `registry`: many services whose endpoints have registered and say again and again that they are there.

use std::net::SocketAddr;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::machine::{self, Others};
use super::report::{Figure, Line, Run};
use super::rig::Rig;
use crate::http::{Client, Request};

/// Services that there are.
const SERVICES: u64 = 10_000;
/// Of each.
const ENDPOINTS: u64 = 10;
/// How often each endpoint says that it is there, and for how long that is measured.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Connections over which they register and beat.
const CLIENTS: u64 = 32;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Before the memory is looked at: what was written goes to disk in the background.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let services = rig.count.unwrap_or(SERVICES);
    let name = format!("{services} services of {ENDPOINTS} endpoints");
    Ok(vec![Line::measure(name, rig.rules, || run(rig, services))?])
}

fn run(rig: &Rig, services: u64) -> anyhow::Result<Run> {
    let mut server = rig.running_server(&[])?;
    let (pid, address) = (server.pid()?, server.address());
    let ours = [pid, std::process::id()];
    let empty = machine::memory_of(pid)?;
    let began = Instant::now();
    round(address, services, Duration::ZERO, 201)?;
    let registered = began.elapsed();
    thread::sleep(SETTLED_AFTER);
    let (others, cpu, began) = (Others::beside(&ours)?, machine::cpu_of(pid)?, Instant::now());
    let commits = server.figures()?.of("motet_commits_total")?;
    round(address, services, HEARTBEAT, 200)?;
    let (cpu, seconds) = (machine::cpu_of(pid)? - cpu, began.elapsed().as_secs_f64());
    let commits = server.figures()?.of("motet_commits_total")? - commits;
    let (memory, others) = (machine::memory_of(pid)?, others.share(&[])?);
    server.stop()?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let endpoints = (services * ENDPOINTS) as f64;
    let figures = vec![
        Figure::new("registered/s", endpoints / registered.as_secs_f64()),
        Figure::new("heartbeats/s", endpoints / seconds),
        Figure::new(
            "CPU of Motet while they beat, % of a core",
            cpu.as_secs_f64() / seconds * 100.0,
        )
        .at_most(20.0),
        Figure::new("PSS, MB", megabytes(memory)).at_most(300.0),
        Figure::new("PSS before, MB", megabytes(empty)),
        Figure::new("commits while they beat", commits).at_most(0.0),
    ];
    Ok(Run { figures, others, is_void: false })
}

/// Every endpoint says once that it is there, evenly over the time.
fn round(address: SocketAddr, services: u64, within: Duration, status: u16) -> anyhow::Result<()> {
    let share = services.div_ceil(CLIENTS);
    let began = Instant::now();
    thread::scope(|scope| {
        let parts =
            (0..CLIENTS).map(|nth| (nth * share).min(services)..((nth + 1) * share).min(services));
        let clients: Vec<_> = parts
            .map(|part| scope.spawn(move || beat(address, part, began, within, status)))
            .collect();
        clients.into_iter().try_for_each(|client| client.join().expect("a client does not panic"))
    })
}

fn beat(
    address: SocketAddr,
    services: Range<u64>,
    began: Instant,
    within: Duration,
    status: u16,
) -> anyhow::Result<()> {
    let mut client = Client::new(address, REQUEST_TIMEOUT);
    let total = (services.end - services.start) * ENDPOINTS;
    let all = services.flat_map(|service| (0..ENDPOINTS).map(move |endpoint| (service, endpoint)));
    for (nth, (service, endpoint)) in all.enumerate() {
        let due = began + within.mul_f64(nth as f64 / total as f64);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let body = registration(service, endpoint);
        let path = format!("/api/v1/services/bench/service-{service}/endpoints/e{endpoint}");
        let headers = &[("content-type", "application/json")];
        let request = Request { method: "PUT", path: &path, headers, body: body.as_bytes() };
        let answer = client.send(request).with_context(|| format!("PUT {path}"))?;
        ensure!(answer.status == status, "PUT {path} was answered {}", answer.text());
    }
    Ok(())
}

/// Addresses differ, as they do in a network.
fn registration(service: u64, endpoint: u64) -> String {
    let [_, _, high, low] = u32::try_from(service).unwrap_or_default().to_be_bytes();
    format!(
        r#"{{"url":"http://10.{high}.{low}.{endpoint}:8080","version":"1.0.0","zone":"a","ttl":"90s","metadata":{{"rack":"r{endpoint}"}}}}"#
    )
}
