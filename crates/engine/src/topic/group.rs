//! Filters of one shape: evaluated once per event, listens found by the values they expect.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use motet_expr::{Value, json};
use motet_types::{InstanceId, StepId, Timestamp};

use super::{Context, Delivery, Listener, Topic};
use crate::event::{Event, EventFilter, EventKey, Matcher};
use crate::listen::{Match, Subscription};

/// See the module.
#[derive(Clone)]
pub(super) struct Group {
    /// `None` if the filter does not compile, so that nothing passes it.
    matcher: Option<Matcher>,
    /// Who waits with which filter, by the hash of what they expect; a value that is not expected yet leaves its place empty.
    waiting: BTreeSet<(Mask, Hash, Listener, u32)>,
    /// How many wait under each mask.
    masks: BTreeMap<Mask, usize>,
    /// Kept events from the first to before the second sequence are evaluated.
    evaluated: Range<u64>,
    /// What was found in them.
    found: BTreeMap<u64, Vec<Value>>,
    by_values: BTreeSet<(Hash, u64)>,
}

/// What a listen awaits by one of its filters: what its group does not know already.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    /// It takes events from then on.
    pub(super) since: Timestamp,
    pub(super) group: GroupKey,
    pub(super) expected: Box<[Option<Value>]>,
}

/// Which shape a filter has.
pub(super) type GroupKey = [u8; 16];

/// Which of the values are expected; correlations beyond the 64th count as not expected, and the listen compares them.
type Mask = u64;
type Hash = [u8; 16];

/// Groups without listens that are kept, for what they know of the events.
const IDLE_GROUPS_MAX: usize = 16;

/// The first and the last listen there can be.
const LISTENER_MIN: Listener = (InstanceId([0; 16]), StepId(0));
const LISTENER_MAX: Listener = (InstanceId([u8::MAX; 16]), StepId(u32::MAX));

impl Awaited {
    pub(super) fn of(since: Timestamp, filter: &EventFilter) -> Self {
        Self { since, group: filter.shape_key(), expected: filter.expected().into() }
    }
}

impl Group {
    pub(super) fn new(filter: &EventFilter) -> Self {
        Self {
            matcher: filter.matcher().ok(),
            waiting: BTreeSet::new(),
            masks: BTreeMap::new(),
            evaluated: 0..0,
            found: BTreeMap::new(),
            by_values: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, listener: Listener, filter: u32, expected: &[Option<Value>]) {
        let mask = mask(expected);
        let hash = hash(mask, expected.iter().map(Option::as_ref));
        self.waiting.insert((mask, hash, listener, filter));
        *self.masks.entry(mask).or_default() += 1;
    }

    pub(super) fn remove(&mut self, listener: Listener, filter: u32, expected: &[Option<Value>]) {
        let mask = mask(expected);
        let hash = hash(mask, expected.iter().map(Option::as_ref));
        if self.waiting.remove(&(mask, hash, listener, filter)) {
            let count = self.masks.entry(mask).or_default();
            *count -= 1;
            if *count == 0 {
                self.masks.remove(&mask);
            }
        }
    }

    pub(super) fn forget(&mut self, sequence: u64) {
        let Some(values) = self.found.remove(&sequence) else { return };
        self.by_values.remove(&(hash(Mask::MAX, values.iter().map(Some)), sequence));
    }

    fn is_idle(&self) -> bool {
        self.masks.is_empty()
    }

    fn evaluate(&self, event: &Event, now: Timestamp, fuel: &mut u64) -> Option<Vec<Value>> {
        self.matcher.as_ref()?.matches(event, now, fuel)
    }

    fn remember(&mut self, sequence: u64, values: Vec<Value>) {
        let hash = hash(Mask::MAX, values.iter().map(Some));
        self.by_values.insert((hash, sequence));
        self.found.insert(sequence, values);
    }

    /// Listens that wait for an event with these values.
    fn listeners(&self, values: &[Value]) -> impl Iterator<Item = (Listener, u32)> {
        self.masks.keys().flat_map(move |mask| {
            let hash = hash(*mask, values.iter().map(Some));
            let of_values = (*mask, hash, LISTENER_MIN, 0)..=(*mask, hash, LISTENER_MAX, u32::MAX);
            let waiting = self.waiting.range(of_values);
            waiting.map(|(_, _, listener, filter)| (*listener, *filter))
        })
    }

    /// Evaluated events that fit what a listen expects.
    fn lookup(&self, expected: &[Option<Value>]) -> Vec<u64> {
        let fits = |values: &[Value]| {
            values
                .iter()
                .zip(expected)
                .all(|(value, expected)| expected.as_ref().is_none_or(|expected| expected == value))
        };
        if expected.iter().all(Option::is_some) {
            let hash = hash(Mask::MAX, expected.iter().map(Option::as_ref));
            let of_values = self.by_values.range((hash, 0)..=(hash, u64::MAX));
            return of_values.map(|(_, sequence)| *sequence).collect();
        }
        let found = self.found.iter().filter(|(_, values)| fits(values));
        found.map(|(sequence, _)| *sequence).collect()
    }
}

impl Topic {
    /// Who is to have an event, and why: each group evaluates it once.
    pub(super) fn listeners_of(
        &mut self,
        ctx: &Context<'_>,
        sequence: u64,
        event: &Event,
        received: Timestamp,
    ) -> BTreeMap<Listener, Vec<Match>> {
        let mut listeners: BTreeMap<Listener, Vec<Match>> = BTreeMap::new();
        for group in self.groups.values_mut().filter(|group| !group.is_idle()) {
            let mut fuel = ctx.limits.filter_fuel_max;
            let found = group.evaluate(event, ctx.now, &mut fuel);
            if group.evaluated.is_empty() {
                group.evaluated = sequence..sequence;
            }
            let is_next = group.evaluated.end == sequence;
            if is_next {
                group.evaluated.end = sequence + 1;
            }
            let Some(values) = found else { continue };
            for (listener, filter) in group.listeners(&values) {
                let Some(held) = self.subscriptions.get(&listener) else { continue };
                let awaited = held.filters.get(filter as usize);
                if held.position <= sequence && awaited.is_some_and(|it| it.since <= received) {
                    let matches = listeners.entry(listener).or_default();
                    matches.push(Match { filter, values: values.clone() });
                }
            }
            if is_next {
                group.remember(sequence, values);
            }
        }
        listeners.values_mut().for_each(|matches| matches.sort_by_key(|it| it.filter));
        listeners
    }

    /// What is kept for a listen, in the order of arrival.
    pub(super) fn look_back(
        &mut self,
        ctx: &Context<'_>,
        subscription: &Subscription,
    ) -> Result<Vec<Delivery>, String> {
        let mut found = BTreeMap::new();
        let mut fuel = ctx.limits.lookback_fuel_max;
        for ((since, filter), idx) in subscription.filters.iter().zip(0..) {
            let awaited = Awaited::of(*since, filter);
            if !self.groups.contains_key(&awaited.group) {
                if self.groups.len() >= ctx.limits.event_filters_max {
                    let max = ctx.limits.event_filters_max;
                    return Err(format!(
                        "listens have too many different filters: event_filters_max is {max}"
                    ));
                }
                self.groups.insert(awaited.group, Group::new(filter));
            }
            if !self.recall(ctx, (idx, &awaited), &mut fuel, &mut found) {
                self.drop_idle_groups();
                let max = ctx.limits.lookback_fuel_max;
                return Err(format!(
                    "looking back over the events that are kept takes too long: lookback_fuel_max is {max}"
                ));
            }
        }
        let to = (subscription.instance, subscription.step);
        Ok(self.deliveries(to, found, &subscription.taken))
    }

    /// The same for one that waits already: its groups are there.
    pub(super) fn look_back_again(
        &mut self,
        ctx: &Context<'_>,
        to: Listener,
        filters: &[Awaited],
        taken: &[EventKey],
    ) -> Vec<Delivery> {
        let mut found = BTreeMap::new();
        let mut fuel = ctx.limits.lookback_fuel_max;
        let is_whole = filters
            .iter()
            .zip(0..)
            .all(|(awaited, idx)| self.recall(ctx, (idx, awaited), &mut fuel, &mut found));
        if is_whole { self.deliveries(to, found, taken) } else { Vec::new() }
    }

    /// What was found for a listen, without what its instance has taken already.
    fn deliveries(
        &self,
        to: Listener,
        found: BTreeMap<u64, Vec<Match>>,
        taken: &[EventKey],
    ) -> Vec<Delivery> {
        let taken: BTreeSet<EventKey> = taken.iter().copied().collect();
        let is_new = |sequence: &u64| {
            taken.is_empty()
                || self.kept.get(sequence).is_some_and(|kept| !taken.contains(&kept.event.key()))
        };
        let found = found.into_iter().filter(|(sequence, _)| is_new(sequence));
        found.map(|(sequence, matches)| Delivery { to, sequence, matches }).collect()
    }

    /// Adds what is kept for a filter; false if looking back takes more than the fuel.
    fn recall(
        &mut self,
        ctx: &Context<'_>,
        (filter, awaited): (u32, &Awaited),
        fuel: &mut u64,
        found: &mut BTreeMap<u64, Vec<Match>>,
    ) -> bool {
        let Some(mut group) = self.groups.remove(&awaited.group) else { return true };
        let is_whole = self.catch_up(ctx, &mut group, awaited.since, fuel);
        for sequence in group.lookup(&awaited.expected) {
            let Some(kept) = self.kept.get(&sequence) else { continue };
            if kept.received >= awaited.since {
                let values = group.found.get(&sequence).cloned().unwrap_or_default();
                found.entry(sequence).or_default().push(Match { filter, values });
            }
        }
        self.groups.insert(awaited.group, group);
        is_whole
    }

    /// Evaluates what a group has not seen yet of the events that arrived since; false if that takes more than the fuel.
    fn catch_up(
        &self,
        ctx: &Context<'_>,
        group: &mut Group,
        since: Timestamp,
        fuel: &mut u64,
    ) -> bool {
        let recent = self.kept.iter().rev().take_while(|(_, kept)| kept.received >= since);
        let first = recent.last().map_or(self.next, |(sequence, _)| *sequence);
        if group.evaluated.is_empty() {
            group.evaluated = self.next..self.next;
        }
        // Newer ones first, so that what is evaluated stays one range.
        while group.evaluated.end < self.next {
            let sequence = group.evaluated.end;
            if !self.evaluate_kept(ctx, group, sequence, fuel) {
                return false;
            }
            group.evaluated.end += 1;
        }
        while group.evaluated.start > first {
            let sequence = group.evaluated.start - 1;
            if !self.evaluate_kept(ctx, group, sequence, fuel) {
                return false;
            }
            group.evaluated.start = sequence;
        }
        true
    }

    fn evaluate_kept(
        &self,
        ctx: &Context<'_>,
        group: &mut Group,
        sequence: u64,
        fuel: &mut u64,
    ) -> bool {
        let Some(kept) = self.kept.get(&sequence) else { return true };
        if *fuel < ctx.limits.filter_fuel_max {
            return false;
        }
        let mut left = ctx.limits.filter_fuel_max;
        let values = group.evaluate(&kept.event, ctx.now, &mut left);
        // Even what burns nothing takes its time.
        let burnt = ctx.limits.filter_fuel_max.saturating_sub(left) + 1;
        *fuel = fuel.saturating_sub(burnt);
        if let Some(values) = values {
            group.remember(sequence, values);
        }
        true
    }

    /// Few groups are kept for which nobody waits.
    pub(super) fn drop_idle_groups(&mut self) {
        let idle = self.groups.iter().filter(|(_, group)| group.is_idle());
        let idle: Vec<GroupKey> = idle.map(|(key, _)| *key).collect();
        if idle.len() > IDLE_GROUPS_MAX {
            for key in &idle[IDLE_GROUPS_MAX..] {
                self.groups.remove(key);
            }
        }
    }
}

fn mask(expected: &[Option<Value>]) -> Mask {
    let set = expected.iter().take(64).enumerate().filter(|(_, value)| value.is_some());
    set.fold(0, |mask, (place, _)| mask | 1 << place)
}

/// The hash of the values that a mask names; `u64::MAX` names all of them.
fn hash<'v>(mask: Mask, values: impl Iterator<Item = Option<&'v Value>>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for (place, value) in values.enumerate() {
        let is_named = mask == Mask::MAX || place < 64 && mask & (1 << place) != 0;
        if let Some(value) = value.filter(|_| is_named) {
            let text = json::canonical(value);
            hasher.update(&(place as u64).to_le_bytes());
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(&text);
        }
    }
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}
