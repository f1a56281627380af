//! `events`: many instances that wait, each for the event of its own key; how fast events end them, posted one by one and as
//! batches.
//!
//! The window ends when every instance has durably ended, by the server's own counter.

use anyhow::ensure;

use super::load::KIND;
use super::machine;
use super::report::{Figure, Line, Run};
use super::rig::{Rig, head};

/// Instances.
const COUNT: u64 = 100_000;
/// Clients that start them.
const STARTERS: u64 = 64;
/// Name of a line, events of one request, clients, and of how many requests one is followed to the end of its instance.
const LINES: [(&str, u64, u64, u64); 2] =
    [("one by one", 1, 64, 16), ("batches of 100", 100, 8, 4)];
/// Clients that are busy for a larger share of a processor are what was measured.
pub(super) const CLIENTS_BUSY_MAX: f64 = 0.9;

pub(super) fn measure(rig: &Rig) -> anyhow::Result<Vec<Line>> {
    let count = rig.count.unwrap_or(COUNT);
    let line = |(name, batch, clients, follow_every)| {
        let clients = rig.clients.unwrap_or(clients);
        let name = format!("{count} waiting, events {name} by {clients} clients");
        Line::measure(name, rig.rules, || run(rig, count, batch, clients, follow_every))
    };
    LINES.into_iter().map(line).collect()
}

fn run(rig: &Rig, count: u64, batch: u64, clients: u64, follow_every: u64) -> anyhow::Result<Run> {
    ensure!(count.is_multiple_of(batch), "--count is a multiple of {batch}");
    let mut server = rig.running_server(&[document()])?;
    let log = rig.folder.join("starts.log");
    let address = server.address().to_string();
    let options = [
        ("server", address.clone()),
        ("workflow", "bench/await".to_owned()),
        ("clients", STARTERS.to_string()),
        ("count", count.to_string()),
        ("log", log.display().to_string()),
    ];
    let started = Rig::observe(rig.load("start", &options)?, &mut server, &[])?;
    Rig::settle(&server)?;
    let waiting_memory = machine::memory_of(server.pid()?)?;
    let options = [
        ("server", address),
        ("clients", clients.to_string()),
        ("count", (count / batch).to_string()),
        ("batch", batch.to_string()),
        ("follow-every", follow_every.to_string()),
        ("instances", log.display().to_string()),
    ];
    let seen = Rig::observe_until(rig.load("events", &options)?, &mut server, &[], |figures| {
        figures.of("motet_instances_ended_total").is_ok_and(|ended| ended >= count as f64)
    })?;
    let figures = server.figures()?;
    let delivered = figures.of("motet_events_delivered_total")?;
    ensure!(delivered == count as f64, "{delivered} events were delivered to {count} instances");
    server.stop()?;
    let thousands = count as f64 / 1e3;
    let figures = vec![
        Figure::new("events/s, until all instances ended", count as f64 / seen.seconds)
            .at_least(5_000.0),
        Figure::new("p99 of a request, ms", seen.number("p99Ms")?),
        Figure::new("p50 until the instance ended, ms", seen.number("followedP50Ms")?),
        Figure::new("p99 until the instance ended, ms", seen.number("followedP99Ms")?),
        Figure::new("CPU of Motet per 1,000, s", seen.cpu.as_secs_f64() / thousands),
        Figure::new("syncs per 1,000", seen.frames.syncs / thousands),
        Figure::new("commits per sync", seen.frames.commits_per_sync()),
        Figure::new("commits per event", seen.frames.commits / count as f64),
        Figure::new("PSS while all wait, MB", waiting_memory as f64 / 1e6),
        Figure::new("PSS at the end, MB", seen.memory as f64 / 1e6),
        Figure::new("refused", seen.number("refused")?),
        Figure::new("clients, of a processor", seen.clients),
        Figure::new("started/s", started.number("perSecond")?),
    ];
    Ok(Run { figures, others: seen.others, is_void: seen.clients > CLIENTS_BUSY_MAX })
}

fn document() -> String {
    head("await")
        + &format!(
            "  - arrival:
      listen:
        to:
          one:
            with: {{ type: {KIND} }}
            correlate:
              value: {{ from: '${{ .data.value }}', expect: '${{ .value }}' }}
"
        )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::document;

    #[test]
    fn an_instance_waits_for_its_own_value() {
        expect![[r#"
            document: { dsl: 1.0.3, namespace: bench, name: await, version: 1.0.0 }
            do:
              - arrival:
                  listen:
                    to:
                      one:
                        with: { type: bench.arrived }
                        correlate:
                          value: { from: '${ .data.value }', expect: '${ .value }' }
        "#]]
        .assert_eq(&document());
    }
}
