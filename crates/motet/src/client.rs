//! A client of the HTTP API.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use motet_expr::{Value, json};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::cli::Connection;
use crate::context::Target;
use crate::failure::Failure;
use crate::output::Output;
use crate::value::Members;

/// Deeper answers are refused; it is beyond what a server stores.
const ANSWER_DEPTH_MAX: usize = 1_024;
/// Longest answer that is read whole.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What helps where a server refuses.
const HINTS: [(&str, &str); 5] = [
    (
        "unauthenticated",
        "give a token with MOTET_TOKEN, --token or a context; an admin makes one with `motet token create`",
    ),
    ("forbidden", "`motet token show` says what this token may do; an admin can make another"),
    ("unknown-workflow", "`motet get workflows` lists what is published"),
    ("unknown-instance", "`motet get instances` lists those that there are"),
    ("overloaded", "try again in a moment"),
];

/// A server, by its address.
pub(crate) struct Client {
    server: String,
    /// The header `Authorization`.
    authorization: Option<HeaderValue>,
    http: Http,
}

/// TLS is set up only where it is spoken: reading the system's certificates takes longer than most commands.
enum Http {
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// One request.
pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, &'c str)>,
    /// Media type and text.
    pub(crate) body: Option<(&'static str, String)>,
}

impl Call<'_> {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn post(path: impl Into<String>, media_type: &'static str, body: String) -> Self {
        let body = Some((media_type, body));
        Self { method: Method::POST, body, ..Self::get(path) }
    }
}

/// A success.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) value: Value,
}

impl Client {
    pub(crate) fn new(connection: &Connection) -> Result<Self, Failure> {
        let target = Target::of(connection)?;
        let server = target.server.trim_end_matches('/').to_owned();
        let authorization = target.token.as_deref().map(authorization).transpose()?;
        let uri: Uri = server
            .parse()
            .map_err(|error| Failure::usage(format!("{server:?} is not an address: {error}")))?;
        let http = match uri.scheme_str() {
            Some("http") => Http::Plain(builder().build(connector())),
            Some("https") => Http::Tls(builder().build(tls(target.ca_cert.as_deref())?)),
            _ => {
                let message = format!("{server:?} is not the address of a server");
                return Err(Failure::usage(message).with_hint("write it as http://host:port"));
            }
        };
        Ok(Self { server, authorization, http })
    }

    /// Sends a request and reads the answer, which is JSON.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let (status, body) = self.open(call).await?;
        let bytes = self.read(body).await?;
        Ok(Answer { status, value: self.parse(&bytes)? })
    }

    /// `GET`, and the answer's value.
    pub(crate) async fn get(&self, path: impl Into<String>) -> Result<Value, Failure> {
        Ok(self.send(Call::get(path)).await?.value)
    }

    /// Every item of a list, page by page, at most `limit`.
    pub(crate) async fn items(&self, path: &str, limit: usize) -> Result<Listing, Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let from = cursor.map(|cursor| query("cursor", &cursor)).unwrap_or_default();
            let page = self.get(format!("{path}{separator}{from}")).await?;
            items.extend(page.items("items").iter().cloned());
            cursor = page.text("next").map(str::to_owned);
            if cursor.is_none() || items.len() >= limit {
                let has_more = cursor.is_some() || items.len() > limit;
                items.truncate(limit);
                return Ok(Listing { items, has_more });
            }
        }
    }

    /// Sends a request and hands out the body of a success, to be read as it comes.
    pub(crate) async fn open(&self, call: Call<'_>) -> Result<(StatusCode, Incoming), Failure> {
        let mut request =
            Request::builder().method(call.method).uri(format!("{}{}", self.server, call.path));
        for (name, value) in call.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Failure::usage(format!("{value:?} is not visible ASCII")))?;
            request = request.header(name, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let (media_type, body) = call.body.unzip();
        if let Some(media_type) = media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let request = request
            .body(Full::from(body.unwrap_or_default()))
            .map_err(|error| Failure::usage(format!("the request cannot be made: {error}")))?;
        let response = match &self.http {
            Http::Plain(http) => http.request(request).await,
            Http::Tls(http) => http.request(request).await,
        };
        let response = response.map_err(|error| self.unreachable(&error))?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok((head.status, body));
        }
        let bytes = self.read(body).await?;
        Err(self.refused(head.status, &bytes))
    }

    /// The body of a success that is text.
    pub(crate) async fn text(&self, body: Incoming) -> Result<String, Failure> {
        let bytes = self.read(body).await?;
        String::from_utf8(bytes.into())
            .map_err(|_| self.unexpected("the answer is not UTF-8".to_owned()))
    }

    pub(crate) async fn read(&self, body: Incoming) -> Result<Bytes, Failure> {
        let limited = http_body_util::Limited::new(body, ANSWER_BYTES_MAX);
        let collected = limited.collect().await;
        let broken = |error| self.unexpected(format!("the answer broke off: {error}"));
        Ok(collected.map_err(broken)?.to_bytes())
    }

    fn parse(&self, bytes: &[u8]) -> Result<Value, Failure> {
        let limits = json::Limits { bytes_max: ANSWER_BYTES_MAX, depth_max: ANSWER_DEPTH_MAX };
        let not_json = |error| self.unexpected(format!("the answer is not JSON: {error}"));
        json::parse(bytes, limits).map_err(not_json)
    }

    fn refused(&self, status: StatusCode, bytes: &[u8]) -> Failure {
        let problem = self.parse(bytes).unwrap_or(Value::Null);
        let Some(code) = problem.text("code") else {
            return self.unexpected(format!("the answer is {status}, and no problem document"));
        };
        let detail = problem.text("detail").or(problem.text("title")).unwrap_or_default();
        let details = problem.items("diagnostics").iter().map(diagnostic);
        let details = details.chain(problem.items("violations").iter().map(violation));
        let failure = Failure { details: details.collect(), ..Failure::of_server(code, detail) };
        match HINTS.iter().find(|(known, _)| *known == code) {
            Some((_, hint)) => failure.with_hint(*hint),
            None => failure,
        }
    }

    fn unreachable(&self, error: &legacy::Error) -> Failure {
        let cause = std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |cause| innermost(cause).to_string());
        let message = format!("no server answers at {}: {cause}", self.server);
        Failure::new("server-unreachable", message).with_hint(
            "start one with `motet serve`, or name another with --server or MOTET_SERVER",
        )
    }

    fn unexpected(&self, what: String) -> Failure {
        Failure::new("unexpected-answer", format!("{}: {what}", self.server))
            .with_hint("is it a Motet server, of a version that fits this command's?")
    }
}

/// What a list gave, as far as was asked.
pub(crate) struct Listing {
    pub(crate) items: Vec<Value>,
    /// Whether there is more than that.
    pub(crate) has_more: bool,
}

impl Listing {
    /// The items; a remark tells where the list goes on behind them, and what to do about it.
    pub(crate) fn told(self, output: &Output, advice: &str) -> Vec<Value> {
        if self.has_more {
            output.note(&format!("there are more: {advice}"));
        }
        self.items
    }
}

/// A part of a query, ready to be joined by `&`.
pub(crate) fn query(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn builder() -> legacy::Builder {
    legacy::Client::builder(TokioExecutor::new())
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.enforce_http(false);
    connector
}

/// A token as a header, which no log shows.
fn authorization(token: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
    let mut value = value.map_err(|_| Failure::usage("the token is not visible ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Trusts the authorities in the file, or those of the system.
fn tls(ca_cert: Option<&Path>) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let provider = rustls::crypto::ring::default_provider();
    let builder = match ca_cert {
        Some(path) => {
            let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| Failure::new("server-unreachable", error.to_string()))?;
            let config = config.with_root_certificates(authorities(path)?).with_no_client_auth();
            HttpsConnectorBuilder::new().with_tls_config(config)
        }
        None => {
            let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
            builder.map_err(|error| {
                let message =
                    format!("the system's certificate authorities cannot be read: {error}");
                Failure::new("server-unreachable", message)
            })?
        }
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(connector()))
}

fn authorities(path: &Path) -> Result<rustls::RootCertStore, Failure> {
    let unreadable = |why: String| {
        Failure::new("unreadable-file", format!("cannot read {}: {why}", path.display()))
    };
    let certificates = CertificateDer::pem_file_iter(path);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(unreadable("it holds no certificate".to_owned())),
        false => Ok(roots),
    }
}

fn innermost<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e dyn std::error::Error {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// One place of a body that does not fit, as a line.
fn violation(value: &Value) -> String {
    let text = |key| value.text(key).unwrap_or_default();
    format!("{}: {}", text("path"), text("message")).trim_start_matches(": ").to_owned()
}

/// One diagnostic of a problem document as a line.
fn diagnostic(value: &Value) -> String {
    let text = |key| value.text(key).unwrap_or_default();
    let place = match (value.number("line"), value.number("column")) {
        (Some(line), Some(column)) => format!("{line}:{column}"),
        _ => text("path").to_owned(),
    };
    format!("{place}: {}[{}]: {}", text("severity"), text("code"), text("message"))
}
