//! CloudEvents on headers: what the bindings for Kafka, NATS and HTTP have in common (CloudEvents 1.0.2).

use bytes::Bytes;
use motet_types::{percent_decode, percent_encode};

use crate::{Binary, Content, Headers};

/// One event in the JSON format.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
const CONTENT_TYPE: &str = "content-type";

/// How a protocol writes attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    /// Before the name of an attribute.
    pub(crate) prefix: &'static str,
    /// Whether values are percent-encoded.
    pub(crate) percent: bool,
}

/// Kafka protocol binding §3: headers are UTF-8.
pub(crate) const KAFKA: Binding = Binding { prefix: "ce_", percent: false };
/// NATS protocol binding §3, which follows that of HTTP.
pub(crate) const NATS: Binding = Binding { prefix: "ce-", percent: true };
/// HTTP protocol binding §3.
pub(crate) const HTTP: Binding = NATS;

impl Binding {
    /// What a message says, by its headers.
    pub(crate) fn read(self, headers: Headers, body: Option<Bytes>) -> Content {
        let content_type = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .map(str::to_owned);
        let essence = content_type.as_deref().unwrap_or_default().split(';').next();
        let is_structured = essence.is_some_and(|it| it.trim().eq_ignore_ascii_case(STRUCTURED));
        if is_structured {
            return Content::Structured(body.unwrap_or_default());
        }
        match self.attributes(&headers) {
            Some(attributes) if attributes.iter().any(|(name, _)| name == "specversion") => {
                Content::Binary(Binary { attributes, content_type, data: body })
            }
            _ => Content::Raw { headers, body: body.unwrap_or_default() },
        }
    }

    /// Headers and body of a message that says this.
    pub(crate) fn write(self, content: Content) -> (Headers, Option<Bytes>) {
        match content {
            Content::Structured(json) => {
                let kind = Bytes::from_static(STRUCTURED.as_bytes());
                (vec![(CONTENT_TYPE.to_owned(), kind)], Some(json))
            }
            Content::Binary(Binary { attributes, content_type, data }) => {
                let encode = |value: String| match self.percent {
                    true => Bytes::from(percent_encode(&value, is_kept)),
                    false => Bytes::from(value),
                };
                let header = |(name, value)| (format!("{}{name}", self.prefix), encode(value));
                let kind = content_type.map(|kind| (CONTENT_TYPE.to_owned(), Bytes::from(kind)));
                (attributes.into_iter().map(header).chain(kind).collect(), data)
            }
            Content::Raw { headers, body } => (headers, Some(body)),
        }
    }

    /// None if one of them is no text.
    fn attributes(self, headers: &Headers) -> Option<Vec<(String, String)>> {
        let attribute = |(name, value): &(String, Bytes)| {
            let lower = name.to_ascii_lowercase();
            let name = lower.strip_prefix(self.prefix)?.to_owned();
            let text = std::str::from_utf8(value).ok();
            let decoded = text.and_then(|text| match self.percent {
                true => percent_decode(text),
                false => Some(text.to_owned()),
            });
            Some(decoded.map(|value| (name, value)))
        };
        headers.iter().filter_map(attribute).collect()
    }
}

/// Space, quotation mark, percent and everything beyond printable ASCII are encoded (HTTP protocol binding §3.1.3.2).
fn is_kept(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'$' | b'&'..=b'~')
}

#[cfg(test)]
mod tests;
