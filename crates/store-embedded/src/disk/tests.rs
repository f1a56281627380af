use std::io;
use std::path::PathBuf;

use super::{Disk, DiskFile, LockError, LossyDisk, MemoryDisk, RealDisk, read_exact_at};

const SECTORS: usize = 16;
const BYTES: usize = SECTORS * 512;

/// Every disk, each empty, with what removes it.
fn disks() -> Vec<(&'static str, Box<dyn Disk>, Directory)> {
    let real = || {
        let directory = Directory::new();
        let disk = RealDisk::open(&directory.0).expect("it opens");
        (disk, directory)
    };
    let (plain, plain_directory) = real();
    let (wrapped, wrapped_directory) = real();
    vec![
        ("real", Box::new(plain), plain_directory),
        ("lossy", Box::new(LossyDisk::over(Box::new(wrapped))), wrapped_directory),
        ("memory", Box::new(MemoryDisk::new(1)), Directory::new()),
    ]
}

fn read(file: &dyn DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; file.bytes().expect("it has a length") as usize];
    assert!(read_exact_at(file, 0, &mut bytes).expect("it is read"));
    bytes
}

#[test]
fn every_disk_reads_what_was_written() {
    for (name, disk, _directory) in disks() {
        let file = disk.create("a", BYTES as u64).expect("it is created");
        assert_eq!(read(&*file), vec![0; BYTES], "{name}: a new file is zeros");
        file.write_at(10, b"hello").expect("it is written");
        file.write_at(12, b"LL").expect("it is written");
        assert_eq!(&read(&*file)[9..16], b"\0heLLo\0", "{name}: unsynced writes are read");
        file.sync_data().expect("it is synced");
        drop(file);
        let file = disk.open("a").expect("it is there");
        assert_eq!(&read(&*file)[9..16], b"\0heLLo\0", "{name}");
        let mut beyond = [0; 4];
        assert!(
            !read_exact_at(&*file, BYTES as u64 - 2, &mut beyond).expect("it is read"),
            "{name}"
        );
    }
}

#[test]
fn every_disk_knows_its_names() {
    for (name, disk, _directory) in disks() {
        let kind = |error: io::Error| error.kind();
        assert_eq!(disk.open("a").map(drop).map_err(kind), Err(io::ErrorKind::NotFound), "{name}");
        disk.create("a", 512).expect("it is created");
        let again = disk.create("a", 512).map(drop).map_err(kind);
        assert_eq!(again, Err(io::ErrorKind::AlreadyExists), "{name}");
        disk.create("b", 1_024).expect("it is created");
        disk.rename("a", "b").expect("it is renamed");
        assert_eq!(disk.list().expect("it is listed"), ["b"], "{name}");
        let bytes = disk.open("b").expect("it is there").bytes().expect("it has a length");
        assert_eq!(bytes, 512, "{name}: the renamed file replaces the other");
        disk.remove("b").expect("it is removed");
        assert_eq!(disk.remove("b").map_err(kind), Err(io::ErrorKind::NotFound), "{name}");
        assert!(disk.list().expect("it is listed").is_empty(), "{name}");
        assert!(disk.free_bytes().expect("it is known") > 0, "{name}");
        assert_ne!(disk.random(), disk.random(), "{name}");
    }
}

#[test]
fn every_disk_has_one_owner() {
    for (name, disk, _directory) in disks() {
        let lock = disk.lock().map_err(|_| "held").expect("nobody has it");
        let refused = disk.lock().expect_err("it is held");
        let pid = std::process::id();
        assert!(matches!(refused, LockError::Held { pid: Some(held) } if held == pid), "{name}");
        drop(lock);
        assert!(disk.lock().is_ok(), "{name}");
    }
}

#[test]
fn a_lossy_disk_hands_on_only_what_is_synced() {
    let directory = Directory::new();
    let real = || RealDisk::open(&directory.0).expect("it opens");
    let lossy = LossyDisk::over(Box::new(real()));
    let file = lossy.create("a", 1_024).expect("it is created");
    file.write_at(0, b"synced").expect("it is written");
    file.sync_data().expect("it is synced");
    file.write_at(0, b"unsynced").expect("it is written");
    assert!(read(&*file).starts_with(b"unsynced"));
    let beside = real().open("a").expect("it is there");
    assert!(read(&*beside).starts_with(b"synced\0\0"), "another process sees only what was synced");
}

/// Writes every sector twice, syncs in between, and lets power fail: which sectors have what.
fn crashed(seed: u64) -> Vec<u8> {
    let disk = MemoryDisk::new(seed);
    let file = disk.create("a", BYTES as u64).expect("it is created");
    file.write_at(0, &[1; BYTES]).expect("it is written");
    file.sync_data().expect("it is synced");
    file.write_at(0, &[2; BYTES]).expect("it is written");
    disk.crash();
    read(&*disk.open("a").expect("it is there"))
        .chunks(512)
        .map(|sector| {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is whole");
            sector[0]
        })
        .collect()
}

#[test]
fn a_crash_loses_any_part_of_what_is_unsynced_and_nothing_else() {
    let outcomes: Vec<Vec<u8>> = (0..200).map(crashed).collect();
    assert_eq!(crashed(7), crashed(7), "the same seed loses the same");
    assert!(outcomes.iter().flatten().all(|sector| matches!(sector, 1 | 2)), "synced bytes stay");
    let some = |wanted: &dyn Fn(&[u8]) -> bool| outcomes.iter().any(|outcome| wanted(outcome));
    assert!(some(&|sectors| sectors.iter().all(|sector| *sector == 1)), "all may be lost");
    assert!(some(&|sectors| sectors.iter().all(|sector| *sector == 2)), "none may be lost");
    assert!(
        some(&|sectors| !sectors.is_sorted() && !sectors.iter().rev().is_sorted()),
        "any may be"
    );
}

#[test]
fn a_death_of_the_process_loses_nothing() {
    let disk = MemoryDisk::new(0);
    let file = disk.create("a", 512).expect("it is created");
    file.write_at(0, b"unsynced").expect("it is written");
    let lock = disk.lock().map_err(|_| "held").expect("nobody has it");
    disk.kill();
    assert!(read(&*disk.open("a").expect("it is there")).starts_with(b"unsynced"));
    let next = disk.lock().map_err(|_| "held").expect("its owner is gone");
    drop(lock);
    assert!(disk.lock().is_err(), "the dead one's lock releases nothing");
    drop(next);
}

#[test]
fn a_failed_sync_forgets_and_a_later_one_does_not_help() {
    let forgotten = (0..50).filter(|seed| {
        let disk = MemoryDisk::new(*seed);
        let file = disk.create("a", BYTES as u64).expect("it is created");
        file.write_at(0, &[1; BYTES]).expect("it is written");
        disk.fail_sync_after(0);
        assert!(file.sync_data().is_err());
        assert_eq!(read(&*file), [1; BYTES], "it stays readable");
        file.sync_data().expect("the next one claims success");
        disk.crash();
        read(&*file) != [1; BYTES]
    });
    assert!(forgotten.count() > 25);
}

#[test]
fn after_power_is_off_nothing_has_any_effect() {
    let disk = MemoryDisk::new(3);
    let file = disk.create("a", BYTES as u64).expect("it is created");
    disk.power_off_after(1);
    file.write_at(0, &[1; 512]).expect("power is on");
    assert!(!disk.is_off());
    assert!(file.write_at(512, &[1; 512]).is_err(), "power fails in the middle");
    let left = read(&*file);
    assert!(disk.is_off() && disk.operations() == 2);
    for result in
        [file.write_at(0, &[9; BYTES]), file.sync_data(), disk.remove("a"), disk.rename("a", "b")]
    {
        assert!(result.is_err());
    }
    assert!(disk.create("c", 512).is_err());
    assert_eq!(read(&*file), left);
    disk.crash();
    file.write_at(0, b"on").expect("power is back");
}

#[test]
fn room_is_counted() {
    let disk = MemoryDisk::new(0);
    disk.set_free_bytes(1_000);
    let full = |result: io::Result<()>| result.map_err(|error| error.kind());
    let file = disk.create("a", 600).expect("there is room");
    assert_eq!(full(disk.create("b", 600).map(drop)), Err(io::ErrorKind::StorageFull));
    assert_eq!(disk.free_bytes().expect("it is known"), 400);
    file.write_at(0, &[1; 600]).expect("its room is taken already");
    disk.set_writes_need_room(true);
    assert_eq!(full(file.write_at(0, &[1; 600])), Err(io::ErrorKind::StorageFull));
    disk.remove("a").expect("it is there");
    assert_eq!(disk.free_bytes().expect("it is known"), 1_000);
}

#[test]
fn a_file_is_no_directory_for_data() {
    let directory = Directory::new();
    let file = directory.0.join("data");
    std::fs::write(&file, "of somebody else").unwrap();
    let error = RealDisk::open(&file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    assert_eq!(error.to_string(), "it is a file; data needs a directory of its own");
    assert_eq!(std::fs::read(&file).unwrap(), b"of somebody else");
}

/// A directory of its own, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("motet-disk-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the directory is the test's own");
    }
}
