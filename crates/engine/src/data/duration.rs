use std::time::Duration;

use motet_definition::model::{DurationParts, parse_iso8601};
use motet_expr::{Value, json};

use crate::{ErrorKind, WorkflowError};

/// Reads a computed duration: text of ISO 8601, or an object of units.
pub(super) fn read(value: &Value) -> Result<Duration, WorkflowError> {
    let parsed = match value {
        Value::Obj(_) => parts(value).map(|parts| parts.total()),
        _ => json::as_str(value).and_then(|text| parse_iso8601(text).ok()),
    };
    parsed.ok_or_else(|| {
        let detail = format!(
            "{} is not a duration: expected PT30S or {{\"seconds\": 30}}",
            json::to_text(value)
        );
        WorkflowError::new(ErrorKind::Expression, "not a duration", detail)
    })
}

fn parts(value: &Value) -> Option<DurationParts> {
    let Value::Obj(members) = value else {
        return None;
    };
    let mut parts = DurationParts::default();
    for (key, count) in members.iter() {
        let count = whole(count)?;
        let unit = match json::as_str(key)? {
            "days" => &mut parts.days,
            "hours" => &mut parts.hours,
            "minutes" => &mut parts.minutes,
            "seconds" => &mut parts.seconds,
            "milliseconds" => &mut parts.milliseconds,
            _ => return None,
        };
        *unit = Some(count);
    }
    Some(parts)
}

fn whole(count: &Value) -> Option<u64> {
    match count {
        Value::Num(count) => count.to_string().parse().ok(),
        _ => None,
    }
}
