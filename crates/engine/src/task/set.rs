use motet_expr::{Template, Value};

use crate::WorkflowError;
use crate::data::Frame;
use crate::decide::{Decider, Handled};

/// The output replaces the data.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    template: &Template,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let output = decider.evaluate(template, input, frame, "set")?;
    Ok(Handled::Done { output: Some(output), then: None })
}
