use super::{Route, Verb, answer, json, text};
use crate::handlers::server;
use crate::problem::Code;

const PLAIN: &[&str] = &["text/plain"];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/openapi.json",
        operation: "readOpenApi",
        summary: "This description of the API.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "An OpenAPI 3.1 document.", json("Any"))],
        refusals: &[],
        handler: |request| Box::pin(server::openapi(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/schema/workflow.json",
        operation: "readWorkflowSchema",
        summary: "JSON Schema of workflow documents, for editors.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "A JSON Schema (2020-12).", json("Any"))],
        refusals: &[],
        handler: |request| Box::pin(server::workflow_schema(request)),
    },
    Route {
        method: Verb::Get,
        path: "/livez",
        operation: "isAlive",
        summary: "Whether the process answers.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "It does.", text(PLAIN))],
        refusals: &[],
        handler: |request| Box::pin(server::alive(request)),
    },
    Route {
        method: Verb::Get,
        path: "/readyz",
        operation: "isReady",
        summary: "Whether the server takes work.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "It does.", text(PLAIN))],
        refusals: &[Code::NotReady],
        handler: |request| Box::pin(server::ready(request)),
    },
    Route {
        method: Verb::Get,
        path: "/metrics",
        operation: "readMetrics",
        summary: "Figures in the text format of Prometheus.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "The figures.", text(PLAIN))],
        refusals: &[],
        handler: |request| Box::pin(server::metrics(request)),
    },
];
