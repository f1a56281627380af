//! Indices, slices and the updates of values (`.a = …`, `.[] |= …`).
//!
//! Follows jq where jaq is stricter: assigning below `null` makes the object or array, assigning beyond the end
//! of an array fills up with `null`, a fraction as index is rounded down. Deleting keeps the order of keys.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use jaq_core::path::Opt;
use jaq_core::{Error, Exn, ValX};

use crate::bounded::{Bounded, not_iterable};
use crate::value::Extent;
use crate::{Map, Num, Value, meter};

type Failure = Error<Bounded>;

/// The bounds of a slice; negative ones count from the end.
pub(crate) struct Bounds {
    start: Option<isize>,
    end: Option<isize>,
}

impl Bounds {
    /// How many items to skip and to take of `len`.
    pub(crate) fn skip_take(&self, len: usize) -> (usize, usize) {
        let absolute = |bound: isize| {
            let from_start = bound.min(len.cast_signed());
            let bound =
                if bound < 0 { bound.saturating_add(len.cast_signed()) } else { from_start };
            usize::try_from(bound).unwrap_or(0)
        };
        let skip = self.start.map_or(0, absolute);
        let end = self.end.map_or(len, absolute);
        (skip, end.saturating_sub(skip))
    }
}

/// Reads the bounds of a slice: numbers or null; fractions are rounded outwards, as in jq.
pub(crate) fn bounds(range: Range<Option<&Bounded>>) -> Result<Bounds, Failure> {
    let read = |bound: Option<&Bounded>, round: fn(f64) -> f64| match bound.map(|b| &b.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Num(number)) => Ok(Some(integer(number, round))),
        Some(_) => Err(Error::typ(
            bound.cloned().unwrap_or_else(|| Value::Null.into()),
            "bound of a slice",
        )),
    };
    Ok(Bounds { start: read(range.start, f64::floor)?, end: read(range.end, f64::ceil)? })
}

/// Where in an array of `len` items the index points; `None` outside.
pub(crate) fn position(index: &Num, len: usize) -> Option<usize> {
    if crate::order::is_nan(index) {
        return None;
    }
    let index = integer(index, f64::floor);
    let at = if index < 0 {
        usize::try_from(index.checked_add_unsigned(len)?).ok()?
    } else {
        index.cast_unsigned()
    };
    (at < len).then_some(at)
}

/// Byte offset and length of a slice of text, whose bounds count characters.
pub(crate) fn text_slice(bytes: &Bytes, bounds: &Bounds) -> (usize, usize) {
    let text = std::str::from_utf8(bytes).expect("text is UTF-8");
    meter::charge(text.len() / 4);
    if text.is_ascii() {
        return bounds.skip_take(text.len());
    }
    let (skip, take) = bounds.skip_take(text.chars().count());
    let offset =
        |text: &str, chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let start = offset(text, skip);
    (start, offset(&text[start..], take))
}

/// The items of an array, copied only if somebody else holds them too.
pub(crate) fn owned(items: Arc<Vec<Value>>) -> Vec<Value> {
    Arc::try_unwrap(items).unwrap_or_else(|shared| (*shared).clone())
}

/// `.[] |= change`
pub(crate) fn values<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    old: Bounded,
    opt: Opt,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    match old.value {
        Value::Arr(items) => {
            meter::charge(items.len() * size_of::<Value>());
            let new = owned(items).into_iter().map(Bounded::from).flat_map(change);
            // Collecting checks the size item by item: `change` may have any number of results.
            new.collect()
        }
        Value::Obj(map) => {
            let map = Arc::try_unwrap(map).unwrap_or_else(|shared| (*shared).clone());
            let members = map.into_iter().filter_map(|(key, value)| {
                let new = change(value.into()).next()?;
                Some(new.map(|new| (Bounded::from(key), new)))
            });
            let members: Vec<_> = members.collect::<Result<_, _>>()?;
            Ok(jaq_core::ValT::from_map(members)?)
        }
        _ => opt.fail(old, |old| Exn::from(not_iterable(old))),
    }
}

/// `.[key] |= change`
pub(crate) fn index<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    mut old: Bounded,
    key: &Bounded,
    opt: Opt,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    let extent = match &old.value {
        Value::Null => Extent::EMPTY,
        _ => old.extent(),
    };
    match (old.value, &key.value) {
        (Value::Null, Value::TStr(_)) => {
            let Some(new) = first(change, Value::Null)? else {
                return Ok(Value::Null.into());
            };
            member(Map::default(), key, new, extent)
        }
        (Value::Obj(map), Value::TStr(_)) => {
            let mut map = Arc::try_unwrap(map).unwrap_or_else(|shared| {
                meter::charge(shared.len() * size_of::<Value>());
                (*shared).clone()
            });
            let inside = map.get_mut(&key.value).map(std::mem::take);
            let present = inside.is_some();
            match first(change, inside.unwrap_or_default())? {
                Some(new) => member(map, key, new, extent),
                None => {
                    if present {
                        map.shift_remove(&key.value);
                    }
                    Ok(Bounded::made(Value::obj(map), extent))
                }
            }
        }
        (old @ (Value::Null | Value::Arr(_)), Value::Num(at)) => {
            item(old, at, key, extent, opt, change)
        }
        (old @ (Value::Null | Value::Arr(_) | Value::TStr(_)), Value::Obj(slice)) => {
            let bound = |name| slice.get(&crate::json::string(name)).cloned();
            let (start, end) = (bound("start").map(Bounded::from), bound("end").map(Bounded::from));
            range(old.into(), start.as_ref()..end.as_ref(), opt, change)
        }
        (old, _) => opt.fail(old.into(), |old| Exn::from(Error::index(old, key.clone()))),
    }
}

/// `.[from:to] |= change`
pub(crate) fn range<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    old: Bounded,
    range: Range<Option<&Bounded>>,
    opt: Opt,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    let bounds = match bounds(range) {
        Ok(bounds) => bounds,
        Err(error) => return opt.fail(old, |_| Exn::from(error)),
    };
    match old.value {
        Value::Null => splice(Vec::new(), &bounds, Value::Null, change),
        Value::Arr(items) => {
            meter::charge(items.len() * size_of::<Value>());
            let (skip, take) = bounds.skip_take(items.len());
            let inside = items[skip..skip + take].iter().cloned().collect();
            splice(owned(items), &bounds, inside, change)
        }
        Value::TStr(bytes) => {
            let (skip, take) = text_slice(&bytes, &bounds);
            let inside = Value::utf8_str(bytes.slice(skip..skip + take));
            let new = match first(change, inside)?.map(|new| new.value) {
                None => Bytes::new(),
                Some(Value::TStr(new)) => *new,
                Some(other) => return Err(Exn::from(Error::typ(other.into(), "text"))),
            };
            let text = [&bytes[..skip], &new[..], &bytes[skip + take..]].concat();
            Ok(Bounded::text(text))
        }
        _ => opt.fail(old, |old| Exn::from(Error::typ(old, "array or text"))),
    }
}

fn first<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    change: impl Fn(Bounded) -> I,
    inside: Value,
) -> Result<Option<Bounded>, Exn<'a, Bounded>> {
    change(inside.into()).next().transpose()
}

fn member<'a>(mut map: Map, key: &Bounded, mut new: Bounded, extent: Extent) -> ValX<'a, Bounded> {
    let extent = extent.containing(key.clone().extent()).containing(new.extent());
    map.insert(key.value.clone(), new.value);
    Ok(Bounded::made(Value::obj(map), extent))
}

fn item<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    old: Value,
    at: &Num,
    key: &Bounded,
    extent: Extent,
    opt: Opt,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    let mut items = match old {
        Value::Arr(items) => {
            meter::charge(items.len());
            owned(items)
        }
        _ => Vec::new(),
    };
    let Some(at) = position(at, items.len()) else {
        let beyond = integer(at, f64::floor);
        if beyond < 0 || crate::order::is_nan(at) {
            let old = Bounded::made(Value::Arr(items.into()), extent);
            return opt.fail(old, |old| Exn::from(Error::index(old, key.clone())));
        }
        return append(items, beyond.cast_unsigned(), extent, change);
    };
    match first(change, std::mem::take(&mut items[at]))? {
        Some(mut new) => {
            let extent = extent.containing(new.extent());
            items[at] = new.value;
            Ok(Bounded::made(Value::Arr(items.into()), extent))
        }
        None => {
            items.remove(at);
            Ok(Bounded::made(Value::Arr(items.into()), extent))
        }
    }
}

/// Puts an item beyond the end of an array.
fn append<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    mut items: Vec<Value>,
    at: usize,
    extent: Extent,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    let Some(mut new) = first(change, Value::Null)? else {
        return Ok(Bounded::made(Value::Arr(items.into()), extent));
    };
    let bytes = at.saturating_add(1).saturating_mul(size_of::<Value>());
    if bytes > meter::limits().value_bytes_max as usize {
        meter::too_large();
    }
    meter::charge(bytes - items.len() * size_of::<Value>());
    items.resize(at, Value::Null);
    let extent = Extent {
        bytes: extent.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)),
        ..extent
    };
    let extent = extent.containing(new.extent());
    items.push(new.value);
    Ok(Bounded::made(Value::Arr(items.into()), extent))
}

fn splice<'a, I: Iterator<Item = ValX<'a, Bounded>>>(
    mut items: Vec<Value>,
    bounds: &Bounds,
    inside: Value,
    change: impl Fn(Bounded) -> I,
) -> ValX<'a, Bounded> {
    let (skip, take) = bounds.skip_take(items.len());
    let new = match first(change, inside)?.map(|new| new.value) {
        None | Some(Value::Null) => Arc::default(),
        Some(Value::Arr(new)) => new,
        Some(other) => return Err(Exn::from(Error::typ(other.into(), "array"))),
    };
    items.splice(skip..skip + take, new.iter().cloned());
    meter::charge(items.len() * size_of::<Value>());
    let value = Value::Arr(items.into());
    let extent = Extent::of(&value);
    Ok(Bounded::made(value, extent))
}

fn integer(number: &Num, round: fn(f64) -> f64) -> isize {
    match number {
        Num::Int(int) => *int,
        Num::BigInt(_) if *number < Num::Int(0) => isize::MIN,
        Num::BigInt(_) => isize::MAX,
        // A cast of a float saturates.
        _ => jaq_std::ValT::as_f64(&Value::Num(number.clone())).map_or(0, |f| round(f) as isize),
    }
}
