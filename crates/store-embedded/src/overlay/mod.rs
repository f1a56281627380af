//! What the tables do not cover yet, in memory.
//!
//! Commits enter the *active* generation. A checkpoint seals it and begins a new one; the sealed generation stays visible
//! until the transaction that covers it has returned, and leaves as a whole.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use motet_store::memory::Chunk;
use motet_store::{Commit, Entity, Position, RowChange, RowScan, Schema, Table, TableId, Value};

use crate::error::Error;

/// What one entry costs beyond its bytes, roughly.
const ENTRY_BYTES: usize = 128;

/// The two generations; the sealed one is shared with whoever writes it to the tables.
#[derive(Debug)]
pub(crate) struct Overlay {
    schema: &'static Schema,
    active: Generation,
    sealed: Option<Arc<Generation>>,
}

/// Commits between two checkpoints, merged: of each row the last write, of each entity what is to be appended.
#[derive(Debug, Default)]
pub struct Generation {
    /// Position of its last commit.
    pub last: Position,
    /// Upper bound of its memory, in bytes.
    pub bytes: usize,
    pub entities: BTreeMap<Entity, Tail>,
    pub tables: BTreeMap<TableId, Changes>,
}

/// Row changes of one table by key.
pub type Changes = BTreeMap<Vec<Value>, Change>;

/// What is to be appended to one entity.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// Position of the last commit that forgot the entity: what is older than this tail is gone.
    pub forgotten: Option<Position>,
    /// What commits cut out of the history, the tables' part included.
    pub cuts: Vec<Cut>,
    pub chunks: Vec<TailChunk>,
    pub snapshot: Option<TailSnapshot>,
}

/// What one commit cuts out of a history: older chunks that begin within.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub position: Position,
    pub from: u64,
    pub to: u64,
}

/// One commit's records.
#[derive(Clone, Debug)]
pub struct TailChunk {
    pub position: Position,
    pub record_count: u32,
    pub records: Bytes,
}

impl From<Chunk> for TailChunk {
    fn from(chunk: Chunk) -> Self {
        let Chunk { position, record_count, records, .. } = chunk;
        Self { position, record_count, records }
    }
}

/// A snapshot, and how many chunks of the same generation it includes.
#[derive(Clone, Debug)]
pub struct TailSnapshot {
    pub position: Position,
    pub chunks: usize,
    pub state: Bytes,
}

/// The last write of one row: the values beside its key, or nothing where the row was removed.
#[derive(Clone, Debug)]
pub struct Change {
    pub position: Position,
    pub rest: Option<Vec<Value>>,
}

impl Overlay {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self { schema, active: Generation::default(), sealed: None }
    }

    /// Takes a durable commit.
    pub(crate) fn enter(&mut self, position: Position, commit: Commit) {
        self.active.enter(self.schema, position, commit);
    }

    /// Takes the uncovered commits of a recovered log: frames, each with the position of its first commit.
    ///
    /// A log of an older version may hold shorter rows, for columns are only ever added; nothing else may differ.
    pub(crate) fn refill(
        &mut self,
        covered: Position,
        tail: Vec<(u64, Vec<Commit>)>,
    ) -> Result<(), Error> {
        for (sequence, commits) in tail {
            for (position, commit) in (sequence..).map(Position).zip(commits) {
                commit.rows.iter().try_for_each(|change| self.check_recovered(change))?;
                if position > covered {
                    self.enter(position, commit);
                }
            }
        }
        Ok(())
    }

    /// Upper bound of the memory of both generations, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.active.bytes + self.sealed.as_ref().map_or(0, |sealed| sealed.bytes)
    }

    /// Bytes that no checkpoint has begun to cover.
    pub(crate) fn active_bytes(&self) -> usize {
        self.active.bytes
    }

    /// Seals what is active, or gives what is sealed already; nothing if there is nothing to cover.
    pub(crate) fn seal(&mut self) -> Option<Arc<Generation>> {
        if self.sealed.is_none() && self.active.bytes > 0 {
            self.sealed = Some(Arc::new(std::mem::take(&mut self.active)));
        }
        self.sealed.clone()
    }

    /// Drops the sealed generation: the tables cover it.
    pub(crate) fn release(&mut self) {
        self.sealed = None;
    }

    /// The two generations' parts of an entity, older first.
    pub(crate) fn tails(&self, entity: &Entity) -> Vec<Tail> {
        self.generations()
            .filter_map(|generation| generation.entities.get(entity))
            .cloned()
            .collect()
    }

    /// The newest changes that a scan must know: the puts that can be in its page, and the removals among them or after.
    pub(crate) fn changes(&self, scan: &RowScan) -> Changes {
        let start = match &scan.after {
            Some(after) if *after >= scan.prefix => Bound::Excluded(after.as_slice()),
            _ => Bound::Included(scan.prefix.as_slice()),
        };
        let mut layers = self
            .generations()
            .filter_map(|generation| generation.tables.get(&scan.table))
            .map(|changes| changes.range::<[Value], _>((start, Bound::Unbounded)).peekable())
            .collect::<Vec<_>>();
        let mut puts = 0;
        let mut found = Changes::new();
        while puts < scan.limit
            && let Some(key) = layers.iter_mut().filter_map(|layer| Some(layer.peek()?.0)).min()
            && key.starts_with(&scan.prefix)
        {
            let same = |layer: &mut std::iter::Peekable<_>| layer.next_if(|(next, _)| *next == key);
            let newest = layers.iter_mut().filter_map(same).last();
            let (key, change): (&Vec<Value>, &Change) = newest.expect("a layer has the least key");
            puts += usize::from(change.rest.is_some());
            found.insert(key.clone(), change.clone());
        }
        found
    }

    fn check_recovered(&self, change: &RowChange) -> Result<(), Error> {
        type Fits = fn(&Table, usize) -> bool;
        let (id, values, fits): (_, _, Fits) = match change {
            RowChange::Put { table, row } => (table, row, |table, values| {
                (table.key_columns..=table.columns.len()).contains(&values)
            }),
            RowChange::Delete { table, key } => {
                (table, key, |table, values| values == table.key_columns)
            }
            RowChange::Forget | RowChange::Cut { .. } => return Ok(()),
        };
        match self.schema.table(*id) {
            Some(table) if fits(table, values.len()) => Ok(()),
            _ => Err(Error::Schema(format!("the log holds {values:?} of table {}", id.0))),
        }
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.sealed.as_deref().into_iter().chain([&self.active])
    }
}

impl Generation {
    fn enter(&mut self, schema: &Schema, position: Position, commit: Commit) {
        self.last = position;
        self.bytes += commit.size_bound() + ENTRY_BYTES * (1 + commit.rows.len());
        if commit.forgets() {
            let tail = Tail { forgotten: Some(position), ..Tail::default() };
            self.entities.insert(commit.entity, tail);
        }
        let cuts: Vec<(u64, u64)> = commit.cuts().collect();
        if !cuts.is_empty() {
            let tail = self.entities.entry(commit.entity).or_default();
            tail.cuts.extend(cuts.into_iter().map(|(from, to)| Cut { position, from, to }));
        }
        if !commit.records.is_empty() || commit.snapshot.is_some() {
            self.entities.entry(commit.entity).or_default().append(
                position,
                commit.record_count,
                commit.records,
                commit.snapshot,
            );
        }
        for change in commit.rows {
            let (table, key, rest) = match change {
                RowChange::Put { table, mut row } => {
                    let declared = schema.table(table).expect("commits are checked when they come");
                    row.resize(declared.columns.len(), Value::Null);
                    let rest = row.split_off(declared.key_columns);
                    (table, row, Some(rest))
                }
                RowChange::Delete { table, key } => (table, key, None),
                RowChange::Forget | RowChange::Cut { .. } => continue,
            };
            self.tables.entry(table).or_default().insert(key, Change { position, rest });
        }
    }
}

impl Tail {
    fn append(
        &mut self,
        position: Position,
        record_count: u32,
        records: Bytes,
        snapshot: Option<Bytes>,
    ) {
        if !records.is_empty() {
            self.chunks.push(TailChunk { position, record_count, records });
        }
        if let Some(state) = snapshot {
            self.snapshot = Some(TailSnapshot { position, chunks: self.chunks.len(), state });
        }
    }
}

#[cfg(test)]
mod tests;
