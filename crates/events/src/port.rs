use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use motet_types::Timestamp;

/// What a method of the port gives.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Names and values, in the order in which they arrived.
pub type Headers = Vec<(String, Bytes)>;

/// Something that holds messages in partitions, each with offsets that only grow.
pub trait Source: Send + Sync {
    /// The partitions there are now; there may be more of them later.
    fn partitions(&self) -> Answer<'_, Vec<u32>>;

    /// The first offset that is kept, and the one that the next message will get.
    fn range(&self, partition: u32) -> Answer<'_, Range<u64>>;

    /// Messages of a partition from an offset on, as soon as there is one; none once the patience of `limits` is over.
    fn read(&self, partition: u32, from: u64, limits: ReadLimits) -> Answer<'_, Batch>;
}

/// Something that takes messages.
pub trait Sink: Send + Sync {
    /// Sends messages in order and waits until all are acknowledged. After an error some may have arrived: they are sent
    /// again, under the same ids.
    fn send(&self, messages: Vec<Outgoing>) -> Answer<'_, ()>;
}

/// How much is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    pub messages_max: usize,
    /// Beyond it a message is still read if it is the first one.
    pub bytes_max: usize,
    /// How long a read waits where there is nothing.
    pub patience: Duration,
}

/// What a read gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub messages: Vec<Message>,
    /// Where the next read begins: it may lie beyond the last message, for not every offset has one.
    pub next: u64,
}

/// One message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub offset: u64,
    /// When the broker says that it was written.
    pub time: Option<Timestamp>,
    pub key: Option<Bytes>,
    pub content: Content,
}

/// What a message says, by the bindings of CloudEvents 1.0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An event in the JSON format.
    Structured(Bytes),
    /// An event whose attributes stand beside its data.
    Binary(Binary),
    /// No event by its headers.
    Raw { headers: Headers, body: Bytes },
}

/// An event in binary mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary {
    /// Names without prefix, values decoded.
    pub attributes: Vec<(String, String)>,
    pub content_type: Option<String>,
    pub data: Option<Bytes>,
}

/// One message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// By this a receiver recognises one that came twice.
    pub id: String,
    /// Messages with the same key arrive in order.
    pub key: String,
    pub content: Content,
}

impl Outgoing {
    /// About what it takes, in bytes.
    pub fn size(&self) -> usize {
        let content = match &self.content {
            Content::Structured(json) => json.len(),
            Content::Binary(Binary { attributes, data, .. }) => {
                let texts = attributes.iter().map(|(name, value)| name.len() + value.len());
                texts.sum::<usize>() + data.as_ref().map_or(0, Bytes::len)
            }
            Content::Raw { headers, body } => {
                let texts = headers.iter().map(|(name, value)| name.len() + value.len());
                texts.sum::<usize>() + body.len()
            }
        };
        self.id.len() + self.key.len() + content
    }
}

/// Why a method did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody answers, or not in time; trying again may help.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
    /// The broker answers with no: a name, a right or a setting is wrong. Somebody has to see to it.
    #[error("the broker refuses: {0}")]
    Refused(String),
    /// The offset is not, or no longer, in the partition.
    #[error(
        "partition {partition} holds offsets from {first} to before {next}, and {asked} was asked for"
    )]
    OutOfRange { partition: u32, asked: u64, first: u64, next: u64 },
    /// Of those to send, this message will never be taken. Some of the others may have arrived.
    #[error("message {idx} is refused: {reason}")]
    Message { idx: usize, reason: String },
}
