use motet_runtime::Role;

use super::parameters::{AT, BUSINESS_KEY, CURSOR, EVENT_NAMESPACE, EVENTS, LIMIT};
use super::{Content, Route, Verb, answer, json};
use crate::access::Access;
use crate::handlers::events;
use crate::problem::Code;

const CLOUD_EVENTS: Content = Content {
    media_types: &[
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/json",
    ],
    schema: Some("Any"),
};

const TAKES_EVENTS: &[Code] = &[
    Code::InvalidParameter,
    Code::InvalidEvent,
    Code::MalformedJson,
    Code::InvalidBody,
    Code::Overloaded,
    Code::Unavailable,
];

const TAKES_EVENTS_FOR_ONE: &[Code] = &[
    Code::InvalidParameter,
    Code::InvalidEvent,
    Code::MalformedJson,
    Code::InvalidBody,
    Code::UnknownInstance,
    Code::StatusConflict,
    Code::Unloadable,
    Code::Overloaded,
    Code::Unavailable,
];

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Post,
        path: "/api/v1/events",
        operation: "publishEvents",
        access: Access::OfBody(Role::Operator),
        summary: "Publish CloudEvents: one (structured or binary), or a batch; one that came before is accepted and changes nothing.",
        query: &[EVENT_NAMESPACE],
        headers: &[],
        body: Some(CLOUD_EVENTS),
        answers: &[answer(202, "They are durable.", json("EventsAccepted"))],
        refusals: TAKES_EVENTS,
        handler: |request| Box::pin(events::publish(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/events",
        operation: "listEvents",
        access: Access::Anywhere(Role::Viewer),
        summary: "List the events that are kept for late listeners, by type and the newest first.",
        query: &[EVENT_NAMESPACE, EVENTS, CURSOR, LIMIT, AT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("EventPage"))],
        refusals: &[Code::InvalidParameter, Code::Overloaded, Code::Unloadable, Code::Unavailable],
        handler: |request| Box::pin(events::list(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/instances/{id}/events",
        operation: "sendEvents",
        access: Access::OfInstance(Role::Operator),
        summary: "Send CloudEvents to one instance: a listen of it takes them, now or later.",
        query: &[],
        headers: &[],
        body: Some(CLOUD_EVENTS),
        answers: &[answer(202, "The instance as it is now.", json("Instance"))],
        refusals: TAKES_EVENTS_FOR_ONE,
        handler: |request| Box::pin(events::send(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/workflows/{namespace}/{name}/events",
        operation: "sendEventsByBusinessKey",
        access: Access::InPath(Role::Operator),
        summary: "Send CloudEvents to the live instance with a business key.",
        query: &[BUSINESS_KEY],
        headers: &[],
        body: Some(CLOUD_EVENTS),
        answers: &[answer(202, "The instance as it is now.", json("Instance"))],
        refusals: TAKES_EVENTS_FOR_ONE,
        handler: |request| Box::pin(events::send_by_key(request)),
    },
];
