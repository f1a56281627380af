use motet_definition::graph::Case;
use motet_expr::Value;

use crate::WorkflowError;
use crate::data::Frame;
use crate::decide::{Decider, Handled};

/// The first case that holds, else the default, else the task's own directive; the data stays.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    cases: &[Case],
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    for case in cases.iter().filter(|case| case.when.is_some()) {
        if decider.condition(case.when.as_ref(), input, frame, "when")? {
            return Ok(Handled::Done { output: None, then: Some(case.then) });
        }
    }
    let default = cases.iter().find(|case| case.when.is_none());
    Ok(Handled::Done { output: None, then: default.map(|case| case.then) })
}
