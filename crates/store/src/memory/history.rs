use bytes::Bytes;

use crate::{Commit, Loaded, Position};

/// The history of one entity: its chunks in order and its newest snapshot.
#[derive(Clone, Debug, Default)]
pub struct History {
    chunks: Vec<Chunk>,
    records: u64,
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
    /// Takes what `commit` appends and the snapshot it carries.
    pub fn append(&mut self, position: Position, commit: &Commit) {
        if !commit.records.is_empty() {
            self.chunks.push(Chunk {
                first_record: self.records,
                position,
                record_count: commit.record_count,
                records: commit.records.clone(),
            });
            self.records += u64::from(commit.record_count);
        }
        if let Some(state) = &commit.snapshot {
            self.snapshot = Some(Snapshot {
                state: state.clone(),
                chunks: self.chunks.len(),
            });
        }
    }

    /// The present state: snapshot and chunks after it, `None` while nothing was appended.
    pub fn load(&self) -> Option<Loaded> {
        if self.chunks.is_empty() && self.snapshot.is_none() {
            return None;
        }
        let covered = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.chunks);
        Some(Loaded {
            snapshot: self
                .snapshot
                .as_ref()
                .map(|snapshot| snapshot.state.clone()),
            records: self.chunks[covered..]
                .iter()
                .map(|chunk| chunk.records.clone())
                .collect(),
        })
    }

    /// The chunks that hold the `limit` records after the first `skip`.
    pub fn page(&self, skip: u64, limit: usize) -> &[Chunk] {
        if limit == 0 {
            return &[];
        }
        let end = skip.saturating_add(limit as u64);
        let from = self.chunks.partition_point(|chunk| chunk.end() <= skip);
        let to = self
            .chunks
            .partition_point(|chunk| chunk.first_record < end);
        &self.chunks[from..to.max(from)]
    }
}

impl Chunk {
    /// Ordinal of the record after its last one.
    pub fn end(&self) -> u64 {
        self.first_record + u64::from(self.record_count)
    }
}
