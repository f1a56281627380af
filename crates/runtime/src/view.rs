//! What people see of instances and of the catalog: plain data, for the API to print.

mod jobs;
mod line;
mod project;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_definition::schedule::{Plan, Trigger};
use motet_engine::event::Event;
use motet_engine::{Assignment, Catalog, Parked, Schedule, WorkflowError};
use motet_expr::Value;
use motet_store::Position;
use motet_types::{
    Attempt, Digest, InstanceId, JobId, Label, ShardId, Status, StepId, Timestamp, WorkflowName,
    WorkflowRef,
};

use crate::AttributeFilter;

pub use line::{LimitView, QueuedFor, RoomView, TurnRow, TurnView};

pub(crate) use jobs::{job, task, waits_for};
pub(crate) use project::{attributes, cut, damaged, history, instance, masked, masked_error};
pub(crate) use undo::undo;

/// What everybody may read of the catalog: immutable, replaced as a whole once a change is durable.
#[derive(Clone, Debug, Default)]
pub struct CatalogView {
    pub catalog: Catalog,
    /// Compiled definitions; a version that this server cannot compile any more is absent.
    pub graphs: BTreeMap<WorkflowRef, Arc<Graph>>,
    /// Namespaces in which a definition listens to events whatever their type.
    pub all_events: BTreeSet<Label>,
    pub position: Position,
}

impl CatalogView {
    pub(crate) fn new(
        catalog: Catalog,
        graphs: BTreeMap<WorkflowRef, Arc<Graph>>,
        position: Position,
    ) -> Self {
        let mut view = Self { catalog, position, ..Self::default() };
        graphs.into_values().for_each(|graph| view.add(graph));
        view
    }

    pub(crate) fn add(&mut self, graph: Arc<Graph>) {
        if graph.listens_to_all() {
            self.all_events.insert(graph.definition.workflow.namespace.clone());
        }
        self.graphs.insert(graph.definition.clone(), graph);
    }

    /// Where an instance of a version has to begin with this input, where that is not free.
    pub(crate) fn place(&self, definition: &WorkflowRef, input: &Value) -> Option<ShardId> {
        motet_engine::turn::place(self.graphs.get(definition)?, input)
    }

    /// Whether instances of a version may have something to undo; one that cannot be compiled has none.
    pub(crate) fn may_undo(&self, definition: &WorkflowRef) -> bool {
        self.graphs.get(definition).is_some_and(|graph| graph.may_undo)
    }
}

/// A start as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct StartRequest {
    pub workflow: WorkflowName,
    /// As written: a version, a tag, `latest` or a range.
    pub version: Option<String>,
    pub input: Value,
    /// The client's `Idempotency-Key`; absent: the start is like no other.
    pub key: Option<String>,
    /// How long to wait for the end; zero replies once the start is durable.
    pub wait: Duration,
    /// Who asks for it, where that is known.
    pub actor: Actor,
}

/// Who asks for something: the name of a token, or `local`; absent where nobody is to be told.
pub type Actor = Option<Arc<str>>;

/// What may be asked of an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `force`: behind a pivot, too; `without_undo`: what was done stays done.
    Cancel {
        reason: Option<String>,
        force: bool,
        without_undo: bool,
    },
    Suspend {
        reason: Option<String>,
    },
    Resume,
    Retry,
    /// Give it an event, whatever its listens wait for.
    Deliver {
        event: Arc<Event>,
    },
}

/// An instance by id: exact, and durable.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceView {
    pub id: InstanceId,
    pub definition: WorkflowRef,
    pub digest: Digest,
    pub status: Status,
    /// It undoes what it did before it does anything else.
    pub is_compensating: bool,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub parent: Option<InstanceId>,
    pub business_key: Option<String>,
    pub attributes: Vec<(String, Value)>,
    /// How it stands to its concurrency key, if it has one.
    pub turn: Option<TurnView>,
    /// Where it waits for room.
    pub room: Option<RoomView>,
    pub input: Value,
    pub output: Option<Value>,
    pub error: Option<WorkflowError>,
    /// Open steps, by id.
    pub steps: Vec<StepView>,
    /// Steps that wait for a person.
    pub incidents: Vec<(StepId, WorkflowError)>,
    /// Records in its history.
    pub records: u64,
}

/// An open step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView {
    pub id: StepId,
    pub parent: Option<StepId>,
    pub name: String,
    /// JSON pointer into the document.
    pub reference: String,
    /// The DSL's word for the task.
    pub kind: &'static str,
    pub status: Status,
    pub started_at: Timestamp,
    pub attempt: Option<Attempt>,
    /// When its next timer comes due.
    pub due: Option<Timestamp>,
    /// Why its call waits to be sent.
    pub parked: Option<Parked>,
    pub waits_for: Option<WaitsFor>,
    /// The events that it waits for, a line for each.
    pub listens_to: Vec<String>,
}

/// An event that a topic keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub received: Timestamp,
    pub event: Event,
}

/// Which events a list holds; every given property must fit.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    pub namespace: Label,
    pub kind: Option<String>,
    pub source: Option<String>,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPage {
    pub items: Vec<EventRow>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
    pub covered: Position,
}

/// What one instance has to undo, is undoing or has undone: newest first, the order of the undo.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoView {
    pub definition: WorkflowRef,
    pub status: Status,
    pub is_compensating: bool,
    /// The pivot of the workflow is complete: only a forced cancel undoes it.
    pub is_committed: bool,
    pub entries: Vec<UndoEntryView>,
}

/// One effect that can be undone.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoEntryView {
    /// The step that did it.
    pub step: StepId,
    pub name: String,
    /// JSON pointer into the document.
    pub reference: String,
    /// The DSL's word for the task.
    pub kind: &'static str,
    /// The idempotency key of what was done.
    pub key: String,
    /// `completed`, or `unknown` where nobody can tell.
    pub outcome: &'static str,
    /// `noted`, `waiting` (for the outcome of what was abandoned), `queued`, `undoing`, `failed`, `undone`.
    pub state: &'static str,
    /// Names of the tasks that undo it.
    pub by: Vec<String>,
    /// The child that undoes itself.
    pub child: Option<InstanceId>,
    /// Tries that were put off so far.
    pub tries: u32,
    /// When it is tried again.
    pub due: Option<Timestamp>,
    /// Why it failed last.
    pub error: Option<WorkflowError>,
}

/// One record of an instance's history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// Ordinal in the history, from 0.
    pub number: u64,
    pub at: Timestamp,
    pub step: StepId,
    pub name: Option<String>,
    /// JSON pointer of the task; absent for the workflow itself.
    pub task: Option<String>,
    /// What became true, in one word: `started`, `activated`, `completed`, ...; `cut` stands in the place of the `records`
    /// from number `from` to this one, which were cut out of a long history; `damaged` ends a history that cannot be read from
    /// this number on, for a `reason`.
    pub kind: &'static str,
    /// Whose doing it is, where it is somebody's.
    pub actor: Actor,
    /// The fact's details by name: `input`, `output`, `error`, `request`, `attempt`, `due`, ...
    pub details: Vec<(&'static str, Value)>,
}

impl HistoryEntry {
    pub(crate) const DAMAGED: &str = "damaged";

    /// Whether nothing can be read from here on.
    pub fn is_damage(&self) -> bool {
        self.kind == Self::DAMAGED
    }
}

/// Which instances a list holds; every given property must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstanceFilter {
    pub namespace: Option<String>,
    /// Of one of these namespaces; absent: of any.
    pub namespaces: Option<Vec<String>>,
    pub workflow: Option<String>,
    pub version: Option<String>,
    pub statuses: Vec<Status>,
    pub parent: Option<InstanceId>,
    pub business_key: Option<String>,
    /// Every one of them must fit.
    pub attributes: Vec<AttributeFilter>,
    /// Started at or after.
    pub from: Option<Timestamp>,
    /// Started before.
    pub to: Option<Timestamp>,
    /// Only instances with an open incident.
    pub incidents: bool,
}

/// An instance in a list: as of the view's position.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceRow {
    pub id: InstanceId,
    pub definition: WorkflowRef,
    pub status: Status,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub parent: Option<InstanceId>,
    pub business_key: Option<String>,
    /// By name, as tests of lists compare them.
    pub attributes: Vec<(String, Value)>,
    /// Type and title of the error it ended with or waits for.
    pub error: Option<String>,
    pub has_incident: bool,
    /// What it waits for before it begins.
    pub waits_for: Option<QueuedFor>,
}

/// The schedule of a workflow: exact, and durable.
#[derive(Clone, Debug)]
pub struct ScheduleView {
    pub workflow: WorkflowName,
    pub schedule: Arc<Schedule>,
    /// What the version in force asks for; none if it asks for nothing any more.
    pub plan: Option<Arc<Plan>>,
    /// The next nominal times, soonest first.
    pub upcoming: Vec<(Timestamp, Trigger)>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<InstanceId>,
    /// Up to where the list sees every commit.
    pub covered: Position,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// In the order of time.
    pub id: AuditId,
    pub at: Timestamp,
    /// Absent for what belongs to no namespace.
    pub namespace: Option<String>,
    pub actor: String,
    /// Kind of thing and verb, as in `instance.cancel`.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    pub reason: Option<String>,
    /// How it stood before and stands after, where that says something.
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Something for the audit that no record and no change of the catalog tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    pub actor: Actor,
    pub namespace: Option<String>,
    /// Kind of thing and verb.
    pub action: &'static str,
    pub subject: String,
    pub reason: Option<String>,
    pub after: Option<Value>,
}

/// Place of an entry in the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditId(pub [u8; 16]);

/// Which entries of the audit a list holds; every given property must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// Of one of these namespaces; absent: of any, and of none.
    pub namespaces: Option<Vec<String>>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// A page of the audit, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    pub items: Vec<AuditEntry>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<AuditId>,
    pub covered: Position,
}
/// What an open step waits for besides time and services.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitsFor {
    /// A worker of this type; `not_before` if it rests before its next attempt.
    Worker {
        kind: String,
        since: Timestamp,
        not_before: Option<Timestamp>,
    },
    Person {
        task: JobId,
        since: Timestamp,
        assignment: Assignment,
    },
}

/// A job as a worker gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    pub id: JobId,
    /// The type.
    pub kind: String,
    pub input: Value,
    pub attempt: Attempt,
    pub priority: i16,
    /// The same for every attempt at the same work.
    pub key: String,
    pub definition: WorkflowRef,
    /// Name of the task in the definition.
    pub task: String,
    pub created_at: Timestamp,
    pub lease_until: Timestamp,
    /// How often to send heartbeats, if the definition says it.
    pub heartbeat: Option<Duration>,
}

/// A person's task, exactly as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    pub id: JobId,
    pub definition: WorkflowRef,
    /// Name of the task in the definition.
    pub name: String,
    /// JSON pointer into the document.
    pub reference: String,
    pub title: Option<String>,
    pub input: Value,
    /// JSON Schema of what it is completed with.
    pub form: Option<Value>,
    pub assignment: Assignment,
    pub created_at: Timestamp,
}

/// Which tasks a list holds; every given property must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskFilter {
    /// Of one of these; absent: of any.
    pub namespaces: Option<Vec<String>>,
    pub namespace: Option<String>,
    /// Who has claimed it, or whom it was given to.
    pub assignee: Option<String>,
    pub group: Option<String>,
    /// `open` or `claimed`.
    pub status: Option<String>,
    /// Due before.
    pub due_before: Option<Timestamp>,
}

/// A task in a list: as of the view's position.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    pub id: JobId,
    pub definition: WorkflowRef,
    pub name: String,
    pub title: Option<String>,
    pub assignee: Option<String>,
    pub groups: Value,
    /// `open` or `claimed`.
    pub status: String,
    pub due: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A page of tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    pub items: Vec<TaskRow>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<JobId>,
    pub covered: Position,
}

/// Jobs of one type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobFigures {
    pub kind: String,
    /// In memory; a long queue has more on disk.
    pub waiting: u64,
    pub leased: u64,
    pub completed: u64,
    pub failed: u64,
    /// Given back for another attempt.
    pub returned: u64,
    /// Leases that ended without a word.
    pub expired: u64,
}

impl JobFigures {
    pub(crate) fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }
}
