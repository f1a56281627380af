use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use motet_types::{Limits, ShardId};

use super::{History, Rows};
use crate::{
    Answer, Commit, CommitError, Completion, Entity, Epoch, Error, HistoryChunk, Lease, Loaded,
    Position, Query, Reads, Row, RowChange, RowScan, Schema, Store, TableId,
};

/// Both ports in memory, deterministic and never behind: a commit is covered at once.
///
/// What survives is the shared state: [`MemoryStore::reopen`] is a restart of the server over the same data. Completions
/// are called before the method returns or, in a queued store, when the test releases them.
pub struct MemoryStore {
    schema: &'static Schema,
    frame_bytes_max: usize,
    state: Arc<Mutex<State>>,
    epoch: Epoch,
    queue: Option<Mutex<VecDeque<Waiting>>>,
}

/// A completion with its result, not yet called.
type Waiting = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    position: Position,
    /// The newest epoch given to any owner.
    epoch: Epoch,
    /// Epoch under which each shard was leased last.
    leases: BTreeMap<ShardId, Epoch>,
    histories: BTreeMap<Entity, History>,
    tables: BTreeMap<TableId, Rows>,
}

impl MemoryStore {
    /// An empty store that completes at once.
    pub fn new(schema: &'static Schema) -> Self {
        let tables = schema.tables.iter().map(|table| (table.id, Rows::new(table))).collect();
        let state = Arc::new(Mutex::new(State { tables, ..State::default() }));
        Self::over(schema, Limits::default().frame_bytes_max, state, false)
    }

    /// An empty store whose completions wait for [`MemoryStore::release`].
    pub fn queued(schema: &'static Schema) -> Self {
        Self { queue: Some(Mutex::default()), ..Self::new(schema) }
    }

    /// The same store with another limit for one commit, in bytes.
    pub fn with_frame_bytes_max(self, frame_bytes_max: usize) -> Self {
        Self { frame_bytes_max, ..self }
    }

    /// A new owner over the same data, in the same mode; where it takes a lease, this one is fenced.
    pub fn reopen(&self) -> Self {
        Self::over(self.schema, self.frame_bytes_max, self.state.clone(), self.queue.is_some())
    }

    /// How many completions wait.
    pub fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| locked(queue).len())
    }

    /// Calls the oldest `count` waiting completions, in order; what they submit waits in turn.
    pub fn release(&self, count: usize) {
        let Some(queue) = &self.queue else { return };
        let released: Vec<_> = {
            let mut queue = locked(queue);
            let count = count.min(queue.len());
            queue.drain(..count).collect()
        };
        for completion in released {
            completion();
        }
    }

    fn over(
        schema: &'static Schema,
        frame_bytes_max: usize,
        state: Arc<Mutex<State>>,
        queued: bool,
    ) -> Self {
        let epoch = {
            let mut state = locked(&state);
            state.epoch.0 += 1;
            state.epoch
        };
        Self { schema, frame_bytes_max, state, epoch, queue: queued.then(Mutex::default) }
    }

    fn complete<T: Send + 'static>(&self, result: T, done: Completion<T>) {
        match &self.queue {
            None => done(result),
            Some(queue) => locked(queue).push_back(Box::new(move || done(result))),
        }
    }

    fn refusal(&self, state: &State, commit: &Commit) -> Result<(), CommitError> {
        if state.leases.get(&commit.shard) != Some(&commit.epoch) || commit.epoch != self.epoch {
            return Err(CommitError::Fenced(commit.shard));
        }
        let bytes = commit.size_bound();
        if bytes > self.frame_bytes_max {
            return Err(CommitError::TooLarge { bytes, bytes_max: self.frame_bytes_max });
        }
        self.schema.check_commit(commit)
    }

    fn commit_now(&self, group: Vec<Commit>) -> Result<Vec<Position>, CommitError> {
        let mut state = locked(&self.state);
        group.iter().try_for_each(|commit| self.refusal(&state, commit))?;
        Ok(group.into_iter().map(|commit| state.apply(commit)).collect())
    }

    fn query_now(&self, query: &Query) -> Result<Answer, Error> {
        let table = self.schema.check_query(query)?;
        let state = locked(&self.state);
        let (rows, covered) = (&state.tables[&table.id], state.position);
        Ok(match query.count_by.and_then(|name| table.column(name)) {
            None => Answer::Rows { rows: rows.query(query), covered },
            Some(column) => Answer::Counts { counts: rows.count(query, column), covered },
        })
    }
}

impl State {
    fn apply(&mut self, commit: Commit) -> Position {
        self.position.0 += 1;
        if commit.forgets() {
            self.histories.remove(&commit.entity);
        }
        let cuts: Vec<(u64, u64)> = commit.cuts().collect();
        if !commit.records.is_empty() || commit.snapshot.is_some() {
            self.histories.entry(commit.entity).or_default().append(
                self.position,
                commit.record_count,
                commit.records,
                commit.snapshot,
            );
        }
        if let Some(history) = self.histories.get_mut(&commit.entity) {
            cuts.into_iter().for_each(|(from, to)| history.cut(self.position, from, to));
        }
        for change in commit.rows {
            match change {
                RowChange::Put { table, row } => self.rows_mut(table).put(row),
                RowChange::Delete { table, key } => self.rows_mut(table).delete(&key),
                RowChange::Forget | RowChange::Cut { .. } => {}
            }
        }
        self.position
    }

    fn rows_mut(&mut self, table: TableId) -> &mut Rows {
        self.tables.get_mut(&table).expect("the commit was checked against the schema")
    }
}

impl Store for MemoryStore {
    fn lease(&self, shards: Vec<ShardId>, done: Completion<Result<Vec<Lease>, Error>>) {
        let epoch = self.epoch;
        let leases = {
            let mut state = locked(&self.state);
            let free = |shard: &ShardId| state.leases.get(shard).is_none_or(|at| *at <= epoch);
            let granted: Vec<ShardId> = shards.into_iter().filter(free).collect();
            for shard in &granted {
                state.leases.insert(*shard, epoch);
            }
            let position = state.position;
            granted.into_iter().map(|shard| Lease { shard, epoch, position }).collect()
        };
        self.complete(Ok(leases), done);
    }

    fn commit(&self, group: Vec<Commit>, done: Completion<Result<Vec<Position>, CommitError>>) {
        self.complete(self.commit_now(group), done);
    }

    fn load(&self, entities: Vec<Entity>, done: Completion<Result<Vec<Option<Loaded>>, Error>>) {
        let loaded = {
            let state = locked(&self.state);
            let load = |entity: &Entity| state.histories.get(entity).and_then(History::load);
            entities.iter().map(load).collect()
        };
        self.complete(Ok(loaded), done);
    }

    fn rows(&self, scan: RowScan, done: Completion<Result<Vec<Row>, Error>>) {
        let rows = self
            .schema
            .check_scan(&scan)
            .map(|table| locked(&self.state).tables[&table.id].scan(&scan));
        self.complete(rows, done);
    }
}

impl Reads for MemoryStore {
    fn query(&self, query: Query, done: Completion<Result<Answer, Error>>) {
        self.complete(self.query_now(&query), done);
    }

    fn history(
        &self,
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, Error>>,
    ) {
        let chunks = locked(&self.state).histories.get(&entity).map_or(Vec::new(), |history| {
            let page = history.page(skip, limit).iter();
            page.map(|chunk| (chunk.first_record, chunk.position, chunk.records.clone())).collect()
        });
        self.complete(Ok(chunks), done);
    }

    fn covered(&self) -> Position {
        locked(&self.state).position
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}
