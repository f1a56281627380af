//! Built-in functions that jaq offers only for its own value type, or not safely.

mod at_paths;
mod regex;

use std::sync::Arc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::native::{Filter, bome, unary, v};
use jaq_core::{Bind, Cv, Error, Exn, RunPtr, ValX};

use crate::bounded::{Bounded, BoundedR, printed};
use crate::library::Jq;
use crate::order::{compare, equal, is_nan};
use crate::{Num, Value, json, meter};

/// All functions of this module; names with `@` are reachable from our own definitions only.
pub(crate) fn natives() -> Box<[Filter<RunPtr<Jq>>]> {
    let f = || -> Box<[Bind]> { [Bind::Fun(())].into() };
    Box::new([
        ("path", f(), |cv| Box::new(paths(cv, |path, _| path))),
        ("path_value", f(), |cv| {
            Box::new(paths(cv, |path, value| [path, value].into_iter().collect()))
        }),
        ("range", v(3), range),
        ("now", v(0), |cv| {
            let micros = cv.0.data().now().as_micros();
            bome(Ok(Bounded::from(micros as f64 / 1e6)))
        }),
        // jaq divides by zero for these, which is an error here.
        ("nan", v(0), |_| bome(Ok(Bounded::from(f64::NAN)))),
        ("infinite", v(0), |_| bome(Ok(Bounded::from(f64::INFINITY)))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("isnan", v(0), |cv| {
            bome(match &cv.1.value {
                Value::Num(number) => Ok(is_nan(number).into()),
                _ => Err(Error::typ(cv.1, "number")),
            })
        }),
        ("tojson", v(0), |cv| bome(Ok(printed(&cv.1.value).into()))),
        ("fromjson", v(0), |cv| bome(from_json(cv.1))),
        ("implode", v(0), |cv| bome(implode(cv.1))),
        ("has", v(1), |cv| unary(cv, |value, key| has(value, &key))),
        ("contains", v(1), |cv| {
            unary(cv, |value, part| Ok(contains(&value.value, &part.value).into()))
        }),
        ("indices", v(1), |cv| unary(cv, all_indices)),
        ("delpaths", v(1), |cv| unary(cv, at_paths::paths)),
        ("setpath", v(2), |mut cv| {
            let new = cv.0.pop_var();
            let path = cv.0.pop_var();
            bome(at_paths::set(cv.1, &path, &new))
        }),
        ("@match", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let pattern = cv.0.pop_var();
            bome(regex::matches(cv.1, &pattern, &flags))
        }),
        ("bsearch", v(1), |cv| unary(cv, binary_search)),
    ])
}

/// The positions at which `sought` begins inside `items`.
pub(crate) fn indices(items: &[Value], sought: &[Value]) -> Value {
    if sought.is_empty() {
        return Value::Null;
    }
    let begins = |window: &[Value]| window.iter().zip(sought).all(|(l, r)| equal(l, r));
    let windows = items.windows(sought.len()).enumerate();
    windows.filter(|(_, window)| begins(window)).map(|(at, _)| Value::from(at)).collect()
}

fn paths<'a>(
    mut cv: Cv<'a, Jq>,
    shape: impl Fn(Bounded, Bounded) -> Bounded + 'a,
) -> impl Iterator<Item = ValX<'a, Bounded>> {
    let (filter, context) = cv.0.pop_fun();
    let start = (context, (cv.1.root(), Default::default()));
    filter.paths(start).map(move |found| {
        let (value, path) = found?;
        let mut path: Vec<Bounded> = path.iter().cloned().collect();
        path.reverse();
        let path = path.into_iter().collect();
        Ok(shape(path, Bounded::from(value.value)))
    })
}

/// `range($from; $to; $by)`: pays for every number, so that nothing loops for free.
fn range(mut cv: Cv<'_, Jq>) -> BoxIter<'_, ValX<'_, Bounded>> {
    let by = cv.0.pop_var().value;
    let to = cv.0.pop_var().value;
    let from = cv.0.pop_var().value;
    for bound in [&from, &to, &by] {
        if !matches!(bound, Value::Num(_)) {
            let error = Error::typ(bound.clone().into(), "bound of a range");
            return box_once(Err(Exn::from(error)));
        }
    }
    let (Value::Num(mut at), Value::Num(to), Value::Num(by)) = (from, to, by) else {
        unreachable!("checked above")
    };
    let up = by > Num::Int(0);
    let still = by == Num::Int(0);
    Box::new(std::iter::from_fn(move || {
        meter::charge(meter::GRAINS_PER_FUEL as usize / 2);
        let inside = !still && if up { at < to } else { at > to };
        inside.then(|| {
            let next = Bounded::number(at.clone() + by.clone());
            let Value::Num(next) = next.value else { unreachable!("a sum of numbers is a number") };
            Ok(Bounded::from(Value::Num(std::mem::replace(&mut at, next))))
        })
    }))
}

fn length(value: Bounded) -> BoundedR {
    match &value.value {
        Value::Null => Ok(0_usize.into()),
        Value::Bool(_) => Err(Error::typ(value, "something that has a length")),
        Value::Num(number) if *number < Num::Int(0) => -value,
        Value::Num(_) => Ok(value),
        Value::TStr(text) | Value::BStr(text) => {
            meter::charge(text.len() / 4);
            Ok(String::from_utf8_lossy(text).chars().count().into())
        }
        Value::Arr(items) => Ok(items.len().into()),
        Value::Obj(map) => Ok(map.len().into()),
    }
}

fn from_json(text: Bounded) -> BoundedR {
    let Value::TStr(bytes) = &text.value else {
        return Err(Error::typ(text, "text"));
    };
    let limits = meter::limits();
    meter::charge(bytes.len() * 2);
    let limits = json::Limits {
        bytes_max: limits.value_bytes_max as usize,
        depth_max: limits.depth_max as usize,
    };
    match &bytes[..] {
        b"nan" | b"NaN" => Ok(f64::NAN.into()),
        bytes => match json::parse(bytes, limits) {
            Ok(value) => {
                let extent = crate::value::Extent::of(&value);
                Ok(Bounded::made(value, extent))
            }
            Err(error) => Err(Error::str(format_args!("cannot read {text} as JSON: {error}"))),
        },
    }
}

fn implode(points: Bounded) -> BoundedR {
    let Value::Arr(items) = &points.value else {
        return Err(Error::typ(points, "array of code points"));
    };
    meter::charge(items.len() * 4);
    let character = |item: &Value| match item {
        Value::Num(Num::Int(point)) => u32::try_from(*point).ok().and_then(char::from_u32),
        _ => None,
    };
    match items.iter().map(character).collect::<Option<String>>() {
        Some(text) => Ok(text.into()),
        None => Err(Error::typ(points, "array of code points")),
    }
}

fn has(value: Bounded, key: &Bounded) -> BoundedR {
    match (&value.value, &key.value) {
        (Value::Obj(map), Value::TStr(_)) => Ok(map.contains_key(&key.value).into()),
        (Value::Arr(items), Value::Num(at)) => {
            let negative = *at < Num::Int(0);
            Ok((!negative && crate::update::position(at, items.len()).is_some()).into())
        }
        _ => Err(Error::index(value, key.clone())),
    }
}

fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::TStr(whole), Value::TStr(part)) => {
            meter::charge(whole.len());
            let texts = std::str::from_utf8(whole).ok().zip(std::str::from_utf8(part).ok());
            texts.is_some_and(|(whole, part)| whole.contains(part))
        }
        (Value::Arr(whole), Value::Arr(part)) => {
            part.iter().all(|part| whole.iter().any(|whole| contains(whole, part)))
        }
        (Value::Obj(whole), Value::Obj(part)) => part.iter().all(|(key, part)| {
            meter::charge(meter::GRAINS_PER_FUEL as usize / 4);
            whole.get(key).is_some_and(|whole| contains(whole, part))
        }),
        _ => equal(whole, part),
    }
}

fn all_indices(value: Bounded, part: Bounded) -> BoundedR {
    match (&value.value, &part.value) {
        (Value::Null, _) => Ok(value),
        (Value::TStr(text), Value::TStr(sought)) => {
            let (Ok(text), Ok(sought)) = (std::str::from_utf8(text), std::str::from_utf8(sought))
            else {
                unreachable!("text is UTF-8")
            };
            if sought.is_empty() {
                return Ok(Value::Null.into());
            }
            meter::charge(text.len().saturating_mul(1 + sought.len() / 8));
            let starts = text.char_indices().enumerate();
            let found = starts.filter(|(_, (at, _))| text[*at..].starts_with(sought));
            Ok(found.map(|(at, _)| Bounded::from(at)).collect())
        }
        (Value::Arr(items), Value::Arr(sought)) => Ok(indices(items, sought).into()),
        (Value::Arr(items), sought) => {
            let found = items.iter().enumerate().filter(|(_, item)| equal(item, sought));
            Ok(found.map(|(at, _)| Bounded::from(at)).collect())
        }
        _ => Err(Error::index(value, part)),
    }
}

fn binary_search(items: Bounded, sought: Bounded) -> BoundedR {
    let Value::Arr(sorted) = &items.value else {
        return Err(Error::typ(items, "array"));
    };
    let sorted = Arc::clone(sorted);
    let found = sorted.binary_search_by(|probe| compare(probe, &sought.value));
    Ok(match found {
        Ok(at) => at.into(),
        Err(at) => Bounded::from(-1 - at.cast_signed()),
    })
}
