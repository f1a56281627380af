//! Sets of events that are gathered until there is enough for a start.
//!
//! Each set is rows of its own, so that an event costs what it changes, however many sets wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motet_expr::{Value, json};
use motet_types::Timestamp;

use crate::event::{Event, EventFilter, EventKey};
use crate::listen::Match;

/// Events gathered for one start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventSet {
    pub head: SetHead,
    /// In order of arrival.
    pub events: Vec<Arc<Event>>,
}

/// What is known of a set beside its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetHead {
    /// Filters that have taken an event.
    pub satisfied: BTreeSet<u32>,
    /// Values that the first events have set, by name.
    pub keys: BTreeMap<String, Value>,
    /// What tells sets apart: it follows from source and id of every event, also of those that count for `until` alone.
    pub key: EventKey,
    /// Unique within the workflow: when the last of its events arrived.
    pub nominal: Timestamp,
    /// Its place among those that are complete and wait for their start.
    pub ready: Option<u64>,
}

/// The sets of one workflow, and what has changed since somebody asked.
#[derive(Clone, Debug, Default)]
pub struct EventSets {
    sets: BTreeMap<u64, Arc<EventSet>>,
    /// Complete ones, by their place in the line.
    ready: BTreeMap<u64, u64>,
    /// Others by each value that is set in them.
    by_value: BTreeMap<(String, Vec<u8>), BTreeSet<u64>>,
    /// How many of the others a name is set in.
    named: BTreeMap<String, usize>,
    /// What stood there before.
    changed: BTreeMap<u64, Option<Arc<EventSet>>>,
}

/// A set that came, changed or went.
#[derive(Clone, Debug)]
pub struct SetChange {
    pub number: u64,
    pub before: Option<Arc<EventSet>>,
    pub after: Option<Arc<EventSet>>,
}

impl EventSets {
    /// Takes a set as it is stored.
    pub fn load(&mut self, number: u64, set: EventSet) {
        self.place(number, Some(Arc::new(set)));
    }

    /// What has changed since the last time, each set once.
    pub fn take_changes(&mut self) -> Vec<SetChange> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let changes = changed.map(|(number, before)| {
            let after = self.sets.get(&number).cloned();
            SetChange { number, before, after }
        });
        changes.filter(|change| change.before.is_some() || change.after.is_some()).collect()
    }

    /// Takes back changes, the last ones first.
    pub fn take_back(&mut self, changes: &[SetChange]) {
        for change in changes.iter().rev() {
            self.place(change.number, change.before.clone());
        }
    }

    /// Sets that miss something.
    pub fn open(&self) -> usize {
        self.sets.len() - self.ready.len()
    }

    /// Sets that wait for their start.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<EventSet>> {
        self.sets.get(&number)
    }

    pub(super) fn put(&mut self, number: u64, set: Option<Arc<EventSet>>) {
        let before = self.place(number, set);
        self.changed.entry(number).or_insert(before);
    }

    pub(super) fn pop_ready(&mut self) -> Option<Arc<EventSet>> {
        let (_, number) = self.ready.first_key_value()?;
        let number = *number;
        let set = self.sets.get(&number).cloned();
        self.put(number, None);
        set
    }

    /// Removes the oldest set that misses something.
    pub(super) fn drop_oldest_open(&mut self) {
        let open = self.sets.iter().find(|(_, set)| set.head.ready.is_none());
        if let Some((number, _)) = open {
            self.put(*number, None);
        }
    }

    /// Removes every set that misses something, or that does not; how many there were.
    pub(super) fn clear(&mut self, is_ready: bool) -> u64 {
        let fits = |(_, set): &(&u64, &Arc<EventSet>)| set.head.ready.is_some() == is_ready;
        let numbers: Vec<u64> = self.sets.iter().filter(fits).map(|(number, _)| *number).collect();
        for number in &numbers {
            self.put(*number, None);
        }
        numbers.len() as u64
    }

    /// Sets that may take an event with these matches, the oldest first.
    pub(super) fn candidates(
        &self,
        filters: &[(Timestamp, Arc<EventFilter>)],
        matches: &[Match],
    ) -> BTreeSet<u64> {
        let mut found = BTreeSet::new();
        for own in matches {
            let Some((_, filter)) = filters.get(own.filter as usize) else { continue };
            let mut free = filter.correlate.iter().zip(&own.values);
            let free = free.find(|(correlation, _)| correlation.expect.is_none());
            match free {
                // All sets have a value under the name: only those with this one can take it.
                Some((it, value)) if self.named.get(&it.name) == Some(&self.open()) => {
                    let key = (it.name.clone(), json::canonical(value));
                    found.extend(self.by_value.get(&key).into_iter().flatten());
                }
                _ => {
                    let open = self.sets.iter().filter(|(_, set)| set.head.ready.is_none());
                    found.extend(open.map(|(number, _)| *number));
                }
            }
        }
        found
    }

    /// Puts a set in its place; gives what stood there.
    fn place(&mut self, number: u64, set: Option<Arc<EventSet>>) -> Option<Arc<EventSet>> {
        let before = self.sets.remove(&number);
        if let Some(before) = &before {
            self.forget(number, before);
        }
        if let Some(set) = set {
            self.remember(number, &set);
            self.sets.insert(number, set);
        }
        before
    }

    fn remember(&mut self, number: u64, set: &EventSet) {
        if let Some(place) = set.head.ready {
            self.ready.insert(place, number);
            return;
        }
        for (name, value) in &set.head.keys {
            let key = (name.clone(), json::canonical(value));
            self.by_value.entry(key).or_default().insert(number);
            *self.named.entry(name.clone()).or_default() += 1;
        }
    }

    fn forget(&mut self, number: u64, set: &EventSet) {
        if let Some(place) = set.head.ready {
            self.ready.remove(&place);
            return;
        }
        for (name, value) in &set.head.keys {
            let key = (name.clone(), json::canonical(value));
            if let Some(numbers) = self.by_value.get_mut(&key) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.by_value.remove(&key);
                }
            }
            if let Some(count) = self.named.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.named.remove(name);
                }
            }
        }
    }
}

impl EventSet {
    /// Upper bound of what its events take, in bytes.
    pub(super) fn size_bound(&self) -> usize {
        self.events.iter().map(|event| event.size_bound()).sum()
    }

    /// Counts an event, whether it is kept or not.
    pub(super) fn mark(&mut self, event: &Event) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.head.key.0);
        hasher.update(&event.key().0);
        self.head.key.0.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    }
}
