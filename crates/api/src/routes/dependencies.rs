use super::parameters::{NAMESPACE, Parameter, ValueKind, parameter};
use super::{Content, Route, Verb, answer, json};
use crate::handlers::dependencies;
use motet_runtime::Role;

use crate::access::Access;
use crate::problem::Code;

const VERSIONS: &[Parameter] = &[parameter(
    "versions",
    ValueKind::Word(&["current", "all"]),
    "Which versions of workflows: `current` are those that start now and those with open instances; absent: `current`.",
)];

const FORMAT: &[Parameter] = &[parameter(
    "format",
    ValueKind::Word(&["json", "text", "dot", "mermaid", "svg"]),
    "The form of the answer; absent: what `Accept` asks for, else JSON.",
)];

const OF: &[Parameter] = &[Parameter {
    repeats: true,
    ..parameter(
        "of",
        ValueKind::Text,
        "What fails or changes: `service/shop/payments`, `workflow/shop/order`, `workflow/shop/order:1.0.0`, \
         `worker/shop/label`, `event/shop/order.placed` or `host/api.example.com`; required.",
    )
}];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/graph",
        operation: "readGraph",
        access: Access::Listed(Role::Viewer),
        summary: "Who depends on what: workflows, services, hosts, workers and events, as definitions say it.",
        query: &[NAMESPACE, VERSIONS, FORMAT],
        headers: &[],
        body: None,
        answers: &[answer(
            200,
            "The graph.",
            Content { media_types: dependencies::FORMS, schema: Some("DependencyGraph") },
        )],
        refusals: &[Code::InvalidParameter],
        handler: |request| Box::pin(dependencies::graph(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/impact",
        operation: "readImpact",
        access: Access::Listed(Role::Viewer),
        summary: "Who is hit when something fails: whatever depends on it, directly and through others, with open instances.",
        query: &[OF, NAMESPACE, VERSIONS],
        headers: &[],
        body: None,
        answers: &[answer(200, "Who is hit, nearest first.", json("Impact"))],
        refusals: &[Code::InvalidParameter],
        handler: |request| Box::pin(dependencies::impact(request)),
    },
];
