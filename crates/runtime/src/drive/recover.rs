//! What a server reads before it takes its first input.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use motet_definition::graph;
use motet_engine::{Catalog, Published};
use motet_journal::decode_catalog_records;
use motet_store::{Completion, Epoch, Error, Loaded, Row, RowScan, Store, Table};
use motet_types::{Limits, ShardId, WorkflowRef};

use super::StartError;
use crate::shard::{CATALOG_ENTITY, Recovered, RowError};
use crate::tables::{
    ENDPOINT, INBOX, INTAKE, JOB, MESSAGE, OUTGOING, PENDING, REFUSED, ROOM, SCHEDULE,
    SCHEDULE_SET, SENT, SERVICE, TIMER, TURN, UNLOADABLE, USAGE,
};

/// Rows that recovery reads at once, and of those that may be as large as a payload.
const PAGE_ROWS: usize = 10_000;
const PAGE_LARGE_ROWS: usize = 64;

/// Makes the graph of a published definition; none if this version cannot, which costs its instances, never the start.
pub type Compile<'c> = &'c dyn Fn(&WorkflowRef, &Published) -> Option<Arc<graph::Graph>>;

/// Takes every shard and reads the catalog and the rows of what is in flight.
///
/// # Errors
/// The store cannot be read, or holds what this version does not understand.
pub fn read(store: &dyn Store, compile: Compile<'_>) -> Result<(Epoch, Recovered), StartError> {
    let shards = ShardId::all().chain([ShardId::CATALOG]).collect();
    let leases = wait(|done| store.lease(shards, done))?;
    let epoch = leases.iter().map(|lease| lease.epoch).max().unwrap_or_default();
    let mut recovered = Recovered::default();
    recovered.position = leases.iter().map(|lease| lease.position).max().unwrap_or_default();
    recovered.catalog = catalog(store)?;
    recovered.graphs = graphs(&recovered.catalog, compile);
    each(store, &TIMER, |row| recovered.timer(row))?;
    each(store, &PENDING, |row| recovered.pending(row))?;
    each(store, &UNLOADABLE, |row| recovered.unloadable(row))?;
    each(store, &JOB, |row| recovered.job(row))?;
    each(store, &MESSAGE, |row| recovered.message(row))?;
    each(store, &SENT, |row| recovered.sent(row))?;
    each(store, &INBOX, |row| recovered.inbox(row))?;
    each(store, &USAGE, |row| recovered.usage(row))?;
    each(store, &SCHEDULE, |row| recovered.schedule(row))?;
    each(store, &SCHEDULE_SET, |row| recovered.schedule_set(row))?;
    each(store, &INTAKE, |row| recovered.intake(row))?;
    each(store, &TURN, |row| recovered.turn(row))?;
    each(store, &ROOM, |row| recovered.room(row))?;
    each(store, &OUTGOING, |row| recovered.outgoing(row))?;
    each(store, &REFUSED, |row| recovered.refused(row))?;
    each(store, &SERVICE, |row| recovered.service(row))?;
    each(store, &ENDPOINT, |row| recovered.endpoint(row))?;
    Ok((epoch, recovered))
}

pub(super) fn catalog(store: &dyn Store) -> Result<Catalog, StartError> {
    let mut catalog = Catalog::default();
    let loaded = wait(|done| store.load(vec![CATALOG_ENTITY], done))?;
    let Some(Some(Loaded { records, .. })) = loaded.into_iter().next() else { return Ok(catalog) };
    for chunk in &records {
        let records = decode_catalog_records(chunk)
            .map_err(|error| StartError::Catalog(error.to_string()))?;
        for record in &records {
            catalog.apply(record);
        }
    }
    Ok(catalog)
}

fn graphs(catalog: &Catalog, compile: Compile<'_>) -> BTreeMap<WorkflowRef, Arc<graph::Graph>> {
    let mut graphs = BTreeMap::new();
    for (name, workflow) in &catalog.workflows {
        for (version, published) in &workflow.versions {
            let definition = WorkflowRef { workflow: name.clone(), version: version.clone() };
            if let Some(graph) = compile(&definition, published) {
                graphs.insert(definition, graph);
            }
        }
    }
    graphs
}

/// Compiles the source.
pub(super) fn compile(published: &Published, limits: &Limits) -> Option<Arc<graph::Graph>> {
    let document = motet_definition::parse(&published.source, limits).document?;
    graph::compile(&document, limits).ok().map(Arc::new)
}

fn each(
    store: &dyn Store,
    table: &Table,
    mut take: impl FnMut(&Row) -> Result<(), RowError>,
) -> Result<(), StartError> {
    let is_large = [OUTGOING.id, REFUSED.id].contains(&table.id);
    let limit = if is_large { PAGE_LARGE_ROWS } else { PAGE_ROWS };
    let mut after = None;
    loop {
        let scan = RowScan { table: table.id, prefix: Vec::new(), after, limit };
        let rows = wait(|done| store.rows(scan, done))?;
        for row in &rows {
            take(row)?;
        }
        match rows.last() {
            Some(last) if rows.len() == limit => {
                after = Some(last[..table.key_columns].to_vec());
            }
            _ => return Ok(()),
        }
    }
}

/// Calls a method of the port and waits for its completion.
pub(super) fn wait<T: Send + 'static>(
    call: impl FnOnce(Completion<Result<T, Error>>),
) -> Result<T, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // A receiver that is gone has nobody to tell.
    call(Box::new(move |result| drop(sender.send(result))));
    receiver.recv().map_err(|_| Error::Closed)?
}
