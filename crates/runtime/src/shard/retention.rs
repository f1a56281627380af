//! Retention: ended instances are forgotten that are old enough, or more than their namespace may keep; start keys go whose
//! time is over.
//!
//! The driver asks for sweeps. A sweep reads one page, of ended instances or of start keys by turns; ended instances stand
//! in order of their end, so that it reads only what is due. A row only proposes: the instance itself, loaded like for any
//! other task, decides. Until its removal is durable it keeps its slot, so that nothing can be appended behind the removal,
//! and the next page waits. Whatever a refusal or a failed read leaves undone is found again by a later pass.
//!
//! Sweeps come faster while full pages of due instances go, and slower again afterwards: what ends is removed as fast as it
//! ends, and a page at a time leaves room for everything else.

use std::collections::hash_map::Entry;
use std::time::Duration;

use bytes::Bytes;
use motet_engine::Instance;
use motet_store::{Row, RowChange, RowScan, Table, Value};
use motet_types::{InstanceId, ShardId, Timestamp};

use super::commits::attribute_deletions;
use super::slots::{Slot, State, Task};
use super::starts::{CLIENT_KEY, Starting};
use super::usage::Ended;
use super::{Machine, Output};
use crate::Error;
use crate::sabotage::{self, Sabotage};
use crate::tables::{ENDED, INSTANCE, START, id_value};

/// Rows that one sweep reads at most.
const SWEEP_ROWS_MAX: usize = 256;

/// Time between two sweeps: at rest, and while as much is due as can be had.
const SWEEP_EVERY_MAX: Duration = Duration::from_secs(1);
const SWEEP_EVERY_MIN: Duration = Duration::from_millis(20);

/// Pages on which nothing is due that one sweep reads, as it passes from namespace to namespace.
const PAGES_SKIPPED_MAX: usize = 64;

/// How long the tables are not read after a pass: ended instances, of which a pass reads what is due, and start keys, of
/// which it reads all.
const REST: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

/// How far the sweeps are.
pub(super) struct Retention {
    passes: [Pass; 2],
    /// Whose turn it is.
    turn: usize,
    /// A page was asked for and has not come.
    is_reading: bool,
    /// Candidates of the last page that are not judged.
    open: usize,
    /// Instances whose removal is not durable.
    erasing: usize,
    page: Page,
    every: Duration,
    skipped: usize,
}

/// How far one table was read.
struct Pass {
    table: &'static Table,
    /// Key after which the next page begins.
    after: Option<Vec<Value>>,
    /// Nothing is read before.
    rests_until: Timestamp,
}

/// What came of the last page.
#[derive(Clone, Copy, Default)]
struct Page {
    /// Which table it was of.
    of: usize,
    proposed: usize,
    gone: usize,
}

/// What a sweep asks of an instance.
pub(super) enum Candidate {
    /// To go, if its time is over.
    Instance(Ended),
    /// To let this descendant go: it may be needed while its root can be reopened.
    Root { of: Ended },
    /// To go, for its root would let it.
    Descendant(Ended),
    /// To let the key go that started it, unless it is alive.
    Key(ShardId, String),
}

impl Default for Retention {
    fn default() -> Self {
        let pass = |table| Pass { table, after: None, rests_until: Timestamp::default() };
        Self {
            passes: [pass(&ENDED), pass(&START)],
            turn: 0,
            is_reading: false,
            open: 0,
            erasing: 0,
            page: Page::default(),
            every: SWEEP_EVERY_MAX,
            skipped: 0,
        }
    }
}

impl Machine {
    /// How long after a sweep the next one should come.
    pub fn sweep_every(&self) -> Duration {
        self.retention.every
    }

    /// Asks for the next page, unless the last one is still in work.
    pub(super) fn sweep(&mut self) {
        let retention = &mut self.retention;
        if retention.is_reading || retention.open > 0 || retention.erasing > 0 {
            return;
        }
        retention.set_pace(self.now);
        let others = [retention.turn, 1 - retention.turn];
        let awake = others.into_iter().find(|nth| retention.passes[*nth].rests_until <= self.now);
        let Some(turn) = awake else { return };
        retention.turn = turn;
        retention.skipped = 0;
        self.scan();
    }

    fn scan(&mut self) {
        self.retention.is_reading = true;
        let pass = &self.retention.passes[self.retention.turn];
        self.outputs.push(Output::Scan(RowScan {
            table: pass.table.id,
            prefix: Vec::new(),
            after: pass.after.clone(),
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
        match self.retention.turn {
            0 => self.swept_ended(&rows),
            _ => self.swept_keys(&rows),
        }
    }

    fn swept_ended(&mut self, rows: &[Row]) {
        let mut due = Vec::new();
        // What follows in a namespace ended later: with one that is young the rest of them is.
        let mut young: Option<String> = None;
        for row in rows {
            let Some(ended) = Ended::of_row(row) else {
                self.counters.sweeps_failed += 1;
                continue;
            };
            if young.as_ref() == Some(&ended.namespace) {
                continue;
            }
            let is_due =
                ended.at < self.horizon(&ended.namespace) || self.is_full(&ended.namespace);
            young = (!is_due).then(|| ended.namespace.clone());
            if is_due {
                due.push(ended);
            }
        }
        let is_last = rows.len() < SWEEP_ROWS_MAX;
        let read = rows.last().map(|row| row[..ENDED.key_columns].to_vec());
        self.turn_page(young.map(after_namespace).or(read), is_last);
        if due.is_empty() && !is_last && self.retention.skipped < PAGES_SKIPPED_MAX {
            self.retention.skipped += 1;
            self.retention.turn = 0;
            return self.scan();
        }
        for ended in due {
            self.retention.page.proposed += 1;
            self.ask(ended.id, Candidate::Instance(ended));
        }
    }

    fn swept_keys(&mut self, rows: &[Row]) {
        let after = rows.last().map(|row| row[..START.key_columns].to_vec());
        self.turn_page(after, rows.len() < SWEEP_ROWS_MAX);
        let now = self.now;
        for (id, candidate) in rows.iter().filter_map(|row| proposed_key(row, now)) {
            self.retention.page.proposed += 1;
            self.ask(id, candidate);
        }
    }

    /// The instance is there and answers.
    pub(super) fn judge(&mut self, id: InstanceId, candidate: Candidate) {
        self.retention.open -= 1;
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(instance) = slot.live() else { return };
        let has_ended = instance.end.is_some() && slot.unsettled == 0;
        let is_over = has_ended && self.is_over(instance);
        let is_alive = instance.end.is_none() && slot.unsettled == 0;
        let root = instance.start.parent.as_ref().map(|parent| parent.root);
        match (candidate, root) {
            (Candidate::Instance(ended), Some(root)) if is_over => {
                self.ask(root, Candidate::Root { of: ended });
            }
            (Candidate::Instance(ended) | Candidate::Descendant(ended), _) if is_over => {
                self.erase(id, &[ended], Vec::new());
            }
            // It was reopened: the row tells of an end that is none any more.
            (Candidate::Instance(ended), _) if is_alive => self.drop_row(&ended),
            (Candidate::Root { of }, _) if is_over => {
                self.ask(of.id, Candidate::Descendant(of));
            }
            (Candidate::Key(shard, key), _) if has_ended => self.look_at_key(shard, key),
            _ => {}
        }
    }

    /// The instance cannot be had.
    pub(super) fn judge_absent(&mut self, candidate: Candidate, error: &Error) {
        self.retention.open -= 1;
        match (candidate, error) {
            // It ended more than once, and is gone.
            (
                Candidate::Instance(ended) | Candidate::Descendant(ended),
                Error::UnknownInstance(_),
            ) => self.drop_row(&ended),
            (Candidate::Root { of }, Error::UnknownInstance(_)) => {
                self.ask(of.id, Candidate::Descendant(of));
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
                self.retention.page.gone += 1;
            }
            Ok(_) => {}
            Err(_) => self.counters.sweeps_failed += 1,
        }
    }

    /// The slot of an instance goes whose removal is durable or was refused.
    pub(super) fn erasure_settled(&mut self, slot: &Slot) {
        if matches!(slot.state, State::Erased) {
            self.retention.erasing -= 1;
        }
    }

    /// Whether an ended instance may go. It stays at least as long as a client's start key leads to it.
    fn is_over(&self, instance: &Instance) -> bool {
        let namespace = instance.start.definition.workflow.namespace.as_str();
        if instance.updated_at < self.horizon(namespace) {
            return true;
        }
        let workflow = &instance.start.definition.workflow;
        let is_keyed = instance.start.start_key.starts_with(&format!("{workflow}/{CLIENT_KEY}"))
            && instance.started_at >= self.before(self.config.limits.start_key_retention);
        self.is_full(namespace) && !is_keyed
    }

    /// What ended before may go, however little there is.
    fn horizon(&self, namespace: &str) -> Timestamp {
        let limits = &self.config.limits;
        let of_namespace = limits.retention_age_by_namespace.get(namespace);
        let age = of_namespace.copied().unwrap_or(limits.retention_age);
        match sabotage::is(Sabotage::ForgottenEarly) {
            true => self.now,
            false => self.before(age.max(limits.start_key_retention)),
        }
    }

    /// Whether the ended instances of a namespace take more than they may.
    fn is_full(&self, namespace: &str) -> bool {
        let limits = &self.config.limits;
        let of_namespace = limits.retention_bytes_by_namespace.get(namespace).copied();
        let bytes_max = of_namespace.or(limits.retention_bytes);
        bytes_max.is_some_and(|bytes_max| self.usage.bytes(namespace) > bytes_max)
    }

    fn before(&self, age: Duration) -> Timestamp {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.now.as_micros().saturating_sub(age))
    }

    /// Goes on after this key, or rests and lets the other table have its turn.
    fn turn_page(&mut self, after: Option<Vec<Value>>, is_last: bool) {
        let retention = &mut self.retention;
        let turn = retention.turn;
        retention.turn = 1 - turn;
        retention.page.of = turn;
        let pass = &mut retention.passes[turn];
        pass.after = after.filter(|_| !is_last);
        if is_last {
            pass.rests_until = self.now.saturating_add(REST[turn]);
        }
    }

    fn ask(&mut self, id: InstanceId, candidate: Candidate) {
        self.retention.open += 1;
        self.give(id, Task::Sweep(candidate));
    }

    /// Commits the end of everything that is stored of the instance, with further rows; whoever asks for it finds nothing from
    /// now on.
    pub(super) fn erase(&mut self, id: InstanceId, ends: &[Ended], more: Vec<RowChange>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let attributes = slot.live().map(attribute_deletions).unwrap_or_default();
        slot.state = State::Erased;
        slot.unsettled += 1;
        let queue = slot.take_queue();
        self.retention.erasing += 1;
        self.retention.page.gone += 1;
        let mut rows = vec![
            RowChange::Forget,
            RowChange::Delete { table: INSTANCE.id, key: vec![id_value(id)] },
        ];
        for ended in ends {
            self.usage.remove(ended, &mut rows);
        }
        rows.extend(attributes);
        rows.extend(more);
        self.push_instance_commit(id, id.shard(), Vec::new(), 0, None, rows);
        for task in queue {
            self.fail_task(id, task, &Error::UnknownInstance(id));
        }
    }

    /// A row of ended instances goes that means nothing any more.
    fn drop_row(&mut self, ended: &Ended) {
        let mut rows = Vec::new();
        self.usage.remove(ended, &mut rows);
        self.commit_rows(ended.id.shard(), rows);
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

impl Retention {
    /// A page of which most went, and that was full, is followed sooner.
    fn set_pace(&mut self, now: Timestamp) {
        let Page { of, proposed, gone } = std::mem::take(&mut self.page);
        let is_behind = proposed == SWEEP_ROWS_MAX && gone * 2 >= proposed;
        // A page of start keys says nothing of ended instances.
        let is_calm = of == 0 || self.passes[0].rests_until > now;
        if is_behind {
            self.every = (self.every / 2).max(SWEEP_EVERY_MIN);
        } else if is_calm {
            self.every = (self.every * 2).min(SWEEP_EVERY_MAX);
        }
    }
}

/// A key behind every ended instance of a namespace.
fn after_namespace(namespace: String) -> Vec<Value> {
    let last = Value::Blob(Bytes::from_static(&[0xff; 16]));
    vec![Value::Text(namespace), Value::Int(i64::MAX), last, Value::Int(i64::MAX)]
}

fn proposed_key(row: &Row, now: Timestamp) -> Option<(InstanceId, Candidate)> {
    let [Value::Int(shard), Value::Text(key), Value::Blob(id), _, Value::Int(expires)] =
        row.as_slice()
    else {
        return None;
    };
    let shard = ShardId(u16::try_from(*shard).ok()?);
    let id = InstanceId(id.as_ref().try_into().ok()?);
    let is_expired = *expires <= now.as_micros();
    is_expired.then(|| (id, Candidate::Key(shard, key.clone())))
}
