//! Messages of brokers as events, and events as messages of brokers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use motet_events::{Binary, Content, Message, Outgoing};
use motet_expr::{Value, json};
use motet_runtime::{self as runtime, Event, Parts};
use motet_types::Limits;

/// The type of events that stand for messages which are none.
pub(super) const UNREADABLE: &str = "io.motet.source.unreadable";

/// So many bytes of an unreadable message are kept.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// Where a message came from.
pub(super) struct Origin<'a> {
    /// The `source` of events that are made of messages.
    pub(super) source: &'a str,
    pub(super) partition: u32,
    /// The type of events that are made of messages; none: only events are understood.
    pub(super) kind: Option<&'a str>,
}

/// The event that a message is, or stands for; and whether it was readable. What cannot be read becomes an event as well:
/// so nothing is lost in silence, and nothing behind it has to wait.
pub(super) fn event_of(message: &Message, origin: &Origin<'_>, limits: &Limits) -> (Event, bool) {
    match readable(message, origin, limits) {
        Ok(event) => (event, true),
        Err(reason) => (unreadable(message, origin, &reason), false),
    }
}

fn readable(message: &Message, origin: &Origin<'_>, limits: &Limits) -> Result<Event, String> {
    let size = size(message);
    if size > limits.payload_bytes_max {
        return Err(format!("it has {size} bytes, the limit is {}", limits.payload_bytes_max));
    }
    let json_limits =
        json::Limits { bytes_max: limits.payload_bytes_max, depth_max: limits.depth_max };
    let value = match &message.content {
        Content::Structured(json) => {
            json::parse(json, json_limits).map_err(|error| error.to_string())?
        }
        Content::Binary(Binary { attributes, content_type, data }) => {
            let parts = Parts {
                attributes: attributes.clone(),
                content_type: content_type.clone(),
                data: data.as_ref().map(|data| data.to_vec()),
            };
            parts.into_value(json_limits).map_err(|error| error.to_string())?
        }
        Content::Raw { headers, body } => {
            let parsed = json::parse(body, json_limits).ok();
            let is_event =
                parsed.as_ref().is_some_and(|value| json::get(value, "specversion").is_some());
            match (parsed, origin.kind) {
                (Some(value), _) if is_event => value,
                (parsed, Some(kind)) => {
                    let content_type = headers
                        .iter()
                        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                        .map(|(_, value)| String::from_utf8_lossy(value).into_owned());
                    raw(message, origin, kind, (content_type, parsed, body))
                }
                (_, None) => return Err("it is no CloudEvent".to_owned()),
            }
        }
    };
    Event::parse(value).map_err(|error| error.to_string())
}

/// The event made of a message that is none: its identity is its place.
fn raw(
    message: &Message,
    origin: &Origin<'_>,
    kind: &str,
    (content_type, parsed, body): (Option<String>, Option<Value>, &Bytes),
) -> Value {
    let mut members = identity(message, origin, kind);
    let is_json = content_type.as_deref().is_none_or(|it| it.contains("json"));
    let text = std::str::from_utf8(body).ok();
    let (content_type, data) = match (parsed.filter(|_| is_json), text) {
        (Some(value), _) => ("application/json".to_owned(), ("data", value)),
        (None, Some(text)) => {
            (content_type.unwrap_or_else(|| "text/plain".to_owned()), ("data", json::string(text)))
        }
        (None, None) => (
            content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            ("data_base64", json::string(STANDARD.encode(body))),
        ),
    };
    members.push(("datacontenttype", json::string(content_type)));
    members.push(data);
    json::object(members)
}

fn unreadable(message: &Message, origin: &Origin<'_>, reason: &str) -> Event {
    let body = match &message.content {
        Content::Structured(body) | Content::Raw { body, .. } => body.clone(),
        Content::Binary(Binary { data, .. }) => data.clone().unwrap_or_default(),
    };
    let kept = &body[..body.len().min(KEPT_BYTES_MAX)];
    let data = json::object([
        ("reason", json::string(reason)),
        ("partition", number(u64::from(origin.partition))),
        ("offset", number(message.offset)),
        ("bytes", number(body.len() as u64)),
        ("beginning", json::string(STANDARD.encode(kept))),
    ]);
    let mut members = identity(message, origin, UNREADABLE);
    members.push(("datacontenttype", json::string("application/json")));
    members.push(("data", data));
    Event::parse(json::object(members)).expect("all its attributes are well formed")
}

/// Attributes by which a message is known whenever it is read.
fn identity(message: &Message, origin: &Origin<'_>, kind: &str) -> Vec<(&'static str, Value)> {
    let millis = message.time.map_or(0, |time| time.as_micros() / 1_000);
    let id = format!("{}-{}-{millis}", origin.partition, message.offset);
    let mut members = vec![
        ("specversion", json::string("1.0")),
        ("id", json::string(id)),
        ("source", json::string(origin.source)),
        ("type", json::string(kind)),
    ];
    members.extend(message.time.map(|time| ("time", json::string(time.to_string()))));
    let key = message.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
    let key = key.filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX);
    members.extend(key.map(|key| ("partitionkey", json::string(key))));
    members
}

/// A longer key is no attribute.
const KEY_BYTES_MAX: usize = 4 * 1024;

fn number(number: u64) -> Value {
    Value::from(usize::try_from(number).unwrap_or(usize::MAX))
}

fn size(message: &Message) -> usize {
    let content = message.content.clone();
    Outgoing { id: String::new(), key: String::new(), content }.size()
}

/// An event as it goes out. Its key is the partitioning extension, else the subject, else the instance.
pub(super) fn message_of(outgoing: &runtime::Outgoing, is_binary: bool) -> Outgoing {
    let event = &outgoing.event;
    let attribute = |name| json::get(event.value(), name).and_then(json::as_str);
    let key = attribute("partitionkey").or_else(|| attribute("subject"));
    let key = key.map_or_else(|| outgoing.key.instance.to_string(), str::to_owned);
    let content = match is_binary {
        false => Content::Structured(Bytes::from(json::to_text(event.value()))),
        true => {
            let Parts { attributes, content_type, data } = Parts::of(event);
            Content::Binary(Binary { attributes, content_type, data: data.map(Bytes::from) })
        }
    };
    Outgoing { id: format!("{:?}", event.key()), key, content }
}

#[cfg(test)]
mod tests;
