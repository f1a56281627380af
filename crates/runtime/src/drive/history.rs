//! Pages of what happened in an instance.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_engine::Record;
use motet_journal::{Values, decode_history};
use motet_store::{Entity, HistoryChunk};
use motet_types::InstanceId;
use tokio::sync::oneshot;

use super::Inner;
use crate::{Error, HistoryEntry, view};

impl Inner {
    pub(crate) async fn history(
        &self,
        id: InstanceId,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, Error> {
        // The read by id says which definition names the tasks, and that the instance exists.
        let (instance, _) = self.instance(id, Duration::ZERO).await?;
        let Some(graph) = self.catalog().graphs.get(&instance.definition).cloned() else {
            let message = format!("the definition {} cannot be compiled", instance.definition);
            return Err(Error::Unloadable(message));
        };
        let mut page = Page { entries: Vec::new(), next: skip, values: Values::default() };
        loop {
            let before = page.next;
            self.read_on(id, &mut page, limit, &graph).await?;
            let is_full = page.entries.len() >= limit;
            // The store counts in ordinals, so what it gives is shorter where records were cut out of it.
            if is_full || page.next == before || page.next >= instance.records {
                page.entries.truncate(limit);
                return Ok(page.entries);
            }
        }
    }

    /// Adds what the store gives at once.
    async fn read_on(
        &self,
        id: InstanceId,
        page: &mut Page,
        limit: usize,
        graph: &Arc<Graph>,
    ) -> Result<(), Error> {
        for chunk in self.chunks(id, page.next, limit - page.entries.len()).await? {
            let records = self.records(id, &chunk, &mut page.values).await?;
            let (first, next) = (chunk.0, page.next);
            if first > next
                && let Some(behind) = records.first()
            {
                page.entries.push(view::cut(next..first, behind.at));
            }
            let entries = view::history(&records, first, graph);
            page.entries.extend(entries.into_iter().filter(|entry| entry.number >= next));
            page.next = next.max(first + records.len() as u64);
        }
        Ok(())
    }

    async fn chunks(
        &self,
        id: InstanceId,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<HistoryChunk>, Error> {
        let (sender, receiver) = oneshot::channel();
        // A receiver that is gone does not want the answer any more.
        let done = Box::new(move |result| drop(sender.send(result)));
        self.reads.history(Entity(id.0), skip, limit, done);
        let chunks = receiver.await.map_err(|_| Error::Unavailable("it stopped".to_owned()))?;
        chunks.map_err(|error| Error::Unloadable(error.to_string()))
    }

    /// The records of a chunk. Large values may stand in chunks before it, which are read first, the last one wanted on top.
    async fn records(
        &self,
        id: InstanceId,
        chunk: &HistoryChunk,
        values: &mut Values,
    ) -> Result<Vec<Record>, Error> {
        let unloadable = |error: String| Error::Unloadable(error);
        let mut wanted = vec![chunk.clone()];
        while let Some((first, _, bytes)) = wanted.last() {
            match decode_history(bytes, *first, values) {
                Ok(records) if wanted.len() == 1 => return Ok(records),
                Ok(_) => drop(wanted.pop()),
                // Each one stands before the chunk that wants it, so this ends.
                Err(motet_journal::Error::Elsewhere { record }) if record < *first => {
                    let found = self.chunks(id, record, 1).await?.into_iter().next();
                    let found = found.filter(|(first, ..)| *first == record);
                    let missing = || unloadable(format!("record {record} of its history is gone"));
                    wanted.push(found.ok_or_else(missing)?);
                }
                Err(error) => return Err(unloadable(error.to_string())),
            }
        }
        Err(unloadable("no chunk was asked for".to_owned()))
    }
}

/// A page in the making.
struct Page {
    entries: Vec<HistoryEntry>,
    /// Number of the next entry.
    next: u64,
    /// What is known of the large values of the history.
    values: Values,
}
