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
    /// How many records the state includes.
    records: u64,
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
            self.snapshot = Some(Snapshot { state, records: self.records() });
        }
    }

    /// Removes what a commit at `position` cuts out.
    pub fn cut(&mut self, position: Position, from: u64, to: u64) {
        self.chunks.retain(|chunk| !chunk.is_cut(position, from, to));
    }

    /// How many records there are, those counted that were cut out.
    pub fn records(&self) -> u64 {
        self.chunks.last().map_or(0, Chunk::end)
    }

    /// The newest snapshot, and how many records it includes.
    pub fn snapshot(&self) -> Option<(Bytes, u64)> {
        self.snapshot.as_ref().map(|snapshot| (snapshot.state.clone(), snapshot.records))
    }

    /// The present state: snapshot and chunks after it, `None` while nothing was appended.
    pub fn load(&self) -> Option<Loaded> {
        if self.chunks.is_empty() && self.snapshot.is_none() {
            return None;
        }
        let included = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.records);
        let covered = self.chunks.partition_point(|chunk| chunk.end() <= included);
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
        let from = self.chunks.partition_point(|chunk| chunk.end() <= skip);
        let skip = self.chunks.get(from).map_or(skip, |chunk| chunk.first_record.max(skip));
        let end = skip.saturating_add(limit as u64);
        let to = self.chunks.partition_point(|chunk| chunk.first_record < end);
        &self.chunks[from..to.max(from)]
    }
}

impl Chunk {
    /// Whether a commit at `position` that cuts from one ordinal up to another removes it.
    pub fn is_cut(&self, position: Position, from: u64, to: u64) -> bool {
        self.position < position && (from..to).contains(&self.first_record)
    }

    /// Ordinal of the record after its last one.
    pub fn end(&self) -> u64 {
        self.first_record + u64::from(self.record_count)
    }
}
