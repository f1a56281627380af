//! The persisted form of commits inside a frame.
//!
//! ```text
//! commit   := shard:varint epoch:varint entity:16 bytes
//!             record_count:varint records:bytes
//!             snapshot:varint (0 = none, else length + 1) snapshot bytes
//!             rows:varint change*
//! change   := kind:varint (table number × 2, + 1 for a removal; 131072 to forget the entity, without values;
//!                          131074 to cut its history, with two integers)
//!             values:varint value*
//! value    := 0 null | 1 text:bytes | 2 blob:bytes | 8 + n, n bytes of the zigzag integer, little-endian, n = 0..8
//! bytes    := length:varint, then that many bytes
//! varint   := LEB128, unsigned, at most 10 bytes
//! ```

use bytes::{Buf, Bytes};
use motet_store::{Commit, Entity, Epoch, RowChange, TableId, Value};
use motet_types::ShardId;

const NULL: u8 = 0;
const TEXT: u8 = 1;
const BLOB: u8 = 2;
const INT: u8 = 8;

/// The kind of a change that forgets the entity: no table has a number so high.
const FORGET: u64 = (u16::MAX as u64 + 1) << 1;

/// The kind of a change that cuts the history: from and to follow as values.
const CUT: u64 = FORGET + 2;

/// Appends the persisted form of a commit; at most `commit.size_bound()` bytes.
pub(super) fn encode_commit(out: &mut Vec<u8>, commit: &Commit) {
    put_varint(out, u64::from(commit.shard.0));
    put_varint(out, commit.epoch.0);
    out.extend_from_slice(&commit.entity.0);
    put_varint(out, u64::from(commit.record_count));
    put_bytes(out, &commit.records);
    match &commit.snapshot {
        None => put_varint(out, 0),
        Some(snapshot) => {
            put_varint(out, snapshot.len() as u64 + 1);
            out.extend_from_slice(snapshot);
        }
    }
    put_varint(out, commit.rows.len() as u64);
    for change in &commit.rows {
        let ordinals;
        let (kind, values) = match change {
            RowChange::Put { table, row } => (u64::from(table.0) << 1, row.as_slice()),
            RowChange::Delete { table, key } => ((u64::from(table.0) << 1) | 1, key.as_slice()),
            RowChange::Forget => (FORGET, &[][..]),
            RowChange::Cut { from, to } => {
                ordinals = [from, to].map(|ordinal| Value::Int(ordinal.cast_signed()));
                (CUT, &ordinals[..])
            }
        };
        put_varint(out, kind);
        put_varint(out, values.len() as u64);
        values.iter().for_each(|value| put_value(out, value));
    }
}

/// Takes one commit off the front of `bytes`; `None` if they are not its persisted form.
pub(super) fn decode_commit(bytes: &mut Bytes) -> Option<Commit> {
    let shard = ShardId(take_varint(bytes)?.try_into().ok()?);
    let epoch = Epoch(take_varint(bytes)?);
    let entity = Entity(take(bytes, 16)?.as_ref().try_into().ok()?);
    let record_count = take_varint(bytes)?.try_into().ok()?;
    let records = take_bytes(bytes)?;
    let snapshot = match take_varint(bytes)? {
        0 => None,
        length => Some(take(bytes, length - 1)?),
    };
    let count = take_varint(bytes)?;
    let rows = take_many(bytes, count, take_change)?;
    Some(Commit { shard, epoch, entity, records, record_count, snapshot, rows })
}

/// Appends an unsigned LEB128 integer.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes an unsigned LEB128 integer off the front.
pub(crate) fn take_varint(bytes: &mut Bytes) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(bytes)?;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Appends a length and that many bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes a length and that many bytes off the front, without copying them.
pub(crate) fn take_bytes(bytes: &mut Bytes) -> Option<Bytes> {
    let length = take_varint(bytes)?;
    take(bytes, length)
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Text(text) => {
            out.push(TEXT);
            put_bytes(out, text.as_bytes());
        }
        Value::Blob(blob) => {
            out.push(BLOB);
            put_bytes(out, blob);
        }
        Value::Int(int) => {
            let zigzag = ((int << 1) ^ (int >> 63)) as u64;
            let length = (u64::BITS - zigzag.leading_zeros()).div_ceil(8) as usize;
            out.push(INT + length as u8);
            out.extend_from_slice(&zigzag.to_le_bytes()[..length]);
        }
    }
}

fn take_change(bytes: &mut Bytes) -> Option<RowChange> {
    let kind = take_varint(bytes)?;
    let count = take_varint(bytes)?;
    if kind == FORGET {
        return (count == 0).then_some(RowChange::Forget);
    }
    if kind == CUT {
        let (Value::Int(from), Value::Int(to), 2) = (take_value(bytes)?, take_value(bytes)?, count)
        else {
            return None;
        };
        return Some(RowChange::Cut { from: from.cast_unsigned(), to: to.cast_unsigned() });
    }
    let table = TableId((kind >> 1).try_into().ok()?);
    let values = take_many(bytes, count, take_value)?;
    Some(match kind & 1 {
        0 => RowChange::Put { table, row: values },
        _ => RowChange::Delete { table, key: values },
    })
}

fn take_value(bytes: &mut Bytes) -> Option<Value> {
    match take_byte(bytes)? {
        NULL => Some(Value::Null),
        TEXT => Some(Value::Text(String::from_utf8(take_bytes(bytes)?.to_vec()).ok()?)),
        BLOB => Some(Value::Blob(take_bytes(bytes)?)),
        tag @ INT..=16 => {
            let length = usize::from(tag - INT);
            let mut buffer = [0; 8];
            buffer[..length].copy_from_slice(&take(bytes, length as u64)?);
            let zigzag = u64::from_le_bytes(buffer);
            Some(Value::Int((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)))
        }
        _ => None,
    }
}

/// Takes `count` items of at least one byte each: a count beyond the bytes left is wrong, and allocates nothing.
fn take_many<T>(
    bytes: &mut Bytes,
    count: u64,
    item: fn(&mut Bytes) -> Option<T>,
) -> Option<Vec<T>> {
    if count > bytes.len() as u64 {
        return None;
    }
    (0..count).map(|_| item(bytes)).collect()
}

fn take_byte(bytes: &mut Bytes) -> Option<u8> {
    bytes.has_remaining().then(|| bytes.get_u8())
}

fn take(bytes: &mut Bytes, length: u64) -> Option<Bytes> {
    let length = usize::try_from(length).ok()?;
    (length <= bytes.len()).then(|| bytes.split_to(length))
}
