//! The suite that every implementation of the ports passes: what the ports promise, as checks with names.
//!
//! An implementation's tests give a function that opens an empty store over [`SCHEMA`] with [`FRAME_BYTES_MAX`] and call
//! [`suite`]. A check panics where the promise is broken.

mod commits;
mod histories;
mod queries;
mod scans;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use motet_types::ShardId;

use crate::{
    Answer, Column, ColumnType, Commit, CommitError, Completion, Entity, Epoch, Error, Index,
    Lease, Loaded, Position, Query, Reads, Row, RowChange, RowScan, Schema, Store, Table, TableId,
    Value,
};

/// Largest frame of a store under test, in bytes.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// One store under test: an owner of some data.
pub trait Harness {
    /// The port of the shards.
    fn store(&self) -> &dyn Store;

    /// The port of lists and pictures.
    fn reads(&self) -> &dyn Reads;

    /// Returns once queries see every durable commit.
    fn settle(&self);

    /// Ends this owner as a crash would and opens the same data again.
    fn reopen(self: Box<Self>) -> Box<dyn Harness>;
}

/// One promise.
#[derive(Clone, Copy)]
pub struct Check {
    pub name: &'static str,
    /// The promise in one sentence.
    pub says: &'static str,
    run: fn(Client),
}

/// Runs every check, each over a store of its own; a failure names the promise that is broken.
pub fn suite(open: &dyn Fn() -> Box<dyn Harness>) {
    for check in checks() {
        let outcome = catch_unwind(AssertUnwindSafe(|| (check.run)(Client::new(open()))));
        if let Err(panic) = outcome {
            let text = panic.downcast_ref::<String>().map_or("", String::as_str);
            resume_unwind(Box::new(format!("{} ({}): {text}", check.name, check.says)));
        }
    }
}

/// Every check, in the order in which the suite runs them.
pub fn checks() -> Vec<Check> {
    [commits::CHECKS, scans::CHECKS, queries::CHECKS, histories::CHECKS].concat()
}

/// The tables of the suite: every type in keys and in values, a key of several columns, indexes of both kinds.
pub static SCHEMA: Schema = Schema { tables: &[TIMER, START, ORDER] };

const TIMER: Table = Table {
    id: TableId(1),
    name: "timer",
    columns: &[
        Column { name: "shard", kind: ColumnType::Int },
        Column { name: "due", kind: ColumnType::Int },
        Column { name: "owner", kind: ColumnType::Blob },
        Column { name: "note", kind: ColumnType::Text },
    ],
    key_columns: 3,
    indexes: &[],
};

const START: Table = Table {
    id: TableId(2),
    name: "start",
    columns: &[
        Column { name: "key", kind: ColumnType::Text },
        Column { name: "owner", kind: ColumnType::Blob },
    ],
    key_columns: 1,
    indexes: &[],
};

const ORDER: Table = Table {
    id: TableId(7),
    name: "orders",
    columns: &[
        Column { name: "id", kind: ColumnType::Blob },
        Column { name: "status", kind: ColumnType::Text },
        Column { name: "parent", kind: ColumnType::Blob },
        Column { name: "amount", kind: ColumnType::Int },
    ],
    key_columns: 1,
    indexes: &[
        Index { columns: &["status", "amount"], partial: false },
        Index { columns: &["parent"], partial: true },
    ],
};

/// A store with its lease taken and its completions awaited: what the checks are written against.
struct Client {
    harness: Box<dyn Harness>,
    epoch: Epoch,
}

impl Client {
    fn new(harness: Box<dyn Harness>) -> Self {
        let mut client = Self { harness, epoch: Epoch(0) };
        client.epoch = client.lease(ShardId(3)).epoch;
        client
    }

    fn reopen(self) -> Self {
        Self::new(self.harness.reopen())
    }

    fn lease(&self, shard: ShardId) -> Lease {
        let leases = await_result(|done| self.harness.store().lease(vec![shard], done));
        leases.expect("a lease is answered")[0]
    }

    /// A commit under the lease that appends `records`, counted by its bytes.
    fn appending(&self, entity: u8, records: &str) -> Commit {
        Commit {
            shard: ShardId(3),
            epoch: self.epoch,
            entity: Entity([entity; 16]),
            records: Bytes::copy_from_slice(records.as_bytes()),
            record_count: records.len() as u32,
            snapshot: None,
            rows: Vec::new(),
        }
    }

    fn changing(&self, rows: Vec<RowChange>) -> Commit {
        Commit { rows, ..self.appending(0, "") }
    }

    fn try_commit(&self, group: Vec<Commit>) -> Result<Vec<Position>, CommitError> {
        await_result(|done| self.harness.store().commit(group, done))
    }

    fn commit(&self, group: Vec<Commit>) -> Vec<Position> {
        self.try_commit(group).expect("the group is durable")
    }

    fn put(&self, table: TableId, rows: impl IntoIterator<Item = Row>) {
        let put = |row| RowChange::Put { table, row };
        self.commit(vec![self.changing(rows.into_iter().map(put).collect())]);
    }

    fn delete(&self, table: TableId, keys: impl IntoIterator<Item = Vec<Value>>) {
        let delete = |key| RowChange::Delete { table, key };
        self.commit(vec![self.changing(keys.into_iter().map(delete).collect())]);
    }

    /// The present state of an entity in words: `snapshot | chunk chunk`.
    fn state(&self, entity: u8) -> String {
        self.states(&[entity]).remove(0)
    }

    fn states(&self, entities: &[u8]) -> Vec<String> {
        let ids = entities.iter().map(|entity| Entity([*entity; 16])).collect();
        let loaded = await_result(|done| self.harness.store().load(ids, done));
        loaded.expect("loads are answered").into_iter().map(in_words).collect()
    }

    fn try_scan(&self, scan: RowScan) -> Result<Vec<Row>, Error> {
        await_result(|done| self.harness.store().rows(scan, done))
    }

    fn scan(&self, table: TableId, prefix: Vec<Value>, limit: usize) -> Vec<Row> {
        let scan = RowScan { table, prefix, after: None, limit };
        self.try_scan(scan).expect("scans are answered")
    }

    fn try_query(&self, query: Query) -> Result<Answer, Error> {
        await_result(|done| self.harness.reads().query(query, done))
    }

    fn query(&self, query: Query) -> Answer {
        self.try_query(query).expect("queries are answered")
    }

    /// A page of a history in words: `first record:chunk …`.
    fn history(&self, entity: u8, skip: u64, limit: usize) -> String {
        let entity = Entity([entity; 16]);
        let chunks = await_result(|done| self.harness.reads().history(entity, skip, limit, done));
        let chunks = chunks.expect("histories are answered");
        assert!(chunks.is_sorted_by_key(|(_, position, _)| *position));
        let words = chunks.iter().map(|(first, _, chunk)| format!("{first}:{}", text(chunk)));
        words.collect::<Vec<_>>().join(" ")
    }
}

fn await_result<T: Send + 'static>(submit: impl FnOnce(Completion<T>)) -> T {
    let (sender, receiver) = mpsc::channel();
    submit(Box::new(move |result| {
        let _the_check_gave_up = sender.send(result);
    }));
    receiver.recv_timeout(Duration::from_secs(60)).expect("every method reports once")
}

fn in_words(loaded: Option<Loaded>) -> String {
    let Some(loaded) = loaded else {
        return "nothing".to_owned();
    };
    let chunks = loaded.records.iter().map(text).collect::<Vec<_>>().join(" ");
    match loaded.snapshot {
        None => chunks,
        Some(snapshot) => format!("{} | {chunks}", text(&snapshot)),
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn string(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn blob(value: &[u8]) -> Value {
    Value::Blob(Bytes::copy_from_slice(value))
}
