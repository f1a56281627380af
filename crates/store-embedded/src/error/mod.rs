use std::fmt;
use std::io;

use motet_store::CommitError;

/// Why an embedded store cannot be opened, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One process owns a data directory.
    #[error("the data directory is in use by {}", owner(*pid))]
    Locked { pid: Option<u32> },
    /// The data was written by a newer version of Motet.
    #[error("the data has format {found}, this version reads up to format {supported}")]
    NewerFormat { found: u32, supported: u32 },
    /// Bytes that were durable cannot be read any more.
    #[error("{0}")]
    Damaged(Damage),
    /// There is no room; nothing was changed, and the same may be tried again.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// Another process holds the tables, as an `sqlite3` shell in a transaction does; the same may be tried again.
    #[error("the tables are held by another process: {0}")]
    Busy(String),
    /// The medium failed.
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
    /// SQLite failed.
    #[error("{doing}: {source}")]
    Sqlite { doing: String, source: rusqlite::Error },
    /// The declared tables do not fit those that exist.
    #[error("the tables do not fit: {0}")]
    Schema(String),
    /// A part of the store ended earlier than it should.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}

/// Where durable bytes are missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub file: String,
    /// Place in the file, in bytes.
    pub offset: u64,
    /// Position of the first commit that cannot be read.
    pub sequence: u64,
    pub what: String,
}

impl Error {
    /// Turns an I/O error into the variant that callers branch on.
    pub(crate) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        if is_disk_full(&source) {
            Self::DiskFull(format!("{}: {source}", doing.into()))
        } else {
            Self::Io { doing: doing.into(), source }
        }
    }

    /// Turns an SQLite error into the variant that callers branch on.
    pub(crate) fn sqlite(doing: impl Into<String>, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let doing = doing.into();
        // Shared memory that cannot grow is what a full disk looks like to a database in WAL mode.
        if source.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull(format!("{doing}: {source}"));
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(format!("{doing}: {source}")),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy(format!("{doing}: {source}"))
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(Damage {
                file: "tables.sqlite".to_owned(),
                offset: 0,
                sequence: 0,
                what: format!("{doing}: {source}"),
            }),
            _ => Self::Sqlite { doing, source },
        }
    }

    /// The same failure in the words of the read ports.
    pub(crate) fn of_read(&self) -> motet_store::Error {
        match self {
            Self::Damaged(damage) => motet_store::Error::Damaged(damage.to_string()),
            Self::Stopped(_) => motet_store::Error::Closed,
            other => motet_store::Error::Io(other.to_string()),
        }
    }

    /// The same failure in the words of a commit that was not written.
    pub(crate) fn of_commit(&self) -> CommitError {
        match self {
            Self::DiskFull(text) => CommitError::DiskFull(text.clone()),
            other => CommitError::Unknown(other.to_string()),
        }
    }
}

/// Whether the error says that there is no room, or no quota left.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, sequence, what } = self;
        write!(
            f,
            "{file} is damaged at byte {offset} (commit {sequence}): {what}; `motet store check` explains, \
             `motet store repair --accept-loss` cuts the log there, a backup loses nothing"
        )
    }
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

#[cfg(test)]
mod tests;
