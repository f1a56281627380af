//! The driver: gives the machine threads, a clock, a store and the mesh.
//!
//! One engine thread runs the machine; steps that may burn much fuel run on threads of lower priority beside it; the store
//! calls back from its own threads; calls are tokio tasks. Everything meets in two lanes, internal before external.

mod attributed;
mod call;
mod clock;
mod engine;
mod events;
mod followers;
mod history;
mod inner;
mod jobs;
mod lanes;
mod lists;
mod observer;
pub mod offline;
mod outlets;
pub mod recover;
mod rights;
mod schedules;
mod services;
mod spans;
mod vault;
mod workers;

use std::sync::{Arc, Mutex};

use motet_engine::secret::SecretKey;
use motet_expr::ExpressionLimits;
use motet_mesh::Mesh;
use motet_store::{Reads, Store};
use motet_types::Limits;

use crate::{CatalogView, Handle, Health, Metrics, SinkRule};

pub use clock::{Clock, SystemClock};
#[cfg(test)]
pub(crate) use engine::row_of;
pub use followers::FOLLOWERS_MAX;
pub(crate) use lists::instance as listed;
pub use observer::{Observer, Unobserved};
pub use services::{Registered, ServiceNews, ServiceReply};
pub use spans::{Attribute, Span};
pub use vault::{SECRET_BYTES_MAX, Seal};

use engine::Levels;
use followers::Followers;
use lanes::Lanes;
use vault::Known;
use workers::Workers;

/// Where secrets come from: asked at dispatch alone, never recorded.
pub trait Secrets: Send + Sync {
    /// The secret's text; for `name.property` the property of a secret that is a JSON object.
    fn secret(&self, name: &str) -> Option<String>;
}

/// What a runtime is made of.
pub struct Options {
    pub store: Arc<dyn Store>,
    pub reads: Arc<dyn Reads>,
    pub mesh: Mesh,
    pub secrets: Arc<dyn Secrets>,
    pub secret_key: SecretKey,
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
    /// Figures of the store, shown beside the runtime's own.
    pub store_metrics: Arc<dyn Fn() -> Metrics + Send + Sync>,
    /// Who wants events that go out.
    pub sinks: Arc<[SinkRule]>,
    /// Who is told what happens, as it happens.
    pub observer: Arc<dyn Observer>,
    /// Where calls and timers of the shell run.
    pub tokio: tokio::runtime::Handle,
}

/// A running server core; dropping it stops the engine thread without waiting for what is in flight.
pub struct Runtime {
    handle: Handle,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Why a runtime did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the store cannot be read")]
    Store(#[from] motet_store::Error),
    #[error("the catalog cannot be read: {0}")]
    Catalog(String),
    #[error(transparent)]
    Row(#[from] crate::shard::RowError),
    #[error("a thread of the engine cannot be started")]
    Thread(#[from] std::io::Error),
}

impl Runtime {
    /// Takes the shards, recovers what is in flight, and starts.
    ///
    /// # Errors
    /// The store cannot be read; nothing was changed then.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let limits = options.limits.clone();
        let (epoch, recovered) =
            recover::read(&*options.store, &|_, published| recover::compile(published, &limits))?;
        let inner = Arc::new(Inner {
            lanes: Lanes::new(options.limits.commands_waiting_max),
            reads: options.reads,
            clock: options.clock,
            catalog: tokio::sync::watch::Sender::default(),
            health: Mutex::new(Health { ready: false, reason: Some(STARTING.to_owned()) }),
            failed: tokio::sync::watch::Sender::new(None),
            levels: Levels::at(recovered.position),
            store_metrics: options.store_metrics,
            seed: Mutex::new(inner::Seed::from_system()),
            limits: options.limits.clone(),
            seal: Seal::new(&options.secret_key),
            store: options.store.clone(),
            outgoing: tokio::sync::watch::Sender::new(0),
            sink_changes: tokio::sync::Mutex::new(()),
            followers: Followers::default(),
        });
        let from_workers = inner.clone();
        let workers = Workers::start(&options.limits, &options.secret_key, move |stepped| {
            let stepped = crate::shard::Input::Stepped(Box::new(stepped));
            from_workers.lanes.push_internal(stepped);
        })?;
        let shell = engine::Shell {
            workers,
            inner: inner.clone(),
            store: options.store,
            sender: Arc::new(call::Sender {
                mesh: options.mesh,
                secrets: Known::new(options.secrets, inner.clone()),
                secret_key: options.secret_key.clone(),
                limits: options.limits.clone(),
            }),
            tokio: options.tokio,
            sinks: options.sinks,
            observer: options.observer,
        };
        let config = crate::shard::Config {
            limits: options.limits,
            secret_key: options.secret_key,
            epoch,
            snapshot_records: SNAPSHOT_RECORDS,
            fuel_local_max: FUEL_LOCAL_MAX,
        };
        let thread = std::thread::Builder::new()
            .name("motet-engine".to_owned())
            .stack_size(ENGINE_STACK_BYTES)
            .spawn(move || shell.run(config, recovered))?;
        Ok(Self { handle: Handle { inner, actor: None }, thread: Some(thread) })
    }

    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.handle.inner.lanes.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the engine thread was printed where it happened; there is nobody left to tell.
            drop(thread.join());
        }
    }
}

/// Expressions run on this stack instead of one of their own each; only what is touched takes memory.
const ENGINE_STACK_BYTES: usize = ExpressionLimits::STACK_BYTES_WANTED + 2 * 1024 * 1024;

/// A snapshot is added after so many records of an instance.
const SNAPSHOT_RECORDS: usize = 256;

/// A step that may burn so much fuel, in evaluated terms, runs beside the engine thread: it would hold everybody else up
/// for about 0.4 ms and more. A step between two calls burns some tens.
const FUEL_LOCAL_MAX: u64 = 5_000;

/// Why a server that has just begun takes no work yet.
const STARTING: &str = "starting";

/// What handles share with the engine thread.
pub(crate) struct Inner {
    lanes: Lanes,
    reads: Arc<dyn Reads>,
    clock: Arc<dyn Clock>,
    catalog: tokio::sync::watch::Sender<Arc<CatalogView>>,
    health: Mutex<Health>,
    /// Why the server has to stop.
    failed: tokio::sync::watch::Sender<Option<String>>,
    levels: Levels,
    store_metrics: Arc<dyn Fn() -> Metrics + Send + Sync>,
    seed: Mutex<inner::Seed>,
    limits: Limits,
    seal: Seal,
    store: Arc<dyn Store>,
    /// How many events have waited for sinks since the start.
    outgoing: tokio::sync::watch::Sender<u64>,
    /// Held by whoever changes rows of a sink because a person said so.
    sink_changes: tokio::sync::Mutex<()>,
    /// Who waits for news of services.
    followers: Followers,
}

#[cfg(test)]
mod tests;
