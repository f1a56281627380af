//! What moves events between brokers and the runtime: a pump for each partition of each source, and one for each sink.
//!
//! A pump that fails says why once, and tries again until it is stopped; how many are failing is a figure. What is read, and
//! what has arrived, is stored by the runtime, so a pump may be stopped at any moment.

mod connect;
mod convert;
mod sink;
mod source;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motet_runtime::{Handle, Metrics, Secrets, SinkRule};
use motet_types::Limits;
use tokio::task::JoinSet;

use crate::config::{Config, Outlet};
use crate::failure::Failure;
use crate::output::Output;

/// Between two tries of what has failed: it doubles up to the second.
const REST_FIRST: Duration = Duration::from_millis(100);
const REST_LAST: Duration = Duration::from_secs(5);

/// Every pump.
pub(crate) struct Outlets {
    pumps: JoinSet<()>,
}

/// What all pumps share.
#[derive(Clone)]
struct Around {
    handle: Handle,
    limits: Limits,
    output: Output,
    figures: Arc<Figures>,
}

/// Figures of all pumps.
#[derive(Default)]
pub(crate) struct Figures {
    failing: AtomicU64,
    unreadable: AtomicU64,
    gaps: AtomicU64,
}

impl Figures {
    pub(crate) fn read(&self) -> Metrics {
        let value = |figure: &AtomicU64| figure.load(Ordering::Relaxed) as f64;
        vec![
            (
                "motet_outlets_failing",
                "Partitions of sources and sinks that cannot go on at present.",
                "gauge",
                value(&self.failing),
            ),
            (
                "motet_source_unreadable_total",
                "Messages of sources that were no events.",
                "counter",
                value(&self.unreadable),
            ),
            (
                "motet_source_gaps_total",
                "Places of sources where messages were gone that had not been read.",
                "counter",
                value(&self.gaps),
            ),
        ]
    }
}

impl Outlets {
    /// Starts every pump of the configuration.
    ///
    /// # Errors
    /// A secret is missing, or an address or a file cannot be used.
    pub(crate) fn start(
        config: &Config,
        secrets: &dyn Secrets,
        handle: &Handle,
        output: &Output,
        figures: &Arc<Figures>,
    ) -> Result<Self, Failure> {
        let around = Around {
            handle: handle.clone(),
            limits: config.limits.clone(),
            output: *output,
            figures: figures.clone(),
        };
        let mut pumps = JoinSet::new();
        for outlet in &config.sources {
            let source = connect::source(outlet, secrets)?;
            pumps.spawn(source::run(source, source::Rule::of(outlet), around.clone()));
        }
        for outlet in &config.sinks {
            let sink = connect::sink(outlet, secrets)?;
            let is_binary = outlet.text("mode") == Some("binary");
            let name: Arc<str> = outlet.name.as_str().into();
            pumps.spawn(sink::run(sink, name, is_binary, around.clone()));
        }
        pumps.spawn(tell_of_removed(around));
        Ok(Self { pumps })
    }

    /// Stops all of them; afterwards none holds the runtime any more.
    pub(crate) async fn stop(mut self) {
        self.pumps.shutdown().await;
    }
}

/// What the runtime keeps for the sinks of a configuration.
pub(crate) fn rules(sinks: &[Outlet]) -> Arc<[SinkRule]> {
    let rule = |outlet: &Outlet| SinkRule {
        name: outlet.name.as_str().into(),
        namespace: outlet.namespace.clone(),
        types: outlet.texts("types"),
        drops: outlet.text("when-full") == Some("drop"),
        emitted: outlet.text("of") != Some("lifecycle"),
        lifecycle: outlet.text("of") != Some("emitted"),
    };
    sinks.iter().map(rule).collect()
}

/// Events that wait for sinks which are not configured any more are nobody's business but a person's.
async fn tell_of_removed(around: Around) {
    let mut trouble = Trouble::new("sinks".to_owned(), &around);
    let sinks = loop {
        match around.handle.sinks().await {
            Ok((sinks, _)) => break sinks,
            Err(error) => trouble.met_by_runtime(error).await,
        }
    };
    for sink in sinks.iter().filter(|sink| !sink.configured) {
        let (name, waiting, refused) = (&sink.name, sink.waiting, sink.refused);
        around.output.note(&format!(
            "motet: sink {name}: it is not configured any more; {waiting} events wait for it, {refused} were refused by it: \
             configure it again, or let them go with `motet sink remove {name}`"
        ));
    }
}

/// Trouble of one pump: told when it begins and when it ends.
struct Trouble {
    about: String,
    around: Around,
    told: Option<String>,
    rest: Duration,
}

impl Trouble {
    fn new(about: String, around: &Around) -> Self {
        Self { about, around: around.clone(), told: None, rest: REST_FIRST }
    }

    fn is_told(&self, reason: &str) -> bool {
        self.told.as_deref() == Some(reason)
    }

    /// The runtime takes nothing at present, which the server tells by itself: only waits.
    async fn rest(&mut self) {
        tokio::time::sleep(self.rest).await;
        self.rest = (self.rest * 2).min(REST_LAST);
    }

    /// Says it, unless it was said already, and waits before the next try.
    async fn met(&mut self, reason: String) {
        if self.told.is_none() {
            self.around.figures.failing.fetch_add(1, Ordering::Relaxed);
        }
        if self.told.as_ref() != Some(&reason) {
            let message = format!("{}: {reason}", self.about);
            self.around.output.fail(&Failure::new("outlet-failed", message));
            self.told = Some(reason);
        }
        self.rest().await;
    }

    /// The same for an error of the runtime.
    async fn met_by_runtime(&mut self, error: motet_runtime::Error) {
        match error {
            motet_runtime::Error::Overloaded { retry_after } => {
                tokio::time::sleep(retry_after).await;
            }
            motet_runtime::Error::Unavailable(_) => self.rest().await,
            error => self.met(error.to_string()).await,
        }
    }

    fn is_over(&mut self) {
        if self.told.take().is_some() {
            self.around.figures.failing.fetch_sub(1, Ordering::Relaxed);
            self.around.output.note(&format!("motet: {}: it goes on", self.about));
        }
        self.rest = REST_FIRST;
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        if self.told.is_some() {
            self.around.figures.failing.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
