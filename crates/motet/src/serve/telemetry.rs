//! What a server tells while it runs: news of services as lines of the log, and spans of traces for a collector.
//!
//! Whoever tells never waits: what finds a queue full is lost, and counted.

mod export;
mod log;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use motet_mesh::Mesh;
use motet_runtime::{Metrics, Notice, Observer, Span};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;

/// What was told, and what was lost.
#[derive(Default)]
pub(crate) struct Told {
    lines_lost: AtomicU64,
    spans_exported: AtomicU64,
    spans_lost: AtomicU64,
}

impl Told {
    pub(crate) fn read(&self) -> Metrics {
        let value = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
        vec![
            (
                "motet_log_lines_lost_total",
                "Lines about services that were not written, the log being too slow.",
                "counter",
                value(&self.lines_lost),
            ),
            (
                "motet_spans_exported_total",
                "Spans that the collector has taken.",
                "counter",
                value(&self.spans_exported),
            ),
            (
                "motet_spans_lost_total",
                "Spans that found the queue full, or that the collector did not take.",
                "counter",
                value(&self.spans_lost),
            ),
        ]
    }
}

/// Ends when the last span has left; there is none where nobody wants spans.
pub(super) type Exporting = Option<JoinHandle<()>>;

/// Takes what is told, for those who carry it on.
pub(super) struct Telemetry {
    lines: log::Lines,
    spans: Option<mpsc::Sender<Span>>,
    told: Arc<Told>,
}

impl Telemetry {
    /// Starts the thread of the log, and the exporter if a collector is named; that ends when nobody tells any more.
    ///
    /// # Errors
    /// The address of the collector is none, or the system gives no thread.
    pub(super) fn start(
        config: &Config,
        mesh: &Mesh,
        output: &Output,
        told: &Arc<Told>,
    ) -> Result<(Arc<dyn Observer>, Exporting), Failure> {
        let lines = log::Lines::start(*output)?;
        let (mut spans, mut exporting) = (None, None);
        if let Some(collector) = config.collector() {
            let (sender, receiver) = mpsc::channel(export::WAITING_MAX);
            let exporter = export::exporter(&collector, mesh)?;
            spans = Some(sender);
            exporting = Some(tokio::spawn(export::run(receiver, exporter, *output, told.clone())));
        }
        Ok((Arc::new(Self { lines, spans, told: told.clone() }), exporting))
    }
}

impl Observer for Telemetry {
    fn notice(&self, notice: &Notice) {
        if !self.lines.tell(notice) {
            self.told.lines_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wants_spans(&self) -> bool {
        self.spans.is_some()
    }

    fn span(&self, span: Span) {
        let Some(spans) = &self.spans else { return };
        if spans.try_send(span).is_err() {
            self.told.spans_lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
