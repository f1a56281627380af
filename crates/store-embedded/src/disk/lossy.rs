use std::io;
use std::sync::{Mutex, MutexGuard};

use super::{Disk, DiskFile, DiskLock, LockError};

/// A disk that keeps unsynced writes in the memory of this process and hands them on at the sync.
///
/// The page cache of the operating system survives the death of a process, so killing one cannot show a missing sync;
/// over this disk it does. For tests; every unsynced write is lost then, none is torn.
pub struct LossyDisk(Box<dyn Disk>);

impl LossyDisk {
    /// Wraps a disk.
    pub fn over(disk: Box<dyn Disk>) -> Self {
        Self(disk)
    }
}

impl Disk for LossyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LossyFile { file: self.0.open(name)?, unsynced: Mutex::default() }))
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(LossyFile { file: self.0.create(name, bytes)?, unsynced: Mutex::default() }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }

    fn random(&self) -> u64 {
        self.0.random()
    }

    fn lock(&self) -> Result<DiskLock, LockError> {
        self.0.lock()
    }
}

struct LossyFile {
    file: Box<dyn DiskFile>,
    /// Unsynced writes in order: a later one may cover an earlier one.
    unsynced: Mutex<Vec<(u64, Vec<u8>)>>,
}

impl LossyFile {
    fn unsynced(&self) -> MutexGuard<'_, Vec<(u64, Vec<u8>)>> {
        self.unsynced.lock().expect("no holder of this lock panics")
    }
}

impl DiskFile for LossyFile {
    fn bytes(&self) -> io::Result<u64> {
        self.file.bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(offset, buffer)?;
        let (from, to) = (offset, offset + count as u64);
        for (at, bytes) in self.unsynced().iter() {
            let (begin, end) = (from.max(*at), to.min(at + bytes.len() as u64));
            if begin < end {
                let source = &bytes[(begin - at) as usize..(end - at) as usize];
                buffer[(begin - from) as usize..(end - from) as usize].copy_from_slice(source);
            }
        }
        Ok(count)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.unsynced().push((offset, bytes.to_vec()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut unsynced = self.unsynced();
        for (offset, bytes) in unsynced.iter() {
            self.file.write_at(*offset, bytes)?;
        }
        self.file.sync_data()?;
        unsynced.clear();
        Ok(())
    }
}
