//! The one value type of Motet, and the few ways this crate looks into it.

pub use motet_expr::{Map, Num, Value};

/// The text of a string value.
pub(crate) fn as_str(value: &Value) -> Option<&str> {
    match value {
        Value::TStr(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// The number as a double, if it is one.
pub(crate) fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Num(Num::Int(int)) => Some(*int as f64),
        Value::Num(Num::Float(float)) => Some(*float),
        Value::Num(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
