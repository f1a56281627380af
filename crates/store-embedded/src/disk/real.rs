use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, fstatvfs};
use rustix::io::Errno;

use super::{Disk, DiskFile, DiskLock, LockError};

/// Name of the file whose lock is the ownership of the directory; it holds the owner's process id.
const LOCK: &str = "LOCK";

/// Zeros are written and synced in pieces of this size, in bytes.
const ZEROS: usize = 2 * 1024 * 1024;

/// A directory of the operating system.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    /// Kept open: it is synced after each change of a name.
    handle: File,
}

impl RealDisk {
    /// Opens the directory, creating it and its parents if need be.
    pub fn open(directory: &Path) -> io::Result<Self> {
        if !directory.is_dir() {
            if directory.exists() {
                let what = "it is a file; data needs a directory of its own";
                return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
            }
            fs::create_dir_all(directory)?;
            if let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(Self { directory: directory.to_owned(), handle: File::open(directory)? })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let path = self.path(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        let filled = write_zeros(&file, bytes).and_then(|()| self.handle.sync_all());
        if let Err(error) = filled {
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        self.handle.sync_all()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))?;
        self.handle.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let status = fstatvfs(&self.handle)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    fn random(&self) -> u64 {
        // Each hasher of the standard library begins with a key of its own from the operating system's randomness.
        RandomState::new().build_hasher().finish()
    }

    fn lock(&self) -> Result<DiskLock, LockError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path(LOCK))
            .map_err(LockError::Io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let text = fs::read_to_string(self.path(LOCK)).map_err(LockError::Io)?;
                return Err(LockError::Held { pid: text.trim().parse().ok() });
            }
            Err(errno) => return Err(LockError::Io(errno.into())),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(LockError::Io)?;
        Ok(Box::new(file))
    }
}

/// A file of the operating system.
#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Written, not only allocated: a sync of written blocks changes no metadata and takes half the time. Synced piece by
/// piece, so that the log, whose syncs go to the same device, never waits behind much.
fn write_zeros(mut file: &File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS.min(bytes as usize)];
    let mut left = bytes;
    while left > 0 {
        let piece = zeros.len().min(left as usize);
        file.write_all(&zeros[..piece])?;
        file.sync_data()?;
        left -= piece as u64;
    }
    file.sync_all()
}
