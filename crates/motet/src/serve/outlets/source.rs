//! The pump of a source: reads a partition on, and hands over what it gave with the offset behind it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use motet_events::{Batch, Error, ReadLimits, Source};
use motet_runtime::{self as runtime, Event, Intake};
use motet_types::Label;
use tokio::sync::mpsc;

use super::convert::{Origin, event_of};
use super::{Around, Trouble};
use crate::config::{Kind, Outlet};

/// What is read at once.
const LIMITS: ReadLimits =
    ReadLimits { messages_max: 256, bytes_max: 1024 * 1024, patience: Duration::from_secs(1) };

/// How often new partitions are looked for.
const PARTITIONS_INTERVAL: Duration = Duration::from_secs(30);

/// What the configuration says of a source.
#[derive(Clone)]
pub(super) struct Rule {
    name: Arc<str>,
    namespace: Label,
    /// The `source` of events that are made of messages.
    place: String,
    kind: Option<String>,
    begins_with_first: bool,
    stops_at_gap: bool,
}

impl Rule {
    pub(super) fn of(outlet: &Outlet) -> Self {
        let place = match outlet.kind {
            Kind::Kafka => format!("/kafka/{}", outlet.text("topic").unwrap_or_default()),
            Kind::Nats | Kind::Http => {
                format!("/nats/{}", outlet.text("stream").unwrap_or_default())
            }
        };
        Self {
            name: outlet.name.as_str().into(),
            namespace: outlet.namespace.clone().expect("a source has one"),
            place,
            kind: outlet.text("type").map(str::to_owned),
            begins_with_first: outlet.text("begin") != Some("next"),
            stops_at_gap: outlet.text("on-gap") != Some("continue"),
        }
    }
}

/// Runs a pump for each partition, for ever. All of them end with this future.
pub(super) async fn run(source: Arc<dyn Source>, rule: Rule, around: Around) {
    let (found, mut partitions) = mpsc::channel(1);
    let looking = look(&*source, &rule, &around, found);
    let mut looking = std::pin::pin!(looking);
    let mut pumps = FuturesUnordered::new();
    loop {
        tokio::select! {
            () = &mut looking => return,
            Some(partition) = partitions.recv() => {
                let (source, rule, around) = (source.clone(), rule.clone(), around.clone());
                pumps.push(Pump { source, rule, partition, around }.run());
            }
            Some(never) = pumps.next(), if !pumps.is_empty() => match never {},
        }
    }
}

/// Tells of each partition once.
async fn look(source: &dyn Source, rule: &Rule, around: &Around, found: mpsc::Sender<u32>) {
    let mut trouble = Trouble::new(format!("source {}", rule.name), around);
    let mut known = BTreeSet::new();
    loop {
        match source.partitions().await {
            Ok(partitions) => {
                trouble.is_over();
                for partition in partitions {
                    if known.insert(partition) && found.send(partition).await.is_err() {
                        return;
                    }
                }
                tokio::time::sleep(PARTITIONS_INTERVAL).await;
            }
            Err(error) => trouble.met(error.to_string()).await,
        }
    }
}

struct Pump {
    source: Arc<dyn Source>,
    rule: Rule,
    partition: u32,
    around: Around,
}

/// Why a pump could not go on.
enum Stop {
    Broker(Error),
    Runtime(runtime::Error),
}

impl Pump {
    async fn run(self) -> Infallible {
        let about = format!("source {}, partition {}", self.rule.name, self.partition);
        let mut trouble = Trouble::new(about, &self.around);
        loop {
            match self.read_on(&mut trouble).await {
                Stop::Broker(error) => {
                    let is_gap = matches!(error, Error::OutOfRange { .. });
                    if let Some(reason) = self.gap(error).await {
                        // One where the partition stands is met again and again.
                        self.count_gap(is_gap && !trouble.is_told(&reason));
                        trouble.met(reason).await;
                    } else {
                        self.count_gap(true);
                    }
                }
                // What was handed over was taken back, perhaps: what is stored tells.
                Stop::Runtime(runtime::Error::Offset { .. }) => {}
                Stop::Runtime(error) => trouble.met_by_runtime(error).await,
            }
        }
    }

    /// Reads from what is stored on until something fails.
    async fn read_on(&self, trouble: &mut Trouble) -> Stop {
        let stored = match self.stored().await {
            Ok(stored) => stored,
            Err(error) => return Stop::Runtime(error),
        };
        let mut next = match stored {
            Some(next) => next,
            None => match self.begin().await {
                Ok(next) => next,
                Err(stop) => return stop,
            },
        };
        loop {
            let batch = match self.source.read(self.partition, next, LIMITS).await {
                Ok(batch) => batch,
                Err(error) => return Stop::Broker(error),
            };
            trouble.is_over();
            if batch.next == next {
                continue;
            }
            let after = batch.next;
            if let Err(error) = self.hand_over(Some(next), batch).await {
                return Stop::Runtime(error);
            }
            next = after;
        }
    }

    async fn stored(&self) -> Result<Option<u64>, runtime::Error> {
        let offsets = self.around.handle.offsets(self.rule.name.clone()).await?;
        Ok(offsets.iter().find(|(partition, _)| *partition == self.partition).map(|it| it.1))
    }

    /// Where a partition begins of which nothing was read; it is stored at once, so that it stays there.
    async fn begin(&self) -> Result<u64, Stop> {
        let range = self.source.range(self.partition).await.map_err(Stop::Broker)?;
        let next = if self.rule.begins_with_first { range.start } else { range.end };
        let batch = Batch { messages: Vec::new(), next };
        self.hand_over(None, batch).await.map_err(Stop::Runtime)?;
        Ok(next)
    }

    /// Where messages are gone that were not read, the partition goes on behind them if it may; else the reason to stop.
    async fn gap(&self, error: Error) -> Option<String> {
        let Error::OutOfRange { asked, first, .. } = error else { return Some(error.to_string()) };
        let gone = match first.checked_sub(asked) {
            Some(count @ 1..) => format!("{count} messages are gone that were not read"),
            _ => "what was read is gone, as if the topic had been made anew".to_owned(),
        };
        if self.rule.stops_at_gap {
            return Some(format!("{gone}: {error} (on-gap = \"continue\" would go on at {first})"));
        }
        let about = format!("source {}, partition {}", self.rule.name, self.partition);
        let text = format!("motet: {about}: {gone}: {error}: it goes on at {first}");
        self.around.output.note(&text);
        let batch = Batch { messages: Vec::new(), next: first };
        let moved = self.hand_over(Some(asked), batch).await;
        moved.err().map(|error| error.to_string())
    }

    fn count_gap(&self, is_new: bool) {
        self.around.figures.gaps.fetch_add(u64::from(is_new), Ordering::Relaxed);
    }

    async fn hand_over(&self, from: Option<u64>, batch: Batch) -> Result<(), runtime::Error> {
        let origin = Origin {
            source: &self.rule.place,
            partition: self.partition,
            kind: self.rule.kind.as_deref(),
        };
        let mut events: Vec<Arc<Event>> = Vec::with_capacity(batch.messages.len());
        let mut unreadable = 0;
        for message in &batch.messages {
            let (event, is_readable) = event_of(message, &origin, &self.around.limits);
            unreadable += u64::from(!is_readable);
            events.push(Arc::new(event));
        }
        let intake = Intake {
            source: self.rule.name.clone(),
            partition: self.partition,
            from,
            next: batch.next,
            namespace: self.rule.namespace.clone(),
            events,
        };
        // While the runtime is busy this waits here, and the broker keeps what comes after it.
        while let Err(error) = self.around.handle.take_in(intake.clone()).await {
            let runtime::Error::Overloaded { retry_after } = error else { return Err(error) };
            tokio::time::sleep(retry_after).await;
        }
        self.around.figures.unreadable.fetch_add(unreadable, Ordering::Relaxed);
        Ok(())
    }
}
