//! Whose turn it is among the calls that wait for a service.

use std::collections::BTreeSet;

use motet_types::Timestamp;

/// One turn of so many belongs to whoever has waited longest, whatever its class: nobody starves.
const TURNS_PER_OLDEST: u32 = 10;

/// What is finished first, so that what was begun gets done.
///
/// A process that needs several calls to an overloaded service completes with the product of its chances; if calls are
/// refused by chance, few processes complete although all are served in part. Served in this order, as many complete as
/// the service has capacity for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What undoes something.
    Undo,
    /// A call of an instance that has completed one.
    Started,
    /// The first call of an instance.
    New,
}

const CLASSES: usize = 3;

/// Waiting calls, by class and then by age. One that comes back with the time since which it waits has its old place.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    /// By class.
    waiting: [BTreeSet<(Timestamp, T)>; CLASSES],
    turns: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: std::array::from_fn(|_| BTreeSet::new()), turns: 0 }
    }
}

impl<T: Ord + Clone> Queue<T> {
    pub fn push(&mut self, since: Timestamp, class: Class, item: T) {
        self.waiting[class as usize].insert((since, item));
    }

    /// The next one, with the time since which it waited.
    pub fn pop(&mut self) -> Option<(Timestamp, T)> {
        let class = self.next()?;
        self.turns = (self.turns + 1) % TURNS_PER_OLDEST;
        self.waiting[class].pop_first()
    }

    /// The one that [`Self::pop`] would give.
    pub fn peek(&self) -> Option<&T> {
        self.waiting[self.next()?].first().map(|(_, item)| item)
    }

    /// Since when the one waits that has waited longest.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        self.oldest().and_then(|class| self.waiting[class].first()).map(|(since, _)| *since)
    }

    /// Since when the first of a class waits.
    pub fn oldest_of(&self, class: Class) -> Option<Timestamp> {
        self.waiting[class as usize].first().map(|(since, _)| *since)
    }

    /// The first of a class, out of turn.
    pub fn pop_of(&mut self, class: Class) -> Option<(Timestamp, T)> {
        self.waiting[class as usize].pop_first()
    }

    /// Takes out one that does not wait any more; tells whether it was there.
    pub fn remove(&mut self, since: Timestamp, class: Class, item: &T) -> bool {
        self.waiting[class as usize].remove(&(since, item.clone()))
    }

    pub fn len(&self) -> usize {
        self.waiting.iter().map(BTreeSet::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(BTreeSet::is_empty)
    }

    /// Whose class it is the turn of.
    fn next(&self) -> Option<usize> {
        match (self.turns + 1) % TURNS_PER_OLDEST {
            0 => self.oldest(),
            _ => self.waiting.iter().position(|class| !class.is_empty()),
        }
    }

    fn oldest(&self) -> Option<usize> {
        let fronts = self.waiting.iter().enumerate();
        fronts
            .filter_map(|(class, waiting)| Some((waiting.first()?.0, class)))
            .min()
            .map(|(_, class)| class)
    }
}
