//! Reads are consistent while commits, checkpoints and other reads go on.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use common::Directory;
use common::client::{appending, records, wait};
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, Reads, RowChange, RowScan, Store, TableId, Value};
use motet_store_embedded::{Options, Service};

const COMMITS: u64 = 1_500;
const KEYS: u64 = 10;
const TABLE: TableId = TableId(2);

/// Commit `number` appends a record to entity 1, gives every key the same value, and moves one marker row.
fn commit(service: &Service, number: u64) -> Commit {
    let key = |key: u64| Value::Text(format!("key {key}"));
    let value = Value::Blob(number.to_string().into());
    let mut rows: Vec<RowChange> = (0..KEYS)
        .map(|idx| RowChange::Put { table: TABLE, row: vec![key(idx), value.clone()] })
        .collect();
    let marker = |number: u64| Value::Text(format!("marker {}", number % 7));
    rows.push(RowChange::Delete { table: TABLE, key: vec![marker(number + 6)] });
    rows.push(RowChange::Put { table: TABLE, row: vec![marker(number), value] });
    Commit { rows, ..appending(service, 1, &number.to_string()) }
}

#[test]
fn every_read_sees_a_moment() {
    let directory = Directory::new();
    let interval = std::time::Duration::from_millis(1);
    let options = Options { checkpoint_interval: interval, load_threads: 2, ..Options::small() };
    let service = Service::open(directory.path(), &SCHEMA, options).expect("it opens");
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let readers: Vec<_> = [read_entity, read_rows, read_history]
            .into_iter()
            .map(|read| {
                let (service, acknowledged, done) = (&service, &acknowledged, &done);
                scope.spawn(move || {
                    let mut reads = 0;
                    while !done.load(Ordering::Acquire) || reads == 0 {
                        let before = acknowledged.load(Ordering::Acquire);
                        read(service, before);
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        for number in 1..=COMMITS {
            let group = vec![commit(&service, number)];
            wait(|done| service.commit(group, done)).expect("it is durable");
            acknowledged.store(number, Ordering::Release);
        }
        done.store(true, Ordering::Release);
        let reads: Vec<u64> =
            readers.into_iter().map(|reader| reader.join().expect("it is consistent")).collect();
        assert!(reads.iter().all(|reads| *reads > 10), "{reads:?}");
    });
    assert!(service.stats().checkpoints > 10, "{:?}", service.stats());
    assert_eq!(records(&service, 1).len() as u64, COMMITS);
}

/// All records from the first on, at least those acknowledged before.
fn read_entity(service: &Service, acknowledged: u64) {
    let loaded = wait(|done| service.load(vec![motet_store::Entity([1; 16])], done));
    let records =
        loaded.expect("loads are answered").remove(0).map_or(vec![], |loaded| loaded.records);
    assert!(records.len() as u64 >= acknowledged);
    for (place, record) in records.iter().enumerate() {
        assert_eq!(*record, (place + 1).to_string());
    }
}

/// All rows of one commit and no other.
fn read_rows(service: &Service, acknowledged: u64) {
    let scan = RowScan { table: TABLE, prefix: vec![], after: None, limit: 100 };
    let rows = wait(|done| service.rows(scan, done)).expect("scans are answered");
    if rows.is_empty() {
        return assert_eq!(acknowledged, 0);
    }
    let Value::Blob(first) = &rows[0][1] else { panic!("{rows:?}") };
    let number: u64 = String::from_utf8_lossy(first).parse().expect("it is a number");
    assert!(number >= acknowledged);
    assert_eq!(rows.len() as u64, KEYS + 1, "ten keys and one marker: {rows:?}");
    assert!(rows.iter().all(|row| row[1] == rows[0][1]), "{rows:?}");
}

/// The last page reaches what was acknowledged before.
fn read_history(service: &Service, acknowledged: u64) {
    let skip = acknowledged.saturating_sub(5);
    let entity = motet_store::Entity([1; 16]);
    let page = wait(|done| service.history(entity, skip, 5, done)).expect("histories are answered");
    assert!(page.len() as u64 >= acknowledged - skip);
    for (place, (first, _, chunk)) in (skip..).zip(&page) {
        assert_eq!((*first, chunk.to_vec()), (place, (place + 1).to_string().into_bytes()));
    }
}
