//! Calls that wait for a service, each in the line of its version: undoing first, then what has begun, and every tenth turn
//! for whoever waits longest.
//!
//! An entry is an id and a time; the instance it belongs to may be outside of memory, and is loaded when its turn comes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use motet_engine::ParkReason;
use motet_policy::governor::{Reason, Wait};
use motet_policy::queue::{Class, Queue};
use motet_types::{InstanceId, ServiceName, Timestamp, Version};

use super::callers::{Caller, Callers};
use super::figures::Tallies;
use super::views::LineView;
use crate::shard::dispatch::CallId;

/// A version of a service.
pub(in crate::shard) type LineKey = Arc<(ServiceName, Version)>;

/// A line with the calls in it, and the word for what they wait for.
pub(super) type Level = ((ServiceName, Version), &'static str, u64);

/// Instances that are loaded at once because it is their turn.
const CALLED_UP_MAX: usize = 64;

/// A line in which nobody may go on rests that long at least.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(1);

/// Where a call stands.
#[derive(Clone, Debug)]
pub(in crate::shard) struct Place {
    pub(in crate::shard) line: LineKey,
    pub(in crate::shard) class: Class,
    /// When it began to wait, over all its tries.
    pub(in crate::shard) since: Timestamp,
}

/// Everybody who waits for a service.
#[derive(Default)]
pub(in crate::shard) struct Lines {
    lines: BTreeMap<LineKey, Line>,
    /// Those in which somebody may go on, in that order.
    ready: VecDeque<LineKey>,
    /// When the others are looked at again.
    due: BTreeSet<(Timestamp, LineKey)>,
    /// Those whose turn it is and who have to be loaded first, each with its line.
    called_up: BTreeMap<InstanceId, LineKey>,
    waiting: usize,
}

struct Line {
    queue: Queue<CallId>,
    callers: Callers,
    /// What holds the first one up.
    wait: Wait,
    patience: Duration,
    due: Option<Timestamp>,
    is_ready: bool,
    /// Those of it that are being loaded: nobody in memory passes them.
    absent: usize,
}

impl Lines {
    /// Calls that wait for any service.
    pub(in crate::shard) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn can_go_on(&self) -> bool {
        !self.ready.is_empty() && self.may_call_up()
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// How many wait for a version, what for, and since when the first one.
    pub(in crate::shard) fn of(
        &self,
        key: &(ServiceName, Version),
    ) -> Option<(usize, Wait, Timestamp)> {
        let line = self.lines.get(key)?;
        let since = line.queue.waiting_since()?;
        Some((line.queue.len(), line.wait, since))
    }

    /// Who waits for a service.
    pub(super) fn views(&self, name: &ServiceName) -> Vec<LineView> {
        let own = self.of_service(name).filter_map(|key| {
            let line = self.lines.get(key)?;
            let (workflows, left_out) = line.callers.views(line.patience);
            Some(LineView {
                version: key.1.clone(),
                calls: line.queue.len(),
                instances: line.callers.instances(),
                reason: park_reason(line.wait.reason),
                until: line.wait.until,
                since: line.queue.waiting_since()?,
                deadline: workflows.first().and_then(|own| own.deadline),
                workflows,
                left_out,
            })
        });
        own.collect()
    }

    /// How many wait in each line, and what for; of those beyond so many lines together.
    pub(super) fn levels(&self, lines_max: usize) -> (Vec<Level>, Tallies) {
        let mut all = self.lines.iter().map(|(key, line)| {
            let word = super::figures::word(line.wait.reason);
            ((key.0.clone(), key.1.clone()), word, line.queue.len() as u64)
        });
        let shown = all.by_ref().take(lines_max).collect();
        let mut others = Tallies::new();
        all.for_each(|(_, word, calls)| *others.entry(word).or_default() += calls);
        (shown, others)
    }

    /// A call joins a line, behind those who wait longer.
    pub(super) fn push(
        &mut self,
        now: Timestamp,
        place: &Place,
        call: CallId,
        caller: Option<Caller>,
        patience: Duration,
        wait: Wait,
    ) {
        let Place { line: key, class, since } = place;
        self.waiting += 1;
        let is_new = !self.lines.contains_key(key);
        let line = self.lines.entry(key.clone()).or_insert_with(|| Line {
            queue: Queue::default(),
            callers: Callers::default(),
            wait,
            patience,
            due: None,
            is_ready: false,
            absent: 0,
        });
        line.patience = patience;
        line.queue.push(*since, *class, call);
        caller.into_iter().for_each(|caller| line.callers.join(call, caller));
        if is_new {
            self.look_again(now, key, wait);
        }
    }

    /// The one whose turn it is next, and whether others are on their way whose turn it was before.
    pub(super) fn next(&self, key: &LineKey) -> Option<(CallId, bool)> {
        let line = self.lines.get(key)?;
        line.queue.peek().map(|call| (*call, line.absent > 0))
    }

    /// The next one whose turn it is; an empty line goes.
    pub(super) fn pop(&mut self, key: &LineKey) -> Option<CallId> {
        let line = self.lines.get_mut(key)?;
        let next = line.queue.pop().map(|(_, call)| call);
        next.iter().for_each(|call| line.callers.leave(call));
        self.has_left(key, next.is_some());
        next
    }

    /// One whose patience is at its end; undoing has no end of it.
    pub(super) fn pop_impatient(&mut self, now: Timestamp, key: &LineKey) -> Option<CallId> {
        let line = self.lines.get_mut(key)?;
        let is_over = |since: Timestamp| since.saturating_add(line.patience) <= now;
        let class = PATIENT_ONCE
            .into_iter()
            .find(|class| line.queue.oldest_of(*class).is_some_and(is_over))?;
        let (_, call) = line.queue.pop_of(class)?;
        line.callers.leave(&call);
        self.has_left(key, true);
        Some(call)
    }

    /// Nobody wants it to leave any more.
    pub(in crate::shard) fn remove(&mut self, place: &Place, call: &CallId) {
        let Some(line) = self.lines.get_mut(&place.line) else { return };
        let was_there = line.queue.remove(place.since, place.class, call);
        line.callers.leave(call);
        self.has_left(&place.line, was_there);
    }

    /// The next line in which somebody may go on.
    pub(super) fn next_ready(&mut self) -> Option<LineKey> {
        while let Some(key) = self.ready.pop_front() {
            if let Some(line) = self.lines.get_mut(&key)
                && std::mem::take(&mut line.is_ready)
            {
                return Some(key);
            }
        }
        None
    }

    /// It comes after the others that are ready.
    pub(super) fn set_ready(&mut self, key: &LineKey) {
        if let Some(line) = self.lines.get_mut(key)
            && !std::mem::replace(&mut line.is_ready, true)
        {
            self.ready.push_back(key.clone());
        }
    }

    /// Something has changed at a service.
    pub(super) fn rouse(&mut self, name: &ServiceName) {
        if self.lines.is_empty() {
            return;
        }
        let own: Vec<LineKey> = self.of_service(name).cloned().collect();
        own.iter().for_each(|key| self.set_ready(key));
    }

    /// The time has come for some.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some((due, key)) = self.due.pop_first() {
            if due > now {
                self.due.insert((due, key));
                return;
            }
            if let Some(line) = self.lines.get_mut(&key) {
                line.due = None;
            }
            self.set_ready(&key);
        }
    }

    /// The first one has to wait: until then, until its patience ends, or until something changes.
    pub(super) fn look_again(&mut self, now: Timestamp, key: &LineKey, wait: Wait) {
        let Some(line) = self.lines.get_mut(key) else { return };
        line.wait = wait;
        let oldest = PATIENT_ONCE.into_iter().filter_map(|class| line.queue.oldest_of(class));
        let overdue = oldest.min().map(|since| since.saturating_add(line.patience));
        // A line that was looked at is not looked at again within the same instant.
        let soon = now.saturating_add(LOOKED_AT_EVERY);
        let due = wait.until.into_iter().chain(overdue).min().map(|due| due.max(soon));
        if let Some(before) = std::mem::replace(&mut line.due, due) {
            self.due.remove(&(before, key.clone()));
        }
        self.due.extend(due.map(|due| (due, key.clone())));
    }

    /// Whether somebody may be loaded whose turn it is.
    pub(super) fn may_call_up(&self) -> bool {
        self.called_up.len() < CALLED_UP_MAX
    }

    /// It is the turn of an instance that has to be loaded first.
    pub(super) fn call_up(&mut self, key: &LineKey, id: InstanceId) {
        if self.called_up.insert(id, key.clone()).is_none()
            && let Some(line) = self.lines.get_mut(key)
        {
            line.absent += 1;
        }
    }

    /// The load of an instance has come to its end.
    pub(in crate::shard) fn loaded(&mut self, id: InstanceId) {
        let Some(key) = self.called_up.remove(&id) else { return };
        if let Some(line) = self.lines.get_mut(&key) {
            line.absent = line.absent.saturating_sub(1);
        }
        self.set_ready(&key);
    }

    fn of_service(&self, name: &ServiceName) -> impl Iterator<Item = &LineKey> {
        let first = Arc::new((name.clone(), Version::new(0, 0, 0)));
        let from = (Bound::Included(first), Bound::Unbounded);
        self.lines.range(from).map(|(key, _)| key).take_while(move |key| key.0 == *name)
    }

    fn has_left(&mut self, key: &LineKey, was_there: bool) {
        self.waiting -= usize::from(was_there);
        if self.lines.get(key).is_some_and(|line| line.queue.is_empty())
            && let Some(due) = self.lines.remove(key).and_then(|line| line.due)
        {
            self.due.remove(&(due, key.clone()));
        }
    }
}

/// Whose patience has an end.
const PATIENT_ONCE: [Class; 2] = [Class::Started, Class::New];

/// The word for what a call waits for, as it is written down.
pub(super) fn park_reason(reason: Reason) -> ParkReason {
    match reason {
        Reason::Endpoint => ParkReason::Endpoint,
        Reason::Breaker => ParkReason::Breaker,
        Reason::Limit | Reason::Budget => ParkReason::Limit,
    }
}
