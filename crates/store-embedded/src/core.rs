use std::sync::{Arc, Mutex, MutexGuard};

use motet_store::{
    Answer, Commit, CommitError, Completion, Entity, Epoch, Error as ReadError, HistoryChunk,
    Lease, Loaded, Position, Query, Reads, Row, RowScan, Schema, Store,
};
use motet_types::ShardId;

use crate::disk::{Disk, DiskLock};
use crate::error::Error;
use crate::log::{Log, Opening};
use crate::maintenance::format;
use crate::open::Opened;
use crate::options::{Options, Sabotage};
use crate::overlay::{Generation, Overlay};
use crate::read;
use crate::tables::{Tables, TablesReader};

/// The embedded store as a synchronous machine: no threads, no clock; what the simulator drives.
///
/// A checkpoint has three steps, so that a crash can come between them: [`Embedded::seal`], [`Embedded::cover`] and
/// [`Embedded::recycle`].
pub struct Embedded {
    schema: &'static Schema,
    options: Options,
    epoch: Epoch,
    opening: Opening,
    log: Log,
    overlay: Overlay,
    tables: Box<dyn Tables>,
    reader: Box<dyn TablesReader>,
    sealed: Option<Arc<Generation>>,
    covered: Position,
    _lock: DiskLock,
}

impl Embedded {
    /// Opens the data: recovers the log, fills the overlay from it and begins a new epoch.
    pub fn open(
        disk: Arc<dyn Disk>,
        tables: Box<dyn Tables>,
        schema: &'static Schema,
        options: Options,
    ) -> Result<Self, Error> {
        let lock = format::take(&*disk)?;
        let opened = Opened::new(&disk, tables, schema, &options)?;
        let Opened { tables, epoch, opening, covered, overlay, log } = opened;
        let reader = tables.reader()?;
        Ok(Self {
            schema,
            options,
            epoch,
            opening,
            log,
            overlay,
            tables,
            reader,
            sealed: None,
            covered,
            _lock: lock,
        })
    }

    /// What the opening found.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Epoch of this opening; commits carry it.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Makes a group durable: one frame or, beyond its limit, several. Nothing of a refused group is written.
    pub fn commit_group(&mut self, group: Vec<Commit>) -> Result<Vec<Position>, CommitError> {
        check_group(&group, self.schema, self.epoch, self.options.frame_bytes_max)?;
        let bytes: usize = group.iter().map(Commit::size_bound).sum();
        if self.overlay.bytes() > 0 && self.overlay.bytes() + bytes > self.options.overlay_bytes_max
        {
            self.checkpoint().map_err(|error| error.of_commit())?;
        }
        let frames = split(group, self.options.frame_bytes_max);
        let mut positions = Vec::new();
        for frame in frames {
            let first = self.log.append(frame.iter()).map_err(|error| after(&positions, error))?;
            for (position, commit) in (first.0..).map(Position).zip(frame) {
                self.overlay.enter(position, commit);
                positions.push(position);
            }
        }
        Ok(positions)
    }

    /// The three steps of a checkpoint; afterwards queries see every commit.
    pub fn checkpoint(&mut self) -> Result<(), Error> {
        self.seal();
        self.cover()?;
        self.recycle()
    }

    /// Sets apart what the next transaction covers; `false` if there is nothing.
    pub fn seal(&mut self) -> bool {
        self.sealed = self.overlay.seal();
        if self.options.sabotaged(Sabotage::OverlayDroppedAtCheckpoint) {
            self.overlay.release();
        }
        self.sealed.is_some()
    }

    /// Writes what is sealed to the tables. After [`Error::DiskFull`] it may be tried again.
    pub fn cover(&mut self) -> Result<(), Error> {
        if self.options.sabotaged(Sabotage::RecycledBeforeCovered)
            && let Some(sealed) = &self.sealed
        {
            self.log.recycle(sealed.last)?;
        }
        let Some(sealed) = self.sealed.take() else {
            return Ok(());
        };
        if let Err(error) = self.tables.cover(&sealed, self.log.ordinal()) {
            self.sealed = Some(sealed);
            return Err(error);
        }
        self.covered = sealed.last;
        self.overlay.release();
        Ok(())
    }

    /// Gives back the segments that the tables cover, and prepares spare ones.
    pub fn recycle(&mut self) -> Result<(), Error> {
        self.log.recycle(self.covered)?;
        self.log.pool().prepare().map_err(|error| Error::io("preparing segments", error))
    }

    /// The present state of entities, in the order asked.
    pub fn load(&mut self, entities: &[Entity]) -> Result<Vec<Option<Loaded>>, ReadError> {
        let Self { overlay, reader, .. } = self;
        let snapshot = reader.snapshot().map_err(|error| error.of_read())?;
        let load = |entity: &Entity| read::load(overlay.tails(entity), &*snapshot, *entity);
        let loaded: Result<Vec<_>, Error> = entities.iter().map(load).collect();
        loaded.map_err(|error| error.of_read())
    }

    /// One page of a table in key order.
    pub fn rows(&mut self, scan: RowScan) -> Result<Vec<Row>, ReadError> {
        let table = self.schema.check_scan(&scan)?;
        let changes = self.overlay.changes(&scan);
        let rows = self
            .reader
            .snapshot()
            .and_then(|snapshot| read::rows(changes, &*snapshot, table.key_columns, scan));
        rows.map_err(|error| error.of_read())
    }

    /// What the tables answer.
    pub fn query(&mut self, query: &Query) -> Result<Answer, ReadError> {
        let snapshot = self.reader.snapshot().map_err(|error| error.of_read())?;
        read::query(self.schema, &*snapshot, query)
    }

    /// One page of an entity's history.
    pub fn history(
        &mut self,
        entity: Entity,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<HistoryChunk>, ReadError> {
        let tails = self.overlay.tails(&entity);
        let page = self
            .reader
            .snapshot()
            .and_then(|snapshot| read::history(tails, &*snapshot, entity, skip, limit));
        page.map_err(|error| error.of_read())
    }

    /// The position up to which queries see every commit.
    pub fn covered(&self) -> Position {
        self.covered
    }

    /// Position of the last durable commit.
    pub fn last(&self) -> Position {
        self.log.last()
    }
}

/// The ports over the synchronous machine: every completion is called before the method returns.
pub struct Inline(Mutex<Embedded>);

impl Inline {
    /// Wraps a machine.
    pub fn over(embedded: Embedded) -> Self {
        Self(Mutex::new(embedded))
    }

    /// The machine itself; nobody else moves it meanwhile.
    pub fn machine(&self) -> MutexGuard<'_, Embedded> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Store for Inline {
    fn lease(&self, shards: Vec<ShardId>, done: Completion<Result<Vec<Lease>, ReadError>>) {
        let (epoch, position) = {
            let machine = self.machine();
            (machine.epoch(), machine.last())
        };
        done(Ok(shards.into_iter().map(|shard| Lease { shard, epoch, position }).collect()));
    }

    fn commit(&self, group: Vec<Commit>, done: Completion<Result<Vec<Position>, CommitError>>) {
        let result = self.machine().commit_group(group);
        done(result);
    }

    fn load(
        &self,
        entities: Vec<Entity>,
        done: Completion<Result<Vec<Option<Loaded>>, ReadError>>,
    ) {
        let result = self.machine().load(&entities);
        done(result);
    }

    fn rows(&self, scan: RowScan, done: Completion<Result<Vec<Row>, ReadError>>) {
        let result = self.machine().rows(scan);
        done(result);
    }
}

impl Reads for Inline {
    fn query(&self, query: Query, done: Completion<Result<Answer, ReadError>>) {
        let result = self.machine().query(&query);
        done(result);
    }

    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, ReadError>>,
    ) {
        let result = self.machine().history(entity, skip, limit);
        done(result);
    }

    fn covered(&self) -> Position {
        self.machine().covered()
    }
}

/// Refuses the whole group for the first commit that cannot be written.
pub(crate) fn check_group(
    group: &[Commit],
    schema: &Schema,
    epoch: Epoch,
    bytes_max: usize,
) -> Result<(), CommitError> {
    for commit in group {
        if commit.epoch != epoch {
            return Err(CommitError::Fenced(commit.shard));
        }
        let bytes = commit.size_bound();
        if bytes > bytes_max {
            return Err(CommitError::TooLarge { bytes, bytes_max });
        }
        schema.check_commit(commit)?;
    }
    Ok(())
}

/// The group in pieces that fit one frame each; one piece as a rule.
pub(crate) fn split(group: Vec<Commit>, bytes_max: usize) -> Vec<Vec<Commit>> {
    let mut frames: Vec<Vec<Commit>> = Vec::new();
    let mut bytes = usize::MAX;
    for commit in group {
        let size = commit.size_bound();
        bytes = bytes.saturating_add(size);
        if bytes > bytes_max {
            frames.push(Vec::new());
            bytes = size;
        }
        frames.last_mut().expect("the first commit began a frame").push(commit);
    }
    frames
}

/// What a failure means for a group of which some commits may be durable already.
pub(crate) fn after(durable: &[Position], error: CommitError) -> CommitError {
    match error {
        CommitError::DiskFull(text) if !durable.is_empty() => {
            CommitError::Unknown(format!("a part of the group is durable, then: {text}"))
        }
        other => other,
    }
}
