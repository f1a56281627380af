//! Opening is as safe as running: it may be interrupted anywhere, again and again, and changes nothing that counts.

mod common;

use std::sync::Arc;

use common::world::observe;
use motet_store::conformance::SCHEMA;
use motet_store::{Commit, Entity, Position};
use motet_store_embedded::disk::{Disk, MemoryDisk};
use motet_store_embedded::tables::{MemoryTables, Tables};
use motet_store_embedded::{Embedded, Error, Options};

/// A disk and its tables.
#[derive(Clone)]
struct Place {
    disk: MemoryDisk,
    tables: MemoryTables,
    options: Options,
}

impl Place {
    fn new(options: Options) -> Self {
        Self { disk: MemoryDisk::new(7), tables: MemoryTables::new(&SCHEMA), options }
    }

    fn open(&self) -> Result<Embedded, Error> {
        let (disk, tables) = (Arc::new(self.disk.clone()), Box::new(self.tables.clone()));
        Embedded::open(disk, tables, &SCHEMA, self.options.clone())
    }

    fn opened(&self) -> Embedded {
        self.open().expect("it opens")
    }

    fn segments(&self) -> Vec<String> {
        let names = self.disk.list().expect("memory can be listed");
        names.into_iter().filter(|name| name.starts_with("log-")).collect()
    }
}

fn commit(store: &mut Embedded, text: &str) -> Position {
    let commit = commit_of(store, text);
    store.commit_group(vec![commit]).expect("it is durable")[0]
}

fn commit_of(store: &Embedded, text: &str) -> Commit {
    Commit {
        shard: motet_types::ShardId(0),
        epoch: store.epoch(),
        entity: Entity([1; 16]),
        records: text.to_owned().into(),
        record_count: 1,
        snapshot: None,
        rows: Vec::new(),
    }
}

fn chunks(store: &mut Embedded) -> Vec<String> {
    observe(store).expect("it can be read").histories.remove(&1).unwrap_or_default()
}

/// Commits over several segments, the first ones covered.
fn worn(options: Options) -> (Place, Vec<String>) {
    worn_by(7, options)
}

fn worn_by(seed: u64, options: Options) -> (Place, Vec<String>) {
    let place = Place { disk: MemoryDisk::new(seed), ..Place::new(options) };
    let mut store = place.opened();
    let texts: Vec<String> = (0..30).map(|idx| format!("{idx} {}", ".".repeat(3_000))).collect();
    for (idx, text) in texts.iter().enumerate() {
        commit(&mut store, text);
        if idx == 9 {
            store.checkpoint().expect("there is room");
        }
    }
    drop(store);
    (place, texts)
}

/// As few segments as there can be: whatever is idle is taken at once.
fn scarce() -> Options {
    Options { segments_spare: 1, segment_bytes_max: 32 * 1024, ..Options::small() }
}

#[test]
fn power_may_fail_at_every_operation_of_an_opening() {
    let mut interrupted = 0;
    for operations in 0.. {
        let (place, texts) = worn(Options::small());
        place.disk.crash();
        place.disk.power_off_after(operations);
        let opened = place.open();
        let finished = opened.is_ok() && !place.disk.is_off();
        drop(opened);
        place.disk.crash();
        assert_eq!(chunks(&mut place.opened()), texts, "after {operations} operations");
        if finished {
            break;
        }
        interrupted += 1;
    }
    assert!(interrupted > 8, "an opening writes: {interrupted} operations");
}

#[test]
fn an_opening_may_be_interrupted_again_and_again() {
    let (place, texts) = worn(Options::small());
    for operations in (0..40).chain((0..40).rev()) {
        place.disk.power_off_after(operations % 13);
        drop(place.open());
        place.disk.crash();
    }
    assert_eq!(chunks(&mut place.opened()), texts);
}

#[test]
fn what_an_opening_shows_survives_though_it_was_never_synced() {
    for seed in 0..60 {
        let place = Place { disk: MemoryDisk::new(seed), ..Place::new(Options::small()) };
        let mut store = place.opened();
        commit(&mut store, "acknowledged");
        // The medium fails under the second frame: its bytes stay readable and are never written.
        place.disk.fail_sync_after(0);
        let lost = Commit {
            shard: motet_types::ShardId(0),
            epoch: store.epoch(),
            entity: Entity([1; 16]),
            records: "unknown".into(),
            record_count: 1,
            snapshot: None,
            rows: Vec::new(),
        };
        assert!(store.commit_group(vec![lost]).is_err());
        drop(store);
        place.disk.kill();
        assert_eq!(chunks(&mut place.opened()), ["acknowledged", "unknown"], "seed {seed}");
        place.disk.crash();
        assert_eq!(chunks(&mut place.opened()), ["acknowledged", "unknown"], "seed {seed}");
    }
}

#[test]
fn a_tail_larger_than_a_segment_gets_one_that_holds_it() {
    let (place, texts) = worn(Options::small());
    let mut store = place.opened();
    assert_eq!(store.opening().commits, 20);
    let bytes = |name: &String| place.disk.content(name).expect("it is there").len() as u64;
    let sizes: Vec<u64> = place.segments().iter().map(bytes).collect();
    let ordinary = Options::small().segment_bytes_max;
    assert_eq!(
        sizes.iter().filter(|size| **size <= ordinary).count(),
        2,
        "the spare ones: {sizes:?}"
    );
    assert_eq!(
        sizes.iter().filter(|size| **size > ordinary).count(),
        1,
        "the fresh one: {sizes:?}"
    );
    assert_eq!(sizes.len(), 3, "everything else is gone: {sizes:?}");
    assert_eq!(commit(&mut store, "after"), Position(31));
    drop(store);
    let expected: Vec<String> = texts.into_iter().chain(["after".to_owned()]).collect();
    assert_eq!(chunks(&mut place.opened()), expected);
}

#[test]
fn a_full_disk_is_no_reason_not_to_open_where_a_segment_is_ready() {
    let place = Place::new(Options::small());
    let mut store = place.opened();
    commit(&mut store, "acknowledged");
    store.checkpoint().expect("there is room");
    drop(store);
    place.disk.set_free_bytes(0);
    let mut store = place.opened();
    assert_eq!(chunks(&mut store), ["acknowledged"]);
    commit(&mut store, "what runs can finish");
}

#[test]
fn without_any_room_it_says_so_and_opens_later() {
    let place = Place::new(Options { segments_spare: 0, ..Options::small() });
    commit(&mut place.opened(), "acknowledged");
    place.disk.set_free_bytes(0);
    let files = place.segments();
    for _ in 0..3 {
        let refused = place.open().err().expect("there is no room");
        assert!(matches!(refused, Error::DiskFull(_)), "{refused}");
        assert_eq!(place.segments(), files, "nothing was changed");
    }
    place.disk.set_free_bytes(u64::MAX);
    assert_eq!(chunks(&mut place.opened()), ["acknowledged"]);
}

#[test]
fn opening_idle_data_again_and_again_needs_no_more_room() {
    let (place, texts) = worn(Options::small());
    place.opened().checkpoint().expect("there is room");
    let mut before = Vec::new();
    for round in 0..20 {
        let mut store = place.opened();
        assert_eq!((store.opening().commits, &store.opening().torn), (0, &None));
        store.checkpoint().expect("there is room");
        drop(store);
        if round == 3 {
            before = place.segments();
        }
    }
    assert_eq!(place.segments().len(), before.len());
    assert_eq!(chunks(&mut place.opened()), texts);
}

#[test]
fn every_opening_begins_an_epoch() {
    let place = Place::new(Options::small());
    let epochs: Vec<u64> = (0..4).map(|_| place.opened().epoch().0).collect();
    assert_eq!(epochs, [1, 2, 3, 4]);
    let meta = place.tables.meta().expect("memory can be read");
    assert_eq!((meta.epoch.0, meta.covered), (4, Position(0)));
}

#[test]
fn a_checkpoint_has_three_steps_and_each_may_be_the_last() {
    for steps in 0..=3 {
        let place = Place::new(Options::small());
        let mut store = place.opened();
        assert!(!store.seal(), "there is nothing yet");
        commit(&mut store, "a");
        commit(&mut store, "b");
        if steps > 0 {
            assert!(store.seal());
            commit(&mut store, "c");
        }
        if steps > 1 {
            store.cover().expect("there is room");
        }
        if steps > 2 {
            store.recycle().expect("there is room");
        }
        let expected: &[&str] = if steps > 0 { &["a", "b", "c"] } else { &["a", "b"] };
        let covered = if steps > 1 { 2 } else { 0 };
        assert_eq!(chunks(&mut store), expected, "after {steps} steps");
        assert_eq!((store.covered().0, store.last().0), (covered, expected.len() as u64));
        drop(store);
        place.disk.crash();
        let mut store = place.opened();
        assert_eq!(store.opening().commits, expected.len() as u64 - covered);
        assert_eq!(chunks(&mut store), expected, "after {steps} steps and a crash");
    }
}

#[test]
fn tables_that_fail_keep_what_is_sealed() {
    let place = Place::new(Options::small());
    let mut store = place.opened();
    commit(&mut store, "a");
    place.tables.set_disk_full(true);
    assert!(matches!(store.checkpoint(), Err(Error::DiskFull(_))));
    commit(&mut store, "b");
    assert!(matches!(store.checkpoint(), Err(Error::DiskFull(_))));
    assert_eq!(chunks(&mut store), ["a", "b"]);
    place.tables.set_disk_full(false);
    store.checkpoint().expect("there is room");
    assert_eq!(store.covered(), Position(1), "the same sealed generation was tried again");
    store.checkpoint().expect("there is room");
    assert_eq!(
        (store.covered(), chunks(&mut store)),
        (Position(2), vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn an_opening_spares_what_counts_again_if_the_cache_is_lost() {
    let cases = (0..16).flat_map(|commits| (1..5).map(move |operations| (commits, operations)));
    for ((commits, operations), seed) in cases.flat_map(|case| (0..8).map(move |it| (case, it))) {
        let place = Place { disk: MemoryDisk::new(seed), ..Place::new(scarce()) };
        let mut store = place.opened();
        // By now every segment has been used before.
        let texts: Vec<String> = (0..40 + commits).map(|idx| format!("{idx:03000}")).collect();
        for text in &texts {
            commit(&mut store, text);
            store.checkpoint().expect("there is room");
        }
        // The next frame, perhaps with the header of a new segment, is only in the cache.
        place.disk.fail_sync_after(0);
        assert!(store.commit_group(vec![commit_of(&store, "never acknowledged")]).is_err());
        drop(store);
        place.disk.kill();
        place.disk.power_off_after(operations);
        drop(place.open());
        place.disk.crash();
        let shown = chunks(&mut place.opened());
        assert_eq!(shown[..texts.len()], texts, "{commits} commits, {operations} operations");
    }
}

#[test]
fn an_opening_that_dies_is_not_believed_by_the_next_one() {
    let cases = (0..12).flat_map(|first| (0..12).map(move |second| (first, second)));
    for ((first, second), seed) in cases.flat_map(|case| (0..4).map(move |it| (case, it))) {
        let (place, texts) = worn_by(seed, scarce());
        place.disk.power_off_after(first);
        drop(place.open());
        // The process died: what it wrote is in the cache, and the next opening reads it there.
        place.disk.kill();
        place.disk.power_off_after(second);
        drop(place.open());
        place.disk.crash();
        let shown = chunks(&mut place.opened());
        assert_eq!(shown, texts, "{first} operations, then {second}");
    }
}
