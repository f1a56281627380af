//! `start`: how soon there is a first result, and what the program takes.

use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use super::machine::{self, Others};
use super::report::{Figure, Line, Run};
use super::rig::{Rig, Stubs};
use crate::server::Server;

/// Between two tries to connect to a server that starts.
const CONNECT_INTERVAL: Duration = Duration::from_micros(500);
/// A server has this long to listen.
const LISTEN_PATIENCE: Duration = Duration::from_secs(30);
/// After this long without work memory is idle memory.
const IDLE: Duration = Duration::from_secs(10);

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let stubs = rig.stubs()?;
    let binary = fs::metadata(rig.programs.path("motet")?)?.len();
    let line = Line::measure("exec to first result", rig.rules, || run(rig, &stubs, binary))?;
    Ok(vec![line])
}

fn run(rig: &Rig, stubs: &Stubs, binary: u64) -> anyhow::Result<Run> {
    let mut server = rig.server()?;
    let others = Others::beside(&[stubs.process.id()])?;
    let document = stubs.chain_document();
    let fresh = first_result(&mut server, || Some(document.as_str()))?;
    server.stop()?;
    let again = first_result(&mut server, || None)?;
    let others = others.share(&[server.pid()?])?;
    // Its own work for a first instance is behind it, and nothing else comes.
    thread::sleep(IDLE);
    let memory = machine::memory_of(server.pid()?)?;
    server.stop()?;
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let figures = vec![
        Figure::new("new folder, publication included, ms", millis(fresh)).at_most(150.0),
        Figure::new("existing folder, ms", millis(again)).at_most(150.0),
        Figure::new("PSS idle, MB", memory as f64 / 1e6).at_most(30.0),
        Figure::new("binary, MB", binary as f64 / 1e6).at_most(40.0),
    ];
    Ok(Run { figures, others, is_void: false })
}

/// Time from starting the program to the result of one chain, which is the first thing asked of it.
fn first_result<'d>(
    server: &mut Server,
    publish: impl Fn() -> Option<&'d str>,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    server.execute()?;
    wait_listening(server)?;
    if let Some(document) = publish() {
        server.publish(document)?;
    }
    let path = "/api/v1/workflows/bench/chain/instances?wait=30s";
    let mut client = server.client();
    let answer = loop {
        let answer = client.post(path, &[], &json!({ "value": 1 }))?;
        // It listens a little before it takes work.
        if answer.status != 503 {
            break answer.expect(&[200])?.json()?;
        }
        ensure!(began.elapsed() < LISTEN_PATIENCE, "it is not ready: {}", answer.text());
        thread::sleep(CONNECT_INTERVAL);
    };
    ensure!(answer["output"]["value"] == json!(4), "the first result is wrong: {answer}");
    Ok(began.elapsed())
}

/// Waits until the server accepts connections, without the client's patience between tries.
pub(super) fn wait_listening(server: &Server) -> anyhow::Result<()> {
    let began = Instant::now();
    while TcpStream::connect(server.address()).is_err() {
        ensure!(began.elapsed() < LISTEN_PATIENCE, "nobody listens at {}", server.address());
        thread::sleep(CONNECT_INTERVAL);
    }
    Ok(())
}
