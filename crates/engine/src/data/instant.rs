use motet_expr::{Value, json};
use motet_types::Timestamp;

use crate::{ErrorKind, WorkflowError};

/// Reads a computed instant: text of RFC 3339, seconds since 1970 as `now` gives them, or a date and time as in
/// `$workflow.startedAt`.
pub(super) fn read(value: &Value) -> Result<Timestamp, WorkflowError> {
    let read = match value {
        Value::Num(_) => micros(value, MICROS_PER_SECOND),
        Value::Obj(_) => described(value),
        _ => json::as_str(value).and_then(|text| text.parse().ok()),
    };
    read.ok_or_else(|| {
        let detail = format!(
            "until: {} is not an instant: expected 2030-01-31T08:30:00Z or seconds since 1970",
            json::to_text(value)
        );
        WorkflowError::new(ErrorKind::Expression, "not an instant", detail)
    })
}

const MICROS_PER_SECOND: f64 = 1e6;
const MICROS_PER_MILLISECOND: f64 = 1e3;

/// DSL "DateTime Descriptor".
fn described(value: &Value) -> Option<Timestamp> {
    let epoch = json::get(value, "epoch");
    let milliseconds = epoch.and_then(|epoch| json::get(epoch, "milliseconds"));
    match milliseconds {
        Some(milliseconds) => micros(milliseconds, MICROS_PER_MILLISECOND),
        None => json::get(value, "iso8601").and_then(json::as_str)?.parse().ok(),
    }
}

fn micros(count: &Value, unit: f64) -> Option<Timestamp> {
    let Value::Num(count) = count else { return None };
    let count: f64 = count.to_string().parse().ok()?;
    let micros = (count * unit).round();
    // Beyond this no whole number of microseconds is a timestamp; the cast would saturate.
    (micros.abs() < i64::MAX as f64).then(|| Timestamp::from_micros(micros as i64))
}
