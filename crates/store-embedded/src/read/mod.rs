//! Reads over both layers: the overlay first, then one snapshot of the tables, and what both have counts once.
//!
//! The overlay's part is taken before the snapshot begins. So the snapshot may already cover commits that the part
//! holds, which are dropped by their position, but it can never lack one that the part misses.

use std::collections::BTreeMap;

use motet_store::memory::Chunk;
use motet_store::{Answer, Entity, Error as ReadError, HistoryChunk, Loaded, Query, Row, RowScan};
use motet_store::{Position, Schema, Value};

use crate::error::Error;
use crate::overlay::{Changes, Cut, Tail, TailChunk, TailSnapshot};
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
        None => uncut_chunks(snapshot, &tail.cuts, entity, skip, limit)?,
    };
    let mut start = older.first().map(|chunk| chunk.first_record.max(skip));
    let mut page: Vec<HistoryChunk> = older
        .into_iter()
        .map(|chunk| (chunk.first_record, chunk.position, chunk.records))
        .collect();
    let mut first_record = stored(&tail, snapshot, entity)?.records;
    for TailChunk { position, record_count, records } in tail.chunks {
        let chunk = Chunk { first_record, position, record_count, records };
        first_record = chunk.end();
        if limit == 0 || chunk.end() <= skip || is_cut(&tail.cuts, &chunk) {
            continue;
        }
        let start = *start.get_or_insert(chunk.first_record.max(skip));
        if chunk.first_record < start.saturating_add(limit as u64) {
            page.push((chunk.first_record, chunk.position, chunk.records));
        }
    }
    Ok(page)
}

/// A page of what the tables hold without what is cut out of it by commits that they do not cover.
fn uncut_chunks(
    snapshot: &dyn Snapshot,
    cuts: &[Cut],
    entity: Entity,
    mut skip: u64,
    limit: usize,
) -> Result<Vec<Chunk>, Error> {
    loop {
        let mut found = snapshot.chunks(entity, skip, limit)?;
        let Some(last) = found.last() else { return Ok(found) };
        match found.iter().position(|chunk| !is_cut(cuts, chunk)) {
            Some(0) => {
                found.retain(|chunk| !is_cut(cuts, chunk));
                return Ok(found);
            }
            // The page begins with the first one that is there.
            Some(first) => skip = found[first].first_record,
            None => skip = last.end(),
        }
    }
}

fn is_cut(cuts: &[Cut], chunk: &Chunk) -> bool {
    cuts.iter().any(|cut| chunk.is_cut(cut.position, cut.from, cut.to))
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
        merged.cuts.extend(tail.cuts.into_iter().filter(|cut| cut.position > covered));
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
