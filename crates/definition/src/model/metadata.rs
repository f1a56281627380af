use crate::redact::RedactedPath;

use super::{Expression, Extra, Named, TaskList, Template};

/// `document.metadata`: a free map in which the key `motet` is ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentMetadata {
    pub motet: Option<MotetDocument>,
    pub extra: Extra,
}

/// `metadata` of a task: a free map in which the key `motet` is ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskMetadata {
    pub motet: Option<MotetTask>,
    pub extra: Extra,
}

/// `document.metadata.motet`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotetDocument {
    pub on_fault: Option<OnFault>,
    pub schedule: Option<MotetSchedule>,
    /// Search attributes by name, each evaluated on the workflow's input.
    pub attributes: Option<Named<Template>>,
    pub business_key: Option<Template>,
    /// How many instances may run that are about the same thing: one.
    pub concurrency: Option<MotetConcurrency>,
    /// How much of it there may be at once.
    pub limits: Option<MotetLimits>,
    /// What nobody is to see of the data of its instances.
    pub redact: Option<Vec<RedactedPath>>,
    /// Whether sinks get lifecycle events of its instances.
    pub lifecycle: Option<bool>,
}

/// Instances with the same key run one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct MotetConcurrency {
    /// Evaluated on the workflow's input.
    pub key: Template,
    /// `queue` if absent.
    pub policy: Option<ConcurrencyPolicy>,
}

/// How much of a workflow there may be at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotetLimits {
    /// Instances that run at once; others wait for room.
    pub running: Option<u32>,
}

/// Most instances that `limits.running` may ask for; who wants more wants no limit.
pub const RUNNING_MAX: u32 = 1_000_000;

/// What becomes of a start whose key another instance holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConcurrencyPolicy {
    /// It waits for its turn.
    Queue,
    /// It is refused.
    Reject,
    /// The one that holds the key is cancelled, and those that wait; it begins once they have ended.
    Replace,
}

/// What an uncaught error does to the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFault {
    /// The instance ends as faulted; the default.
    Fault,
    /// The instance waits for a person.
    Incident,
}

/// What the language's schedule lacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotetSchedule {
    /// Name of the IANA time zone database, as `Europe/Berlin`.
    pub timezone: Option<String>,
    pub overlap: Option<Overlap>,
    pub catchup: Option<Catchup>,
}

/// What happens when a start comes due while the one before still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Both run.
    Allow,
    /// The new one is left out.
    Skip,
    /// The new one waits for the end of the old one.
    Queue,
    /// The old one is cancelled.
    Replace,
}

/// What happens to starts that came due while nothing could start them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catchup {
    /// They are left out.
    None,
    /// The last one is made up for.
    Last,
    /// All are made up for, in order.
    All,
}

/// `metadata.motet` of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotetTask {
    /// Search attributes by name, each evaluated on the task's output when it is complete.
    pub attributes: Option<Named<Template>>,
    /// The instance's business key from the task's completion on, evaluated on its output.
    pub business_key: Option<Template>,
    /// Tasks that undo this one; their pointer is `<task>/metadata/motet/compensate/<index>/<name>`.
    pub compensate: Option<TaskList>,
    /// On `do` and `try`: a saga scope of its own.
    pub saga: Option<bool>,
    /// The point of no return.
    pub pivot: Option<bool>,
    /// On a call: whether it may be sent again.
    pub idempotent: Option<bool>,
    /// On `for`.
    pub parallel: Option<Parallel>,
    /// On a branch of `fork`: names of branches that must complete before it starts.
    pub needs: Option<Vec<String>>,
    /// On a call: a range of service versions.
    pub version: Option<String>,
    /// On `wait`: an expression that gives the instant.
    pub until: Option<Expression>,
    /// What nobody is to see of the data of this task and of those within it.
    pub redact: Option<Vec<RedactedPath>>,
}

/// Search attributes that one document, or one task, may set.
pub const ATTRIBUTES_MAX: usize = 32;

/// Most iterations of a `for` that may run at the same time.
pub const PARALLEL_MAX: u32 = 1_000;

/// Iterations at the same time where `parallel` does not say how many.
pub const PARALLEL_DEFAULT: u32 = 16;

/// How many iterations of a `for` run at the same time.
#[derive(Clone, Debug, PartialEq)]
pub enum Parallel {
    /// The short form: a number.
    Max(u32),
    Detailed {
        max: Option<u32>,
        fail_fast: Option<bool>,
        collect: Option<bool>,
    },
}
