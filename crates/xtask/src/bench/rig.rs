//! What every bench is made of: the server, stubs, clients.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::machine::{self, Others};
use super::report::Rules;
use crate::http::Client;
use crate::process::{Executables, Process, free_address};
use crate::server::{Figures, Options, Server};

/// A stub has this long to listen.
const STUB_PATIENCE: Duration = Duration::from_secs(10);
/// One request to a stub; the list of a million arrivals takes a while.
const STUB_TIMEOUT: Duration = Duration::from_secs(60);

/// A server has this long to do what it was asked for.
const DONE_PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks at whether it has.
const DONE_POLL: Duration = Duration::from_millis(5);
/// Without a commit for this long a server is at rest: acknowledgements between its shards wait a second for company.
const SETTLE_POLL: Duration = Duration::from_secs(3);

/// Programs, and where results go.
pub(super) struct Rig {
    pub(super) programs: Executables,
    pub(super) folder: PathBuf,
    pub(super) rules: Rules,
    /// Measures this many timers only.
    pub(super) count: Option<u64>,
    /// Measures this many clients only.
    pub(super) clients: Option<u64>,
}

impl Rig {
    /// A server over a new folder; it does not run yet.
    pub(super) fn server(&self) -> anyhow::Result<Server> {
        let data = self.folder.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("cannot empty {}", data.display()))?;
        }
        Ok(Server::new(Options::new("bench-motet", self.programs.path("motet")?, &data)?))
    }

    /// A running server over a new folder, with these documents published.
    pub(super) fn running_server(&self, documents: &[String]) -> anyhow::Result<Server> {
        let mut server = self.server()?;
        server.start()?;
        documents.iter().try_for_each(|document| server.publish(document))?;
        Ok(server)
    }

    /// Three stubs.
    pub(super) fn stubs(&self) -> anyhow::Result<Stubs> {
        let mut addresses = Vec::new();
        while addresses.len() < 3 {
            let address = free_address()?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let mut command = Command::new(self.programs.path("xtask")?);
        command.arg("bench-stub").args(addresses.iter().map(SocketAddr::to_string));
        let mut process = Process::start("bench-stub", &mut command)?;
        process.wait_ready(addresses[0], "/count", STUB_PATIENCE)?;
        Ok(Stubs { process, addresses })
    }

    /// Starts clients; see `bench::load` for what they take.
    pub(super) fn load(&self, task: &str, options: &[(&str, String)]) -> anyhow::Result<Load> {
        let mut command = Command::new(self.programs.path("xtask")?);
        command.args(["bench-load", task]);
        for (name, value) in options {
            command.arg(format!("--{name}")).arg(value);
        }
        Load::start(&mut command)
    }

    /// Runs these clients, looking at the server when their window begins and when it ends. What else is ours runs `beside`.
    pub(super) fn observe(
        load: Load,
        server: &mut Server,
        beside: &[u32],
    ) -> anyhow::Result<Observed> {
        Self::observe_until(load, server, beside, |_| true)
    }

    /// The same; the window ends when, after the clients, the server's figures show that it has done what they asked for.
    pub(super) fn observe_until(
        mut load: Load,
        server: &mut Server,
        beside: &[u32],
        is_done: impl Fn(&Figures) -> bool,
    ) -> anyhow::Result<Observed> {
        let pid = server.pid()?;
        load.wait_for("begin")?;
        let began = Instant::now();
        let ours = [&[pid, load.child.id()], beside].concat();
        let figures_before = server.figures()?;
        let (other_load, cpu) = (Others::beside(&ours)?, machine::cpu_of(pid)?);
        load.wait_for("end")?;
        let mut figures = server.figures()?;
        while !is_done(&figures) {
            ensure!(began.elapsed() < DONE_PATIENCE, "the server does not come to an end");
            thread::sleep(DONE_POLL);
            figures = server.figures()?;
        }
        let seconds = began.elapsed().as_secs_f64();
        let (others, cpu) = (other_load.share(&[])?, machine::cpu_of(pid)? - cpu);
        let clients = machine::cpu_of(load.child.id())?.as_secs_f64() / seconds;
        let memory = machine::memory_of(pid)?;
        let frames = Frames::of(&figures)?.since(Frames::of(&figures_before)?);
        let result = load.result()?;
        Ok(Observed { result, seconds, cpu, clients, memory, others, frames })
    }

    /// Waits until the server has nothing left to do by itself.
    pub(super) fn settle(server: &Server) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut before = None;
        loop {
            ensure!(began.elapsed() < DONE_PATIENCE, "the server does not come to rest");
            let commits = server.figures()?.of("motet_store_commits_total")?;
            if before.replace(commits) == Some(commits) {
                return Ok(());
            }
            thread::sleep(SETTLE_POLL);
        }
    }
}

/// What the log of a server wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frames {
    pub(super) commits: f64,
    pub(super) syncs: f64,
}

impl Frames {
    /// Since a server over a new folder began.
    ///
    /// # Errors
    /// It has acknowledged more commits than are durable.
    pub(super) fn of(figures: &Figures) -> anyhow::Result<Self> {
        // Positions of a new folder begin at 1 and every commit has one, so this compares with the last durable commit.
        let (acknowledged, durable) =
            (figures.of("motet_store_acknowledged_total")?, figures.of("motet_store_position")?);
        ensure!(
            acknowledged <= durable,
            "{acknowledged} commits were acknowledged, only {durable} were durable"
        );
        let commits = figures.of("motet_store_commits_total")?;
        Ok(Self { commits, syncs: figures.of("motet_store_syncs_total")? })
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self { commits: self.commits - before.commits, syncs: self.syncs - before.syncs }
    }

    pub(super) fn commits_per_sync(self) -> f64 {
        self.commits / self.syncs
    }
}

/// What a run of clients did to the server.
pub(super) struct Observed {
    pub(super) result: Value,
    /// Length of the window.
    pub(super) seconds: f64,
    pub(super) cpu: Duration,
    /// What the clients took of one processor. They have one thread.
    pub(super) clients: f64,
    /// At the end of the window, in bytes.
    pub(super) memory: u64,
    pub(super) others: f64,
    pub(super) frames: Frames,
}

impl Observed {
    /// A number of the clients' result.
    pub(super) fn number(&self, name: &str) -> anyhow::Result<f64> {
        number(&self.result, name)
    }
}

/// A member that is a number.
pub(super) fn number(result: &Value, name: &str) -> anyhow::Result<f64> {
    result[name].as_f64().with_context(|| format!("the result has no {name}: {result}"))
}

/// Three stubs in one process.
pub(super) struct Stubs {
    pub(super) process: Process,
    pub(super) addresses: Vec<SocketAddr>,
}

impl Stubs {
    fn client(&self) -> Client {
        Client::new(self.addresses[0], STUB_TIMEOUT)
    }

    /// Steps from that one on get no answer until they are released.
    pub(super) fn hold(&self, step: u32) -> anyhow::Result<()> {
        self.client().post(&format!("/hold/{step}"), &[], &json!({}))?.expect(&[200])?;
        Ok(())
    }

    pub(super) fn release(&self) -> anyhow::Result<()> {
        self.client().post("/release", &[], &json!({}))?.expect(&[200])?;
        Ok(())
    }

    /// Requests that arrived.
    pub(super) fn count(&self) -> anyhow::Result<u64> {
        let count = self.client().get("/count")?.expect(&[200])?.json()?;
        count["value"].as_u64().context("the count is no number")
    }

    /// Value and time of each arrival, as lines.
    pub(super) fn arrivals(&self) -> anyhow::Result<String> {
        Ok(self.client().get("/arrivals")?.expect(&[200])?.text())
    }

    pub(super) fn listed(&self) -> String {
        self.addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
    }

    /// Three calls, each fed the answer of the one before.
    pub(super) fn chain_document(&self) -> String {
        let mut text = head("chain");
        for (idx, address) in self.addresses.iter().enumerate() {
            text += &call(&format!("step-{}", idx + 1), &format!("{address}/step/{}", idx + 1));
        }
        text
    }

    /// A wait, then one call.
    pub(super) fn nap_document(&self, seconds: u64) -> String {
        let rest = format!("  - rest:\n      wait: {{ seconds: {seconds} }}\n");
        head("nap") + &rest + &call("tell", &format!("{}/arrive", self.addresses[0]))
    }
}

/// The beginning of a document of the bench.
pub(super) fn head(name: &str) -> String {
    format!("document: {{ dsl: 1.0.3, namespace: bench, name: {name}, version: 1.0.0 }}\ndo:\n")
}

fn call(name: &str, place: &str) -> String {
    format!(
        "  - {name}:
      call: http
      with:
        method: post
        endpoint: http://{place}
        body: {{ value: '${{ .value }}' }}
      metadata: {{ motet: {{ idempotent: true }} }}
"
    )
}

/// Running clients. Dropping them kills them.
pub(super) struct Load {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Load {
    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { child, stdout: BufReader::new(stdout) })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn wait_for(&mut self, line: &str) -> anyhow::Result<()> {
        let found = self.line()?;
        ensure!(found == line, "the clients said {found:?} in place of {line:?}");
        Ok(())
    }

    /// What they report when all is done.
    pub(super) fn result(mut self) -> anyhow::Result<Value> {
        let line = self.line()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the clients ended with {status}");
        serde_json::from_str(&line).with_context(|| format!("the clients reported {line:?}"))
    }

    /// What they report when nobody looks at the server meanwhile.
    pub(super) fn finish(mut self) -> anyhow::Result<Value> {
        self.wait_for("begin")?;
        self.wait_for("end")?;
        self.result()
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stdout.read_line(&mut line)? == 0 {
            let mut reason = String::new();
            if let Some(mut stderr) = self.child.stderr.take() {
                stderr.read_to_string(&mut reason)?;
            }
            bail!("the clients failed: {}", reason.trim_end());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // Nobody is left to hear of a failure.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests;
