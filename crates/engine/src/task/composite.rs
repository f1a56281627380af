//! Tasks that hold tasks: how they open.

use motet_definition::graph::{For, Parallel, ScopeId, Try};
use motet_expr::{Template, Value, json};
use motet_types::TaskId;

use crate::data::Frame;
use crate::decide::Decider;
use crate::{ErrorKind, Opening, WorkflowError};

pub(super) fn scope(decider: &Decider<'_>, scope: ScopeId) -> Opening {
    Opening::Scope { first: decider.graph.first(scope), data: None }
}

pub(super) fn fork(
    decider: &Decider<'_>,
    branches: ScopeId,
    compete: bool,
    needs: &[(TaskId, TaskId)],
) -> Opening {
    let branches = decider.graph.scope(branches).tasks.clone();
    Opening::Fork { branches, compete, needs: needs.to_vec() }
}

pub(super) fn trying(
    decider: &mut Decider<'_>,
    task: &Try,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Opening, WorkflowError> {
    let due = super::trying::attempt_due(decider, task, input, frame)?;
    Ok(Opening::Try { first: decider.graph.first(task.body), due })
}

/// The items must be an array; null counts as an empty one.
pub(super) fn each(
    decider: &mut Decider<'_>,
    task: &For,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Opening, WorkflowError> {
    let items = match decider.evaluate(&task.items, input, frame, "for.in")? {
        Value::Null => Value::Arr(std::sync::Arc::new(Vec::new())),
        items @ Value::Arr(_) => items,
        other => {
            let detail = format!("for.in: expected an array, found {}", json::to_text(&other));
            return Err(WorkflowError::new(ErrorKind::Expression, "not an array", detail));
        }
    };
    decider.check_size(&items, "for.in")?;
    Ok(match task.parallel {
        Some(Parallel { max, collect, .. }) => Opening::Parallel { items, max, collect },
        None => Opening::Loop { items },
    })
}

/// `with` becomes the function's input.
pub(super) fn function(
    decider: &mut Decider<'_>,
    with: Option<&Template>,
    body: ScopeId,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Opening, WorkflowError> {
    let data = match with {
        Some(with) => {
            let data = decider.evaluate(with, input, frame, "with")?;
            decider.check_size(&data, "with")?;
            Some(data)
        }
        None => None,
    };
    Ok(Opening::Scope { first: decider.graph.first(body), data })
}
