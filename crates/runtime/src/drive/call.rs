//! One call: secrets put in their places, headers of ours added, the answer brought back.

mod reveal;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use motet_engine::secret::{SecretKey, has_marker};
use motet_engine::{Body, ErrorKind, Outcome, Response, WorkflowError};
use motet_expr::json;
use motet_mesh::{Mesh, Undone};
use motet_types::Limits;

use reveal::Revealer;

use super::vault::Known;
use crate::shard::Call;

/// Redirects that a call follows, where its definition asks for it.
const REDIRECTS_MAX: u8 = 5;

/// A timer of the engine ends an attempt exactly on time; the connection is given up a little later.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(super) struct Sender {
    pub(super) mesh: Mesh,
    pub(super) secrets: Known,
    pub(super) secret_key: SecretKey,
    pub(super) limits: Limits,
}

impl Sender {
    pub(super) async fn send(&self, call: &Call) -> Outcome {
        let request = match self.request(call) {
            Ok(request) => request,
            Err(error) => return Outcome::Refused { error: Box::new(error) },
        };
        match self.mesh.call(request).await {
            Ok(response) => Outcome::Response(Response {
                status: response.status.as_u16(),
                headers: response
                    .headers
                    .iter()
                    .map(|(name, value)| {
                        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                        (name.as_str().to_owned(), value)
                    })
                    .collect(),
                body: response.body,
            }),
            Err(error) => Outcome::Failed {
                maybe_run: error.undone == Undone::MaybeRun,
                timed_out: error.timed_out,
                message: error.message,
            },
        }
    }

    fn request(&self, call: &Call) -> Result<motet_mesh::Request, WorkflowError> {
        let request = &call.request;
        let revealer = Revealer::new(self, call)?;
        let uri = revealer.uri(&request.uri)?;
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 6);
        for (name, value) in &request.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("header name", name))?;
            let mut revealed = header(&revealer.text(value, str::to_owned)?)?;
            // What holds a secret is neither logged nor carried to another origin.
            revealed.set_sensitive(has_marker(value));
            headers.append(name, revealed);
        }
        let body = body(&revealer, &request.body, &mut headers)?;
        if let Some(authorization) = &request.authorization {
            let mut value = header(&revealer.authorization(authorization)?)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("motet/", env!("CARGO_PKG_VERSION"))));
        headers.insert("idempotency-key", header(&call.key)?);
        headers.insert("traceparent", header(&traceparent(call))?);
        let timeout_millis = u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX);
        headers.insert("x-request-timeout-ms", HeaderValue::from(timeout_millis));
        Ok(motet_mesh::Request {
            method: request
                .method
                .parse::<Method>()
                .map_err(|_| wrong("method", &request.method))?,
            uri: uri.parse::<Uri>().map_err(|_| wrong("endpoint", &request.uri))?,
            headers,
            body,
            timeout: request.timeout.saturating_add(GRACE),
            redirects_max: if request.redirect { REDIRECTS_MAX } else { 0 },
            response_bytes_max: self.limits.payload_bytes_max,
        })
    }
}

fn body(
    revealer: &Revealer<'_>,
    body: &Body,
    headers: &mut HeaderMap,
) -> Result<Bytes, WorkflowError> {
    let text = match body {
        Body::Empty => return Ok(Bytes::new()),
        Body::Text(text) => revealer.text(text, str::to_owned)?,
        Body::Json(value) => {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            let text = json::to_text(value);
            match has_marker(&text) {
                true => json::to_text(&revealer.value(value)?),
                false => text,
            }
        }
    };
    Ok(Bytes::from(text))
}

/// W3C Trace Context: the trace is the root instance, the span this attempt.
fn traceparent(call: &Call) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&call.id.0);
    hasher.update(&call.step.0.to_le_bytes());
    hasher.update(&call.attempt.0.to_le_bytes());
    let span = hasher.finalize().to_hex();
    let trace = call.root.to_string().replace('-', "");
    format!("00-{trace}-{}-01", &span[..16])
}

fn header(text: &str) -> Result<HeaderValue, WorkflowError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        let detail = "a header's value holds a control character";
        WorkflowError::new(ErrorKind::Expression, "not a header", detail)
    })
}

fn wrong(what: &str, text: &str) -> WorkflowError {
    let detail = format!("{text:?} is not a valid {what}");
    WorkflowError::new(ErrorKind::Expression, "the request cannot be sent", detail)
}

#[cfg(test)]
mod tests;
