//! One segment: a file of zeros whose first block says what the frames after it are.
//!
//! ```text
//! offset  bytes  field of the header (integers are little-endian)
//!      0      8  magic "motetlog"
//!      8      4  format, now 1
//!     12      4  reserved, zero
//!     16      8  id: random for each use of the file; every frame repeats it
//!     24      8  ordinal: grows by one with each segment taken into use
//!     32      8  base: segments with a lower ordinal are superseded, whatever they hold
//!     40      8  sequence of the first frame
//!     48      4  CRC-32C over bytes 0..48
//!    ...         zeros to 4096, where the frames begin
//! ```

use std::io;
use std::sync::Arc;

use super::frame::{u32_at, u64_at};
use crate::disk::{Disk, DiskFile, read_exact_at};

/// Everything in a segment begins on a multiple of this, in bytes: what a page cache writes at once.
pub(crate) const BLOCK: usize = 4096;

/// Newest format of a segment that is understood.
pub(super) const FORMAT: u32 = 1;

const MAGIC: [u8; 8] = *b"motetlog";
const HEADER_BYTES: usize = 52;
const CHECKED_BYTES: usize = 48;
const PREFIX: &str = "log-";

/// A file of the log.
#[derive(Clone)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) bytes: u64,
}

/// What the first block of a segment in use says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: u64,
    pub(crate) ordinal: u64,
    pub(crate) base: u64,
    /// Position of the first commit.
    pub(crate) first: u64,
}

/// What the first block of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstBlock {
    /// Zeros: the file was never used.
    Blank,
    Used(Header),
    /// Of a format that this version does not know.
    Newer(u32),
    Unreadable,
}

impl Segment {
    pub(crate) fn open(disk: &dyn Disk, name: &str) -> io::Result<Self> {
        let file: Arc<dyn DiskFile> = Arc::from(disk.open(name)?);
        Ok(Self { name: name.to_owned(), bytes: file.bytes()?, file })
    }

    pub(crate) fn create(disk: &dyn Disk, name: &str, bytes: u64) -> io::Result<Self> {
        let file: Arc<dyn DiskFile> = Arc::from(disk.create(name, bytes)?);
        Ok(Self { name: name.to_owned(), file, bytes })
    }

    pub(crate) fn first_block(&self) -> io::Result<FirstBlock> {
        let mut block = vec![0; BLOCK];
        if !read_exact_at(&*self.file, 0, &mut block)? {
            return Ok(FirstBlock::Unreadable);
        }
        Ok(Header::parse(&block))
    }
}

impl Header {
    /// The first block of a segment.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[0..8].copy_from_slice(&MAGIC);
        block[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        block[16..24].copy_from_slice(&self.id.to_le_bytes());
        block[24..32].copy_from_slice(&self.ordinal.to_le_bytes());
        block[32..40].copy_from_slice(&self.base.to_le_bytes());
        block[40..48].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc32c::crc32c(&block[..CHECKED_BYTES]);
        block[CHECKED_BYTES..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        block
    }

    fn parse(block: &[u8]) -> FirstBlock {
        if block == [0; BLOCK] {
            return FirstBlock::Blank;
        }
        let checksum = crc32c::crc32c(&block[..CHECKED_BYTES]);
        if block[..8] != MAGIC || checksum != u32_at(block, CHECKED_BYTES) {
            return FirstBlock::Unreadable;
        }
        match u32_at(block, 8) {
            FORMAT => FirstBlock::Used(Self {
                id: u64_at(block, 16),
                ordinal: u64_at(block, 24),
                base: u64_at(block, 32),
                first: u64_at(block, 40),
            }),
            other => FirstBlock::Newer(other),
        }
    }
}

/// Name of the file with this number.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{PREFIX}{number:08}")
}

/// Number of a file of the log.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Whether a file belongs to the log.
pub(crate) fn is_segment_name(name: &str) -> bool {
    segment_number(name).is_some()
}
