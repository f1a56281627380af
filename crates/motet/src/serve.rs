//! The composition of a server: store, mesh, runtime and API, and how they start and stop.

mod figures;
mod guards;
pub(crate) mod key;
mod outlets;
mod secrets;
mod telemetry;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use motet_api::{Backup, BackupReport, Tls};
use motet_engine::secret::SecretKey;
use motet_mesh::Mesh;
use motet_runtime::drive::offline;
use motet_runtime::{Handle, Runtime, SystemClock};
use motet_store_embedded::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::Serve;
use crate::commands::{Ended, store_failed};
use crate::config::{Config, unread_variables};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use outlets::{Figures, Outlets};
use secrets::ConfiguredSecrets;
use telemetry::{Exporting, Telemetry, Told};

/// Set to 1 in tests that kill the server: what was not synced is lost then, as if the machine had lost its power.
const LOSSY_DISK: &str = "MOTET_TEST_LOSSY_DISK";

/// Time that requests get to send their last answers once the runtime has stopped.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Time that the last spans get to reach the collector.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// `motet serve`.
pub(crate) fn command(options: &Serve, output: &Output) -> Ended {
    let config = Config::load(options)?;
    for remark in unread_variables() {
        output.note(&remark);
    }
    if options.print_config {
        output.print(&config.print());
        return Ok(Exit::Done);
    }
    run(&config, output, |_address| std::future::pending())
}

/// Runs a server until it is told to stop. What is made of its address runs beside it, and ends with it.
pub(crate) fn run<F>(
    config: &Config,
    output: &Output,
    beside: impl FnOnce(SocketAddr) -> F,
) -> Ended
where
    F: Future<Output = ()>,
{
    let output = &output.logging(config.log_json);
    keep_pages_small();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("motet-io")
        .build()
        .map_err(|error| server_failed(&format!("the system gives no event queue: {error}")))?;
    tokio.block_on(async {
        let tls = tls::load(config)?;
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|error| server_failed(&error.to_string()))?;
        let (figures, told) = (Arc::default(), Arc::default());
        let (runtime, store, exporting) = start(config, address, output, &figures, &told)?;
        let secrets = ConfiguredSecrets::new(config.secrets.clone());
        let outlets = Outlets::start(config, &secrets, &runtime.handle(), output, &figures)?;
        output.note(&format!(
            "motet {} at {}://{address}, data in {}",
            env!("CARGO_PKG_VERSION"),
            if tls.is_some() { "https" } else { "http" },
            config.data.display()
        ));
        tokio::select! {
            stopped = serve(listener, options(config, address, &store, &tls), config, runtime.handle()) => stopped?,
            never = tls::keep_fresh(tls.clone(), output) => match never {},
            () = beside(address) => {}
        }
        output.note("motet: stopping");
        outlets.stop().await;
        drop(runtime);
        // Its last batch may have a long way; what a stopping server could not tell is lost.
        if let Some(exporting) = exporting {
            let _ = tokio::time::timeout(LAST_SPANS, exporting).await;
        }
        close(store)
    })
}

/// A huge page that holds one value takes 2 MiB: without them an idle server takes a third less memory, and a busy one no more
/// time. The allocator asks for none; some systems give them unasked. Where this one does not know of it, memory is all that
/// it costs.
#[cfg(target_os = "linux")]
fn keep_pages_small() {
    let _: rustix::io::Result<()> = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
fn keep_pages_small() {}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new("address-in-use", format!("cannot listen at {address}: {error}"))
            .with_hint("choose another address with --listen")
    })
}

/// Opens the data and starts the runtime over it.
fn start(
    config: &Config,
    address: SocketAddr,
    output: &Output,
    figures: &Arc<Figures>,
    told: &Arc<Told>,
) -> Result<(Runtime, Arc<Service>, Exporting), Failure> {
    let mut options = motet_store_embedded::Options::default().with_limits(&config.limits);
    options.lose_unsynced_writes = std::env::var_os(LOSSY_DISK).is_some_and(|value| value == "1");
    if options.lose_unsynced_writes {
        output.note("motet: a trial: unsynced writes are kept in memory, and lost when the process is killed");
    }
    let store = Service::open(&config.data, &motet_runtime::SCHEMA, options)
        .map_err(|error| store_failed(&error))?;
    let store = Arc::new(store);
    let secret_key = secret_key(config, &store)?;
    let catalog = offline::catalog(&*store).map_err(|error| server_failed(&causes(&error)))?;
    guards::check_listening(config, address, &catalog)?;
    guards::check_key(config, &catalog, &secret_key, output)?;
    let mesh = Mesh::new(motet_mesh::Options::default())
        .map_err(|error| server_failed(&error.to_string()))?;
    let (observer, exporting) = Telemetry::start(config, &mesh, output, told)?;
    let runtime = Runtime::start(motet_runtime::Options {
        store: store.clone(),
        reads: store.clone(),
        mesh,
        secrets: Arc::new(ConfiguredSecrets::new(config.secrets.clone())),
        secret_key,
        clock: Arc::new(SystemClock::new()),
        limits: config.limits.clone(),
        store_metrics: figures::of(&store, figures, told),
        sinks: outlets::rules(&config.sinks),
        observer,
        tokio: tokio::runtime::Handle::current(),
    });
    let runtime = runtime.map_err(|error| server_failed(&causes(&error)))?;
    Ok((runtime, store, exporting))
}

/// A directory without a commit gets a key; one that lost its key is not given another in silence.
fn secret_key(config: &Config, store: &Service) -> Result<SecretKey, Failure> {
    match key::read(&key::path(&config.data))? {
        Some(key) => Ok(key),
        None if store.stats().last > 0 && !config.new_secret_key => {
            Err(key::missing(&config.data, " holds work, and no secret.key for its secrets"))
        }
        None => key::create(&config.data),
    }
}

/// Copies the store while it runs. It does not keep the store open.
fn backup(store: &Arc<Service>) -> Backup {
    let store: Weak<Service> = Arc::downgrade(store);
    Backup::new(move |directory| {
        let store = store.upgrade().ok_or("the server is stopping")?;
        let report = store.backup(directory).map_err(|error| causes(&error))?;
        Ok(BackupReport { position: report.covered, bytes: report.bytes })
    })
}

/// How the API serves.
fn options(
    config: &Config,
    address: SocketAddr,
    store: &Arc<Service>,
    tls: &Option<Tls>,
) -> motet_api::Options {
    motet_api::Options {
        limits: config.limits.clone(),
        listen: Some(address),
        allowed_hosts: config.allowed_hosts.clone(),
        require_tokens: config.require_tokens,
        metrics_open: config.metrics_open,
        wait_max: config.wait_max,
        connections_max: config.connections_max,
        drain_max: config.shutdown_limit + LAST_ANSWERS,
        backup: Some(backup(store)),
        tls: tls.clone(),
        ..motet_api::Options::default()
    }
}

/// Serves until a signal, then finishes what is in flight within the limit; a second signal ends that at once.
async fn serve(
    listener: TcpListener,
    options: motet_api::Options,
    config: &Config,
    handle: Handle,
) -> Result<(), Failure> {
    let router = motet_api::router(handle.clone(), options.clone());
    let (stop, mut stopping) = watch::channel(false);
    let answering = motet_api::serve(listener, router, &options, async move {
        // The sender lives as long as this is polled.
        let _ = stopping.wait_for(|stop| *stop).await;
    });
    let mut signals = Signals::new()?;
    let settling = async {
        let failed = tokio::select! {
            () = signals.next() => None,
            reason = handle.failed() => Some(reason),
        };
        // Nobody listens only where serving has ended, and then there is nothing to stop.
        let _ = stop.send(true);
        let patience = if failed.is_some() { Duration::ZERO } else { config.shutdown_limit };
        tokio::select! {
            () = handle.shut_down(patience) => {}
            () = signals.next() => handle.shut_down(Duration::ZERO).await,
        }
        failed
    };
    let (_, failed) = tokio::join!(answering, settling);
    match failed {
        None => Ok(()),
        Some(reason) => Err(Failure::new("store-failed", reason)
            .with_hint("what was acknowledged is safe; look after the disk, then start again")),
    }
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| server_failed(&error.to_string()));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Covers everything, so that the next start has nothing to recover. Somebody who still holds the store keeps it from
/// that; what was acknowledged is durable all the same.
fn close(store: Arc<Service>) -> Ended {
    if let Some(store) = Arc::into_inner(store) {
        store.close().map_err(|error| store_failed(&error))?;
    }
    Ok(Exit::Done)
}

fn server_failed(why: &str) -> Failure {
    Failure::new("server-failed", why)
}

/// An error with what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
