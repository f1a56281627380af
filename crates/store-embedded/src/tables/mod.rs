//! The tables that cover what is older than the overlay: SQLite, or memory for the simulator.

mod memory;
mod sqlite;

use bytes::Bytes;
use motet_store::memory::Chunk;
use motet_store::{Entity, Epoch, Position, Query, Row, RowScan, Value};

use crate::error::Error;
pub use crate::overlay::{Change, Changes, Cut, Generation, Tail, TailChunk, TailSnapshot};
pub use memory::MemoryTables;
pub use sqlite::{SqliteTables, TABLES};
pub(crate) use sqlite::{copy, inspect};

/// The writing side; one owner.
pub trait Tables: Send {
    /// What the tables know of themselves and of the log.
    fn meta(&self) -> Result<Meta, Error>;

    /// Begins the epoch of a new owner whose log continues in the segment with this ordinal.
    fn begin_epoch(&mut self, log_ordinal: u64) -> Result<Epoch, Error>;

    /// Takes a whole generation in one transaction; on return it is durable and covered. After a failure nothing of it
    /// is there.
    fn cover(&mut self, generation: &Generation, log_ordinal: u64) -> Result<(), Error>;

    /// A new reader beside this writer.
    fn reader(&self) -> Result<Box<dyn TablesReader>, Error>;
}

/// What the tables know of themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Position of the last commit that they include.
    pub covered: Position,
    /// Epoch of the newest owner.
    pub epoch: Epoch,
    /// Ordinal of the newest segment of the log that they know of; 0 if none is needed.
    pub log_ordinal: u64,
}

/// A reading side; any number beside the writer.
pub trait TablesReader: Send {
    /// A consistent view; it ends when dropped.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error>;
}

/// One consistent view of the tables.
pub trait Snapshot {
    /// Position of the last commit that is included.
    fn covered(&self) -> Position;

    /// How long the history of an entity is, and its newest snapshot.
    fn entity(&self, entity: Entity) -> Result<Stored, Error>;

    /// The chunks that hold the `limit` records after the first `skip`.
    fn chunks(&self, entity: Entity, skip: u64, limit: usize) -> Result<Vec<Chunk>, Error>;

    /// One page of a scan that fits its table.
    fn rows(&self, scan: &RowScan) -> Result<Vec<Row>, Error>;

    /// The rows of a query that fits its table.
    fn query(&self, query: &Query) -> Result<Vec<Row>, Error>;

    /// The counts of a query that fits its table, by the column at place `column`.
    fn count(&self, query: &Query, column: usize) -> Result<Vec<(Value, u64)>, Error>;
}

/// What is stored of one entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Records of its history.
    pub records: u64,
    /// Newest snapshot and how many records it includes.
    pub snapshot: Option<(Bytes, u64)>,
}

#[cfg(test)]
mod tests;
