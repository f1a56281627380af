use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use motet_store::conformance::SCHEMA;
use motet_store::{
    Commit, Entity, Epoch, Filter, Order, Position, Query, RowChange, RowScan, TableId, Test, Value,
};
use motet_types::ShardId;
use proptest::prelude::*;

use super::{MemoryTables, Meta, Snapshot, SqliteTables, Tables};
use crate::overlay::Overlay;

const ORDERS: TableId = TableId(7);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The tables of the simulator and those of SQLite answer alike, whatever they are given and asked.
    #[test]
    fn memory_and_sqlite_agree(
        generations in prop::collection::vec(prop::collection::vec(commit(), 1..12), 1..4),
        queries in prop::collection::vec(query(), 12),
        scans in prop::collection::vec(scan(), 6),
        pages in prop::collection::vec((0..14_u64, 0..8_usize), 6),
    ) {
        let directory = Directory::new();
        let mut memory = MemoryTables::new(&SCHEMA);
        let mut sqlite = SqliteTables::open(&directory.0, &SCHEMA).expect("it opens");
        let mut overlay = Overlay::new(&SCHEMA);
        let mut position = Position(0);
        for (ordinal, commits) in (1..).zip(generations) {
            for commit in commits {
                position.0 += 1;
                overlay.enter(position, commit);
            }
            let sealed = overlay.seal().expect("there are commits");
            memory.cover(&sealed, ordinal).expect("memory has room");
            sqlite.cover(&sealed, ordinal).expect("the disk has room");
            overlay.release();
        }
        prop_assert_eq!(memory.meta().expect("it is read"), sqlite.meta().expect("it is read"));

        let (mut memory, mut sqlite) =
            (memory.reader().expect("it opens"), sqlite.reader().expect("it opens"));
        let memory = memory.snapshot().expect("it is read");
        let sqlite = sqlite.snapshot().expect("it is read");
        prop_assert_eq!(memory.covered(), position);
        let both = |read: &dyn Fn(&dyn Snapshot) -> String| (read(&*memory), read(&*sqlite));
        for query in &queries {
            let (expected, found) = both(&|tables| format!("{:?}", tables.query(query).expect("it is read")));
            prop_assert_eq!(found, expected, "{:?}", query);
            let (expected, found) = both(&|tables| format!("{:?}", tables.count(query, 2).expect("it is read")));
            prop_assert_eq!(found, expected, "counts of {:?}", query);
        }
        for scan in &scans {
            let (expected, found) = both(&|tables| format!("{:?}", tables.rows(scan).expect("it is read")));
            prop_assert_eq!(found, expected, "{:?}", scan);
        }
        for entity in (0..3).map(|entity| Entity([entity; 16])) {
            let (expected, found) = both(&|tables| format!("{:?}", tables.entity(entity).expect("it is read")));
            prop_assert_eq!(found, expected);
            for (skip, limit) in &pages {
                let read = |tables: &dyn Snapshot| tables.chunks(entity, *skip, *limit).expect("it is read");
                let (expected, found) = both(&|tables| format!("{:?}", read(tables)));
                prop_assert_eq!(found, expected, "skip {} limit {}", skip, limit);
            }
        }
    }
}

#[test]
fn epochs_grow_and_nothing_else_changes() {
    let directory = Directory::new();
    let tables: [Box<dyn Tables>; 2] = [
        Box::new(MemoryTables::new(&SCHEMA)),
        Box::new(SqliteTables::open(&directory.0, &SCHEMA).expect("it opens")),
    ];
    for mut tables in tables {
        assert_eq!(tables.meta().expect("it is read"), Meta::default());
        for (epoch, log_ordinal) in [(1, 7), (2, 9)] {
            assert_eq!(tables.begin_epoch(log_ordinal).expect("there is room"), Epoch(epoch));
            let meta = Meta { covered: Position(0), epoch: Epoch(epoch), log_ordinal };
            assert_eq!(tables.meta().expect("it is read"), meta);
        }
    }
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    let mut tables = MemoryTables::new(&SCHEMA);
    let mut overlay = Overlay::new(&SCHEMA);
    let records = Bytes::from_static(b"a");
    overlay.enter(Position(1), Commit { records, record_count: 1, ..empty(0) });
    let sealed = overlay.seal().expect("there is a commit");
    tables.set_disk_full(true);
    assert!(tables.cover(&sealed, 1).is_err());
    tables.set_disk_full(false);
    tables.set_failure(Some("the medium failed"));
    assert!(tables.cover(&sealed, 1).is_err());
    tables.set_failure(None);
    assert_eq!(tables.meta().expect("it is read"), Meta::default());
    tables.cover(&sealed, 1).expect("all is well again");
    assert_eq!(tables.meta().expect("it is read").covered, Position(1));
}

fn empty(entity: u8) -> Commit {
    Commit {
        shard: ShardId(0),
        epoch: Epoch(0),
        entity: Entity([entity; 16]),
        records: Bytes::new(),
        record_count: 0,
        snapshot: None,
        rows: Vec::new(),
    }
}

fn commit() -> impl Strategy<Value = Commit> {
    let chunk = prop::collection::vec(any::<u8>(), 0..4);
    let snapshot = prop::option::weighted(0.2, prop::collection::vec(any::<u8>(), 0..4));
    let rows = prop::collection::vec(change(), 0..5);
    let cut = prop::option::of((0..12_u64, 0..12_u64));
    (0..3_u8, chunk, snapshot, rows, cut).prop_map(|(entity, chunk, snapshot, mut rows, cut)| {
        if let (Some((from, length)), Some(_), false) = (cut, &snapshot, chunk.is_empty()) {
            rows.push(RowChange::Cut { from, to: from + length });
        }
        Commit {
            record_count: chunk.len() as u32,
            records: Bytes::from(chunk),
            snapshot: snapshot.map(Bytes::from),
            rows,
            ..empty(entity)
        }
    })
}

fn change() -> impl Strategy<Value = RowChange> {
    (id(), status(), parent(), amount(), 0..8_u8).prop_map(|(id, status, parent, amount, kind)| {
        match kind {
            0 => RowChange::Forget,
            1 | 2 => RowChange::Delete { table: ORDERS, key: vec![id] },
            _ => RowChange::Put { table: ORDERS, row: vec![id, status, parent, amount] },
        }
    })
}

fn query() -> impl Strategy<Value = Query> {
    let filter = prop_oneof![
        test(status()).prop_map(|test| Filter { column: "status", test }),
        test(parent()).prop_map(|test| Filter { column: "parent", test }),
        test(amount()).prop_map(|test| Filter { column: "amount", test }),
        test(id()).prop_map(|test| Filter { column: "id", test }),
    ];
    let order = prop_oneof![Just(Order::Ascending), Just(Order::Descending)];
    let after = prop::option::of(id().prop_map(|id| vec![id]));
    (prop::collection::vec(filter, 0..3), order, after, 0..12_usize).prop_map(
        |(filters, order, after, limit)| Query {
            table: ORDERS,
            filters,
            count_by: None,
            order,
            after,
            limit,
        },
    )
}

fn test(value: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Test> {
    prop_oneof![
        value.clone().prop_map(Test::Equal),
        value.clone().prop_map(Test::AtLeast),
        value.clone().prop_map(Test::Below),
        prop::collection::vec(value, 0..4).prop_map(Test::In),
    ]
}

fn scan() -> impl Strategy<Value = RowScan> {
    let key = || prop::option::of(id().prop_map(|id| vec![id]));
    (key(), key(), 0..12_usize).prop_map(|(prefix, after, limit)| {
        let prefix = prefix.filter(|_| limit % 3 == 0).unwrap_or_default();
        RowScan { table: ORDERS, prefix, after, limit }
    })
}

fn id() -> impl Strategy<Value = Value> + Clone {
    prop::collection::vec(prop::sample::select(vec![0, 1, 128, 255_u8]), 0..3)
        .prop_map(|id| Value::Blob(Bytes::from(id)))
}

fn status() -> impl Strategy<Value = Value> + Clone {
    prop::sample::select(vec!["", "open", "done", "öffen", "1", "\0"])
        .prop_map(|status| Value::Text(status.to_owned()))
}

fn parent() -> impl Strategy<Value = Value> + Clone {
    prop::option::of(prop::sample::select(vec![&b""[..], b"p", b"\xff"])).prop_map(|parent| {
        parent.map_or(Value::Null, |parent| Value::Blob(Bytes::from_static(parent)))
    })
}

fn amount() -> impl Strategy<Value = Value> + Clone {
    prop::option::of(prop::sample::select(vec![i64::MIN, -1, 0, 1, 7, i64::MAX]))
        .prop_map(|amount| amount.map_or(Value::Null, Value::Int))
}

/// A directory of its own, removed when dropped.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("motet-tables-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the directory is the test's own");
    }
}
