use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, Uri};
use motet_runtime::{Handle, LOCAL};

use crate::Options;
use crate::access::{self, Access, Caller, LastUses};
use crate::consul;
use crate::counters::Counters;
use crate::guard::Guard;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::request::{Api, Request};
use crate::routes::{Handled, ROUTES, Route, Verb};

/// Everything that the server answers over HTTP.
pub fn router(handle: Handle, options: Options) -> Router {
    let guard = Arc::new(Guard::new(&options));
    let api = Arc::new(Api {
        handle,
        options,
        counters: Counters::default(),
        last_uses: LastUses::default(),
    });
    let mut router = Router::new();
    for (idx, route) in ROUTES.iter().enumerate() {
        router = router.route(route.path, endpoint(idx, route, &api));
    }
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(from_fn_with_state(guard, admit))
}

fn endpoint(idx: usize, route: &'static Route, api: &Arc<Api>) -> MethodRouter {
    let filter = match route.method {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Delete => MethodFilter::DELETE,
    };
    let api = Arc::clone(api);
    let handler = move |path: Result<RawPathParams, RawPathParamsRejection>,
                        request: axum::extract::Request| {
        let api = Arc::clone(&api);
        async move {
            let handled = handle(Arc::clone(&api), route, path, request).await;
            let response = handled.unwrap_or_else(IntoResponse::into_response);
            api.counters.count(idx, response.status());
            response
        }
    };
    on(filter, handler)
}

async fn handle(
    api: Arc<Api>,
    route: &'static Route,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: axum::extract::Request,
) -> Handled {
    let (head, body) = request.into_parts();
    let caller = match route.access {
        Access::Open => Caller { name: LOCAL.into(), token: None },
        Access::Figures if api.options.metrics_open => Caller { name: LOCAL.into(), token: None },
        _ if route.path.starts_with(consul::PREFIX) => {
            access::authenticate(&api, &consul::with_token(&head))?
        }
        _ => access::authenticate(&api, &head.headers)?,
    };
    let request = Request {
        handle: api.handle.acting(caller.name.clone()),
        caller,
        api,
        path: path.map_err(|error| Problem::invalid("path", error.body_text()))?,
        query: Query::parse(route, head.uri.query())?,
        headers: head.headers,
        body,
    };
    if let Some(id) = access::admit(route.access, &request)? {
        let (caller, handle) = (request.caller.clone(), request.handle().clone());
        access::ensure_visible(route.access, caller, handle, id).await?;
    }
    if !route.access.can_be_lost(&request.api.options) {
        return unless_panicking((route.handler)(request)).await;
    }
    let (caller, handle) = (request.caller.clone(), request.handle().clone());
    access::while_allowed(caller, handle, unless_panicking((route.handler)(request))).await
}

/// A panic in a handler is a defect that costs its request, not the other requests of the connection.
async fn unless_panicking(handler: impl Future<Output = Handled>) -> Handled {
    let mut handler = pin!(handler);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
        polled.unwrap_or_else(|_panic| {
            let detail = "a defect of the server ended the request; its log says more";
            Poll::Ready(Err(Problem::new(Code::Internal, detail)))
        })
    })
    .await
}

async fn admit(
    State(guard): State<Arc<Guard>>,
    request: http::Request<Body>,
    next: Next,
) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn unknown_route(uri: Uri) -> Problem {
    if uri.path().starts_with(consul::PREFIX) {
        let why = "Motet speaks the part of Consul's API that registers and finds services";
        return consul::unsupported(format!("there is nothing at {}: {why}", uri.path()));
    }
    let detail = format!(
        "there is nothing at {}: GET /api/v1/openapi.json describes every route",
        uri.path()
    );
    Problem::new(Code::UnknownRoute, detail)
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(Code::MethodNotAllowed, detail)
}
