//! The server itself: probes, figures and descriptions.

mod services;

use bytes::Bytes;
use http::StatusCode;
use motet_runtime::{Handle, JobFigures};
use std::sync::LazyLock;

use crate::answer;
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::{Handled, ROUTES, Route, Verb};

const PLAIN: &str = "text/plain; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
/// Prometheus text exposition format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// For whoever opens the address in a browser: every route that is read without a parameter in its path.
pub(crate) async fn front_page(_: Request) -> Handled {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let mut page = format!("Motet {}\n\n", env!("CARGO_PKG_VERSION"));
        let plain = |route: &&&Route| {
            route.method == Verb::Get && route.path != "/" && !route.path.contains('{')
        };
        for route in ROUTES.iter().filter(plain) {
            page.push_str(&format!("{:<36} {}\n", route.path, route.summary));
        }
        page
    });
    Ok(answer::with_body(StatusCode::OK, PLAIN, PAGE.as_str()))
}

pub(crate) async fn alive(_: Request) -> Handled {
    Ok(answer::with_body(StatusCode::OK, PLAIN, "alive\n"))
}

pub(crate) async fn ready(request: Request) -> Handled {
    let health = request.handle().health();
    if health.ready {
        return Ok(answer::with_body(StatusCode::OK, PLAIN, "ready\n"));
    }
    let reason = health.reason.unwrap_or_else(|| "it is starting".to_owned());
    Err(Problem::new(Code::NotReady, reason))
}

pub(crate) async fn metrics(request: Request) -> Handled {
    let mut text = String::new();
    let mut described = "";
    for (name, help, kind, value) in request.handle().metrics() {
        // Series of one name differ in their labels and share a description.
        let base = name.split('{').next().unwrap_or(name);
        if base != described {
            text.push_str(&format!("# HELP {base} {help}\n# TYPE {base} {kind}\n"));
            described = base;
        }
        text.push_str(&format!("{name} {value}\n"));
    }
    append_jobs(request.handle().clone(), &mut text).await;
    if let Ok(figures) = request.handle().service_figures().await {
        services::append(&figures, &mut text);
    }
    request.api.counters.append(&mut text);
    Ok(answer::with_body(StatusCode::OK, EXPOSITION, text))
}

/// Jobs by type. While the server admits no question, the figures are left out.
async fn append_jobs(handle: Handle, text: &mut String) {
    let Ok(figures) = handle.job_figures().await else { return };
    type Series = (&'static str, &'static str, &'static str, fn(&JobFigures) -> u64);
    const SERIES: [Series; 6] = [
        ("motet_jobs_waiting", "gauge", "Jobs that wait for a worker, in memory.", |own| {
            own.waiting
        }),
        ("motet_jobs_leased", "gauge", "Jobs that a worker holds.", |own| own.leased),
        ("motet_jobs_completed_total", "counter", "Jobs completed.", |own| own.completed),
        ("motet_jobs_failed_total", "counter", "Jobs failed for good.", |own| own.failed),
        ("motet_jobs_returned_total", "counter", "Jobs given back.", |own| own.returned),
        ("motet_jobs_expired_total", "counter", "Leases that ran out.", |own| own.expired),
    ];
    for (name, kind, help, value) in SERIES.iter().filter(|_| !figures.is_empty()) {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for own in &figures {
            text.push_str(&format!("{name}{{type=\"{}\"}} {}\n", own.kind, value(own)));
        }
    }
}

pub(crate) async fn openapi(_: Request) -> Handled {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| crate::openapi::document().into());
    Ok(answer::with_body(StatusCode::OK, answer::JSON, DOCUMENT.clone()))
}

/// Links between the pages name files, so a name may end like one.
pub(crate) async fn error_page(request: Request) -> Handled {
    let name: String = request.part("code")?;
    let code = name.strip_suffix(".md").unwrap_or(&name);
    let page = crate::pages::page(code).ok_or_else(|| {
        let detail =
            format!("there is no page on an error {code:?}: /docs/errors/README lists all");
        Problem::new(Code::UnknownPage, detail)
    })?;
    Ok(answer::with_body(StatusCode::OK, MARKDOWN, page))
}

pub(crate) async fn workflow_schema(_: Request) -> Handled {
    static SCHEMA: LazyLock<Bytes> =
        LazyLock::new(|| motet_definition::to_json(&motet_definition::json_schema()).into());
    Ok(answer::with_body(StatusCode::OK, answer::JSON, SCHEMA.clone()))
}
