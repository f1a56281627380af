//! Reading: which offsets there are, and the messages from one on, those of aborted transactions left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode as _;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{AbortedTransaction, PartitionData};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{Record, RecordBatchDecoder};
use motet_types::Timestamp;

use super::cluster::{REQUEST_TIMEOUT, check};
use super::wire::{Connection, malformed};
use crate::binding::KAFKA;
use crate::{Batch, Error, Message, ReadLimits};

const FETCH_VERSION: i16 = 11;
const LIST_OFFSETS_VERSION: i16 = 5;

/// Only what is committed: what a transaction has not decided yet is not shown.
const READ_COMMITTED: i8 = 1;
/// We are no replica.
const NOBODY: BrokerId = BrokerId(-1);
/// Instead of times: the first offset, and the next one.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

pub(super) async fn range(
    connection: &mut Connection,
    topic: &str,
    partition: u32,
) -> Result<Range<u64>, Error> {
    let first = offset(connection, topic, partition, EARLIEST).await?;
    let next = offset(connection, topic, partition, LATEST).await?;
    Ok(first..next)
}

async fn offset(
    connection: &mut Connection,
    topic: &str,
    partition: u32,
    at: i64,
) -> Result<u64, Error> {
    let asked = ListOffsetsPartition::default()
        .with_partition_index(index(partition)?)
        .with_current_leader_epoch(-1)
        .with_timestamp(at);
    let request = ListOffsetsRequest::default()
        .with_replica_id(NOBODY)
        .with_isolation_level(READ_COMMITTED)
        .with_topics(vec![
            ListOffsetsTopic::default().with_name(name(topic)).with_partitions(vec![asked]),
        ]);
    let response = connection.request(LIST_OFFSETS_VERSION, &request, REQUEST_TIMEOUT).await?;
    let answer = response.topics.first().and_then(|topic| topic.partitions.first());
    let answer = answer.ok_or_else(|| malformed(&"it tells of no offset"))?;
    check(answer.error_code, &format!("offsets of partition {partition} of {topic:?}"))?;
    u64::try_from(answer.offset).map_err(|error| malformed(&error))
}

pub(super) async fn read(
    connection: &mut Connection,
    topic: &str,
    partition: u32,
    from: u64,
    limits: ReadLimits,
) -> Result<Batch, Error> {
    let bytes_max = i32::try_from(limits.bytes_max).unwrap_or(i32::MAX);
    let asked = FetchPartition::default()
        .with_partition(index(partition)?)
        .with_current_leader_epoch(-1)
        .with_fetch_offset(i64::try_from(from).map_err(|error| malformed(&error))?)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(bytes_max);
    let request = FetchRequest::default()
        .with_replica_id(NOBODY)
        .with_max_wait_ms(i32::try_from(limits.patience.as_millis()).unwrap_or(i32::MAX))
        .with_min_bytes(1)
        .with_max_bytes(bytes_max)
        .with_isolation_level(READ_COMMITTED)
        .with_session_epoch(-1)
        .with_topics(vec![
            FetchTopic::default().with_topic(name(topic)).with_partitions(vec![asked]),
        ]);
    let within = limits.patience + REQUEST_TIMEOUT;
    let response = connection.request(FETCH_VERSION, &request, within).await?;
    check(response.error_code, &format!("reading {topic:?}"))?;
    let answer = response.responses.into_iter().next();
    let answer = answer.and_then(|topic| topic.partitions.into_iter().next());
    let answer = answer.ok_or_else(|| malformed(&"it tells of no partition"))?;
    if answer.error_code.err() == Some(ResponseError::OffsetOutOfRange) {
        let Range { start: first, end: next } = range(connection, topic, partition).await?;
        return Err(Error::OutOfRange { partition, asked: from, first, next });
    }
    check(answer.error_code, &format!("reading partition {partition} of {topic:?}"))?;
    let batch = batch_of(answer, from, limits.messages_max)?;
    if batch.next == from {
        // Some brokers answer at once although nothing is there that may be shown.
        tokio::time::sleep(limits.patience.min(EMPTY_REST)).await;
    }
    Ok(batch)
}

/// Between two reads that gave nothing.
const EMPTY_REST: Duration = Duration::from_millis(20);

/// The messages of a response from an offset on.
fn batch_of(answer: PartitionData, from: u64, messages_max: usize) -> Result<Batch, Error> {
    let mut transactions = Transactions::new(answer.aborted_transactions.unwrap_or_default());
    let mut batch = Batch { messages: Vec::new(), next: from };
    let mut bytes = answer.records.unwrap_or_default();
    while let Some((mut one, last)) = split_batch(&mut bytes)? {
        let records = RecordBatchDecoder::decode(&mut one).map_err(|error| malformed(&error))?;
        transactions.reach(last);
        for record in records.records {
            let Ok(offset) = u64::try_from(record.offset) else { continue };
            // A batch is sent as a whole even if what is asked for begins in its middle.
            if !transactions.shows(&record) || offset < from {
                continue;
            }
            if batch.messages.len() >= messages_max {
                return Ok(batch);
            }
            batch.next = offset + 1;
            batch.messages.push(message(offset, record));
        }
        let after = u64::try_from(last).map_err(|error| malformed(&error))? + 1;
        batch.next = batch.next.max(after);
    }
    Ok(batch)
}

fn message(offset: u64, record: Record) -> Message {
    let headers = record.headers.into_iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.unwrap_or_default()));
    let time = Some(record.timestamp).filter(|millis| *millis >= 0);
    Message {
        offset,
        time: time.map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000))),
        key: record.key,
        content: KAFKA.read(headers.collect(), record.value),
    }
}

/// Cuts the first whole batch off, with the offset of its last record; what follows it may be cut short by the broker.
fn split_batch(bytes: &mut Bytes) -> Result<Option<(Bytes, i64)>, Error> {
    /// Offset of the first record, then the length of what follows.
    const PREFIX: usize = 12;
    /// Where the distance to the last offset stands, and where it ends.
    const LAST: Range<usize> = 23..27;
    if bytes.len() < LAST.end {
        return Ok(None);
    }
    let mut prefix = bytes.slice(..PREFIX);
    let (base, length) = (prefix.get_i64(), prefix.get_i32());
    let length = usize::try_from(length).map_err(|error| malformed(&error))?;
    if bytes.len() - PREFIX < length {
        return Ok(None);
    }
    if PREFIX + length < LAST.end {
        return Err(malformed(&"a batch of records is too short"));
    }
    let last = base.saturating_add(i64::from(bytes.slice(LAST).get_i32()));
    Ok(Some((bytes.split_to(PREFIX + length), last)))
}

/// Which records belong to transactions that were aborted.
struct Transactions {
    /// By the offset with which they begin.
    aborted: BTreeMap<i64, BTreeSet<i64>>,
    /// Producers in the middle of one.
    open: BTreeSet<i64>,
}

impl Transactions {
    fn new(aborted: Vec<AbortedTransaction>) -> Self {
        let mut by_offset: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for transaction in aborted {
            let producers = by_offset.entry(transaction.first_offset).or_default();
            producers.insert(transaction.producer_id.0);
        }
        Self { aborted: by_offset, open: BTreeSet::new() }
    }

    /// The batch that ends with this offset comes next.
    fn reach(&mut self, last: i64) {
        while let Some(entry) = self.aborted.first_entry().filter(|entry| *entry.key() <= last) {
            self.open.extend(entry.remove());
        }
    }

    /// Whether a record is a message of somebody who meant it.
    fn shows(&mut self, record: &Record) -> bool {
        /// Version, then kind of a marker: 0 ends an aborted transaction.
        const ABORT: [u8; 2] = [0, 0];
        if record.control {
            let kind = record.key.as_deref().and_then(|key| key.get(2..4));
            if kind == Some(&ABORT) {
                self.open.remove(&record.producer_id);
            }
            return false;
        }
        !(record.transactional && self.open.contains(&record.producer_id))
    }
}

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

fn index(partition: u32) -> Result<i32, Error> {
    i32::try_from(partition).map_err(|error| Error::Refused(error.to_string()))
}

#[cfg(test)]
mod tests;
