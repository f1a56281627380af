//! Turns: which instance holds a concurrency key, and which ones wait for it.
//!
//! All instances under a key live on the shard that the key names, and every change of its places is in the commit of the
//! start or the end that makes it: there is no moment at which two hold the key, and none at which a start is neither
//! admitted, nor queued, nor refused. A place is a row and about a hundred bytes of memory, until its instance has ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use motet_definition::graph::{ConcurrencyPolicy, Graph};
use motet_engine::{self as engine, Fact, Metered, Record, Start};
use motet_journal::Message;
use motet_store::{RowChange, Value};
use motet_types::{InstanceId, ShardId, WorkflowName};

use super::Machine;
use super::batch::Release;
use super::slots::Slot;
use super::starts::Beginning;
use crate::sabotage::{self, Sabotage};
use crate::tables::{TURN, id_value};
use crate::{Error, TurnView};

/// Pairs of instances of which it is remembered that one waits for the other.
const HEARD_MAX: usize = 100_000;

/// What at most one running instance is about.
pub(super) type Key = (WorkflowName, String);

/// Places by key and number; the first one of a key is whose turn it is. Holds what is not durable yet, too.
#[derive(Default)]
pub(super) struct Turns {
    places: HashMap<Key, BTreeMap<u64, InstanceId>>,
    /// Of those with places, the children that are awaited: who is before them is not to wait for room.
    awaited: HashSet<InstanceId>,
    /// Who was told that whom waits for it, so that nobody passes it on twice. Forgotten when it is much.
    heard: HashSet<(InstanceId, InstanceId)>,
    /// Changes of a refused batch, in their order.
    refused: Vec<Change>,
}

/// A place that was taken or left.
#[derive(Clone)]
pub(super) struct Change {
    key: Key,
    place: u64,
    id: InstanceId,
    is_awaited: bool,
    is_taken: bool,
}

impl Turns {
    pub(super) fn recover(&mut self, key: Key, place: u64, id: InstanceId, is_awaited: bool) {
        self.set(&key, place, id, is_awaited, true);
    }

    fn of(&self, key: &Key) -> impl Iterator<Item = (u64, InstanceId)> + '_ {
        let places = self.places.get(key).into_iter().flatten();
        places.map(|(place, id)| (*place, *id))
    }

    fn take(&mut self, key: Key, id: InstanceId, is_awaited: bool) -> Change {
        let last = self.places.get(&key).and_then(BTreeMap::last_key_value);
        let place = last.map_or(0, |(last, _)| last + 1);
        self.set(&key, place, id, is_awaited, true);
        Change { key, place, id, is_awaited, is_taken: true }
    }

    fn leave(&mut self, key: Key, place: u64, id: InstanceId) -> Change {
        let is_awaited = self.awaited.contains(&id);
        self.set(&key, place, id, is_awaited, false);
        Change { key, place, id, is_awaited, is_taken: false }
    }

    fn set(&mut self, key: &Key, place: u64, id: InstanceId, is_awaited: bool, is_taken: bool) {
        let places = self.places.entry(key.clone()).or_default();
        if is_taken {
            places.insert(place, id);
        } else {
            places.remove(&place);
        }
        if places.is_empty() {
            self.places.remove(key);
        }
        if is_taken && is_awaited {
            self.awaited.insert(id);
        } else {
            self.awaited.remove(&id);
        }
    }

    pub(super) fn take_back(&mut self, change: Change) {
        self.refused.push(change);
    }

    /// Whether an instance hears for the first time that this one waits for it.
    pub(super) fn hear(&mut self, id: InstanceId, by: InstanceId) -> bool {
        if self.heard.len() >= HEARD_MAX {
            self.heard.clear();
        }
        self.heard.insert((id, by))
    }

    /// What was refused never was: the last change first.
    pub(super) fn settle_refused(&mut self) {
        self.heard.clear();
        for Change { key, place, id, is_awaited, is_taken } in
            std::mem::take(&mut self.refused).into_iter().rev()
        {
            self.set(&key, place, id, is_awaited, !is_taken);
        }
    }
}

impl Machine {
    /// Begins an instance if its turn has come; else it waits, or is refused.
    pub(super) fn begin_in_turn(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        policy: ConcurrencyPolicy,
        start: Start,
        mut beginning: Beginning,
    ) {
        let workflow = start.definition.workflow.clone();
        let text = start.concurrency_key.clone().unwrap_or_default();
        if text.is_empty() || engine::turn::shard(&workflow, &text) != id.shard() {
            let reason = format!("{id} is not where the instances of its concurrency key live");
            return self.not_begun(beginning, Error::Unavailable(reason));
        }
        let key = (workflow, text);
        let earlier: Vec<InstanceId> = self.turns.of(&key).map(|(_, id)| id).collect();
        if let Some(error) = self.no_place(&key, policy, &start, &earlier) {
            return self.not_begun(beginning, error);
        }
        let is_first = earlier.is_empty();
        let change = self.turns.take(key, id, start.is_awaited());
        if !sabotage::is(Sabotage::TurnForgotten) {
            beginning.rows.push(row(&change, is_first));
        }
        beginning.releases.push(Release::Turn(change));
        if policy == ConcurrencyPolicy::Replace {
            for instance in earlier {
                let message = Message::GiveWay { instance };
                self.send_within(id.shard(), message, &mut beginning);
            }
        } else if let Some(instance) = earlier.first().filter(|_| start.is_awaited()) {
            self.send_within(
                id.shard(),
                Message::Hasten { instance: *instance, by: id, hops: 0 },
                &mut beginning,
            );
        }
        if is_first {
            self.ask_for_room(id, &start, false, &mut beginning.rows, &mut beginning.releases);
        }
        let begins = is_first && start.lines.is_empty();
        let result = engine::queue(self.now, id, start, begins);
        self.begun(id, graph, beginning, Ok(Metered { result, fuel_burnt: 0 }));
    }

    /// Why a start cannot even wait.
    fn no_place(
        &self,
        key: &Key,
        policy: ConcurrencyPolicy,
        start: &Start,
        earlier: &[InstanceId],
    ) -> Option<Error> {
        let holder = *earlier.first()?;
        let (workflow, text) = key.clone();
        let held = |reason| Some(Error::KeyHeld { workflow, key: text, holder, reason });
        let awaits_it = |parent: &engine::Parent| {
            parent.awaited && (earlier.contains(&parent.instance) || earlier.contains(&parent.root))
        };
        let limit = self.config.limits.concurrency_queue_max;
        if start.parent.as_ref().is_some_and(awaits_it) {
            held("it would wait for an instance that waits for it")
        } else if policy == ConcurrencyPolicy::Reject {
            held("the workflow's policy is to refuse others")
        } else if earlier.len() > limit {
            let (workflow, key) = key.clone();
            Some(Error::QueueFull { workflow, key, limit })
        } else {
            None
        }
    }

    /// Places that a step leaves or takes: at its end an instance lets the next one begin; reopened, it holds its key again.
    pub(super) fn change_turns(
        &mut self,
        id: InstanceId,
        records: &[Record],
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        let Some(text) = instance.start.concurrency_key.clone() else { return };
        let has_ended = instance.end.is_some();
        let is_reopened = records.iter().any(|record| matches!(record.fact, Fact::Reopened));
        let key = (instance.start.definition.workflow.clone(), text);
        let own = self.turns.of(&key).find(|(_, other)| *other == id);
        match own {
            Some((place, _)) if has_ended => self.leave_turn(key, place, id, rows, releases),
            None if !has_ended && is_reopened => {
                let is_awaited = instance.start.is_awaited();
                let change = self.turns.take(key, id, is_awaited);
                rows.push(row(&change, true));
                releases.push(Release::Turn(change));
            }
            _ => {}
        }
    }

    fn leave_turn(
        &mut self,
        key: Key,
        place: u64,
        id: InstanceId,
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let was_first = self.turns.of(&key).next() == Some((place, id));
        let change = self.turns.leave(key.clone(), place, id);
        rows.push(deletion(&change));
        releases.push(Release::Turn(change));
        let next = self.turns.of(&key).next().filter(|_| was_first);
        if let Some((place, instance)) = next {
            let is_awaited = self.turns.awaited.contains(&instance);
            let others = self.turns.of(&key).skip(1).map(|(_, id)| id);
            let by = { others }.find(|id| self.turns.awaited.contains(id));
            rows.push(row(&Change { key, place, id: instance, is_awaited, is_taken: true }, true));
            let (from, to) = (id.shard(), id.shard());
            self.send_along(from, to, Message::Admit { instance }, rows, releases);
            if let Some(by) = by {
                self.send_along(
                    from,
                    to,
                    Message::Hasten { instance, by, hops: 0 },
                    rows,
                    releases,
                );
            }
        }
    }

    fn send_within(&mut self, shard: ShardId, message: Message, beginning: &mut Beginning) {
        self.send_along(shard, shard, message, &mut beginning.rows, &mut beginning.releases);
    }

    /// Why an ended instance cannot go on: another one has taken its key meanwhile.
    pub(super) fn why_not_reopened(&self, id: InstanceId) -> Option<Error> {
        let instance = self.slots.get(&id).and_then(Slot::live)?;
        instance.end.as_ref()?;
        let text = instance.start.concurrency_key.clone()?;
        let workflow = instance.start.definition.workflow.clone();
        let key = (workflow, text.clone());
        let (_, holder) = self.turns.of(&key).next()?;
        let reason = format!("instance {holder} has taken its concurrency key {text:?} meanwhile");
        Some(Error::Conflict { status: instance.status(), reason })
    }

    /// Who holds the key that a queued instance waits for.
    pub(super) fn holder_before(&self, instance: &engine::Instance) -> Option<InstanceId> {
        let turn = self.turn_of(instance).filter(|_| instance.is_queued)?;
        turn.holder
    }

    /// How an instance stands to its concurrency key, if it has one.
    pub(super) fn turn_of(&self, instance: &engine::Instance) -> Option<TurnView> {
        let text = instance.start.concurrency_key.clone()?;
        let key = (instance.start.definition.workflow.clone(), text.clone());
        let place = self.turns.of(&key).position(|(_, id)| id == instance.id);
        let waits_for = place.filter(|place| *place > 0);
        let holder = waits_for.and_then(|_| self.turns.of(&key).next()).map(|(_, id)| id);
        Some(TurnView { key: text, holder, ahead: waits_for.unwrap_or_default() })
    }
}

fn row(change: &Change, is_first: bool) -> RowChange {
    let mut row = key_of(change);
    let flag = |is: bool| if is { Value::Int(1) } else { Value::Null };
    row.extend([id_value(change.id), flag(is_first), flag(change.is_awaited)]);
    RowChange::Put { table: TURN.id, row }
}

fn deletion(change: &Change) -> RowChange {
    RowChange::Delete { table: TURN.id, key: key_of(change) }
}

fn key_of(change: &Change) -> Vec<Value> {
    let (workflow, key) = &change.key;
    vec![
        Value::Int(i64::from(change.id.shard().0)),
        Value::Text(workflow.namespace.as_str().to_owned()),
        Value::Text(workflow.name.as_str().to_owned()),
        Value::Text(key.clone()),
        Value::Int(i64::try_from(change.place).unwrap_or(i64::MAX)),
    ]
}
