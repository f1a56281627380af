use bytes::Bytes;
use expect_test::expect;
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, Entity, Epoch, Position, RowChange, RowScan, TableId, Value};
use motet_types::ShardId;

use super::{Changes, Overlay};
use crate::error::Error;

const START: TableId = TableId(2);

fn commit(records: &'static str, rows: Vec<RowChange>) -> Commit {
    Commit {
        shard: ShardId(0),
        epoch: Epoch(1),
        entity: Entity([1; 16]),
        records: Bytes::from_static(records.as_bytes()),
        record_count: records.len() as u32,
        snapshot: None,
        rows,
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn put(key: &str, owner: &'static str) -> RowChange {
    let owner = Value::Blob(Bytes::from_static(owner.as_bytes()));
    RowChange::Put { table: START, row: vec![text(key), owner] }
}

fn delete(key: &str) -> RowChange {
    RowChange::Delete { table: START, key: vec![text(key)] }
}

/// The changes that a scan gets, in words: `key=owner@position` or `key-@position`.
fn scanned(overlay: &Overlay, prefix: &[Value], after: Option<&str>, limit: usize) -> String {
    let after = after.map(|key| vec![text(key)]);
    in_words(overlay.changes(&RowScan { table: START, prefix: prefix.to_vec(), after, limit }))
}

fn in_words(changes: Changes) -> String {
    let words = changes.into_iter().map(|(key, change)| {
        let [Value::Text(key)] = key.as_slice() else { panic!("{key:?}") };
        let position = change.position.0;
        match change.rest.as_deref() {
            None => format!("{key}-@{position}"),
            Some([Value::Blob(owner)]) => {
                format!("{key}={}@{position}", String::from_utf8_lossy(owner))
            }
            Some(other) => panic!("{other:?}"),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_last_write_of_a_row_is_kept() {
    let mut overlay = Overlay::new(&SCHEMA);
    overlay.enter(Position(1), commit("", vec![put("a", "x"), put("b", "x"), put("a", "y")]));
    overlay.enter(Position(2), commit("", vec![delete("b"), put("c", "z"), delete("d")]));
    expect!["a=y@1 b-@2 c=z@2 d-@2"].assert_eq(&scanned(&overlay, &[], None, 9));
}

#[test]
fn a_newer_generation_hides_the_sealed_one() {
    let mut overlay = Overlay::new(&SCHEMA);
    overlay.enter(Position(1), commit("", vec![put("a", "old"), put("b", "old"), put("c", "old")]));
    overlay.seal();
    overlay.enter(Position(2), commit("", vec![put("a", "new"), delete("b")]));
    expect!["a=new@2 b-@2 c=old@1"].assert_eq(&scanned(&overlay, &[], None, 9));
    overlay.release();
    expect!["a=new@2 b-@2"].assert_eq(&scanned(&overlay, &[], None, 9));
}

#[test]
fn a_scan_gets_what_its_page_can_hold_and_no_more() {
    let mut overlay = Overlay::new(&SCHEMA);
    let rows = vec![put("a", "1"), delete("b"), put("c", "1"), delete("d"), put("e", "1")];
    overlay.enter(Position(1), commit("", rows));
    overlay.seal();
    overlay.enter(Position(2), commit("", vec![delete("a"), put("f", "2")]));
    let cases = [
        (None, 0, ""),
        (None, 1, "a-@2 b-@1 c=1@1"),
        (None, 2, "a-@2 b-@1 c=1@1 d-@1 e=1@1"),
        (None, 9, "a-@2 b-@1 c=1@1 d-@1 e=1@1 f=2@2"),
        (Some("b"), 1, "c=1@1"),
        (Some("c"), 1, "d-@1 e=1@1"),
        (Some("f"), 1, ""),
    ];
    for (after, limit, expected) in cases {
        assert_eq!(scanned(&overlay, &[], after, limit), expected, "after {after:?} limit {limit}");
    }
    assert_eq!(scanned(&overlay, &[text("c")], None, 9), "c=1@1");
    assert_eq!(scanned(&overlay, &[text("c")], Some("c"), 9), "");
    assert_eq!(scanned(&overlay, &[text("bb")], None, 9), "");
}

#[test]
fn generations_keep_chunks_and_snapshots_apart() {
    let mut overlay = Overlay::new(&SCHEMA);
    overlay.enter(Position(1), commit("ab", vec![]));
    let snapshot = Some(Bytes::from_static(b"S"));
    overlay.enter(Position(2), Commit { snapshot, ..commit("c", vec![]) });
    overlay.seal();
    overlay.enter(Position(4), commit("d", vec![]));
    let tails = overlay.tails(&Entity([1; 16]));
    let shape: Vec<(usize, Option<usize>)> = tails
        .iter()
        .map(|tail| (tail.chunks.len(), tail.snapshot.as_ref().map(|snapshot| snapshot.chunks)))
        .collect();
    assert_eq!(shape, [(2, Some(2)), (1, None)]);
    assert!(overlay.tails(&Entity([2; 16])).is_empty());
}

#[test]
fn bytes_are_counted_until_the_generation_leaves() {
    let mut overlay = Overlay::new(&SCHEMA);
    assert!(overlay.seal().is_none() && overlay.bytes() == 0);
    overlay.enter(Position(1), commit("abc", vec![put("a", "x")]));
    let one = overlay.bytes();
    assert!(one > 100 && overlay.active_bytes() == one);
    let sealed = overlay.seal().expect("there is a commit");
    assert_eq!((sealed.last, sealed.bytes), (Position(1), one));
    assert_eq!((overlay.bytes(), overlay.active_bytes()), (one, 0));
    overlay.enter(Position(2), commit("abc", vec![put("a", "x")]));
    assert_eq!(overlay.bytes(), 2 * one);
    let again = overlay.seal().expect("it is still sealed");
    assert_eq!(again.last, Position(1), "the next one waits until this one is covered");
    overlay.release();
    assert_eq!(overlay.seal().expect("there is a commit").last, Position(2));
    overlay.release();
    assert_eq!(overlay.bytes(), 0);
}

#[test]
fn a_recovered_tail_fills_it_from_what_is_covered_on() {
    let mut overlay = Overlay::new(&SCHEMA);
    let tail = vec![
        (5, vec![commit("a", vec![put("a", "5")]), commit("b", vec![put("b", "6")])]),
        (7, vec![commit("c", vec![put("c", "7")])]),
    ];
    overlay.refill(Position(5), tail).expect("it fits the tables");
    expect!["b=6@6 c=7@7"].assert_eq(&scanned(&overlay, &[], None, 9));
}

#[test]
fn a_recovered_row_may_lack_columns_and_nothing_else() {
    let row = |table, row: Vec<Value>| RowChange::Put { table, row };
    let key = |table, key: Vec<Value>| RowChange::Delete { table, key };
    let cases = [
        ("as declared", put("a", "x"), true),
        ("a column less", row(START, vec![text("a")]), true),
        ("a column more", row(START, vec![text("a"), Value::Null, Value::Null]), false),
        ("less than its key", row(START, vec![]), false),
        ("of no table", row(TableId(99), vec![text("a")]), false),
        ("a removal as declared", delete("a"), true),
        ("a removal by another key", key(START, vec![text("a"), text("b")]), false),
    ];
    for (what, change, fits) in cases {
        let mut overlay = Overlay::new(&SCHEMA);
        let filled = overlay.refill(Position(0), vec![(1, vec![commit("", vec![change])])]);
        assert_eq!(filled.is_ok(), fits, "{what}");
        assert!(filled.is_ok() || matches!(filled, Err(Error::Schema(_))), "{what}");
    }
}
