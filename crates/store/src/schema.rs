use bytes::Bytes;

/// The tables that the caller wants, as data; an implementation creates them.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub tables: &'static [Table],
}

impl Schema {
    /// The declared table with this number.
    pub fn table(&self, id: TableId) -> Option<&'static Table> {
        self.tables.iter().find(|table| table.id == id)
    }
}

/// One table: its first `key_columns` columns are its primary key, in the order that scans follow.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub id: TableId,
    /// Lower-case identifier; also the name of the SQL table.
    pub name: &'static str,
    pub columns: &'static [Column],
    pub key_columns: usize,
    pub indexes: &'static [Index],
}

impl Table {
    /// The columns of the primary key; they hold no null.
    pub fn key(&self) -> &'static [Column] {
        &self.columns[..self.key_columns]
    }

    /// The place of the column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Number of a table in the persisted form: never reused, never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u16);

#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Lower-case identifier; also the name of the SQL column.
    pub name: &'static str,
    pub kind: ColumnType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Int,
    Text,
    Blob,
}

impl ColumnType {
    /// Whether a column of this type may hold `value`; null always fits, keys are stricter.
    pub fn admits(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (_, Value::Null)
                | (Self::Int, Value::Int(_))
                | (Self::Text, Value::Text(_))
                | (Self::Blob, Value::Blob(_))
        )
    }
}

/// An index over the named columns; a partial one leaves out rows whose first column is null.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    pub columns: &'static [&'static str],
    pub partial: bool,
}

/// One value of a row. The order is that of the variants, then that of the value (bytes for text and blobs), as in SQLite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Bytes),
}

/// The values of one row, in the order of the table's columns.
pub type Row = Vec<Value>;
