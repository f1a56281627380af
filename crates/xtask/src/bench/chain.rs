//! `chain`: three calls in a row, each durable before the next, by 1, 16, 64 and 256 clients, beside the same calls
//! without durability.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::report::{Figure, Line, Run};
use super::rig::{Rig, Stubs, number};
use crate::server::Server;
use crate::workspace;

const CLIENTS: [u64; 4] = [1, 16, 64, 256];
/// Windows, in milliseconds.
const WARM_UP: u64 = 1_500;
const MEASURED: u64 = 8_000;
const MEASURED_BARE: u64 = 3_000;
/// A run is void whose bare clients make a smaller share of the calls that wrk makes.
const BARE_OF_WRK_MIN: f64 = 0.7;
/// Calls of a chain.
const CALLS: f64 = 3.0;

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let stubs = rig.stubs()?;
    let chosen = CLIENTS.into_iter().filter(|clients| rig.clients.is_none_or(|of| of == *clients));
    chosen
        .map(|clients| {
            let mut server = rig.running_server(&[stubs.chain_document()])?;
            let line = Line::measure(format!("{clients} clients"), rig.rules, || {
                run(rig, &stubs, &mut server, clients)
            })?;
            server.stop()?;
            Ok(line)
        })
        .collect()
}

fn run(rig: &Rig, stubs: &Stubs, server: &mut Server, clients: u64) -> anyhow::Result<Run> {
    let wrk = requests_by_wrk(stubs, clients, &rig.folder)?;
    let options = |measured: u64| {
        vec![
            ("clients", clients.to_string()),
            ("warmup-ms", WARM_UP.to_string()),
            ("measure-ms", measured.to_string()),
        ]
    };
    let mut bare = options(MEASURED_BARE);
    bare.push(("stubs", stubs.listed()));
    let bare = number(&rig.load("bare", &bare)?.finish()?, "perSecond")?;

    let load = rig.load("chain", &[options(MEASURED), of_chain(server)].concat())?;
    let seen = Rig::observe(load, server, &[stubs.process.id()])?;
    let rate = seen.number("perSecond")?;
    let thousands = seen.number("completed")? / 1_000.0;
    let mut figures = vec![
        Figure::new("instances/s", rate),
        Figure::new("of bare", rate / bare),
        Figure::new("p50, ms", seen.number("p50Ms")?),
        Figure::new("p99, ms", seen.number("p99Ms")?),
        Figure::new("p99.9, ms", seen.number("p999Ms")?),
        Figure::new("CPU of Motet per 1,000, s", seen.cpu.as_secs_f64() / thousands),
        Figure::new("syncs per 1,000", seen.frames.syncs / thousands),
        Figure::new("commits per sync", seen.frames.commits_per_sync()),
        Figure::new("commits per instance", seen.frames.commits / thousands / 1_000.0),
        Figure::new("PSS, MB", seen.memory as f64 / 1e6),
        Figure::new("refused", seen.number("refused")?),
        Figure::new("bare chains/s", bare),
    ];
    set_bars(&mut figures, clients);
    let of_wrk = wrk.map(|wrk| bare * CALLS / wrk);
    if let (Some(wrk), Some(of_wrk)) = (wrk, of_wrk) {
        figures.push(Figure::new("bare calls of wrk's requests", of_wrk));
        figures.push(Figure::new("requests/s of wrk", wrk));
    }
    let is_void = of_wrk.is_some_and(|share| share < BARE_OF_WRK_MIN);
    Ok(Run { figures, others: seen.others, is_void })
}

/// Options of clients that run chains at a server.
pub(super) fn of_chain(server: &Server) -> Vec<(&'static str, String)> {
    vec![("server", server.address().to_string()), ("workflow", "bench/chain".to_owned())]
}

fn set_bars(figures: &mut [Figure], clients: u64) {
    for figure in figures {
        *figure = match (clients, figure.name) {
            (256, "instances/s") => figure.at_least(6_000.0),
            (256, "of bare") => figure.at_least(0.13),
            (256, "p99, ms") => figure.at_most(100.0),
            (256, "CPU of Motet per 1,000, s") => figure.at_most(0.2),
            (64, "instances/s") => figure.at_least(4_000.0),
            (1, "p50, ms") => figure.at_most(2.5),
            _ => *figure,
        };
    }
}

/// What wrk gets from one stub with as many connections; `None` where it is not installed.
fn requests_by_wrk(stubs: &Stubs, clients: u64, folder: &Path) -> anyhow::Result<Option<f64>> {
    let script = folder.join("wrk.lua");
    let lines = [
        "wrk.method = \"POST\"",
        "wrk.body = '{\"value\":1}'",
        "wrk.headers[\"content-type\"] = \"application/json\"",
        "",
    ];
    std::fs::write(&script, lines.join("\n"))?;
    let connections = format!("-c{clients}");
    let address = format!("http://{}/step/1", stubs.addresses[0]);
    let mut command = Command::new("wrk");
    command.args(["-t1", &connections, "-d2s", "-s"]).arg(&script).arg(address);
    if Command::new("wrk").arg("-v").output().is_err() {
        println!("  wrk is not installed: whether the bare client is fast enough is not shown");
        return Ok(None);
    }
    let printed = workspace::output(&mut command)?;
    read_wrk(&printed).with_context(|| format!("wrk printed\n{printed}")).map(Some)
}

fn read_wrk(printed: &str) -> Option<f64> {
    let line = printed.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_wrk_prints() {
        let printed = "Running 3s test\n  574216 requests in 3.10s\nRequests/sec: 185233.88\n";
        assert_eq!(read_wrk(printed), Some(185_233.88));
        assert_eq!(read_wrk("unable to connect"), None);
    }

    #[test]
    fn each_number_of_clients_has_its_own_bars() {
        let bars = |clients| {
            let names =
                ["instances/s", "of bare", "p50, ms", "p99, ms", "CPU of Motet per 1,000, s"];
            let mut figures = names.map(|name| Figure::new(name, 0.0));
            set_bars(&mut figures, clients);
            figures.iter().filter(|figure| figure.bar.is_some()).count()
        };
        assert_eq!([1, 16, 64, 256].map(bars), [1, 0, 1, 4]);
    }
}
