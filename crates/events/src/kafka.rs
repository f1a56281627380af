//! Kafka: partitions read by explicit offsets, no consumer group; an idempotent producer.
//!
//! The wire protocol is that of `kafka-protocol`; what is ours is which requests are sent when. The versions of requests
//! are fixed: every broker from 2.4 on knows them, and so do the compatible ones.

mod cluster;
mod fetch;
mod partitioner;
mod produce;
mod sasl;
mod wire;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::{Answer, Batch, Error, Login, Outgoing, ReadLimits, Sink, Source, Tls};
use cluster::Cluster;
use produce::Producer;
use wire::Connection;

/// How a cluster is reached, and which topic is meant.
#[derive(Clone, Debug)]
pub struct KafkaOptions {
    /// Addresses of some brokers, `host:port`; the others are learnt from them.
    pub addresses: Vec<String>,
    pub topic: String,
    pub tls: Option<Tls>,
    pub login: Option<Login>,
    /// How long a broker may be gone before sending or reading fails.
    pub patience: Duration,
}

/// One topic as a source.
pub struct KafkaSource {
    cluster: Cluster,
    /// A connection to the leader of each partition: a read that waits holds only its own up.
    readers: Mutex<HashMap<u32, Connection>>,
}

impl KafkaSource {
    pub fn new(options: KafkaOptions) -> Result<Self, Error> {
        Ok(Self { cluster: Cluster::new(options)?, readers: Mutex::default() })
    }

    /// The connection is out of the map while it is used; one that failed does not come back.
    async fn reader(&self, partition: u32) -> Result<Connection, Error> {
        match self.readers.lock().await.remove(&partition) {
            Some(connection) => Ok(connection),
            None => self.cluster.connect_leader(partition).await,
        }
    }

    async fn put_back(&self, partition: u32, connection: Connection) {
        self.readers.lock().await.insert(partition, connection);
    }
}

impl Source for KafkaSource {
    fn partitions(&self) -> Answer<'_, Vec<u32>> {
        Box::pin(async { Ok(self.cluster.leaders().await?.into_keys().collect()) })
    }

    fn range(&self, partition: u32) -> Answer<'_, Range<u64>> {
        Box::pin(async move {
            let mut connection = self.reader(partition).await?;
            let range = fetch::range(&mut connection, self.cluster.topic(), partition).await?;
            self.put_back(partition, connection).await;
            Ok(range)
        })
    }

    fn read(&self, partition: u32, from: u64, limits: ReadLimits) -> Answer<'_, Batch> {
        Box::pin(async move {
            let mut connection = self.reader(partition).await?;
            let topic = self.cluster.topic();
            let read = fetch::read(&mut connection, topic, partition, from, limits).await;
            // An offset that is not there says nothing against the connection.
            if matches!(read, Ok(_) | Err(Error::OutOfRange { .. })) {
                self.put_back(partition, connection).await;
            }
            read
        })
    }
}

/// One topic as a sink.
pub struct KafkaSink {
    cluster: Cluster,
    producer: Mutex<Producer>,
}

impl KafkaSink {
    pub fn new(options: KafkaOptions) -> Result<Self, Error> {
        Ok(Self { cluster: Cluster::new(options)?, producer: Mutex::default() })
    }
}

impl Sink for KafkaSink {
    fn send(&self, messages: Vec<Outgoing>) -> Answer<'_, ()> {
        Box::pin(async move { self.producer.lock().await.send(&self.cluster, messages).await })
    }
}
