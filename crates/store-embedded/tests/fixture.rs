//! Data of every past format opens, for ever. `fixtures/v1` is a data directory that format 1 was written in.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Directory;
use common::client::{appending, commit, records, rows, wait};
use expect_test::expect;
use motet_store::conformance::SCHEMA;
use motet_store::{Answer, Commit, Order, Query, Reads, RowChange, Store, TableId, Value};
use motet_store_embedded::{Options, Service, check};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// No spare segments, and as small as can be: the files are kept in the repository.
fn options() -> Options {
    let patient = std::time::Duration::from_secs(3_600);
    Options {
        segment_bytes_first: 16 * 1024,
        segment_bytes: 16 * 1024,
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
    let directory = copy();
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
    let order = wait(|done| {
        let query = Query {
            table: TableId(7),
            filters: Vec::new(),
            count_by: None,
            order: Order::Ascending,
            after: None,
            limit: 10,
        };
        service.query(query, done);
    });
    let Ok(Answer::Rows { rows, covered }) = order else {
        panic!("rows were asked for: {order:?}")
    };
    assert_eq!((rows, covered.0), (vec![order_row()], 3));
    assert_eq!(commit(&service, 1, "sixth").expect("it is durable")[0].0, 6);
    service.close().expect("it covers everything");
}

/// Writes the fixture; run once for each format, with `--ignored`, and never again.
#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    let target = fixture();
    fs::create_dir_all(&target).expect("the repository can be written");
    let service = Service::open(&target, &SCHEMA, options()).expect("it opens");
    commit(&service, 1, "first").expect("it is durable");
    commit(&service, 1, "second").expect("it is durable");
    let put = RowChange::Put { table: TableId(7), row: order_row() };
    let third = Commit {
        rows: vec![put],
        records: Vec::new().into(),
        record_count: 0,
        ..appending(&service, 3, "")
    };
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
