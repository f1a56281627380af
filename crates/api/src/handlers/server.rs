//! The server itself: probes, figures and descriptions.

use bytes::Bytes;
use http::StatusCode;
use std::sync::LazyLock;

use crate::answer;
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;

const PLAIN: &str = "text/plain; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
/// Prometheus text exposition format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

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
    request.api.counters.append(&mut text);
    Ok(answer::with_body(StatusCode::OK, EXPOSITION, text))
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
