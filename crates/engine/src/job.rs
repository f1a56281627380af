//! Units of work that somebody fetches: a worker, or a person.

use std::time::Duration;

use motet_expr::Value;
use motet_types::Timestamp;

/// What is asked for; fixed when the job is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub input: Value,
    pub created_at: Timestamp,
    pub work: JobWork,
}

/// Who is to do it.
#[derive(Clone, Debug, PartialEq)]
pub enum JobWork {
    /// A program that asks for jobs of its type.
    Worker {
        kind: String,
        /// More than zero before others, less behind them.
        priority: Priority,
        /// How long a worker may hold it.
        timeout: Option<Duration>,
        /// How often a worker that holds it has to be heard of.
        heartbeat: Option<Duration>,
    },
    Person {
        title: Option<String>,
        escalation: Option<Escalation>,
    },
}

/// From -1000 to 1000; each point counts as ten seconds of waiting, so that nothing waits for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub i16);

impl Priority {
    const MICROS_EACH: i64 = 10_000_000;

    /// Place in the queue of a job created at `created`: lower goes first.
    pub fn rank(self, created: Timestamp) -> i64 {
        created.as_micros() - i64::from(self.0) * Self::MICROS_EACH
    }
}

/// What happens when a task's due time is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Escalation {
    /// It fails with an error of type `timeout`.
    Timeout,
    /// It goes to others; they have `due` from then on, after which it fails.
    Reassign { assignee: Option<String>, groups: Vec<String>, due: Option<Duration> },
}

/// Whose task it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// Whom it was given to.
    pub assignee: Option<String>,
    /// Whose members may take it.
    pub groups: Vec<String>,
    /// Who has taken it.
    pub claimant: Option<String>,
    pub due: Option<Timestamp>,
    /// Its due time was over once.
    pub is_escalated: bool,
}

/// How a task came to its assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentChange {
    Claimed,
    Unclaimed,
    Reassigned,
    Escalated,
}

impl AssignmentChange {
    /// The change in one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Unclaimed => "unclaimed",
            Self::Reassigned => "reassigned",
            Self::Escalated => "escalated",
        }
    }
}

/// What workers and people do with a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobCommand {
    /// It is done.
    Complete { output: Value, by: Option<String> },
    /// It could not be done. While fewer than `retries` attempts were given back, it is given out again after `backoff`.
    Fail {
        error: Box<crate::WorkflowError>,
        retries: u32,
        backoff: Option<Duration>,
        by: Option<String>,
    },
    /// A person takes the task.
    Claim { by: String },
    /// A person gives it back.
    Unclaim { by: String },
    /// The task is somebody else's from now on; `due` in place of its due time.
    Reassign {
        assignee: Option<String>,
        groups: Vec<String>,
        due: Option<Timestamp>,
        by: Option<String>,
    },
}

/// Why a job's command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobRejection {
    /// No step of that number ever was a job.
    #[error("there is no such job")]
    Unknown,
    /// It was completed or failed already, or nobody waits for it any more.
    #[error("the job is over: it was done already, or nobody waits for it any more")]
    Over,
    /// Another attempt is the present one.
    #[error("attempt {attempt} is over, the job is at attempt {present}")]
    Superseded { attempt: u32, present: u32 },
    /// A worker asked for a task, or a person for a job.
    #[error("it is not a job of this kind")]
    OtherKind,
    #[error("the task is claimed by {0}")]
    Claimed(String),
    #[error("the task is not claimed by {0}")]
    NotClaimed(String),
    #[error("the task is assigned to {0}: reassign it first")]
    AssignedTo(String),
    /// The output does not fit the form: JSON pointers into it, each with what is wrong there.
    #[error("the output does not fit the form")]
    Form(Vec<(String, String)>),
    /// An output or an error, with the limit that it exceeds.
    #[error("too large or too deep: {0}")]
    TooLarge(String),
}
