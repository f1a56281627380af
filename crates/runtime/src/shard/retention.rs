//! Retention: instances that ended long enough ago are forgotten, and start keys go whose time is over.
//!
//! The driver asks for a sweep about once a second. A sweep reads one page of rows in key order, instances in one pass and
//! start keys in the next. A row only proposes: the instance itself, loaded like for any other task, decides. Until its
//! removal is durable it keeps its slot, so that nothing can be appended behind the removal. Whatever a refusal or a
//! failed read leaves undone is found again by a later pass.

use std::collections::hash_map::Entry;

use bytes::Bytes;
use motet_store::{Row, RowChange, RowScan, Table, Value};
use motet_types::{InstanceId, ShardId, Timestamp};

use super::slots::{State, Task};
use super::starts::Starting;
use super::{Machine, Output};
use crate::Error;
use crate::tables::{INSTANCE, START};

/// Rows that one sweep reads at most; with a sweep a second that bounds what retention costs.
const SWEEP_ROWS_MAX: usize = 256;

/// How long nothing is read after both passes, in microseconds.
const REST_MICROS: i64 = 60_000_000;

/// How far the sweeps are.
#[derive(Default)]
pub(super) struct Retention {
    pass: Pass,
    /// Key of the last row that was read.
    after: Option<Vec<Value>>,
    /// Nothing is read before.
    rests_until: Timestamp,
    /// A page was asked for and has not come.
    is_reading: bool,
    /// Candidates of the last page that are not judged: the next page waits for them.
    open: usize,
}

#[derive(Clone, Copy, Default)]
enum Pass {
    #[default]
    Instances,
    Keys,
}

/// What a sweep asks of an instance.
pub(super) enum Candidate {
    /// To go, if it ended long enough ago.
    Instance,
    /// To let this descendant go: it may be needed while its root can be reopened.
    Root { of: InstanceId },
    /// To go, for its root would let it.
    Descendant,
    /// To let the key go that started it, unless it is alive.
    Key(ShardId, String),
}

impl Machine {
    /// Asks for the next page, unless the last one is still in work.
    pub(super) fn sweep(&mut self) {
        let retention = &mut self.retention;
        if retention.is_reading || retention.open > 0 || retention.rests_until > self.now {
            return;
        }
        retention.is_reading = true;
        self.outputs.push(Output::Scan(RowScan {
            table: retention.pass.table().id,
            prefix: Vec::new(),
            after: retention.after.clone(),
            limit: SWEEP_ROWS_MAX,
        }));
    }

    /// A page has come: whatever may go by its row is asked itself.
    pub(super) fn swept(&mut self, rows: Result<Vec<Row>, motet_store::Error>) {
        self.retention.is_reading = false;
        let Ok(rows) = rows else {
            // The next sweep reads the same page.
            self.counters.sweeps_failed += 1;
            return;
        };
        let (pass, horizon) = (self.retention.pass, self.horizon());
        // Ids are in the order of the starts: what follows a young instance has not ended long ago.
        let is_young = rows.last().is_some_and(|row| match pass {
            Pass::Instances => int(row, &INSTANCE, "started") >= Some(horizon.as_micros()),
            Pass::Keys => false,
        });
        self.turn_page(rows.last(), rows.len() < SWEEP_ROWS_MAX || is_young);
        for row in &rows {
            let proposed = match pass {
                Pass::Instances => proposed_instance(row, horizon),
                Pass::Keys => proposed_key(row, self.now),
            };
            if let Some((id, candidate)) = proposed {
                self.ask(id, candidate);
            }
        }
    }

    /// The instance is there and answers.
    pub(super) fn judge(&mut self, id: InstanceId, candidate: Candidate) {
        self.retention.open -= 1;
        let horizon = self.horizon();
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(instance) = slot.live() else { return };
        let has_ended = instance.end.is_some() && slot.unsettled == 0;
        let is_over = has_ended && instance.updated_at < horizon;
        let root = instance.start.parent.as_ref().map(|parent| parent.root);
        match (candidate, root) {
            (Candidate::Instance, Some(root)) if is_over => {
                self.ask(root, Candidate::Root { of: id });
            }
            (Candidate::Instance | Candidate::Descendant, _) if is_over => self.erase(id),
            (Candidate::Root { of }, _) if is_over => self.ask(of, Candidate::Descendant),
            (Candidate::Key(shard, key), _) if has_ended => self.look_at_key(shard, key),
            _ => {}
        }
    }

    /// The instance cannot be had.
    pub(super) fn judge_absent(&mut self, candidate: Candidate, error: &Error) {
        self.retention.open -= 1;
        match (candidate, error) {
            (Candidate::Instance | Candidate::Descendant, Error::UnknownInstance(_)) => {}
            (Candidate::Root { of }, Error::UnknownInstance(_)) => {
                self.ask(of, Candidate::Descendant);
            }
            (Candidate::Key(shard, key), Error::UnknownInstance(_)) => {
                self.look_at_key(shard, key);
            }
            // What cannot be read stays as it is stored.
            (_, _) => self.counters.sweeps_failed += 1,
        }
    }

    /// The row of a start key that only a sweep has asked for; since then no start has come under it.
    pub(super) fn expire_key(
        &mut self,
        shard: ShardId,
        key: String,
        row: Result<Option<Row>, motet_store::Error>,
    ) {
        match row {
            Ok(Some(row)) if self.unexpired(&row).is_none() => {
                let key = vec![Value::Int(i64::from(shard.0)), Value::Text(key)];
                self.commit_rows(shard, vec![RowChange::Delete { table: START.id, key }]);
                self.counters.keys_expired += 1;
            }
            Ok(_) => {}
            Err(_) => self.counters.sweeps_failed += 1,
        }
    }

    /// What ended before may go. An instance stays at least as long as its start key leads to it.
    fn horizon(&self) -> Timestamp {
        let limits = &self.config.limits;
        let age = limits.retention_age.max(limits.start_key_retention).as_micros();
        let age = i64::try_from(age).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.now.as_micros().saturating_sub(age))
    }

    fn turn_page(&mut self, last: Option<&Row>, is_last: bool) {
        let retention = &mut self.retention;
        let table = retention.pass.table();
        if !is_last {
            retention.after = last.map(|row| row[..table.key_columns].to_vec());
            return;
        }
        retention.after = None;
        retention.pass = match retention.pass {
            Pass::Instances => Pass::Keys,
            Pass::Keys => {
                let until = self.now.as_micros().saturating_add(REST_MICROS);
                retention.rests_until = Timestamp::from_micros(until);
                Pass::Instances
            }
        };
    }

    fn ask(&mut self, id: InstanceId, candidate: Candidate) {
        self.retention.open += 1;
        self.give(id, Task::Sweep(candidate));
    }

    /// Commits the end of everything that is stored of the instance; whoever asks for it finds nothing from now on.
    fn erase(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.state = State::Erased;
        slot.unsettled += 1;
        let queue = slot.take_queue();
        let key = vec![Value::Blob(Bytes::copy_from_slice(&id.0))];
        let rows = vec![RowChange::Forget, RowChange::Delete { table: INSTANCE.id, key }];
        self.push_instance_commit(id, id.shard(), Vec::new(), 0, None, rows);
        for task in queue {
            self.fail_task(task, &Error::UnknownInstance(id));
        }
    }

    /// Reads the row of a start key again, in such a way that a start under the key waits for the answer.
    fn look_at_key(&mut self, shard: ShardId, key: String) {
        // Where a start is in work already, its row replaces the old one.
        if let Entry::Vacant(entry) = self.starting.entry((shard, key.clone())) {
            entry.insert(Starting::Looking(Vec::new()));
            self.outputs.push(Output::Lookup { shard, key });
        }
    }
}

impl Pass {
    fn table(self) -> &'static Table {
        match self {
            Self::Instances => &INSTANCE,
            Self::Keys => &START,
        }
    }
}

fn proposed_instance(row: &Row, horizon: Timestamp) -> Option<(InstanceId, Candidate)> {
    let ended = int(row, &INSTANCE, "ended")?;
    (ended < horizon.as_micros()).then_some((id(row, &INSTANCE, "id")?, Candidate::Instance))
}

fn proposed_key(row: &Row, now: Timestamp) -> Option<(InstanceId, Candidate)> {
    let expires = int(row, &START, "expires")?;
    let [Value::Int(shard), Value::Text(key), ..] = row.as_slice() else { return None };
    let shard = ShardId(u16::try_from(*shard).ok()?);
    let is_expired = expires <= now.as_micros();
    is_expired.then_some((id(row, &START, "instance")?, Candidate::Key(shard, key.clone())))
}

fn int(row: &Row, table: &Table, column: &str) -> Option<i64> {
    match row.get(table.column(column)?)? {
        Value::Int(int) => Some(*int),
        _ => None,
    }
}

fn id(row: &Row, table: &Table, column: &str) -> Option<InstanceId> {
    match row.get(table.column(column)?)? {
        Value::Blob(id) => Some(InstanceId(id.as_ref().try_into().ok()?)),
        _ => None,
    }
}
