//! Creates the store's own tables and those that the caller declares, and adds what newer declarations have more.

use motet_store::{ColumnType, Index, Schema, Table};
use rusqlite::{Connection, Transaction};

use crate::error::Error;

/// Names that the store keeps for itself.
const OWN: [&str; 3] = ["meta", "history", "snapshot"];

/// Histories and snapshots keep their row ids: a row without one that exceeds a quarter of a page spills to a page of its
/// own, which took 4.8 KB an instance instead of 1.3.
const OWN_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS history (
        entity BLOB NOT NULL,
        first_record INTEGER NOT NULL,
        records INTEGER NOT NULL,
        position INTEGER NOT NULL,
        chunks BLOB NOT NULL,
        UNIQUE (entity, first_record)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS snapshot (
        entity BLOB NOT NULL UNIQUE,
        records INTEGER NOT NULL,
        state BLOB NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO meta VALUES ('covered', 0), ('epoch', 0), ('log_ordinal', 0);";

/// Makes the database fit the schema; refuses what only a conversion could make fit.
pub(super) fn declare(connection: &mut Connection, schema: &Schema) -> Result<(), Error> {
    let failed = |source| Error::sqlite("declaring the tables", source);
    let transaction = connection.transaction().map_err(failed)?;
    transaction.execute_batch(OWN_TABLES).map_err(failed)?;
    for table in schema.tables {
        check_declaration(table)?;
        let columns = existing_columns(&transaction, table).map_err(failed)?;
        let statements = match columns.is_empty() {
            true => vec![create(table)],
            false => added_columns(table, &columns)?,
        };
        let indexes = changed_indexes(&transaction, table).map_err(failed)?;
        for statement in statements.into_iter().chain(indexes) {
            transaction.execute_batch(&statement).map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)
}

fn check_declaration(table: &Table) -> Result<(), Error> {
    let names = || {
        let columns = table.columns.iter().map(|column| column.name);
        columns.chain([table.name])
    };
    let plain = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let problem = if OWN.contains(&table.name) {
        "is a name of the store's own"
    } else if !names().all(plain) {
        "has a name that is not a lower-case identifier"
    } else if table.key_columns == 0 || table.key_columns > table.columns.len() {
        "has no key, or more key columns than columns"
    } else if !table
        .indexes
        .iter()
        .flat_map(|index| index.columns)
        .all(|name| table.column(name).is_some())
    {
        "has an index over a column that it lacks"
    } else {
        return Ok(());
    };
    Err(Error::Schema(format!("table {} {problem}", table.name)))
}

fn create(table: &Table) -> String {
    let column = |(place, column): (usize, &motet_store::Column)| {
        let constraint = if place < table.key_columns { " NOT NULL" } else { "" };
        format!("\"{}\" {}{constraint}", column.name, type_name(column.kind))
    };
    let columns: Vec<String> = table.columns.iter().enumerate().map(column).collect();
    let key: Vec<String> =
        table.key().iter().map(|column| format!("\"{}\"", column.name)).collect();
    format!(
        "CREATE TABLE \"{}\" ({}, PRIMARY KEY ({})) STRICT, WITHOUT ROWID",
        table.name,
        columns.join(", "),
        key.join(", ")
    )
}

/// Name and type of each existing column, in order.
fn existing_columns(
    transaction: &Transaction<'_>,
    table: &Table,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement =
        transaction.prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid")?;
    let columns = statement.query_map([table.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    columns.collect()
}

fn added_columns(table: &Table, existing: &[(String, String)]) -> Result<Vec<String>, Error> {
    let kept = table.columns.iter().zip(existing);
    let fits = existing.len() <= table.columns.len()
        && kept.clone().all(|(declared, (name, kind))| {
            declared.name == name && type_name(declared.kind) == kind
        });
    if !fits || existing.len() < table.key_columns {
        return Err(Error::Schema(format!(
            "table {} has the columns {existing:?}; columns may only be added at the end",
            table.name
        )));
    }
    let add = |column: &motet_store::Column| {
        let kind = type_name(column.kind);
        format!("ALTER TABLE \"{}\" ADD COLUMN \"{}\" {kind}", table.name, column.name)
    };
    Ok(table.columns[existing.len()..].iter().map(add).collect())
}

/// Statements that drop the indexes no longer declared and create the new ones.
fn changed_indexes(transaction: &Transaction<'_>, table: &Table) -> rusqlite::Result<Vec<String>> {
    let mut statement = transaction.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql NOT NULL",
    )?;
    let existing: Vec<String> =
        statement.query_map([table.name], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let declared: Vec<String> =
        table.indexes.iter().map(|index| index_name(table, index)).collect();
    let dropped = existing
        .iter()
        .filter(|name| !declared.contains(name))
        .map(|name| format!("DROP INDEX \"{name}\""));
    let created = table
        .indexes
        .iter()
        .filter(|index| !existing.contains(&index_name(table, index)))
        .map(|index| create_index(table, index));
    Ok(dropped.chain(created).collect())
}

fn create_index(table: &Table, index: &Index) -> String {
    let columns: Vec<String> = index.columns.iter().map(|name| format!("\"{name}\"")).collect();
    let partial = match index.partial {
        true => format!(" WHERE {} IS NOT NULL", columns[0]),
        false => String::new(),
    };
    let name = index_name(table, index);
    format!("CREATE INDEX \"{name}\" ON \"{}\" ({}){partial}", table.name, columns.join(", "))
}

/// The name says all that the index is, so that a changed one has another name.
fn index_name(table: &Table, index: &Index) -> String {
    let partial = if index.partial { "__partial" } else { "" };
    format!("{}__{}{partial}", table.name, index.columns.join("__"))
}

fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int => "INTEGER",
        ColumnType::Text => "TEXT",
        ColumnType::Blob => "BLOB",
    }
}
