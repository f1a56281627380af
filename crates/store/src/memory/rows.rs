use std::collections::BTreeMap;
use std::ops::Bound;

use crate::{Order, Query, Row, RowScan, Table, Value};

/// The rows of one declared table in key order, with the reads that both ports ask of it.
#[derive(Clone, Debug)]
pub struct Rows {
    table: &'static Table,
    rows: BTreeMap<Vec<Value>, Row>,
}

impl Rows {
    /// An empty table.
    pub fn new(table: &'static Table) -> Self {
        Self { table, rows: BTreeMap::new() }
    }

    /// Inserts the row or replaces the one with its key.
    pub fn put(&mut self, row: Row) {
        self.rows.insert(row[..self.table.key_columns].to_vec(), row);
    }

    /// Removes the row with this key, if there is one.
    pub fn delete(&mut self, key: &[Value]) {
        self.rows.remove(key);
    }

    /// One page of a scan that fits the table.
    pub fn scan(&self, scan: &RowScan) -> Vec<Row> {
        self.page(scan).cloned().collect()
    }

    /// The same, to be looked at.
    pub fn page<'s>(&'s self, scan: &'s RowScan) -> impl Iterator<Item = &'s Row> {
        let start = match &scan.after {
            Some(after) if *after >= scan.prefix => Bound::Excluded(after.clone()),
            _ => Bound::Included(scan.prefix.clone()),
        };
        self.rows
            .range((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(&scan.prefix))
            .take(scan.limit)
            .map(|(_, row)| row)
    }

    /// The rows of a query that fits the table.
    pub fn query(&self, query: &Query) -> Vec<Row> {
        self.matching(query).take(query.limit).cloned().collect()
    }

    /// The counts of a query that fits the table, by the column at place `column`.
    pub fn count(&self, query: &Query, column: usize) -> Vec<(Value, u64)> {
        let mut counts: BTreeMap<Value, u64> = BTreeMap::new();
        for row in self.matching(query) {
            *counts.entry(row[column].clone()).or_default() += 1;
        }
        counts.into_iter().take(query.limit).collect()
    }

    fn matching<'q>(&'q self, query: &'q Query) -> Box<dyn Iterator<Item = &'q Row> + 'q> {
        let admitted = |row: &&Row| {
            query.filters.iter().all(|filter| {
                let place = self.table.column(filter.column);
                place.is_some_and(|place| filter.test.admits(&row[place]))
            })
        };
        let after = query.after.clone();
        match query.order {
            Order::Ascending => {
                let start = after.map_or(Bound::Unbounded, Bound::Excluded);
                let rows = self.rows.range((start, Bound::Unbounded));
                Box::new(rows.map(|(_, row)| row).filter(admitted))
            }
            Order::Descending => {
                let end = after.map_or(Bound::Unbounded, Bound::Excluded);
                let rows = self.rows.range((Bound::Unbounded, end)).rev();
                Box::new(rows.map(|(_, row)| row).filter(admitted))
            }
        }
    }
}
