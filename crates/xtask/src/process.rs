//! Our own programs as processes: build them, start them, wait until they answer, stop or kill them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http::Client;
use crate::workspace;

/// Between two looks at a process or its port.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// One try to reach a starting server.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Lines of a log that an error shows, at most.
const LOG_LINES_SHOWN: usize = 20;
/// Bytes at the end of a log in which these lines are looked for.
const LOG_BYTES_SHOWN: u64 = 16 * 1024;

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    pub packages: &'a [&'a str],
    pub features: &'a [&'a str],
    pub release: bool,
    /// Among everything that the tests build: where they have run nothing is left to build, and else too much.
    pub beside_tests: bool,
}

impl Build<'_> {
    /// Builds with cargo, whose progress goes to standard error.
    ///
    /// # Errors
    /// Cargo fails.
    pub fn run(&self) -> anyhow::Result<Executables> {
        let mut command = workspace::cargo(&workspace::root());
        if self.beside_tests {
            command.args(["test", "--no-run", "--workspace"]);
            command.arg("--message-format=json-render-diagnostics");
            return Executables::from_messages(&workspace::output(&mut command)?);
        }
        command.args(["build", "--message-format=json-render-diagnostics"]);
        if self.release {
            command.arg("--release");
        }
        for package in self.packages {
            command.args(["--package", package]);
        }
        if !self.features.is_empty() {
            command.args(["--features", &self.features.join(",")]);
        }
        Executables::from_messages(&workspace::output(&mut command)?)
    }
}

/// Programs that cargo built, by name.
#[derive(Clone, Debug, Default)]
pub struct Executables(BTreeMap<String, PathBuf>);

impl Executables {
    /// Programs that were built for release before, as they lie in cargo's target folder.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn of_release(names: &[&str]) -> anyhow::Result<Self> {
        let folder = workspace::target(&workspace::root()).join("release");
        let programs = names.iter().map(|name| {
            let path = folder.join(name);
            ensure!(path.is_file(), "{} was not built", path.display());
            Ok(((*name).to_owned(), path))
        });
        Ok(Self(programs.collect::<anyhow::Result<_>>()?))
    }

    /// Where a program lies.
    ///
    /// # Errors
    /// It was not among those built.
    pub fn path(&self, name: &str) -> anyhow::Result<&Path> {
        let path = self.0.get(name).map(PathBuf::as_path);
        path.with_context(|| format!("cargo built no program {name:?}, only {:?}", self.0.keys()))
    }

    /// Reads cargo's messages, one JSON object a line.
    ///
    /// # Errors
    /// One of them is none.
    pub fn from_messages(messages: &str) -> anyhow::Result<Self> {
        let mut paths = BTreeMap::new();
        for line in messages.lines() {
            let message: Value = serde_json::from_str(line)
                .with_context(|| format!("cargo printed no message: {line}"))?;
            if let (Some(name), Some(path)) =
                (message["target"]["name"].as_str(), message["executable"].as_str())
            {
                // A program and its unit tests have one name.
                match message["profile"]["test"].as_bool() {
                    Some(true) => drop(paths.entry(name.to_owned()).or_insert(path.into())),
                    _ => drop(paths.insert(name.to_owned(), path.into())),
                }
            }
        }
        Ok(Self(paths))
    }
}

/// A loopback address whose port nobody uses now.
///
/// Another process may take it before it is used: whoever starts a server on it learns that from its exit.
///
/// # Errors
/// The system has no port left.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}

/// Forgets the logs of earlier commands; to be called before the first process of a command is started.
///
/// # Errors
/// They cannot be removed.
pub fn clear_logs() -> anyhow::Result<()> {
    let logs = logs();
    match fs::remove_dir_all(&logs) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", logs.display()))
        }
        _ => Ok(()),
    }
}

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; its output is appended to `xtask/<name>.log` in cargo's target folder.
    ///
    /// # Errors
    /// The program cannot be started or the log not be written.
    pub fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        Self::start_in(&logs(), name, command)
    }

    fn start_in(logs: &Path, name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let described = workspace::describe(command);
        let log = logs.join(format!("{name}.log"));
        let file = open_log(&log, &described)
            .with_context(|| format!("cannot write the log {}", log.display()))?;
        let child = command
            // Stays open as long as this process lives: those who watch it end with us, however we end.
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {described}"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How the process ended, if it has.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn exited(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let status = self.child.try_wait();
        status.with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Waits until `GET path` at `address` answers 200.
    ///
    /// # Errors
    /// The process ends before, or `within` passes; the error shows the last answer and the end of the log.
    pub fn wait_ready(
        &mut self,
        address: SocketAddr,
        path: &str,
        within: Duration,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        let mut client = Client::new(address, PROBE_TIMEOUT.min(within));
        loop {
            let answer = match client.get(path) {
                Ok(response) if response.status == 200 => return Ok(()),
                Ok(response) => format!("status {}: {}", response.status, response.text()),
                Err(error) => format!("{error:#}"),
            };
            if let Some(status) = self.exited()? {
                bail!("{} ended before it was ready ({status}){}", self.name, self.log_end());
            }
            if Instant::now() >= deadline {
                let name = &self.name;
                bail!("{name} is not ready after {within:?}; {answer}{}", self.log_end());
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Kills with SIGKILL, as a crash would, and waits for the end.
    ///
    /// # Errors
    /// The process had already ended: then it is not what the caller believes it to be.
    pub fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.exited()? {
            bail!("{} ended by itself ({status}){}", self.name, self.log_end());
        }
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        Ok(())
    }

    /// Asks with SIGTERM and waits for a graceful end.
    ///
    /// # Errors
    /// The process does not end `within` that time (it is killed then), or had ended before.
    pub fn terminate(mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        if let Some(status) = self.exited()? {
            bail!("{} ended by itself ({status}){}", self.name, self.log_end());
        }
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).with_context(|| format!("cannot stop {}", self.name))?;
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.exited()? {
                return Ok(status);
            }
            ensure!(
                Instant::now() < deadline,
                "{} did not stop within {within:?} and was killed{}",
                self.name,
                self.log_end()
            );
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// The last lines of the log, introduced by its path.
    fn log_end(&self) -> String {
        let text = read_end(&self.log).unwrap_or_else(|error| format!("(cannot be read: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n  ");
        format!("\n  {}:\n  {shown}", self.log.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // Nobody is left to hear of a failure, and a process that ended meanwhile is what was wanted.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn logs() -> PathBuf {
    workspace::target(&workspace::root()).join("xtask")
}

fn read_end(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_SHOWN)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_SHOWN).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn open_log(path: &Path, described: &str) -> anyhow::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "--- {described}")?;
    Ok(file)
}

#[cfg(test)]
mod tests;
