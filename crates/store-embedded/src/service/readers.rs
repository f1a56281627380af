use std::sync::Arc;

use motet_store::{
    Answer, Completion, Entity, Error as ReadError, HistoryChunk, Loaded, Query, Row, RowScan,
    Schema, Table,
};

use super::queue::Queue;
use super::shared::Shared;
use crate::error::Error;
use crate::overlay::{Changes, Overlay, Tail};
use crate::read;
use crate::tables::{Snapshot, TablesReader};

/// A submitted read.
pub(super) enum Read {
    Load {
        entities: Vec<Entity>,
        done: Completion<Result<Vec<Option<Loaded>>, ReadError>>,
    },
    Rows {
        table: &'static Table,
        scan: RowScan,
        done: Completion<Result<Vec<Row>, ReadError>>,
    },
    Query {
        query: Query,
        done: Completion<Result<Answer, ReadError>>,
    },
    History {
        entity: Entity,
        skip: u64,
        limit: usize,
        done: Completion<Result<Vec<HistoryChunk>, ReadError>>,
    },
}

/// A read with what the overlay has for it.
enum Begun {
    Load {
        parts: Vec<(Entity, Vec<Tail>)>,
        done: Completion<Result<Vec<Option<Loaded>>, ReadError>>,
    },
    Rows {
        table: &'static Table,
        scan: RowScan,
        changes: Changes,
        done: Completion<Result<Vec<Row>, ReadError>>,
    },
    Query {
        query: Query,
        done: Completion<Result<Answer, ReadError>>,
    },
    History {
        entity: Entity,
        skip: u64,
        limit: usize,
        tails: Vec<Tail>,
        done: Completion<Result<Vec<HistoryChunk>, ReadError>>,
    },
}

/// A thread that reads: many requests from one snapshot.
pub(super) struct Reader {
    shared: Arc<Shared>,
    schema: &'static Schema,
    queue: Arc<Queue<Read>>,
    tables: Box<dyn TablesReader>,
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        schema: &'static Schema,
        queue: Arc<Queue<Read>>,
        tables: Box<dyn TablesReader>,
    ) -> Self {
        Self { shared, schema, queue, tables }
    }

    pub(super) fn run(mut self) {
        loop {
            let reads = self.queue.take(self.shared.options.reads_batch_max);
            if reads.is_empty() {
                return;
            }
            // The overlay's parts come before the snapshot: see the module `read`.
            let begun: Vec<Begun> = {
                let overlay = self.shared.overlay();
                reads.into_iter().map(|read| read.begin(&overlay)).collect()
            };
            match self.tables.snapshot() {
                Ok(snapshot) => {
                    begun.into_iter().for_each(|read| read.answer(&*snapshot, self.schema));
                }
                Err(error) => {
                    let error = error.of_read();
                    begun.into_iter().for_each(|read| read.fail(error.clone()));
                }
            }
        }
    }
}

impl Read {
    pub(super) fn fail(self, error: ReadError) {
        match self {
            Self::Load { done, .. } => done(Err(error)),
            Self::Rows { done, .. } => done(Err(error)),
            Self::Query { done, .. } => done(Err(error)),
            Self::History { done, .. } => done(Err(error)),
        }
    }

    fn begin(self, overlay: &Overlay) -> Begun {
        match self {
            Self::Load { entities, done } => {
                let part = |entity| (entity, overlay.tails(&entity));
                Begun::Load { parts: entities.into_iter().map(part).collect(), done }
            }
            Self::Rows { table, scan, done } => {
                let changes = overlay.changes(&scan);
                Begun::Rows { table, scan, changes, done }
            }
            Self::Query { query, done } => Begun::Query { query, done },
            Self::History { entity, skip, limit, done } => {
                let tails = overlay.tails(&entity);
                Begun::History { entity, skip, limit, tails, done }
            }
        }
    }
}

impl Begun {
    fn fail(self, error: ReadError) {
        match self {
            Self::Load { done, .. } => done(Err(error)),
            Self::Rows { done, .. } => done(Err(error)),
            Self::Query { done, .. } => done(Err(error)),
            Self::History { done, .. } => done(Err(error)),
        }
    }

    fn answer(self, snapshot: &dyn Snapshot, schema: &Schema) {
        let failed = |error: Error| error.of_read();
        match self {
            Self::Load { parts, done } => {
                let load = |(entity, tails)| read::load(tails, snapshot, entity);
                let loaded: Result<Vec<_>, Error> = parts.into_iter().map(load).collect();
                done(loaded.map_err(failed));
            }
            Self::Rows { table, scan, changes, done } => {
                done(read::rows(changes, snapshot, table.key_columns, scan).map_err(failed));
            }
            Self::Query { query, done } => done(read::query(schema, snapshot, &query)),
            Self::History { entity, skip, limit, tails, done } => {
                done(read::history(tails, snapshot, entity, skip, limit).map_err(failed));
            }
        }
    }
}
