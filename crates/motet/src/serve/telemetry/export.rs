//! Spans on their way to a collector, by the official exporter (OTLP over HTTP, protobuf) over our own HTTP client.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use motet_mesh::Mesh;
use motet_runtime::{Attribute, Span};
use motet_types::Timestamp;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};

use super::Told;
use crate::config::Collector;
use crate::failure::Failure;
use crate::output::Output;

/// Spans that wait for the exporter; those beyond are lost.
pub(super) const WAITING_MAX: usize = 8_192;
/// Spans of one request.
const BATCH_MAX: usize = 512;
/// How long the first span of a request waits for others.
const GATHERED_FOR: Duration = Duration::from_secs(1);
/// Longest answer of a collector that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long an answer of the collector is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The exporter for a collector; what the variables of OpenTelemetry say of headers and times it heeds by itself.
pub(super) fn exporter(collector: &Collector<'_>, mesh: &Mesh) -> Result<SpanExporter, Failure> {
    let builder = SpanExporter::builder().with_http().with_http_client(Client(mesh.clone()));
    let builder = match collector {
        Collector::At(base) => {
            builder.with_endpoint(format!("{}/v1/traces", base.trim_end_matches('/')))
        }
        Collector::OfEnvironment => builder,
    };
    let mut exporter = builder.build().map_err(|error| {
        Failure::new("invalid-configuration", format!("traces cannot be exported: {error}"))
            .with_hint("see traces-endpoint, and the variables that begin with OTEL_EXPORTER_OTLP_")
    })?;
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = if named { resource } else { resource.with_service_name("motet") };
    exporter.set_resource(&resource.build());
    Ok(exporter)
}

/// Exports until nobody tells any more. A collector that is away is told of once, and once again when it is back.
pub(super) async fn run(
    mut spans: Receiver<Span>,
    exporter: SpanExporter,
    output: Output,
    told: Arc<Told>,
) {
    let scope = InstrumentationScope::builder("motet").build();
    let mut is_away = false;
    while let Some(batch) = gather(&mut spans).await {
        let count = batch.len() as u64;
        let batch = batch.into_iter().map(|span| data(span, &scope)).collect();
        match exporter.export(batch).await {
            Ok(()) => {
                told.spans_exported.fetch_add(count, Ordering::Relaxed);
                if std::mem::take(&mut is_away) {
                    output.note("motet: traces are exported again");
                }
            }
            Err(error) => {
                told.spans_lost.fetch_add(count, Ordering::Relaxed);
                if !std::mem::replace(&mut is_away, true) {
                    output.note(&format!("motet: traces are not exported: {error}"));
                }
            }
        }
    }
}

/// The next spans; none when there will be no more.
async fn gather(spans: &mut Receiver<Span>) -> Option<Vec<Span>> {
    let mut batch = vec![spans.recv().await?];
    let until = Instant::now() + GATHERED_FOR;
    while batch.len() < BATCH_MAX {
        match timeout_at(until, spans.recv()).await {
            Ok(Some(span)) => batch.push(span),
            Ok(None) | Err(_) => break,
        }
    }
    Some(batch)
}

fn data(span: Span, scope: &InstrumentationScope) -> SpanData {
    let trace = TraceId::from_bytes(span.trace);
    let context = |id| {
        let id = SpanId::from_bytes(id);
        SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::NONE)
    };
    let mut links = SpanLinks::default();
    links.links = span.links.into_iter().map(|id| Link::with_context(context(id))).collect();
    let attribute = |(key, value)| match value {
        Attribute::Text(text) => KeyValue::new(key, text),
        Attribute::Number(number) => KeyValue::new(key, number),
    };
    SpanData {
        span_context: context(span.id),
        parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: false,
        span_kind: if span.is_call { SpanKind::Client } else { SpanKind::Internal },
        name: Cow::Owned(span.name),
        start_time: time(span.from),
        end_time: time(span.until),
        attributes: span.attributes.into_iter().map(attribute).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links,
        status: match span.error {
            Some(error) => Status::error(error),
            None => Status::Unset,
        },
        instrumentation_scope: scope.clone(),
    }
}

fn time(at: Timestamp) -> SystemTime {
    let micros = u64::try_from(at.as_micros()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

/// The mesh as the exporter wants it.
struct Client(Mesh);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let sent = self.0.call(motet_mesh::Request {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body,
                timeout: PATIENCE,
                redirects_max: 0,
                response_bytes_max: ANSWER_BYTES_MAX,
            });
            let answer = sent.await?;
            let mut response = Response::new(answer.body);
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
