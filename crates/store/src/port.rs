use bytes::Bytes;
use motet_types::ShardId;

use crate::{Commit, CommitError, Entity, Position, Row, TableId, Value};

/// What a method calls exactly once with its result.
pub type Completion<T> = Box<dyn FnOnce(T) + Send>;

/// Epoch of a lease; grows with every change of a shard's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// What a shard machine lives on.
pub trait Store: Send + Sync {
    /// Takes or renews the ownership of shards; the catalog's pseudo shard counts as one.
    fn lease(&self, shards: Vec<ShardId>, done: Completion<Result<Vec<Lease>, Error>>);

    /// Makes a group of commits durable, in order. The group shares one result; the store may add it to a larger frame,
    /// or split it between frames, in which case the result comes with the last one.
    ///
    /// Positions are those of the commits, in order.
    fn commit(&self, group: Vec<Commit>, done: Completion<Result<Vec<Position>, CommitError>>);

    /// The present state of entities, in the order asked; `None` for an entity without history.
    fn load(&self, entities: Vec<Entity>, done: Completion<Result<Vec<Option<Loaded>>, Error>>);

    /// One page of rows of a table in key order: what recovery reads (timers, calls, messages), and point lookups.
    fn rows(&self, scan: RowScan, done: Completion<Result<Vec<Row>, Error>>);
}

/// Ownership of one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub shard: ShardId,
    pub epoch: Epoch,
    /// Of the last durable commit when the lease was taken: positions go on from here.
    pub position: Position,
}

/// What is known of an entity: its newest snapshot and the chunks of records after it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub snapshot: Option<Bytes>,
    pub records: Vec<Bytes>,
}

/// Which rows to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowScan {
    pub table: TableId,
    /// Only rows whose key begins with these values; a whole key makes a point lookup.
    pub prefix: Vec<Value>,
    /// Only rows whose key is greater than this whole key.
    pub after: Option<Vec<Value>>,
    pub limit: usize,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stored bytes are damaged; the text says where.
    #[error("damaged data: {0}")]
    Damaged(String),
    /// The medium failed.
    #[error("storage failed: {0}")]
    Io(String),
    /// The request does not fit the declared tables: a defect of the caller.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The store is closed or stopped after a failed sync.
    #[error("the store is closed")]
    Closed,
}
