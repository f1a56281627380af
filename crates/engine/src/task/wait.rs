use motet_definition::graph::Span;
use motet_expr::Value;
use motet_types::StepId;

use crate::data::Frame;
use crate::decide::{Decider, Handled};
use crate::{Fact, WorkflowError};

pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    span: &Span,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let span = decider.span(span, input, frame)?;
    let until = decider.now.saturating_add(span);
    decider.emit(step, Fact::Waiting { until });
    Ok(Handled::Open)
}
