//! One call: secrets put in their places, headers of ours added, the answer brought back.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use motet_definition::service::{EndpointUrl, service_of};
use motet_engine::secret::SecretKey;
use motet_engine::{ErrorKind, Outcome, Response, RevealedHeader, Sending, WorkflowError};
use motet_mesh::{Mesh, Undone};
use motet_types::{Hex, Limits};

use super::spans::attempt_id;
use super::vault::Known;
use crate::shard::Call;

/// Redirects that a call follows, where its definition asks for it.
const REDIRECTS_MAX: u8 = 5;

/// A timer of the engine ends an attempt exactly on time; the connection is given up a little later.
const GRACE: Duration = Duration::from_millis(500);

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const MOTET: HeaderValue = HeaderValue::from_static(concat!("motet/", env!("CARGO_PKG_VERSION")));
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

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
        let sending = Sending {
            graph: &call.graph,
            task: call.task,
            step: call.step,
            root: call.root,
            namespace: &call.namespace,
            secret_key: &self.secret_key,
            fuel_max: self.limits.expression_fuel_max,
            secret: &|name| self.secrets.secret(&call.namespace, name),
        };
        let revealed = sending.reveal(request)?;
        let mut headers = HeaderMap::with_capacity(revealed.headers.len() + 5);
        for RevealedHeader { name, value, is_sensitive } in &revealed.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("header name", name))?;
            let mut value = header(value)?;
            value.set_sensitive(*is_sensitive);
            headers.append(name, value);
        }
        headers.entry(ACCEPT).or_insert(ANYTHING);
        headers.entry(USER_AGENT).or_insert(MOTET);
        headers.insert(IDEMPOTENCY_KEY, header(&call.key)?);
        headers.insert(TRACEPARENT, header(&traceparent(call))?);
        let timeout_millis = u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX);
        headers.insert(TIMEOUT, HeaderValue::from(timeout_millis));
        Ok(motet_mesh::Request {
            method: request
                .method
                .parse::<Method>()
                .map_err(|_| wrong("method", &request.method))?,
            uri: uri(call, &revealed.uri).ok_or_else(|| wrong("endpoint", &request.uri))?,
            headers,
            body: Bytes::from(revealed.body),
            timeout: request.timeout.saturating_add(GRACE),
            redirects_max: if request.redirect { REDIRECTS_MAX } else { 0 },
            response_bytes_max: self.limits.payload_bytes_max,
        })
    }
}

/// Where the request goes: behind the host of a service is what secrets may have been put into.
fn uri(call: &Call, revealed: &str) -> Option<Uri> {
    match &call.endpoint {
        None => revealed.parse().ok(),
        Some(endpoint) => {
            let (_, rest) = service_of(revealed)?;
            EndpointUrl::join(endpoint, rest).parse().ok()
        }
    }
}

/// W3C Trace Context: the trace is the root instance, the span this attempt.
fn traceparent(call: &Call) -> String {
    let span = attempt_id(call.id, call.step, call.attempt);
    let (trace, span) = (Hex(&call.root.0), Hex(&span));
    format!("00-{trace}-{span}-01")
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
