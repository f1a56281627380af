use std::time::Duration;

use motet_definition::model::span_of;
use motet_expr::{Value, json};

use crate::{ErrorKind, WorkflowError};

/// Reads a computed duration: text of ISO 8601, or an object of units.
pub(super) fn read(value: &Value) -> Result<Duration, WorkflowError> {
    span_of(value).ok_or_else(|| {
        let detail = format!(
            "{} is not a duration: expected PT30S or {{\"seconds\": 30}}",
            json::to_text(value)
        );
        WorkflowError::new(ErrorKind::Expression, "not a duration", detail)
    })
}
