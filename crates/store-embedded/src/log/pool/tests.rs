use std::sync::Arc;
use std::time::Duration;

use motet_store::Position;

use super::Pool;
use crate::disk::{Disk, MemoryDisk};
use crate::error::is_disk_full;
use crate::log::segment::{Segment, segment_name};
use crate::options::Options;

const BYTES: u64 = 8_192;

fn pool(disk: &MemoryDisk, spares: usize) -> Pool {
    growing(disk, spares, BYTES)
}

fn growing(disk: &MemoryDisk, segments_spare: usize, segment_bytes_max: u64) -> Pool {
    let options = Options {
        segment_bytes_first: BYTES,
        segment_bytes_max,
        segments_spare,
        ..Options::small()
    };
    Pool::new(Arc::new(disk.clone()), &options, Vec::new(), 1)
}

fn names(disk: &MemoryDisk) -> Vec<String> {
    disk.list().expect("memory can be listed")
}

fn take(pool: &Pool, bytes: u64) -> Segment {
    pool.take(bytes).expect("there is room")
}

#[test]
fn spare_segments_are_prepared_and_taken_in_order() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 2);
    pool.prepare().expect("there is room");
    assert_eq!(names(&disk), [segment_name(1), segment_name(2)]);
    assert_eq!(take(&pool, 4_096).name, segment_name(1));
    assert_eq!(take(&pool, BYTES).name, segment_name(2));
    pool.prepare().expect("there is room");
    assert_eq!(names(&disk).len(), 4);
}

#[test]
fn what_no_spare_segment_can_hold_gets_one_of_its_own() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 1);
    pool.prepare().expect("there is room");
    let large = take(&pool, BYTES + 1);
    assert_eq!((large.name.as_str(), large.bytes), ("log-00000002", 12_288));
    assert_eq!(take(&pool, 1).name, segment_name(1), "the spare one is still there");
    assert_eq!(take(&pool, 1).bytes, 4_096, "and if there is none, a small one is made at once");
}

#[test]
fn only_covered_segments_are_used_again() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 2);
    for last in [10, 20, 30] {
        pool.put_away(take(&pool, BYTES), Position(last));
    }
    pool.recycle(Position(9)).expect("nothing is covered");
    assert_eq!(take(&pool, BYTES).name, segment_name(4));
    pool.recycle(Position(20)).expect("two are covered");
    assert_eq!(take(&pool, BYTES).name, segment_name(1));
    assert_eq!(take(&pool, BYTES).name, segment_name(2));
    assert_eq!(take(&pool, BYTES).name, segment_name(5), "the third one is not covered");
}

#[test]
fn what_is_too_many_or_of_another_size_is_removed() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 1);
    for bytes in [BYTES, BYTES, 2 * BYTES, 4_096] {
        pool.put_away(take(&pool, bytes), Position(1));
    }
    pool.recycle(Position(1)).expect("all are covered");
    assert_eq!(names(&disk), [segment_name(2)]);
}

#[test]
fn segments_grow_while_more_than_one_is_filled_between_two_checkpoints() {
    let disk = MemoryDisk::new(0);
    let pool = growing(&disk, 1, 4 * BYTES);
    let mut sizes = Vec::new();
    for last in 1..=6 {
        pool.prepare().expect("there is room");
        let filled = take(&pool, 1);
        sizes.push(filled.bytes / BYTES);
        pool.put_away(filled, Position(last));
    }
    assert_eq!(sizes, [1, 1, 2, 4, 4, 4], "up to the largest");
    pool.recycle(Position(6)).expect("all are covered");
    assert_eq!(take(&pool, 1).bytes, 4 * BYTES, "what was outgrown is not used again");
    assert!(names(&disk).len() <= 2, "and is gone: {:?}", names(&disk));
}

#[test]
fn segments_of_an_idle_store_stay_small() {
    let disk = MemoryDisk::new(0);
    let pool = growing(&disk, 2, 4 * BYTES);
    for last in 1..=20 {
        pool.prepare().expect("there is room");
        pool.put_away(take(&pool, 1), Position(last));
        pool.recycle(Position(last)).expect("it is covered");
    }
    let bytes: u64 = (0..2).map(|_| take(&pool, 1).bytes).sum();
    assert_eq!(bytes, 2 * BYTES);
    assert!(names(&disk).len() <= 3);
}

#[test]
fn a_segment_that_is_lacking_lets_the_next_ones_grow() {
    let disk = MemoryDisk::new(0);
    let pool = growing(&disk, 1, 4 * BYTES);
    assert_eq!(take(&pool, BYTES).bytes, BYTES, "made at once");
    pool.prepare().expect("there is room");
    assert_eq!(take(&pool, 1).bytes, 2 * BYTES);
}

#[test]
fn what_was_not_used_is_taken_first() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 2);
    pool.prepare().expect("there is room");
    let unused = take(&pool, BYTES);
    pool.give_back(unused);
    assert_eq!(take(&pool, BYTES).name, segment_name(1));
}

#[test]
fn a_full_disk_leaves_the_pool_as_it_was() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 2);
    disk.set_free_bytes(BYTES + 1);
    let full = pool.prepare().expect_err("there is room for one only");
    assert!(is_disk_full(&full));
    assert_eq!(take(&pool, BYTES).bytes, BYTES);
    assert!(pool.take(BYTES).is_err());
    disk.set_free_bytes(u64::MAX);
    pool.prepare().expect("there is room again");
}

#[test]
fn waiting_ends_with_a_lack_or_with_the_pool() {
    let disk = MemoryDisk::new(0);
    let pool = pool(&disk, 1);
    let long = Duration::from_secs(3_600);
    pool.await_lack(long);
    pool.prepare().expect("there is room");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.await_lack(long));
        drop(take(&pool, BYTES));
        waiting.join().expect("the lack ends it");
        pool.prepare().expect("there is room");
        let waiting = scope.spawn(|| pool.await_lack(long));
        pool.close();
        waiting.join().expect("the end ends it");
    });
    pool.prepare().expect("a closed pool prepares nothing");
    assert_eq!(names(&disk).len(), 2);
}
