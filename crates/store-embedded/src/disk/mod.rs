//! The seam between the log and the medium: a flat directory of files.
//!
//! [`RealDisk`] is a directory of the operating system, [`MemoryDisk`] a simulated one with faults by seed, [`LossyDisk`]
//! a real one that loses unsynced writes even when only the process dies.

mod lossy;
mod memory;
mod real;

use std::any::Any;
use std::io;

pub use lossy::LossyDisk;
pub use memory::MemoryDisk;
pub use real::RealDisk;

/// A directory with the few operations that the log needs.
pub trait Disk: Send + Sync {
    /// Names of all files, in no particular order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens an existing file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Creates a file of `bytes` written zeros; file and name are durable on return, and absent after a failure.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name, replacing what has it; durable on return.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; durable on return.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Room that is left, in bytes.
    fn free_bytes(&self) -> io::Result<u64>;

    /// A number that nobody can guess and no call returned before.
    fn random(&self) -> u64;

    /// Takes the directory for this process until the lock is dropped.
    fn lock(&self) -> Result<DiskLock, LockError>;
}

/// An open file. Offsets and lengths are in bytes; a file does not grow.
pub trait DiskFile: Send + Sync {
    /// Its length, in bytes.
    fn bytes(&self) -> io::Result<u64>;

    /// Reads some bytes from `offset` on, perhaps fewer than asked; none only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes at `offset`; durable only after a sync. After a failure any part of them may be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written to this file durable. After a failure nothing can be said of what was unsynced.
    fn sync_data(&self) -> io::Result<()>;
}

/// Ownership of a directory; ends when dropped.
pub type DiskLock = Box<dyn Any + Send + Sync>;

/// Why a directory cannot be taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process has it.
    Held {
        pid: Option<u32>,
    },
    Io(io::Error),
}

/// Fills `buffer` from `offset` on; `false` if the file ends before.
pub(crate) fn read_exact_at(
    file: &dyn DiskFile,
    mut offset: u64,
    mut buffer: &mut [u8],
) -> io::Result<bool> {
    while !buffer.is_empty() {
        let count = file.read_at(offset, buffer)?;
        if count == 0 {
            return Ok(false);
        }
        offset += count as u64;
        buffer = &mut buffer[count..];
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
