//! Who needs the key of the secrets: what is under way and holds markers.

use std::path::Path;
use std::sync::mpsc;

use motet_engine::secret::has_marker;
use motet_runtime::SCHEMA;
use motet_runtime::drive::offline;
use motet_store::{
    Answer, Completion, Entity, Error as ReadError, Filter, Loaded, Order, Query, Reads, Row,
    RowScan, Store, Table, Test, Value,
};
use motet_store_embedded::{Options, Service};
use motet_types::Status;

use crate::commands::store;
use crate::failure::Failure;

/// Rows that are read at a time.
const PAGE_ROWS: usize = 1_000;

/// How many instances that have not ended hold markers in their stored state. A message that is to start one counts as one.
pub(super) fn holders(data: &Path) -> Result<u64, Failure> {
    let service = Service::open(data, &SCHEMA, Options::default());
    let service = service.map_err(|error| store::failed(&error))?;
    let count = instances(&service)? + messages(&service)?;
    service.close().map_err(|error| store::failed(&error))?;
    Ok(count)
}

/// How many secrets of the store only the old key opens.
pub(super) fn sealed(data: &Path) -> Result<usize, Failure> {
    let service = Service::open(data, &SCHEMA, Options::default());
    let service = service.map_err(|error| store::failed(&error))?;
    let catalog = offline::catalog(&service).map_err(|error| unreadable(&error.to_string()))?;
    service.close().map_err(|error| store::failed(&error))?;
    Ok(catalog.secrets.len())
}

fn instances(service: &Service) -> Result<u64, Failure> {
    let table = table("instance");
    let live = Status::ALL.iter().filter(|status| !status.is_final());
    let live: Vec<Value> = live.map(|status| Value::Text(status.as_str().to_owned())).collect();
    let mut count = 0;
    let mut after = None;
    loop {
        let query = Query {
            table: table.id,
            filters: vec![Filter { column: "status", test: Test::In(live.clone()) }],
            count_by: None,
            order: Order::Ascending,
            after,
            limit: PAGE_ROWS,
        };
        let Answer::Rows { rows, .. } = ask(|done| service.query(query, done))? else {
            return Err(unreadable("a list was answered with counts"));
        };
        for row in &rows {
            count += u64::from(holds(service, row)?);
        }
        after = rows.last().map(|row| row[..table.key_columns].to_vec());
        if rows.len() < PAGE_ROWS {
            return Ok(count);
        }
    }
}

/// Whether the state of a row's instance holds a marker. One by one: a state may be large.
fn holds(service: &Service, row: &Row) -> Result<bool, Failure> {
    let id = row.first().and_then(|id| match id {
        Value::Blob(id) => <[u8; 16]>::try_from(id.as_ref()).ok(),
        _ => None,
    });
    let id = id.ok_or_else(|| unreadable("an instance has no id"))?;
    let loaded: Vec<Option<Loaded>> = ask(|done| service.load(vec![Entity(id)], done))?;
    let chunks = loaded.iter().flatten().flat_map(|one| one.snapshot.iter().chain(&one.records));
    Ok(chunks.into_iter().any(|chunk| is_marked(chunk)))
}

fn messages(service: &Service) -> Result<u64, Failure> {
    let table = table("message");
    let mut count = 0;
    let mut after = None;
    loop {
        let scan = RowScan { table: table.id, prefix: Vec::new(), after, limit: PAGE_ROWS };
        let rows: Vec<Row> = ask(|done| service.rows(scan, done))?;
        let marked = |row: &&Row| {
            row.iter().any(|value| matches!(value, Value::Blob(bytes) if is_marked(bytes)))
        };
        count += rows.iter().filter(marked).count() as u64;
        after = rows.last().map(|row| row[..table.key_columns].to_vec());
        if rows.len() < PAGE_ROWS {
            return Ok(count);
        }
    }
}

/// Texts are stored as they are, so a marker shows itself in the bytes, whatever stands around it.
fn is_marked(bytes: &[u8]) -> bool {
    has_marker(&String::from_utf8_lossy(bytes))
}

fn table(name: &str) -> &'static Table {
    let table = SCHEMA.tables.iter().find(|table| table.name == name);
    table.expect("the runtime declares it")
}

/// Submits a read and waits for its result.
fn ask<T: Send + 'static>(
    submit: impl FnOnce(Completion<Result<T, ReadError>>),
) -> Result<T, Failure> {
    let (sender, receiver) = mpsc::channel();
    // The receiver is waiting below.
    submit(Box::new(move |result| drop(sender.send(result))));
    let result = receiver.recv().map_err(|_| unreadable("the store stopped"))?;
    result.map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(why: &str) -> Failure {
    Failure::new("store-failed", format!("the restored instances cannot be read: {why}"))
}

#[cfg(test)]
mod tests;
