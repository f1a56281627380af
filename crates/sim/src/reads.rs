//! What the store has to answer: the rows and the newest states that follow from every acknowledged commit.

use std::collections::BTreeMap;

use bytes::Bytes;
use motet_runtime::SCHEMA;
use motet_store::memory::Rows;
use motet_store::{Commit, Entity, Loaded, Row, RowChange, RowScan, TableId};
use motet_store_embedded::Inline;

use crate::check::{Check, Checked, ensure, violated};
use crate::shadow::Shadow;
use crate::tables;

/// Rows of one page; small, so that paging is used.
const PAGE: usize = 50;

/// The rows of every table, as the acknowledged commits left them.
pub(crate) struct Model(BTreeMap<TableId, Rows>);

impl Model {
    pub(crate) fn new() -> Self {
        Self(SCHEMA.tables.iter().map(|table| (table.id, Rows::new(table))).collect())
    }

    /// Takes what a commit does to the rows.
    pub(crate) fn take(&mut self, commit: &Commit) {
        for change in &commit.rows {
            match change {
                RowChange::Put { table, row } => {
                    if let Some(rows) = self.0.get_mut(table) {
                        rows.put(row.clone());
                    }
                }
                RowChange::Delete { table, key } => {
                    if let Some(rows) = self.0.get_mut(table) {
                        rows.delete(key);
                    }
                }
                RowChange::Forget | RowChange::Cut { .. } => {}
            }
        }
    }

    fn scan(&self, scan: &RowScan) -> Vec<Row> {
        self.page(scan).cloned().collect()
    }

    fn page<'s>(&'s self, scan: &'s RowScan) -> impl Iterator<Item = &'s Row> {
        self.0.get(&scan.table).into_iter().flat_map(|rows| rows.page(scan))
    }
}

impl Shadow {
    /// Every row of a table.
    pub(crate) fn rows(&self, table: &str) -> Vec<Row> {
        let table = tables::named(table).id;
        self.model.scan(&RowScan { table, prefix: Vec::new(), after: None, limit: usize::MAX })
    }

    /// A page of rows shows what is acknowledged, no less and no more.
    pub(crate) fn check_scan(&self, scan: &RowScan, rows: &[Row]) -> Checked {
        let is_same = self.model.page(scan).eq(rows);
        ensure(is_same, Check::ReadWrong, "rows as they were acknowledged", || {
            format!("{scan:?} gives {rows:?} in place of {:?}", self.model.scan(scan))
        })
    }

    /// What is loaded of an entity is its newest acknowledged snapshot, and every record behind it.
    pub(crate) fn check_loaded(&self, entity: Entity, loaded: Option<&Loaded>) -> Checked {
        let history = self.histories.get(&entity);
        let expected = "the newest acknowledged state";
        let Some((history, loaded)) = history.zip(loaded) else {
            let agree = history.is_none() == loaded.is_none();
            return ensure(agree, Check::ReadWrong, expected, || {
                let (known, found) = (history.is_some(), loaded.is_some());
                format!("{entity:?} is acknowledged: {known}, is loaded: {found}")
            });
        };
        let (snapshot, from) = match &history.snapshot {
            Some((snapshot, from)) => (Some(snapshot), *from),
            None => (None, 0),
        };
        let newer: Vec<&Bytes> =
            history.chunks.list.iter().filter(|(at, _)| *at >= from).map(|(_, it)| it).collect();
        let agree = loaded.snapshot.as_ref() == snapshot && loaded.records.iter().eq(newer.clone());
        ensure(agree, Check::ReadWrong, expected, || {
            format!(
                "{entity:?}: snapshot the same: {}, {} chunks behind it in place of {}",
                loaded.snapshot.as_ref() == snapshot,
                loaded.records.len(),
                newer.len()
            )
        })
    }

    /// After an opening every table holds what was acknowledged.
    pub(crate) fn compare_tables(&self, store: &Inline) -> Checked<u64> {
        let mut compared = 0;
        for table in SCHEMA.tables {
            let mut after = None;
            loop {
                let prefix = Vec::new();
                let scan = RowScan { table: table.id, prefix, after, limit: PAGE };
                let page = store.machine().rows(scan.clone()).map_err(|error| {
                    violated(Check::CommandLost, "rows that can be read", error.to_string())
                })?;
                compared += page.len() as u64;
                let expected = "every acknowledged row";
                ensure(self.model.page(&scan).eq(&page), Check::CommandLost, expected, || {
                    let expected = self.model.scan(&scan);
                    let missing: Vec<&Row> =
                        expected.iter().filter(|row| !page.contains(row)).collect();
                    let surplus: Vec<&Row> =
                        page.iter().filter(|row| !expected.contains(row)).collect();
                    format!("{}: missing {missing:?}, surplus {surplus:?}", table.name)
                })?;
                after = page.last().map(|row| row[..table.key_columns].to_vec());
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(compared)
    }
}
