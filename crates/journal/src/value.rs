//! JSON values, exactly: number texts, signs of zero and key order survive. A large value that is shared in memory is
//! written once per chunk, and is shared again after reading.
//!
//! A value begins with one byte: the kind in the low four bits, in the high ones a number below 15, or 15 if the number
//! follows as a varint.

use std::sync::Arc;

use bytes::Bytes;
use motet_expr::{Map, Num, Value, json};
use num_bigint::BigInt;

use crate::Error;
use crate::field::Item;
use crate::values::REFERRED_BYTES_MIN;
use crate::wire::{Reader, Wire, Writer, unzigzag, zigzag};

/// Deepest nesting of a value that is written or read: what an expression may give, and as much again for what the
/// engine wraps around it (the outputs of forks).
pub const VALUE_DEPTH_MAX: usize = 2 * json::DEPTH_MAX;

/// Texts, arrays and objects of at least this many encoded bytes are numbered, so that later ones may refer to them.
pub const SHARED_BYTES_MIN: usize = 64;

/// Items for which room is made before they are read: a count is only a claim.
const PREPARED_ITEMS_MAX: usize = 256;

/// The number follows the first byte.
const NUMBER_FOLLOWS: u64 = 15;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
/// Its number, the sign in the lowest bit.
const INTEGER: u8 = 3;
/// Length, two's complement from the lowest byte.
const BIG_INTEGER: u8 = 4;
/// Eight bytes follow: IEEE 754 binary64 from the lowest byte.
const FLOAT: u8 = 5;
/// Length, the number as it was written.
const DECIMAL: u8 = 6;
/// Length, UTF-8.
const TEXT: u8 = 7;
/// Length, bytes. No expression gives such a value; should one ever stand here, it is kept.
const BYTES: u8 = 8;
/// Count, items.
const ARRAY: u8 = 9;
/// Count, pairs of a text (length, UTF-8) and a value.
const OBJECT: u8 = 10;
/// The number of an earlier value of the chunk.
const SAME: u8 = 11;
/// How many records before this chunk another one begins, and the number of a value there (from format 2 on).
const EARLIER: u8 = 12;

/// What makes two values one in memory: where their content lies, and how long a text is.
pub(crate) type Identity = (usize, usize);

/// A value that was written.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) number: u64,
    height: usize,
}

/// A value that was read.
pub(crate) struct Shared {
    pub(crate) value: Value,
    pub(crate) height: usize,
}

impl Item for Value {
    const WIRE: Wire = Wire::Value;

    fn write(&self, writer: &mut Writer<'_>) {
        write(self, Within { level: 0, is_shared: false }, writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        read(reader)
    }

    fn default_item() -> Option<Self> {
        Some(Self::Null)
    }

    fn is_default(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Where a value stands that is written.
#[derive(Clone, Copy)]
struct Within {
    /// Containers around it.
    level: usize,
    /// One of them may stand elsewhere too, so what it holds may be taken out of it and come alone.
    is_shared: bool,
}

/// Writes a value; returns its height, 0 for what contains nothing.
fn write(value: &Value, within: Within, writer: &mut Writer<'_>) -> usize {
    let identity = shared_identity(value);
    if let Some(identity) = identity
        && let Some(height) = write_reference(identity, writer)
    {
        assert!(within.level + height <= VALUE_DEPTH_MAX, "a value is nested too deeply");
        return height;
    }
    let begin = writer.offset();
    let inside =
        Within { level: within.level + 1, is_shared: within.is_shared || identity.is_some() };
    let height = write_own(value, inside, writer);
    let bytes = writer.offset() - begin;
    if is_kept(value, bytes) {
        let may_come_alone = within.is_shared && bytes >= REFERRED_BYTES_MIN;
        if let Some(identity) = identity.or_else(|| own_identity(value).filter(|_| may_come_alone))
        {
            writer.written.insert(identity, Place { number: writer.kept, height });
            writer.remember(value, identity, bytes, height);
        }
        writer.kept += 1;
    }
    height
}

/// Refers to a value that was written before, in this chunk or in an earlier one.
fn write_reference(identity: Identity, writer: &mut Writer<'_>) -> Option<usize> {
    if let Some(place) = writer.written.get(&identity).copied() {
        head(SAME, place.number, writer);
        return Some(place.height);
    }
    let (place, height) = writer.earlier(identity)?;
    head(EARLIER, writer.first_record() - place.record, writer);
    writer.varint(place.number);
    Some(height)
}

/// Writes a value itself; its items stand `inside`.
fn write_own(value: &Value, inside: Within, writer: &mut Writer<'_>) -> usize {
    match value {
        Value::Null => head(NULL, 0, writer),
        Value::Bool(false) => head(FALSE, 0, writer),
        Value::Bool(true) => head(TRUE, 0, writer),
        Value::Num(number) => write_number(number, writer),
        Value::TStr(text) => write_bytes(TEXT, text, writer),
        Value::BStr(bytes) => write_bytes(BYTES, bytes, writer),
        Value::Arr(items) => {
            assert!(inside.level <= VALUE_DEPTH_MAX, "a value is nested too deeply");
            head(ARRAY, items.len() as u64, writer);
            let heights = items.iter().map(|item| write(item, inside, writer));
            return 1 + heights.fold(0, usize::max);
        }
        Value::Obj(map) => {
            assert!(inside.level <= VALUE_DEPTH_MAX, "a value is nested too deeply");
            head(OBJECT, map.len() as u64, writer);
            let heights = map.iter().map(|(key, value)| {
                write_key(key, writer);
                write(value, inside, writer)
            });
            return 1 + heights.fold(0, usize::max);
        }
    }
    0
}

fn write_number(number: &Num, writer: &mut Writer<'_>) {
    match number {
        Num::Int(int) => head(INTEGER, zigzag(*int as i64), writer),
        Num::BigInt(int) => write_bytes(BIG_INTEGER, &int.to_signed_bytes_le(), writer),
        Num::Float(float) => {
            head(FLOAT, 0, writer);
            writer.raw(&float.to_le_bytes());
        }
        Num::Dec(text) => write_bytes(DECIMAL, text.as_bytes(), writer),
    }
}

fn write_key(key: &Value, writer: &mut Writer<'_>) {
    // What leaves an expression or a parser is JSON (invariant of `motet-expr`), so there are no other keys.
    let Value::TStr(text) = key else { panic!("the key of an object is not a text: {key:?}") };
    writer.bytes(text);
}

fn write_bytes(kind: u8, bytes: &[u8], writer: &mut Writer<'_>) {
    head(kind, bytes.len() as u64, writer);
    writer.raw(bytes);
}

fn head(kind: u8, number: u64, writer: &mut Writer<'_>) {
    if number < NUMBER_FOLLOWS {
        writer.byte(kind | (number as u8) << 4);
    } else {
        writer.byte(kind | (NUMBER_FOLLOWS as u8) << 4);
        writer.varint(number);
    }
}

/// Identity of a value that may stand elsewhere too; `None` if this is the only pointer to its content.
pub(crate) fn shared_identity(value: &Value) -> Option<Identity> {
    let is_shared = match value {
        Value::Arr(items) => Arc::strong_count(items) > 1,
        Value::Obj(map) => Arc::strong_count(map) > 1,
        Value::TStr(text) => !text.is_unique(),
        _ => false,
    };
    own_identity(value).filter(|_| is_shared)
}

/// Identity of a value that others may point to.
fn own_identity(value: &Value) -> Option<Identity> {
    match value {
        Value::Arr(items) => Some((Arc::as_ptr(items).addr(), 0)),
        Value::Obj(map) => Some((Arc::as_ptr(map).addr(), 0)),
        Value::TStr(text) if text.len() >= SHARED_BYTES_MIN => {
            Some((text.as_ptr().addr(), text.len()))
        }
        _ => None,
    }
}

/// Whether a value of so many encoded bytes is numbered. Both directions decide it from the bytes alone.
fn is_kept(value: &Value, bytes: usize) -> bool {
    bytes >= SHARED_BYTES_MIN && matches!(value, Value::TStr(_) | Value::Arr(_) | Value::Obj(_))
}

/// A container that is not complete yet.
struct Open {
    begin: usize,
    /// Items still to come.
    left: u64,
    height: usize,
    items: Items,
}

enum Items {
    Array(Vec<Value>),
    /// With the key whose value comes next.
    Object(Map, Value),
}

/// Reads a value that stands outside of any other, with a stack of its own, so that no depth overflows the thread's.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Value, Error> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut begin = reader.offset();
        let (kind, number) = read_head(reader)?;
        if matches!(kind, ARRAY | OBJECT) && number > 0 {
            check_depth(open.len() + 1, reader)?;
            open.push(Open::new(kind, number, begin, reader)?);
            continue;
        }
        let (mut value, mut height) = match kind {
            SAME => same(number, open.len(), reader)?,
            EARLIER => earlier(number, open.len(), reader)?,
            _ => leaf(kind, number, open.len(), reader)?,
        };
        // Close everything that this value completes.
        loop {
            let bytes = reader.offset() - begin;
            if is_kept(&value, bytes) {
                reader.remember(&value, bytes, height);
            }
            let Some(mut container) = open.pop() else { return Ok(value) };
            container.add(value, height, reader)?;
            if container.left > 0 {
                open.push(container);
                break;
            }
            (begin, height) = (container.begin, container.height);
            value = container.items.close();
        }
    }
}

impl Open {
    fn new(kind: u8, count: u64, begin: usize, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let prepared = prepared(count, reader)?;
        let items = if kind == ARRAY {
            Items::Array(Vec::with_capacity(prepared))
        } else {
            let map = Map::with_capacity_and_hasher(prepared, Default::default());
            Items::Object(map, text(reader.bytes()?))
        };
        Ok(Self { begin, left: count, height: 1, items })
    }

    /// Takes the next item, and the key of the one after it.
    fn add(&mut self, item: Value, height: usize, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.left -= 1;
        self.height = self.height.max(height + 1);
        match &mut self.items {
            Items::Array(items) => items.push(item),
            Items::Object(map, key) => {
                if map.insert(std::mem::take(key), item).is_some() {
                    return Err(reader.malformed("an object has a key twice"));
                }
                if self.left > 0 {
                    *key = text(reader.bytes()?);
                }
            }
        }
        Ok(())
    }
}

impl Items {
    fn close(self) -> Value {
        match self {
            Self::Array(items) => Value::Arr(Arc::new(items)),
            Self::Object(map, _) => Value::Obj(Arc::new(map)),
        }
    }
}

fn read_head(reader: &mut Reader<'_>) -> Result<(u8, u64), Error> {
    let first = reader.byte()?;
    let number = match u64::from(first >> 4) {
        NUMBER_FOLLOWS => reader.varint()?,
        number => number,
    };
    Ok((first & 0x0f, number))
}

/// A value without parts, `level` containers deep, with its height.
fn leaf(
    kind: u8,
    number: u64,
    level: usize,
    reader: &mut Reader<'_>,
) -> Result<(Value, usize), Error> {
    let value = match (kind, number) {
        (NULL, 0) => Value::Null,
        (FALSE, 0) => Value::Bool(false),
        (TRUE, 0) => Value::Bool(true),
        (INTEGER, _) => Value::Num(Num::Int(integer(number, reader)?)),
        (BIG_INTEGER, _) => {
            Value::Num(Num::big_int(BigInt::from_signed_bytes_le(reader.raw(number)?)))
        }
        (FLOAT, 0) => Value::Num(Num::Float(float(reader)?)),
        (DECIMAL, _) => Value::Num(Num::Dec(decimal(number, reader)?)),
        (TEXT, _) => text(reader.raw(number)?),
        (BYTES, _) => Value::BStr(Box::new(Bytes::copy_from_slice(reader.raw(number)?))),
        (ARRAY, 0) => return empty(Value::Arr(Arc::default()), level, reader),
        (OBJECT, 0) => return empty(Value::Obj(Arc::default()), level, reader),
        _ => return Err(reader.malformed("a value has an unknown kind")),
    };
    Ok((value, 0))
}

fn empty(value: Value, level: usize, reader: &Reader<'_>) -> Result<(Value, usize), Error> {
    check_depth(level + 1, reader)?;
    Ok((value, 1))
}

/// How many items of a container to make room for.
fn prepared(count: u64, reader: &Reader<'_>) -> Result<usize, Error> {
    match usize::try_from(count) {
        // Each item takes a byte at least.
        Ok(count) if count <= reader.remaining() => Ok(count.min(PREPARED_ITEMS_MAX)),
        _ => Err(Error::Truncated { offset: reader.offset() }),
    }
}

fn check_depth(depth: usize, reader: &Reader<'_>) -> Result<(), Error> {
    if depth <= VALUE_DEPTH_MAX {
        Ok(())
    } else {
        Err(reader.malformed("a value is nested too deeply"))
    }
}

fn same(number: u64, level: usize, reader: &Reader<'_>) -> Result<(Value, usize), Error> {
    let shared = usize::try_from(number).ok().and_then(|number| reader.kept.get(number));
    let Some(Shared { value, height }) = shared else {
        return Err(reader.malformed("a value refers to one that was not there"));
    };
    check_depth(level + height, reader)?;
    Ok((value.clone(), *height))
}

fn earlier(back: u64, level: usize, reader: &mut Reader<'_>) -> Result<(Value, usize), Error> {
    let number = reader.varint()?;
    let (value, height) = reader.earlier(back, number)?;
    check_depth(level + height, reader)?;
    Ok((value, height))
}

fn integer(number: u64, reader: &Reader<'_>) -> Result<isize, Error> {
    let out_of_range = |_| reader.malformed("an integer is out of this machine's range");
    isize::try_from(unzigzag(number)).map_err(out_of_range)
}

fn float(reader: &mut Reader<'_>) -> Result<f64, Error> {
    let bytes = reader.raw(8)?.try_into().expect("eight bytes were taken");
    Ok(f64::from_le_bytes(bytes))
}

/// The text of a number. Arithmetic relies on its form, so nothing else is let in.
fn decimal(length: u64, reader: &mut Reader<'_>) -> Result<Arc<String>, Error> {
    let bytes = reader.raw(length)?;
    let text = std::str::from_utf8(bytes).ok().filter(|text| {
        let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        text.bytes().all(is_part) && text.parse::<f64>().is_ok()
    });
    let text = text.ok_or_else(|| reader.malformed("a decimal is not a number"))?;
    Ok(Arc::new(text.to_owned()))
}

fn text(bytes: &[u8]) -> Value {
    Value::TStr(Box::new(Bytes::copy_from_slice(bytes)))
}
