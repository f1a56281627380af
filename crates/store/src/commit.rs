use std::fmt;

use bytes::Bytes;
use motet_types::{Hex, ShardId};

use crate::{Epoch, Row, TableId, Value};

/// An id that owns a history: an instance, or the catalog of one shard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity(pub [u8; 16]);

impl fmt::Debug for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

/// Place of a commit in the order of one store; grows with every durable commit, gaps are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// What one input of one shard changes: whole or absent after any crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub shard: ShardId,
    /// Epoch of the lease under which the shard is owned; a deposed owner's commit is refused as fenced.
    pub epoch: Epoch,
    pub entity: Entity,
    /// Appended to the entity's history as one chunk; empty appends nothing.
    pub records: Bytes,
    /// How many records the chunk holds; histories are paged by record.
    pub record_count: u32,
    /// State after these records: loads start from it, the history before it stays readable through [`crate::Reads`].
    pub snapshot: Option<Bytes>,
    /// Row changes, applied in order: the last write of a key wins. A forgetting comes before `records`, wherever it stands.
    pub rows: Vec<RowChange>,
}

/// One change of a declared table, or the removal of the entity itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Insert the row or replace the one with the same key.
    Put { table: TableId, row: Row },
    /// Remove the row with this key, if there is one.
    Delete { table: TableId, key: Vec<Value> },
    /// Remove all that the commit's entity has had before: history and snapshot. Records and snapshot of the same commit,
    /// or of later ones, begin a new history at record 0.
    Forget,
    /// Remove the chunks of the entity's history, older than this commit, of which the first record has an ordinal from `from`
    /// up to but not including `to`. What stays keeps its ordinals. The commit has records and a snapshot, so the state does
    /// not need what goes.
    Cut { from: u64, to: u64 },
}

impl Commit {
    /// Whether the history of its entity ends here.
    pub fn forgets(&self) -> bool {
        self.rows.contains(&RowChange::Forget)
    }

    /// What it cuts out of the history of its entity, as ordinals from and to.
    pub fn cuts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.rows.iter().filter_map(|change| match change {
            RowChange::Cut { from, to } => Some((*from, *to)),
            _ => None,
        })
    }

    /// Upper bound of the commit's persisted size, in bytes; what frame limits count.
    pub fn size_bound(&self) -> usize {
        let values = |values: &[Value]| -> usize {
            values
                .iter()
                .map(|value| match value {
                    Value::Null | Value::Int(_) => 10,
                    Value::Text(text) => text.len() + 10,
                    Value::Blob(blob) => blob.len() + 10,
                })
                .sum()
        };
        let rows: usize = self
            .rows
            .iter()
            .map(|change| match change {
                RowChange::Put { row, .. } => values(row) + 16,
                RowChange::Delete { key, .. } => values(key) + 16,
                RowChange::Forget => 16,
                RowChange::Cut { .. } => 36,
            })
            .sum();
        64 + self.records.len() + self.snapshot.as_ref().map_or(0, Bytes::len) + rows
    }
}

/// How a commit may end other than durable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written; the caller discards what it computed and loads again. May be retried later.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// Nothing was written; the commit is larger than one frame may be.
    #[error("a commit of {bytes} bytes exceeds frame_bytes_max = {bytes_max}")]
    TooLarge { bytes: usize, bytes_max: usize },
    /// Nothing was written; another server owns the shard.
    #[error("shard {0} is owned by another server")]
    Fenced(ShardId),
    /// Nothing was written; a row or a record count does not fit its declaration: a defect of the caller.
    #[error("malformed commit: {0}")]
    Malformed(String),
    /// It cannot be told whether the commit is durable (a failed sync); the store takes no commit any more.
    #[error("the outcome of a commit is unknown: {0}")]
    Unknown(String),
}
