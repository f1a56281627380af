//! Forgetting over real files: what a forgotten entity held is gone from the tables, whatever crash or checkpoint comes.

mod common;

use common::Directory;
use common::client::{appending, commit, records, rows, wait};
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, RowChange, Store, TableId, Value};
use motet_store_embedded::{Options, Service};

fn open(directory: &Directory) -> Service {
    // The tables follow when they are told to.
    let checkpoint_interval = std::time::Duration::from_secs(3_600);
    let options = Options { checkpoint_interval, ..Options::small() };
    Service::open(directory.path(), &SCHEMA, options).expect("it opens")
}

/// Forgets the entity and removes the row that its record made.
fn forget(service: &Service, entity: u8, text: &str) {
    let key = vec![Value::Text(text.to_owned())];
    let commit = Commit {
        records: bytes::Bytes::new(),
        record_count: 0,
        rows: vec![RowChange::Delete { table: TableId(2), key }, RowChange::Forget],
        ..appending(service, entity, "")
    };
    wait(|done| service.commit(vec![commit], done)).expect("the commit is durable");
}

/// How many rows the tables hold: histories, snapshots, and those of the suite's table.
fn stored(directory: &Directory) -> [i64; 3] {
    let connection =
        rusqlite::Connection::open(directory.path().join("tables.sqlite")).expect("it opens");
    ["history", "snapshot", "start"].map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        connection.query_row(&count, [], |row| row.get(0)).expect("it is read")
    })
}

fn committed(service: &Service, entity: u8, text: &str) {
    commit(service, entity, text).expect("the commit is durable");
}

#[test]
fn what_the_tables_held_is_deleted() {
    let directory = Directory::new();
    let service = open(&directory);
    let snapshot = Some(bytes::Bytes::from_static(b"state"));
    let with_snapshot = Commit { snapshot, ..appending(&service, 1, "first") };
    wait(|done| service.commit(vec![with_snapshot], done)).expect("the commit is durable");
    committed(&service, 2, "second");
    service.flush().expect("the tables follow");
    assert_eq!(stored(&directory), [2, 1, 2]);

    forget(&service, 1, "first");
    assert!(records(&service, 1).is_empty());
    assert_eq!(rows(&service), 1);
    assert_eq!(stored(&directory), [2, 1, 2], "the tables have not followed yet");
    service.flush().expect("the tables follow");
    assert_eq!(stored(&directory), [1, 0, 1]);
    assert_eq!(records(&service, 2), ["second"]);
}

#[test]
fn a_forgetting_that_only_the_log_holds_survives() {
    let directory = Directory::new();
    let service = open(&directory);
    committed(&service, 1, "first");
    service.flush().expect("the tables follow");
    forget(&service, 1, "first");
    committed(&service, 1, "again");
    drop(service);

    let service = open(&directory);
    assert_eq!(records(&service, 1), ["again"]);
    assert_eq!(rows(&service), 1);
    service.flush().expect("the tables follow");
    assert_eq!(stored(&directory), [1, 0, 1]);
    drop(service);
    assert_eq!(records(&open(&directory), 1), ["again"]);
}
