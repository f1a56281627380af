use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use motet_store::memory::{Chunk, History, Rows};
use motet_store::{Entity, Epoch, Position, Query, Row, RowScan, Schema, TableId, Value};

use super::{Meta, Snapshot, Stored, Tables, TablesReader, Tail, TailChunk};
use crate::error::Error;
use crate::overlay::Generation;

/// Tables in memory, for the simulator: a crash leaves them as the last finished transaction did. Clones share them.
#[derive(Clone)]
pub struct MemoryTables(Arc<Mutex<State>>);

struct State {
    meta: Meta,
    histories: BTreeMap<Entity, History>,
    tables: BTreeMap<TableId, Rows>,
    disk_full: bool,
    failure: Option<String>,
}

impl MemoryTables {
    /// Empty tables.
    pub fn new(schema: &'static Schema) -> Self {
        let tables = schema.tables.iter().map(|table| (table.id, Rows::new(table))).collect();
        Self(Arc::new(Mutex::new(State {
            meta: Meta::default(),
            histories: BTreeMap::new(),
            tables,
            disk_full: false,
            failure: None,
        })))
    }

    /// Whether transactions fail for lack of room.
    pub fn set_disk_full(&self, full: bool) {
        self.state().disk_full = full;
    }

    /// Lets every further transaction fail as a broken medium would, or none.
    pub fn set_failure(&self, failure: Option<&str>) {
        self.state().failure = failure.map(str::to_owned);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl State {
    fn begin(&self) -> Result<(), Error> {
        if self.disk_full {
            return Err(Error::DiskFull("tables in memory".to_owned()));
        }
        match &self.failure {
            None => Ok(()),
            Some(what) => Err(Error::io("tables in memory", std::io::Error::other(what.clone()))),
        }
    }

    fn append(&mut self, entity: Entity, tail: &Tail) {
        if tail.forgotten.is_some() {
            self.histories.remove(&entity);
        }
        if tail.chunks.is_empty() && tail.snapshot.is_none() {
            return;
        }
        let history = self.histories.entry(entity).or_default();
        let snapshot_after = |chunks: usize| {
            let snapshot = tail.snapshot.as_ref().filter(|snapshot| snapshot.chunks == chunks);
            snapshot.map(|snapshot| snapshot.state.clone())
        };
        history.append(Position(0), 0, Bytes::new(), snapshot_after(0));
        for (place, chunk) in tail.chunks.iter().enumerate() {
            let TailChunk { position, record_count, records } = chunk.clone();
            history.append(position, record_count, records, snapshot_after(place + 1));
        }
        for cut in &tail.cuts {
            history.cut(cut.position, cut.from, cut.to);
        }
    }
}

impl Tables for MemoryTables {
    fn meta(&self) -> Result<Meta, Error> {
        Ok(self.state().meta)
    }

    fn begin_epoch(&mut self, log_ordinal: u64) -> Result<Epoch, Error> {
        let mut state = self.state();
        state.begin()?;
        state.meta.epoch.0 += 1;
        state.meta.log_ordinal = log_ordinal;
        Ok(state.meta.epoch)
    }

    fn cover(&mut self, generation: &Generation, log_ordinal: u64) -> Result<(), Error> {
        let mut state = self.state();
        state.begin()?;
        for (entity, tail) in &generation.entities {
            state.append(*entity, tail);
        }
        for (table, changes) in &generation.tables {
            let rows = state.tables.get_mut(table).expect("commits are checked when they come");
            for (key, change) in changes {
                match &change.rest {
                    None => rows.delete(key),
                    Some(rest) => rows.put([key.as_slice(), rest.as_slice()].concat()),
                }
            }
        }
        state.meta.covered = generation.last;
        state.meta.log_ordinal = log_ordinal;
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn TablesReader>, Error> {
        Ok(Box::new(self.clone()))
    }
}

impl TablesReader for MemoryTables {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(MemorySnapshot(self.state())))
    }
}

/// Holds the lock: what is read is consistent because nothing is written meanwhile.
struct MemorySnapshot<'a>(MutexGuard<'a, State>);

impl Snapshot for MemorySnapshot<'_> {
    fn covered(&self) -> Position {
        self.0.meta.covered
    }

    fn entity(&self, entity: Entity) -> Result<Stored, Error> {
        let history = self.0.histories.get(&entity);
        Ok(history.map_or_else(Stored::default, |history| Stored {
            records: history.records(),
            snapshot: history.snapshot(),
        }))
    }

    fn chunks(&self, entity: Entity, skip: u64, limit: usize) -> Result<Vec<Chunk>, Error> {
        let history = self.0.histories.get(&entity);
        Ok(history.map_or_else(Vec::new, |history| history.page(skip, limit).to_vec()))
    }

    fn rows(&self, scan: &RowScan) -> Result<Vec<Row>, Error> {
        Ok(self.0.tables[&scan.table].scan(scan))
    }

    fn query(&self, query: &Query) -> Result<Vec<Row>, Error> {
        Ok(self.0.tables[&query.table].query(query))
    }

    fn count(&self, query: &Query, column: usize) -> Result<Vec<(Value, u64)>, Error> {
        Ok(self.0.tables[&query.table].count(query, column))
    }
}
