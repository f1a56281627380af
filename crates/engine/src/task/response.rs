//! What a response means: output or error, decoded as the call asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use motet_definition::graph::HttpOutput;
use motet_expr::{Value, json};
use motet_types::StepId;

use super::call::call_of;
use crate::decide::Decider;
use crate::{Activity, ErrorKind, Request, Response, Settled, WorkflowError};

/// How much of an error response's body goes into the error's detail, in characters.
const EXCERPT_CHARS_MAX: usize = 512;

pub(super) fn settle(decider: &Decider<'_>, step: StepId, response: &Response) -> Settled {
    let activity = decider.instance.steps.get(&step).map(|step| &step.activity);
    let (Some(Activity::Call { request, .. }), Some(call)) = (activity, call_of(decider, step))
    else {
        return unasked(decider, response);
    };
    let success_end = if request.redirect { 400 } else { 300 };
    if !(200..success_end).contains(&response.status) {
        let (method, uri) = (&request.method, &request.uri);
        let error = failure(&format!("{method} {uri}"), response);
        return Settled::error(error, maybe_run(response.status));
    }
    let bytes_max = decider.limits.payload_bytes_max;
    settled(decider, output(call.output, request, response, bytes_max))
}

/// A response to an abandoned attempt whose step is gone: it steers nothing, and the history keeps what it says.
fn unasked(decider: &Decider<'_>, response: &Response) -> Settled {
    if !(200..400).contains(&response.status) {
        let error = failure("an abandoned attempt", response);
        return Settled::error(error, maybe_run(response.status));
    }
    settled(decider, content(response, decider.limits.payload_bytes_max))
}

/// What the service did is done, also where its answer cannot be used.
fn settled(decider: &Decider<'_>, output: Result<Value, String>) -> Settled {
    let checked = match output {
        Ok(output) => decider.check_size(&output, "the response").map(|()| output),
        Err(detail) => {
            let title = "the response cannot be decoded";
            Err(WorkflowError::new(ErrorKind::Communication, title, detail))
        }
    };
    checked.map_or_else(|error| Settled::error(error, true), Settled::output)
}

/// Engine rules, "what an attempt did": these statuses say that nothing was done, every other error leaves it open.
fn maybe_run(status: u16) -> bool {
    match status {
        408 => true,
        429 | 503 => false,
        400..=499 => false,
        _ => true,
    }
}

fn failure(asked: &str, response: &Response) -> WorkflowError {
    let excerpt: String =
        String::from_utf8_lossy(&response.body).chars().take(EXCERPT_CHARS_MAX).collect();
    let status = response.status;
    let detail = match excerpt.trim() {
        "" => format!("{asked} answered {status}"),
        excerpt => format!("{asked} answered {status}: {excerpt}"),
    };
    let title = "the service answered with an error";
    WorkflowError::new(ErrorKind::Communication, title, detail).with_status(status)
}

fn output(
    wanted: HttpOutput,
    request: &Request,
    response: &Response,
    bytes_max: usize,
) -> Result<Value, String> {
    match wanted {
        HttpOutput::Raw => Ok(json::string(STANDARD.encode(&response.body))),
        HttpOutput::Content => content(response, bytes_max),
        HttpOutput::Response => {
            let fields = |headers: &[(String, String)]| {
                json::object(
                    headers
                        .iter()
                        .map(|(name, value)| (name.as_str(), json::string(value.as_str()))),
                )
            };
            let sent = json::object([
                ("method", json::string(request.method.as_str())),
                ("uri", json::string(request.uri.as_str())),
                ("headers", fields(&request.headers)),
            ]);
            Ok(json::object([
                ("request", sent),
                ("statusCode", Value::from(usize::from(response.status))),
                ("headers", fields(&response.headers)),
                ("content", content(response, bytes_max)?),
            ]))
        }
    }
}

/// The body by its media type: JSON, text, or base64 of anything else. Without a type, whatever it can be read as.
fn content(response: &Response, bytes_max: usize) -> Result<Value, String> {
    let body = &response.body;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let media_type =
        response.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value);
    let limits = json::Limits { bytes_max, ..json::Limits::default() };
    let parsed =
        || json::parse(body, limits).map_err(|error| format!("the body is not JSON: {error}"));
    let text = || std::str::from_utf8(body).ok().map(json::string);
    let encoded = || json::string(STANDARD.encode(body));
    match media_type {
        Some(media_type) if is_json(media_type) => parsed(),
        Some(media_type) if is_text(media_type) => Ok(text().unwrap_or_else(encoded)),
        Some(_) => Ok(encoded()),
        None => Ok(parsed().ok().or_else(text).unwrap_or_else(encoded)),
    }
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839 §3.1).
pub(super) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.starts_with("text/")
        || essence == "application/xml"
        || essence.ends_with("+xml")
        || essence == "application/x-www-form-urlencoded"
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
