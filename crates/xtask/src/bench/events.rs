//! `events`: many instances that wait, each for the event of its own key; how fast events end them, posted one by one and as
//! batches.
//!
//! The window ends when every instance has durably ended, by the server's own counter.

use anyhow::ensure;

use super::load::KIND;
use super::report::{Figure, Line, Run};
use super::rig::{Rig, head};
use super::waiting::Waiting;

/// Instances.
const COUNT: u64 = 100_000;
/// Name of a line, events of one request, clients, and of how many requests one is followed to the end of its instance.
const LINES: [(&str, u64, u64, u64); 2] =
    [("one by one", 1, 64, 16), ("batches of 100", 100, 8, 4)];

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
    let log = rig.folder.join("starts.log").display().to_string();
    let logged = [("log", log.clone())];
    let waiting = Waiting::start(rig, &mut server, "bench/await", count, &logged)?;
    let options = [
        ("clients", clients.to_string()),
        ("count", (count / batch).to_string()),
        ("batch", batch.to_string()),
        ("follow-every", follow_every.to_string()),
        ("instances", log),
    ];
    let seen = waiting.end(rig, &mut server, "events", &options)?;
    let delivered = server.figures()?.of("motet_events_delivered_total")?;
    ensure!(delivered == count as f64, "{delivered} events were delivered to {count} instances");
    server.stop()?;
    let figures = vec![
        Figure::new("events/s, until all instances ended", count as f64 / seen.seconds)
            .at_least(5_000.0),
        Figure::new("p99 of a request, ms", seen.number("p99Ms")?),
        Figure::new("p50 until the instance ended, ms", seen.number("followedP50Ms")?),
        Figure::new("p99 until the instance ended, ms", seen.number("followedP99Ms")?),
    ];
    waiting.run(&seen, figures)
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
