//! One call: secrets put in their places, headers of ours added, the answer brought back.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use motet_engine::secret::{SecretKey, has_marker, reveal};
use motet_engine::{Authorization, Body, ErrorKind, Outcome, Response, WorkflowError};
use motet_expr::{Value, json};
use motet_mesh::{Mesh, Undone};

use super::Secrets;
use crate::shard::Call;

/// Redirects that a call follows, where its definition asks for it.
const REDIRECTS_MAX: u8 = 5;

/// A timer of the engine ends an attempt exactly on time; the connection is given up a little later.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(super) struct Sender {
    pub(super) mesh: Mesh,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) secret_key: SecretKey,
    pub(super) response_bytes_max: usize,
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
        let uri = self.reveal(call, &request.uri, encode)?;
        let mut headers = HeaderMap::with_capacity(request.headers.len() + 6);
        for (name, value) in &request.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("header name", name))?;
            headers.append(name, header(&self.reveal(call, value, str::to_owned)?)?);
        }
        let body = self.body(call, &mut headers)?;
        if let Some(authorization) = &request.authorization {
            headers.insert(AUTHORIZATION, self.authorization(call, authorization)?);
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("motet/", env!("CARGO_PKG_VERSION"))));
        headers.insert("idempotency-key", header(&call.key)?);
        headers.insert("traceparent", header(&traceparent(call))?);
        headers
            .insert("x-request-timeout-ms", HeaderValue::from(request.timeout.as_millis() as u64));
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
            response_bytes_max: self.response_bytes_max,
        })
    }

    fn body(&self, call: &Call, headers: &mut HeaderMap) -> Result<Bytes, WorkflowError> {
        let text = match &call.request.body {
            Body::Empty => return Ok(Bytes::new()),
            Body::Text(text) => self.reveal(call, text, str::to_owned)?,
            Body::Json(value) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                let text = json::to_text(value);
                match has_marker(&text) {
                    true => json::to_text(&self.reveal_value(call, value)?),
                    false => text,
                }
            }
        };
        Ok(Bytes::from(text))
    }

    fn authorization(
        &self,
        call: &Call,
        authorization: &Authorization,
    ) -> Result<HeaderValue, WorkflowError> {
        let plain = |text: &str| self.reveal(call, text, str::to_owned);
        let text = match authorization {
            Authorization::Bearer { token } => format!("Bearer {}", plain(token)?),
            Authorization::Basic { username, password } => {
                let credentials = format!("{}:{}", plain(username)?, plain(password)?);
                format!("Basic {}", STANDARD.encode(credentials))
            }
        };
        let mut value = header(&text)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Puts secrets in the place of their markers, each as `encode` writes it.
    fn reveal(
        &self,
        call: &Call,
        text: &str,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, WorkflowError> {
        if !has_marker(text) {
            return Ok(text.to_owned());
        }
        let secret = |name: &str| self.secrets.secret(name).map(|secret| encode(&secret));
        reveal(text, &self.secret_key, call.root, &call.namespace, &secret).map_err(|error| {
            WorkflowError::new(
                ErrorKind::Authorization,
                "a secret is not available",
                error.to_string(),
            )
        })
    }

    fn reveal_value(&self, call: &Call, value: &Value) -> Result<Value, WorkflowError> {
        match value {
            Value::Arr(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| self.reveal_value(call, item)).collect();
                Ok(json::array(items?))
            }
            Value::Obj(members) => {
                let members: Result<Vec<_>, _> = members
                    .iter()
                    .map(|(key, value)| {
                        let key = json::as_str(key).unwrap_or_default().to_owned();
                        Ok((key, self.reveal_value(call, value)?))
                    })
                    .collect();
                Ok(json::object(members?))
            }
            value => match json::as_str(value) {
                Some(text) => Ok(json::string(self.reveal(call, text, str::to_owned)?)),
                None => Ok(value.clone()),
            },
        }
    }
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

/// Percent-encodes a secret inside a URI (RFC 3986 §2.1).
fn encode(secret: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    secret
        .bytes()
        .map(
            |byte| {
                if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}
