use bytes::Bytes;
use motet_store::memory::Chunk;
use motet_store::{
    Column, Entity, Filter, Order, Position, Query, Row, RowScan, Schema, Table, Test, Value,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::{Snapshot, Stored};
use super::value::{Parameter, value, values};
use super::{chunks, read_meta};
use crate::error::{Damage, Error};

/// A read transaction.
pub(super) struct SqliteSnapshot<'c> {
    transaction: Transaction<'c>,
    schema: &'static Schema,
    covered: Position,
}

impl<'c> SqliteSnapshot<'c> {
    pub(super) fn begin(
        connection: &'c mut Connection,
        schema: &'static Schema,
    ) -> Result<Self, Error> {
        let transaction = connection
            .transaction()
            .map_err(|source| Error::sqlite("beginning to read", source))?;
        // The first read fixes what the transaction sees.
        let covered = read_meta(&transaction)?.covered;
        Ok(Self { transaction, schema, covered })
    }

    fn table(&self, id: motet_store::TableId) -> &'static Table {
        self.schema.table(id).expect("requests are checked when they come")
    }

    /// The record asked for may have been cut out: a page begins with the next one that is there, and counts from that.
    fn start_of_page(&self, entity: Entity, skip: i64) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT coalesce(
                 (SELECT ?2 FROM history WHERE entity = ?1 AND first_record + records > ?2 AND first_record =
                     (SELECT max(first_record) FROM history WHERE entity = ?1 AND first_record <= ?2)),
                 (SELECT min(first_record) FROM history WHERE entity = ?1 AND first_record > ?2))",
        )?;
        statement.query_row(params![entity.0, skip], |row| row.get(0))
    }

    fn select<T>(
        &self,
        statement: &Select<'_>,
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let run = || -> rusqlite::Result<Vec<T>> {
            let mut prepared = self.transaction.prepare_cached(&statement.text())?;
            for (place, value) in statement.parameters.iter().enumerate() {
                prepared.raw_bind_parameter(place + 1, Parameter(value))?;
            }
            let mut rows = prepared.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        };
        run().map_err(|source| Error::sqlite(format!("reading {}", statement.table.name), source))
    }
}

impl Snapshot for SqliteSnapshot<'_> {
    fn covered(&self) -> Position {
        self.covered
    }

    fn entity(&self, entity: Entity) -> Result<Stored, Error> {
        let failed = |source| Error::sqlite("loading a snapshot", source);
        let length = "SELECT first_record + records FROM history WHERE entity = ?1
                      ORDER BY first_record DESC LIMIT 1";
        let records: Option<i64> = self
            .transaction
            .prepare_cached(length)
            .and_then(|mut statement| statement.query_row([entity.0], |row| row.get(0)).optional())
            .map_err(failed)?;
        let snapshot: Option<(Vec<u8>, i64)> = self
            .transaction
            .prepare_cached("SELECT state, records FROM snapshot WHERE entity = ?1")
            .and_then(|mut statement| {
                statement.query_row([entity.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(failed)?;
        Ok(Stored {
            records: records.unwrap_or(0).cast_unsigned(),
            snapshot: snapshot.map(|(state, at)| (Bytes::from(state), at.cast_unsigned())),
        })
    }

    fn chunks(&self, entity: Entity, skip: u64, limit: usize) -> Result<Vec<Chunk>, Error> {
        let failed = |source| Error::sqlite("loading a history", source);
        let clamped = |ordinal: u64| i64::try_from(ordinal).unwrap_or(i64::MAX);
        // Of all that follows it does not matter where it begins.
        let start = match limit {
            usize::MAX => Some(clamped(skip)),
            _ => self.start_of_page(entity, clamped(skip)).map_err(failed)?,
        };
        let Some(start) = start else { return Ok(Vec::new()) };
        let skip = start.cast_unsigned();
        let end = skip.saturating_add(limit as u64);
        let mut statement = self
            .transaction
            .prepare_cached(
                "SELECT first_record, chunks FROM history
                 WHERE entity = ?1 AND first_record < ?3 AND first_record >= coalesce(
                     (SELECT max(first_record) FROM history WHERE entity = ?1 AND first_record <= ?2), 0)
                 ORDER BY first_record",
            )
            .map_err(failed)?;
        let mut rows =
            statement.query(params![entity.0, clamped(skip), clamped(end)]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let first = row.get::<_, i64>(0).map_err(failed)?.cast_unsigned();
            let bytes = Bytes::from(row.get::<_, Vec<u8>>(1).map_err(failed)?);
            found.extend(chunks::decode(bytes, first).ok_or_else(|| unreadable(entity, first))?);
        }
        found.retain(|chunk| limit > 0 && chunk.end() > skip && chunk.first_record < end);
        Ok(found)
    }

    fn rows(&self, scan: &RowScan) -> Result<Vec<Row>, Error> {
        let table = self.table(scan.table);
        let mut select = Select::new(table, names(table.columns));
        for (column, value) in table.key().iter().zip(&scan.prefix) {
            select.condition(format!("\"{}\" = ?", column.name), [value]);
        }
        select.after(scan.after.as_deref(), Order::Ascending);
        select.rest = order_by(table, Order::Ascending, scan.limit);
        self.select(&select, |row| values(row, table.columns.len()))
    }

    fn query(&self, query: &Query) -> Result<Vec<Row>, Error> {
        let table = self.table(query.table);
        let mut select = Select::new(table, names(table.columns));
        query.filters.iter().for_each(|filter| select.filter(filter));
        select.after(query.after.as_deref(), query.order);
        select.rest = order_by(table, query.order, query.limit);
        self.select(&select, |row| values(row, table.columns.len()))
    }

    fn count(&self, query: &Query, column: usize) -> Result<Vec<(Value, u64)>, Error> {
        let table = self.table(query.table);
        let name = table.columns[column].name;
        let mut select = Select::new(table, format!("\"{name}\", count(*)"));
        query.filters.iter().for_each(|filter| select.filter(filter));
        select.after(query.after.as_deref(), query.order);
        select.rest = format!("GROUP BY 1 ORDER BY 1 LIMIT {}", limited(query.limit));
        self.select(&select, |row| Ok((value(row, 0)?, row.get::<_, i64>(1)?.cast_unsigned())))
    }
}

/// A statement under construction; every value is a parameter.
struct Select<'v> {
    table: &'static Table,
    columns: String,
    conditions: Vec<String>,
    parameters: Vec<&'v Value>,
    rest: String,
}

impl<'v> Select<'v> {
    fn new(table: &'static Table, columns: String) -> Self {
        let (conditions, parameters) = (Vec::new(), Vec::new());
        Self { table, columns, conditions, parameters, rest: String::new() }
    }

    fn text(&self) -> String {
        let Self { table, columns, conditions, rest, .. } = self;
        let conditions = match conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {} ", conditions.join(" AND ")),
        };
        format!("SELECT {columns} FROM \"{}\" {conditions}{rest}", table.name)
    }

    fn condition(&mut self, text: String, parameters: impl IntoIterator<Item = &'v Value>) {
        self.conditions.push(text);
        self.parameters.extend(parameters);
    }

    fn after(&mut self, key: Option<&'v [Value]>, order: Order) {
        let Some(key) = key else { return };
        let comparison = match order {
            Order::Ascending => ">",
            Order::Descending => "<",
        };
        let marks = vec!["?"; key.len()].join(", ");
        self.condition(format!("({}) {comparison} ({marks})", names(self.table.key())), key);
    }

    fn filter(&mut self, filter: &'v Filter) {
        let name = filter.column;
        match &filter.test {
            Test::Equal(Value::Null) => self.condition(format!("\"{name}\" IS NULL"), []),
            Test::Equal(value) => self.condition(format!("\"{name}\" = ?"), [value]),
            Test::AtLeast(value) => self.condition(format!("\"{name}\" >= ?"), [value]),
            Test::Below(value) => self.condition(format!("\"{name}\" < ?"), [value]),
            Test::In(wanted) => {
                let marks = vec!["?"; wanted.len()].join(", ");
                let null = match wanted.contains(&Value::Null) {
                    true => format!(" OR \"{name}\" IS NULL"),
                    false => String::new(),
                };
                self.condition(format!("(\"{name}\" IN ({marks}){null})"), wanted);
            }
        }
    }
}

fn names(columns: &[Column]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    quoted.join(", ")
}

fn order_by(table: &Table, order: Order, limit: usize) -> String {
    let direction = match order {
        Order::Ascending => "",
        Order::Descending => " DESC",
    };
    let key: Vec<String> =
        table.key().iter().map(|column| format!("\"{}\"{direction}", column.name)).collect();
    format!("ORDER BY {} LIMIT {}", key.join(", "), limited(limit))
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unreadable(entity: Entity, first_record: u64) -> Error {
    Error::Damaged(Damage {
        file: super::TABLES.to_owned(),
        offset: 0,
        sequence: 0,
        what: format!("the history of {entity:?} from record {first_record} on cannot be read"),
    })
}
