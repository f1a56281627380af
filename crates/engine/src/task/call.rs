//! `call: http`: asks, under a key made once, and takes the outcome.

use std::sync::Arc;

use motet_definition::graph::{HttpCall, Kind, Vertex};
use motet_expr::{Program, Value};
use motet_types::{Attempt, StepId};

use super::{render, response};
use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled, leave_again};
use crate::request::{Mark, deferred_program};
use crate::secret::deferred_name;
use crate::{Activity, Deferred, ErrorKind, Fact, Outcome, Settled, WorkflowError};

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    call: &HttpCall,
    input: &Value,
) -> Result<Handled, WorkflowError> {
    let frame = Frame::new(Place::Within { step, vertex });
    let request = render::request(decider, step, vertex, call, input, frame)?;
    let counts_time = decider.instance.start.semantics >= 3;
    let mark = |(nth, deferred): (usize, &Deferred)| Mark {
        marker: decider.marker(&deferred_name(step, nth)),
        reads_clock: counts_time
            && deferred_program(call, deferred.ordinal).is_some_and(Program::reads_clock),
    };
    let marks: Vec<Mark> = request.deferred.iter().enumerate().map(mark).collect();
    let digest = request.digest(&marks);
    let key = decider.instance.step(step).path.key(decider.instance.id, digest);
    let due = decider.now.saturating_add(request.timeout);
    let (attempt, request) = (Attempt(1), Arc::new(request));
    decider.emit(step, Fact::Requested { attempt, key, request, digest, due });
    Ok(Handled::Open)
}

/// Sends the recorded request again, under its key; one that must not be repeated fails instead.
pub(crate) fn resend(decider: &mut Decider<'_>, step: StepId) {
    let Activity::Call { attempt, request, .. } = &decider.instance.step(step).activity else {
        return leave_again(decider, step);
    };
    if !request.repeatable {
        let error = WorkflowError::new(ErrorKind::Communication, UNKNOWN_TITLE, UNKNOWN);
        return decider.fail(step, error);
    }
    let due = decider.now.saturating_add(request.timeout);
    let attempt = Attempt(attempt.0 + 1);
    decider.emit(step, Fact::Resent { attempt, due });
}

const UNKNOWN_TITLE: &str = "the outcome of the call is unknown";

/// Why a call that must not be repeated fails when it may have been sent (engine rules, "calls").
pub const UNKNOWN: &str =
    "outcome: unknown; the call may have been sent and must not be sent again (idempotent: false)";

/// Takes what came of an attempt.
pub(crate) fn settle(decider: &mut Decider<'_>, step: StepId, attempt: Attempt, outcome: Outcome) {
    let settled = match outcome {
        Outcome::Response(response) => response::settle(decider, step, &response),
        Outcome::Refused { error } => Settled::error(*error, false),
        Outcome::Withdrawn => {
            let error =
                WorkflowError::new(ErrorKind::Runtime, "withdrawn", "the call was never sent");
            Settled::error(error, false)
        }
        Outcome::Failed { maybe_run, timed_out, message } => {
            let kind = if timed_out { ErrorKind::Timeout } else { ErrorKind::Communication };
            let title = match (maybe_run, timed_out) {
                (false, false) => "the service was not reached",
                (false, true) => "the service was not reached in time",
                (true, true) => "the service did not answer in time",
                (true, false) => UNKNOWN_TITLE,
            };
            Settled::error(WorkflowError::new(kind, title, message), maybe_run)
        }
    };
    decider.emit(step, Fact::Settled { attempt, settled });
}

/// The call of an open step.
pub(super) fn call_of<'g>(decider: &Decider<'g>, step: StepId) -> Option<&'g HttpCall> {
    match &decider.vertex_of(step)?.kind {
        Kind::Call(call) => Some(call),
        _ => None,
    }
}
