//! Changes of the catalog: the second pure machine, behind the same log.

use std::sync::Arc;

use bytes::Bytes;
use motet_definition::graph::Graph;
use motet_engine::CatalogInput;
use motet_journal::encode_catalog_records;
use motet_store::Commit;
use motet_types::ShardId;

use super::batch::Release;
use super::{CATALOG_ENTITY, Machine, Reply, Responder};
use crate::{Actor, Error, audit};

/// A change of the catalog; a publication brings its compiled graph.
pub struct CatalogCommand {
    pub input: CatalogInput,
    pub graph: Option<Arc<Graph>>,
    /// Who asks for it.
    pub actor: Actor,
}

impl Machine {
    pub(super) fn change_catalog(&mut self, command: CatalogCommand, reply: Responder) {
        let workflow = command.input.workflow().cloned();
        let record = match self.catalog.step(self.now, command.actor.as_deref(), command.input) {
            Ok(Some(record)) => record,
            Ok(None) => return self.reply(reply, Ok(Reply::Catalog { created: false })),
            Err(rejection) => return self.reply(reply, Err(Error::Catalog(rejection))),
        };
        let mut chunk = Vec::new();
        encode_catalog_records(std::slice::from_ref(&record), &mut chunk);
        self.push_commit(Commit {
            shard: ShardId::CATALOG,
            epoch: self.config.epoch,
            entity: CATALOG_ENTITY,
            records: Bytes::from(chunk),
            record_count: 1,
            snapshot: None,
            rows: audit::of_catalog(&record, &self.catalog).into_iter().collect(),
        });
        let mut view = self.next_view();
        view.catalog.apply(&record);
        if let Some(graph) = command.graph {
            view.add(graph);
        }
        let view = Arc::new(view);
        self.building.view = Some(view.clone());
        self.release(Release::Catalog(view, workflow));
        self.reply(reply, Ok(Reply::Catalog { created: true }));
    }

    /// The newest view, durable or not: what the next change builds on.
    fn next_view(&self) -> crate::CatalogView {
        let in_flight = self.in_flight.as_ref().and_then(|batch| batch.view.as_ref());
        let newest = self.building.view.as_ref().or(in_flight).unwrap_or(&self.view);
        (**newest).clone()
    }
}
