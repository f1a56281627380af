//! The store on threads, behind the ports.
//!
//! One thread writes the log, one covers commits in SQLite, one keeps spare segments and the reserve, a few read. A commit
//! meets only the first; it waits for the second only where the overlay is full.

mod cover;
mod keep;
mod queue;
mod readers;
mod reserve;
mod shared;
mod start;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use motet_store::{
    Answer, Commit, CommitError, Completion, Entity, Epoch, Error as ReadError, HistoryChunk,
    Lease, Loaded, Position, Query, Reads, Row, RowScan, Schema, Store,
};
use motet_types::ShardId;

use crate::Opening;
use crate::core::check_group;
use crate::disk::{Disk, DiskLock, LossyDisk, RealDisk};
use crate::error::Error;
use crate::log::Pool;
use crate::maintenance::{BackupReport, copy_out, format};
use crate::open::Opened;
use crate::options::Options;
use crate::tables::{SqliteTables, Tables};
use queue::Queue;
use readers::Read;
use reserve::RESERVE;
use shared::Shared;
pub use shared::{Health, Stats};
use write::Group;

/// A running embedded store.
///
/// Dropping it ends it as soon as what was submitted has its result; [`Service::close`] also covers everything, so that
/// the next opening has nothing to recover.
pub struct Service {
    directory: Option<PathBuf>,
    schema: &'static Schema,
    epoch: Epoch,
    opening: Opening,
    frame_bytes_max: usize,
    shared: Arc<Shared>,
    commits: Arc<Queue<Group>>,
    loads: Arc<Queue<Read>>,
    queries: Arc<Queue<Read>>,
    pool: Arc<Pool>,
    writer: Option<JoinHandle<()>>,
    threads: Vec<JoinHandle<()>>,
    _lock: DiskLock,
}

impl Service {
    /// Opens the data directory, creating it if need be, and starts the threads.
    pub fn open(
        directory: &Path,
        schema: &'static Schema,
        options: Options,
    ) -> Result<Self, Error> {
        let real = RealDisk::open(directory)
            .map_err(|source| Error::io(format!("opening {}", directory.display()), source))?;
        let disk: Arc<dyn Disk> = match options.lose_unsynced_writes {
            true => Arc::new(LossyDisk::over(Box::new(real))),
            false => Arc::new(real),
        };
        let lock = format::take(&*disk)?;
        let attempt = || {
            let tables = SqliteTables::open(directory, schema)?;
            Opened::new(&disk, Box::new(tables), schema, &options)
        };
        let opened = match attempt() {
            Err(Error::DiskFull(text)) => {
                disk.remove(RESERVE).map_err(|_there_is_none| Error::DiskFull(text))?;
                attempt()?
            }
            other => other?,
        };
        let directory = Some(directory.to_owned());
        start::start(opened, disk, lock, directory, schema, options)
    }

    /// Starts the threads over any disk and tables: for tests of what real ones seldom do. It cannot be backed up.
    pub fn over(
        disk: Arc<dyn Disk>,
        tables: Box<dyn Tables>,
        schema: &'static Schema,
        options: Options,
    ) -> Result<Self, Error> {
        let lock = format::take(&*disk)?;
        let opened = Opened::new(&disk, tables, schema, &options)?;
        start::start(opened, disk, lock, None, schema, options)
    }

    /// What the opening found.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Whether external commands should be taken, and why not.
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// What happened since the opening, in numbers.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Waits until the tables cover every commit that is durable now; fails with [`Error::DiskFull`] or [`Error::Busy`]
    /// rather than wait for a person.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.await_covered(self.shared.last())
    }

    /// Writes a copy of everything durable now into `target`, an absent or empty directory, while the store runs on.
    pub fn backup(&self, target: &Path) -> Result<BackupReport, Error> {
        self.flush()?;
        match &self.directory {
            Some(directory) => copy_out(directory, target),
            None => Err(Error::Stopped("it has no directory".to_owned())),
        }
    }

    /// Covers everything and ends the threads.
    pub fn close(mut self) -> Result<(), Error> {
        self.end_writer();
        self.flush()
    }

    fn end_writer(&mut self) {
        self.commits.close();
        if let Some(thread) = self.writer.take() {
            // A panic has stopped the store already and is reported there.
            let _panicked = thread.join();
        }
    }

    fn end(&mut self) {
        self.end_writer();
        self.loads.close();
        self.queries.close();
        self.shared.close();
        self.pool.close();
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

impl Store for Service {
    fn lease(&self, shards: Vec<ShardId>, done: Completion<Result<Vec<Lease>, ReadError>>) {
        let (epoch, position) = (self.epoch, self.shared.last());
        done(Ok(shards.into_iter().map(|shard| Lease { shard, epoch, position }).collect()));
    }

    fn commit(&self, group: Vec<Commit>, done: Completion<Result<Vec<Position>, CommitError>>) {
        if group.is_empty() {
            return done(Ok(Vec::new()));
        }
        if let Err(error) = check_group(&group, self.schema, self.epoch, self.frame_bytes_max) {
            return done(Err(error));
        }
        if let Err(refused) = self.commits.push(Group::new(group, done)) {
            refused.fail(CommitError::Unknown(self.shared.stop_reason()));
        }
    }

    fn load(
        &self,
        entities: Vec<Entity>,
        done: Completion<Result<Vec<Option<Loaded>>, ReadError>>,
    ) {
        submit(&self.loads, Read::Load { entities, done });
    }

    fn rows(&self, scan: RowScan, done: Completion<Result<Vec<Row>, ReadError>>) {
        match self.schema.check_scan(&scan) {
            Err(error) => done(Err(error)),
            Ok(table) => submit(&self.loads, Read::Rows { table, scan, done }),
        }
    }
}

impl Reads for Service {
    fn query(&self, query: Query, done: Completion<Result<Answer, ReadError>>) {
        submit(&self.queries, Read::Query { query, done });
    }

    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, ReadError>>,
    ) {
        submit(&self.queries, Read::History { entity, skip, limit, done });
    }

    fn covered(&self) -> Position {
        self.shared.covered()
    }
}

fn submit(queue: &Queue<Read>, read: Read) {
    if let Err(refused) = queue.push(read) {
        refused.fail(ReadError::Closed);
    }
}
