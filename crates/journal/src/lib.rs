//! The versioned wire form of the engine's records and snapshots, and of what shards tell each other.
//!
//! ```text
//! chunk   = format content item*          one byte each, then the items
//! message = (tag field)* 0                tag = field number << 3 | wire type
//! variant = number message                which arm of an enum, then its fields
//! ```
//!
//! Fields are numbered as in Protocol Buffers: a reader skips numbers that it does not know and takes the default of
//! fields that are absent, so a version reads what the versions beside it write as long as fields were only added.
//! Numbers of fields and of variants are never used again for something else. `docs/journal.md` has every byte.
//!
//! The crate deliberately knows no storage and no checksums (whoever stores a chunk guards it against damage), and
//! keeps nothing between two calls.
//!
//! Invariants: what was encoded decodes to exactly the same, numbers and key order included; encoding that again gives
//! the same bytes; no bytes make decoding panic, overflow the stack or take memory out of proportion to their length.

mod catalog;
mod chunk;
mod error;
mod event;
mod field;
mod input;
mod job;
mod message;
mod record;
mod request;
mod scalar;
mod schedule;
mod snapshot;
mod value;
mod values;
mod wire;

use motet_engine::event::Event;
use motet_engine::listen::Subscription;
use motet_engine::schedule::SetHead;
use motet_engine::{Catalog, CatalogRecord, Input, Instance, Record, Schedule};

pub use chunk::FORMAT;
pub use error::Error;
pub use message::Message;
pub use value::{SHARED_BYTES_MIN, VALUE_DEPTH_MAX};
pub use values::{BLOCK_RECORDS, REFERRED_BYTES_MIN, Values};

use chunk::Content;

/// Appends a chunk of records to `out`; no records are no bytes.
///
/// # Panics
/// A value is nested deeper than [`VALUE_DEPTH_MAX`], an object of it has a key that is no text, or inputs that met a
/// defect are within each other dozens of times: what the engine never makes, and what could not be read again.
pub fn encode_records(records: &[Record], out: &mut Vec<u8>) {
    chunk::encode_records(records, out);
}

/// The records of a chunk; no bytes are no records.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_records`] writes.
pub fn decode_records(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    chunk::decode_records(bytes)
}

/// Appends the records of one commit of a history, of which `values` knows the large values; no records are no bytes.
///
/// `first_record` is the ordinal of the first one. Every chunk and every snapshot of the history has to go through the same
/// `values`, in order; after a failure to store one they are of no use any more.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_history(
    records: &[Record],
    first_record: u64,
    values: &mut Values,
    out: &mut Vec<u8>,
) {
    chunk::encode_history(records, first_record, values, out);
}

/// The records of a chunk of a history, whose large values come to be known.
///
/// # Errors
/// [`Error::Elsewhere`] where a value stands in a chunk that has not gone through `values`: once that has, the same call
/// succeeds. Else as [`decode_records`].
pub fn decode_history(
    bytes: &[u8],
    first_record: u64,
    values: &mut Values,
) -> Result<Vec<Record>, Error> {
    chunk::decode_history(bytes, first_record, values)
}

/// Appends the whole state of an instance, with the places of its large values: chunks that follow may refer to them, and
/// can be read after the snapshot alone.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_snapshot(instance: &Instance, values: &mut Values, out: &mut Vec<u8>) {
    chunk::encode_snapshot(instance, values, out);
}

/// The state of an instance; `values` knows afterwards what chunks behind the snapshot may refer to.
///
/// # Errors
/// As [`decode_instance`].
pub fn decode_snapshot(bytes: &[u8], values: &mut Values) -> Result<Instance, Error> {
    chunk::decode_snapshot(bytes, values)
}

/// Appends the whole state of an instance to `out`.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_instance(instance: &Instance, out: &mut Vec<u8>) {
    chunk::encode(Content::Instance, instance, out);
}

/// The state of an instance.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_instance`] writes.
pub fn decode_instance(bytes: &[u8]) -> Result<Instance, Error> {
    chunk::decode_snapshot(bytes, &mut Values::default())
}

/// Appends a chunk of the catalog's records to `out`; no records are no bytes.
pub fn encode_catalog_records(records: &[CatalogRecord], out: &mut Vec<u8>) {
    chunk::encode_all(Content::CatalogRecords, records, out);
}

/// The catalog's records of a chunk; no bytes are no records.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_catalog_records`] writes.
pub fn decode_catalog_records(bytes: &[u8]) -> Result<Vec<CatalogRecord>, Error> {
    chunk::decode_all(Content::CatalogRecords, bytes)
}

/// Appends the whole state of the catalog to `out`.
pub fn encode_catalog(catalog: &Catalog, out: &mut Vec<u8>) {
    chunk::encode(Content::Catalog, catalog, out);
}

/// The state of the catalog.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_catalog`] writes.
pub fn decode_catalog(bytes: &[u8]) -> Result<Catalog, Error> {
    chunk::decode(Content::Catalog, bytes)
}

/// Appends a message between shards to `out`.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_message(message: &Message, out: &mut Vec<u8>) {
    chunk::encode(Content::Message, message, out);
}

/// The message between shards.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_message`] writes.
pub fn decode_message(bytes: &[u8]) -> Result<Message, Error> {
    chunk::decode(Content::Message, bytes)
}

/// Appends an input to `out`; incidents keep the one that an instance could not take.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_input(input: &Input, out: &mut Vec<u8>) {
    chunk::encode(Content::Input, input, out);
}

/// The input.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_input`] writes.
pub fn decode_input(bytes: &[u8]) -> Result<Input, Error> {
    chunk::decode(Content::Input, bytes)
}

/// Appends an event to `out`; topics keep them.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    chunk::encode(Content::Event, event, out);
}

/// The event.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_event`] writes.
pub fn decode_event(bytes: &[u8]) -> Result<Event, Error> {
    chunk::decode(Content::Event, bytes)
}

/// Appends a listen as topics know it to `out`.
///
/// # Panics
/// As [`encode_records`].
pub fn encode_subscription(subscription: &Subscription, out: &mut Vec<u8>) {
    chunk::encode(Content::Subscription, subscription, out);
}

/// The listen.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_subscription`] writes.
pub fn decode_subscription(bytes: &[u8]) -> Result<Subscription, Error> {
    chunk::decode(Content::Subscription, bytes)
}

/// Appends the whole state of a workflow's schedule to `out`.
pub fn encode_schedule(schedule: &Schedule, out: &mut Vec<u8>) {
    chunk::encode(Content::Schedule, schedule, out);
}

/// The state of a workflow's schedule.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_schedule`] writes.
pub fn decode_schedule(bytes: &[u8]) -> Result<Schedule, Error> {
    chunk::decode(Content::Schedule, bytes)
}

#[cfg(test)]
mod tests;

/// Appends what is known of a set of gathered events to `out`.
pub fn encode_set_head(head: &SetHead, out: &mut Vec<u8>) {
    chunk::encode(Content::SetHead, head, out);
}

/// What is known of a set of gathered events.
///
/// # Errors
/// The format is newer, or the bytes are not what [`encode_set_head`] writes.
pub fn decode_set_head(bytes: &[u8]) -> Result<SetHead, Error> {
    chunk::decode(Content::SetHead, bytes)
}
