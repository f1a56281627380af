//! The shell around the engine: shards that step instances, commit groups, timers, dispatch of calls, reads.
//!
//! [`shard`] is a synchronous machine without threads, clock or sockets: inputs in, outputs out. [`drive`] gives it threads,
//! a clock, a store and the mesh. [`Handle`] is what the outside talks to.
//!
//! Invariants:
//! - Load once, step many, commit once, then act: replies, rejections, reads by id and effects leave with the frame they
//!   were computed on, never before it is durable.
//! - A panic costs one instance; a refused commit costs the work since, which is loaded and done again.
//! - Every queue has a limit; what exceeds it is refused with the time after which to come again.

mod attribute;
mod audit;
pub mod drive;
mod handle;
mod lifecycle;
pub mod sabotage;
pub mod shard;
mod tables;
mod view;

pub use attribute::{AttributeFilter, AttributeTest};
pub use drive::{
    Attribute, Clock, FOLLOWERS_MAX, Observer, Options, Registered, Runtime, Secrets, ServiceNews,
    ServiceReply, Span, SystemClock, Unobserved,
};
pub use handle::{Error, Handle, Health, Metrics, PublishReply, StartReply, TokenRequest, Watch};
pub use motet_definition::model::{Catchup, Overlap};
pub use motet_definition::schedule::{Plan, Rule, Trigger};
pub use motet_definition::service;
pub use motet_definition::{Diagnostic, Severity};
pub use motet_engine::event::{Event, EventError, Parts};
pub use motet_engine::room::Line;
pub use motet_engine::token::Minted;
pub use motet_engine::{
    Assignment, Catalog, Grant, InvalidSecretName, JobCommand, JobRejection, LOCAL, Namespaces,
    Outcome, ParkReason, Parked, Published, Response, Role, Schedule, ScheduleInput,
    ScheduleRejection, SealedSecret, SecretName, TagMove, Token, Workflow, WorkflowError, token,
};
pub use motet_policy::ejection::Cause;
pub use motet_store::Position;
pub use shard::{
    Activation, Deadline, DeadlineKind, EDGES_MAX, ENDPOINT_ID_BYTES_MAX, ENDPOINTS_SHOWN_MAX,
    EndpointId, EndpointState, EndpointView, Heartbeat, Intake, InvalidEndpointId, LATENCY_BUCKETS,
    Latencies, LineView, METADATA_BYTES_MAX, News, Notice, ObservedEdge, Origin, Outgoing,
    OutgoingKey, RefusedEvent, Registration, Requests, SERVICE_ENDPOINTS_MAX, SERVICES_MAX,
    ServiceDocument, ServiceFigures, ServiceSummary, ServiceView, SinkChange, SinkRule, SinkView,
    Tallies, Target, VERSIONS_SHOWN_MAX, VersionFigures, VersionLevels, VersionView,
    WORKFLOWS_SHOWN_MAX, WaitingWorkflow,
};
pub use shard::{
    AgentCommand, CHECK_TEXT_BYTES_MAX, CHECKS_MAX, Check, CheckKind, CheckStatus, CheckView,
    Details, TAGS_MAX,
};
pub use tables::SCHEMA;
pub use view::{
    Actor, AuditEntry, AuditFilter, AuditId, AuditPage, CatalogView, Command, EventFilter,
    EventPage, EventRow, HistoryEntry, InstanceFilter, InstanceRow, InstanceView, JobFigures,
    JobView, LimitView, Note, Page, QueuedFor, RoomView, ScheduleView, StartRequest, StepView,
    TaskFilter, TaskPage, TaskRow, TaskView, TurnRow, TurnView, UndoEntryView, UndoView, WaitsFor,
};
