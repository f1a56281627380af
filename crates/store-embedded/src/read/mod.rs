//! Reads over both layers: the overlay first, then one snapshot of the tables, and what both have counts once.
//!
//! The overlay's part is taken before the snapshot begins. So the snapshot may already cover commits that the part
//! holds, which are dropped by their position, but it can never lack one that the part misses.

use std::collections::BTreeMap;

use motet_store::{Answer, Entity, Error as ReadError, HistoryChunk, Loaded, Query, Row, RowScan};
use motet_store::{Position, Schema, Value};

use crate::error::Error;
use crate::overlay::{Changes, Tail, TailChunk, TailSnapshot};
use crate::tables::{Snapshot, Stored};

/// The present state of an entity.
pub(crate) fn load(
    tails: Vec<Tail>,
    snapshot: &dyn Snapshot,
    entity: Entity,
) -> Result<Option<Loaded>, Error> {
    let tail = merge(tails, snapshot.covered());
    if let Some(newest) = tail.snapshot {
        let records = tail.chunks[newest.chunks..].iter().map(|chunk| chunk.records.clone());
        return Ok(Some(Loaded { snapshot: Some(newest.state), records: records.collect() }));
    }
    let stored = stored(&tail, snapshot, entity)?;
    if stored.records == 0 && stored.snapshot.is_none() && tail.chunks.is_empty() {
        return Ok(None);
    }
    let included = stored.snapshot.as_ref().map_or(0, |(_, records)| *records);
    let older = if included < stored.records {
        snapshot.chunks(entity, included, usize::MAX)?
    } else {
        Vec::new()
    };
    let older = older.into_iter().map(|chunk| chunk.records);
    let newer = tail.chunks.into_iter().map(|chunk| chunk.records);
    Ok(Some(Loaded {
        snapshot: stored.snapshot.map(|(state, _)| state),
        records: older.chain(newer).collect(),
    }))
}

/// One page of an entity's history.
pub(crate) fn history(
    tails: Vec<Tail>,
    snapshot: &dyn Snapshot,
    entity: Entity,
    skip: u64,
    limit: usize,
) -> Result<Vec<HistoryChunk>, Error> {
    let tail = merge(tails, snapshot.covered());
    let older = match tail.forgotten {
        Some(_) => Vec::new(),
        None => snapshot.chunks(entity, skip, limit)?,
    };
    let mut page: Vec<HistoryChunk> = older
        .into_iter()
        .map(|chunk| (chunk.first_record, chunk.position, chunk.records))
        .collect();
    let mut first_record = stored(&tail, snapshot, entity)?.records;
    let end = skip.saturating_add(limit as u64);
    for chunk in tail.chunks {
        let next = first_record + u64::from(chunk.record_count);
        if limit > 0 && next > skip && first_record < end {
            page.push((first_record, chunk.position, chunk.records));
        }
        first_record = next;
    }
    Ok(page)
}

/// One page of a scan.
pub(crate) fn rows(
    changes: Changes,
    snapshot: &dyn Snapshot,
    key_columns: usize,
    mut scan: RowScan,
) -> Result<Vec<Row>, Error> {
    let mut newer: BTreeMap<Vec<Value>, Option<Vec<Value>>> = BTreeMap::new();
    for (key, change) in changes {
        if change.position > snapshot.covered() {
            newer.insert(key, change.rest);
        }
    }
    let limit = scan.limit;
    let mut page: Vec<Row> = Vec::new();
    while page.len() < limit {
        let older = snapshot.rows(&scan)?;
        let exhausted = older.len() < scan.limit;
        let until =
            if exhausted { None } else { older.last().map(|row| row[..key_columns].to_vec()) };
        let later = until.as_ref().map_or_else(BTreeMap::new, |until| after(&mut newer, until));
        page.extend(merge_rows(older, std::mem::replace(&mut newer, later), key_columns));
        if exhausted {
            break;
        }
        scan.after = until;
    }
    page.truncate(limit);
    Ok(page)
}

/// The answer to a query; it sees what the tables cover.
pub(crate) fn query(
    schema: &Schema,
    snapshot: &dyn Snapshot,
    query: &Query,
) -> Result<Answer, ReadError> {
    let table = schema.check_query(query)?;
    let covered = snapshot.covered();
    match query.count_by.and_then(|name| table.column(name)) {
        None => snapshot.query(query).map(|rows| Answer::Rows { rows, covered }),
        Some(column) => {
            snapshot.count(query, column).map(|counts| Answer::Counts { counts, covered })
        }
    }
    .map_err(|error| error.of_read())
}

/// What the tables hold of an entity that still counts.
fn stored(tail: &Tail, snapshot: &dyn Snapshot, entity: Entity) -> Result<Stored, Error> {
    match tail.forgotten {
        Some(_) => Ok(Stored::default()),
        None => snapshot.entity(entity),
    }
}

/// What of the generations' parts the tables do not cover, as one.
fn merge(tails: Vec<Tail>, covered: Position) -> Tail {
    let mut merged = Tail::default();
    for tail in tails {
        if tail.forgotten.is_some_and(|position| position > covered) {
            merged = Tail { forgotten: tail.forgotten, ..Tail::default() };
        }
        let uncovered = tail.chunks.iter().position(|chunk| chunk.position > covered);
        let dropped = uncovered.unwrap_or(tail.chunks.len());
        let before = merged.chunks.len();
        merged.chunks.extend::<Vec<TailChunk>>(tail.chunks[dropped..].to_vec());
        if let Some(newest) = tail.snapshot.filter(|newest| newest.position > covered) {
            let chunks = before + newest.chunks.saturating_sub(dropped);
            merged.snapshot = Some(TailSnapshot { chunks, ..newest });
        }
    }
    merged
}

/// Splits off what comes after the key, leaving the rest.
fn after<T>(rows: &mut BTreeMap<Vec<Value>, T>, key: &[Value]) -> BTreeMap<Vec<Value>, T> {
    let mut later = rows.split_off(key);
    if let Some((key, change)) = later.remove_entry(key) {
        rows.insert(key, change);
    }
    later
}

/// Rows of the tables with newer changes over them, in key order.
fn merge_rows(
    older: Vec<Row>,
    newer: BTreeMap<Vec<Value>, Option<Vec<Value>>>,
    key_columns: usize,
) -> Vec<Row> {
    if newer.is_empty() {
        return older;
    }
    let mut merged: BTreeMap<Vec<Value>, Option<Vec<Value>>> = older
        .into_iter()
        .map(|mut row| {
            let rest = row.split_off(key_columns);
            (row, Some(rest))
        })
        .collect();
    merged.extend(newer);
    merged
        .into_iter()
        .filter_map(|(mut key, rest)| {
            key.extend(rest?);
            Some(key)
        })
        .collect()
}

#[cfg(test)]
mod tests;
