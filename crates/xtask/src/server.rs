//! One Motet server as a process, at an address and over a folder that outlive it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::http::{Client, Request};
use crate::process::{Process, free_address};

/// A server has this long to be ready.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// A server has this long to stop when it is asked to.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// One request that is not meant to wait.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// A start is acknowledged this long after it was first asked for.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(60);
/// Before a client comes again.
const COME_AGAIN_DELAY: Duration = Duration::from_millis(10);
/// Lets the server keep unsynced writes in its own memory, so that a kill loses them as a power cut would.
pub const LOSSY_DISK: &str = "MOTET_TEST_LOSSY_DISK";

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the log.
    pub name: String,
    pub program: PathBuf,
    pub address: SocketAddr,
    pub data: PathBuf,
    /// Over a disk that forgets what was not synced.
    pub lossy_disk: bool,
}

impl Options {
    /// A server of that program with its data in `data`, at a free address.
    ///
    /// # Errors
    /// There is no free address.
    pub fn new(name: &str, program: &Path, data: &Path) -> anyhow::Result<Self> {
        let (name, address) = (name.to_owned(), free_address()?);
        let (program, data) = (program.to_owned(), data.to_owned());
        Ok(Self { name, program, address, data, lossy_disk: false })
    }
}

/// A server that runs, or will again.
#[derive(Debug)]
pub struct Server {
    options: Options,
    process: Option<Process>,
}

impl Server {
    /// A server that does not run yet.
    pub fn new(options: Options) -> Self {
        Self { options, process: None }
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// It runs already, cannot be started, or ends before it is ready.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.execute()?;
        self.wait_ready()
    }

    /// Starts it and does not wait.
    ///
    /// # Errors
    /// It runs already, or cannot be started.
    pub fn execute(&mut self) -> anyhow::Result<()> {
        let Options { name, program, address, data, lossy_disk } = &self.options;
        if self.process.is_some() {
            bail!("{name} runs already");
        }
        fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(data);
        // A configuration of this machine's owner must not change what is tested.
        command.current_dir(data);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("MOTET_") {
                command.env_remove(variable);
            }
        }
        if *lossy_disk {
            command.env(LOSSY_DISK, "1");
        }
        self.process = Some(Process::start(name, &mut command)?);
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// It ends before, or takes too long.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        let address = self.options.address;
        self.running()?.wait_ready(address, "/readyz", START_PATIENCE)
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// It does not run, or ended by itself.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the server does not run")?.kill()
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// It does not run, does not stop in time, or does not end with success.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("the server does not run")?;
        let status = process.terminate(STOP_PATIENCE)?;
        anyhow::ensure!(status.success(), "the server stopped with {status}");
        Ok(())
    }

    /// Id of its process.
    ///
    /// # Errors
    /// It does not run.
    pub fn pid(&mut self) -> anyhow::Result<u32> {
        Ok(self.running()?.id())
    }

    pub fn address(&self) -> SocketAddr {
        self.options.address
    }

    /// Where its output goes.
    ///
    /// # Errors
    /// It does not run.
    pub fn log(&mut self) -> anyhow::Result<PathBuf> {
        Ok(self.running()?.log().to_owned())
    }

    /// A client for it.
    pub fn client(&self) -> Client {
        Client::new(self.options.address, REQUEST_TIMEOUT)
    }

    /// Publishes a document.
    ///
    /// # Errors
    /// It is refused; the error shows why.
    pub fn publish(&self, document: &str) -> anyhow::Result<()> {
        let request = Request {
            method: "POST",
            path: "/api/v1/workflows",
            headers: &[("content-type", "application/yaml")],
            body: document.as_bytes(),
        };
        self.client().send(request)?.expect(&[200, 201])?;
        Ok(())
    }

    /// Its figures now.
    ///
    /// # Errors
    /// It does not answer.
    pub fn figures(&self) -> anyhow::Result<Figures> {
        let response = self.client().get("/metrics")?.expect(&[200])?;
        Ok(Figures::read(&response.text()))
    }

    fn running(&mut self) -> anyhow::Result<&mut Process> {
        self.process.as_mut().context("the server does not run")
    }
}

/// Starts an instance of a workflow of the shop, and comes again under the same key until that is acknowledged, whatever
/// is killed meanwhile; returns the instance's id.
///
/// # Errors
/// The start is refused, or is not acknowledged in time.
pub fn acknowledge(
    client: &mut Client,
    workflow: &str,
    key: &str,
    input: &Value,
) -> anyhow::Result<String> {
    let path = format!("/api/v1/workflows/shop/{workflow}/instances");
    let began = Instant::now();
    while began.elapsed() < ACKNOWLEDGED_WITHIN {
        match client.post(&path, &[("idempotency-key", key)], input) {
            Ok(answer) if !matches!(answer.status, 429 | 503) => {
                let answer = answer.expect(&[200, 202])?.json()?;
                let id = answer["id"].as_str();
                return Ok(id.with_context(|| format!("there is no id in {answer}"))?.to_owned());
            }
            // Busy, killed, or not back yet: whether the start happened is what the key is for.
            Ok(_) | Err(_) => thread::sleep(COME_AGAIN_DELAY),
        }
    }
    bail!("the start {key} was not acknowledged within {ACKNOWLEDGED_WITHIN:?}")
}

/// Figures of a server by name, labels included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Reads the text format of Prometheus; lines that are none are passed over.
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let figure = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(lines.filter_map(figure).collect())
    }

    /// A figure.
    ///
    /// # Errors
    /// The server has none of that name.
    pub fn of(&self, name: &str) -> anyhow::Result<f64> {
        self.0.get(name).copied().with_context(|| format!("the server has no figure {name}"))
    }
}

#[cfg(test)]
mod tests;
