//! The audit is bounded: entries go that are older than they have to be kept, and the first ones of more than it may hold.
//!
//! Its rows are in the order of time, so what is too old is found on the first page. How many there are is counted on the
//! way: a pass through all of them, a page a sweep, ends with the number that the next pass takes away.

use motet_engine::LOCAL;
use motet_store::{Row, RowChange, RowScan, Value};
use motet_types::{ShardId, Timestamp};

use super::{Machine, Output, Reply, Responder};
use crate::sabotage::{self, Sabotage};
use crate::tables::AUDIT;
use crate::{Note, audit};

/// Rows of one page.
const PAGE_ROWS: usize = 512;

/// How long nothing is read after all rows were, in microseconds.
const REST_MICROS: i64 = 600_000_000;

/// The shard in whose commits entries come that belong to nothing else, and in whose they go.
const SHARD: ShardId = ShardId(0);

/// How far the pass is.
#[derive(Default)]
pub(super) struct Auditing {
    after: Option<Vec<Value>>,
    rests_until: Timestamp,
    is_reading: bool,
    /// Entries of this pass that stay.
    kept: u64,
    /// How many are to go because there are too many.
    surplus: u64,
    /// The last entry that goes, until the rest: it and those before it are still read while the commit in which they go is not
    /// durable, and are not counted again.
    gone_up_to: Option<Vec<Value>>,
    /// Entries that no record and no change of the catalog stands for, in this life of the server.
    notes: u64,
}

impl Machine {
    /// Tells entries apart that no ordinal of a record does.
    pub(super) fn next_note(&mut self) -> u64 {
        self.auditing.notes += 1;
        self.auditing.notes
    }

    /// Writes down what changed nothing here.
    pub(super) fn note(&mut self, note: Note, reply: Responder) {
        let actor = note.actor.clone().unwrap_or_else(|| LOCAL.into());
        let row = audit::of_note(self.now, self.next_note(), note, &actor);
        self.commit_rows(SHARD, vec![row]);
        self.reply(reply, Ok(Reply::Done));
    }

    /// Asks for the next page.
    pub(super) fn sweep_audit(&mut self) {
        let auditing = &mut self.auditing;
        if auditing.is_reading || auditing.rests_until > self.now {
            return;
        }
        auditing.is_reading = true;
        let after = auditing.after.clone();
        let scan = RowScan { table: AUDIT.id, prefix: Vec::new(), after, limit: PAGE_ROWS };
        self.outputs.push(Output::ScanAudit(scan));
    }

    pub(super) fn audit_swept(&mut self, rows: Result<Vec<Row>, motet_store::Error>) {
        self.auditing.is_reading = false;
        let Ok(rows) = rows else {
            // The next sweep reads the same page.
            self.counters.sweeps_failed += 1;
            return;
        };
        let limits = &self.config.limits;
        let age = i64::try_from(limits.audit_retention.as_micros()).unwrap_or(i64::MAX);
        let horizon = self.now.as_micros().saturating_sub(age);
        let entries_max = limits.audit_entries_max as u64;
        let auditing = &mut self.auditing;
        let mut gone = Vec::new();
        for row in &rows {
            let key = row[..AUDIT.key_columns].to_vec();
            if auditing.gone_up_to.as_ref().is_some_and(|gone| key <= *gone) {
                continue;
            }
            let is_old = matches!(row.get(1), Some(Value::Int(at)) if *at < horizon)
                || sabotage::is(Sabotage::AuditGoneEarly);
            if is_old || auditing.surplus > 0 {
                auditing.surplus = auditing.surplus.saturating_sub(1);
                auditing.gone_up_to = Some(key.clone());
                gone.push(RowChange::Delete { table: AUDIT.id, key });
            } else {
                auditing.kept += 1;
            }
        }
        auditing.after = rows.last().map(|row| row[..AUDIT.key_columns].to_vec());
        if rows.len() < PAGE_ROWS {
            let surplus = auditing.kept.saturating_sub(entries_max);
            let rest = if surplus > 0 { 0 } else { REST_MICROS };
            let rests_until = Timestamp::from_micros(self.now.as_micros().saturating_add(rest));
            let notes = auditing.notes;
            let gone_up_to = auditing.gone_up_to.take().filter(|_| surplus > 0);
            *auditing = Auditing { rests_until, surplus, gone_up_to, notes, ..Auditing::default() };
        }
        if !gone.is_empty() {
            self.counters.audit_forgotten += gone.len() as u64;
            self.commit_rows(SHARD, gone);
        }
    }
}
