//! The typed model of a document: plain, owned data, one type per construct of the language.
//!
//! Rules that hold for every type here:
//! - What the author left out is `None`; a method of the same name as the property answers with the default.
//! - A key that is a Rust keyword carries a trailing underscore (`if_`, `as_`, `do_`).
//! - Text that may hold an expression is kept exactly as written ([`Expression`], [`Template`], [`Uri`]).
//! - Keys that the language allows but does not know are kept in `extra`.
//! - Nothing here knows its place in the text: the JSON pointer of a construct follows from the structure,
//!   and [`SourceMap`](crate::SourceMap) turns pointers into places.

mod authentication;
mod call;
mod document;
mod duration;
mod event;
mod metadata;
mod protocol;
mod resource;
mod run;
mod task;
mod trying;
mod value;

pub use authentication::{
    AuthenticationPolicy, AuthenticationRef, AuthenticationScheme, BearerToken,
    ClientAuthentication, Credentials, Grant, OAuth2, OAuth2Client, OAuth2Endpoints, OAuth2Request,
    OAuth2Token, RequestEncoding, UsernamePassword,
};
pub use call::{Call, FunctionCall, FunctionTarget, HttpCall, HttpOutput, OpenApiCall};
pub use document::{
    Document, Evaluate, EvaluateMode, Extension, ExtensionItem, ExtensionTarget, Header, Schedule,
    Use,
};
pub use duration::{Duration, DurationParts, InvalidDuration, parse_iso8601, span_of};
pub use event::{
    Correlation, Emit, EventFilter, EventStrategy, Foreach, Listen, ReadAs, Until, is_pattern,
};
pub use metadata::{
    ATTRIBUTES_MAX, Catchup, ConcurrencyPolicy, DocumentMetadata, MotetConcurrency, MotetDocument,
    MotetLimits, MotetSchedule, MotetTask, OnFault, Overlap, PARALLEL_DEFAULT, PARALLEL_MAX,
    Parallel, RUNNING_MAX, TaskMetadata,
};
pub use protocol::{
    A2aCall, AsyncApiAddress, AsyncApiCall, AsyncApiExchange, AsyncApiMessage, AsyncApiServer,
    Consume, ConsumeLimit, GrpcCall, GrpcService, McpCall, McpClient, McpTransport,
    McpTransportKind, Subscription,
};
pub use resource::{Endpoint, ExternalResource, Schema, SchemaSource};
pub use run::{
    Cleanup, Container, Lifetime, PullPolicy, Run, RunKind, RunReturn, RunWorkflow, Script,
    ScriptSource, Shell,
};
pub use task::{
    Export, FlowDirective, For, ForIn, Fork, Input, Output, SwitchCase, Task, TaskCommon, TaskItem,
    TaskKind, TaskList, Timeout, TimeoutRef,
};
pub use trying::{
    Backoff, BackoffOptions, Catch, CatchErrors, Error, ErrorFilter, Jitter, RaiseError,
    RetryLimit, RetryLimitAttempt, RetryPolicy, RetryRef, Try,
};
pub use value::{Expression, Template, Transform, Uri};

/// Keys of an open object that the language does not know, as written.
pub type Extra = crate::value::Map;
/// Named definitions in the order of the document.
pub type Named<T> = indexmap::IndexMap<String, T>;

#[cfg(test)]
mod tests;
