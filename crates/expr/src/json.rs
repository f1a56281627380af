//! JSON (RFC 8259) to [`Value`] and back without loss, and small helpers over values.
//!
//! Numbers keep their text: `1.0`, `-0`, `1e400` and thirty digits come out as they went in. Key order is kept;
//! of equal keys the last value wins, at the place of the first (as in ECMAScript's `JSON.parse`). An escaped
//! surrogate without its partner becomes U+FFFD, because text is UTF-8.
//!
//! Equality of values is jq's: `1 == 1.0`, keys in any order; use [`canonical`] bytes to compare exactly that way
//! across machines. A computed number (`Num::Float`) that is whole prints without a fraction, as in jq.

mod canonical;
mod parse;
mod print;

pub use canonical::canonical;
pub use parse::{DEPTH_MAX, Limits, NUMBER_BYTES_MAX, ParseError, parse};
pub(crate) use print::whole;
pub(crate) use print::{Full, write};
pub use print::{to_pretty, to_text};

use crate::{Map, Value};

/// A text value.
pub fn string(text: impl Into<String>) -> Value {
    Value::from(text.into())
}

/// An object of the given keys and values, in that order.
pub fn object<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Value {
    let map: Map = pairs.into_iter().map(|(key, value)| (string(key), value)).collect();
    Value::obj(map)
}

/// An array of the given values.
pub fn array(values: impl IntoIterator<Item = Value>) -> Value {
    values.into_iter().collect()
}

/// The text, if the value is one.
pub fn as_str(value: &Value) -> Option<&str> {
    match value {
        Value::TStr(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// The value under `key`, if `value` is an object that has it.
pub fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Obj(map) => map.get(&string(key)),
        _ => None,
    }
}

/// Size of a value in bytes as [`crate::ExpressionLimits::value_bytes_max`] counts it: 16 a value and its text.
pub fn size_bound(value: &Value) -> usize {
    let mut total = 0_usize;
    walk(value, |value, _| total = total.saturating_add(own_bytes(value)));
    total
}

/// Nesting of a value: 0 for a scalar, 1 for an empty array.
pub fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    walk(value, |value, level| {
        let container = matches!(value, Value::Arr(_) | Value::Obj(_));
        deepest = deepest.max(level + usize::from(container));
    });
    deepest
}

/// Bytes of a value without what it contains.
pub(crate) fn own_bytes(value: &Value) -> usize {
    let text = match value {
        Value::TStr(bytes) | Value::BStr(bytes) => bytes.len(),
        Value::Num(crate::Num::Dec(text)) => text.len(),
        Value::Num(crate::Num::BigInt(int)) => {
            usize::try_from(int.bits() / 8).unwrap_or(usize::MAX)
        }
        _ => 0,
    };
    size_of::<Value>().saturating_add(text)
}

/// Visits a value and everything in it with its level, without recursion.
fn walk<'v>(value: &'v Value, mut visit: impl FnMut(&'v Value, usize)) {
    // What contains nothing is visited where it is found: most values are flat, and need no list.
    let mut waiting = Vec::new();
    let mut next = Some((value, 0));
    while let Some((value, level)) = next {
        visit(value, level);
        let find = |inner: &'v Value| match inner {
            Value::Arr(_) | Value::Obj(_) => waiting.push((inner, level + 1)),
            scalar => visit(scalar, level + 1),
        };
        match value {
            Value::Arr(items) => items.iter().for_each(find),
            Value::Obj(map) => map.iter().flat_map(|(key, value)| [key, value]).for_each(find),
            _ => {}
        }
        next = waiting.pop();
    }
}
