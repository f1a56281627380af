//! What goes out to sinks: rows in the commit of the step that caused them, gone once they are acknowledged.
//!
//! The key of a row is made of the instance and the ordinal of its record, so rows of an instance are in the order of its
//! history without a counter of their own, and one that is written again is the same row.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use motet_definition::graph::Graph;
use motet_engine::event::Event;
use motet_engine::{Fact, Record};
use motet_journal::{decode_event, encode_event};
use motet_store::{Row, RowChange, Value};
use motet_types::{InstanceId, Label, ShardId};

use super::batch::Release;
use super::sinks::Tallies;
use super::slots::State;
use super::{Machine, Reply, Responder};
use crate::lifecycle;
use crate::tables::OUTGOING;

/// What a sink wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkRule {
    pub name: Arc<str>,
    /// Of one namespace, or of all.
    pub namespace: Option<Label>,
    /// Types, each whole or with a `*` at its end for whatever follows; none: all types.
    pub types: Vec<String>,
    /// Whether it wants what workflows emit.
    pub emitted: bool,
    /// Whether it wants lifecycle events of workflows whose definitions ask for them.
    pub lifecycle: bool,
    /// Whether it goes without what comes while as much waits for it as may; else no instance begins that would add to it.
    pub drops: bool,
}

/// Which event waits for which sink.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutgoingKey {
    pub sink: Arc<str>,
    pub instance: InstanceId,
    /// Ordinal of the record that caused it.
    pub record: u64,
    pub part: u32,
}

/// An event that waits for a sink.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub key: OutgoingKey,
    pub event: Event,
}

impl SinkRule {
    fn wants(&self, namespace: &Label, event: &Event) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(beginning) => event.kind().starts_with(beginning),
            None => event.kind() == wanted,
        };
        self.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
            && (self.types.is_empty() || self.types.iter().any(fits))
    }
}

impl OutgoingKey {
    /// The key's columns.
    pub(crate) fn columns(&self) -> Vec<Value> {
        vec![
            Value::Text(self.sink.to_string()),
            Value::Int(i64::from(self.instance.shard().0)),
            Value::Blob(Bytes::copy_from_slice(&self.instance.0)),
            Value::Int(i64::try_from(self.record).unwrap_or(i64::MAX)),
            Value::Int(i64::from(self.part)),
        ]
    }
}

impl Outgoing {
    /// None if the row is not of the table's form.
    pub(crate) fn read(row: &Row) -> Option<Self> {
        let [
            Value::Text(sink),
            Value::Int(_),
            Value::Blob(instance),
            Value::Int(record),
            Value::Int(part),
            Value::Blob(body),
        ] = row.as_slice()
        else {
            return None;
        };
        let key = OutgoingKey {
            sink: sink.as_str().into(),
            instance: InstanceId(instance.as_ref().try_into().ok()?),
            record: u64::try_from(*record).ok()?,
            part: u32::try_from(*part).ok()?,
        };
        Some(Self { key, event: decode_event(body).ok()? })
    }
}

impl Machine {
    /// What a step's records send out; `first` is the ordinal of the first one.
    pub(super) fn outgoing_of(
        &mut self,
        id: InstanceId,
        graph: &Graph,
        (first, records): (u64, &[Record]),
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        if self.sinks.is_empty() {
            return;
        }
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let State::Live(instance) = &slot.state else { return };
        let namespace = &instance.start.definition.workflow.namespace;
        let mut tasks = slot.tasks.as_deref_mut().map(std::mem::take).unwrap_or_default();
        let events_max = self.config.limits.sink_events_max as u64;
        let mut tallies = Tallies::default();
        for (record, ordinal) in records.iter().zip(first..) {
            let mut put = |event: &Event, part: u32, is_wanted: fn(&SinkRule) -> bool| {
                let takers = self.sinks.iter().filter(|sink| is_wanted(sink));
                for sink in takers.filter(|sink| sink.wants(namespace, event)) {
                    let tally = tallies.of(&sink.name);
                    if sink.drops && self.sinks_known.waiting(&sink.name) >= events_max {
                        tally.dropped += 1;
                        continue;
                    }
                    tally.came += 1;
                    let sink = sink.name.clone();
                    rows.push(row(
                        &OutgoingKey { sink, instance: id, record: ordinal, part },
                        event,
                    ));
                }
            };
            if let Fact::Emitted { event } = &record.fact {
                put(event, 0, |sink| sink.emitted);
            }
            if graph.lifecycle {
                let events = lifecycle::of(record, ordinal, instance, graph, &mut tasks);
                for (event, part) in events.iter().zip(1..) {
                    put(event, part, |sink| sink.lifecycle);
                }
            }
        }
        slot.tasks = Some(Box::new(tasks));
        releases.extend((!tallies.is_empty()).then_some(Release::Sinks(tallies)));
    }

    pub(super) fn delivered(&mut self, keys: &[OutgoingKey], reply: Responder) {
        let mut by_shard: BTreeMap<ShardId, Vec<RowChange>> = BTreeMap::new();
        let mut tallies = Tallies::default();
        for key in keys {
            tallies.of(&key.sink).delivered += 1;
            let change = RowChange::Delete { table: OUTGOING.id, key: key.columns() };
            by_shard.entry(key.instance.shard()).or_default().push(change);
        }
        for (shard, rows) in by_shard {
            self.commit_rows(shard, rows);
        }
        self.release(Release::Sinks(tallies));
        self.reply(reply, Ok(Reply::Done));
    }
}

fn row(key: &OutgoingKey, event: &Event) -> RowChange {
    let mut body = Vec::new();
    encode_event(event, &mut body);
    let mut row = key.columns();
    row.push(Value::Blob(Bytes::from(body)));
    RowChange::Put { table: OUTGOING.id, row }
}
