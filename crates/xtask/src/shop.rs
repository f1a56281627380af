//! The example shop as processes: five services on neighbouring ports, their workflows, and the audit.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::http::Client;
use crate::process::{Process, free_address};
use crate::workspace;

/// Names of the services in the order of their ports.
pub const SERVICES: [&str; 5] = ["orders", "payments", "inventory", "shipping", "notifications"];

/// A service has this long to listen.
const START_PATIENCE: Duration = Duration::from_secs(30);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Places at which five free ports in a row are looked for.
const PORT_TRIES: usize = 100;

/// A shop whose services are processes that can be killed one by one.
#[derive(Debug)]
pub struct Shop {
    program: PathBuf,
    data: PathBuf,
    base_port: u16,
    services: [Option<Process>; SERVICES.len()],
}

impl Shop {
    /// Opens all services over a folder and waits until they listen.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn open(program: &Path, data: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
        let mut shop = Self {
            program: program.to_owned(),
            data: data.to_owned(),
            base_port: free_ports()?,
            services: Default::default(),
        };
        (0..SERVICES.len()).try_for_each(|nth| shop.start(nth))?;
        (0..SERVICES.len()).try_for_each(|nth| shop.wait_ready(nth))?;
        Ok(shop)
    }

    /// Starts a service that does not run, and does not wait.
    ///
    /// # Errors
    /// It runs already, or cannot be started.
    pub fn start(&mut self, nth: usize) -> anyhow::Result<()> {
        let name = SERVICES[nth];
        ensure!(self.services[nth].is_none(), "{name} runs already");
        let mut command = Command::new(&self.program);
        command.args([name, "--until-stdin-closes", "--listen", &self.address(nth).to_string()]);
        command.arg("--data").arg(&self.data);
        self.services[nth] = Some(Process::start(&format!("shop-{name}"), &mut command)?);
        Ok(())
    }

    /// Waits until a service listens.
    ///
    /// # Errors
    /// It does not run, ends before, or takes too long.
    pub fn wait_ready(&mut self, nth: usize) -> anyhow::Result<()> {
        let address = self.address(nth);
        let service = self.services[nth].as_mut();
        let service = service.with_context(|| format!("{} does not run", SERVICES[nth]))?;
        service.wait_ready(address, "/_health", START_PATIENCE)
    }

    /// Kills a service with SIGKILL.
    ///
    /// # Errors
    /// It does not run, or ended by itself.
    pub fn kill(&mut self, nth: usize) -> anyhow::Result<()> {
        let service = self.services[nth].take();
        service.with_context(|| format!("{} does not run", SERVICES[nth]))?.kill()
    }

    /// Starts again what ended by itself, as a fault may have asked it to; returns how many did. Does not wait: one that crashes
    /// often may do so again before it has said that it is ready.
    ///
    /// # Errors
    /// One of them cannot be started.
    pub fn start_ended(&mut self) -> anyhow::Result<usize> {
        let mut started = 0;
        for nth in 0..SERVICES.len() {
            let Some(service) = self.services[nth].as_mut() else { continue };
            if service.exited()?.is_some() {
                self.services[nth] = None;
                self.start(nth)?;
                started += 1;
            }
        }
        Ok(started)
    }

    /// Of a service, whether it runs or not.
    pub fn address(&self, nth: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base_port + nth as u16).into()
    }

    /// Lets a service play faults; an empty object ends them.
    ///
    /// # Errors
    /// It does not answer, or knows no such fault.
    pub fn set_faults(&self, nth: usize, faults: &Value) -> anyhow::Result<()> {
        let mut client = Client::new(self.address(nth), REQUEST_TIMEOUT);
        client.post("/_faults", &[], faults)?.expect(&[200])?;
        Ok(())
    }

    /// Texts of the workflows, children before those that run them.
    ///
    /// # Errors
    /// They cannot be written or read.
    pub fn workflows(&self) -> anyhow::Result<Vec<String>> {
        let mut command = self.command("workflows");
        command.arg("--out").arg(self.data.join("workflows"));
        let paths = workspace::output(&mut command)?;
        let read = |path| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
        paths.lines().map(read).collect()
    }

    /// Adds everything up, once nothing is in flight: the report, if it does.
    ///
    /// # Errors
    /// It does not add up; the error is the report.
    pub fn audit(&self, orders: usize) -> anyhow::Result<String> {
        let mut command = self.command("audit");
        command.arg("--data").arg(&self.data).args(["--expect-orders", &orders.to_string()]);
        let output = command.output().context("the audit cannot be started")?;
        let report = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        match output.status.code() {
            Some(0) => Ok(report),
            Some(1) => bail!("the audit does not add up\n{report}"),
            _ => bail!("the audit failed: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Text of a service's log of arrivals.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn arrivals(&self, nth: usize) -> anyhow::Result<String> {
        let path = self.data.join(SERVICES[nth]).join("arrivals.jsonl");
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([name, "--base-port", &self.base_port.to_string()]);
        command
    }
}

/// The first of five ports in a row that nobody uses now.
fn free_ports() -> anyhow::Result<u16> {
    let last = SERVICES.len() as u16 - 1;
    for _ in 0..PORT_TRIES {
        let base = free_address()?.port();
        let Some(end) = base.checked_add(last) else { continue };
        // All at once, so that none is taken for two.
        let bound: Vec<_> =
            (base..=end).map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port))).collect();
        if bound.iter().all(Result::is_ok) {
            return Ok(base);
        }
    }
    bail!("there are no {} free ports in a row", SERVICES.len())
}
