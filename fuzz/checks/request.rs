//! Requests to the API: every one is answered, a refusal is a problem document, and none is a defect of the server.
//!
//! The data is a request as in HTTP/1.1: request line, headers, an empty line, body. Nothing is published, so that only the
//! harmless workflow runs that is there: a definition that a fuzzer wrote could call anybody.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use motet_engine::secret::SecretKey;
use motet_expr::json;
use motet_mesh::Mesh;
use motet_runtime::{Runtime, SCHEMA, Secrets, SystemClock};
use motet_store::memory::MemoryStore;
use motet_types::Limits;
use tower::ServiceExt as _;

const PUBLISH: &str = "/api/v1/workflows";
const HARMLESS: &str = "document: {dsl: 1.0.3, namespace: test, name: echo, version: 1.0.0}\n\
                        do: [{answer: {set: {text: \"${ .text }\"}}}]\n";

/// Statuses of a defect, or of an overload that one request cannot cause.
const DEFECTS: [StatusCode; 2] = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY];

pub(crate) fn check(data: &[u8]) {
    let Some(request) = request(data) else {
        return;
    };
    let is_publication = request.uri().path().trim_end_matches('/') == PUBLISH;
    if is_publication && request.method() == http::Method::POST {
        return;
    }
    let server = Server::shared();
    server.executor.block_on(async {
        let described = format!("{} {}", request.method(), request.uri());
        let (head, body) = answer(&server.router, request).await;
        assert!(!DEFECTS.contains(&head.status), "{described}: {} {body:?}", head.status);
        if head.status.is_client_error() || head.status.is_server_error() {
            let is_problem = content_type(&head.headers) == "application/problem+json";
            assert!(is_problem, "{described}: {} {:?}", head.status, head.headers);
        }
        if let Some(body) = body.filter(|_| content_type(&head.headers).ends_with("json")) {
            let read = json::parse(&body, json::Limits { bytes_max: usize::MAX, depth_max: 256 });
            assert!(read.is_ok() || body.is_empty(), "{described}: {read:?}");
        }
    });
}

struct Server {
    executor: tokio::runtime::Runtime,
    router: Router,
    _runtime: Runtime,
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, _name: &str) -> Option<String> {
        None
    }
}

impl Server {
    /// One server for all requests, as starting it takes longer than answering them.
    fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let executor = executor.expect("a runtime starts");
        let store = Arc::new(MemoryStore::new(&SCHEMA));
        let mesh = motet_mesh::Options { native_roots: false, ..Default::default() };
        let options = motet_runtime::Options {
            store: store.clone(),
            reads: store,
            mesh: Mesh::new(mesh).expect("no certificate is read"),
            secrets: Arc::new(NoSecrets),
            secret_key: SecretKey([7; 32]),
            clock: Arc::new(SystemClock::new()),
            limits: Limits::default(),
            store_metrics: Arc::new(Vec::new),
            observer: Arc::new(motet_runtime::Unobserved),
            sinks: Arc::default(),
            tokio: executor.handle().clone(),
        };
        let runtime = Runtime::start(options).expect("the store is empty");
        let options = motet_api::Options {
            wait_max: Duration::from_millis(20),
            body_timeout: Duration::from_secs(5),
            ..motet_api::Options::default()
        };
        let router = motet_api::router(runtime.handle(), options);
        let publication = Request::post(PUBLISH).header(header::HOST, "localhost");
        let publication = publication.body(Body::from(HARMLESS)).expect("a request");
        let (head, _) = executor.block_on(answer(&router, publication));
        assert_eq!(head.status, StatusCode::CREATED);
        Self { executor, router, _runtime: runtime }
    }
}

/// The request that the data is, if it is one that a connection would let through.
fn request(data: &[u8]) -> Option<Request<Body>> {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = line.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    let mut names_host = false;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        names_host |= name.eq_ignore_ascii_case(b"host");
        request = request.header(name, value);
    }
    if !names_host {
        request = request.header(header::HOST, "localhost");
    }
    request.body(Body::from(body.to_vec())).ok()
}

/// The head of the answer, and its body unless that is a stream without an end.
async fn answer(
    router: &Router,
    request: Request<Body>,
) -> (http::response::Parts, Option<bytes::Bytes>) {
    let answered = router.clone().oneshot(request).await;
    let (head, body) = answered.expect("the router always answers").into_parts();
    if content_type(&head.headers) == "text/event-stream" {
        return (head, None);
    }
    let body = body.collect().await.expect("the body is in memory").to_bytes();
    (head, Some(body))
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default()
}
