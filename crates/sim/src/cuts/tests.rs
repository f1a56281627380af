use motet_engine::Record;
use motet_store::{Entity, Epoch, RowChange};
use motet_types::ShardId;

use super::*;

fn commit(records: &'static str, rows: Vec<RowChange>) -> Commit {
    Commit {
        shard: ShardId(0),
        epoch: Epoch(0),
        entity: Entity([7; 16]),
        records: Bytes::from_static(records.as_bytes()),
        record_count: records.len() as u32,
        snapshot: None,
        rows,
    }
}

fn cut(records: &'static str, from: u64, to: u64) -> Commit {
    commit(records, vec![RowChange::Cut { from, to }])
}

fn shown(chunks: &Chunks) -> String {
    let list = chunks.list.iter();
    let list: Vec<String> =
        list.map(|(first, bytes)| format!("{first}:{}", String::from_utf8_lossy(bytes))).collect();
    list.join(" ")
}

#[test]
fn commits_append_cut_and_forget() {
    let mut chunks = Chunks::default();
    for (commit, expected) in [
        (commit("ab", Vec::new()), "0:ab"),
        (commit("cde", Vec::new()), "0:ab 2:cde"),
        (commit("", Vec::new()), "0:ab 2:cde"),
        (cut("f", 1, 5), "0:ab 5:f"),
        (cut("g", 2, 100), "0:ab 6:g"),
        (commit("", vec![RowChange::Forget]), ""),
        (commit("h", Vec::new()), "0:h"),
    ] {
        chunks.take(&commit);
        assert_eq!(shown(&chunks), expected);
    }
}

/// Histories of chunks without a record each, which can always be read.
fn lengths(chunks: &[(u64, u64)], records: u64) -> Chunks {
    let mut bytes = Vec::new();
    motet_journal::encode_records(&[] as &[Record], &mut bytes);
    let bytes = Bytes::from(bytes);
    Chunks { list: chunks.iter().map(|(first, _)| (*first, bytes.clone())).collect(), records }
}

#[test]
fn a_cut_that_takes_too_much_is_seen() {
    let before = lengths(&[(0, 4), (4, 3), (7, 3), (10, 5)], 15);
    let check = |first: u64, last: u64, left: &[(u64, u64)]| {
        Kept { first, last }.check(&before, &lengths(left, 15)).map_err(|it| it.seen)
    };
    assert_eq!(check(4, 5, &[(0, 4), (10, 5)]), Ok(()));
    let gone = |from: u64, to: u64, first: u64, last: u64| {
        Err(format!(
            "records {from} to {to} of 15 are gone, Kept {{ first: {first}, last: {last} }}"
        ))
    };
    assert_eq!(check(5, 5, &[(0, 4), (10, 5)]), gone(4, 7, 5, 5));
    assert_eq!(check(4, 6, &[(0, 4), (10, 5)]), gone(7, 10, 4, 6));
    assert_eq!(check(1, 1, &[(4, 3), (10, 5)]), gone(0, 4, 1, 1));
}
