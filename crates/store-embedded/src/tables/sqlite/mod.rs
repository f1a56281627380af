//! The tables in SQLite: one writer connection, any number of readers, all on one file in WAL mode.

mod chunks;
mod declare;
mod snapshot;
mod value;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use motet_store::{Epoch, Position, Schema};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{Meta, Snapshot, Tables, TablesReader};
use crate::error::Error;
use crate::overlay::Generation;
use snapshot::SqliteSnapshot;

/// Name of the database in the data directory.
pub const TABLES: &str = "tables.sqlite";

/// How long a statement waits for another process that holds the tables.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements that one connection keeps.
const STATEMENTS_MAX: usize = 128;

/// The writer.
pub struct SqliteTables {
    path: PathBuf,
    schema: &'static Schema,
    connection: Connection,
}

impl SqliteTables {
    /// Opens the database in `directory`, creating it and the declared tables if need be.
    pub fn open(directory: &Path, schema: &'static Schema) -> Result<Self, Error> {
        let path = directory.join(TABLES);
        let mut connection = connect(&path)?;
        let failed = |source| Error::sqlite("setting up the tables", source);
        connection
            .execute_batch(
                "PRAGMA page_size = 16384;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA wal_autocheckpoint = 1024;
                 PRAGMA journal_size_limit = 67108864;
                 PRAGMA cache_size = -16384;",
            )
            .map_err(failed)?;
        declare::declare(&mut connection, schema)?;
        Ok(Self { path, schema, connection })
    }
}

/// What existing tables know of themselves, and a line for each thing that SQLite finds wrong with them.
pub(crate) fn inspect(directory: &Path) -> Result<(Meta, Vec<String>), Error> {
    let failed = |source| Error::sqlite("checking the tables", source);
    let connection = connect(&directory.join(TABLES))?;
    let mut statement = connection.prepare("PRAGMA integrity_check").map_err(failed)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let lines: Vec<String> = lines.collect::<Result<_, _>>().map_err(failed)?;
    let problems = lines.into_iter().filter(|line| line != "ok").collect();
    Ok((read_meta(&connection)?, problems))
}

/// Writes a compact copy of the tables in `directory` that needs no log, in one read transaction and beside a running
/// writer; the copy is not yet synced.
pub(crate) fn copy(directory: &Path, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::sqlite("copying the tables", source);
    let original = connect(&directory.join(TABLES))?;
    original.execute("VACUUM INTO ?1", [&*to.to_string_lossy()]).map_err(failed)?;
    write::set_log_ordinal(&connect(to)?, 0).map_err(failed)
}

impl Tables for SqliteTables {
    fn meta(&self) -> Result<Meta, Error> {
        read_meta(&self.connection)
    }

    fn begin_epoch(&mut self, log_ordinal: u64) -> Result<Epoch, Error> {
        let failed = |source| Error::sqlite("beginning an epoch", source);
        write::begin_epoch(&mut self.connection, log_ordinal).map_err(failed)?;
        Ok(self.meta()?.epoch)
    }

    fn cover(&mut self, generation: &Generation, log_ordinal: u64) -> Result<(), Error> {
        let failed = |source| Error::sqlite("covering commits", source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        write::cover(&transaction, self.schema, generation, log_ordinal).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    fn reader(&self) -> Result<Box<dyn TablesReader>, Error> {
        let connection = connect(&self.path)?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096;")
            .map_err(|source| Error::sqlite("opening a reader", source))?;
        Ok(Box::new(SqliteReader { schema: self.schema, connection }))
    }
}

struct SqliteReader {
    schema: &'static Schema,
    connection: Connection,
}

impl TablesReader for SqliteReader {
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(SqliteSnapshot::begin(&mut self.connection, self.schema)?))
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |source| Error::sqlite(format!("opening {}", path.display()), source);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Else a plan may depend on the values that are bound, and a kept statement is prepared anew each time it is used.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    Ok(connection)
}

fn read_meta(connection: &Connection) -> Result<Meta, Error> {
    let failed = |source| Error::sqlite("reading what is covered", source);
    let mut statement = connection.prepare_cached("SELECT key, value FROM meta").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut meta = Meta::default();
    while let Some(row) = rows.next().map_err(failed)? {
        let key: String = row.get(0).map_err(failed)?;
        let value = row.get::<_, i64>(1).map_err(failed)?.cast_unsigned();
        match key.as_str() {
            "covered" => meta.covered = Position(value),
            "epoch" => meta.epoch = Epoch(value),
            "log_ordinal" => meta.log_ordinal = value,
            _ => {}
        }
    }
    Ok(meta)
}

#[cfg(test)]
mod tests;
