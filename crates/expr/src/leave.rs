//! The way out of an expression: what leaves is JSON.

use crate::json::whole;
use crate::{EvalError, EvalErrorKind, Map, Num, Value, meter, order};

/// Makes JSON of a result: NaN → null, ±infinity → ±largest, a computed whole number → integer.
pub(crate) fn leave(value: Value) -> Result<Value, EvalError> {
    Ok(cleaned(&value)?.unwrap_or(value))
}

/// The value to put in the place of this one; `None` if it may stay.
fn cleaned(value: &Value) -> Result<Option<Value>, EvalError> {
    meter::charge(2);
    match value {
        Value::Null | Value::Bool(_) | Value::TStr(_) => Ok(None),
        Value::Num(number) => Ok(clean_number(number)),
        Value::BStr(_) => Err(not_json("a byte string")),
        Value::Arr(items) => {
            let mut changed: Option<Vec<Value>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(clean) = cleaned(item)? {
                    changed.get_or_insert_with(|| items.to_vec())[at] = clean;
                }
            }
            Ok(changed.map(|items| Value::Arr(items.into())))
        }
        Value::Obj(map) => {
            let mut changed: Option<Map> = None;
            for (key, value) in map.iter() {
                if !matches!(key, Value::TStr(_)) {
                    return Err(not_json("an object with a key that is no text"));
                }
                if let Some(clean) = cleaned(value)? {
                    let map = changed.get_or_insert_with(|| (**map).clone());
                    map.insert(key.clone(), clean);
                }
            }
            Ok(changed.map(Value::obj))
        }
    }
}

fn clean_number(number: &Num) -> Option<Value> {
    match number {
        number if order::is_nan(number) => Some(Value::Null),
        Num::Float(float) if float.is_infinite() => Some(Value::from(f64::MAX.copysign(*float))),
        Num::Float(float) => whole(*float).map(Value::from),
        _ => None,
    }
}

fn not_json(what: &str) -> EvalError {
    EvalError::new(EvalErrorKind::NotJson, format!("the result contains {what}, which is not JSON"))
}
