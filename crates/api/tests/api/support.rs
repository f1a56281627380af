//! A server in this process, and requests written as they go over the wire.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use motet_api::Options;
use motet_engine::secret::SecretKey;
use motet_expr::{Value, json};
use motet_mesh::Mesh;
use motet_runtime::{Handle, Runtime, SCHEMA, Secrets, SinkRule, SystemClock};
use motet_store::memory::MemoryStore;
use motet_types::Limits;
use tower::ServiceExt;

pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) handle: Handle,
    _runtime: Runtime,
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn secret(&self, _name: &str) -> Option<String> {
        None
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::limited(options, Limits::default())
    }

    pub(crate) fn limited(options: Options, limits: Limits) -> Self {
        Self::telling(options, limits, Arc::default())
    }

    /// With sinks that nobody reads for.
    pub(crate) fn telling(options: Options, limits: Limits, sinks: Arc<[SinkRule]>) -> Self {
        let store = Arc::new(MemoryStore::new(&SCHEMA));
        let runtime = Runtime::start(motet_runtime::Options {
            store: store.clone(),
            reads: store,
            mesh: Mesh::new(motet_mesh::Options { native_roots: false, ..Default::default() })
                .unwrap(),
            secrets: Arc::new(NoSecrets),
            secret_key: SecretKey([7; 32]),
            clock: Arc::new(SystemClock::new()),
            limits,
            store_metrics: Arc::new(Vec::new),
            observer: Arc::new(motet_runtime::Unobserved),
            sinks,
            tokio: tokio::runtime::Handle::current(),
        });
        let runtime = runtime.unwrap();
        let handle = runtime.handle();
        Self { router: motet_api::router(handle.clone(), options), handle, _runtime: runtime }
    }

    /// Sends a request written as in HTTP/1.1: request line, headers, an empty line, body.
    pub(crate) async fn send(&self, request: &str) -> Answer {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines().map(str::trim);
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(target);
        let mut names_host = false;
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            names_host |= name.eq_ignore_ascii_case("host");
            builder = builder.header(name, value);
        }
        if !names_host {
            builder = builder.header("host", "localhost:7080");
        }
        let request = builder.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Publishes a workflow `test/<name>:<version>` with these tasks, which are indented by two spaces.
    pub(crate) async fn publish(&self, name: &str, version: &str, tasks: &str) {
        let request = format!(
            "POST /api/v1/workflows\n\n{}",
            document(&format!("namespace: test, name: {name}, version: {version}"), tasks)
        );
        let answer = self.send(&request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }

    /// Starts an instance and returns its id.
    pub(crate) async fn start(&self, name: &str, query: &str, input: &str) -> String {
        let path = format!("/api/v1/workflows/test/{name}/instances?{query}");
        let answer = self.send(&format!("POST {path}\n\n{input}")).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        answer.member("id")
    }
}

pub(crate) fn document(header: &str, tasks: &str) -> String {
    format!("document: {{ dsl: 1.0.0, {header} }}\ndo:\n{tasks}\n")
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn value(&self) -> Value {
        json::parse(self.text.as_bytes(), json::Limits::default())
            .unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A text member of the answer.
    pub(crate) fn member(&self, key: &str) -> String {
        let value = self.value();
        let member = json::get(&value, key).unwrap_or_else(|| panic!("no {key}: {}", self.text));
        json::as_str(member).map_or_else(|| json::to_text(member), str::to_owned)
    }

    /// Status, the headers that matter, and the body; what differs from run to run is replaced.
    pub(crate) fn show(&self) -> String {
        let mut shown = format!("{}\n", self.status);
        for name in ["content-type", "location", "allow", "retry-after", "motet-position"] {
            if let Some(value) = self.headers.get(name) {
                let _ = writeln!(shown, "{name}: {}", value.to_str().unwrap());
            }
        }
        let body = match json::parse(self.text.as_bytes(), json::Limits::default()) {
            Ok(value) => json::to_pretty(&value),
            Err(_) => self.text.clone(),
        };
        redact(&format!("{shown}\n{body}\n"))
    }
}

/// Ids, instants, digests, revisions and positions as words.
pub(crate) fn redact(text: &str) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((word, at, length)) = varying(rest) {
            shown.push_str(&rest[..at]);
            shown.push_str(word);
            rest = &rest[at + length..];
        }
        shown.push_str(rest);
        shown.push('\n');
    }
    shown
}

/// The first part of a line that differs from run to run: its word, place and length.
fn varying(line: &str) -> Option<(&'static str, usize, usize)> {
    if let Some(at) = line.strip_prefix("motet-position: ") {
        return (at != "<position>").then_some(("<position>", 16, at.len()));
    }
    let is_digest = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (0..line.len()).find_map(|at| {
        let part = |length: usize| line.get(at..at + length);
        if part(64).is_some_and(is_digest) {
            return Some(("<digest>", at, 64));
        }
        if part(36).is_some_and(|text| text.parse::<motet_types::InstanceId>().is_ok()) {
            return Some(("<id>", at, 36));
        }
        if part(16).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit())) {
            return Some(("<revision>", at, 16));
        }
        if part(24).is_some_and(|text| text.parse::<motet_types::Timestamp>().is_ok()) {
            return Some(("<instant>", at, 24));
        }
        None
    })
}
