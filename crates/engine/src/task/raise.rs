use motet_definition::graph::RaisedError;
use motet_expr::{Template, Value};

use super::uri;
use crate::WorkflowError;
use crate::data::Frame;
use crate::decide::{Decider, Handled};

/// The error is the task's result; where it comes from is set unless the definition says it.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    raised: &RaisedError,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let mut field = |template: Option<&Template>, what: &str| match template {
        None => Ok(None),
        Some(template) => {
            let value = decider.evaluate(template, input, frame, what)?;
            Ok(Some(uri::plain(&value)))
        }
    };
    let kind = field(Some(&raised.kind), "raise.error.type")?.unwrap_or_default();
    Err(WorkflowError {
        kind,
        status: raised.status,
        instance: field(raised.instance.as_ref(), "raise.error.instance")?,
        title: field(raised.title.as_ref(), "raise.error.title")?,
        detail: field(raised.detail.as_ref(), "raise.error.detail")?,
    })
}
