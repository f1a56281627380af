//! Commits that became durable: each is held against everything that is known.

use motet_store::{Commit, Position};

use crate::check::{Check, Checked, ensure};
use crate::shadow::instance_of;
use crate::world::World;

impl World {
    pub(crate) fn durable(&mut self, commits: &[Commit], positions: &[Position]) -> Checked {
        for (commit, position) in commits.iter().zip(positions) {
            let expected = "positions that grow";
            ensure(*position > self.shadow.last, Check::HistoryChanged, expected, || {
                format!("{position:?} after {:?}", self.shadow.last)
            })?;
            self.shadow.last = *position;
            self.summary.commits += 1;
            self.summary.records += u64::from(commit.record_count);
            self.summary.snapshots += u64::from(commit.snapshot.is_some());
            self.summary.cuts += commit.cuts().count() as u64;
            self.enter(commit)?;
        }
        Ok(())
    }

    /// Notes what a durable commit holds.
    pub(crate) fn enter(&mut self, commit: &Commit) -> Checked {
        self.note_event_rows(commit);
        self.note_offsets(commit)?;
        self.check_audit_gone(commit)?;
        let records = self.shadow.enter(commit, self.clock_latest)?;
        self.note_outgoing(commit, &records)?;
        self.check_audited(commit, &records)?;
        if let Some(id) = instance_of(commit.entity) {
            self.note_event_records(id, &records);
            self.note_schedule_records(id, &records)?;
            self.check_turn(id, &records)?;
        }
        Ok(())
    }
}
