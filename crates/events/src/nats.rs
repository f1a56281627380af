//! NATS JetStream: one stream, whose sequence is the offset of its one partition.
//!
//! Reading is by an ephemeral pull consumer without acknowledgements, made anew from the wanted sequence whenever something
//! is not as expected: what is read is known here, not there.

use std::ops::Range;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, HeaderMap};
use bytes::Bytes;
use futures_util::StreamExt as _;
use motet_types::Timestamp;
use tokio::sync::{Mutex, OnceCell};

use crate::binding::NATS;
use crate::{
    Answer, Batch, Content, Error, Headers, Login, Message, Outgoing, ReadLimits, Sink, Source, Tls,
};

/// One request of the client.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// A server forgets a reader of which it has heard nothing for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);
/// A reader that got nothing for so many waits in a row is made anew: the server may have lost it without a word.
const SILENT_WAITS_MAX: u32 = 30;
/// The one partition of a stream.
const PARTITION: u32 = 0;

/// How servers are reached, and which stream is meant.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// `nats://host:port` or `tls://host:port`.
    pub addresses: Vec<String>,
    /// The stream that is read.
    pub stream: String,
    /// Of the stream's subjects, those that are read (all, if there is none); or the one that is written to.
    pub subject: Option<String>,
    pub tls: Option<Tls>,
    pub login: Option<Login>,
    /// How long sending or reading tries before it fails.
    pub patience: Duration,
}

/// A connection, made when it is first needed; it mends itself.
struct Server {
    options: NatsOptions,
    context: OnceCell<Context>,
}

impl Server {
    async fn context(&self) -> Result<&Context, Error> {
        self.context.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Context, Error> {
        let mut options =
            ConnectOptions::new().name("motet").request_timeout(Some(REQUEST_TIMEOUT));
        if let Some(Login { user, password, .. }) = &self.options.login {
            options = options.user_and_password(user.clone(), password.clone());
        }
        if let Some(tls) = &self.options.tls {
            options = options.require_tls(true).tls_client_config(tls.config()?);
        }
        let connected = options.connect(self.options.addresses.clone()).await;
        let client = connected.map_err(|error| {
            use async_nats::ConnectErrorKind::{
                Authentication, AuthorizationViolation, ServerParse,
            };
            match error.kind() {
                Authentication | AuthorizationViolation | ServerParse => refused(&error),
                _ => unreachable(&error),
            }
        })?;
        Ok(jetstream::new(client))
    }
}

/// One stream as a source.
pub struct NatsSource {
    server: Server,
    reader: Mutex<Option<Reader>>,
}

/// A consumer and what it gives next.
struct Reader {
    consumer: PullConsumer,
    next: u64,
    /// How many messages it has given.
    given: u64,
    silent_waits: u32,
}

impl NatsSource {
    pub fn new(options: NatsOptions) -> Self {
        let server = Server { options, context: OnceCell::new() };
        Self { server, reader: Mutex::default() }
    }

    async fn stream_range(&self) -> Result<Range<u64>, Error> {
        let context = self.server.context().await?;
        let stream = context.get_stream(&self.server.options.stream).await.map_err(|error| {
            match error.kind() {
                jetstream::context::GetStreamErrorKind::JetStream(_) => refused(&error),
                _ => unreachable(&error),
            }
        })?;
        let state = &stream.cached_info().state;
        let next = state.last_sequence + 1;
        // A stream in which nothing is left tells of no first sequence.
        let first = if state.messages == 0 { next } else { state.first_sequence.max(1) };
        Ok(first..next)
    }

    async fn reader_from(&self, from: u64) -> Result<Reader, Error> {
        let Range { start: first, end: next } = self.stream_range().await?;
        if from < first || from > next {
            return Err(Error::OutOfRange { partition: PARTITION, asked: from, first, next });
        }
        let options = &self.server.options;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            ack_policy: AckPolicy::None,
            filter_subject: options.subject.clone().unwrap_or_default(),
            inactive_threshold: FORGOTTEN_AFTER,
            ..pull::Config::default()
        };
        let context = self.server.context().await?;
        let consumer = context
            .create_consumer_on_stream(config, &options.stream)
            .await
            .map_err(|error| unreachable(&error))?;
        Ok(Reader { consumer, next: from, given: 0, silent_waits: 0 })
    }

    async fn read_now(&self, from: u64, limits: ReadLimits) -> Result<Batch, Error> {
        let mut slot = self.reader.lock().await;
        // A reader that fails, or is dropped in the middle, is not used again.
        let mut reader = match slot.take().filter(|reader| reader.next == from) {
            Some(reader) => reader,
            None => self.reader_from(from).await?,
        };
        let mut batch = reader.fetch(limits).await?;
        if batch.messages.is_empty() {
            batch = reader.wait(limits).await?;
            reader.silent_waits += 1;
        }
        if !batch.messages.is_empty() {
            reader.silent_waits = 0;
        }
        if reader.silent_waits < SILENT_WAITS_MAX {
            *slot = Some(reader);
        }
        Ok(batch)
    }
}

impl Reader {
    /// What is there.
    async fn fetch(&mut self, limits: ReadLimits) -> Result<Batch, Error> {
        let messages = self.consumer.fetch().max_messages(limits.messages_max);
        let messages = messages.messages().await.map_err(|error| unreachable(&error))?;
        self.take(messages, limits.bytes_max).await
    }

    /// The next message, once there is one.
    async fn wait(&mut self, limits: ReadLimits) -> Result<Batch, Error> {
        let messages = self.consumer.batch().max_messages(1).expires(limits.patience);
        let messages = messages.messages().await.map_err(|error| unreachable(&error))?;
        self.take(messages, limits.bytes_max).await
    }

    async fn take(&mut self, mut messages: pull::Batch, bytes_max: usize) -> Result<Batch, Error> {
        let (mut batch, mut bytes) = (Batch { messages: Vec::new(), next: self.next }, 0);
        let mut is_full = false;
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| Error::Unreachable(error.to_string()))?;
            let info = message.info().map_err(|error| Error::Unreachable(error.to_string()))?;
            if info.consumer_sequence != self.given + 1 {
                return Err(Error::Unreachable("messages were lost on the way".to_owned()));
            }
            self.given += 1;
            let sequence = info.stream_sequence;
            let time = info.published.unix_timestamp_nanos() / 1_000;
            let time = i64::try_from(time).ok().map(Timestamp::from_micros);
            bytes += message.payload.len();
            is_full |= bytes > bytes_max && !batch.messages.is_empty();
            // What is too much now was given all the same: another reader starts at it next time.
            if is_full {
                continue;
            }
            batch.next = sequence + 1;
            batch.messages.push(read_message(sequence, time, &message.message));
        }
        self.next = if is_full { u64::MAX } else { batch.next };
        Ok(batch)
    }
}

impl Source for NatsSource {
    fn partitions(&self) -> Answer<'_, Vec<u32>> {
        Box::pin(async { Ok(vec![PARTITION]) })
    }

    fn range(&self, _partition: u32) -> Answer<'_, Range<u64>> {
        Box::pin(self.stream_range())
    }

    fn read(&self, _partition: u32, from: u64, limits: ReadLimits) -> Answer<'_, Batch> {
        Box::pin(self.read_now(from, limits))
    }
}

/// One subject as a sink.
pub struct NatsSink {
    server: Server,
}

impl NatsSink {
    pub fn new(options: NatsOptions) -> Self {
        Self { server: Server { options, context: OnceCell::new() } }
    }

    async fn send_now(&self, messages: Vec<Outgoing>) -> Result<(), Error> {
        let context = self.server.context().await?;
        let subject = self.server.options.subject.clone();
        let subject = subject.ok_or_else(|| Error::Refused("there is no subject".to_owned()))?;
        // One after the other: a later one that arrives while an earlier one is lost would change their order.
        for (idx, message) in messages.into_iter().enumerate() {
            let (headers, body) = write_message(message);
            let published = context.publish_with_headers(subject.clone(), headers, body).await;
            let acknowledged = match published {
                Ok(acknowledged) => acknowledged.await,
                Err(error) => Err(error),
            };
            acknowledged.map_err(|error| match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => {
                    Error::Message { idx, reason: error.to_string() }
                }
                _ => unreachable(&error),
            })?;
        }
        Ok(())
    }
}

impl Sink for NatsSink {
    fn send(&self, messages: Vec<Outgoing>) -> Answer<'_, ()> {
        Box::pin(async move {
            let within = self.server.options.patience;
            let sent = tokio::time::timeout(within, self.send_now(messages)).await;
            let late = || Err(Error::Unreachable(format!("no acknowledgement within {within:?}")));
            sent.unwrap_or_else(|_| late())
        })
    }
}

fn read_message(offset: u64, time: Option<Timestamp>, message: &async_nats::Message) -> Message {
    let headers = message.headers.iter().flat_map(HeaderMap::iter).flat_map(|(name, values)| {
        let name = name.to_string();
        values
            .iter()
            .map(move |value| (name.clone(), Bytes::copy_from_slice(value.as_str().as_bytes())))
    });
    // The client keeps them in no order; values of one name stay in theirs.
    let mut headers: Headers = headers.collect();
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let content = NATS.read(headers, Some(message.payload.clone()));
    let key = Some(Bytes::copy_from_slice(message.subject.as_bytes()));
    Message { offset, time, key, content: plain(content) }
}

/// Headers of the server and of duplicates' recognition are no part of what somebody sent.
fn plain(content: Content) -> Content {
    match content {
        Content::Raw { mut headers, body } => {
            headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("nats-"));
            Content::Raw { headers, body }
        }
        other => other,
    }
}

fn write_message(message: Outgoing) -> (HeaderMap, Bytes) {
    let (headers, body) = NATS.write(message.content);
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, String::from_utf8_lossy(&value).into_owned());
    }
    map.insert("Nats-Msg-Id", message.id);
    (map, body.unwrap_or_default())
}

fn unreachable(error: &dyn std::fmt::Display) -> Error {
    Error::Unreachable(error.to_string())
}

fn refused(error: &dyn std::fmt::Display) -> Error {
    Error::Refused(error.to_string())
}
