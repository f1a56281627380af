use super::parameters::{CURSOR, LIMIT, REASON};
use super::{Route, Verb, answer, json};
use crate::access::Access;
use crate::handlers::sinks;
use crate::problem::Code;
use motet_runtime::Role;

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/sinks",
        operation: "listSinks",
        access: Access::Server(Role::Viewer),
        summary: "List the sinks of events, with what waits for each and what each refused.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "The sinks, by name.", json("SinkList"))],
        refusals: &[Code::Overloaded, Code::Unavailable],
        handler: |request| Box::pin(sinks::list(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/sinks/{sink}/refused",
        operation: "listRefusedEvents",
        access: Access::Server(Role::Viewer),
        summary: "List the events that a sink refused for good, with its reasons.",
        query: &[CURSOR, LIMIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("RefusedPage"))],
        refusals: CHANGES,
        handler: |request| Box::pin(sinks::refused(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/sinks/{sink}/retry",
        operation: "retryRefusedEvents",
        access: Access::Server(Role::Operator),
        summary: "Let what a sink refused go out again.",
        query: &[REASON],
        headers: &[],
        body: None,
        answers: &[answer(200, "How many events that were.", json("SinkChange"))],
        refusals: CHANGES,
        handler: |request| Box::pin(sinks::retry(request)),
    },
    Route {
        method: Verb::Delete,
        path: "/api/v1/sinks/{sink}/refused",
        operation: "discardRefusedEvents",
        access: Access::Server(Role::Admin),
        summary: "Throw away what a sink refused.",
        query: &[REASON],
        headers: &[],
        body: None,
        answers: &[answer(200, "How many events that were.", json("SinkChange"))],
        refusals: CHANGES,
        handler: |request| Box::pin(sinks::discard(request)),
    },
    Route {
        method: Verb::Delete,
        path: "/api/v1/sinks/{sink}",
        operation: "removeSink",
        access: Access::Server(Role::Admin),
        summary: "Throw away everything that waits for a sink which is not configured any more, and what it refused.",
        query: &[REASON],
        headers: &[],
        body: None,
        answers: &[answer(200, "How many events that were.", json("SinkChange"))],
        refusals: &[
            Code::InvalidParameter,
            Code::UnknownSink,
            Code::SinkInUse,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(sinks::remove(request)),
    },
];

const CHANGES: &[Code] =
    &[Code::InvalidParameter, Code::UnknownSink, Code::Overloaded, Code::Unavailable];
