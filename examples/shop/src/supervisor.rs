//! `shop all`: the five services as child processes, started again when they crash.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::cli::{All, print};
use crate::server::told_to_stop;
use crate::services::ServiceName;

/// A service that ends this often in a row before it is ready will not come up.
const FAILED_STARTS_MAX: u32 = 5;
/// Between two failed starts.
const START_DELAY: Duration = Duration::from_millis(200);
/// What a service has to end by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Runs the services until told to stop; prints `ready orders=http://<address> ...` once all five listen.
pub(crate) async fn run(options: &All) -> anyhow::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let (ready, mut readies) = mpsc::channel(1);
    let mut keepers = JoinSet::new();
    let mut addresses = Vec::new();
    for name in ServiceName::ALL {
        let port = name.port(options.base_port).context("the ports end at 65535")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        addresses.push(format!("{name}=http://{address}"));
        let service = Service { name, address, data: options.data.clone() };
        keepers.spawn(service.keep(ready.clone(), stopping.clone()));
    }
    drop(ready);

    let serving = async {
        for _ in ServiceName::ALL {
            if readies.recv().await.is_none() {
                // One of them will never be ready, which its keeper is about to say.
                std::future::pending::<()>().await;
            }
        }
        print(&format!("ready {}", addresses.join(" ")))?;
        std::future::pending::<anyhow::Result<()>>().await
    };
    let ended = tokio::select! {
        failed = keepers.join_next() => match failed {
            Some(kept) => kept?,
            None => Ok(()),
        },
        failed = serving => failed,
        stopped = told_to_stop(true) => stopped,
    };
    stop.send_replace(true);
    while let Some(kept) = keepers.join_next().await {
        kept??;
    }
    ended
}

struct Service {
    name: ServiceName,
    address: SocketAddr,
    data: std::path::PathBuf,
}

impl Service {
    /// Returns when told to stop, or with an error when the service does not come up.
    async fn keep(
        self,
        ready: mpsc::Sender<()>,
        mut stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let mut failed_starts = 0;
        let mut first_ready = Some(ready);
        while !*stopping.borrow_and_update() {
            let mut child = start(self.name, self.address, &self.data)?;
            // Taken out, because waiting for a child would close it, which tells the child to end.
            let stdin = child.stdin.take();
            let came_up = tokio::select! {
                came_up = is_ready(&mut child) => came_up,
                _ = stopping.changed() => return stop(child, stdin).await,
            };
            if came_up {
                failed_starts = 0;
                if let Some(ready) = first_ready.take() {
                    // Nobody listens any more where the whole shop is about to stop.
                    let _stopped = ready.send(()).await;
                }
            }
            let status = tokio::select! {
                biased;
                _ = stopping.changed() => return stop(child, stdin).await,
                status = child.wait() => status?,
            };
            if came_up {
                eprintln!("shop: {} ended ({status}) and is started again", self.name);
                continue;
            }
            failed_starts += 1;
            self.check_starts(failed_starts, status)?;
            tokio::select! {
                _ = stopping.changed() => {}
                () = tokio::time::sleep(START_DELAY) => {}
            }
        }
        Ok(())
    }

    fn check_starts(&self, failed: u32, status: ExitStatus) -> anyhow::Result<()> {
        if failed >= FAILED_STARTS_MAX {
            bail!("{} does not come up on {} ({status})", self.name, self.address);
        }
        Ok(())
    }
}

fn start(name: ServiceName, address: SocketAddr, data: &Path) -> anyhow::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(name.as_str())
        .args(["--listen", &address.to_string()])
        .arg("--data")
        .arg(data)
        // Ends the child too when this process is killed and can tell it nothing.
        .arg("--until-stdin-closes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-c goes to this process alone, which then stops the children in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {name}"))
}

/// Whether the child said that it listens; false if it ended without.
async fn is_ready(child: &mut Child) -> bool {
    let Some(stdout) = child.stdout.as_mut() else {
        return false;
    };
    let mut line = String::new();
    let read = BufReader::new(stdout).read_line(&mut line).await;
    read.is_ok() && line.starts_with("ready ")
}

async fn stop(mut child: Child, stdin: Option<ChildStdin>) -> anyhow::Result<()> {
    drop(stdin);
    if tokio::time::timeout(STOP_PATIENCE, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}
