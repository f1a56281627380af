use super::parameters::{NAMESPACE, Parameter, ValueKind, parameter};
use super::{Content, Route, Verb, answer, json};
use crate::handlers::{critical_path, dependencies};
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

const INSTANCES: &[Parameter] = &[parameter(
    "limit",
    ValueKind::Number,
    "How many instances are looked at, those that started last; absent: 20, at most 200.",
)];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/workflows/{namespace}/{name}/versions/{version}/critical-path",
        operation: "readCriticalPath",
        access: Access::InPath(Role::Viewer),
        summary: "What completed instances of a version waited for, one thing after the other, as their histories tell.",
        query: &[INSTANCES],
        headers: &[],
        body: None,
        answers: &[answer(200, "The path, with mean times.", json("CriticalPath"))],
        refusals: &[
            Code::InvalidParameter,
            Code::UnknownWorkflow,
            Code::UnknownVersion,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(critical_path::read(request)),
    },
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
