//! Equality and order of values, as jq has them, paid with fuel.

use std::cmp::Ordering;

use crate::{Map, Num, Value, meter};

/// Grains of one comparison of two scalars.
const COMPARISON_GRAINS: usize = 8;

/// jq's equality: `1 == 1.0`, NaN equals nothing, the order of keys does not matter.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    charge(left, right);
    match (left, right) {
        (Value::Arr(l), Value::Arr(r)) => {
            l.len() == r.len() && l.iter().zip(r.iter()).all(|(l, r)| equal(l, r))
        }
        (Value::Obj(l), Value::Obj(r)) => {
            let same = |(key, l): (&Value, &Value)| r.get(key).is_some_and(|r| equal(l, r));
            l.len() == r.len() && l.iter().all(same)
        }
        _ => left == right,
    }
}

/// jq's order, made total: null, false, true, numbers (NaN first, equal to itself), texts, arrays, objects.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    charge(left, right);
    match (left, right) {
        (Value::Num(l), Value::Num(r)) => match (is_nan(l), is_nan(r)) {
            (false, false) => l.cmp(r),
            (left, right) => right.cmp(&left),
        },
        (Value::Arr(l), Value::Arr(r)) => compare_all(l.iter(), r.iter()),
        (Value::Obj(l), Value::Obj(r)) => {
            let (l, r) = (sorted(l), sorted(r));
            let keys = compare_all(l.iter().map(|(key, _)| *key), r.iter().map(|(key, _)| *key));
            keys.then_with(|| compare_all(l.iter().map(|(_, v)| *v), r.iter().map(|(_, v)| *v)))
        }
        _ => left.cmp(right),
    }
}

/// Whether a number is NaN.
pub(crate) fn is_nan(number: &Num) -> bool {
    matches!(number, Num::Float(float) if float.is_nan())
}

fn charge(left: &Value, right: &Value) {
    let bytes = match (left, right) {
        (Value::TStr(l), Value::TStr(r)) => l.len().min(r.len()) / 8,
        _ => 0,
    };
    meter::charge(COMPARISON_GRAINS + bytes);
}

fn compare_all<'v>(
    mut left: impl Iterator<Item = &'v Value>,
    mut right: impl Iterator<Item = &'v Value>,
) -> Ordering {
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => match compare(l, r) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn sorted(map: &Map) -> Vec<(&Value, &Value)> {
    meter::charge(map.len() * COMPARISON_GRAINS);
    let mut members: Vec<_> = map.iter().collect();
    members.sort_by(|left, right| left.0.cmp(right.0));
    members
}
