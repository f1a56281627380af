//! The rows of gathered events, and what a refused commit takes back of them.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use motet_engine::ScheduledStart;
use motet_engine::schedule::{EventSet, EventSets, SetChange};
use motet_journal::{encode_event, encode_set_head};
use motet_store::{RowChange, Value};
use motet_types::WorkflowName;

use crate::sabotage::{self, Sabotage};
use crate::tables::SCHEDULE_SET;

/// The gathered events of every schedule.
#[derive(Default)]
pub(super) struct Sets {
    of: BTreeMap<WorkflowName, EventSets>,
    /// Changes whose commits are not durable yet, in order.
    unsettled: VecDeque<(WorkflowName, Vec<SetChange>)>,
}

impl Sets {
    pub(super) fn load(&mut self, workflow: WorkflowName, number: u64, set: EventSet) {
        self.of.entry(workflow).or_default().load(number, set);
    }

    /// Those of a workflow, to be given back with [`Self::put`].
    pub(super) fn take(&mut self, workflow: &WorkflowName) -> EventSets {
        self.of.remove(workflow).unwrap_or_default()
    }

    /// The rows of what has changed meanwhile.
    pub(super) fn put(&mut self, workflow: &WorkflowName, mut sets: EventSets) -> Vec<RowChange> {
        let changes = sets.take_changes();
        if sets.open() + sets.ready() > 0 {
            self.of.insert(workflow.clone(), sets);
        }
        let rows = match sabotage::is(Sabotage::SetForgotten) {
            true => Vec::new(),
            false => changes.iter().flat_map(|change| rows(workflow, change)).collect(),
        };
        self.unsettled.push_back((workflow.clone(), changes));
        rows
    }

    /// The newest changes go into no commit, because there are none.
    pub(super) fn forget_last(&mut self) {
        let last = self.unsettled.pop_back();
        debug_assert!(last.is_some_and(|(_, changes)| changes.is_empty()), "nothing changed");
    }

    /// The oldest changes are durable.
    pub(super) fn settle(&mut self) {
        self.unsettled.pop_front();
    }

    /// All changes that are not durable were refused.
    pub(super) fn refused(&mut self) {
        while let Some((workflow, changes)) = self.unsettled.pop_back() {
            self.of.entry(workflow).or_default().take_back(&changes);
        }
    }
}

/// A row for what is known of a set, and one for each event that has come; or all of them go.
fn rows(workflow: &WorkflowName, change: &SetChange) -> Vec<RowChange> {
    let before = change.before.as_ref().map_or(0, |set| set.events.len());
    let Some(set) = &change.after else {
        let key =
            |nth| RowChange::Delete { table: SCHEDULE_SET.id, key: key(workflow, change, nth) };
        return (0..=before).map(key).collect();
    };
    let row = |nth, body| {
        let mut row = key(workflow, change, nth);
        row.push(Value::Blob(Bytes::from(body)));
        RowChange::Put { table: SCHEDULE_SET.id, row }
    };
    let mut head = Vec::new();
    encode_set_head(&set.head, &mut head);
    let mut rows = vec![row(0, head)];
    for (nth, event) in set.events.iter().enumerate().skip(before) {
        let mut body = Vec::new();
        encode_event(event, &mut body);
        rows.push(row(nth + 1, body));
    }
    rows
}

fn key(workflow: &WorkflowName, change: &SetChange, nth: usize) -> Vec<Value> {
    let shard = ScheduledStart::shard_of_schedule(workflow);
    vec![
        Value::Int(i64::from(shard.0)),
        Value::Text(workflow.namespace.as_str().to_owned()),
        Value::Text(workflow.name.as_str().to_owned()),
        Value::Int(i64::try_from(change.number).unwrap_or(i64::MAX)),
        Value::Int(i64::try_from(nth).unwrap_or(i64::MAX)),
    ]
}
