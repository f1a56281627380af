use std::io;

use motet_store::CommitError;
use rusqlite::ffi;

use super::{Damage, Error};

fn sqlite(code: i32) -> Error {
    Error::sqlite("covering", rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

/// The variants that somebody branches on, in words.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::DiskFull(_) => "disk full",
        Error::Busy(_) => "busy",
        Error::Damaged(_) => "damaged",
        Error::Io { .. } | Error::Sqlite { .. } => "broken",
        Error::Locked { .. } | Error::NewerFormat { .. } | Error::Schema(_) | Error::Stopped(_) => {
            "other"
        }
    }
}

#[test]
fn failures_of_sqlite_are_told_apart() {
    let cases = [
        (ffi::SQLITE_FULL, "disk full"),
        (ffi::SQLITE_IOERR_SHMSIZE, "disk full"),
        (ffi::SQLITE_BUSY, "busy"),
        (ffi::SQLITE_LOCKED, "busy"),
        (ffi::SQLITE_CORRUPT, "damaged"),
        (ffi::SQLITE_NOTADB, "damaged"),
        (ffi::SQLITE_IOERR, "broken"),
        (ffi::SQLITE_IOERR_FSYNC, "broken"),
        (ffi::SQLITE_CONSTRAINT, "broken"),
    ];
    for (code, expected) in cases {
        assert_eq!(kind(&sqlite(code)), expected, "code {code}");
    }
}

#[test]
fn failures_of_the_medium_are_told_apart() {
    let cases = [
        (io::ErrorKind::StorageFull, "disk full"),
        (io::ErrorKind::QuotaExceeded, "disk full"),
        (io::ErrorKind::PermissionDenied, "broken"),
        (io::ErrorKind::Other, "broken"),
    ];
    for (of, expected) in cases {
        assert_eq!(kind(&Error::io("writing", io::Error::from(of))), expected, "{of:?}");
    }
}

#[test]
fn callers_of_the_ports_hear_their_own_words() {
    let full = Error::DiskFull("no room".to_owned());
    assert_eq!(full.of_commit(), CommitError::DiskFull("no room".to_owned()));
    assert_eq!(full.of_read().to_string(), "storage failed: the disk is full: no room");
    let broken = sqlite(ffi::SQLITE_IOERR);
    assert!(matches!(broken.of_commit(), CommitError::Unknown(_)));
    assert_eq!(Error::Stopped("a defect".to_owned()).of_read(), motet_store::Error::Closed);
}

#[test]
fn damage_says_where_and_what_to_do() {
    let damage = Damage {
        file: "log-00000003".to_owned(),
        offset: 8_192,
        sequence: 17,
        what: "no valid frame".to_owned(),
    };
    expect_test::expect![[r#"
        log-00000003 is damaged at byte 8192 (commit 17): no valid frame; `motet store check` explains, `motet store repair --accept-loss` cuts the log there, a backup loses nothing"#]]
    .assert_eq(&Error::Damaged(damage.clone()).to_string());
    assert!(matches!(Error::Damaged(damage).of_read(), motet_store::Error::Damaged(_)));
}

#[test]
fn owners_are_named_if_they_are_known() {
    let text = |pid| Error::Locked { pid }.to_string();
    assert_eq!(text(Some(42)), "the data directory is in use by process 42");
    assert_eq!(text(None), "the data directory is in use by another process");
}
