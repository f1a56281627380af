//! The open steps of an instance, and its timers: what one of them changes costs as much as it changes, however many
//! others there are. A wide loop has thousands of both, and each outcome looks at its own alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Index;

use motet_types::{StepId, Timestamp};

use super::{Step, TimerKind};

/// Open steps by id, with indexes that follow from the steps alone.
#[derive(Clone, Default)]
pub struct Steps {
    all: BTreeMap<StepId, Step>,
    /// Parent and child.
    children: BTreeSet<(StepId, StepId)>,
    undoing: BTreeSet<StepId>,
    in_flight: BTreeSet<StepId>,
    /// Those of them that wait to be sent.
    parked: BTreeSet<StepId>,
}

/// When which step is to be woken, and what for.
#[derive(Clone, Default)]
pub struct Timers {
    by_due: BTreeSet<Timer>,
    by_step: BTreeSet<(StepId, TimerKind, Timestamp)>,
}

type Timer = (Timestamp, StepId, TimerKind);

/// What is known of a step without looking at it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    undoing: bool,
    in_flight: bool,
    parked: bool,
}

impl Steps {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn get(&self, id: &StepId) -> Option<&Step> {
        self.all.get(id)
    }

    pub fn contains_key(&self, id: &StepId) -> bool {
        self.all.contains_key(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&StepId, &Step)> {
        self.all.iter().inspect(|_| looked_at())
    }

    pub fn keys(&self) -> impl Iterator<Item = &StepId> {
        self.iter().map(|(id, _)| id)
    }

    pub fn values(&self) -> impl Iterator<Item = &Step> {
        self.iter().map(|(_, step)| step)
    }

    /// The open steps right beneath one, in order of activation.
    pub fn children(&self, parent: StepId) -> impl Iterator<Item = (StepId, &Step)> {
        let own = self.children.range((parent, StepId(0))..=(parent, StepId(u32::MAX)));
        own.inspect(|_| looked_at()).map(|(_, id)| (*id, &self.all[id]))
    }

    /// Those that undo what is beneath them.
    pub(crate) fn undoing(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.undoing.iter().inspect(|_| looked_at()).map(|id| (*id, &self.all[id]))
    }

    /// Those whose call is in flight, whether it waits to be sent or not.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = StepId> {
        self.in_flight.iter().inspect(|_| looked_at()).copied()
    }

    /// Whether the call of any is in flight and does not wait to be sent.
    pub(crate) fn is_any_out(&self) -> bool {
        self.in_flight.len() > self.parked.len()
    }

    pub fn insert(&mut self, id: StepId, step: Step) {
        self.remove(id);
        self.children.extend(step.parent.map(|parent| (parent, id)));
        self.mark(id, Marks::of(&step));
        self.all.insert(id, step);
    }

    pub fn remove(&mut self, id: StepId) -> Option<Step> {
        let step = self.all.remove(&id)?;
        if let Some(parent) = step.parent {
            self.children.remove(&(parent, id));
        }
        self.mark(id, Marks::default());
        Some(step)
    }

    /// Changes a step, if it is open.
    pub fn change<T>(&mut self, id: StepId, change: impl FnOnce(&mut Step) -> T) -> Option<T> {
        let step = self.all.get_mut(&id)?;
        let before = (step.parent, Marks::of(step));
        let changed = change(step);
        let after = (step.parent, Marks::of(step));
        if before.0 != after.0 {
            before.0.map(|parent| self.children.remove(&(parent, id)));
            self.children.extend(after.0.map(|parent| (parent, id)));
        }
        if before.1 != after.1 {
            self.mark(id, after.1);
        }
        Some(changed)
    }

    /// Whether the indexes say what the steps do.
    pub(super) fn are_indexed(&self) -> bool {
        let marks = |id: &StepId| Marks {
            undoing: self.undoing.contains(id),
            in_flight: self.in_flight.contains(id),
            parked: self.parked.contains(id),
        };
        let is_child = |id: &StepId, step: &Step| {
            step.parent.is_none_or(|parent| self.children.contains(&(parent, *id)))
        };
        let mut all = self.all.iter();
        let known = [&self.undoing, &self.in_flight, &self.parked].into_iter().flatten();
        let children = self.children.iter().map(|(_, child)| child);
        known.chain(children).all(|id| self.all.contains_key(id))
            && all.all(|(id, step)| marks(id) == Marks::of(step) && is_child(id, step))
    }

    fn mark(&mut self, id: StepId, marks: Marks) {
        let set = |ids: &mut BTreeSet<StepId>, is_in: bool| match is_in {
            true => ids.insert(id),
            false => ids.remove(&id),
        };
        set(&mut self.undoing, marks.undoing);
        set(&mut self.in_flight, marks.in_flight);
        set(&mut self.parked, marks.parked);
    }
}

impl Marks {
    fn of(step: &Step) -> Self {
        let in_flight = step.is_in_flight();
        let parked = in_flight && step.parked().is_some();
        Self { undoing: step.undoing.is_some(), in_flight, parked }
    }
}

impl Index<&StepId> for Steps {
    type Output = Step;

    fn index(&self, id: &StepId) -> &Step {
        &self.all[id]
    }
}

impl FromIterator<(StepId, Step)> for Steps {
    fn from_iter<I: IntoIterator<Item = (StepId, Step)>>(steps: I) -> Self {
        let mut all = Self::default();
        steps.into_iter().for_each(|(id, step)| all.insert(id, step));
        all
    }
}

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all.fmt(formatter)
    }
}

impl Timers {
    pub fn len(&self) -> usize {
        self.by_due.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_due.is_empty()
    }

    /// The next one.
    pub fn first(&self) -> Option<&Timer> {
        self.by_due.first()
    }

    /// All of them, soonest first.
    pub fn iter(&self) -> impl Iterator<Item = &Timer> {
        self.by_due.iter().inspect(|_| looked_at())
    }

    /// Those of a step.
    pub fn of(&self, step: StepId) -> impl Iterator<Item = (TimerKind, Timestamp)> {
        let all = self.by_step.range((step, TimerKind::FIRST, Timestamp::from_micros(i64::MIN))..);
        let own = all.take_while(move |(of, ..)| *of == step);
        own.inspect(|_| looked_at()).map(|(_, kind, due)| (*kind, *due))
    }

    /// When a step is to be woken for this.
    pub fn due(&self, step: StepId, kind: TimerKind) -> Option<Timestamp> {
        self.of(step).find(|(of, _)| *of == kind).map(|(_, due)| due)
    }

    pub fn insert(&mut self, (due, step, kind): Timer) {
        self.by_due.insert((due, step, kind));
        self.by_step.insert((step, kind, due));
    }

    pub(crate) fn remove(&mut self, step: StepId, kind: TimerKind) {
        self.take_if(step, |of| of == kind);
    }

    /// Takes away every timer of a step.
    pub(crate) fn take(&mut self, step: StepId) -> Vec<Timer> {
        self.take_if(step, |_| true)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn take_if(&mut self, step: StepId, is_it: impl Fn(TimerKind) -> bool) -> Vec<Timer> {
        let own = self.of(step).filter(|(kind, _)| is_it(*kind));
        let taken: Vec<Timer> = own.map(|(kind, due)| (due, step, kind)).collect();
        for (due, step, kind) in &taken {
            self.by_due.remove(&(*due, *step, *kind));
            self.by_step.remove(&(*step, *kind, *due));
        }
        taken
    }
}

impl Extend<Timer> for Timers {
    fn extend<I: IntoIterator<Item = Timer>>(&mut self, timers: I) {
        timers.into_iter().for_each(|timer| self.insert(timer));
    }
}

impl FromIterator<Timer> for Timers {
    fn from_iter<I: IntoIterator<Item = Timer>>(timers: I) -> Self {
        let mut all = Self::default();
        all.extend(timers);
        all
    }
}

impl PartialEq for Timers {
    fn eq(&self, other: &Self) -> bool {
        self.by_due == other.by_due
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by_due.fmt(formatter)
    }
}

/// One step or timer was looked at that nobody asked for by its name: tests count that.
fn looked_at() {
    #[cfg(test)]
    tests::LOOKED_AT.with(|count| count.set(count.get() + 1));
}

#[cfg(test)]
mod tests;
