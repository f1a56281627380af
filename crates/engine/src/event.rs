//! CloudEvents, and what a filter asks of them.

mod filter;
mod parts;

use std::fmt;

use motet_definition::graph::ReadAs;
use motet_expr::{Value, json};
use motet_types::{Hex, Label, ShardId};

pub(crate) use filter::plain_variable;
pub use filter::{Correlation, EventFilter, Matcher, Test};
pub use parts::Parts;

/// One CloudEvent (CloudEvents 1.0.2): an object in the form of the JSON format, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Event(Value);

/// The stream of one type of events in a namespace, or of all its events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId {
    pub namespace: Label,
    /// `None`: events of every type.
    pub kind: Option<String>,
}

/// What tells events apart: a hash of source and id (CloudEvents 1.0.2, "id").
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub [u8; 16]);

/// Why an object is no CloudEvent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: {problem}")]
pub struct EventError {
    /// The attribute that is wrong; empty for the event as a whole.
    pub attribute: String,
    pub problem: String,
}

impl TopicId {
    /// The shard that owns it.
    pub fn shard(&self) -> ShardId {
        ShardId::of_topic(self.namespace.as_str(), self.kind.as_deref())
    }

    /// The topic as rows name it: `namespace/type`, or `namespace/*`.
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, kind) = text.split_once('/')?;
        let kind = (kind != "*").then(|| kind.to_owned());
        Some(Self { namespace: namespace.parse().ok()?, kind })
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.kind.as_deref().unwrap_or("*"))
    }
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

/// Attributes that an event must have.
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

/// Longest name and longest text of an attribute, in bytes.
const NAME_BYTES_MAX: usize = 64;
const ATTRIBUTE_BYTES_MAX: usize = 4 * 1024;

impl Event {
    /// Checks an object in the form of the JSON format.
    ///
    /// # Errors
    /// A required attribute is missing or empty, an attribute is no text, number or flag, its name is none, the time is no instant, or data stands there twice.
    pub fn parse(value: Value) -> Result<Self, EventError> {
        let error = |attribute: &str, problem: &str| EventError {
            attribute: attribute.to_owned(),
            problem: problem.to_owned(),
        };
        let Value::Obj(members) = &value else {
            return Err(error("", "an event is a JSON object"));
        };
        for name in REQUIRED {
            match json::get(&value, name).map(json::as_str) {
                Some(Some("")) => return Err(error(name, "must not be empty")),
                Some(Some(_)) => {}
                Some(None) => return Err(error(name, "must be text")),
                None => return Err(error(name, "is missing")),
            }
        }
        if json::get(&value, "specversion").and_then(json::as_str) != Some("1.0") {
            return Err(error("specversion", "only version 1.0 of CloudEvents is understood"));
        }
        for (name, member) in members.iter() {
            let name = json::as_str(name).unwrap_or_default();
            check_attribute(name, member).map_err(|problem| error(name, problem))?;
        }
        let data = ["data", "data_base64"].map(|name| json::get(&value, name).is_some());
        if data == [true, true] {
            return Err(error("data_base64", "an event has `data` or `data_base64`, not both"));
        }
        Ok(Self(value))
    }

    /// The whole event, in the form of the JSON format.
    pub fn value(&self) -> &Value {
        &self.0
    }

    pub fn id(&self) -> &str {
        self.text("id")
    }

    pub fn source(&self) -> &str {
        self.text("source")
    }

    /// Its `type`.
    pub fn kind(&self) -> &str {
        self.text("type")
    }

    pub fn key(&self) -> EventKey {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.source().as_bytes());
        hasher.update(&[0]);
        hasher.update(self.id().as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        EventKey(key)
    }

    /// Its topic within a namespace.
    pub fn topic(&self, namespace: Label) -> TopicId {
        TopicId { namespace, kind: Some(self.kind().to_owned()) }
    }

    /// Upper bound of its size, in bytes.
    pub fn size_bound(&self) -> usize {
        json::size_bound(&self.0)
    }

    /// The event as a listen reads it: its data, the whole, or its data as the text that stands for it.
    pub fn read(&self, read: ReadAs) -> Value {
        match read {
            ReadAs::Envelope => self.0.clone(),
            ReadAs::Data => self.data(),
            ReadAs::Raw => match self.data() {
                Value::Null => Value::Null,
                data => match json::as_str(&data) {
                    Some(_) => data,
                    None => json::string(json::to_text(&data)),
                },
            },
        }
    }

    fn data(&self) -> Value {
        let data = json::get(&self.0, "data").or_else(|| json::get(&self.0, "data_base64"));
        data.cloned().unwrap_or_default()
    }

    fn text(&self, name: &str) -> &str {
        json::get(&self.0, name).and_then(json::as_str).expect("it was checked")
    }
}

fn check_attribute(name: &str, value: &Value) -> Result<(), &'static str> {
    if name == "data" {
        return Ok(());
    }
    if name == "data_base64" {
        use base64::Engine as _;
        let text = json::as_str(value).ok_or("must be text")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(text);
        return decoded.map(drop).map_err(|_| "is not base64");
    }
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !is_name {
        return Err("names of attributes have small letters and digits only, at most 64");
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Num(_) => Ok(()),
        _ => {
            let text = json::as_str(value).ok_or("must be text, a number or a flag")?;
            if text.len() > ATTRIBUTE_BYTES_MAX {
                return Err("is longer than 4096 bytes");
            }
            let is_instant = || text.parse::<motet_types::Timestamp>().is_ok();
            if name == "time" && !is_instant() {
                return Err("is no instant of RFC 3339, as in 2026-01-31T12:00:00Z");
            }
            Ok(())
        }
    }
}
