//! What is damaged is refused with its place; what is only torn is not.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::world::{World, agree, observe};
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, CommitError, Entity, Position};
use motet_store_embedded::disk::{Disk, MemoryDisk};
use motet_store_embedded::tables::MemoryTables;
use motet_store_embedded::{Embedded, Error, Options};

const BLOCK: usize = 4096;
const LOG: &str = "log-00000001";

/// A log of three frames in blocks 1 to 3, none of them covered.
fn small_log() -> MemoryDisk {
    let disk = MemoryDisk::new(0);
    let mut store = open(&disk).expect("an empty disk opens");
    for text in ["first", "second", "third"] {
        commit(&mut store, text).expect("it is durable");
    }
    disk
}

fn open(disk: &MemoryDisk) -> Result<Embedded, Error> {
    open_over(disk, &MemoryTables::new(&SCHEMA))
}

fn open_over(disk: &MemoryDisk, tables: &MemoryTables) -> Result<Embedded, Error> {
    Embedded::open(Arc::new(disk.clone()), Box::new(tables.clone()), &SCHEMA, Options::small())
}

fn commit(store: &mut Embedded, text: &str) -> Result<Vec<Position>, CommitError> {
    store.commit_group(vec![Commit {
        shard: motet_types::ShardId(0),
        epoch: store.epoch(),
        entity: Entity([1; 16]),
        records: text.to_owned().into(),
        record_count: 1,
        snapshot: None,
        rows: Vec::new(),
    }])
}

fn chunks(store: &mut Embedded) -> Vec<String> {
    observe(store).expect("it can be read").histories.remove(&1).unwrap_or_default()
}

/// How opening ends: what is there, or what is wrong.
fn outcome(disk: &MemoryDisk) -> String {
    match open(disk) {
        Ok(mut store) => chunks(&mut store).join(" "),
        Err(Error::Damaged(damage)) => {
            format!("{} byte {} commit {}", damage.file, damage.offset, damage.sequence)
        }
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn a_flipped_bit_is_refused_except_in_the_last_frame() {
    let whole = small_log();
    let used = whole.content(LOG).expect("the log is there")[..4 * BLOCK].to_vec();
    let mut outcomes: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for (offset, byte) in used.iter().enumerate() {
        let idle = *byte == 0 && offset % 64 != 0;
        for bit in (0..8).filter(|_| !idle) {
            let disk = whole.fork(1);
            disk.flip_bit(LOG, offset, bit);
            *outcomes.entry((offset / BLOCK, outcome(&disk))).or_default() += 1;
        }
    }
    let found: Vec<(usize, String)> = outcomes.into_keys().collect();
    let expected = [
        // The header: every flip within it is seen, the rest of its block means nothing.
        (0, "first second third"),
        (0, "log-00000001 byte 0 commit 1"),
        // The first two frames: later ones follow, so they are damaged.
        (1, "first second third"),
        (1, "log-00000001 byte 4096 commit 1"),
        (2, "first second third"),
        (2, "log-00000001 byte 8192 commit 2"),
        // The last one cannot be told from a torn one.
        (3, "first second"),
        (3, "first second third"),
    ];
    assert_eq!(found, expected.map(|(block, words)| (block, words.to_owned())));
}

#[test]
fn a_torn_last_frame_is_dropped_and_reported() {
    let disk = small_log();
    disk.flip_bit(LOG, 3 * BLOCK + 40, 0);
    let mut store = open(&disk).expect("a torn frame is normal");
    assert_eq!(store.opening().commits, 2);
    assert_eq!(store.opening().torn, Some((LOG.to_owned(), 3 * BLOCK as u64)));
    assert_eq!(chunks(&mut store), ["first", "second"]);
    assert_eq!(commit(&mut store, "third again"), Ok(vec![Position(3)]));
    drop(store);
    disk.crash();
    let mut store = open(&disk).expect("it opens");
    assert_eq!(chunks(&mut store), ["first", "second", "third again"]);
}

#[test]
fn a_refused_opening_changes_nothing() {
    let disk = small_log();
    disk.flip_bit(LOG, 2 * BLOCK + 40, 0);
    let before = disk.content(LOG);
    assert_eq!(outcome(&disk), outcome(&disk));
    assert_eq!(disk.content(LOG), before);
}

#[test]
fn a_missing_segment_is_damage() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    let mut store = open_over(&disk, &tables).expect("an empty disk opens");
    let before = disk.list().expect("it can be listed");
    for round in 0..40 {
        commit(&mut store, &format!("chunk {round} {}", ".".repeat(3_000))).expect("it is durable");
    }
    drop(store);
    let segments: Vec<String> = disk.list().expect("it can be listed");
    let segments: Vec<&String> = segments.iter().filter(|name| name.starts_with("log-")).collect();
    assert!(segments.len() > 2 && before.len() < segments.len(), "{segments:?}");
    let mut refused = 0;
    for name in &segments {
        let fork = disk.fork(1);
        fork.remove(name).expect("it is there");
        match open_over(&fork, &tables) {
            Err(Error::Damaged(_)) => refused += 1,
            Ok(mut store) => {
                // Only the newest segment can go unnoticed, for nothing else knows of it yet.
                let left = chunks(&mut store).len();
                assert!(left > 20 && *name == segments[segments.len() - 1], "{name}: {left}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused >= segments.len() - 1);
}

#[test]
fn a_missing_newest_segment_is_damage_once_the_tables_know_of_it() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    let mut store = open_over(&disk, &tables).expect("an empty disk opens");
    commit(&mut store, "covered").expect("it is durable");
    store.checkpoint().expect("it is covered");
    commit(&mut store, "acknowledged").expect("it is durable");
    drop(store);
    disk.remove(LOG).expect("it is there");
    let refused = open_over(&disk, &tables).err().expect("acknowledged commits are missing");
    assert!(matches!(&refused, Error::Damaged(damage) if damage.sequence == 2), "{refused}");
}

#[test]
fn recycled_segments_hold_old_frames_that_nobody_reads() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    let mut store = open_over(&disk, &tables).expect("an empty disk opens");
    let mut expected = Vec::new();
    for round in 0..200 {
        let text = format!("chunk {round} {}", ".".repeat(3_000));
        commit(&mut store, &text).expect("it is durable");
        expected.push(text);
        if round % 7 == 0 {
            store.checkpoint().expect("it is covered");
        }
    }
    drop(store);
    let names = disk.list().expect("it can be listed");
    let logs = names.iter().filter(|name| name.starts_with("log-"));
    let frames: usize = logs
        .map(|name| {
            let content = disk.content(name).expect("it is there");
            content.chunks(BLOCK).filter(|block| block.starts_with(b"mfrm")).count()
        })
        .sum();
    assert!(frames > 20, "old frames are still there: {frames}");
    disk.crash();
    let mut store = open_over(&disk, &tables).expect("it opens");
    assert!(store.opening().commits < 8, "{:?}", store.opening());
    assert_eq!(chunks(&mut store), expected);
}

#[test]
fn a_full_disk_refuses_commits_and_takes_them_again_later() {
    let mut world = World::new(0, Options::small());
    let mut store = world.open().expect("an empty disk opens");
    commit(&mut store, "before").expect("it is durable");
    world.disk.set_free_bytes(0);
    world.tables.set_disk_full(true);
    let mut durable = 1;
    let refused = loop {
        match commit(&mut store, &".".repeat(3_000)) {
            Ok(_) => durable += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CommitError::DiskFull(_)), "{refused}");
    assert!(durable > 3, "what was prepared is used up first");
    assert!(matches!(store.checkpoint(), Err(Error::DiskFull(_))));
    assert_eq!(chunks(&mut store).len(), durable, "a refused commit leaves nothing");
    world.disk.set_free_bytes(u64::MAX);
    world.tables.set_disk_full(false);
    commit(&mut store, "after").expect("there is room again");
    store.checkpoint().expect("there is room again");
    let shown = observe(&mut store).expect("it can be read");
    assert_eq!(shown.histories[&1].len(), durable + 1);
    drop(store);
    world.disk.crash();
    let mut store = world.open().expect("it opens");
    world.model = agree(&mut store, &[shown]).expect("nothing is lost");
}

#[test]
fn a_refused_frame_is_never_read_again() {
    for seed in 0..200 {
        let disk = MemoryDisk::new(seed);
        let mut store = open(&disk).expect("an empty disk opens");
        commit(&mut store, "acknowledged").expect("it is durable");
        disk.set_writes_need_room(true);
        disk.set_free_bytes(2 * BLOCK as u64);
        let refused = commit(&mut store, &format!("refused {}", ".".repeat(12_000)));
        assert!(matches!(refused, Err(CommitError::DiskFull(_))), "{refused:?}");
        drop(store);
        disk.set_free_bytes(u64::MAX);
        disk.crash();
        assert_eq!(outcome(&disk), "acknowledged", "seed {seed}");
    }
}

#[test]
fn a_failed_sync_stops_the_log_for_good() {
    for seed in 0..50 {
        let disk = MemoryDisk::new(seed);
        let mut store = open(&disk).expect("an empty disk opens");
        commit(&mut store, "acknowledged").expect("it is durable");
        disk.fail_sync_after(0);
        for text in ["unknown", "never written", "nor this"] {
            let ended = commit(&mut store, text);
            assert!(matches!(ended, Err(CommitError::Unknown(_))), "{ended:?}");
        }
        assert_eq!(chunks(&mut store), ["acknowledged"], "nobody sees what may be lost");
        drop(store);
        disk.crash();
        let shown = outcome(&disk);
        assert!(["acknowledged", "acknowledged unknown"].contains(&shown.as_str()), "{shown}");
    }
}

#[test]
fn a_disk_has_one_owner() {
    let disk = small_log();
    let first = open(&disk).expect("it opens");
    let refused = open(&disk).err().expect("it has an owner");
    let pid = std::process::id();
    assert_eq!(refused.to_string(), format!("the data directory is in use by process {pid}"));
    drop(first);
    open(&disk).expect("the owner is gone");
}

#[test]
fn a_newer_format_is_refused() {
    let disk = small_log();
    let file = disk.open("FORMAT").expect("it is there");
    file.write_at(0, b"motet store format 2 ").expect("it is written");
    assert_eq!(outcome(&disk), "NewerFormat { found: 2, supported: 1 }");
    file.write_at(0, b"something else").expect("it is written");
    assert_eq!(outcome(&disk), "FORMAT byte 0 commit 0");
    disk.remove("FORMAT").expect("it is there");
    assert_eq!(outcome(&disk), "FORMAT byte 0 commit 0", "a log without a format is not new");
}
