//! What sources give: events, and how far a partition is read, in one commit.
//!
//! A partition belongs to a shard. The commit there holds the partition's next offset and a message to the topic of each
//! event; from then on the messages do what messages do: each is taken once, in order. A batch says up to where it
//! supposes the partition to be read, so one that comes twice, or after a refusal, is not taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_engine::event::Event;
use motet_journal::Message;
use motet_store::{RowChange, Value};
use motet_types::{Label, ShardId};

use super::batch::Release;
use super::{Machine, Reply, Responder};
use crate::Error;
use crate::tables::INTAKE;

/// Messages of one shard that topics have not taken; a source has to wait while there are so many.
const WAITING_MAX: usize = 4_096;

/// When a source may come again.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// A batch of one partition of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    pub source: Arc<str>,
    pub partition: u32,
    /// Up to where the partition is read, as its reader supposes; none before the first batch.
    pub from: Option<u64>,
    /// Up to where it is read with this batch.
    pub next: u64,
    pub namespace: Label,
    pub events: Vec<Arc<Event>>,
}

/// A partition, by its source.
pub(super) type PartitionKey = (Arc<str>, u32);
pub(super) type Offset = u64;

#[derive(Default)]
pub(super) struct Intakes(BTreeMap<PartitionKey, Read>);

/// How far a partition is read.
#[derive(Clone, Copy, Debug, Default)]
struct Read {
    durable: Option<Offset>,
    /// With what is not durable yet.
    present: Option<Offset>,
}

impl Intakes {
    pub(super) fn recover(&mut self, rows: Vec<(String, u32, u64)>) {
        for (source, partition, next) in rows {
            let read = Read { durable: Some(next), present: Some(next) };
            self.0.insert((source.into(), partition), read);
        }
    }

    pub(super) fn settle(&mut self, partition: PartitionKey, offset: Offset) {
        self.0.entry(partition).or_default().durable = Some(offset);
    }

    /// What was computed and is not durable never was.
    pub(super) fn refused(&mut self) {
        for read in self.0.values_mut() {
            read.present = read.durable;
        }
    }
}

impl Machine {
    pub(super) fn take_in(&mut self, intake: &Intake, reply: Responder) {
        let partition: PartitionKey = (intake.source.clone(), intake.partition);
        let stored = self.intakes.0.get(&partition).and_then(|read| read.present);
        if stored != intake.from {
            return self.reply(reply, Err(Error::Offset { stored }));
        }
        let shard = shard_of(&intake.source, intake.partition);
        if self.links.has_waiting(shard, WAITING_MAX) {
            return self.reply(reply, Err(Error::Overloaded { retry_after: RETRY_AFTER }));
        }
        let (mut rows, mut releases) = (vec![row(shard, intake)], Vec::new());
        for event in &intake.events {
            let topic = event.topic(intake.namespace.clone());
            let to = topic.shard();
            let message = Message::Publish { topic, event: event.clone() };
            let (sequence, message_rows) = self.links.send(shard, to, message);
            rows.extend(message_rows);
            releases.push(Release::Deliver { from: shard, sequence });
        }
        self.intakes.0.entry(partition.clone()).or_default().present = Some(intake.next);
        self.counters.taken_in += intake.events.len() as u64;
        self.commit_rows(shard, rows);
        for release in releases {
            self.release(release);
        }
        self.release(Release::Intake(partition, intake.next));
        self.reply(reply, Ok(Reply::Done));
    }

    /// What is durable; a batch that is on its way does not count.
    pub(super) fn offsets(&mut self, source: &Arc<str>, reply: Responder) {
        let partitions = self.intakes.0.range((source.clone(), 0)..=(source.clone(), u32::MAX));
        let known = partitions.filter_map(|((_, partition), read)| {
            let durable = read.durable?;
            Some((*partition, durable))
        });
        let known = known.collect();
        self.reply(reply, Ok(Reply::Offsets(known)));
    }
}

/// The shard that a partition belongs to; never changed between versions. No namespace has an empty name.
fn shard_of(source: &str, partition: u32) -> ShardId {
    ShardId::of_start("", source, &partition.to_string())
}

fn row(shard: ShardId, intake: &Intake) -> RowChange {
    let row = vec![
        Value::Int(i64::from(shard.0)),
        Value::Text(intake.source.to_string()),
        Value::Int(i64::from(intake.partition)),
        Value::Int(i64::try_from(intake.next).unwrap_or(i64::MAX)),
    ];
    RowChange::Put { table: INTAKE.id, row }
}
