//! How much waits for each sink and what each has refused; what happens where that is as much as may be.
//!
//! Counts follow from the rows: they are made at recovery, and change when a commit that changes rows is durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use motet_definition::graph::Kind;
use motet_engine::event::Event;
use motet_journal::encode_event;
use motet_store::{Row, RowChange, Value};
use motet_types::{ShardId, Timestamp, WorkflowRef};

use super::batch::Release;
use super::outgoing::{Outgoing, OutgoingKey};
use super::{Machine, Reply, Responder};
use crate::Error;
use crate::sabotage::{self, Sabotage};
use crate::tables::{OUTGOING, REFUSED};

/// Columns of the key and the body, which both tables begin with.
const SHARED_COLUMNS: usize = 6;

/// A sink as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkView {
    pub name: Arc<str>,
    /// Whether the server was started with it; if not, nothing takes what waits for it.
    pub configured: bool,
    pub waiting: u64,
    pub waiting_max: u64,
    /// Whether instances that would add to it do not begin.
    pub holds_up: bool,
    pub refused: u64,
    pub refused_max: u64,
    /// Events that it went without, in this life of the server.
    pub dropped: u64,
}

/// An event that a sink has refused for good.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedEvent {
    pub key: OutgoingKey,
    pub event: Event,
    pub at: Timestamp,
    pub reason: String,
}

/// What a person decides about events of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkChange {
    /// What it refused goes out again.
    Retry,
    /// What it refused is gone.
    Discard,
    /// What waits for it is gone.
    Remove,
}

/// How many events of a sink one commit makes come and go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) came: u64,
    pub(super) delivered: u64,
    pub(super) refused: u64,
    pub(super) retried: u64,
    pub(super) discarded: u64,
    pub(super) removed: u64,
    pub(super) dropped: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<Arc<str>, Tally>);

impl Tallies {
    pub(super) fn of(&mut self, sink: &Arc<str>) -> &mut Tally {
        self.0.entry(sink.clone()).or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Durable counts of every sink that has or had rows.
#[derive(Default)]
pub(super) struct Sinks(BTreeMap<Arc<str>, Counts>);

#[derive(Clone, Copy, Default)]
struct Counts {
    waiting: u64,
    refused: u64,
    dropped: u64,
}

impl Sinks {
    pub(super) fn recover(
        &mut self,
        waiting: BTreeMap<String, u64>,
        refused: BTreeMap<String, u64>,
    ) {
        for (sink, count) in waiting {
            self.0.entry(sink.into()).or_default().waiting = count;
        }
        for (sink, count) in refused {
            self.0.entry(sink.into()).or_default().refused = count;
        }
    }

    pub(super) fn waiting(&self, sink: &str) -> u64 {
        self.0.get(sink).map_or(0, |counts| counts.waiting)
    }

    fn settle(&mut self, sink: Arc<str>, tally: Tally) {
        let counts = self.0.entry(sink).or_default();
        let gone = tally.delivered + tally.refused + tally.removed;
        counts.waiting = (counts.waiting + tally.came + tally.retried).saturating_sub(gone);
        let gone = tally.retried + tally.discarded;
        counts.refused = (counts.refused + tally.refused).saturating_sub(gone);
        counts.dropped += tally.dropped;
    }
}

impl RefusedEvent {
    /// None if the row is not of the table's form.
    pub(crate) fn read(row: &Row) -> Option<Self> {
        let (shared, rest) = row.split_at_checked(SHARED_COLUMNS)?;
        let [Value::Int(at), Value::Text(reason)] = rest else { return None };
        let Outgoing { key, event } = Outgoing::read(&shared.to_vec())?;
        Some(Self { key, event, at: Timestamp::from_micros(*at), reason: reason.clone() })
    }
}

impl Machine {
    /// The rows of a commit are durable.
    pub(super) fn settle_sinks(&mut self, tallies: Tallies) {
        for (sink, tally) in tallies.0 {
            self.counters.outgoing += tally.came + tally.retried;
            self.counters.delivered += tally.delivered;
            self.counters.refused += tally.refused;
            self.counters.dropped += tally.dropped;
            self.sinks_known.settle(sink, tally);
        }
    }

    /// All waiting events, all refused ones, and sinks for which starts are refused.
    pub fn sink_levels(&self) -> [u64; 3] {
        let mut levels = [0; 3];
        for view in self.sink_views() {
            levels[0] += view.waiting;
            levels[1] += view.refused;
            levels[2] += u64::from(view.holds_up);
        }
        levels
    }

    pub(super) fn list_sinks(&mut self, reply: Responder) {
        let views = self.sink_views();
        self.reply(reply, Ok(Reply::Sinks(views)));
    }

    fn sink_views(&self) -> Vec<SinkView> {
        let limits = &self.config.limits;
        let waiting_max = limits.sink_events_max as u64;
        let rule = |name: &str| self.sinks.iter().find(|rule| &*rule.name == name);
        let mut names: Vec<Arc<str>> = self.sinks.iter().map(|rule| rule.name.clone()).collect();
        names.extend(self.sinks_known.0.keys().filter(|name| rule(name).is_none()).cloned());
        names.sort();
        let view = |name: Arc<str>| {
            let counts = self.sinks_known.0.get(&name).copied().unwrap_or_default();
            let own = rule(&name);
            let is_full = counts.waiting >= waiting_max;
            SinkView {
                configured: own.is_some(),
                waiting: counts.waiting,
                waiting_max,
                holds_up: is_full && own.is_some_and(|rule| !rule.drops),
                refused: counts.refused,
                refused_max: limits.sink_refused_max as u64,
                dropped: counts.dropped,
                name,
            }
        };
        let has_any = |view: &SinkView| view.configured || view.waiting + view.refused > 0;
        names.into_iter().map(view).filter(has_any).collect()
    }

    /// Why no instance of a definition may begin: a sink that would get something from it has as much waiting as may.
    pub(super) fn held_up(&self, definition: &WorkflowRef) -> Option<Error> {
        let events_max = self.config.limits.sink_events_max as u64;
        let is_full = |name: &str| self.sinks_known.waiting(name) >= events_max;
        let mut full =
            self.sinks.iter().filter(|rule| !rule.drops && is_full(&rule.name)).peekable();
        full.peek()?;
        let graph = self.view.graphs.get(definition)?;
        let emits = graph.vertices.iter().any(|vertex| matches!(vertex.kind, Kind::Emit(_)));
        let namespace = &definition.workflow.namespace;
        let taker = full.find(|rule| {
            rule.namespace.as_ref().is_none_or(|own| own == namespace)
                && (rule.lifecycle && graph.lifecycle || rule.emitted && emits)
        })?;
        Some(Error::SinkFull { sink: taker.name.to_string(), events_max })
    }

    /// A sink will never take this event: it is kept where people find it.
    pub(super) fn sink_refuses(&mut self, outgoing: &Outgoing, reason: String, reply: Responder) {
        let sink = &outgoing.key.sink;
        let events_max = self.config.limits.sink_refused_max as u64;
        if self.sinks_known.0.get(sink).is_some_and(|counts| counts.refused >= events_max) {
            let error = Error::RefusedFull { sink: sink.to_string(), events_max };
            return self.reply(reply, Err(error));
        }
        let mut body = Vec::new();
        encode_event(&outgoing.event, &mut body);
        let key = outgoing.key.columns();
        let at = Value::Int(self.now.as_micros());
        let rest = [Value::Blob(Bytes::from(body)), at, Value::Text(reason)];
        let row = key.iter().cloned().chain(rest).collect();
        let mut rows = vec![RowChange::Delete { table: OUTGOING.id, key }];
        if !sabotage::is(Sabotage::RefusedForgotten) {
            rows.push(RowChange::Put { table: REFUSED.id, row });
        }
        let mut tallies = Tallies::default();
        tallies.of(sink).refused += 1;
        self.commit_rows(outgoing.key.instance.shard(), rows);
        self.release(Release::Sinks(tallies));
        self.reply(reply, Ok(Reply::Done));
    }

    /// Carries out what a person decided about these rows, which nobody else changes meanwhile.
    pub(super) fn change_sink(&mut self, change: SinkChange, rows: &[Row], reply: Responder) {
        let mut by_shard: BTreeMap<ShardId, Vec<RowChange>> = BTreeMap::new();
        let mut tallies = Tallies::default();
        for row in rows {
            let [Value::Text(sink), Value::Int(shard), ..] = row.as_slice() else { continue };
            let Ok(shard) = u16::try_from(*shard) else { continue };
            let tally = tallies.of(&sink.as_str().into());
            let changes = by_shard.entry(ShardId(shard)).or_default();
            let key = row[..REFUSED.key_columns].to_vec();
            match change {
                SinkChange::Retry => {
                    tally.retried += 1;
                    changes.push(RowChange::Delete { table: REFUSED.id, key });
                    let row = row[..SHARED_COLUMNS].to_vec();
                    changes.push(RowChange::Put { table: OUTGOING.id, row });
                }
                SinkChange::Discard => {
                    tally.discarded += 1;
                    changes.push(RowChange::Delete { table: REFUSED.id, key });
                }
                SinkChange::Remove => {
                    tally.removed += 1;
                    changes.push(RowChange::Delete { table: OUTGOING.id, key });
                }
            }
        }
        for (shard, rows) in by_shard {
            self.commit_rows(shard, rows);
        }
        self.release(Release::Sinks(tallies));
        self.reply(reply, Ok(Reply::Done));
    }
}
