use motet_runtime::Role;

use super::parameters::{CURSOR, LIMIT, NAMESPACE};
use super::{Answer, Content, Handler, Route, Verb, answer, json};
use crate::access::Access;
use crate::handlers::{limits, schedules};
use crate::problem::Code;

const ONE: &[Answer] = &[answer(200, "The schedule.", json("Schedule"))];
const AFTER: &[Answer] = &[answer(200, "The schedule as it is now.", json("Schedule"))];

/// The refusals of routes about one schedule.
const OF_ONE: &[Code] = &[
    Code::InvalidParameter,
    Code::UnknownWorkflow,
    Code::UnknownSchedule,
    Code::Overloaded,
    Code::Unavailable,
];
const WITH_BODY: &[Code] = &[
    Code::InvalidParameter,
    Code::InvalidBody,
    Code::MalformedJson,
    Code::UnknownWorkflow,
    Code::UnknownSchedule,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::Overloaded,
    Code::Unavailable,
];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/limits",
        operation: "listLimits",
        access: Access::Listed(Role::Viewer),
        summary: "List the limits of how many instances run at once, with how many do and how many wait.",
        query: &[NAMESPACE, CURSOR, LIMIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("LimitPage"))],
        refusals: &[Code::InvalidParameter, Code::Overloaded, Code::Unavailable],
        handler: |request| Box::pin(limits::list(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/schedules",
        operation: "listSchedules",
        access: Access::Listed(Role::Viewer),
        summary: "List the schedules, by workflow: the next starts, and the latest.",
        query: &[NAMESPACE, CURSOR, LIMIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("SchedulePage"))],
        refusals: &[Code::InvalidParameter, Code::Overloaded, Code::Unavailable],
        handler: |request| Box::pin(schedules::list(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/schedules/{namespace}/{name}",
        operation: "readSchedule",
        access: Access::InPath(Role::Viewer),
        summary: "Read the schedule of a workflow.",
        query: &[],
        headers: &[],
        body: None,
        answers: ONE,
        refusals: OF_ONE,
        handler: |request| Box::pin(schedules::one(request)),
    },
    Route {
        body: Some(json("Reason")),
        refusals: WITH_BODY,
        ..command(
            "/api/v1/schedules/{namespace}/{name}/pause",
            "pauseSchedule",
            "Start nothing by the clock until it is resumed.",
            |request| Box::pin(schedules::pause(request)),
        )
    },
    command(
        "/api/v1/schedules/{namespace}/{name}/resume",
        "resumeSchedule",
        "Start by the clock again; what came due meanwhile is left out.",
        |request| Box::pin(schedules::resume(request)),
    ),
    command(
        "/api/v1/schedules/{namespace}/{name}/trigger",
        "triggerSchedule",
        "Start an instance now, or, where instances may not overlap, when the one before has ended.",
        |request| Box::pin(schedules::trigger(request)),
    ),
    Route {
        body: Some(BACKFILL),
        refusals: WITH_BODY,
        ..command(
            "/api/v1/schedules/{namespace}/{name}/backfill",
            "backfillSchedule",
            "Start what has its nominal time in a span that has passed, unless it was started.",
            |request| Box::pin(schedules::backfill(request)),
        )
    },
];

const BACKFILL: Content = json("Backfill");

const fn command(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Post,
        path,
        operation,
        access: Access::InPath(Role::Operator),
        summary,
        query: &[],
        headers: &[],
        body: None,
        answers: AFTER,
        refusals: OF_ONE,
        handler,
    }
}
