use motet_runtime::Role;

use super::parameters::{CURSOR, LIMIT, MAINTENANCE, NAMESPACE, REASON};
use super::{Content, Route, Verb, answer, json, text};
use crate::access::Access;
use crate::handlers::{documents, services};
use crate::problem::Code;

/// A service as text.
const DOCUMENT: Content = text(documents::MEDIA_TYPES);

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Get,
        path: "/api/v1/services",
        operation: "listServices",
        access: Access::Listed(Role::Viewer),
        summary: "List the services, by name.",
        query: &[NAMESPACE, CURSOR, LIMIT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("ServicePage"))],
        refusals: &[Code::InvalidParameter, Code::Overloaded, Code::Unavailable],
        handler: |request| Box::pin(services::list(request)),
    },
    Route {
        method: Verb::Put,
        path: "/api/v1/services/{namespace}/{name}",
        operation: "setService",
        access: Access::InPath(Role::Author),
        summary: "Put the document of a service in the place of the one before.",
        query: &[],
        headers: &[],
        body: Some(DOCUMENT),
        answers: &[
            answer(201, "The service has a document now.", json("ServicePublication")),
            answer(200, "Its document is replaced, or was the same.", json("ServicePublication")),
        ],
        refusals: &[
            Code::InvalidParameter,
            Code::InvalidBody,
            Code::InvalidDocument,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
            Code::RegistryFull,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(services::set(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/services/{namespace}/{name}",
        operation: "readService",
        access: Access::InPath(Role::Viewer),
        summary: "Read a service: its document, its versions, its endpoints and how they do.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "The service.", json("Service"))],
        refusals: READS,
        handler: |request| Box::pin(services::one(request)),
    },
    Route {
        method: Verb::Delete,
        path: "/api/v1/services/{namespace}/{name}",
        operation: "deleteService",
        access: Access::InPath(Role::Author),
        summary: "Take the document of a service away, and its endpoints. Those that go on registering make it anew.",
        query: &[REASON],
        headers: &[],
        body: None,
        answers: &[answer(200, "It is gone.", json("ServiceName"))],
        refusals: READS,
        handler: |request| Box::pin(services::delete(request)),
    },
    Route {
        method: Verb::Put,
        path: "/api/v1/services/{namespace}/{name}/endpoints/{endpoint}",
        operation: "registerEndpoint",
        access: Access::InPath(Role::Service),
        summary: "Register an endpoint, or say that it is still there: the same again is a heartbeat.",
        query: &[MAINTENANCE, REASON],
        headers: &[],
        body: Some(json("Registration")),
        answers: &[
            answer(201, "It is registered.", json("Lease")),
            answer(200, "It was there, and is believed anew.", json("Lease")),
        ],
        refusals: &[
            Code::InvalidParameter,
            Code::InvalidBody,
            Code::MalformedJson,
            Code::MissingService,
            Code::UnknownEndpoint,
            Code::EndpointConflict,
            Code::RegistryFull,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(services::register(request)),
    },
    Route {
        method: Verb::Delete,
        path: "/api/v1/services/{namespace}/{name}/endpoints/{endpoint}",
        operation: "deregisterEndpoint",
        access: Access::InPath(Role::Service),
        summary: "Take an endpoint away: it gets no new calls, and those in flight end as they end.",
        query: &[],
        headers: &[],
        body: None,
        answers: &[answer(200, "It is gone.", json("ServiceName"))],
        refusals: &[
            Code::InvalidParameter,
            Code::MissingService,
            Code::UnknownEndpoint,
            Code::EndpointConflict,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(services::deregister(request)),
    },
];

const READS: &[Code] =
    &[Code::InvalidParameter, Code::MissingService, Code::Overloaded, Code::Unavailable];
