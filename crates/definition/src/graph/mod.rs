//! The compiled form of a definition: a flat arena of vertices with typed edges and nested scopes.
//!
//! A graph is immutable, shared by all instances of a version and identified by the digest of the canonical document.
//! Functions are inlined, references into `use` are resolved, expressions and schemas are compiled. Nothing here runs.
//!
//! Invariants: vertices stand in document order, so a vertex's ordinal is its index; every edge stays within one scope;
//! a scope's vertices share one owner.

mod check;
mod compile;
mod draw;
mod events;
mod kind;
pub mod saga;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use motet_expr::{Program, Template, Value};
use motet_types::{Digest, TaskId, WorkflowName, WorkflowRef};

use crate::model::FlowDirective;
use crate::redact::Redaction;
use crate::schedule::Plan;

pub use crate::model::{ConcurrencyPolicy, ReadAs, is_pattern};

pub use check::{Checked, check};
pub use compile::{CompileError, compile};
pub use draw::{Format, UnknownFormat, draw};
pub(crate) use draw::{SVG_STYLE, svg_escaped};
pub use events::{Correlation, EventFilter, Foreach, Listen, Strategy, Until};
pub use kind::Kind;
pub use schema::Schema;

/// A whole workflow, ready to run.
#[derive(Debug)]
pub struct Graph {
    pub definition: WorkflowRef,
    pub digest: Digest,
    /// The document as printed from the model: `$workflow.definition`.
    pub document: Value,
    pub input: Input,
    pub output: Output,
    pub timeout: Option<Timeout>,
    pub on_fault: OnFault,
    /// How people find an instance, evaluated on the input.
    pub description: Description,
    /// `metadata.motet.concurrency`: instances with the same key run one after the other.
    pub concurrency: Option<Concurrency>,
    /// `metadata.motet.limits.running`: instances that run at once.
    pub running_max: Option<u32>,
    /// What is masked wherever data of an instance are shown.
    pub redaction: Redaction,
    /// Whether sinks get lifecycle events of its instances.
    pub lifecycle: bool,
    /// When instances begin by themselves.
    pub schedule: Option<Arc<Plan>>,
    /// Names of `use.secrets`.
    pub secrets: Vec<String>,
    pub root: ScopeId,
    pub scopes: Vec<Scope>,
    pub vertices: Vec<Vertex>,
    /// Whether an instance may have something to undo: a task says how, or its children may.
    pub may_undo: bool,
}

impl Graph {
    /// The vertex of a task; ordinals come from this graph, so they are in range.
    pub fn vertex(&self, task: TaskId) -> &Vertex {
        &self.vertices[task.0 as usize]
    }

    pub fn scope(&self, scope: ScopeId) -> &Scope {
        &self.scopes[scope.0 as usize]
    }

    /// Whether a listen of it, or its schedule, has to see every event of its namespace.
    pub fn listens_to_all(&self) -> bool {
        let on = self.schedule.as_ref().and_then(|plan| plan.on.as_ref());
        on.is_some_and(|on| on.listen.types().is_none())
            || self.vertices.iter().any(|vertex| match &vertex.kind {
                Kind::Listen(listen) => listen.types().is_none(),
                _ => false,
            })
    }

    /// The first task of a scope; scopes are never empty.
    pub fn first(&self, scope: ScopeId) -> TaskId {
        self.scope(scope).tasks[0]
    }

    /// Whether the task stands beside the others of its list instead of before and after them.
    pub fn is_branch(&self, vertex: &Vertex) -> bool {
        let scope = self.scope(vertex.scope);
        let owner = scope.owner.filter(|_| !scope.undoes).map(|owner| &self.vertex(owner).kind);
        matches!(owner, Some(Kind::Fork { .. }))
    }
}

/// How people find an instance: `businessKey` and `attributes` of `metadata.motet`.
#[derive(Debug, Default)]
pub struct Description {
    pub business_key: Option<Template>,
    /// Name and expression, in order of declaration.
    pub attributes: Vec<(String, Template)>,
}

impl Description {
    pub fn is_empty(&self) -> bool {
        self.business_key.is_none() && self.attributes.is_empty()
    }
}

/// `metadata.motet.concurrency`.
#[derive(Debug)]
pub struct Concurrency {
    /// Evaluated on the raw input, before there is an instance.
    pub key: Template,
    pub policy: ConcurrencyPolicy,
}

/// Index of a scope in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

/// A task list: the unit in which flow directives move.
#[derive(Debug)]
pub struct Scope {
    /// The task that holds the list; `None` for the main `do`.
    pub owner: Option<TaskId>,
    /// In declaration order, at least one.
    pub tasks: Vec<TaskId>,
    /// Whether the list undoes its owner, instead of being a part of it.
    pub undoes: bool,
}

/// One task.
#[derive(Debug)]
pub struct Vertex {
    pub id: TaskId,
    pub name: String,
    /// JSON pointer (RFC 6901) of the task in the document.
    pub reference: String,
    /// The task as printed from the model: `$task.definition`.
    pub definition: Value,
    pub scope: ScopeId,
    /// The next task in declaration order.
    pub next: Option<TaskId>,
    pub then: Flow,
    pub condition: Option<Program>,
    pub input: Input,
    pub output: Output,
    pub export: Output,
    pub timeout: Option<Timeout>,
    /// What is masked where data of this task are shown: its own paths, those of the tasks around it, and the document's.
    pub redaction: Redaction,
    /// What is known of the instance once the task is complete, evaluated on its output.
    pub description: Description,
    /// `metadata.motet.compensate`: the tasks that undo this one.
    pub undo: Option<ScopeId>,
    /// `metadata.motet.saga`: an error that leaves the task undoes what was done inside.
    pub is_saga: bool,
    /// `metadata.motet.pivot`: the point of no return of its saga.
    pub is_pivot: bool,
    pub kind: Kind,
}

impl Vertex {
    fn may_undo(&self) -> bool {
        self.undo.is_some() || matches!(&self.kind, Kind::Run(run) if run.awaited)
    }
}

/// Where the flow goes after a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next task in declaration order, or the end of the scope.
    Continue,
    /// The end of the scope.
    Exit,
    /// The end of the workflow.
    End,
    /// A task of the same scope.
    Goto(TaskId),
}

/// What comes in: validated, then transformed.
#[derive(Debug, Default)]
pub struct Input {
    pub schema: Option<Schema>,
    pub from: Option<Template>,
}

/// What goes out: transformed, then validated.
#[derive(Debug, Default)]
pub struct Output {
    pub transform: Option<Template>,
    pub schema: Option<Schema>,
}

/// A length of time, known or computed.
#[derive(Debug)]
pub enum Span {
    Fixed(Duration),
    /// Gives an ISO 8601 duration or an object of units.
    Computed(Template),
}

/// `timeout.after`.
#[derive(Debug)]
pub struct Timeout {
    pub after: Span,
}

/// What becomes of an instance whose error nobody caught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFault {
    #[default]
    Fault,
    /// It waits for a person.
    Incident,
}

/// When a wait is over.
#[derive(Debug)]
pub enum Wait {
    For(Span),
    /// `metadata.motet.until`: gives an instant.
    Until(Template),
}

/// One case of a switch; without `when` it is the default.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub when: Option<Program>,
    pub then: Flow,
    /// `then` as written.
    pub(crate) directive: FlowDirective,
}

#[derive(Debug)]
pub struct For {
    /// Name of the variable that holds the item.
    pub each: String,
    /// Name of the variable that holds the index, from 0.
    pub at: String,
    pub items: Template,
    pub condition: Option<Program>,
    pub body: ScopeId,
    /// `metadata.motet.parallel`.
    pub parallel: Option<Parallel>,
}

/// How the iterations of a loop run beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parallel {
    /// Most that are open at a time, at least 1.
    pub max: u32,
    /// The first failure ends the loop; else the others run to their end first.
    pub fail_fast: bool,
    /// The output is a list of the iterations' outputs; else it is the loop's input.
    pub collect: bool,
}

#[derive(Debug)]
pub struct Try {
    pub body: ScopeId,
    pub filter: ErrorFilter,
    /// Name of the variable that holds the error.
    pub variable: String,
    pub when: Option<Program>,
    pub except_when: Option<Program>,
    pub retry: Option<Retry>,
    pub handler: Option<ScopeId>,
    /// `catch.then`.
    pub then: Option<Flow>,
    /// `catch.then` as written.
    pub(crate) directive: Option<FlowDirective>,
}

/// `catch.errors.with`: every property that is present must equal the error's.
#[derive(Clone, Debug, Default)]
pub struct ErrorFilter {
    pub kind: Option<String>,
    pub status: Option<u16>,
    pub instance: Option<String>,
    pub title: Option<String>,
    pub detail: Option<String>,
}

#[derive(Debug)]
pub struct Retry {
    pub when: Option<Program>,
    pub except_when: Option<Program>,
    pub delay: Option<Span>,
    pub backoff: Backoff,
    /// Retries, the first attempt not counted.
    pub count_max: Option<u32>,
    /// Limit of each attempt.
    pub attempt: Option<Span>,
    /// Limit from the first attempt to the start of the last.
    pub total: Option<Span>,
    /// Added to each delay: from, to.
    pub jitter: Option<(Span, Span)>,
}

#[derive(Debug, Default)]
pub enum Backoff {
    #[default]
    Constant,
    /// Absent increment: the delay.
    Linear {
        increment: Option<Span>,
        delay_max: Option<Span>,
    },
    Exponential {
        factor: f64,
        delay_max: Option<Span>,
    },
}

/// The error of a `raise`, each field a text or an expression.
#[derive(Debug)]
pub struct RaisedError {
    /// URI of the error's type.
    pub kind: Template,
    pub status: u16,
    pub instance: Option<Template>,
    pub title: Option<Template>,
    pub detail: Option<Template>,
}

#[derive(Debug)]
pub struct HttpCall {
    pub method: Template,
    pub endpoint: Endpoint,
    pub headers: Option<Template>,
    pub query: Option<Template>,
    pub body: Option<Template>,
    pub authentication: Option<Authentication>,
    pub output: HttpOutput,
    pub redirect: bool,
    /// `metadata.motet.idempotent`.
    pub idempotent: Option<bool>,
}

#[derive(Debug)]
pub enum Endpoint {
    /// A literal or an RFC 6570 level 1 template.
    UriTemplate(String),
    /// Gives the whole URI.
    Computed(Template),
}

#[derive(Debug)]
pub enum Authentication {
    Basic {
        username: Template,
        password: Template,
    },
    Bearer {
        token: Template,
    },
    /// The named secret holds the properties of the scheme.
    Secret {
        scheme: SecretScheme,
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretScheme {
    Basic,
    Bearer,
}

/// What a call gives: the decoded content, the body in base64, or the whole response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpOutput {
    #[default]
    Content,
    Raw,
    Response,
}

#[derive(Debug)]
pub struct RunWorkflow {
    pub workflow: WorkflowName,
    /// As written: an exact version, a range or `latest`.
    pub version: String,
    pub input: Option<Template>,
    pub awaited: bool,
}

#[derive(Debug)]
pub struct JobCall {
    /// The type by which workers ask for it.
    pub kind: Template,
    /// Absent: the task's input.
    pub input: Option<Template>,
    /// Gives a whole number; a higher one goes first.
    pub priority: Option<Template>,
    /// How long a worker may hold it.
    pub timeout: Option<Span>,
    /// How often a worker that holds it has to be heard of.
    pub heartbeat: Option<Span>,
}

#[derive(Debug)]
pub struct HumanCall {
    /// Absent: the task's name.
    pub title: Option<Template>,
    /// What the person is shown; absent: the task's input.
    pub input: Option<Template>,
    pub assignee: Option<Template>,
    /// Gives an array of texts.
    pub groups: Option<Template>,
    pub form: Option<Form>,
    pub due: Option<Span>,
    pub escalation: Option<Escalation>,
}

/// What a person fills in.
#[derive(Debug)]
pub struct Form {
    /// The JSON Schema as written.
    pub source: Value,
    pub schema: Schema,
}

/// What happens to a task whose due time is over.
#[derive(Debug)]
pub enum Escalation {
    /// It fails with an error of type `timeout`.
    Timeout,
    /// It goes to others, who get a due time of their own; when that is over, it fails.
    Reassign { assignee: Option<Template>, groups: Option<Template>, due: Option<Span> },
}
