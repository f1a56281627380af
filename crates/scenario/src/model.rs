//! What a scenario file says.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::{Pointer, SourceMap};
use motet_expr::{Program, Value};
use motet_types::{Timestamp, WorkflowName};

/// One file.
#[derive(Clone, Debug)]
pub struct Suite {
    /// As the caller named it.
    pub name: String,
    pub scenarios: Vec<Scenario>,
    pub source: SourceMap,
}

/// One thing that is tried.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// Where it stands in its file.
    pub at: Pointer,
    /// The rule of the language that it shows.
    pub rule: Option<String>,
    /// Why it cannot be tried against a server.
    pub pure: Option<String>,
    pub definition: Definition,
    /// Further workflows, published before it begins.
    pub workflows: Vec<Definition>,
    pub input: Value,
    /// By name; the text of a secret that is an object is JSON.
    pub secrets: BTreeMap<String, String>,
    pub starts_at: Timestamp,
    /// In the order in which they are asked.
    pub calls: Vec<CallMock>,
    pub children: Vec<ChildMock>,
    /// Workers and people.
    pub work: Vec<WorkMock>,
    pub events: Vec<EventMock>,
    pub actions: Vec<Action>,
    /// The schedule of the workflow is tried, in place of one instance.
    pub schedule: Option<ScheduleTrial>,
    pub expect: Expectation,
    /// Whether each call in turn fails, once and for good, with and without having had its effect.
    pub fail_at_each_call: bool,
    /// What is undone when each step in turn fails for good; a row for each.
    pub fail_at_each_step: Option<Vec<FailRow>>,
    /// Whether the server crashes after each commit in turn.
    pub crash_at_each_commit: bool,
    /// What holds at the end of every such run.
    pub invariants: Vec<Invariant>,
}

/// A document and what people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Name of its file, or the pointer of the scenario that holds it.
    pub name: String,
    pub text: String,
}

/// Answers to the calls that it matches.
#[derive(Clone, Debug)]
pub struct CallMock {
    pub at: Pointer,
    pub pattern: CallPattern,
    /// One after the other; the last one of `repeats` for ever.
    pub answers: Vec<Answer>,
    pub repeats: bool,
}

/// Which calls are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallPattern {
    /// Name of the task.
    Task(String),
    /// JSON pointer of the task in its document.
    Reference(String),
    /// Method, and a URI in which `{name}` stands for one segment; without a query any query fits.
    Request { method: String, uri: String },
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub reply: Reply,
    /// Between request and answer.
    pub delay: Duration,
    /// How many calls get it.
    pub times: u32,
}

#[derive(Clone, Debug)]
pub enum Reply {
    Response {
        status: u16,
        /// Lower-case names.
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    /// An expression over the call that gives status, headers and body.
    Computed(Program),
    Failure(Failure),
}

/// No answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: the service has surely done nothing.
    Connection,
    /// The connection breaks before the answer: the service may have done it.
    Silence,
    /// Nothing arrives within the limit of the attempt.
    Timeout,
}

/// Ends of instances that are not run.
#[derive(Clone, Debug)]
pub struct ChildMock {
    pub at: Pointer,
    pub workflow: WorkflowName,
    /// The published versions; empty: those that the definitions name.
    pub versions: Vec<String>,
    /// One after the other; the last one for ever.
    pub results: Vec<ChildAnswer>,
}

#[derive(Clone, Debug)]
pub struct ChildAnswer {
    pub result: ChildResult,
    /// Between start and end.
    pub delay: Duration,
    /// How long it takes to undo what it did, if it can.
    pub undo: Option<Duration>,
}

#[derive(Clone, Debug)]
pub enum ChildResult {
    Output(Value),
    /// Members `type`, `status`, `title`, `detail`, `instance`.
    Error(Value),
    Cancelled,
    /// It never ends.
    Pending,
}

/// Who does jobs, or tasks of people.
#[derive(Clone, Debug)]
pub struct WorkMock {
    pub at: Pointer,
    /// Whether it is about tasks of people.
    pub is_person: bool,
    /// Name of the task, its JSON pointer, or the type of the job.
    pub pattern: String,
    /// One after the other; the last one of `repeats` for ever.
    pub answers: Vec<WorkAnswer>,
    pub repeats: bool,
}

#[derive(Clone, Debug)]
pub struct WorkAnswer {
    pub deed: Deed,
    /// From the moment at which it could be had.
    pub delay: Duration,
    /// How many jobs get it.
    pub times: u32,
    /// Who does it.
    pub by: Option<String>,
}

/// What becomes of a job.
#[derive(Clone, Debug)]
pub enum Deed {
    Complete(Value),
    /// It is completed with what an expression over the job gives.
    Computed(Program),
    /// It is given back: again if fewer attempts than `retries` were.
    Fail {
        /// Members `type`, `status`, `title`, `detail`.
        error: Value,
        retries: u32,
        backoff: Option<Duration>,
    },
    /// Nobody does it.
    Pending,
}

/// An event that comes from outside.
#[derive(Clone, Debug)]
pub struct EventMock {
    pub at: Pointer,
    pub when: EventTime,
    pub content: EventContent,
    /// It is sent to the instance, not published.
    pub is_mail: bool,
}

#[derive(Clone, Debug)]
pub enum EventTime {
    /// Before the instance begins.
    Before,
    /// Since the start.
    At(Duration),
    /// Each time a task that is meant calls, emits, listens or leaves a job.
    After { pattern: CallPattern, delay: Duration },
}

#[derive(Clone, Debug)]
pub enum EventContent {
    /// Attributes; what an event must have and is absent is made up.
    Given(Value),
    /// An expression over what the task did that gives them.
    Computed(Program),
}

/// What is to come of a run in which a step fails for good.
#[derive(Clone, Debug)]
pub struct FailRow {
    pub at: Pointer,
    /// Name of the step's task; `name#2` for its second time.
    pub step: String,
    /// Names of the tasks that are undone, in this order.
    pub undo: Vec<ExpectedUndo>,
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedUndo {
    pub task: String,
    /// Only where nobody knows whether the failed step did its work; then with this outcome.
    pub if_unknown: bool,
}

/// A command to the instance.
#[derive(Clone, Debug)]
pub struct Action {
    /// Since the start.
    pub after: Duration,
    pub command: Command,
    /// It is expected to be refused.
    pub is_refused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Cancel { reason: Option<String>, force: bool, without_undo: bool },
    Suspend(Option<String>),
    Resume,
    Retry,
}

/// How a schedule is tried; times count from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleTrial {
    /// How long.
    pub time: Duration,
    /// The server is down from the one to the other.
    pub down: Option<(Duration, Duration)>,
    /// What people want of it, when, and whether it is refused.
    pub orders: Vec<(Duration, ScheduleOrder, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleOrder {
    Pause,
    Resume,
    Trigger,
    Backfill { from: Duration, to: Duration },
}

/// What is to come of it; what is absent is not looked at, but the status.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub at: Pointer,
    /// Codes of the diagnostics with which the definition is refused; then nothing runs.
    pub refused: Option<Vec<String>>,
    /// A word; `completed` unless an error is expected, then `faulted`.
    pub status: String,
    pub output: Option<Value>,
    pub error: Option<Value>,
    pub calls: Option<Value>,
    pub children: Option<Value>,
    pub events: Option<Value>,
    pub jobs: Option<Value>,
    pub people: Option<Value>,
    pub undo: Option<Value>,
    pub elapsed: Option<Elapsed>,
    pub asserts: Vec<Invariant>,
}

/// Virtual time from start to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    pub min: Duration,
    pub max: Duration,
}

/// An expression over the outcome that must give true.
#[derive(Clone, Debug)]
pub struct Invariant {
    pub at: Pointer,
    pub program: Program,
}
