//! A listen that is open: what it waits for, and what it has taken.

mod taking;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use motet_definition::graph::ReadAs;
use motet_expr::{Value, json};
use motet_types::{StepId, Timestamp};

use crate::Instance;
use crate::event::{Event, EventFilter, EventKey, TopicId};
use crate::sabotage::{self, Sabotage};

pub(crate) use taking::{Progress, Taking, taking};

/// An open listen.
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    pub terms: Arc<Terms>,
    /// Whether its topics know of it.
    pub is_subscribed: bool,
    /// Nothing more is taken; what waits is still handled.
    pub is_closed: bool,
    /// Filters that have taken an event.
    pub satisfied: BTreeSet<u32>,
    /// Values that the first events have set, by name.
    pub keys: BTreeMap<String, Value>,
    /// Events taken, as they are read, that wait to be handled.
    pub queue: VecDeque<(EventKey, Value)>,
    /// The event that is being handled.
    pub current: Option<Value>,
    /// The tasks for that event are done.
    pub is_handled: bool,
    /// Outputs so far; the number of the event that is being handled.
    pub outputs: Vec<Value>,
    /// Events taken so far.
    pub taken: u32,
}

/// What a listen asks of its topics, resolved when it was activated.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub topics: Vec<TopicId>,
    /// Each with the instant from which on it takes events.
    pub filters: Vec<(Timestamp, Arc<EventFilter>)>,
    pub read: ReadAs,
    /// One event satisfies it, and none that a topic finds will be turned down.
    pub once: bool,
}

/// A listen as a topic knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub instance: motet_types::InstanceId,
    pub step: StepId,
    /// As in [`Terms`].
    pub filters: Vec<(Timestamp, Arc<EventFilter>)>,
    pub once: bool,
    /// Events that the listen would not take, because its instance had taken them before it began: at most
    /// [`TAKEN_TOLD_MAX`](Self::TAKEN_TOLD_MAX), those that arrived last. Looking back leaves them out.
    pub taken: Vec<EventKey>,
}

impl Subscription {
    /// Events that a topic is told of; each older one is found once more, and turned down by the instance.
    pub const TAKEN_TOLD_MAX: usize = 1_000;
}

/// A filter that an event passes, and the values that the event has for its correlations.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub filter: u32,
    pub values: Vec<Value>,
}

/// What an instance knows of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    pub taken: BTreeMap<EventKey, Taken>,
    /// Of events that arrived before it is not known any more whether they were taken: no listen looks back further.
    pub floor: Timestamp,
    /// Events that were sent to the instance and that nothing has taken yet, in order.
    pub mail: Vec<Mail>,
}

impl Events {
    /// What was taken so that this step does not get it any more, of what arrived since; see [`Subscription::taken`].
    fn taken_before(&self, step: StepId, since: Timestamp) -> Vec<EventKey> {
        let taken = self.taken.iter().filter(|(_, it)| it.received >= since && it.is_over(step));
        let mut keys: Vec<_> = taken.map(|(key, it)| (it.received, *key)).collect();
        keys.sort_unstable();
        let surplus = keys.len().saturating_sub(Subscription::TAKEN_TOLD_MAX);
        keys.into_iter().skip(surplus).map(|(_, key)| key).collect()
    }
}

impl Taken {
    /// Whether the step, or one that was activated before it, has taken the event, so that it does not get it.
    pub(crate) fn is_over(&self, step: StepId) -> bool {
        if sabotage::is(Sabotage::EventTakenTwice) {
            return false;
        }
        self.by.contains(&step) || step.0 >= self.steps_activated
    }
}

/// What a listen does with an event that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It becomes an output at once.
    Output,
    /// It waits to be handled.
    Queue,
    /// It counts for `until` alone.
    Mark,
}

/// An event that an instance has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// When it arrived at this server.
    pub received: Timestamp,
    /// Steps activated by then: later ones do not get it.
    pub steps_activated: u32,
    /// The listens that took it.
    pub by: Vec<StepId>,
}

/// An event that was sent to one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    pub received: Timestamp,
    pub event: Arc<Event>,
}

impl Listen {
    pub(crate) fn new(terms: Arc<Terms>) -> Self {
        Self {
            terms,
            is_subscribed: true,
            is_closed: false,
            satisfied: BTreeSet::new(),
            keys: BTreeMap::new(),
            queue: VecDeque::new(),
            current: None,
            is_handled: false,
            outputs: Vec::new(),
            taken: 0,
        }
    }

    /// Whether topics may still find events for it.
    pub fn is_waiting(&self) -> bool {
        self.is_subscribed && !self.is_closed
    }

    /// What each topic is told.
    pub fn subscription(&self, instance: &Instance, step: StepId) -> Subscription {
        let Terms { filters, once, .. } = &*self.terms;
        let since = filters.iter().map(|(since, _)| *since).min();
        let events = instance.events.as_ref().filter(|_| since.is_some());
        let taken = events.map(|events| events.taken_before(step, since.unwrap_or_default()));
        let (filters, taken) = (filters.clone(), taken.unwrap_or_default());
        Subscription { instance: instance.id, step, filters, once: *once, taken }
    }

    /// Whether it can go on by itself.
    pub(crate) fn has_work(&self) -> bool {
        let is_idle = self.current.is_none();
        self.is_handled || is_idle && (!self.queue.is_empty() || self.is_closed)
    }

    pub(crate) fn size_bound(&self) -> usize {
        let waiting = self.queue.iter().map(|(_, value)| value);
        let values = waiting.chain(&self.outputs).chain(&self.current);
        values.map(json::size_bound).sum()
    }
}
