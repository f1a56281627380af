//! Writing: an idempotent producer (KIP-98). Each partition counts its records, so a batch that is sent again because its
//! answer was lost is recognised by the broker.
//!
//! The count lives as long as the producer. After a restart of ours, or once a broker has forgotten the producer, what was
//! not acknowledged is sent again under a new producer: then only the event's id tells.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::BytesMut;
use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode as _;
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, Record, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType,
};
use tokio::time::Instant;

use super::cluster::{Cluster, REQUEST_TIMEOUT, check};
use super::partitioner::partition_of;
use super::wire::{Connection, malformed};
use crate::binding::KAFKA;
use crate::{Error, Outgoing};

const PRODUCE_VERSION: i16 = 8;
const INIT_PRODUCER_VERSION: i16 = 1;

/// All replicas that are in sync have it.
const ALL: i16 = -1;
/// How long the broker may wait for them.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
/// Before a batch is sent again.
const REST: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(super) struct Producer {
    /// What the broker calls us; none before the first message and after it has forgotten us.
    identity: Option<(i64, i16)>,
    /// The number of each partition's next record.
    sequences: BTreeMap<u32, i32>,
    connections: BTreeMap<u32, Connection>,
    partitions: u32,
}

/// The records of one partition, with their places among all.
type Lot = Vec<(usize, Outgoing)>;

impl Producer {
    pub(super) async fn send(
        &mut self,
        cluster: &Cluster,
        messages: Vec<Outgoing>,
    ) -> Result<(), Error> {
        // New partitions are used from the next connection on; the keys of a running one keep theirs.
        if self.connections.is_empty() {
            let leaders = cluster.leaders().await?;
            self.partitions = u32::try_from(leaders.len()).unwrap_or(u32::MAX);
        }
        let mut lots: BTreeMap<u32, Lot> = BTreeMap::new();
        for (idx, message) in messages.into_iter().enumerate() {
            let partition = partition_of(message.key.as_bytes(), self.partitions);
            lots.entry(partition).or_default().push((idx, message));
        }
        for (partition, lot) in lots {
            self.send_lot(cluster, partition, lot).await?;
        }
        Ok(())
    }

    /// Sends a lot as one batch; one that is too large for the broker message by message, so that it shows which.
    async fn send_lot(&mut self, cluster: &Cluster, partition: u32, lot: Lot) -> Result<(), Error> {
        match self.persist(cluster, partition, &lot).await {
            Err(Error::Message { .. }) if lot.len() > 1 => {}
            result => return result,
        }
        for one in lot {
            self.persist(cluster, partition, &[one]).await?;
        }
        Ok(())
    }

    /// Sends a batch again and again until it is acknowledged, refused, or the patience is over.
    async fn persist(
        &mut self,
        cluster: &Cluster,
        partition: u32,
        lot: &[(usize, Outgoing)],
    ) -> Result<(), Error> {
        let until = Instant::now() + cluster.patience();
        loop {
            let Err(error) = self.try_once(cluster, partition, lot).await else {
                *self.sequences.entry(partition).or_default() += lot.len() as i32;
                return Ok(());
            };
            self.connections.remove(&partition);
            if !matches!(error, Error::Unreachable(_)) {
                return Err(error);
            }
            if Instant::now() >= until {
                // Whether it arrived is unknown, and the next batch may be another: the count is of no use any more.
                self.forget();
                return Err(error);
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn try_once(
        &mut self,
        cluster: &Cluster,
        partition: u32,
        lot: &[(usize, Outgoing)],
    ) -> Result<(), Error> {
        let sequence = self.sequences.get(&partition).copied().unwrap_or(0);
        if i32::try_from(lot.len()).ok().and_then(|count| sequence.checked_add(count)).is_none() {
            // The largest number is used up: under a new name they begin again.
            self.forget();
        }
        let sequence = self.sequences.get(&partition).copied().unwrap_or(0);
        let identity = match self.identity {
            Some(identity) => identity,
            None => *self.identity.insert(identity(cluster).await?),
        };
        let mut connection = match self.connections.remove(&partition) {
            Some(connection) => connection,
            None => cluster.connect_leader(partition).await?,
        };
        let records = encode(lot, identity, sequence)?;
        let topic = TopicName(StrBytes::from_string(cluster.topic().to_owned()));
        let data = PartitionProduceData::default()
            .with_index(i32::try_from(partition).map_err(|error| malformed(&error))?)
            .with_records(Some(records));
        let topic = TopicProduceData::default().with_name(topic).with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_acks(ALL)
            .with_timeout_ms(ACKNOWLEDGED_WITHIN.as_millis() as i32)
            .with_topic_data(vec![topic]);
        let within = ACKNOWLEDGED_WITHIN + REQUEST_TIMEOUT;
        let response = connection.request(PRODUCE_VERSION, &request, within).await?;
        let answer = response.responses.first().and_then(|topic| topic.partition_responses.first());
        let answer = answer.ok_or_else(|| malformed(&"it tells of no partition"))?;
        self.judge(cluster, partition, lot, answer.error_code)?;
        self.connections.insert(partition, connection);
        Ok(())
    }

    fn judge(
        &mut self,
        cluster: &Cluster,
        partition: u32,
        lot: &[(usize, Outgoing)],
        code: i16,
    ) -> Result<(), Error> {
        let about = format!("writing to partition {partition} of {:?}", cluster.topic());
        match code.err() {
            // The broker has it from a try whose answer was lost.
            Some(ResponseError::DuplicateSequenceNumber) => Ok(()),
            Some(
                error @ (ResponseError::MessageTooLarge
                | ResponseError::RecordListTooLarge
                | ResponseError::InvalidRecord),
            ) => {
                let idx = lot.first().map_or(0, |(idx, _)| *idx);
                Err(Error::Message { idx, reason: error.to_string() })
            }
            // The broker does not know us any more; under a new name it takes the batch.
            Some(
                error @ (ResponseError::UnknownProducerId
                | ResponseError::OutOfOrderSequenceNumber
                | ResponseError::InvalidProducerEpoch
                | ResponseError::InvalidProducerIdMapping),
            ) => {
                self.forget();
                Err(Error::Unreachable(format!("{about}: {error}")))
            }
            _ => check(code, &about),
        }
    }

    fn forget(&mut self) {
        self.identity = None;
        self.sequences.clear();
    }
}

async fn identity(cluster: &Cluster) -> Result<(i64, i16), Error> {
    let mut connection = cluster.connect_any().await?;
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(i32::MAX)
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1);
    let response = connection.request(INIT_PRODUCER_VERSION, &request, REQUEST_TIMEOUT).await?;
    check(response.error_code, "a producer's number")?;
    Ok((response.producer_id.0, response.producer_epoch))
}

/// A batch of the second format, uncompressed.
fn encode(
    lot: &[(usize, Outgoing)],
    (producer_id, producer_epoch): (i64, i16),
    sequence: i32,
) -> Result<bytes::Bytes, Error> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let timestamp = now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let record = |(place, (_, message)): (usize, &(usize, Outgoing))| {
        let (headers, value) = KAFKA.write(message.content.clone());
        let header = |(name, value)| (StrBytes::from_string(name), Some(value));
        Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id,
            producer_epoch,
            timestamp_type: TimestampType::Creation,
            offset: place as i64,
            sequence: sequence + place as i32,
            timestamp,
            key: Some(message.key.clone().into()),
            value,
            headers: headers.into_iter().map(header).collect::<IndexMap<_, _>>(),
        }
    };
    let records: Vec<Record> = lot.iter().enumerate().map(record).collect();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    let mut bytes = BytesMut::new();
    RecordBatchEncoder::encode(&mut bytes, &records, &options)
        .map_err(|error| Error::Refused(format!("the records cannot be written: {error}")))?;
    Ok(bytes.freeze())
}
