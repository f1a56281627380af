//! CloudEvents over HTTP (CloudEvents 1.0.2, HTTP protocol binding): structured, binary and batched.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use motet_expr::{Value, json};
use motet_runtime::{Event, Parts};
use motet_types::percent_decode;

use crate::problem::{Code, Problem};
use crate::request::{Request, essence};

/// One event in the JSON format.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
/// An array of them.
pub(crate) const BATCHED: &str = "application/cloudevents-batch+json";
/// Headers with this prefix are attributes, in binary mode.
const PREFIX: &str = "ce-";
/// What the other modes have as members, and binary mode elsewhere.
const NO_HEADERS: [&str; 3] = ["data", "data_base64", "datacontenttype"];

/// The events of a request, each checked. The media type tells structured from batched mode; with any other one, attributes in
/// the header make it binary mode. Without such, plain JSON is taken as structured: an object is one event, an array a batch.
pub(crate) async fn read(request: &mut Request) -> Result<Vec<Event>, Problem> {
    let content_type = request.header(CONTENT_TYPE.as_str())?.map(str::to_owned);
    let kind = essence(content_type.as_deref().unwrap_or_default()).to_ascii_lowercase();
    let has_attributes = request.headers.keys().any(|name| name.as_str().starts_with(PREFIX));
    let is_binary = has_attributes && ![STRUCTURED, BATCHED].contains(&kind.as_str());
    let limits = request.api.options.limits.clone();
    if is_binary {
        let body = request.body_of_any_type(limits.payload_bytes_max).await?;
        let value = binary(&request.headers, content_type.as_deref(), &body, &limits)?;
        return Ok(vec![event(value, None)?]);
    }
    let known = [STRUCTURED, BATCHED, "application/json"];
    let bytes_max = limits.payload_bytes_max.saturating_mul(BATCH_PAYLOADS_MAX);
    let body = request.bytes(&known, bytes_max).await?;
    let value = parse(&body, bytes_max, limits.depth_max)?;
    let Value::Arr(items) = value else {
        if kind == BATCHED {
            return Err(invalid("a batch is an array of events"));
        }
        check_size(body.len(), limits.payload_bytes_max, None)?;
        return Ok(vec![event(value, None)?]);
    };
    if kind == STRUCTURED {
        return Err(invalid(&format!("one event is an object: send an array as {BATCHED}")));
    }
    if items.len() > limits.events_batch_max {
        let max = limits.events_batch_max;
        let detail = format!("the batch has {} events, the limit is {max}", items.len());
        return Err(Problem::new(Code::PayloadTooLarge, detail));
    }
    let check = |(idx, item): (usize, &Value)| {
        check_size(json::to_text(item).len(), limits.payload_bytes_max, Some(idx))?;
        event(item.clone(), Some(idx))
    };
    items.iter().enumerate().map(check).collect()
}

/// A batch may have so many times the bytes of one payload.
const BATCH_PAYLOADS_MAX: usize = 8;

fn event(value: Value, idx: Option<usize>) -> Result<Event, Problem> {
    Event::parse(value).map_err(|error| {
        let place = idx.map(|idx| format!("event {idx}: ")).unwrap_or_default();
        let detail = match error.attribute.as_str() {
            "" => format!("{place}{}", error.problem),
            _ => format!("{place}{error}"),
        };
        Problem::new(Code::InvalidEvent, detail)
    })
}

fn binary(
    headers: &HeaderMap,
    content_type: Option<&str>,
    body: &[u8],
    limits: &motet_types::Limits,
) -> Result<Value, Problem> {
    let mut attributes = Vec::new();
    // Values have characters beyond ASCII percent-encoded (HTTP protocol binding §3.1.3.2).
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix(PREFIX) else { continue };
        let text =
            value.to_str().ok().and_then(percent_decode).ok_or_else(|| {
                invalid(&format!("the header {name} is not percent-encoded UTF-8"))
            })?;
        if NO_HEADERS.contains(&attribute) {
            let why = "in binary mode the body is the data, and Content-Type says of which type";
            return Err(invalid(&format!("{attribute}: it is no header: {why}")));
        }
        attributes.push((attribute.to_owned(), text));
    }
    let content_type = content_type.map(str::to_owned);
    let parts = Parts { attributes, content_type, data: Some(body.to_vec()) };
    let limits = json::Limits { bytes_max: limits.payload_bytes_max, depth_max: limits.depth_max };
    let value = parts.into_value(limits);
    value.map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}

fn parse(body: &[u8], bytes_max: usize, depth_max: usize) -> Result<Value, Problem> {
    let parsed = json::parse(body, json::Limits { bytes_max, depth_max });
    parsed.map_err(|error| Problem::new(Code::MalformedJson, error.to_string()))
}

fn check_size(bytes: usize, bytes_max: usize, idx: Option<usize>) -> Result<(), Problem> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let place = idx.map(|idx| format!("event {idx}")).unwrap_or_else(|| "the event".to_owned());
    let detail = format!("{place} has {bytes} bytes, the limit is {bytes_max}");
    Err(Problem::new(Code::PayloadTooLarge, detail))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(Code::InvalidEvent, detail)
}
