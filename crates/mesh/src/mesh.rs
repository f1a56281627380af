use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connect::Connector;
use crate::failure::Progress;
use crate::flights::Flights;
use crate::redirect;
use crate::{
    CallError, Error, Found, Names, NamesError, Options, Request, Response, Undone, Wanted,
};

/// The head of a response, in bytes; a longer one is a failed call.
const RESPONSE_HEAD_BYTES_MAX: usize = 64 * 1024;
/// An HTTP/2 connection with requests on it is asked after this silence whether it lives ...
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(20);
/// ... and given up when it does not say so.
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// The pools and the TLS set-up of one server; clones share them.
///
/// Connections are opened when a call needs one, and idle ones are closed when the last clone is dropped.
#[derive(Clone)]
pub struct Mesh {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    /// For `http` addresses, where they speak HTTP/2 unasked.
    http2: Option<Client>,
    flights: Flights,
    trust_problems: Vec<String>,
    /// Set up when the first name is asked for.
    names: OnceLock<Result<Names, NamesError>>,
}

type Client = legacy::Client<Connector, Full<Bytes>>;

impl Mesh {
    /// Reads the certificate authorities; opens no connection.
    pub fn new(options: Options) -> Result<Self, Error> {
        let (connector, trust_problems) = Connector::new(&options)?;
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_idle_timeout(options.idle_connection_timeout)
            .pool_max_idle_per_host(options.idle_connections_per_host_max)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .retry_canceled_requests(true)
            .http1_max_buf_size(RESPONSE_HEAD_BYTES_MAX)
            .http2_max_header_list_size(RESPONSE_HEAD_BYTES_MAX as u32)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(HTTP2_PING_INTERVAL)
            .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT);
        let client = builder.build(connector.clone());
        let http2 =
            options.http2_prior_knowledge.then(|| builder.http2_only(true).build(connector));
        let flights = Flights::default();
        let names = OnceLock::new();
        Ok(Self { inner: Arc::new(Inner { client, http2, flights, trust_problems, names }) })
    }

    /// What was wrong with the operating system's certificate authorities, for the log; calls by `http` do not mind.
    pub fn trust_problems(&self) -> &[String] {
        &self.inner.trust_problems
    }

    /// Sends the request and takes the whole response, whatever its status, within the request's timeout.
    ///
    /// Dropping the future gives the attempt up; the service may still see it.
    pub async fn call(&self, request: Request) -> Result<Response, CallError> {
        let Some(_flight) = self.inner.flights.begin() else {
            let message = "this server is about to stop and makes no more calls".to_owned();
            return Err(CallError { undone: Undone::NotRun, timed_out: false, message });
        };
        let timeout = request.timeout;
        let mut progress =
            Progress { uri: request.uri.clone(), connection: None, rewritten: false };
        match tokio::time::timeout(timeout, self.follow(request, &mut progress)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(progress.timed_out(timeout)),
        }
    }

    /// Endpoints by a name of DNS, asked of the system's name servers; never none.
    ///
    /// # Errors
    /// There is none, or nobody can tell.
    pub async fn find(
        &self,
        name: &str,
        wanted: Wanted,
        timeout: Duration,
    ) -> Result<Vec<Found>, NamesError> {
        let names = self.inner.names.get_or_init(Names::of_system).clone()?;
        names.find(name, wanted, timeout).await
    }

    /// Calls that have begun and not ended.
    pub fn in_flight(&self) -> usize {
        self.inner.flights.count()
    }

    /// Refuses further calls as not run, and waits for those in flight; returns how many still are when `patience` ends.
    pub async fn close(&self, patience: Duration) -> usize {
        self.inner.flights.close(patience).await
    }

    async fn follow(
        &self,
        mut request: Request,
        progress: &mut Progress,
    ) -> Result<Response, CallError> {
        check(&request).map_err(|why| progress.unsendable(why))?;
        drop_hop_by_hop(&mut request.headers);
        loop {
            request.uri = without_userinfo(request.uri);
            let again = (request.redirects_max > 0).then(|| request.clone());
            let bytes_max = request.response_bytes_max;
            let response = self.send(request, progress).await?;
            let hop = again.and_then(|again| {
                let (status, headers) = (response.status(), response.headers());
                Some((redirect::hop(&again.method, &again.uri, status, headers)?, again))
            });
            let Some((hop, mut again)) = hop else {
                return take(response, bytes_max, progress).await;
            };
            progress.rewritten |= hop.rewritten;
            hop.take(&mut again);
            again.redirects_max -= 1;
            progress.uri = again.uri.clone();
            request = again;
        }
    }

    async fn send(
        &self,
        request: Request,
        progress: &mut Progress,
    ) -> Result<http::Response<Incoming>, CallError> {
        let mut outgoing = http::Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = request.uri;
        *outgoing.headers_mut() = request.headers;
        progress.connection = Some(capture_connection(&mut outgoing));
        let client = match &self.inner.http2 {
            Some(http2) if outgoing.uri().scheme_str() == Some("http") => http2,
            _ => &self.inner.client,
        };
        client.request(outgoing).await.map_err(|error| progress.failed(&error))
    }
}

fn check(request: &Request) -> Result<(), &'static str> {
    if request.method == Method::CONNECT {
        return Err("CONNECT is not a method of a call");
    }
    check_uri(&request.uri)
}

fn check_uri(uri: &Uri) -> Result<(), &'static str> {
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => return Err("only http and https addresses can be called"),
        None => return Err("the address is not absolute"),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("the address names no host");
    }
    Ok(())
}

/// Names and passwords in an address are never sent (RFC 9110 §4.2.4), and part no pools.
fn without_userinfo(uri: Uri) -> Uri {
    let bare = uri.authority().and_then(|authority| {
        let (_userinfo, host_and_port) = authority.as_str().rsplit_once('@')?;
        host_and_port.parse().ok()
    });
    let Some(bare) = bare else { return uri };
    let mut parts = uri.into_parts();
    parts.authority = Some(bare);
    Uri::from_parts(parts).expect("scheme, path and authority were those of an address before")
}

/// Framing and connections are this crate's business: a header that contradicts them could smuggle a second request in.
fn drop_hop_by_hop(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| *name == CONNECTION || HOP_BY_HOP.contains(name)) {
        return;
    }
    if let Some(named) = headers.remove(CONNECTION) {
        for name in named.to_str().unwrap_or_default().split(',') {
            headers.remove(name.trim());
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

static HOP_BY_HOP: [HeaderName; 10] = [
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

async fn take(
    response: http::Response<Incoming>,
    bytes_max: usize,
    progress: &Progress,
) -> Result<Response, CallError> {
    let (head, mut incoming) = response.into_parts();
    if incoming.size_hint().lower() > bytes_max as u64 {
        return Err(progress.too_large(bytes_max));
    }
    let mut body = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| progress.broke_off(&error))?;
        let Ok(data) = frame.into_data() else {
            // Trailers: nothing above reads them.
            continue;
        };
        if data.len() > bytes_max - body.len() - rest.len() {
            return Err(progress.too_large(bytes_max));
        }
        // Most bodies are one piece, which is passed on without a copy.
        if body.is_empty() && rest.is_empty() {
            body = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut body));
            }
            rest.extend_from_slice(&data);
        }
    }
    let body = if rest.is_empty() { body } else { rest.freeze() };
    Ok(Response { status: head.status, headers: head.headers, body })
}
