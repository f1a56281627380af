//! Data of every past format opens, for ever. `fixtures/v1` is a data directory that format 1 was written in.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use common::Directory;
use common::client::{appending, commit, records, rows, wait};
use expect_test::expect;
use motet_store::conformance::SCHEMA;
use motet_store::{
    Answer, Commit, Order, Position, Query, Reads, RowChange, Store, TableId, Value,
};
use motet_store_embedded::{Options, Service, check};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// No spare segments, and as small as can be: the files are kept in the repository.
fn options() -> Options {
    let patient = std::time::Duration::from_secs(3_600);
    Options {
        segment_bytes_first: 16 * 1024,
        segment_bytes_max: 16 * 1024,
        segments_spare: 0,
        checkpoint_interval: patient,
        ..Options::small()
    }
}

fn copy() -> Directory {
    let directory = Directory::new();
    for entry in fs::read_dir(fixture()).expect("the fixture is there") {
        let entry = entry.expect("it can be listed");
        let target = directory.path().join(entry.file_name());
        fs::copy(entry.path(), target).expect("the directory is the test's own");
    }
    directory
}

#[test]
fn format_1_opens() {
    shows_what_was_written(&copy());
}

/// What is written today is what the fixture shows. With the variable set, it is written there: once for each format,
/// and never again.
#[test]
fn format_1_is_what_is_written() {
    let directory = Directory::new();
    write(directory.path());
    if let Ok(target) = std::env::var("MOTET_TEST_WRITE_FIXTURE") {
        write(Path::new(&target));
    }
    shows_what_was_written(&directory);
}

fn shows_what_was_written(directory: &Directory) {
    let report = check(directory.path(), &mut |_| {}).expect("it can be read");
    expect![[r#"
        tables: cover commits up to 3
        log: 1 segments in use, 1 idle, 0 unreadable
        log: 2 commits in 2 frames beyond the tables, up to 5
        verdict: sound"#]]
    .assert_eq(&report.to_string());

    let service = Service::open(directory.path(), &SCHEMA, options()).expect("it opens");
    assert_eq!(service.opening().commits, 2);
    assert_eq!(records(&service, 1), ["first", "second", "fourth"]);
    assert_eq!(records(&service, 2), ["fifth"]);
    assert_eq!(rows(&service), 4);
    let orders = Query {
        table: TableId(7),
        filters: Vec::new(),
        count_by: None,
        order: Order::Ascending,
        after: None,
        limit: 10,
    };
    let answer = wait(|done| service.query(orders, done)).expect("queries are answered");
    assert_eq!(answer, Answer::Rows { rows: vec![order_row()], covered: Position(3) });
    assert_eq!(commit(&service, 1, "sixth"), Ok(vec![Position(6)]));
    service.close().expect("it covers everything");
}

fn write(target: &Path) {
    let service = Service::open(target, &SCHEMA, options()).expect("it opens");
    commit(&service, 1, "first").expect("it is durable");
    commit(&service, 1, "second").expect("it is durable");
    let rows = vec![RowChange::Put { table: TableId(7), row: order_row() }];
    let third =
        Commit { rows, records: Bytes::new(), record_count: 0, ..appending(&service, 3, "") };
    wait(|done| service.commit(vec![third], done)).expect("it is durable");
    service.flush().expect("the tables follow");
    commit(&service, 1, "fourth").expect("it is durable");
    commit(&service, 2, "fifth").expect("it is durable");
    drop(service);
    fs::remove_file(target.join("LOCK")).expect("it is left behind");
}

fn order_row() -> Vec<Value> {
    let blob = |bytes: &'static [u8]| Value::Blob(bytes.into());
    vec![blob(b"\x01"), Value::Text("open".to_owned()), blob(b"parent"), Value::Int(-7)]
}
