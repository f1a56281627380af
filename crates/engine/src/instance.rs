use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use motet_expr::{Value, json};
use motet_types::{Attempt, InstanceId, Status, StepId, TaskId, Timestamp};

use crate::listen::{Events, Listen};
use crate::{Assignment, ChildRequest, Input, Job, Parked, Request, Settled, Start, WorkflowError};

mod check;
mod deadline;
mod found;
mod keys;
mod steps;
mod undo;

pub use keys::Path;
pub(crate) use keys::child_start_key;
pub use steps::{Steps, Timers};
pub(crate) use undo::CHILD;
pub use undo::{Guard, UndoCause, UndoEntry, UndoOutcome, UndoState, Undoing};

/// One run of a workflow: everything that is needed to go on, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub id: InstanceId,
    pub start: Arc<Start>,
    pub started_at: Timestamp,
    /// Time of the last record; the instance's time never goes back.
    pub updated_at: Timestamp,
    /// Records so far.
    pub records: u64,
    /// Steps activated so far; the next step's id.
    pub steps_activated: u32,
    /// The steps that are open, by id; 0 is the workflow itself. A parent's id is below its children's.
    pub steps: Steps,
    /// What can be done at once, in order.
    pub work: VecDeque<Work>,
    pub timers: Timers,
    /// Attempts in flight whose results no longer steer.
    pub abandoned: BTreeSet<(StepId, Attempt)>,
    /// The tasks of their steps, which may be gone.
    pub abandoned_tasks: BTreeMap<StepId, TaskId>,
    /// Whether a service has answered it once: then it goes before those that have not begun in earnest.
    pub has_completed_call: bool,
    pub suspended: bool,
    /// Steps that wait for a person.
    pub incidents: BTreeMap<StepId, Incident>,
    pub end: Option<End>,
    /// What it knows of events, if it ever had to do with any.
    pub events: Option<Box<Events>>,
    /// What was done and can be undone, by the newest activation that did it.
    pub undo: BTreeMap<StepId, UndoEntry>,
    /// Paths whose work was undone: it begins on another one if it begins again.
    pub spent: BTreeSet<Path>,
    /// How often the work on a path was put off that has to succeed.
    pub repeats: BTreeMap<Path, u32>,
    /// Whether the workflow itself was undone, or is being.
    pub undo_begun: bool,
    /// Its turn has not come: nothing has begun.
    pub is_queued: bool,
    /// The business key that a task has given it since the start.
    pub business_key: Option<String>,
    /// The search attributes that tasks have set since the start; null: taken away.
    pub attributes: BTreeMap<String, Value>,
}

/// One activation of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `None` for the workflow itself.
    pub task: Option<TaskId>,
    /// `None` for the workflow itself.
    pub parent: Option<StepId>,
    pub path: Path,
    pub started_at: Timestamp,
    pub raw_input: Value,
    /// Transformed input.
    pub input: Value,
    /// `$context`, where the step has one of its own: the workflow and each branch of a fork.
    pub context: Option<Value>,
    /// What flows between the tasks of the step's scope: its input, then each one's output.
    pub data: Value,
    /// How often each task of the scope was entered, for paths.
    pub visits: BTreeMap<TaskId, u32>,
    /// What came of it, until it is taken.
    pub result: Option<Result<Value, Box<WorkflowError>>>,
    pub activity: Activity,
    pub guard: Option<Guard>,
    /// Its pivot is complete: an error does not undo it any more.
    pub committed: bool,
    /// It undoes what is beneath it.
    pub undoing: Option<Box<Undoing>>,
}

/// What an open step is busy with.
#[derive(Clone, Debug, PartialEq)]
pub enum Activity {
    /// Its own handler, within one step.
    Leaf,
    /// One task of its scope after the other.
    Scope,
    Loop {
        /// An array.
        items: Value,
        index: u32,
    },
    /// Iterations side by side, each a step of its own.
    Parallel {
        /// An array.
        items: Value,
        /// Most iterations that are open at a time.
        max: u32,
        /// Whether outputs are kept.
        collect: bool,
        /// Those begun so far, in the order of the items.
        iterations: Vec<BranchState>,
        /// How many of them are open.
        open: u32,
        /// Whether no further one begins.
        is_closed: bool,
        /// How many of them have given their exports to `context`.
        folded: u32,
        /// `$context` with those exports, where there are any.
        context: Option<Value>,
    },
    /// One iteration of the parallel loop around it: its tasks follow each other.
    Iteration {
        index: u32,
    },
    Fork {
        compete: bool,
        branches: Vec<Branch>,
    },
    Try {
        phase: TryPhase,
        /// Retries begun so far.
        retries: u32,
    },
    Wait,
    Call {
        attempt: Attempt,
        key: String,
        request: Arc<Request>,
        state: CallState,
        /// Where it is in flight but waits to be sent.
        parked: Option<Parked>,
    },
    Child(Arc<ChildRequest>),
    /// It waits for a worker or a person.
    Job {
        attempt: Attempt,
        key: String,
        job: Arc<Job>,
        state: CallState,
        /// Not given out before.
        ready_at: Timestamp,
        /// Of a person's task.
        assignment: Option<Box<Assignment>>,
    },
    Listen(Box<Listen>),
    /// Undoes an entry: its tasks follow each other, or the child is asked to do it.
    Undo {
        entry: StepId,
        child: Option<InstanceId>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum TryPhase {
    Body,
    /// Waits for its next beginning.
    Delaying,
    /// Its handler runs, or it is about to leave.
    Handling(Box<WorkflowError>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    InFlight,
    Settled,
    /// Its result no longer steers; sent again if the instance goes on.
    Abandoned,
}

/// A branch of a fork.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    pub task: TaskId,
    pub state: BranchState,
    /// Branches that must be complete before it begins.
    pub needs: Vec<TaskId>,
    /// `$context` with which it began, where that is not the fork's.
    pub base: Option<Value>,
}

impl Branch {
    fn size_bound(&self) -> usize {
        self.state.size_bound() + self.base.as_ref().map_or(0, json::size_bound)
    }
}

impl BranchState {
    fn size_bound(&self) -> usize {
        match self {
            Self::Completed { output, context } => {
                json::size_bound(output) + context.as_ref().map_or(0, json::size_bound)
            }
            Self::Pending | Self::Open | Self::Failed(_) | Self::Skipped => 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum BranchState {
    /// Branches that it needs are not complete.
    Pending,
    Open,
    /// Its output, and its context where that differs from the fork's.
    Completed {
        output: Value,
        context: Option<Value>,
    },
    Failed(Box<WorkflowError>),
    /// Its condition was false: of a race, which it neither wins nor loses.
    Skipped,
}

/// Something that can be done at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Activate the task in its parent's scope.
    Enter { parent: StepId, task: TaskId },
    /// Begin the next iteration, or end the loop.
    Iterate { step: StepId },
    /// Take the step's result, or its scope's data.
    Leave { step: StepId },
    /// Send the recorded request again.
    Resend { step: StepId },
    /// Feed an input again that met a defect.
    Feed { input: Box<Input> },
    /// Wait again, or handle the next event of a listen, or complete it.
    Listen { step: StepId },
    /// Begin the next undo beneath the step, or end them.
    Undo { step: StepId },
    /// Begin the workflow itself, now that its turn has come.
    Begin,
}

impl Work {
    /// Whether it may be there before the workflow has begun.
    pub(crate) fn is_before_begin(&self) -> bool {
        matches!(self, Self::Begin | Self::Feed { .. })
    }

    /// The step it belongs to.
    pub fn step(&self) -> StepId {
        match self {
            Self::Enter { parent, .. } => *parent,
            Self::Iterate { step }
            | Self::Leave { step }
            | Self::Resend { step }
            | Self::Listen { step }
            | Self::Undo { step } => *step,
            Self::Feed { .. } | Self::Begin => StepId(0),
        }
    }
}

/// What a timer is for; a step has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKind {
    /// The end of a `wait`.
    Wait,
    /// The next beginning of a `try`.
    Retry,
    /// The end of one attempt of a `try`.
    Attempt,
    /// The end of a task's or the workflow's time.
    Timeout,
    /// The due time of a person's task.
    Due,
    /// The next try of a failed step that has to succeed.
    Again,
}

impl TimerKind {
    /// The least of them, where they have an order.
    const FIRST: Self = Self::Wait;
}

/// Why a person has to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Incident {
    /// An error that nobody caught, where the definition says so.
    Fault(Box<WorkflowError>),
    /// A defect of the engine; the input is kept and fed again by `retry`.
    Panic { message: String, input: Box<Input> },
    /// An undo that failed.
    Undo(Box<WorkflowError>),
}

/// How an instance ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// With its output.
    Completed(Value),
    /// With the error that nobody caught, risen from this step.
    Faulted {
        step: StepId,
        error: Box<WorkflowError>,
    },
    Cancelled {
        reason: Option<String>,
    },
}

impl Instance {
    /// The status that people see.
    pub fn status(&self) -> Status {
        match &self.end {
            Some(End::Completed(_)) => return Status::Completed,
            Some(End::Faulted { .. }) => return Status::Faulted,
            Some(End::Cancelled { .. }) => return Status::Cancelled,
            None => {}
        }
        if self.suspended {
            Status::Suspended
        } else if self.is_queued {
            Status::Pending
        } else if self.is_compensating() || self.has_work() || self.steps.is_any_out() {
            Status::Running
        } else {
            Status::Waiting
        }
    }

    /// When the instance wants to be woken; `None` while nothing but an input moves it.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.is_held() { None } else { self.timers.first().map(|(due, ..)| *due) }
    }

    /// Whether a call is in flight, though it may wait to be sent.
    pub fn is_in_flight(&self) -> bool {
        self.end.is_none() && self.steps.in_flight().next().is_some()
    }

    /// Whether it can go on at once.
    pub fn has_work(&self) -> bool {
        !self.is_held() && !self.work.is_empty()
    }

    /// Whether outcomes are recorded but nothing advances: it has ended, is suspended, or a person has to look at it as a
    /// whole.
    fn is_held(&self) -> bool {
        self.end.is_some() || self.suspended || self.incidents.contains_key(&StepId(0))
    }

    /// Bytes of all values it holds, those counted twice that steps share.
    pub(crate) fn size_bound(&self) -> usize {
        let of_step = |step: &Step| {
            let result = step.result.as_ref().and_then(|result| result.as_ref().ok());
            let activity = match &step.activity {
                Activity::Loop { items, .. } => json::size_bound(items),
                Activity::Parallel { items, iterations, context, .. } => {
                    let iterations = iterations.iter().map(BranchState::size_bound).sum::<usize>();
                    let context = context.as_ref().map_or(0, json::size_bound);
                    json::size_bound(items) + iterations + context
                }
                Activity::Job { job, .. } => json::size_bound(&job.input),
                Activity::Fork { branches, .. } => branches.iter().map(Branch::size_bound).sum(),
                Activity::Listen(listen) => listen.size_bound(),
                _ => 0,
            };
            let values = [Some(&step.input), Some(&step.data), step.context.as_ref(), result];
            values.into_iter().flatten().map(json::size_bound).sum::<usize>() + activity
        };
        let mail = self.events.iter().flat_map(|events| &events.mail);
        let mail: usize = mail.map(|mail| mail.event.size_bound()).sum();
        let entries = self.undo.values().map(UndoEntry::size_bound).sum::<usize>();
        self.steps.values().map(of_step).sum::<usize>() + mail + entries
    }

    /// Its output, once it has completed.
    pub fn output(&self) -> Option<&Value> {
        match &self.end {
            Some(End::Completed(output)) => Some(output),
            _ => None,
        }
    }

    /// The error it ended with, or for which it waits.
    pub fn error(&self) -> Option<&WorkflowError> {
        match &self.end {
            Some(End::Faulted { error, .. }) => Some(error),
            Some(_) => None,
            None => self.incidents.values().find_map(|incident| match incident {
                Incident::Fault(error) | Incident::Undo(error) => Some(&**error),
                Incident::Panic { .. } => None,
            }),
        }
    }

    /// When it began, or will have begun.
    pub(crate) fn started_at_or(&self, now: Timestamp) -> Timestamp {
        if self.records == 0 { now } else { self.started_at }
    }

    /// The listen that an open step is.
    pub fn listen(&self, step: StepId) -> Option<&Listen> {
        match &self.steps.get(&step)?.activity {
            Activity::Listen(listen) => Some(listen),
            _ => None,
        }
    }

    pub(crate) fn step(&self, id: StepId) -> &Step {
        &self.steps[&id]
    }

    /// `$context` as the step sees it: that of its nearest branch, or the workflow's.
    pub(crate) fn context(&self, step: StepId) -> &Value {
        self.steps[&self.context_holder(step)].context.as_ref().expect("holders have a context")
    }

    pub(crate) fn context_holder(&self, step: StepId) -> StepId {
        let mut at = step;
        loop {
            let step = &self.steps[&at];
            match (&step.context, step.parent) {
                (Some(_), _) | (None, None) => return at,
                (None, Some(parent)) => at = parent,
            }
        }
    }

    /// The step's ancestors, nearest first.
    pub(crate) fn ancestors(&self, step: StepId) -> impl Iterator<Item = (StepId, &Step)> {
        let mut at = self.steps.get(&step).and_then(|step| step.parent);
        std::iter::from_fn(move || {
            let id = at?;
            let step = self.steps.get(&id)?;
            at = step.parent;
            Some((id, step))
        })
    }

    /// Open steps beneath `root`, in order of activation; `root` itself is left out.
    pub(crate) fn descendants(&self, root: StepId) -> BTreeSet<StepId> {
        let (mut found, mut open) = (BTreeSet::new(), vec![root]);
        while let Some(at) = open.pop() {
            open.extend(self.steps.children(at).map(|(id, _)| id).filter(|id| found.insert(*id)));
        }
        found
    }
}

impl Step {
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.activity, Activity::Call { state: CallState::InFlight, .. })
    }

    /// Why its call waits to be sent.
    pub fn parked(&self) -> Option<&Parked> {
        match &self.activity {
            Activity::Call { parked, .. } => parked.as_ref(),
            _ => None,
        }
    }

    /// The attempt that is in flight.
    pub fn attempt_in_flight(&self) -> Option<Attempt> {
        match self.activity {
            Activity::Call { attempt, state: CallState::InFlight, .. } => Some(attempt),
            _ => None,
        }
    }

    /// What the step gives before its output is transformed.
    pub(crate) fn raw_output(&self) -> Value {
        match &self.result {
            Some(Ok(output)) => output.clone(),
            _ => self.data.clone(),
        }
    }
}

impl Settled {
    pub(crate) fn output(output: Value) -> Self {
        Self { result: Ok(output), maybe_run: false }
    }

    pub(crate) fn error(error: WorkflowError, maybe_run: bool) -> Self {
        Self { result: Err(Box::new(error)), maybe_run }
    }
}
