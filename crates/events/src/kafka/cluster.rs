//! Which broker leads which partition, and connections to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::error::ParseResponseErrorCode as _;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::wire::Connection;
use super::{KafkaOptions, sasl};
use crate::Error;

/// One request that is not meant to wait, and one connection that is made.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

const METADATA_VERSION: i16 = 8;

pub(super) struct Cluster {
    options: KafkaOptions,
    tls: Option<TlsConnector>,
}

/// Address of a partition's leader.
pub(super) type Leader = (String, u16);

impl Cluster {
    pub(super) fn new(options: KafkaOptions) -> Result<Self, Error> {
        let config = options.tls.as_ref().map(|tls| tls.config()).transpose()?;
        let tls = config.map(|config| TlsConnector::from(Arc::new(config)));
        Ok(Self { options, tls })
    }

    pub(super) fn topic(&self) -> &str {
        &self.options.topic
    }

    pub(super) fn patience(&self) -> Duration {
        self.options.patience
    }

    /// The leaders of the topic's partitions, asked of any broker that answers.
    pub(super) async fn leaders(&self) -> Result<BTreeMap<u32, Leader>, Error> {
        let mut last = Error::Refused("there is no address of a broker".to_owned());
        for address in &self.options.addresses {
            match self.leaders_by(address).await {
                Ok(leaders) => return Ok(leaders),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) async fn connect_leader(&self, partition: u32) -> Result<Connection, Error> {
        let leaders = self.leaders().await?;
        let (host, port) = leaders
            .get(&partition)
            .ok_or_else(|| Error::Refused(format!("there is no partition {partition}")))?;
        self.connect(host, *port).await
    }

    pub(super) async fn connect_any(&self) -> Result<Connection, Error> {
        let mut last = Error::Refused("there is no address of a broker".to_owned());
        for address in &self.options.addresses {
            let (host, port) = split(address)?;
            match self.connect(host, port).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<Connection, Error> {
        let connecting = self.connect_now(host, port);
        let connected = tokio::time::timeout(REQUEST_TIMEOUT, connecting).await;
        connected.unwrap_or_else(|_| Err(unreachable(host, port, &"it does not answer in time")))
    }

    async fn connect_now(&self, host: &str, port: u16) -> Result<Connection, Error> {
        let failed = |error: std::io::Error| unreachable(host, port, &error);
        let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut connection = match &self.tls {
            None => Connection::new(Box::new(stream)),
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| unreachable(host, port, &error))?;
                let stream = tls.connect(name, stream).await.map_err(failed)?;
                Connection::new(Box::new(stream))
            }
        };
        if let Some(login) = &self.options.login {
            sasl::log_in(&mut connection, login).await?;
        }
        Ok(connection)
    }

    async fn leaders_by(&self, address: &str) -> Result<BTreeMap<u32, Leader>, Error> {
        let (host, port) = split(address)?;
        let mut connection = self.connect(host, port).await?;
        let name = TopicName(StrBytes::from_string(self.options.topic.clone()));
        let topic = MetadataRequestTopic::default().with_name(Some(name));
        let request = MetadataRequest::default()
            .with_topics(Some(vec![topic]))
            .with_allow_auto_topic_creation(false);
        let response = connection.request(METADATA_VERSION, &request, REQUEST_TIMEOUT).await?;
        self.leaders_of(&response)
    }

    fn leaders_of(&self, response: &MetadataResponse) -> Result<BTreeMap<u32, Leader>, Error> {
        let topic = response
            .topics
            .first()
            .ok_or_else(|| Error::Unreachable("the broker tells of no topic".to_owned()))?;
        check(topic.error_code, &format!("topic {:?}", self.options.topic))?;
        let leader = |id| {
            let broker = response.brokers.iter().find(|broker| broker.node_id == id)?;
            Some((broker.host.to_string(), u16::try_from(broker.port).ok()?))
        };
        let mut leaders = BTreeMap::new();
        for partition in &topic.partitions {
            let idx = u32::try_from(partition.partition_index)
                .map_err(|error| Error::Unreachable(error.to_string()))?;
            // A partition without a leader at present keeps its place; connecting to it fails until it has one.
            let address = leader(partition.leader_id).unwrap_or_default();
            leaders.insert(idx, address);
        }
        Ok(leaders)
    }
}

/// What a broker's error code means for us: who asks again may succeed, or somebody has to see to it.
pub(super) fn check(code: i16, about: &str) -> Result<(), Error> {
    match code.err() {
        None => Ok(()),
        Some(error) if is_passing(error) => Err(Error::Unreachable(format!("{about}: {error}"))),
        Some(error) => Err(Error::Refused(format!("{about}: {error}"))),
    }
}

/// A topic that is unknown may be one that the cluster is just learning of.
fn is_passing(error: ResponseError) -> bool {
    error.is_retriable() && error != ResponseError::UnknownTopicOrPartition
}

fn split(address: &str) -> Result<(&str, u16), Error> {
    let wrong = || Error::Refused(format!("{address:?} is no address: write host:port"));
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    Ok((host, port.parse().map_err(|_| wrong())?))
}

fn unreachable(host: &str, port: u16, why: &dyn std::fmt::Display) -> Error {
    Error::Unreachable(format!("{host}:{port}: {why}"))
}
