//! `catch`: whether a `try` takes an error, and what it does about it.

use std::time::Duration;

use motet_definition::graph::{Backoff, ErrorFilter, Kind, Retry, Try};
use motet_expr::Value;
use motet_types::{StepId, Timestamp};

use crate::data::{Frame, Place};
use crate::decide::Decider;
use crate::{Activity, CatchAction, Fact, WorkflowError};

/// What the `try` does about an error of its body; `None` if it does not want it.
///
/// # Errors
/// An expression of the catch that failed; its error goes on instead of the caught one.
pub(crate) fn catch(
    decider: &mut Decider<'_>,
    step: StepId,
    error: &WorkflowError,
) -> Result<Option<CatchAction>, WorkflowError> {
    let graph = decider.graph;
    let Some(task) = decider.instance.step(step).task else {
        return Ok(None);
    };
    let vertex = graph.vertex(task);
    let Kind::Try(task) = &vertex.kind else {
        return Ok(None);
    };
    if !matches(&task.filter, error) {
        return Ok(None);
    }
    let value = error.to_value();
    let mut frame = Frame::new(Place::Within { step, vertex });
    frame.error = Some((&task.variable, &value));
    let wanted = decider.condition(task.when.as_ref(), &value, &frame, "catch.when")?
        && !(task.except_when.is_some()
            && decider.condition(task.except_when.as_ref(), &value, &frame, "catch.exceptWhen")?);
    if !wanted {
        return Ok(None);
    }
    if let Some(retry) = &task.retry {
        if let Some(action) = again(decider, step, retry, &value, &frame)? {
            return Ok(Some(action));
        }
        if task.handler.is_none() && task.then.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(handle(decider, task)))
}

/// Begins the body again.
pub(crate) fn begin_again(decider: &mut Decider<'_>, step: StepId) {
    let graph = decider.graph;
    let Some(vertex) = decider.instance.step(step).task.map(|task| graph.vertex(task)) else {
        return;
    };
    let Kind::Try(task) = &vertex.kind else {
        return;
    };
    let input = decider.instance.step(step).input.clone();
    let frame = Frame::new(Place::Within { step, vertex });
    match attempt_due(decider, task, &input, &frame) {
        Ok(due) => decider.emit(step, Fact::Retried { first: graph.first(task.body), due }),
        Err(error) => decider.fail(step, error),
    }
}

/// When an attempt that begins now has to be over.
pub(super) fn attempt_due(
    decider: &mut Decider<'_>,
    task: &Try,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Option<Timestamp>, WorkflowError> {
    let Some(attempt) = task.retry.as_ref().and_then(|retry| retry.attempt.as_ref()) else {
        return Ok(None);
    };
    let limit = decider.span(attempt, input, frame)?;
    Ok(Some(decider.now.saturating_add(limit)))
}

fn handle(decider: &Decider<'_>, task: &Try) -> CatchAction {
    match task.handler {
        Some(scope) => CatchAction::Handle { first: decider.graph.first(scope) },
        None => CatchAction::Leave,
    }
}

/// The next retry, unless the policy has had enough.
fn again(
    decider: &mut Decider<'_>,
    step: StepId,
    retry: &Retry,
    error: &Value,
    frame: &Frame<'_>,
) -> Result<Option<CatchAction>, WorkflowError> {
    let open = decider.instance.step(step);
    let Activity::Try { retries, .. } = open.activity else {
        return Ok(None);
    };
    let (began, input) = (open.started_at, open.input.clone());
    let is_wanted = retry.count_max.is_none_or(|count_max| retries < count_max)
        && decider.condition(retry.when.as_ref(), error, frame, "retry.when")?
        && !(retry.except_when.is_some()
            && decider.condition(retry.except_when.as_ref(), error, frame, "retry.exceptWhen")?);
    if !is_wanted {
        return Ok(None);
    }
    let number = retries + 1;
    let at = decider.now.saturating_add(delay(decider, step, retry, number, &input, frame)?);
    if let Some(total) = &retry.total {
        let total = decider.span(total, &input, frame)?;
        if at > began.saturating_add(total) {
            return Ok(None);
        }
    }
    Ok(Some(CatchAction::Retry { number, at }))
}

/// The wait before retry `number` (from 1): backoff, capped, plus jitter.
fn delay(
    decider: &mut Decider<'_>,
    step: StepId,
    retry: &Retry,
    number: u32,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Duration, WorkflowError> {
    let base = match &retry.delay {
        Some(span) => decider.span(span, input, frame)?,
        None => Duration::ZERO,
    };
    let (grown, delay_max) = match &retry.backoff {
        Backoff::Constant => (base, None),
        Backoff::Linear { increment, delay_max } => {
            let increment = match increment {
                Some(span) => decider.span(span, input, frame)?,
                None => base,
            };
            (base.saturating_add(increment.saturating_mul(number - 1)), delay_max.as_ref())
        }
        Backoff::Exponential { factor, delay_max } => {
            let exponent = i32::try_from(number - 1).unwrap_or(i32::MAX);
            let seconds = base.as_secs_f64() * factor.powi(exponent);
            let grown = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
            (grown, delay_max.as_ref())
        }
    };
    let capped = match delay_max {
        Some(span) => grown.min(decider.span(span, input, frame)?),
        None => grown,
    };
    let jitter = match &retry.jitter {
        Some((from, to)) => {
            let (from, to) = (decider.span(from, input, frame)?, decider.span(to, input, frame)?);
            let share = unit_interval(decider, step, number);
            from.saturating_add(to.saturating_sub(from).mul_f64(share))
        }
        None => Duration::ZERO,
    };
    Ok(capped.saturating_add(jitter).min(decider.limits.duration_max))
}

/// A number in [0, 1) that follows from instance, step and attempt.
pub(crate) fn unit_interval(decider: &Decider<'_>, step: StepId, number: u32) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&decider.instance.id.0);
    hasher.update(&step.0.to_le_bytes());
    hasher.update(&number.to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
}

fn matches(filter: &ErrorFilter, error: &WorkflowError) -> bool {
    let text =
        |wanted: &Option<String>, actual: &Option<String>| wanted.is_none() || wanted == actual;
    filter.kind.as_deref().is_none_or(|kind| error.is_kind(kind))
        && filter.status.is_none_or(|status| status == error.status)
        && text(&filter.instance, &error.instance)
        && text(&filter.title, &error.title)
        && text(&filter.detail, &error.detail)
}
