//! Instances that wait before the clock starts, and what it costs to end all of them.

use super::machine;
use super::report::{Figure, Run};
use super::rig::{Observed, Rig};
use crate::server::Server;

/// Clients that start them.
const STARTERS: u64 = 64;
/// Clients that are busy for a larger share of a processor are what was measured.
const CLIENTS_BUSY_MAX: f64 = 0.9;

pub(super) struct Waiting {
    count: u64,
    started: Observed,
    /// Of the server at rest, in bytes.
    memory: u64,
}

impl Waiting {
    /// Starts so many instances, with further options of the clients that do, and lets the server come to rest.
    pub(super) fn start(
        rig: &Rig,
        server: &mut Server,
        workflow: &str,
        count: u64,
        further: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut options = vec![
            ("server", server.address().to_string()),
            ("workflow", workflow.to_owned()),
            ("clients", STARTERS.to_string()),
            ("count", count.to_string()),
        ];
        options.extend_from_slice(further);
        let started = Rig::observe(rig.load("start", &options)?, server, &[])?;
        Rig::settle(server)?;
        Ok(Self { count, started, memory: machine::memory_of(server.pid()?)? })
    }

    /// Clients of this kind end them. The window is over when each has durably ended, by the server's own counter.
    pub(super) fn end(
        &self,
        rig: &Rig,
        server: &mut Server,
        kind: &str,
        further: &[(&str, String)],
    ) -> anyhow::Result<Observed> {
        let mut options = vec![("server", server.address().to_string())];
        options.extend_from_slice(further);
        Rig::observe_until(rig.load(kind, &options)?, server, &[], |figures| {
            figures.of("motet_instances_ended_total").is_ok_and(|ended| ended >= self.count as f64)
        })
    }

    /// The run with its own figures and what it cost the server.
    pub(super) fn run(&self, seen: &Observed, mut figures: Vec<Figure>) -> anyhow::Result<Run> {
        let count = self.count as f64;
        let thousands = count / 1e3;
        figures.extend([
            Figure::new("CPU of Motet per 1,000, s", seen.cpu.as_secs_f64() / thousands),
            Figure::new("syncs per 1,000", seen.frames.syncs / thousands),
            Figure::new("commits per sync", seen.frames.commits_per_sync()),
            Figure::new("commits per instance", seen.frames.commits / count),
            Figure::new("PSS while all wait, MB", self.memory as f64 / 1e6),
            Figure::new("PSS at the end, MB", seen.memory as f64 / 1e6),
            Figure::new("refused", seen.number("refused")?),
            Figure::new("clients, of a processor", seen.clients),
            Figure::new("started/s", self.started.number("perSecond")?),
        ]);
        Ok(Run { figures, others: seen.others, is_void: seen.clients > CLIENTS_BUSY_MAX })
    }
}
