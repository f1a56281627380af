//! The table of routes: what there is, said once.

mod consul;
mod dependencies;
mod events;
mod instances;
mod jobs;
mod parameters;
mod rights;
mod schedules;
mod server;
mod services;
mod sinks;
mod workflows;

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

use axum::response::Response;

use crate::access::Access;
use crate::problem::{Code, Problem};
use crate::request::Request;

pub(crate) use parameters::{PATH_PARAMETERS, Parameter, ValueKind};

/// Every route, in the order of the documentation.
pub(crate) static ROUTES: LazyLock<Vec<&'static Route>> = LazyLock::new(|| {
    let tables = [
        workflows::ROUTES,
        dependencies::ROUTES,
        schedules::ROUTES,
        instances::ROUTES,
        events::ROUTES,
        services::ROUTES,
        consul::ROUTES,
        sinks::ROUTES,
        jobs::ROUTES,
        rights::ROUTES,
        server::ROUTES,
    ];
    tables.into_iter().flatten().collect()
});

/// One method of one path.
pub(crate) struct Route {
    pub(crate) method: Verb,
    /// With its parts in braces, as the router and OpenAPI both write it.
    pub(crate) path: &'static str,
    /// Its name in generated clients.
    pub(crate) operation: &'static str,
    /// Who may call it.
    pub(crate) access: Access,
    pub(crate) summary: &'static str,
    /// Groups of query parameters.
    pub(crate) query: &'static [&'static [Parameter]],
    pub(crate) headers: &'static [Parameter],
    pub(crate) body: Option<Content>,
    pub(crate) answers: &'static [Answer],
    /// What it refuses, beside what every route may.
    pub(crate) refusals: &'static [Code],
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) fn query_parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        self.query.iter().copied().flatten()
    }
}

pub(crate) type Handler = fn(Request) -> Pin<Box<dyn Future<Output = Handled> + Send>>;
pub(crate) type Handled = Result<Response, Problem>;

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// An answer that is not a refusal.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) meaning: &'static str,
    pub(crate) content: Content,
}

/// Media types of a body, and the name of its schema; text has none.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    pub(crate) media_types: &'static [&'static str],
    pub(crate) schema: Option<&'static str>,
}

/// JSON of a named schema.
const fn json(schema: &'static str) -> Content {
    Content { media_types: &["application/json"], schema: Some(schema) }
}

/// Text of one of several kinds.
const fn text(media_types: &'static [&'static str]) -> Content {
    Content { media_types, schema: None }
}

const fn answer(status: u16, meaning: &'static str, content: Content) -> Answer {
    Answer { status, meaning, content }
}

/// The refusals of routes that read a definition.
const READS_WORKFLOW: &[Code] =
    &[Code::InvalidParameter, Code::UnknownWorkflow, Code::UnknownVersion];
/// The refusals of routes that read an instance.
const READS_INSTANCE: &[Code] = &[
    Code::InvalidParameter,
    Code::UnknownInstance,
    Code::Unloadable,
    Code::Overloaded,
    Code::Unavailable,
];
