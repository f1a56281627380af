//! The write-ahead log: frames in segments.

mod append;
mod codec;
mod frame;
mod pool;
mod recover;
mod segment;
mod survey;

pub(crate) use append::Log;
pub(crate) use codec::{put_bytes, put_varint, take_bytes, take_varint};
pub(crate) use frame::Frame;
pub(crate) use pool::Pool;
pub use recover::Opening;
pub(crate) use recover::{Old, aside_name, recover, restart};
pub(crate) use segment::is_segment_name;
pub(crate) use survey::{Survey, survey};

/// The commits of the frame at the front of `bytes`; `None` unless a whole valid one is there. Never panics: fuzzed.
pub fn read_frame(bytes: bytes::Bytes) -> Option<Vec<motet_store::Commit>> {
    Frame::decode(bytes)?.commits()
}

#[cfg(test)]
mod tests;
