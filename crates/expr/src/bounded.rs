//! The value type that jaq computes with: a [`Value`] whose every operation pays fuel and respects the limits.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use jaq_core::path::Opt;
use jaq_core::{Error, ValR, ValT, ValX};

use crate::value::Extent;
use crate::{EvalErrorKind, Num, Value, json, meter, order, update};

/// Longest rendering of a value inside an error message, in bytes.
const SHOWN_BYTES_MAX: usize = 160;

/// Largest integer, in bits (about 1,200 digits); longer ones would make arithmetic slow.
const INTEGER_BITS_MAX: u64 = 4096;

pub(crate) type BoundedR = ValR<Bounded>;

/// A value within the limits of the running evaluation.
#[derive(Clone, Debug)]
pub(crate) struct Bounded {
    pub(crate) value: Value,
    /// `None` if nobody has measured it yet, as for inputs and what was taken out of them.
    extent: Option<Extent>,
    /// Steps that led here inside `path(…)`, 0 outside. jaq keeps them in a list that is dropped recursively.
    steps: u16,
}

impl Bounded {
    /// A value just made; measured only where the estimate exceeds the limits.
    pub(crate) fn made(value: Value, extent: Extent) -> Self {
        let extent = if extent.fits() { extent } else { Extent::of(&value) };
        Self { value, extent: Some(extent), steps: 0 }
    }

    pub(crate) fn extent(&mut self) -> Extent {
        *self.extent.get_or_insert_with(|| match &self.value {
            Value::Null | Value::Bool(_) | Value::Num(Num::Int(_) | Num::Float(_)) => {
                Extent::SCALAR
            }
            value => Extent::of(value),
        })
    }

    /// The same value as the root of a path.
    pub(crate) fn root(self) -> Self {
        Self { steps: 1, ..self }
    }

    /// A number, unless it is an integer beyond all use.
    pub(crate) fn number(number: Num) -> Self {
        if let Num::BigInt(int) = &number {
            if int.bits() > INTEGER_BITS_MAX {
                meter::end(
                    EvalErrorKind::Size,
                    format!("the expression makes an integer of more than {INTEGER_BITS_MAX} bits"),
                );
            }
            meter::charge(usize::try_from(int.bits()).unwrap_or(usize::MAX));
        }
        Self::from(Value::Num(number))
    }

    /// Text; the bytes are repaired if they are not UTF-8.
    pub(crate) fn text(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        meter::charge(bytes.len());
        let bytes = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        Self::slice_of_text(bytes)
    }

    /// Text that shares its memory with other text.
    pub(crate) fn slice_of_text(bytes: Bytes) -> Self {
        let extent = Extent {
            bytes: u32::try_from(bytes.len().saturating_add(size_of::<Value>()))
                .unwrap_or(u32::MAX),
            depth: 0,
        };
        Self::made(Value::utf8_str(bytes), extent)
    }

    /// What was found inside this value by a step of a path.
    fn step(&self, value: Value) -> Self {
        Self::at(value, self.next_steps())
    }

    fn next_steps(&self) -> u16 {
        let steps = self.steps + u16::from(self.steps > 0);
        if steps > meter::limits().depth_max.saturating_add(1) {
            meter::end(EvalErrorKind::Depth, "a path of the expression has too many steps");
        }
        steps
    }

    fn at(value: Value, steps: u16) -> Self {
        Self { value, extent: None, steps }
    }

    fn slice(&self, range: Range<Option<&Self>>) -> Result<Value, Error<Self>> {
        let range = update::bounds(range)?;
        match &self.value {
            Value::TStr(bytes) => {
                let (skip, take) = update::text_slice(bytes, &range);
                Ok(Value::utf8_str(bytes.slice(skip..skip + take)))
            }
            Value::Arr(items) => {
                let (skip, take) = range.skip_take(items.len());
                meter::charge(take * size_of::<Value>());
                Ok(items[skip..skip + take].iter().cloned().collect())
            }
            Value::Null => Ok(Value::Null),
            _ => Err(Error::typ(self.clone(), "array or text")),
        }
    }

    fn indexed(&self, key: &Self) -> Result<Value, Error<Self>> {
        match (&self.value, &key.value) {
            (Value::Obj(map), Value::TStr(_)) => {
                Ok(map.get(&key.value).cloned().unwrap_or_default())
            }
            (Value::Arr(items), Value::Num(number)) => {
                let at = update::position(number, items.len());
                Ok(at.and_then(|at| items.get(at)).cloned().unwrap_or_default())
            }
            (Value::Null, Value::Null | Value::Num(_) | Value::TStr(_)) => Ok(Value::Null),
            (Value::Arr(_) | Value::TStr(_) | Value::Null, Value::Obj(range)) => {
                let bound = |name| range.get(&json::string(name)).cloned().map(Self::from);
                let (start, end) = (bound("start"), bound("end"));
                self.slice(start.as_ref()..end.as_ref())
            }
            (Value::Arr(items), Value::Arr(sought)) => Ok(crate::natives::indices(items, sought)),
            _ => Err(Error::index(self.clone(), key.clone())),
        }
    }
}

impl From<Value> for Bounded {
    fn from(value: Value) -> Self {
        Self::at(value, 0)
    }
}

impl From<bool> for Bounded {
    fn from(value: bool) -> Self {
        Value::Bool(value).into()
    }
}

impl From<isize> for Bounded {
    fn from(value: isize) -> Self {
        Value::from(value).into()
    }
}

impl From<usize> for Bounded {
    fn from(value: usize) -> Self {
        Value::from(value).into()
    }
}

impl From<f64> for Bounded {
    fn from(value: f64) -> Self {
        Value::from(value).into()
    }
}

impl From<String> for Bounded {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Range<Option<Self>>> for Bounded {
    fn from(range: Range<Option<Self>>) -> Self {
        let Range { start, end } = range;
        let range = start.map(|bound| bound.value)..end.map(|bound| bound.value);
        Value::from(range).into()
    }
}

impl FromIterator<Self> for Bounded {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let mut extent = Extent::EMPTY;
        let mut values = Vec::new();
        for mut item in items {
            meter::charge(size_of::<Value>());
            extent = extent.containing(item.extent());
            values.push(item.value);
            if !extent.fits() {
                // Estimates may have added up; the exact size decides, and ends the evaluation if it must.
                let so_far: Value = std::mem::take(&mut values).into_iter().collect();
                extent = Extent::of(&so_far);
                let Value::Arr(items) = so_far else { unreachable!("an array was collected") };
                values = update::owned(items);
            }
        }
        Self::made(Value::Arr(Arc::new(values)), extent)
    }
}

impl fmt::Display for Bounded {
    /// For error messages: shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match json::write(&mut text, SHOWN_BYTES_MAX, &self.value) {
            Ok(()) => f.write_str(&text),
            Err(json::Full) => {
                write!(f, "{}…", crate::error::shortened(&text, SHOWN_BYTES_MAX))
            }
        }
    }
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        order::equal(&self.value, &other.value)
    }
}

impl Eq for Bounded {}

impl PartialOrd for Bounded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bounded {
    fn cmp(&self, other: &Self) -> Ordering {
        order::compare(&self.value, &other.value)
    }
}

impl ValT for Bounded {
    fn from_num(text: &str) -> BoundedR {
        let number =
            Num::from_str_radix(text, 10).unwrap_or_else(|| Num::Dec(Arc::new(decimal(text))));
        Ok(Self::number(number))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> BoundedR {
        let mut extent = Extent::EMPTY;
        let mut map = crate::Map::default();
        for (mut key, mut value) in members {
            if !matches!(key.value, Value::TStr(_)) {
                return Err(Error::typ(key, "key of an object"));
            }
            meter::charge(3 * size_of::<Value>());
            extent = extent.containing(key.extent()).containing(value.extent());
            map.insert(key.value, value.value);
        }
        Ok(Self::made(Value::obj(map), extent))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Self, Self), Error<Self>>>> {
        match &self.value {
            Value::Arr(items) => {
                let (items, steps) = (Arc::clone(items), self.next_steps());
                Box::new(
                    (0..items.len())
                        .map(move |at| Ok((Self::from(at), Self::at(items[at].clone(), steps)))),
                )
            }
            Value::Obj(map) => {
                let (map, steps) = (Arc::clone(map), self.next_steps());
                Box::new((0..map.len()).map(move |at| {
                    let (key, value) = map.get_index(at).expect("the index is below the length");
                    Ok((Self::from(key.clone()), Self::at(value.clone(), steps)))
                }))
            }
            _ => Box::new(std::iter::once(Err(not_iterable(self)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = BoundedR>> {
        meter::charge(size_of::<Value>());
        match &self.value {
            Value::Arr(items) => {
                let (items, steps) = (Arc::clone(items), self.next_steps());
                Box::new((0..items.len()).map(move |at| Ok(Self::at(items[at].clone(), steps))))
            }
            Value::Obj(_) => Box::new(self.key_values().map(|member| member.map(|(_, v)| v))),
            _ => Box::new(std::iter::once(Err(not_iterable(self)))),
        }
    }

    fn index(self, key: &Self) -> BoundedR {
        self.indexed(key).map(|value| self.step(value))
    }

    fn range(self, range: Range<Option<&Self>>) -> BoundedR {
        self.slice(range).map(|value| self.step(value))
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::values(self, opt, change)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        key: &Self,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::index(self, key, opt, change)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        update::range(self, range, opt, change)
    }

    fn as_bool(&self) -> bool {
        self.value.as_bool()
    }

    fn into_string(self) -> Self {
        match &self.value {
            Value::TStr(_) => self,
            value => Self::from(printed(value)),
        }
    }
}

/// Compact JSON of a value, within the size limit.
pub(crate) fn printed(value: &Value) -> String {
    let mut text = String::new();
    match json::write(&mut text, meter::limits().value_bytes_max as usize, value) {
        Ok(()) => text,
        Err(json::Full) => meter::too_large(),
    }
}

/// The error for a value that has no members.
pub(crate) fn not_iterable(value: Bounded) -> Error<Bounded> {
    Error::typ(value, "array or object")
}

impl jaq_std::ValT for Bounded {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self.value {
            Value::Arr(items) => {
                meter::charge(items.len() * size_of::<Value>());
                Ok(items.iter().cloned().map(Self::from).collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.value.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.value.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        self.value.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.value.is_utf8_str()
    }

    /// Every function of jaq's library that reads text asks for its bytes: it pays here for reading them.
    fn as_bytes(&self) -> Option<&[u8]> {
        let bytes = self.value.as_bytes();
        meter::charge(bytes.map_or(0, <[u8]>::len) / 16);
        bytes
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        match &self.value {
            Value::TStr(text) => Self::slice_of_text(text.slice_ref(part)),
            _ => unreachable!("only text has parts"),
        }
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(Bytes::from_owner(bytes))
    }
}

/// A literal of jq as JSON writes it: jq takes leading zeros, JSON does not.
fn decimal(literal: &str) -> String {
    let digits = literal.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = literal.split_at(digits);
    let whole = whole.trim_start_matches('0');
    format!("{}{rest}", if whole.is_empty() { "0" } else { whole })
}
