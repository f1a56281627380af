//! Whose turn it is among the calls that wait for a service.

use std::collections::VecDeque;

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

/// Waiting calls, by class and then by age.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    /// By class; each in order of arrival.
    waiting: [VecDeque<(Timestamp, T)>; CLASSES],
    turns: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: std::array::from_fn(|_| VecDeque::new()), turns: 0 }
    }
}

impl<T> Queue<T> {
    pub fn push(&mut self, now: Timestamp, class: Class, item: T) {
        let class = &mut self.waiting[class as usize];
        let since = class.back().map_or(now, |(last, _)| now.max(*last));
        class.push_back((since, item));
    }

    /// The next one, with the time since which it waited.
    pub fn pop(&mut self) -> Option<(Timestamp, T)> {
        let first = self.waiting.iter().position(|class| !class.is_empty())?;
        self.turns = (self.turns + 1) % TURNS_PER_OLDEST;
        let class = if self.turns == 0 { self.oldest()? } else { first };
        self.waiting[class].pop_front()
    }

    /// Since when the one waits that has waited longest.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        self.waiting.iter().filter_map(|class| class.front()).map(|(since, _)| *since).min()
    }

    /// Since when the first of a class waits.
    pub fn oldest_of(&self, class: Class) -> Option<Timestamp> {
        self.waiting[class as usize].front().map(|(since, _)| *since)
    }

    /// The first of a class, out of turn.
    pub fn pop_of(&mut self, class: Class) -> Option<(Timestamp, T)> {
        self.waiting[class as usize].pop_front()
    }

    /// Takes out those that are not wanted any more.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for class in &mut self.waiting {
            class.retain(|(_, item)| keep(item));
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }

    fn oldest(&self) -> Option<usize> {
        let fronts = self.waiting.iter().enumerate();
        fronts
            .filter_map(|(class, waiting)| Some((waiting.front()?.0, class)))
            .min()
            .map(|(_, class)| class)
    }
}
