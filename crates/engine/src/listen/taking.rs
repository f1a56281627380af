//! Which of the filters of a wait takes an event. Listens and schedules decide it alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motet_definition::graph::{self, Strategy, Until};
use motet_expr::Value;
use motet_types::Timestamp;

use super::{Match, Role};
use crate::event::EventFilter;

/// How far a wait is.
#[derive(Clone, Copy)]
pub(crate) struct Progress<'a> {
    /// As in [`Terms`](super::Terms).
    pub(crate) filters: &'a [(Timestamp, Arc<EventFilter>)],
    /// Filters that have taken an event.
    pub(crate) satisfied: &'a BTreeSet<u32>,
    /// Values that the first events have set, by name.
    pub(crate) keys: &'a BTreeMap<String, Value>,
}

/// What becomes of an event that is taken.
pub(crate) struct Taking {
    pub(crate) filters: Vec<u32>,
    /// Values that it sets.
    pub(crate) keys: BTreeMap<String, Value>,
    pub(crate) role: Role,
    pub(crate) closes: bool,
}

/// What a wait does with an event that passes some of its filters; `None` if it is not for it.
pub(crate) fn taking(
    task: &graph::Listen,
    listen: Progress<'_>,
    matches: &[Match],
) -> Option<Taking> {
    let mut keys = BTreeMap::new();
    let main = choose(&task.to, listen, matches, &mut keys);
    let ending = match &task.until {
        Some(Until::Events(strategy)) => choose(strategy, listen, matches, &mut keys),
        _ => None,
    };
    if main.is_none() && ending.is_none() {
        return None;
    }
    let filters: Vec<u32> = main.into_iter().chain(ending).collect();
    let is_over = |strategy: &Strategy| match strategy {
        Strategy::Any(range) => filters.iter().any(|it| range.contains(&(*it as usize))),
        Strategy::All(range) => range.clone().all(|filter| {
            let filter = filter as u32;
            listen.satisfied.contains(&filter) || filters.contains(&filter)
        }),
    };
    let closes = match &task.until {
        None => is_over(&task.to),
        Some(Until::Condition(_)) => false,
        Some(Until::Events(strategy)) => is_over(strategy),
    };
    let is_handled = task.foreach.is_some() || matches!(task.until, Some(Until::Condition(_)));
    let role = match main {
        None => Role::Mark,
        Some(_) if is_handled => Role::Queue,
        Some(_) => Role::Output,
    };
    Some(Taking { filters, keys, role, closes })
}

/// The first filter of a strategy that takes the event; values that set what is expected go to `keys`.
fn choose(
    strategy: &Strategy,
    listen: Progress<'_>,
    matches: &[Match],
    keys: &mut BTreeMap<String, Value>,
) -> Option<u32> {
    let is_open = |filter: u32| match strategy {
        Strategy::All(_) => !listen.satisfied.contains(&filter),
        Strategy::Any(_) => true,
    };
    let range = strategy.filters();
    let mut candidates =
        matches.iter().filter(|it| range.contains(&(it.filter as usize)) && is_open(it.filter));
    candidates.find_map(|found| {
        let (_, filter) = &listen.filters[found.filter as usize];
        let mut set = BTreeMap::new();
        for (own, value) in filter.correlate.iter().zip(&found.values) {
            let known = keys.get(&own.name).or_else(|| listen.keys.get(&own.name));
            match own.expect.as_ref().or(known) {
                Some(expected) if expected == value => {}
                Some(_) => return None,
                None => drop(set.insert(own.name.clone(), value.clone())),
            }
        }
        keys.extend(set);
        Some(found.filter)
    })
}
