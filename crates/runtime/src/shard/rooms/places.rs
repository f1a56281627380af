//! Places in lines: who runs, and who waits, in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use motet_engine::room::Line;
use motet_store::{RowChange, Value};
use motet_types::{InstanceId, Label, Timestamp, WorkflowName};

use crate::tables::{ROOM, id_value};

/// Every line in which somebody stands, with what is not durable yet: about a hundred bytes for each place.
#[derive(Default)]
pub(crate) struct Rooms {
    lines: BTreeMap<Line, Places>,
    /// Changes of a refused batch, in their order.
    refused: Vec<Change>,
    /// Lines of refused changes: somebody may wait there although there is room.
    unsettled: BTreeSet<Line>,
    /// When those are looked at again.
    due: Option<Timestamp>,
}

/// Where one instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(super) instance: InstanceId,
    /// Whether it wants a place in the line of its namespace after this one.
    pub(super) goes_on: bool,
    /// It has its place; else it waits for one.
    pub(super) has_room: bool,
}

/// A place that became another one.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    line: Line,
    number: u64,
    before: Option<Place>,
    after: Option<Place>,
}

#[derive(Default)]
struct Places {
    by_number: BTreeMap<u64, Place>,
    numbers: HashMap<InstanceId, u64>,
    waiting: BTreeSet<u64>,
}

impl Rooms {
    pub(in crate::shard) fn recover(&mut self, line: Line, number: u64, place: Place) {
        self.lines.entry(line).or_default().set(number, Some(place));
    }

    pub(super) fn find(&self, line: &Line, instance: InstanceId) -> Option<(u64, Place)> {
        let places = self.lines.get(line)?;
        let number = *places.numbers.get(&instance)?;
        Some((number, *places.by_number.get(&number)?))
    }

    pub(super) fn at(&self, line: &Line, number: u64) -> Option<Place> {
        self.lines.get(line)?.by_number.get(&number).copied()
    }

    /// How many have a place, and how many wait for one.
    pub(super) fn figures(&self, line: &Line) -> (u64, u64) {
        let figures = |places: &Places| {
            let waiting = places.waiting.len();
            ((places.by_number.len() - waiting) as u64, waiting as u64)
        };
        self.lines.get(line).map(figures).unwrap_or_default()
    }

    /// How many wait before a place.
    pub(super) fn ahead(&self, line: &Line, number: u64) -> usize {
        self.lines.get(line).map_or(0, |places| places.waiting.range(..number).count())
    }

    /// Whose turn it is in a line.
    pub(super) fn first_waiting(&self, line: &Line) -> Option<(u64, Place)> {
        let places = self.lines.get(line)?;
        let number = *places.waiting.first()?;
        Some((number, *places.by_number.get(&number)?))
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &Line> {
        self.lines.keys()
    }

    /// Instances that wait in any line.
    pub(in crate::shard) fn waiting(&self) -> usize {
        self.lines.values().map(|places| places.waiting.len()).sum()
    }

    pub(super) fn enter(&mut self, line: &Line, place: Place) -> Change {
        let places = self.lines.entry(line.clone()).or_default();
        let number = places.by_number.last_key_value().map_or(0, |(last, _)| last + 1);
        self.change(line, number, Some(place))
    }

    pub(super) fn change(&mut self, line: &Line, number: u64, after: Option<Place>) -> Change {
        let places = self.lines.entry(line.clone()).or_default();
        let before = places.by_number.get(&number).copied();
        self.put(line, number, after);
        Change { line: line.clone(), number, before, after }
    }

    fn put(&mut self, line: &Line, number: u64, place: Option<Place>) {
        let places = self.lines.entry(line.clone()).or_default();
        places.set(number, place);
        if places.by_number.is_empty() {
            self.lines.remove(line);
        }
    }

    pub(in crate::shard) fn take_back(&mut self, change: Change) {
        self.refused.push(change);
    }

    /// What was refused never was: the last change first.
    pub(in crate::shard) fn settle_refused(&mut self, now: Timestamp) {
        for Change { line, number, before, after: _ } in
            std::mem::take(&mut self.refused).into_iter().rev()
        {
            self.put(&line, number, before);
            self.unsettled.insert(line);
            self.due = Some(now.saturating_add(super::REST));
        }
    }

    pub(in crate::shard) fn next_due(&self) -> Option<Timestamp> {
        self.due
    }

    pub(super) fn take_unsettled(&mut self) -> BTreeSet<Line> {
        self.due = None;
        std::mem::take(&mut self.unsettled)
    }
}

impl Places {
    fn set(&mut self, number: u64, place: Option<Place>) {
        if let Some(before) = self.by_number.remove(&number) {
            self.numbers.remove(&before.instance);
            self.waiting.remove(&number);
        }
        if let Some(place) = place {
            self.by_number.insert(number, place);
            self.numbers.insert(place.instance, number);
            if !place.has_room {
                self.waiting.insert(number);
            }
        }
    }
}

impl Change {
    pub(super) fn row(&self) -> RowChange {
        let mut row = key(&self.line, self.number);
        let Some(place) = &self.after else {
            return RowChange::Delete { table: ROOM.id, key: row };
        };
        let flag = |is: bool| if is { Value::Int(1) } else { Value::Null };
        row.extend([id_value(place.instance), flag(place.goes_on), flag(place.has_room)]);
        RowChange::Put { table: ROOM.id, row }
    }
}

/// What a row of the table tells; none if it does not have its form.
pub(crate) fn read(row: &[Value]) -> Option<(Line, u64, Place)> {
    let [
        _,
        Value::Text(of),
        Value::Text(namespace),
        Value::Text(name),
        Value::Int(number),
        rest @ ..,
    ] = row
    else {
        return None;
    };
    let [Value::Blob(instance), goes_on, has_room] = rest else { return None };
    let line = line(of, namespace, name)?;
    let place = Place {
        instance: InstanceId(instance.as_ref().try_into().ok()?),
        goes_on: *goes_on != Value::Null,
        has_room: *has_room != Value::Null,
    };
    Some((line, u64::try_from(*number).ok()?, place))
}

fn key(line: &Line, number: u64) -> Vec<Value> {
    let (of, namespace, name) = names(line);
    vec![
        Value::Int(i64::from(line.shard().0)),
        Value::Text(of.to_owned()),
        Value::Text(namespace),
        Value::Text(name),
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
    ]
}

fn names(line: &Line) -> (&'static str, String, String) {
    match line {
        Line::Root(root) => (ROOT, String::new(), root.to_string()),
        Line::Workflow(workflow) => {
            (WORKFLOW, workflow.namespace.to_string(), workflow.name.to_string())
        }
        Line::Namespace(namespace) => (NAMESPACE, namespace.to_string(), String::new()),
    }
}

fn line(of: &str, namespace: &str, name: &str) -> Option<Line> {
    Some(match of {
        ROOT => Line::Root(name.parse().ok()?),
        WORKFLOW => {
            let namespace: Label = namespace.parse().ok()?;
            Line::Workflow(WorkflowName { namespace, name: name.parse().ok()? })
        }
        NAMESPACE => Line::Namespace(namespace.parse().ok()?),
        _ => return None,
    })
}

const ROOT: &str = "root";
const WORKFLOW: &str = "workflow";
const NAMESPACE: &str = "namespace";
