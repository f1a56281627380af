use motet_definition::graph::Wait;
use motet_expr::Value;
use motet_types::StepId;

use crate::data::Frame;
use crate::decide::{Decider, Handled};
use crate::{Fact, WorkflowError};

/// An instant that has passed ends the wait at once.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    wait: &Wait,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let until = match wait {
        Wait::For(span) => {
            let span = decider.span(span, input, frame)?;
            decider.now.saturating_add(span)
        }
        Wait::Until(instant) => {
            let until = decider.instant(instant, input, frame)?;
            if until <= decider.now {
                return Ok(Handled::Done { output: None, then: None });
            }
            until
        }
    };
    decider.emit(step, Fact::Waiting { until });
    Ok(Handled::Open)
}
