use std::io;
use std::sync::Arc;

use motet_store::{Commit, CommitError, Position};

use super::frame::{self, stored_bytes};
use super::pool::Pool;
use super::segment::{BLOCK, Header, Segment};
use crate::disk::Disk;
use crate::error::{Error, is_disk_full};
use crate::options::{Options, Sabotage};

/// The end of the log: where frames are written, one at a time.
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    pool: Arc<Pool>,
    options: Options,
    active: Active,
    /// The segment before the active one, until that has a durable frame: one of the two shows where the log is.
    full: Option<Segment>,
    /// Ordinal of the newest durable segment.
    ordinal: u64,
    /// Position of the next commit.
    next: u64,
    buffer: Vec<u8>,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

/// A frame that is written and not yet synced.
#[must_use = "nothing else may be written before the sync"]
pub(crate) struct Written {
    count: u64,
    end: u64,
}

/// The segment that is written now.
pub(super) struct Active {
    pub(super) segment: Segment,
    pub(super) header: Header,
    /// Whether the header is durable; it is written together with the first frame.
    pub(super) begun: bool,
    /// Where the next frame begins.
    pub(super) end: u64,
}

impl Log {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        pool: Arc<Pool>,
        options: Options,
        active: Active,
        next: u64,
    ) -> Self {
        let ordinal = active.header.ordinal;
        Self {
            disk,
            pool,
            options,
            active,
            full: None,
            ordinal,
            next,
            buffer: Vec::new(),
            broken: None,
        }
    }

    /// Writes one frame, which [`Log::sync`] must make durable before anything else is written.
    ///
    /// After [`CommitError::DiskFull`] the log is as it was, and the frame will never be read; after
    /// [`CommitError::Unknown`] nothing can be written any more.
    pub(crate) fn write<'c>(
        &mut self,
        commits: impl Iterator<Item = &'c Commit> + Clone,
    ) -> Result<Written, CommitError> {
        if let Some(reason) = &self.broken {
            return Err(CommitError::Unknown(reason.clone()));
        }
        let (count, bound) = commits
            .clone()
            .fold((0, 0), |(count, bytes), commit| (count + 1, bytes + commit.size_bound()));
        debug_assert!(count > 0, "a frame has commits");
        self.make_room(stored_bytes(bound))?;
        self.buffer.clear();
        let Active { segment, header, begun, end } = &self.active;
        let offset = if *begun { *end } else { 0 };
        if !begun {
            self.buffer.extend_from_slice(&header.encode());
        }
        frame::encode(&mut self.buffer, header.id, self.next, commits);
        if let Err(error) = segment.file.write_at(offset, &self.buffer) {
            return Err(self.erase(offset, &error));
        }
        Ok(Written { count, end: offset + self.buffer.len() as u64 })
    }

    /// Makes the frame durable; its positions are those from the returned one on.
    ///
    /// A failed sync is never tried again: the pages that could not be written may be forgotten, and the next sync
    /// would succeed without them.
    pub(crate) fn sync(&mut self, written: Written) -> Result<Position, CommitError> {
        if !self.options.sabotaged(Sabotage::AcknowledgeBeforeSync) {
            let file = self.active.segment.file.clone();
            let mut synced = file.sync_data();
            if synced.is_err() && self.options.sabotaged(Sabotage::FailedSyncRetried) {
                synced = file.sync_data();
            }
            synced.map_err(|error| self.fail("sync", &error))?;
        }
        self.active.end = written.end;
        self.active.begun = true;
        self.ordinal = self.active.header.ordinal;
        if let Some(full) = self.full.take() {
            self.pool.put_away(full, self.last());
        }
        let first = Position(self.next);
        self.next += written.count;
        Ok(first)
    }

    /// Writes one frame and makes it durable.
    pub(crate) fn append<'c>(
        &mut self,
        commits: impl Iterator<Item = &'c Commit> + Clone,
    ) -> Result<Position, CommitError> {
        let written = self.write(commits)?;
        self.sync(written)
    }

    /// Position of the last durable commit.
    pub(crate) fn last(&self) -> Position {
        Position(self.next - 1)
    }

    /// Ordinal of the newest segment that is durable: without it, something is missing.
    pub(crate) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Gives back the segments whose last commit the tables cover.
    pub(crate) fn recycle(&self, covered: Position) -> Result<(), Error> {
        self.pool.recycle(covered).map_err(|error| Error::io("recycling segments", error))
    }

    /// The segments that are not written now.
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    fn make_room(&mut self, frame_bytes: u64) -> Result<(), CommitError> {
        if self.active.end + frame_bytes <= self.active.segment.bytes {
            return Ok(());
        }
        let bytes = (BLOCK as u64 + frame_bytes).max(self.options.segment_bytes_first);
        let segment = self.pool.take(bytes).map_err(|error| self.refuse("new segment", &error))?;
        let header = Header {
            id: self.disk.random(),
            ordinal: self.active.header.ordinal + 1,
            base: self.active.header.base,
            first: self.next,
        };
        let active = Active { segment, header, begun: false, end: BLOCK as u64 };
        let before = std::mem::replace(&mut self.active, active);
        if before.begun {
            self.full = Some(before.segment);
        } else {
            self.pool.give_back(before.segment);
        }
        Ok(())
    }

    /// Makes sure that a frame whose write failed for lack of room is never read: it may lack only its last zeros.
    fn erase(&mut self, offset: u64, error: &io::Error) -> CommitError {
        if !is_disk_full(error) {
            return self.fail("write", error);
        }
        let zeros = vec![0; if self.active.begun { BLOCK } else { 2 * BLOCK }];
        let file = self.active.segment.file.clone();
        match file.write_at(offset, &zeros).and_then(|()| file.sync_data()) {
            Ok(()) => self.refuse("write", error),
            Err(failed) => self.fail("erase of a frame that found no room", &failed),
        }
    }

    fn refuse(&mut self, doing: &str, error: &io::Error) -> CommitError {
        if is_disk_full(error) {
            CommitError::DiskFull(format!("{doing}: {error}"))
        } else {
            self.fail(doing, error)
        }
    }

    fn fail(&mut self, doing: &str, error: &io::Error) -> CommitError {
        let reason = format!("{doing} of {} failed: {error}", self.active.segment.name);
        self.broken = Some(reason.clone());
        CommitError::Unknown(reason)
    }
}
