//! Whether requests fit the declared tables. Every implementation asks here before it writes or reads anything: what
//! does not fit must not reach a log, from which it could never be applied.

use crate::{
    Column, Commit, CommitError, Error, Query, RowChange, RowScan, Schema, Table, TableId, Value,
};

impl Schema {
    /// Fails with [`CommitError::Malformed`] unless every row fits its table and the record count its chunk.
    pub fn check_commit(&self, commit: &Commit) -> Result<(), CommitError> {
        if commit.records.is_empty() != (commit.record_count == 0) {
            return Err(CommitError::Malformed(format!(
                "{} bytes are counted as {} records",
                commit.records.len(),
                commit.record_count
            )));
        }
        let stands_alone = commit.records.is_empty() || commit.snapshot.is_none();
        if stands_alone && commit.cuts().next().is_some() {
            let message = "a history is cut by a commit without records or snapshot";
            return Err(CommitError::Malformed(message.to_owned()));
        }
        commit
            .rows
            .iter()
            .try_for_each(|change| self.check_change(change))
            .map_err(CommitError::Malformed)
    }

    /// The table that is scanned; [`Error::Malformed`] if the scan does not fit it.
    pub fn check_scan(&self, scan: &RowScan) -> Result<&'static Table, Error> {
        let table = self.known(scan.table).map_err(Error::Malformed)?;
        check_key(table, &scan.prefix, scan.prefix.len().min(table.key_columns))
            .and_then(|()| check_after(table, scan.after.as_deref()))
            .map_err(Error::Malformed)?;
        Ok(table)
    }

    /// The table that is queried; [`Error::Malformed`] if the query does not fit it.
    pub fn check_query(&self, query: &Query) -> Result<&'static Table, Error> {
        let table = self.known(query.table).map_err(Error::Malformed)?;
        let column = |name: &str| -> Result<&'static Column, Error> {
            let place = table.column(name).ok_or_else(|| {
                Error::Malformed(format!("table {} has no column {name}", table.name))
            })?;
            Ok(&table.columns[place])
        };
        for filter in &query.filters {
            check_values(table, column(filter.column)?, filter.test.operands())
                .map_err(Error::Malformed)?;
        }
        query.count_by.map(column).transpose()?;
        check_after(table, query.after.as_deref()).map_err(Error::Malformed)?;
        Ok(table)
    }

    fn check_change(&self, change: &RowChange) -> Result<(), String> {
        match change {
            RowChange::Put { table, row } => {
                let table = self.known(*table)?;
                if row.len() != table.columns.len() {
                    return Err(wrong_length(table, row.len(), table.columns.len()));
                }
                check_key(table, &row[..table.key_columns], table.key_columns)?;
                check_columns(table, table.columns, row)
            }
            RowChange::Delete { table, key } => {
                let table = self.known(*table)?;
                check_key(table, key, table.key_columns)
            }
            RowChange::Forget | RowChange::Cut { .. } => Ok(()),
        }
    }

    fn known(&self, id: TableId) -> Result<&'static Table, String> {
        self.table(id).ok_or_else(|| format!("no table has number {}", id.0))
    }
}

fn check_after(table: &Table, after: Option<&[Value]>) -> Result<(), String> {
    after.map_or(Ok(()), |key| check_key(table, key, table.key_columns))
}

fn check_key(table: &Table, key: &[Value], length: usize) -> Result<(), String> {
    if key.len() != length {
        return Err(wrong_length(table, key.len(), length));
    }
    if key.contains(&Value::Null) {
        return Err(format!("a key of table {} holds null", table.name));
    }
    check_columns(table, table.key(), key)
}

fn check_columns(table: &Table, columns: &[Column], values: &[Value]) -> Result<(), String> {
    columns
        .iter()
        .zip(values)
        .try_for_each(|(column, value)| check_values(table, column, std::slice::from_ref(value)))
}

fn check_values(table: &Table, column: &Column, values: &[Value]) -> Result<(), String> {
    match values.iter().find(|value| !column.kind.admits(value)) {
        None => Ok(()),
        Some(value) => Err(format!(
            "column {} of table {} is {:?} and cannot hold {value:?}",
            column.name, table.name, column.kind
        )),
    }
}

fn wrong_length(table: &Table, found: usize, expected: usize) -> String {
    format!("table {} takes {expected} values here, not {found}", table.name)
}
