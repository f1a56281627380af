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

/// How often a page is read. A cut between its reads takes away what the first of them referred to, and the next one begins
/// behind the cut; histories are cut once in thousands of records.
const READS_MAX: usize = 3;

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
        let mut gone = 0;
        for _ in 0..READS_MAX {
            match self.page(id, skip, limit, instance.records, &graph).await? {
                Read::Whole(entries) => return Ok(entries),
                Read::Gone { record } => gone = record,
            }
        }
        Err(Error::Unloadable(format!("record {gone} of its history is gone")))
    }

    /// Reads a page, from several reads of the store.
    async fn page(
        &self,
        id: InstanceId,
        skip: u64,
        limit: usize,
        records: u64,
        graph: &Arc<Graph>,
    ) -> Result<Read<HistoryEntry>, Error> {
        let mut page = Page { entries: Vec::new(), next: skip, values: Values::default() };
        loop {
            let before = page.next;
            if let Some(record) = self.read_on(id, &mut page, limit, graph).await? {
                return Ok(Read::Gone { record });
            }
            let is_full = page.entries.len() >= limit;
            // The store counts in ordinals, so what it gives is shorter where records were cut out of it.
            if is_full || page.next == before || page.next >= records {
                page.entries.truncate(limit);
                return Ok(Read::Whole(page.entries));
            }
        }
    }

    /// Adds what the store gives at once; a record that is gone, if one is.
    async fn read_on(
        &self,
        id: InstanceId,
        page: &mut Page,
        limit: usize,
        graph: &Arc<Graph>,
    ) -> Result<Option<u64>, Error> {
        for chunk in self.chunks(id, page.next, limit - page.entries.len()).await? {
            let records = match self.records(id, &chunk, &mut page.values).await? {
                Read::Whole(records) => records,
                Read::Gone { record } => return Ok(Some(record)),
            };
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
        Ok(None)
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
    ) -> Result<Read<Record>, Error> {
        let unloadable = |error: String| Error::Unloadable(error);
        let mut wanted = vec![chunk.clone()];
        while let Some((first, _, bytes)) = wanted.last() {
            match decode_history(bytes, *first, values) {
                Ok(records) if wanted.len() == 1 => return Ok(Read::Whole(records)),
                Ok(_) => drop(wanted.pop()),
                // Each one stands before the chunk that wants it, so this ends.
                Err(motet_journal::Error::Elsewhere { record }) if record < *first => {
                    let found = self.chunks(id, record, 1).await?.into_iter().next();
                    match found.filter(|(first, ..)| *first == record) {
                        Some(chunk) => wanted.push(chunk),
                        None => return Ok(Read::Gone { record }),
                    }
                }
                Err(error) => return Err(unloadable(error.to_string())),
            }
        }
        Err(unloadable("no chunk was asked for".to_owned()))
    }
}

/// Records of a history, or the first one of a chunk that they refer to and that is not there.
enum Read<T> {
    Whole(Vec<T>),
    Gone { record: u64 },
}

/// A page in the making.
struct Page {
    entries: Vec<HistoryEntry>,
    /// Number of the next entry.
    next: u64,
    /// What is known of the large values of the history.
    values: Values,
}
