use std::sync::Arc;

use bytes::Bytes;
use motet_expr::Value;
use motet_types::{Attempt, InstanceId, Status, StepId, Timestamp};

use crate::event::Event;
use crate::listen::Match;
use crate::{JobCommand, JobRejection, Parked, WorkflowError};

/// What an instance may be asked or told.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The result of an effect; one with another attempt than the present is dropped.
    Outcome {
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    },
    /// A call waits for its sending, and has done so for a while.
    Park {
        step: StepId,
        attempt: Attempt,
        parked: Parked,
    },
    /// A parked call is about to be sent.
    Release {
        step: StepId,
        attempt: Attempt,
    },
    /// A child that the step awaits has ended.
    ChildEnded {
        step: StepId,
        child: InstanceId,
        result: Result<Value, Box<WorkflowError>>,
        /// Whether it can undo what it did.
        undoable: bool,
    },
    /// Time has come for at least one timer, as far as the caller knows.
    TimersDue,
    /// The turn of a queued instance has come.
    Admit,
    /// The queued instance will never begin, for this reason.
    Refuse {
        error: Box<WorkflowError>,
    },
    /// Go on after a yield or a recovery.
    Continue,
    /// A topic has found an event for a listen.
    Found {
        step: StepId,
        event: Arc<Event>,
        received: Timestamp,
        matches: Vec<Match>,
    },
    /// A topic does not take a listen.
    NotListening {
        step: StepId,
        reason: String,
    },
    /// An event is sent to this instance.
    Mail {
        event: Arc<Event>,
    },
    Cancel {
        reason: Option<String>,
        /// Also behind a pivot.
        force: bool,
        /// What was done stays done.
        without_undo: bool,
    },
    Suspend {
        reason: Option<String>,
    },
    Resume,
    /// Go on at the failed steps.
    Retry,
    /// A worker or a person does something with a job; workers say which attempt they hold.
    Job {
        step: StepId,
        attempt: Option<Attempt>,
        command: JobCommand,
    },
    /// An input met a defect: it is kept, and the instance waits for a person.
    Panicked {
        message: String,
        input: Box<Self>,
    },
    /// The parent undoes what this instance has completed; the answer goes to this step of it.
    Undo {
        step: StepId,
    },
    /// The attempt is sent again after a crash that took its outcome.
    Doubt {
        step: StepId,
        attempt: Attempt,
    },
    /// The child has undone what it did, or cannot be asked to.
    ChildUndone {
        step: StepId,
        child: InstanceId,
        error: Option<Box<WorkflowError>>,
    },
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Response(Response),
    /// No response. `maybe_run`: the service may have done the work all the same.
    Failed {
        maybe_run: bool,
        timed_out: bool,
        message: String,
    },
    /// It was never sent and never will be: what the dispatcher was given cannot be sent.
    Refused {
        error: Box<WorkflowError>,
    },
    /// It was withdrawn before it was sent.
    Withdrawn,
}

/// An HTTP response as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Lower-case names, in order of arrival.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// Why an input changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The command does not fit the instance's present status.
    #[error("the instance is {status}: {reason}")]
    Conflict { status: Status, reason: &'static str },
    /// Nothing is to be done (an outcome that came twice, a timer that is gone).
    #[error("nothing to do")]
    Stale,
    /// The job's present state does not admit it.
    #[error(transparent)]
    Job(#[from] JobRejection),
}
