//! One commit: the records of a step, and the rows that follow from the state after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use motet_definition::graph::Graph;
use motet_engine::{Effect, End, Fact, Instance, Record, effects};
use motet_journal::{encode_history, encode_snapshot};
use motet_store::{Commit, Entity, RowChange, Value};
use motet_types::{InstanceId, ShardId};

use super::batch::Release;
use super::jobs::job_rows;
use super::slots::{Slot, State};
use super::usage::Ended;
use super::{Machine, cuts};
use crate::tables::{ATTRIBUTE, INSTANCE, PENDING, TIMER, id_value};
use crate::{attribute, audit, view};

/// A snapshot is added after so many bytes of records, too.
const SNAPSHOT_BYTES: usize = 256 * 1024;

impl Machine {
    /// Gathers a step's records with their rows and effects. `rows` and `releases` come with the input.
    pub(super) fn commit_records(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        records: &[Record],
        mut rows: Vec<RowChange>,
        mut releases: Vec<Release>,
    ) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let State::Live(instance) = &slot.state else { return };
        let mut chunk = Vec::with_capacity(256);
        let first = instance.records - records.len() as u64;
        encode_history(records, first, &mut slot.values, &mut chunk);
        slot.since_snapshot.0 += records.len();
        slot.since_snapshot.1 += chunk.len();
        slot.size.records += records.len() as u64;
        slot.size.bytes += chunk.len() as u64;
        let snapshot = snapshot(slot, &self.config, first, &mut rows);
        let State::Live(instance) = &slot.state else { return };
        let listens = &mut slot.listens;
        let effects: Vec<Effect> =
            records.iter().filter_map(|record| effects(record, instance, listens)).collect();
        if shows_in_lists(records) {
            rows.push(RowChange::Put { table: INSTANCE.id, row: instance_row(instance) });
        }
        rows.extend(audit::of_instance(records, instance, graph));
        let shard = id.shard();
        let timer = timer_rows(slot.due, instance, &mut rows);
        let pending = pending_rows(slot.pending, instance, &mut rows);
        let changes = job_rows(&mut slot.jobs, instance, graph, records, &mut rows);
        releases.extend((!changes.is_empty()).then_some(Release::Jobs(changes)));
        let was_due = std::mem::replace(&mut slot.due, timer);
        slot.pending = pending;
        slot.unsettled += 1;
        let has_ended = records.iter().any(|record| matches!(record.fact, Fact::Ended { .. }));
        if has_ended {
            let left = cuts::left(&self.config.limits, instance.records);
            self.usage.add(&Ended::of(instance, slot.size.stored(left)), &mut rows);
        }
        if was_due != timer {
            self.timers.extend(timer.map(|due| (due, id)));
            if let Some(was_due) = was_due {
                self.timers.remove(&(was_due, id));
            }
        }
        rows.extend(attribute_rows(records, instance, graph));
        self.change_turns(id, records, &mut rows, &mut releases);
        self.change_rooms(id, records, &mut rows, &mut releases);
        self.messages_of(id, &effects, &mut rows, &mut releases);
        self.outgoing_of(id, graph, (first, records), &mut rows, &mut releases);
        if self.waiters.is_watched(id) {
            releases.push(Release::Watched(id, view::history(records, first, graph)));
        }
        self.push_instance_commit(id, shard, chunk, records.len(), snapshot, rows);
        self.counters.records += records.len() as u64;
        releases.extend(effects.into_iter().map(|effect| Release::Effect(id, effect)));
        for release in releases {
            self.release(release);
        }
        if has_ended {
            let view = self.waiters.is_awaited(id).then(|| self.view_of(id)).flatten();
            self.release(Release::Ended(id, view.map(Box::new)));
        }
    }

    pub(super) fn push_instance_commit(
        &mut self,
        id: InstanceId,
        shard: ShardId,
        chunk: Vec<u8>,
        record_count: usize,
        snapshot: Option<Bytes>,
        rows: Vec<RowChange>,
    ) {
        let commit = Commit {
            shard,
            epoch: self.config.epoch,
            entity: Entity(id.0),
            records: Bytes::from(chunk),
            record_count: u32::try_from(record_count).unwrap_or(u32::MAX),
            snapshot,
            rows,
        };
        self.push_commit(commit);
        self.building.touched.push(id);
    }

    /// A commit of rows alone.
    pub(super) fn commit_rows(&mut self, shard: ShardId, rows: Vec<RowChange>) {
        let mut entity = [0; 16];
        entity[14..].copy_from_slice(&(shard.0 + 1).to_be_bytes());
        self.push_commit(Commit {
            shard,
            epoch: self.config.epoch,
            entity: Entity(entity),
            records: Bytes::new(),
            record_count: 0,
            snapshot: None,
            rows,
        });
    }

    /// Puts the instance's next timer where ticks find it, after a tick took it away.
    pub(super) fn register_timer(&mut self, id: InstanceId) {
        if let Some(due) = self.slots.get(&id).and_then(|slot| slot.due) {
            self.timers.insert((due, id));
        }
    }
}

/// The state itself where it is time for it, and what its history may lose then.
fn snapshot(
    slot: &mut Slot,
    config: &super::Config,
    first: u64,
    rows: &mut Vec<RowChange>,
) -> Option<Bytes> {
    let State::Live(instance) = &slot.state else { return None };
    let is_due =
        slot.since_snapshot.0 >= config.snapshot_records || slot.since_snapshot.1 >= SNAPSHOT_BYTES;
    if !is_due {
        return None;
    }
    if instance.end.is_none()
        && let Some((from, to)) = cuts::due(&config.limits, first, slot.cut_to)
    {
        slot.cut_to = to;
        rows.push(RowChange::Cut { from, to });
    }
    let mut bytes = Vec::new();
    encode_snapshot(instance, &mut slot.values, &mut bytes);
    slot.since_snapshot = (0, 0);
    slot.size.snapshot = bytes.len() as u64;
    Some(Bytes::from(bytes))
}

/// Whether recovery has to load the instance: something is in flight, or can be done at once.
pub(super) fn is_pending(instance: &Instance) -> bool {
    instance.end.is_none()
        && (instance.has_work() || instance.is_in_flight() || instance.unsettled().next().is_some())
}

/// Lists show how an instance began, stands still and ended, not each of its steps.
fn shows_in_lists(records: &[Record]) -> bool {
    records.iter().any(|record| {
        matches!(
            record.fact,
            Fact::Queued { .. }
                | Fact::Admitted
                | Fact::Described { .. }
                | Fact::Started { .. }
                | Fact::Ended { .. }
                | Fact::Suspended { .. }
                | Fact::Resumed
                | Fact::IncidentRaised { .. }
                | Fact::Reopened
                | Fact::UndoBegan { .. }
                | Fact::UndoEnded { .. }
                | Fact::Postponed { .. }
                | Fact::Waiting { .. }
                | Fact::Fired { .. }
                | Fact::Parked { .. }
                | Fact::Released { .. }
                | Fact::JobCreated { .. }
                | Fact::JobSettled { .. }
                | Fact::Listening { .. }
                | Fact::Consumed { closes: true, .. }
        )
    })
}

pub(super) fn instance_row(instance: &Instance) -> Vec<Value> {
    let definition = &instance.start.definition;
    let text = |text: &str| Value::Text(text.to_owned());
    let ended = instance.end.is_some().then_some(instance.updated_at.as_micros());
    let error = instance.error().map(|error| {
        let title = error.title.as_deref().unwrap_or_default();
        Value::Text(format!("{} {title}", error.kind))
    });
    let is_incident = instance.end.is_none() && !instance.incidents.is_empty();
    vec![
        Value::Blob(Bytes::copy_from_slice(&instance.id.0)),
        Value::Int(i64::from(instance.id.shard().0)),
        text(definition.workflow.namespace.as_str()),
        text(definition.workflow.name.as_str()),
        Value::Text(definition.version.to_string()),
        text(instance.status().as_str()),
        Value::Int(instance.started_at.as_micros()),
        Value::Int(instance.updated_at.as_micros()),
        ended.map_or(Value::Null, Value::Int),
        instance
            .start
            .parent
            .as_ref()
            .map_or(Value::Null, |parent| Value::Blob(Bytes::copy_from_slice(&parent.instance.0))),
        instance.business_key().map_or(Value::Null, text),
        error.unwrap_or(Value::Null),
        if is_incident { Value::Int(1) } else { Value::Null },
    ]
}

/// Rows of the search attributes that a step has set. What nobody is to see cannot be looked for.
fn attribute_rows(records: &[Record], instance: &Instance, graph: &Graph) -> Vec<RowChange> {
    let mut set = BTreeSet::new();
    for record in records {
        match &record.fact {
            Fact::Started { start, .. } => {
                set.extend(start.attributes.iter().map(|(name, _)| name))
            }
            Fact::Described { attributes, .. } => set.extend(attributes.keys()),
            _ => {}
        }
    }
    if set.is_empty() {
        return Vec::new();
    }
    let shown = view::attributes(instance, Some(&graph.redaction));
    let exact: BTreeMap<&str, &motet_expr::Value> = instance.search_attributes().collect();
    let change = |name: &String| {
        let shown = shown.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        let value = shown.filter(|shown| exact.get(name.as_str()) == Some(shown));
        let row = value.and_then(|value| attribute::row(id_value(instance.id), name, value));
        match row {
            Some(row) => RowChange::Put { table: ATTRIBUTE.id, row },
            None => attribute_deletion(instance, name),
        }
    };
    set.into_iter().map(change).collect()
}

fn attribute_deletion(instance: &Instance, name: &str) -> RowChange {
    let key = vec![id_value(instance.id), Value::Text(name.to_owned())];
    RowChange::Delete { table: ATTRIBUTE.id, key }
}

/// The deletions of every row of an instance's search attributes.
pub(super) fn attribute_deletions(instance: &Instance) -> Vec<RowChange> {
    let names = instance.search_attributes().map(|(name, _)| name);
    names.map(|name| attribute_deletion(instance, name)).collect()
}

/// One timer row per instance: its earliest due time.
fn timer_rows(
    before: Option<motet_types::Timestamp>,
    instance: &Instance,
    rows: &mut Vec<RowChange>,
) -> Option<motet_types::Timestamp> {
    let now = instance.next_due();
    if before == now {
        return now;
    }
    let key = |due: motet_types::Timestamp| {
        vec![
            Value::Int(i64::from(instance.id.shard().0)),
            Value::Int(due.as_micros()),
            Value::Blob(Bytes::copy_from_slice(&instance.id.0)),
        ]
    };
    rows.extend(before.map(|due| RowChange::Delete { table: TIMER.id, key: key(due) }));
    rows.extend(now.map(|due| RowChange::Put { table: TIMER.id, row: key(due) }));
    now
}

fn pending_rows(before: bool, instance: &Instance, rows: &mut Vec<RowChange>) -> bool {
    let now = is_pending(instance);
    if before == now {
        return now;
    }
    let key = vec![
        Value::Int(i64::from(instance.id.shard().0)),
        Value::Blob(Bytes::copy_from_slice(&instance.id.0)),
    ];
    rows.push(match now {
        true => RowChange::Put { table: PENDING.id, row: key },
        false => RowChange::Delete { table: PENDING.id, key },
    });
    now
}

impl Slot {
    /// The instance's end, for whoever awaits it.
    pub(super) fn end(&self) -> Option<&End> {
        self.live().and_then(|instance| instance.end.as_ref())
    }
}
