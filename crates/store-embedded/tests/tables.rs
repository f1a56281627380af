//! Declared tables are created, grow, and are never bent silently.

mod common;

use common::Directory;
use motet_store::{Column, ColumnType, Index, Schema, Table, TableId};
use motet_store_embedded::Error;
use motet_store_embedded::tables::SqliteTables;

const ID: Column = Column { name: "id", kind: ColumnType::Blob };
const STATUS: Column = Column { name: "status", kind: ColumnType::Int };
const PARENT: Column = Column { name: "parent", kind: ColumnType::Blob };
const NOTE: Column = Column { name: "note", kind: ColumnType::Text };
const BY_STATUS: Index = Index { columns: &["status"], partial: false };
const BY_PARENT: Index = Index { columns: &["parent", "status"], partial: true };

const BASE: Table = Table {
    id: TableId(1),
    name: "instance",
    columns: &[ID, STATUS, PARENT],
    key_columns: 1,
    indexes: &[BY_STATUS],
};

fn schema(table: Table) -> &'static Schema {
    Box::leak(Box::new(Schema { tables: Box::leak(Box::new([table])) }))
}

/// The statements that made the table and its indexes.
fn statements(directory: &Directory) -> Vec<String> {
    let connection =
        rusqlite::Connection::open(directory.path().join("tables.sqlite")).expect("it opens");
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE tbl_name = 'instance' AND sql NOT NULL ORDER BY name")
        .expect("it is valid");
    let rows = statement.query_map([], |row| row.get(0)).expect("it runs");
    rows.collect::<Result<_, _>>().expect("they are texts")
}

#[test]
fn tables_and_indexes_are_created_as_declared() {
    let directory = Directory::new();
    let table = Table { indexes: &[BY_STATUS, BY_PARENT], ..BASE };
    drop(SqliteTables::open(directory.path(), schema(table)).expect("it opens"));
    assert_eq!(
        statements(&directory),
        [
            "CREATE TABLE \"instance\" (\"id\" BLOB NOT NULL, \"status\" INTEGER, \"parent\" BLOB, \
             PRIMARY KEY (\"id\")) STRICT, WITHOUT ROWID",
            "CREATE INDEX \"instance__parent__status__partial\" ON \"instance\" (\"parent\", \"status\") \
             WHERE \"parent\" IS NOT NULL",
            "CREATE INDEX \"instance__status\" ON \"instance\" (\"status\")",
        ]
    );
}

#[test]
fn a_newer_declaration_adds_columns_and_changes_indexes() {
    let directory = Directory::new();
    drop(SqliteTables::open(directory.path(), schema(BASE)).expect("it opens"));
    let newer = Table { columns: &[ID, STATUS, PARENT, NOTE], indexes: &[BY_PARENT], ..BASE };
    for _ in 0..2 {
        drop(SqliteTables::open(directory.path(), schema(newer)).expect("it grows"));
        let statements = statements(&directory);
        assert_eq!(statements.len(), 2, "{statements:?}");
        assert!(statements[0].contains("\"note\" TEXT"), "{statements:?}");
        assert!(statements[1].contains("instance__parent__status__partial"), "{statements:?}");
    }
}

#[test]
fn other_changes_are_refused() {
    let directory = Directory::new();
    drop(SqliteTables::open(directory.path(), schema(BASE)).expect("it opens"));
    let before = statements(&directory);
    let refused = [
        ("a column less", Table { columns: &[ID, STATUS], ..BASE }),
        ("another order", Table { columns: &[ID, PARENT, STATUS], ..BASE }),
        ("another type", Table { columns: &[ID, NOTE, PARENT], indexes: &[], ..BASE }),
        ("the store's name", Table { name: "history", ..BASE }),
        ("a name that is no identifier", Table { name: "in stance", ..BASE }),
        ("no key", Table { key_columns: 0, ..BASE }),
        (
            "an unknown column",
            Table { indexes: &[Index { columns: &["colour"], partial: false }], ..BASE },
        ),
    ];
    for (what, table) in refused {
        let error = SqliteTables::open(directory.path(), schema(table)).err();
        assert!(matches!(error, Some(Error::Schema(_))), "{what}: {error:?}");
        assert_eq!(statements(&directory), before, "{what}");
    }
}
