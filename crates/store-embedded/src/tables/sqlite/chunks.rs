//! The persisted form of several chunks in one row of `history`.
//!
//! ```text
//! chunks := format:1 byte, now 1, chunk*
//! chunk  := position:varint (the first absolute, each later one as the distance from the one before)
//!           record_count:varint records:bytes
//! ```

use bytes::{Buf, Bytes};
use motet_store::Position;
use motet_store::memory::Chunk;

use crate::log::{put_bytes, put_varint, take_bytes, take_varint};
use crate::overlay::TailChunk;

const FORMAT: u8 = 1;

pub(super) fn encode(out: &mut Vec<u8>, chunks: &[TailChunk]) {
    out.push(FORMAT);
    let mut before = 0;
    for chunk in chunks {
        put_varint(out, chunk.position.0 - before);
        put_varint(out, u64::from(chunk.record_count));
        put_bytes(out, &chunk.records);
        before = chunk.position.0;
    }
}

/// The chunks of a row whose first record has this ordinal; `None` if the bytes are not their persisted form.
pub(super) fn decode(mut bytes: Bytes, mut first_record: u64) -> Option<Vec<Chunk>> {
    if !bytes.has_remaining() || bytes.get_u8() != FORMAT {
        return None;
    }
    let mut chunks = Vec::new();
    let mut position = 0_u64;
    while bytes.has_remaining() {
        position = position.checked_add(take_varint(&mut bytes)?)?;
        let record_count: u32 = take_varint(&mut bytes)?.try_into().ok()?;
        let records = take_bytes(&mut bytes)?;
        let position = Position(position);
        chunks.push(Chunk { first_record, position, record_count, records });
        first_record = first_record.checked_add(u64::from(record_count))?;
    }
    Some(chunks)
}
