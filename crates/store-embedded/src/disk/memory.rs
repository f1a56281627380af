use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile, DiskLock, LockError};

/// What a medium writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// A simulated disk: the same seed and the same calls give the same bytes, faults and losses.
///
/// Unsynced writes are kept apart by sector; [`MemoryDisk::crash`] loses any subset of them, torn writes included. Clones
/// share the disk. File and directory changes (create, rename, remove) are durable on return, as the seam promises.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Mutex<State>>);

struct State {
    names: BTreeMap<String, u64>,
    files: BTreeMap<u64, FileState>,
    random: Random,
    /// Writes, syncs and changes of names so far.
    operations: u64,
    power_off_at: Option<u64>,
    /// The operation that met the power failure was the last one with any effect.
    off: bool,
    syncs_until_failure: Option<u64>,
    free_bytes: u64,
    writes_need_room: bool,
    short_reads: bool,
    /// Counts owners, so that the lock of a killed one releases nothing.
    owner: u64,
    locked: bool,
}

#[derive(Default)]
struct FileState {
    bytes: usize,
    /// What reads see.
    content: Written,
    /// What survives a crash.
    durable: Written,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Sectors that a failed sync lost: readable, and not even dirty.
    forgotten: BTreeSet<usize>,
}

/// The bytes of a file up to the last that was written: behind them are zeros, which most files have many of.
#[derive(Clone, Default)]
struct Written(Vec<u8>);

/// Faults and observations, for tests and the simulator.
impl MemoryDisk {
    /// An empty disk.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            names: BTreeMap::new(),
            files: BTreeMap::new(),
            random: Random(seed),
            operations: 0,
            power_off_at: None,
            off: false,
            syncs_until_failure: None,
            free_bytes: u64::MAX,
            writes_need_room: false,
            short_reads: false,
            owner: 0,
            locked: false,
        })))
    }

    /// Power fails: of the unsynced sectors a random part survives, and whoever had the disk is gone.
    pub fn crash(&self) {
        let mut state = self.state();
        let State { files, random, .. } = &mut *state;
        for file in files.values_mut() {
            file.lose(random);
        }
        state.restart();
    }

    /// The process dies but the operating system lives: unsynced writes stay readable, though not durable.
    pub fn kill(&self) {
        let mut state = self.state();
        state.restart();
    }

    /// Lets `operations` more writes, syncs and changes of names succeed and fails everything after, until a crash.
    pub fn power_off_after(&self, operations: u64) {
        let mut state = self.state();
        state.power_off_at = Some(state.operations + operations);
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.state().off
    }

    /// Writes, syncs and changes of names so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Lets `syncs` more syncs succeed and fails the next: what it should have made durable is partly lost for good, yet
    /// stays readable until a crash, as with a page cache that forgets what it could not write.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.state().syncs_until_failure = Some(syncs);
    }

    /// Room left for new files, in bytes.
    pub fn set_free_bytes(&self, bytes: u64) {
        self.state().free_bytes = bytes;
    }

    /// Whether writes into existing files need room too, as on a file system that copies on write.
    pub fn set_writes_need_room(&self, need: bool) {
        self.state().writes_need_room = need;
    }

    /// Whether reads return fewer bytes than asked.
    pub fn set_short_reads(&self, short: bool) {
        self.state().short_reads = short;
    }

    /// Flips one bit for good.
    pub fn flip_bit(&self, name: &str, offset: usize, bit: u32) {
        let mut state = self.state();
        let file = state.named(name).expect("the test names a file that exists");
        assert!(offset < file.bytes, "the test names a byte of the file");
        file.content.up_to(offset + 1)[offset] ^= 1 << bit;
        file.durable.up_to(offset + 1)[offset] ^= 1 << bit;
    }

    /// What reads of a file see.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.state().named(name).map(|file| {
            let mut content = vec![0; file.bytes];
            file.content.read(0, &mut content);
            content
        })
    }

    /// A copy of everything readable, with a fate of its own; its power is on and nobody has it.
    pub fn fork(&self, seed: u64) -> Self {
        let fork = Self::new(seed);
        let names: Vec<String> = self.state().names.keys().cloned().collect();
        for name in names {
            let content = Written(self.content(&name).unwrap_or_default());
            let (bytes, durable) = (content.0.len(), content.clone());
            let file = FileState { bytes, content, durable, ..FileState::default() };
            fork.state().insert(name, file);
        }
        fork
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl State {
    /// Counts an operation; an error once the power is off.
    fn operate(&mut self) -> io::Result<()> {
        if self.off || self.power_off_at == Some(self.operations) {
            self.off = true;
            return Err(io::Error::other("the power is off"));
        }
        self.operations += 1;
        Ok(())
    }

    fn take_room(&mut self, bytes: u64) -> io::Result<()> {
        if self.free_bytes == u64::MAX {
            return Ok(());
        }
        self.free_bytes = self
            .free_bytes
            .checked_sub(bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::StorageFull, "no room left"))?;
        Ok(())
    }

    /// Power is on, no fault is planned, nobody has the disk.
    fn restart(&mut self) {
        self.power_off_at = None;
        self.off = false;
        self.syncs_until_failure = None;
        self.owner += 1;
        self.locked = false;
    }

    fn insert(&mut self, name: String, file: FileState) -> u64 {
        let id = self.files.last_key_value().map_or(0, |(last, _)| last + 1);
        self.files.insert(id, file);
        self.names.insert(name, id);
        id
    }

    fn named(&mut self, name: &str) -> Option<&mut FileState> {
        let id = self.names.get(name)?;
        self.files.get_mut(id)
    }

    fn write(&mut self, id: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let file = self.files.get_mut(&id).ok_or_else(|| not_found("a removed file"))?;
        let end = offset + bytes.len();
        if end > file.bytes {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a file does not grow"));
        }
        file.content.up_to(end)[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            file.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
        }
        Ok(())
    }
}

impl Written {
    fn read(&self, from: usize, buffer: &mut [u8]) {
        let written = self.0.get(from..).unwrap_or_default();
        let count = written.len().min(buffer.len());
        buffer[..count].copy_from_slice(&written[..count]);
        buffer[count..].fill(0);
    }

    /// The bytes before `end`, and perhaps more, to be written.
    fn up_to(&mut self, end: usize) -> &mut [u8] {
        if self.0.len() < end {
            self.0.resize(end, 0);
        }
        &mut self.0
    }
}

impl FileState {
    fn keep(&mut self, sector: usize) {
        let range = self.range(sector);
        self.content.read(range.start, &mut self.durable.up_to(range.end)[range]);
        self.forgotten.remove(&sector);
    }

    /// Makes a random part of the dirty sectors durable, none, all, the first ones or any, and forgets the rest.
    fn settle_partly(&mut self, random: &mut Random) {
        let dirty: Vec<usize> = std::mem::take(&mut self.dirty).into_iter().collect();
        let (choice, first) = (random.below(4), random.below(dirty.len() as u64 + 1) as usize);
        for (place, sector) in dirty.into_iter().enumerate() {
            let kept = match choice {
                0 => false,
                1 => true,
                2 => place < first,
                _ => random.below(2) == 0,
            };
            if kept {
                self.keep(sector);
            } else {
                self.forgotten.insert(sector);
            }
        }
    }

    /// What a power failure does.
    fn lose(&mut self, random: &mut Random) {
        self.settle_partly(random);
        for sector in std::mem::take(&mut self.forgotten) {
            let range = self.range(sector);
            self.durable.read(range.start, &mut self.content.up_to(range.end)[range]);
        }
    }

    fn range(&self, sector: usize) -> std::ops::Range<usize> {
        let from = sector * SECTOR;
        from..(from + SECTOR).min(self.bytes)
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let id = *self.state().names.get(name).ok_or_else(|| not_found(name))?;
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.operate()?;
        if state.names.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, name.to_owned()));
        }
        state.take_room(bytes)?;
        let file = FileState { bytes: bytes as usize, ..FileState::default() };
        let id = state.insert(name.to_owned(), file);
        Ok(Box::new(MemoryFile { disk: self.clone(), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let id = state.names.remove(from).ok_or_else(|| not_found(from))?;
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let id = state.names.remove(name).ok_or_else(|| not_found(name))?;
        if let Some(file) = state.files.remove(&id)
            && state.free_bytes != u64::MAX
        {
            state.free_bytes += file.bytes as u64;
        }
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.state().free_bytes)
    }

    fn random(&self) -> u64 {
        self.state().random.next()
    }

    fn lock(&self) -> Result<DiskLock, LockError> {
        let mut state = self.state();
        if state.locked {
            return Err(LockError::Held { pid: Some(std::process::id()) });
        }
        state.locked = true;
        Ok(Box::new(MemoryLock { disk: self.clone(), owner: state.owner }))
    }
}

struct MemoryLock {
    disk: MemoryDisk,
    owner: u64,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.owner == self.owner {
            state.locked = false;
        }
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    id: u64,
}

impl DiskFile for MemoryFile {
    fn bytes(&self) -> io::Result<u64> {
        let state = self.disk.state();
        let file = state.files.get(&self.id).ok_or_else(|| not_found("a removed file"))?;
        Ok(file.bytes as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let shortened = state.short_reads && buffer.len() > 1;
        let wanted = if shortened {
            1 + state.random.below(buffer.len() as u64 - 1) as usize
        } else {
            buffer.len()
        };
        let file = state.files.get(&self.id).ok_or_else(|| not_found("a removed file"))?;
        let from = (offset as usize).min(file.bytes);
        let count = wanted.min(file.bytes - from);
        file.content.read(from, &mut buffer[..count]);
        Ok(count)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let was_off = state.off;
        let mut result = state.operate();
        if result.is_ok() && state.writes_need_room {
            result = state.take_room(bytes.len() as u64);
        }
        let written = match result {
            Ok(()) => bytes.len(),
            Err(_) if was_off => 0,
            // The header of a segment is safe because it fits one sector, which is never torn.
            Err(_) => state.random.below((bytes.len() / SECTOR) as u64 + 1) as usize * SECTOR,
        };
        state.write(self.id, offset as usize, &bytes[..written])?;
        result
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operate()?;
        let fails = state.syncs_until_failure == Some(0);
        state.syncs_until_failure = match state.syncs_until_failure {
            Some(0) | None => None,
            Some(syncs) => Some(syncs - 1),
        };
        let State { files, random, .. } = &mut *state;
        let file = files.get_mut(&self.id).ok_or_else(|| not_found("a removed file"))?;
        if fails {
            file.settle_partly(random);
            return Err(io::Error::other("the medium failed"));
        }
        for sector in std::mem::take(&mut file.dirty) {
            file.keep(sector);
        }
        Ok(())
    }
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, name.to_owned())
}

/// SplitMix64 (Steele, Lea, Flood; OOPSLA 2014): small, and good enough to choose faults.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
