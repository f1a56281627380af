//! One frame: the group of commits that one sync covers.
//!
//! ```text
//! offset  bytes  field (integers are little-endian)
//!      0      4  magic "mfrm"
//!      4      1  format of the payload, now 1
//!      5      3  reserved, zero
//!      8      8  id of the segment, random for each use of a segment: a recycled one holds old valid frames
//!     16      8  sequence: position of the first commit; the others follow without a gap
//!     24      4  number of commits, at least 1
//!     28      4  length of the payload, in bytes
//!     32      4  CRC-32C (Castagnoli; RFC 3720 appendix B.4) over bytes 0..32 and the payload
//!     36      n  payload: the commits
//!    ...         zeros to the next multiple of 4096: every frame begins on a block of its own
//! ```

use std::io;

use bytes::Bytes;
use motet_store::{Commit, Position};

use super::codec::{decode_commit, encode_commit};
use super::segment::BLOCK;
use crate::disk::{DiskFile, read_exact_at};

/// Bytes before the payload.
pub(super) const HEADER_BYTES: usize = 36;

/// Newest format of the payload that is understood.
pub(super) const FORMAT: u8 = 1;

const MAGIC: [u8; 4] = *b"mfrm";
const CHECKED_BYTES: usize = 32;

/// A frame as it stands in a segment, its checksum verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) segment_id: u64,
    /// Position of the first commit.
    pub(crate) sequence: u64,
    pub(crate) commits: u32,
    pub(crate) format: u8,
    pub(crate) payload: Bytes,
}

/// What a frame's first bytes say, before its checksum is verified.
#[derive(Clone, Copy, Debug)]
struct Header {
    segment_id: u64,
    sequence: u64,
    commits: u32,
    format: u8,
    length: u32,
    checksum: u32,
}

impl Frame {
    /// Reads the frame that begins at `offset`; `None` unless a whole valid one does.
    pub(crate) fn read(file: &dyn DiskFile, offset: u64) -> io::Result<Option<Self>> {
        let mut block = vec![0; BLOCK];
        if !read_exact_at(file, offset, &mut block)? {
            return Ok(None);
        }
        let Some(header) = Header::parse(&block) else {
            return Ok(None);
        };
        let room = file.bytes()?.saturating_sub(offset);
        let bytes = HEADER_BYTES as u64 + u64::from(header.length);
        if bytes > room {
            return Ok(None);
        }
        let bytes = bytes as usize;
        if bytes > BLOCK {
            block.resize(bytes, 0);
            if !read_exact_at(file, offset + BLOCK as u64, &mut block[BLOCK..])? {
                return Ok(None);
            }
        }
        block.truncate(bytes);
        Ok(Self::decode(Bytes::from(block)))
    }

    /// The frame at the front of `bytes`; `None` unless a whole valid one is there. Never panics.
    pub(crate) fn decode(bytes: Bytes) -> Option<Self> {
        let header = Header::parse(&bytes)?;
        let end = HEADER_BYTES.checked_add(header.length as usize)?;
        if end > bytes.len() {
            return None;
        }
        let payload = bytes.slice(HEADER_BYTES..end);
        let checksum = checksum(&bytes[..CHECKED_BYTES], &payload);
        (checksum == header.checksum).then_some(Self {
            segment_id: header.segment_id,
            sequence: header.sequence,
            commits: header.commits,
            format: header.format,
            payload,
        })
    }

    /// The commits, which keep the payload in memory; `None` if it is not their persisted form.
    pub(crate) fn commits(&self) -> Option<Vec<Commit>> {
        let mut payload = self.payload.clone();
        if u64::from(self.commits) > payload.len() as u64 {
            return None;
        }
        let commits = (0..self.commits).map(|_| decode_commit(&mut payload)).collect();
        if payload.is_empty() { commits } else { None }
    }

    /// Position of the last commit.
    pub(crate) fn last(&self) -> Position {
        Position(self.sequence + u64::from(self.commits) - 1)
    }

    /// Bytes it takes in a segment, padding included.
    pub(crate) fn stored_bytes(&self) -> u64 {
        stored_bytes(self.payload.len())
    }

    /// Appends the same commits as a frame of another segment.
    pub(super) fn encode_for(&self, segment_id: u64, out: &mut Vec<u8>) {
        let start = begin(out);
        out.extend_from_slice(&self.payload);
        finish(out, start, segment_id, self.sequence, self.commits, self.format);
    }
}

/// Appends a frame of these commits, padded to whole blocks.
pub(super) fn encode<'c>(
    out: &mut Vec<u8>,
    segment_id: u64,
    sequence: u64,
    commits: impl Iterator<Item = &'c Commit>,
) {
    let start = begin(out);
    let mut count = 0;
    for commit in commits {
        encode_commit(out, commit);
        count += 1;
    }
    finish(out, start, segment_id, sequence, count, FORMAT);
}

/// Whether a block begins as a frame does, valid or not.
pub(super) fn may_begin(block: &[u8]) -> bool {
    Header::parse(block).is_some()
}

/// Whether a frame of this segment was begun at `offset`.
pub(super) fn begins_at(file: &dyn DiskFile, offset: u64, segment_id: u64) -> io::Result<bool> {
    let mut header = [0; HEADER_BYTES];
    let read = read_exact_at(file, offset, &mut header)?;
    Ok(read && Header::parse(&header).is_some_and(|header| header.segment_id == segment_id))
}

/// Bytes that a payload takes in a segment, header and padding included.
pub(super) fn stored_bytes(payload: usize) -> u64 {
    ((HEADER_BYTES + payload) as u64).next_multiple_of(BLOCK as u64)
}

fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.resize(start + HEADER_BYTES, 0);
    start
}

fn finish(
    out: &mut Vec<u8>,
    start: usize,
    segment_id: u64,
    sequence: u64,
    commits: u32,
    format: u8,
) {
    let payload = out.len() - start - HEADER_BYTES;
    let header = &mut out[start..start + HEADER_BYTES];
    header[0..4].copy_from_slice(&MAGIC);
    header[4] = format;
    header[8..16].copy_from_slice(&segment_id.to_le_bytes());
    header[16..24].copy_from_slice(&sequence.to_le_bytes());
    header[24..28].copy_from_slice(&commits.to_le_bytes());
    header[28..32].copy_from_slice(&(payload as u32).to_le_bytes());
    let checksum =
        checksum(&out[start..start + CHECKED_BYTES], &out[start + HEADER_BYTES..]).to_le_bytes();
    out[start + CHECKED_BYTES..start + HEADER_BYTES].copy_from_slice(&checksum);
    out.resize(start + stored_bytes(payload) as usize, 0);
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let (magic, rest) = header.split_at(4);
        let commits = u32_at(header, 24);
        if magic != MAGIC || rest[1..4] != [0; 3] || commits == 0 {
            return None;
        }
        let sequence = u64_at(header, 16);
        sequence.checked_add(u64::from(commits))?;
        Some(Self {
            segment_id: u64_at(header, 8),
            sequence,
            commits,
            format: header[4],
            length: u32_at(header, 28),
            checksum: u32_at(header, 32),
        })
    }
}

fn checksum(header: &[u8], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(header), payload)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("the range has four bytes"))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("the range has eight bytes"))
}
