//! Changes at paths that are values: setting one, and deleting several without shifting one another.

use std::sync::Arc;

use jaq_core::path::Opt;
use jaq_core::{Error, ValX};

use crate::bounded::{Bounded, BoundedR};
use crate::update::{bounds, owned, position};
use crate::{Value, json, meter, order};

/// `setpath($path; $new)`; what is missing on the way is made.
pub(super) fn set(value: Bounded, path: &Bounded, new: &Bounded) -> BoundedR {
    let Value::Arr(steps) = &path.value else {
        return Err(Error::typ(path.clone(), "path"));
    };
    if steps.len() > usize::from(meter::limits().depth_max) {
        meter::too_deep();
    }
    // A change by `set_at` cannot throw anything but errors.
    set_at(value, steps, new).map_err(|thrown| {
        thrown.get_err().unwrap_or_else(|_| unreachable!("only errors are thrown"))
    })
}

fn set_at<'a>(value: Bounded, steps: &[Value], new: &Bounded) -> ValX<'a, Bounded> {
    match steps.split_first() {
        None => Ok(new.clone()),
        Some((step, rest)) => {
            let change = |inside| std::iter::once(set_at(inside, rest, new));
            let step = Bounded::from(step.clone());
            crate::update::index(value, &step, Opt::Essential, change)
        }
    }
}

/// `delpaths($paths)`; what is not there stays away.
pub(super) fn paths(value: Bounded, paths: Bounded) -> BoundedR {
    let Value::Arr(list) = &paths.value else {
        return Err(Error::typ(paths, "array of paths"));
    };
    let mut sorted: Vec<&Value> = list.iter().collect();
    sorted.sort_by(|left, right| order::compare(right, left));
    sorted.dedup_by(|left, right| order::equal(left, right));
    let mut value = value;
    let extent = value.extent();
    let mut value = value.value;
    for path in sorted {
        let Value::Arr(steps) = path else {
            return Err(Error::typ(path.clone().into(), "path"));
        };
        value = delete(value, steps)?;
    }
    Ok(Bounded::made(value, extent))
}

fn delete(value: Value, steps: &[Value]) -> Result<Value, Error<Bounded>> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(Value::Null);
    };
    match (value, step) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Obj(map), Value::TStr(_)) => {
            meter::charge(map.len() * size_of::<Value>());
            let mut map = Arc::try_unwrap(map).unwrap_or_else(|shared| (*shared).clone());
            if rest.is_empty() {
                map.shift_remove(step);
            } else if let Some(inside) = map.get_mut(step) {
                *inside = delete(std::mem::take(inside), rest)?;
            }
            Ok(Value::obj(map))
        }
        (Value::Arr(items), Value::Num(at)) => {
            meter::charge(items.len() * size_of::<Value>());
            let mut items = owned(items);
            match position(at, items.len()) {
                None => {}
                Some(at) if rest.is_empty() => {
                    items.remove(at);
                }
                Some(at) => items[at] = delete(std::mem::take(&mut items[at]), rest)?,
            }
            Ok(Value::Arr(items.into()))
        }
        (Value::Arr(items), Value::Obj(slice)) if rest.is_empty() => {
            meter::charge(items.len() * size_of::<Value>());
            let bound = |name| slice.get(&json::string(name)).cloned().map(Bounded::from);
            let (start, end) = (bound("start"), bound("end"));
            let (skip, take) = bounds(start.as_ref()..end.as_ref())?.skip_take(items.len());
            let mut items = owned(items);
            items.drain(skip..skip + take);
            Ok(Value::Arr(items.into()))
        }
        (value, step) => Err(Error::index(value.into(), step.clone().into())),
    }
}
