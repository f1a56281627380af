use std::collections::BTreeMap;
use std::sync::Arc;

use motet_expr::Value;
use motet_types::{Attempt, Digest, InstanceId, StepId, TaskId, Timestamp, WorkflowRef};

use crate::event::Event;
use crate::listen::{Role, Terms};
use crate::room::Line;
use crate::{
    Assignment, AssignmentChange, End, Guard, Incident, Job, Origin, Request, TimerKind, UndoCause,
    WorkflowError,
};

/// The behaviour that new instances get; an instance keeps the number it began with.
///
/// 2: a skipped branch of a race neither wins nor loses; `end` within a fork keeps what its branches exported.
/// 3: where an expression over secrets reads the time, that is a part of what a call asks.
pub const SEMANTICS: u16 = 3;

/// A persisted fact: a generic header from which histories and views project, and what became true.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub at: Timestamp,
    /// The step it is about; step 0 is the workflow itself.
    pub step: StepId,
    /// The step's place in the definition; `None` for the workflow itself.
    pub task: Option<TaskId>,
    pub fact: Fact,
    /// Whose doing it is, where it is somebody's: the name of a token, or [`crate::LOCAL`]. Nothing is decided by it.
    pub actor: Option<Arc<str>>,
}

impl Fact {
    /// Whether it is what a person asked for, so that it matters who did.
    pub fn is_commanded(&self) -> bool {
        matches!(
            self,
            Self::Queued { .. }
                | Self::Started { .. }
                | Self::Suspended { .. }
                | Self::Resumed
                | Self::Reopened
                | Self::Fed
                | Self::JobReturned { .. }
                | Self::JobSettled { .. }
                | Self::TaskAssigned { .. }
                | Self::Received { .. }
                | Self::UndoBegan { cause: UndoCause::Cancelled { .. } }
                | Self::Ended { end: End::Cancelled { .. } }
        )
    }
}

impl Fact {
    /// What an instance was made with, where the fact makes it.
    pub fn start(&self) -> Option<&Arc<Start>> {
        match self {
            Self::Queued { start } | Self::Started { start, .. } => Some(start),
            _ => None,
        }
    }
}

/// What became true. Values are results, never promises to compute.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The instance exists and stands before its first task; `data` is the transformed input where it differs.
    Started {
        start: Arc<Start>,
        data: Option<Value>,
        due: Option<Timestamp>,
        first: TaskId,
    },
    /// The instance exists, and waits for its turn: for the key that another one holds, or for room.
    Queued {
        start: Arc<Start>,
    },
    /// Its turn has come.
    Admitted,
    /// A complete task says how people find the instance from now on; null takes an attribute away.
    Described {
        business_key: Option<String>,
        attributes: BTreeMap<String, Value>,
    },
    /// The condition was false: the step never came to be, the flow goes on. Its header names the parent.
    Skipped {
        next: Next,
    },
    /// A task began; `input` is the transformed input where it differs from the raw one.
    Activated {
        parent: StepId,
        input: Option<Value>,
        due: Option<Timestamp>,
        opening: Opening,
        guard: Option<Guard>,
    },
    /// A loop goes through its body again.
    Iterated {
        index: u32,
        first: TaskId,
    },
    /// An iteration of a parallel loop began, as a step of its own.
    IterationBegan {
        parent: StepId,
        index: u32,
        first: TaskId,
    },
    /// An iteration failed, and the others of its loop go on.
    IterationFailed {
        error: Box<WorkflowError>,
    },
    /// No further iteration of the parallel loop begins: its `while` does not hold.
    IterationsClosed,
    /// A wait began.
    Waiting {
        until: Timestamp,
    },
    /// A timer came due.
    Fired {
        timer: TimerKind,
    },
    /// A call is to be sent, under a key made once.
    Requested {
        attempt: Attempt,
        key: String,
        request: Arc<Request>,
        digest: Digest,
        due: Timestamp,
    },
    /// The recorded request is to be sent again under its key.
    Resent {
        attempt: Attempt,
        due: Timestamp,
    },
    /// The call waits for its next sending.
    Parked {
        attempt: Attempt,
        parked: Parked,
    },
    /// A parked call may leave: from now on it may have been sent.
    Released {
        attempt: Attempt,
    },
    /// What came of an attempt.
    Settled {
        attempt: Attempt,
        settled: Settled,
    },
    /// The attempt's result no longer steers anything.
    Abandoned {
        attempt: Attempt,
    },
    /// A child is to be started.
    ChildRequested {
        child: Arc<ChildRequest>,
    },
    /// The awaited child has ended.
    ChildEnded {
        result: Result<Value, Box<WorkflowError>>,
        /// Whether it can undo what it did.
        undoable: bool,
    },
    /// The awaited child is to be cancelled.
    ChildCancelled {
        child: InstanceId,
    },
    /// A unit of work is left for a worker or a person, under a key made once; a person's says whose it is.
    JobCreated {
        attempt: Attempt,
        key: String,
        job: Arc<Job>,
        assignment: Option<Box<Assignment>>,
    },
    /// The job is to be given out again, from `at` on, as this attempt.
    JobReturned {
        attempt: Attempt,
        at: Timestamp,
        /// Why the attempt before gave it back.
        error: Option<Box<WorkflowError>>,
        by: Option<String>,
    },
    /// What came of a job.
    JobSettled {
        attempt: Attempt,
        by: Option<String>,
        settled: Settled,
    },
    /// Nobody waits for the job any more.
    JobWithdrawn {
        attempt: Attempt,
    },
    /// A person's task is somebody's, or nobody's.
    TaskAssigned {
        change: AssignmentChange,
        assignment: Box<Assignment>,
        by: Option<String>,
    },
    /// The step is done; `output` is its output where it differs from the raw one, `context` what it exported.
    Completed {
        output: Option<Value>,
        context: Option<Value>,
        next: Next,
    },
    /// The step failed.
    Failed {
        error: Box<WorkflowError>,
    },
    /// A `try` took an error of its body.
    Caught {
        error: Box<WorkflowError>,
        action: CatchAction,
    },
    /// A `try` begins again; `due` limits this attempt.
    Retried {
        first: TaskId,
        due: Option<Timestamp>,
    },
    /// A competing branch is out of the race.
    BranchFailed {
        branch: TaskId,
        error: Box<WorkflowError>,
    },
    /// The step did as much as one input may; it goes on with the next.
    Yielded,
    Suspended {
        reason: Option<String>,
    },
    Resumed,
    /// Somebody has to look; `retry` goes on at the step.
    IncidentRaised {
        incident: Box<Incident>,
    },
    /// The instance goes on at its failed steps.
    Reopened,
    /// An input that met a defect is fed again.
    Fed,
    /// The instance has ended.
    Ended {
        end: End,
    },
    /// An event goes out.
    Emitted {
        event: Arc<Event>,
    },
    /// A listen waits for events; with a `floor` the instance forgets which events it took before.
    Listening {
        terms: Arc<Terms>,
        floor: Option<Timestamp>,
    },
    /// A listen took an event for these of its filters; `keys` are values that it expects from now on.
    Consumed {
        event: Arc<Event>,
        received: Timestamp,
        filters: Vec<u32>,
        keys: BTreeMap<String, Value>,
        role: Role,
        /// Whether it was sent to this instance.
        mailed: bool,
        /// Whether the listen takes nothing more.
        closes: bool,
    },
    /// The tasks of a listen begin for the next of its events.
    Handling {
        first: TaskId,
    },
    /// An event of a listen is handled; `context` is what was exported.
    Handled {
        output: Value,
        context: Option<Value>,
        closes: bool,
    },
    /// The listen's topics are told that nobody waits any more.
    Unsubscribed,
    /// An event was sent to this instance.
    Received {
        event: Arc<Event>,
    },
    /// Before anything else happens to the step, what was done beneath it is undone.
    UndoBegan {
        cause: UndoCause,
    },
    /// The entry of the step is undone.
    Undone,
    /// Nothing is left to be undone beneath the step; `told` is the step of the parent that asked for it.
    UndoEnded {
        told: Option<StepId>,
    },
    /// A failed step has to succeed: it begins again at this instant, the `number`th time.
    Postponed {
        error: Box<WorkflowError>,
        number: u32,
        at: Timestamp,
    },
    /// The attempt is sent again after its outcome was lost: whatever it answers now, it may have run.
    Doubted {
        attempt: Attempt,
    },
    /// A child is to undo what it did.
    ChildUndoRequested {
        child: InstanceId,
    },
}

/// What is fixed when an instance begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub definition: WorkflowRef,
    pub digest: Digest,
    pub semantics: u16,
    /// Raw input.
    pub input: Value,
    pub start_key: String,
    pub parent: Option<Parent>,
    pub business_key: Option<String>,
    /// Search attributes, in order of declaration.
    pub attributes: Vec<(String, Value)>,
    /// The schedule's part, if that started it.
    pub schedule: Option<Origin>,
    /// What no other instance of the workflow may be about while this one runs.
    pub concurrency_key: Option<String>,
    /// The lines in which it stands, one after the other: the limits under which it counts.
    pub lines: Vec<Line>,
}

/// The instance that started this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent {
    pub instance: InstanceId,
    pub step: StepId,
    /// Whether the parent waits for the end.
    pub awaited: bool,
    /// The outermost ancestor.
    pub root: InstanceId,
    /// Ancestors above this instance.
    pub depth: u32,
}

/// A child as its parent asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRequest {
    pub id: InstanceId,
    /// The version is resolved when the step is activated.
    pub definition: WorkflowRef,
    pub start_key: String,
    pub input: Value,
    pub awaited: bool,
    pub root: InstanceId,
    pub depth: u32,
    /// Whether it may have something to undo: whoever lets it go waits for its end.
    pub undoable: bool,
}

/// How a step begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// Its handler goes on within the same step.
    Leaf,
    /// Its tasks follow each other; `data` is what the first one gets where it differs from the input.
    Scope { first: TaskId, data: Option<Value> },
    /// Its body is repeated over the items (an array).
    Loop { items: Value },
    /// Its body is run for each of the items (an array) by iterations side by side, at most `max` at a time; their outputs
    /// are kept where it `collect`s.
    Parallel { items: Value, max: u32, collect: bool },
    /// Its branches run side by side.
    /// `needs`: a branch, and one that must be complete before it begins.
    Fork { branches: Vec<TaskId>, compete: bool, needs: Vec<(TaskId, TaskId)> },
    /// Its body may fail; `due` limits the first attempt.
    Try { first: TaskId, due: Option<Timestamp> },
    /// It undoes an entry: by these tasks, or the child does it.
    Undo { entry: StepId, first: Option<TaskId> },
}

/// Where the flow goes, resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Enter(TaskId),
    EndScope,
    EndWorkflow,
}

/// What a `try` does about an error.
#[derive(Clone, Debug, PartialEq)]
pub enum CatchAction {
    /// It begins again at this instant; the retry's number counts from 1.
    Retry { number: u32, at: Timestamp },
    /// Its handler runs.
    Handle { first: TaskId },
    /// It is done.
    Leave,
}

/// Why and since when a call waits before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parked {
    pub reason: ParkReason,
    /// When it began to wait.
    pub since: Timestamp,
    /// When it is looked at again, where that is known.
    pub until: Option<Timestamp>,
    /// Whether any earlier try may have left.
    pub sent: bool,
}

/// What a parked call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkReason {
    /// The server has as many calls in flight as it may have.
    Gate,
    /// The service's breaker is open.
    Breaker,
    /// A limit of the service is reached.
    Limit,
    /// No endpoint of the service can be called.
    Endpoint,
}

impl ParkReason {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Breaker => "breaker",
            Self::Limit => "limit",
            Self::Endpoint => "endpoint",
        }
    }
}

/// What came of an attempt, as far as it steers.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Raw output, or the error of the call.
    pub result: Result<Value, Box<WorkflowError>>,
    /// Whether the service may have done the work although there is an error (engine rules: "what an attempt did").
    pub maybe_run: bool,
}
