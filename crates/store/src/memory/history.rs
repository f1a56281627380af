use bytes::Bytes;

use crate::{Loaded, Position};

/// The history of one entity: its chunks in order and its newest snapshot.
#[derive(Clone, Debug, Default)]
pub struct History {
    chunks: Vec<Chunk>,
    snapshot: Option<Snapshot>,
}

/// What one commit appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Ordinal of its first record in the history, counted from 0.
    pub first_record: u64,
    pub position: Position,
    pub record_count: u32,
    pub records: Bytes,
}

#[derive(Clone, Debug)]
struct Snapshot {
    state: Bytes,
    /// How many chunks the state includes.
    chunks: usize,
}

impl History {
    /// Appends a chunk, unless `records` is empty, and takes the snapshot of the state after it.
    pub fn append(
        &mut self,
        position: Position,
        record_count: u32,
        records: Bytes,
        snapshot: Option<Bytes>,
    ) {
        if !records.is_empty() {
            let first_record = self.records();
            self.chunks.push(Chunk { first_record, position, record_count, records });
        }
        if let Some(state) = snapshot {
            self.snapshot = Some(Snapshot { state, chunks: self.chunks.len() });
        }
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.chunks.last().map_or(0, Chunk::end)
    }

    /// The newest snapshot, and how many records it includes.
    pub fn snapshot(&self) -> Option<(Bytes, u64)> {
        self.snapshot.as_ref().map(|snapshot| {
            let included = self.chunks[..snapshot.chunks].last().map_or(0, Chunk::end);
            (snapshot.state.clone(), included)
        })
    }

    /// The present state: snapshot and chunks after it, `None` while nothing was appended.
    pub fn load(&self) -> Option<Loaded> {
        if self.chunks.is_empty() && self.snapshot.is_none() {
            return None;
        }
        let covered = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.chunks);
        Some(Loaded {
            snapshot: self.snapshot.as_ref().map(|snapshot| snapshot.state.clone()),
            records: self.chunks[covered..].iter().map(|chunk| chunk.records.clone()).collect(),
        })
    }

    /// The chunks that hold the `limit` records after the first `skip`.
    pub fn page(&self, skip: u64, limit: usize) -> &[Chunk] {
        if limit == 0 {
            return &[];
        }
        let end = skip.saturating_add(limit as u64);
        let from = self.chunks.partition_point(|chunk| chunk.end() <= skip);
        let to = self.chunks.partition_point(|chunk| chunk.first_record < end);
        &self.chunks[from..to.max(from)]
    }
}

impl Chunk {
    /// Ordinal of the record after its last one.
    pub fn end(&self) -> u64 {
        self.first_record + u64::from(self.record_count)
    }
}
