//! The wire: one HTTP/1.1 server per service.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Serve, print};
use crate::faults::Faults;
use crate::host::{Host, Request};
use crate::services::{Answer, Domain, object};

/// One request body, in bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Serves until told to stop; prints `ready <service> http://<address>` when it listens.
pub(crate) async fn run<D: Domain + Send + 'static>(options: &Serve) -> anyhow::Result<()> {
    let host = Arc::new(Host::<D>::open(&options.data)?);
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    print(&format!("ready {} http://{}", D::NAME, listener.local_addr()?))?;
    tokio::select! {
        error = accept(&listener, &host) => error,
        stopped = told_to_stop(options.until_stdin_closes) => stopped,
    }
}

/// Returns on SIGTERM, on ctrl-c, and if wanted at the end of standard input.
pub(crate) async fn told_to_stop(stdin_too: bool) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        ended = stdin_closed(), if stdin_too => ended,
    }
}

async fn stdin_closed() -> anyhow::Result<()> {
    let (closed, closing) = tokio::sync::oneshot::channel();
    // A thread of its own, which nobody waits for: a read that the runtime knows of would hold up the end.
    std::thread::spawn(move || {
        let ended = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // Nobody listens any more where the process is about to end for another reason.
        let _listener = closed.send(ended);
    });
    closing.await??;
    Ok(())
}

async fn accept<D: Domain + Send + 'static>(
    listener: &TcpListener,
    host: &Arc<Host<D>>,
) -> anyhow::Result<()> {
    loop {
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            // Of the connection, not of the listener, or out of file descriptors, which passes.
            Err(error) => {
                eprintln!("shop: {}: cannot accept: {error}", D::NAME);
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                continue;
            }
        };
        tokio::spawn(serve(stream, Arc::clone(host)));
    }
}

async fn serve<D: Domain + Send + 'static>(stream: TcpStream, host: Arc<Host<D>>) {
    let service = service_fn(move |request| {
        let host = Arc::clone(&host);
        async move { Ok::<_, Infallible>(response(&route(&host, request).await)) }
    });
    let served = async {
        stream.set_nodelay(true)?;
        let server = hyper::server::conn::http1::Builder::new();
        server.serve_connection(TokioIo::new(stream), service).await?;
        anyhow::Ok(())
    };
    if let Err(error) = served.await {
        let unfinished = error.downcast_ref::<hyper::Error>();
        // Clients go away in the middle of requests all the time here: they are killed on purpose.
        if !unfinished.is_some_and(|error| !error.is_parse() && !error.is_user()) {
            eprintln!("shop: {}: {error:#}", D::NAME);
        }
    }
}

async fn route<D: Domain>(host: &Host<D>, request: http::Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Answer::problem(413, "the body is too large", &error);
        }
        Err(error) => return Answer::problem(400, "the body broke off", &error),
    };
    let path = head.uri.path();
    let answered = if path.starts_with("/_") {
        control(host, &head.method, path, head.uri.query(), &body).await
    } else {
        let request = Request {
            key: text(&head.headers, "idempotency-key"),
            traceparent: text(&head.headers, "traceparent"),
            path: path.to_owned(),
            method: head.method,
            body,
        };
        host.handle(&request).await
    };
    answered.unwrap_or_else(|error| {
        eprintln!("shop: {}: {error:#}", D::NAME);
        Answer::problem(500, "the service failed", &format_args!("{error:#}"))
    })
}

/// What is asked about the service rather than of it: never logged, never faulty.
async fn control<D: Domain>(
    host: &Host<D>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &[u8],
) -> anyhow::Result<Answer> {
    Ok(match (method, path) {
        (&Method::GET, "/_health") => {
            Answer::ok(json!({ "service": D::NAME, "pid": std::process::id() }))
        }
        (&Method::GET, "/_audit") => {
            let full = query.is_some_and(|query| query.split('&').any(|part| part == "full=true"));
            Answer::ok(host.audit(full)?)
        }
        (&Method::GET, "/_faults") => Answer::ok(json!(host.faults())),
        (&Method::POST, "/_faults") => match faults(body) {
            Ok(faults) => {
                host.set_faults(faults.clone())?;
                Answer::ok(json!(faults))
            }
            Err(error) => Answer::problem(400, "not a set of faults", &error),
        },
        _ => Answer::problem(404, "not found", &format_args!("there is no {method} {path}")),
    })
}

fn faults(body: &[u8]) -> anyhow::Result<Faults> {
    let faults: Faults = object(body)?;
    faults.check()?;
    Ok(faults)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn response(answer: &Answer) -> Response<Full<Bytes>> {
    let is_problem = answer.status >= 400;
    let kind = if is_problem { "application/problem+json" } else { "application/json" };
    let body = match &answer.body {
        Value::Null => Bytes::new(),
        body => Bytes::from(body.to_string()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
