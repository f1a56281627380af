use super::parameters::{
    AT, BULK, CANCEL, CURSOR, FILTER, LAST_EVENT_ID, LIMIT, PURGE, REASON, WAIT,
};
use super::{Answer, Handler, READS_INSTANCE, Route, Verb, answer, json, text};
use crate::handlers::command::Steer;
use crate::handlers::{bulk, command, history, incidents, instances, purge, watch};
use motet_runtime::Role;

use crate::access::Access;
use crate::problem::Code;

const READS_LIST: &[Code] = &[Code::InvalidParameter, Code::Overloaded, Code::Unavailable];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/instances",
        operation: "listInstances",
        access: Access::Listed(Role::Viewer),
        summary: "List instances, newest first.",
        query: &[FILTER, CURSOR, LIMIT, AT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("InstancePage"))],
        refusals: READS_LIST,
        handler: |request| Box::pin(instances::list(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/instances/counts",
        operation: "countInstances",
        access: Access::Listed(Role::Viewer),
        summary: "Count instances by status.",
        query: &[FILTER, AT],
        headers: &[],
        body: None,
        answers: &[answer(200, "The counts.", json("Counts"))],
        refusals: READS_LIST,
        handler: |request| Box::pin(instances::counts(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/instances/{id}",
        operation: "readInstance",
        access: Access::OfInstance(Role::Viewer),
        summary: "Read an instance, exactly as it is.",
        query: &[WAIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "The instance.", json("Instance"))],
        refusals: READS_INSTANCE,
        handler: |request| Box::pin(instances::one(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/instances/{id}/history",
        operation: "readHistory",
        access: Access::OfInstance(Role::Viewer),
        summary: "Read what happened in an instance, oldest first.",
        query: &[CURSOR, LIMIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("HistoryPage"))],
        refusals: READS_INSTANCE,
        handler: |request| Box::pin(history::page(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/instances/{id}/watch",
        operation: "watchInstance",
        access: Access::OfInstance(Role::Viewer),
        summary: "Follow an instance: an event `record` for each entry of its history, then `end` with the result.",
        query: &[],
        headers: LAST_EVENT_ID,
        body: None,
        answers: &[answer(200, "The events.", text(&["text/event-stream"]))],
        refusals: READS_INSTANCE,
        handler: |request| Box::pin(watch::watch(request)),
    },
    Route {
        method: Verb::Delete,
        path: "/api/v1/instances/{id}",
        operation: "purgeInstance",
        access: Access::OfInstance(Role::Admin),
        summary: "Remove everything that is stored of an instance that has ended, and of the ended ones that it started.",
        query: &[PURGE, REASON],
        headers: &[],
        body: None,
        answers: &[answer(200, "It is gone, durably.", json("Purge"))],
        refusals: &[
            Code::InvalidParameter,
            Code::UnknownInstance,
            Code::StatusConflict,
            Code::Unloadable,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(purge::purge(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/instances/{id}/undo",
        operation: "readUndo",
        access: Access::OfInstance(Role::Viewer),
        summary: "Read what an instance would undo, undoes or has undone: newest first, the order of the undo.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "The undo.", json("Undo"))],
        refusals: READS_INSTANCE,
        handler: |request| Box::pin(instances::undo(request)),
    },
    Route {
        query: &[CANCEL],
        ..steer(
            "/api/v1/instances/{id}/cancel",
            "cancelInstance",
            "Cancel an instance; what it did is undone first.",
            |request| Box::pin(command::steer(request, Steer::Cancel)),
        )
    },
    steer(
        "/api/v1/instances/{id}/suspend",
        "suspendInstance",
        "Suspend an instance: what it waits for is recorded, and it goes no further.",
        |request| Box::pin(command::steer(request, Steer::Suspend)),
    ),
    steer(
        "/api/v1/instances/{id}/resume",
        "resumeInstance",
        "Resume a suspended instance.",
        |request| Box::pin(command::steer(request, Steer::Resume)),
    ),
    steer(
        "/api/v1/instances/{id}/retry",
        "retryInstance",
        "Go on at the steps that failed.",
        |request| Box::pin(command::steer(request, Steer::Retry)),
    ),
    Route {
        query: &[FILTER, BULK, CURSOR, CANCEL],
        ..steer_many(
            "/api/v1/instances/cancel",
            "cancelInstances",
            "Cancel all instances that pass the filter; what they did is undone first.",
            |request| Box::pin(bulk::steer(request, Steer::Cancel)),
        )
    },
    steer_many(
        "/api/v1/instances/suspend",
        "suspendInstances",
        "Suspend all instances that pass the filter.",
        |request| Box::pin(bulk::steer(request, Steer::Suspend)),
    ),
    steer_many(
        "/api/v1/instances/resume",
        "resumeInstances",
        "Resume all instances that pass the filter.",
        |request| Box::pin(bulk::steer(request, Steer::Resume)),
    ),
    steer_many(
        "/api/v1/instances/retry",
        "retryInstances",
        "Retry all instances that pass the filter.",
        |request| Box::pin(bulk::steer(request, Steer::Retry)),
    ),
    Route {
        method: Verb::Get,
        path: "/api/v1/incidents",
        operation: "listIncidents",
        access: Access::Listed(Role::Viewer),
        summary: "List the instances that wait for a person, with what stopped them.",
        query: &[FILTER, CURSOR, LIMIT, AT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("IncidentPage"))],
        refusals: READS_LIST,
        handler: |request| Box::pin(incidents::list(request)),
    },
];

const STEERED: &[Answer] = &[answer(200, "The instance as it is now.", json("Instance"))];
const STEERED_MANY: &[Answer] = &[answer(200, "What was done, or would be.", json("BulkResult"))];

const fn steer(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Post,
        path,
        operation,
        access: Access::OfInstance(Role::Operator),
        summary,
        query: &[],
        headers: &[],
        body: Some(json("Reason")),
        answers: STEERED,
        refusals: &[
            Code::InvalidParameter,
            Code::InvalidBody,
            Code::MalformedJson,
            Code::UnknownInstance,
            Code::StatusConflict,
            Code::Unloadable,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler,
    }
}

const fn steer_many(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Post,
        path,
        operation,
        access: Access::Listed(Role::Operator),
        summary,
        query: &[FILTER, BULK, CURSOR, AT],
        headers: &[],
        body: Some(json("Reason")),
        answers: STEERED_MANY,
        refusals: &[
            Code::InvalidParameter,
            Code::InvalidBody,
            Code::MalformedJson,
            Code::MissingFilter,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler,
    }
}
