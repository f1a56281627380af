//! The store on threads: what it promises beyond the suite of the ports.

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::mpsc;

use common::Directory;
use common::client::{appending, commit, records, rows, until, wait};
use motet_store::conformance::SCHEMA;
use motet_store::{CommitError, Reads, Store};
use motet_store_embedded::disk::MemoryDisk;
use motet_store_embedded::tables::MemoryTables;
use motet_store_embedded::{Error, Health, Options, Progress, Service};
use motet_store_embedded::{check, repair, restore, upgrade};

fn open(directory: &Directory) -> Result<Service, Error> {
    Service::open(directory.path(), &SCHEMA, Options::small())
}

fn silent() -> impl FnMut(Progress) {
    |_| {}
}

#[test]
fn closing_covers_everything_and_dropping_loses_nothing() {
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    commit(&service, 1, "closed").expect("it is durable");
    service.close().expect("it covers everything");
    let slow =
        Options { checkpoint_interval: std::time::Duration::from_secs(3_600), ..Options::small() };
    let service = Service::open(directory.path(), &SCHEMA, slow).expect("it opens");
    assert_eq!(service.opening().commits, 0);
    commit(&service, 1, "dropped").expect("it is durable");
    drop(service);
    let service = open(&directory).expect("it opens");
    assert_eq!(service.opening().commits, 1);
    assert_eq!(records(&service, 1), ["closed", "dropped"]);
}

#[test]
fn commits_that_wait_together_share_a_sync() {
    const GROUPS: u64 = 2_000;
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    let (sender, receiver) = mpsc::channel();
    for group in 0..GROUPS {
        let sender = sender.clone();
        let commits = vec![
            appending(&service, 1, &format!("{group} a")),
            appending(&service, 2, &format!("{group} b")),
        ];
        service.commit(
            commits,
            Box::new(move |result| sender.send(result).expect("the test listens")),
        );
    }
    let mut last = 0;
    for result in receiver.into_iter().take(GROUPS as usize) {
        let positions = result.expect("it is durable");
        assert!(positions[0].0 > last, "groups complete in order");
        last = positions[1].0;
    }
    let stats = service.stats();
    assert_eq!((stats.commits, stats.acknowledged, stats.groups), (2 * GROUPS, 2 * GROUPS, GROUPS));
    assert_eq!(stats.syncs, stats.frames);
    assert!(stats.syncs < GROUPS, "{} syncs for {GROUPS} groups", stats.syncs);
    service.flush().expect("the tables follow");
    assert_eq!(service.stats().covered, stats.last);
    assert_eq!(records(&service, 1).len() as u64, GROUPS);
    assert_eq!(rows(&service) as u64, 2 * GROUPS);
}

#[test]
fn commits_wait_for_a_full_overlay_and_then_go_on() {
    let directory = Directory::new();
    let options = Options { overlay_bytes_max: 20_000, ..Options::small() };
    let service = Service::open(directory.path(), &SCHEMA, options).expect("it opens");
    for round in 0..50 {
        commit(&service, 1, &format!("{round} {}", ".".repeat(3_000))).expect("it is durable");
        assert!(service.stats().overlay_bytes <= 20_000);
    }
    assert!(service.stats().waits > 0);
    assert_eq!(records(&service, 1).len(), 50);
}

#[test]
fn a_group_beyond_the_limit_of_a_frame_goes_in_several() {
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    let large = |idx| appending(&service, 1, &format!("{idx} {}", ".".repeat(30_000)));
    let positions = wait(|done| service.commit((0..10).map(large).collect(), done));
    assert_eq!(positions.expect("it is durable").len(), 10);
    assert!(service.stats().frames > 3);
    assert_eq!(records(&service, 1).len(), 10);
}

#[test]
fn a_second_process_learns_who_has_the_directory() {
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    let refused = open(&directory).err().expect("it has an owner");
    let text = format!("the data directory is in use by process {}", std::process::id());
    assert_eq!(refused.to_string(), text);
    let refused = check(directory.path(), &mut silent()).expect_err("it has an owner");
    assert_eq!(refused.to_string(), text);
    drop(service);
    open(&directory).expect("the owner is gone");
}

#[test]
fn a_held_database_delays_covering_and_nothing_else() {
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    let shell = rusqlite::Connection::open(directory.path().join("tables.sqlite")).expect("opens");
    shell.execute_batch("BEGIN IMMEDIATE").expect("nobody writes now");
    for round in 0..20 {
        commit(&service, 1, &round.to_string()).expect("the log does not need the tables");
    }
    assert_eq!(records(&service, 1).len(), 20);
    assert!(service.health().accepting);
    assert!(service.covered().0 < 20);
    shell.execute_batch("ROLLBACK").expect("it is open");
    until("the covering", || service.covered().0 == 20);
}

#[test]
fn full_tables_turn_commands_away_until_there_is_room() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    let options = Options { overlay_bytes_max: 20_000, ..Options::small() };
    let service = Service::over(Arc::new(disk), Box::new(tables.clone()), &SCHEMA, options)
        .expect("it opens");
    assert_eq!(service.health(), Health { accepting: true, reason: None });
    tables.set_disk_full(true);
    commit(&service, 1, "kept in the overlay").expect("the log has room");
    until("the trouble", || !service.health().accepting);
    let mut durable = 1;
    let refused = loop {
        match commit(&service, 1, &".".repeat(3_000)) {
            Ok(_) => durable += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CommitError::DiskFull(_)), "{refused}");
    assert!(matches!(service.flush(), Err(Error::DiskFull(_))), "nobody waits for a person");
    tables.set_disk_full(false);
    until("its end", || service.health().accepting);
    service.flush().expect("the tables follow");
    assert_eq!(records(&service, 1).len(), durable);
    commit(&service, 1, "after").expect("there is room again");
}

#[test]
fn a_failed_sync_stops_the_store() {
    let disk = MemoryDisk::new(0);
    let tables = MemoryTables::new(&SCHEMA);
    let service = || {
        let (disk, tables) = (Arc::new(disk.clone()), Box::new(tables.clone()));
        Service::over(disk, tables, &SCHEMA, Options::small()).expect("it opens")
    };
    let first = service();
    commit(&first, 1, "acknowledged").expect("it is durable");
    disk.fail_sync_after(0);
    for text in ["unknown", "never written"] {
        let ended = commit(&first, 1, text);
        assert!(matches!(ended, Err(CommitError::Unknown(_))), "{ended:?}");
    }
    let health = first.health();
    assert!(!health.accepting && health.reason.is_some_and(|reason| reason.contains("sync")));
    drop(first);
    disk.crash();
    let left = records(&service(), 1);
    assert!(left == ["acknowledged"] || left == ["acknowledged", "unknown"], "{left:?}");
}

#[test]
fn a_broken_database_stops_the_store() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    let service =
        Service::over(Arc::new(disk), Box::new(tables.clone()), &SCHEMA, Options::small())
            .expect("it opens");
    tables.set_failure(Some("the medium failed"));
    commit(&service, 1, "a").expect("the log is not the tables");
    until("the stop", || !service.health().accepting);
    let ended = commit(&service, 1, "b");
    assert!(matches!(ended, Err(CommitError::Unknown(_))), "{ended:?}");
    assert!(matches!(service.flush(), Err(Error::Stopped(_))));
}

#[test]
fn a_panic_in_a_completion_stops_the_store_and_leaves_nobody_waiting() {
    let directory = Directory::new();
    let service = open(&directory).expect("it opens");
    service
        .commit(vec![appending(&service, 1, "a")], Box::new(|_| panic!("a defect of the caller")));
    until("the stop", || !service.health().accepting);
    let ended = commit(&service, 1, "b");
    assert!(matches!(ended, Err(CommitError::Unknown(_))), "{ended:?}");
    assert_eq!(records(&service, 1), ["a"], "what was durable is there");
}

#[test]
fn the_reserve_is_kept_and_given_back() {
    let (disk, tables) = (MemoryDisk::new(0), MemoryTables::new(&SCHEMA));
    disk.set_free_bytes(10_000_000);
    let options = Options { reserve_bytes: 50_000, ..Options::small() };
    let service = Service::over(Arc::new(disk.clone()), Box::new(tables.clone()), &SCHEMA, options)
        .expect("it opens");
    until("the reserve", || disk.content("RESERVE").is_some());
    tables.set_disk_full(true);
    commit(&service, 1, "a").expect("the log has room");
    until("its release", || disk.content("RESERVE").is_none());
    tables.set_disk_full(false);
    until("its return", || disk.content("RESERVE").is_some());
}

#[test]
fn a_backup_of_a_running_store_restores_all_that_was_durable() {
    let (directory, place) = (Directory::new(), Directory::new());
    let (backup, target) = (place.path().join("backup"), place.path().join("restored"));
    let service = open(&directory).expect("it opens");
    for round in 0..20 {
        commit(&service, 1, &round.to_string()).expect("it is durable");
    }
    let report = service.backup(&backup).expect("it is copied");
    assert_eq!(report.covered.0, 20);
    commit(&service, 1, "later").expect("the store runs on");
    assert!(service.backup(&backup).is_err(), "a backup is never overwritten");
    let mut seen = Vec::new();
    let restored =
        restore(&backup, &target, &mut |progress| seen.push(progress)).expect("it is copied");
    assert_eq!((restored, seen.last().map(|last| last.done)), (report, Some(report.bytes)));
    assert!(restore(&backup, &target, &mut silent()).is_err(), "data is never overwritten");
    assert!(restore(place.path(), &place.path().join("no"), &mut silent()).is_err());
    let service = Service::open(&target, &SCHEMA, Options::small()).expect("it opens");
    assert_eq!((records(&service, 1).len(), rows(&service)), (20, 20));
    let position = commit(&service, 1, "after the restore").expect("it is durable");
    assert_eq!(position[0].0, 21);
}

#[test]
fn check_and_repair_explain_damage_and_cut_only_when_told() {
    let directory = damaged_directory();
    let refused = open(&directory).err().expect("it is damaged");
    assert!(matches!(refused, Error::Damaged(_)), "{refused}");
    let report = check(directory.path(), &mut silent()).expect("it can be read");
    expect_test::expect![[r#"
        tables: cover commits up to 0
        log: 1 segments in use, 0 idle, 0 unreadable
        log: 2 commits in 2 frames beyond the tables, up to 2
        log: DAMAGED: log-00000001 is damaged at byte 12288 (commit 3): no valid frame, but log-00000001 holds a later one (commit 4); `motet store check` explains, `motet store repair --accept-loss` cuts the log there, a backup loses nothing
        log: 2 commits are readable beyond the damage
        verdict: not sound"#]]
    .assert_eq(&report.to_string());

    let options = Options::small();
    let asked =
        repair(directory.path(), &SCHEMA, &options, false, &mut silent()).expect("it is read");
    assert!(!asked.cut && asked.aside.is_empty() && asked.lost == 2 && asked.kept.0 == 2);
    assert!(open(&directory).is_err(), "asking changes nothing");

    let cut = repair(directory.path(), &SCHEMA, &options, true, &mut silent()).expect("it is cut");
    assert!(cut.cut && cut.before == asked.before);
    let aside: Vec<bool> =
        cut.aside.iter().map(|name| directory.path().join(name).is_file()).collect();
    assert_eq!(aside, [true]);
    assert!(check(directory.path(), &mut silent()).expect("it can be read").is_sound());
    let service = open(&directory).expect("it is sound");
    assert_eq!(records(&service, 1), ["0", "1"]);
    let position = commit(&service, 1, "after").expect("it is durable");
    assert_eq!(position[0].0, 3);
}

#[test]
fn a_sound_directory_needs_no_repair_and_no_upgrade() {
    let directory = Directory::new();
    assert!(check(directory.path(), &mut silent()).is_err(), "there is nothing yet");
    let service = open(&directory).expect("it opens");
    commit(&service, 1, "a").expect("it is durable");
    service.close().expect("it covers everything");
    let report = check(directory.path(), &mut silent()).expect("it can be read");
    assert!(report.is_sound() && report.covered.0 == 1 && report.tail == (0, 0));
    let repaired = repair(directory.path(), &SCHEMA, &Options::small(), true, &mut silent());
    assert!(!repaired.expect("it can be read").cut);
    let upgraded = upgrade(directory.path()).expect("it is known");
    assert_eq!((upgraded.from, upgraded.to), (1, 1));
    fs::write(directory.path().join("FORMAT"), "motet store format 2\n").expect("it is written");
    for refused in [upgrade(directory.path()).err(), open(&directory).err()] {
        assert!(
            matches!(refused, Some(Error::NewerFormat { found: 2, supported: 1 })),
            "{refused:?}"
        );
    }
}

/// Five commits in the log, none covered, the third one damaged.
fn damaged_directory() -> Directory {
    let directory = Directory::new();
    let slow =
        Options { checkpoint_interval: std::time::Duration::from_secs(3_600), ..Options::small() };
    let service = Service::open(directory.path(), &SCHEMA, slow).expect("it opens");
    for round in 0..5 {
        commit(&service, 1, &round.to_string()).expect("it is durable");
    }
    drop(service);
    for name in ["log-00000002", "log-00000003"] {
        let spare = directory.path().join(name);
        if spare.exists() {
            fs::remove_file(spare).expect("the directory is the test's own");
        }
    }
    let path = directory.path().join("log-00000001");
    let mut bytes = fs::read(&path).expect("the log is there");
    bytes[3 * 4096 + 50] ^= 1;
    fs::write(&path, bytes).expect("the log is the test's own");
    directory
}
