//! Pages of what happened in an instance. What cannot be read ends a page with an entry that says so.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_engine::Record;
use motet_journal::{Values, decode_history};
use motet_store::{Entity, Error as StoreError, HistoryChunk};
use motet_types::{InstanceId, Timestamp};
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
        let mut page = Page::of(skip, instance.started_at);
        let mut gone = 0;
        for _ in 0..READS_MAX {
            page = Page::of(skip, instance.started_at);
            match self.fill(&mut page, id, limit, instance.records, &graph).await? {
                Filled::Whole => return Ok(page.entries),
                Filled::Damaged { reason } => return Ok(page.damaged(reason)),
                Filled::Gone { record } => gone = record,
            }
        }
        Ok(page.damaged(format!("record {gone} of its history is gone")))
    }

    /// Reads a page, from several reads of the store.
    async fn fill(
        &self,
        page: &mut Page,
        id: InstanceId,
        limit: usize,
        records: u64,
        graph: &Arc<Graph>,
    ) -> Result<Filled, Error> {
        loop {
            let before = page.next;
            match self.read_on(id, page, limit, graph).await? {
                Filled::Whole => {}
                other => return Ok(other),
            }
            let is_full = page.entries.len() >= limit;
            // The store counts in ordinals, so what it gives is shorter where records were cut out of it.
            if is_full || page.next == before || page.next >= records {
                page.entries.truncate(limit);
                return Ok(Filled::Whole);
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
    ) -> Result<Filled, Error> {
        let wanted = limit - page.entries.len();
        let chunks = match self.chunks(id, page.next, wanted).await? {
            Ok(chunks) => chunks,
            // What stands before the place that the store cannot read is worth reading chunk by chunk.
            Err(_) if wanted > 1 => match self.chunks(id, page.next, 1).await? {
                Ok(chunks) => chunks,
                Err(reason) => return Ok(Filled::Damaged { reason }),
            },
            Err(reason) => return Ok(Filled::Damaged { reason }),
        };
        for chunk in chunks {
            let records = match self.records(id, &chunk, &mut page.values).await? {
                Read::Whole(records) => records,
                Read::Gone { record } => return Ok(Filled::Gone { record }),
                Read::Damaged { reason } => return Ok(Filled::Damaged { reason }),
            };
            page.add(chunk.0, &records, graph);
            if page.entries.len() >= limit {
                break;
            }
        }
        Ok(Filled::Whole)
    }

    /// Chunks as the store gives them, or why it cannot read them.
    async fn chunks(
        &self,
        id: InstanceId,
        skip: u64,
        limit: usize,
    ) -> Result<Result<Vec<HistoryChunk>, String>, Error> {
        let (sender, receiver) = oneshot::channel();
        // A receiver that is gone does not want the answer any more.
        let done = Box::new(move |result| drop(sender.send(result)));
        self.reads.history(Entity(id.0), skip, limit, done);
        let chunks = receiver.await.map_err(|_| Error::Unavailable("it stopped".to_owned()))?;
        match chunks {
            Ok(chunks) => Ok(Ok(chunks)),
            Err(error @ (StoreError::Damaged(_) | StoreError::Io(_))) => Ok(Err(error.to_string())),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }

    /// The records of a chunk. Large values may stand in chunks before it, which are read first, the last one wanted on top.
    async fn records(
        &self,
        id: InstanceId,
        chunk: &HistoryChunk,
        values: &mut Values,
    ) -> Result<Read, Error> {
        let mut wanted = vec![chunk.clone()];
        while let Some((first, _, bytes)) = wanted.last() {
            match decode_history(bytes, *first, values) {
                Ok(records) if wanted.len() == 1 => return Ok(Read::Whole(records)),
                Ok(_) => drop(wanted.pop()),
                // Each one stands before the chunk that wants it, so this ends.
                Err(motet_journal::Error::Elsewhere { record }) if record < *first => {
                    let found = match self.chunks(id, record, 1).await? {
                        Ok(chunks) => chunks.into_iter().next(),
                        Err(reason) => return Ok(Read::Damaged { reason }),
                    };
                    match found.filter(|(first, ..)| *first == record) {
                        Some(chunk) => wanted.push(chunk),
                        None => return Ok(Read::Gone { record }),
                    }
                }
                Err(error) => return Ok(Read::Damaged { reason: error.to_string() }),
            }
        }
        Ok(Read::Whole(Vec::new()))
    }
}

/// How far a page could be read.
enum Filled {
    /// To its end, or to that of what the store gave.
    Whole,
    /// To records that nobody can read.
    Damaged { reason: String },
    /// To a chunk that refers to one that is not there, the one that begins with this record.
    Gone { record: u64 },
}

/// What came of a chunk.
enum Read {
    Whole(Vec<Record>),
    Gone { record: u64 },
    Damaged { reason: String },
}

/// A page in the making.
struct Page {
    entries: Vec<HistoryEntry>,
    /// Number of the next entry.
    next: u64,
    /// Time of the last record that was read; before the first one, of the start.
    at: Timestamp,
    /// What is known of the large values of the history.
    values: Values,
}

impl Page {
    fn of(skip: u64, started_at: Timestamp) -> Self {
        Self { entries: Vec::new(), next: skip, at: started_at, values: Values::default() }
    }

    /// Adds the records of a chunk; what is missing before it was cut out.
    fn add(&mut self, first: u64, records: &[Record], graph: &Graph) {
        let next = self.next;
        if first > next
            && let Some(behind) = records.first()
        {
            self.entries.push(view::cut(next..first, behind.at));
        }
        let entries = view::history(records, first, graph);
        self.entries.extend(entries.into_iter().filter(|entry| entry.number >= next));
        self.next = next.max(first + records.len() as u64);
        self.at = records.last().map_or(self.at, |last| last.at);
    }

    /// The page as far as it could be read, with an entry that says why it ends there.
    fn damaged(mut self, reason: String) -> Vec<HistoryEntry> {
        self.entries.push(view::damaged(self.next, self.at, reason));
        self.entries
    }
}
