//! A topic: events of one type in one namespace, who waits for them, and what was seen. A third pure machine of the shape of
//! an instance's; its records are the rows that it is loaded from.
//!
//! Listens whose filters have the same shape form a group: each event is evaluated once per group, and who is to have it
//! is found by the hash of the values that the listens expect. What a group found in an event that is kept stays known,
//! so a listen that comes late finds it by hash, too.

mod apply;
mod group;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use motet_types::{InstanceId, Limits, StepId, Timestamp};

use crate::event::{Event, EventKey, TopicId};
use crate::listen::{Match, Subscription};
use crate::sabotage::{self, Sabotage};

use group::{Awaited, Group, GroupKey};

/// See the module.
#[derive(Clone)]
pub struct Topic {
    pub id: TopicId,
    /// Sequence of the next event.
    next: u64,
    kept: BTreeMap<u64, Kept>,
    kept_bytes: usize,
    /// Events of which only source and id are known any more, oldest first.
    faded: VecDeque<(u64, Timestamp, EventKey)>,
    keys: BTreeMap<EventKey, u64>,
    subscriptions: BTreeMap<Listener, Held>,
    groups: BTreeMap<GroupKey, Group>,
    /// What is being given out, a slice at a time; nothing else is taken meanwhile.
    giving: Option<Giving>,
    /// A slice of it was given out durably.
    is_paused: bool,
    updated_at: Timestamp,
}

/// A listen: its instance and its step.
pub type Listener = (InstanceId, StepId);

/// An event that is kept for late listeners.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub received: Timestamp,
    pub event: Arc<Event>,
}

/// A listen that waits. There may be very many: what they have in common is in their groups.
#[derive(Clone, Debug)]
struct Held {
    filters: Box<[Awaited]>,
    /// It takes one event.
    once: bool,
    /// The next sequence when it came: it has looked back over everything before.
    position: u64,
}

/// One event for one listen.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub to: Listener,
    pub sequence: u64,
    pub matches: Vec<Match>,
}

/// What is being given out: one event to many listens, or many events to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Event(u64),
    Listener(InstanceId, StepId),
}

#[derive(Clone, Debug)]
struct Giving {
    source: Source,
    rest: VecDeque<Delivery>,
}

/// What a step may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub limits: &'a Limits,
}

/// What a topic may be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An event arrives; one that another topic passes on brings the time when it arrived there.
    Publish {
        event: Arc<Event>,
        received: Option<Timestamp>,
    },
    Subscribe {
        subscription: Arc<Subscription>,
    },
    Unsubscribe {
        listener: Listener,
    },
    /// Give out the next slice.
    Continue,
    /// Forget what is too old.
    Expire,
}

/// What became true; each is a row that is put or removed, or a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An event is kept.
    Kept {
        sequence: u64,
        received: Timestamp,
        event: Arc<Event>,
    },
    /// Of an event only source and id stay known.
    Faded {
        sequence: u64,
        received: Timestamp,
        key: EventKey,
    },
    /// An event may come again as a new one.
    Forgotten {
        sequence: u64,
    },
    Subscribed {
        subscription: Arc<Subscription>,
        position: u64,
    },
    Unsubscribed {
        listener: Listener,
    },
    /// An event goes to a listen; `ends` if that was all it waited for.
    Delivered {
        delivery: Delivery,
        received: Timestamp,
        event: Arc<Event>,
        ends: bool,
    },
    /// A slice was given out, up to this listen and event; more follows.
    Paused {
        source: Source,
        after: (Listener, u64),
    },
    /// Everything was given out.
    Given,
    /// A listen is not taken.
    Refused {
        listener: Listener,
        reason: String,
    },
}

/// Why a topic takes nothing just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the topic is still giving out")]
pub struct Busy;

/// About what a record takes as a row or message, beside the event in it and the name of the topic, in bytes.
const RECORD_BYTES: usize = 192;

/// Events that one step may let fade or forget however little it may write: more than it takes, so that nothing piles up.
const EXPIRED_MIN: usize = 2;

impl Topic {
    /// A topic about which nothing is known.
    pub fn new(id: TopicId) -> Self {
        Self {
            id,
            next: 1,
            kept: BTreeMap::new(),
            kept_bytes: 0,
            faded: VecDeque::new(),
            keys: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            groups: BTreeMap::new(),
            giving: None,
            is_paused: false,
            updated_at: Timestamp::default(),
        }
    }

    /// Decides what an input changes. No record means that it is so already: a duplicate, an unknown listen.
    ///
    /// # Errors
    /// Something is still being given out: only `Continue` is taken then.
    pub fn step(&mut self, ctx: &Context<'_>, input: Input) -> Result<Vec<Record>, Busy> {
        if self.giving.is_some() && input != Input::Continue {
            return Err(Busy);
        }
        let mut records = Vec::new();
        match input {
            Input::Publish { event, received } => self.publish(ctx, event, received, &mut records),
            Input::Subscribe { subscription } => self.subscribe(ctx, subscription, &mut records),
            Input::Unsubscribe { listener } => {
                if self.subscriptions.contains_key(&listener) {
                    self.write(Record::Unsubscribed { listener }, &mut records);
                }
            }
            Input::Continue => {}
            Input::Expire => self.expire(ctx, &mut records),
        }
        self.give(ctx, &mut records);
        Ok(records)
    }

    /// Whether there is more to give out.
    pub fn has_work(&self) -> bool {
        self.giving.is_some()
    }

    /// Whether nothing of it is worth keeping.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.subscriptions.is_empty()
    }

    /// Events that are kept, newest first, with their sequences.
    pub fn events(&self) -> impl Iterator<Item = (u64, &Kept)> {
        self.kept.iter().rev().map(|(sequence, kept)| (*sequence, kept))
    }

    /// Listens that wait.
    pub fn waiting(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether an event with this source and id was taken within the window.
    pub fn knows(&self, key: EventKey) -> bool {
        self.keys.contains_key(&key)
    }

    fn publish(
        &mut self,
        ctx: &Context<'_>,
        event: Arc<Event>,
        received: Option<Timestamp>,
        records: &mut Vec<Record>,
    ) {
        let is_known = self.keys.contains_key(&event.key());
        if is_known && !sabotage::is(Sabotage::EventDedupeOff) {
            return;
        }
        let received = received.unwrap_or(ctx.now).max(self.updated_at);
        let sequence = self.next;
        self.write(Record::Kept { sequence, received, event: event.clone() }, records);
        let found = self.listeners_of(ctx, sequence, &event, received);
        let rest = found.into_iter().map(|(to, matches)| Delivery { to, sequence, matches });
        self.begin_giving(Source::Event(sequence), rest.collect());
        self.expire(ctx, records);
    }

    /// A listen comes; what is kept for it is given to it at once. One that has come before comes anew.
    fn subscribe(
        &mut self,
        ctx: &Context<'_>,
        subscription: Arc<Subscription>,
        records: &mut Vec<Record>,
    ) {
        let listener = (subscription.instance, subscription.step);
        if self.subscriptions.contains_key(&listener) {
            self.write(Record::Unsubscribed { listener }, records);
        }
        let refused = match self.look_back(ctx, &subscription) {
            _ if self.subscriptions.len() >= ctx.limits.subscriptions_max => {
                format!("subscriptions_max is {}", ctx.limits.subscriptions_max)
            }
            Err(reason) => reason,
            Ok(mut found) => {
                if sabotage::is(Sabotage::LookbackForgotten) {
                    found.clear();
                }
                if subscription.once {
                    found.truncate(1);
                }
                let position = self.next;
                let source = Source::Listener(listener.0, listener.1);
                self.write(Record::Subscribed { subscription, position }, records);
                return self.begin_giving(source, found.into());
            }
        };
        self.write(Record::Refused { listener, reason: refused }, records);
    }

    /// Bounds what is kept by number, bytes and age; what one step may not write is left to the next.
    fn expire(&mut self, ctx: &Context<'_>, records: &mut Vec<Record>) {
        let limits = ctx.limits;
        let window = i64::try_from(limits.event_window.as_micros()).unwrap_or(i64::MAX);
        let horizon = Timestamp::from_micros(ctx.now.as_micros().saturating_sub(window));
        let mut room = limits.step_records_max.min(limits.step_bytes_max / self.record_bytes());
        room = room.max(EXPIRED_MIN);
        while room > 0 {
            let Some((sequence, oldest)) = self.kept.first_key_value() else { break };
            let is_over = self.kept.len() > limits.events_retained_max.max(1)
                || self.kept_bytes > limits.events_retained_bytes_max && self.kept.len() > 1;
            if !is_over && oldest.received >= horizon {
                break;
            }
            let (sequence, received, key) = (*sequence, oldest.received, oldest.event.key());
            self.write(Record::Faded { sequence, received, key }, records);
            room -= 1;
        }
        while room > 0 {
            let Some((sequence, received, _)) = self.faded.front().copied() else { break };
            if self.keys.len() <= limits.event_keys_max && received >= horizon {
                break;
            }
            self.write(Record::Forgotten { sequence }, records);
            room -= 1;
        }
    }

    fn record_bytes(&self) -> usize {
        RECORD_BYTES
            + self.id.namespace.as_str().len()
            + self.id.kind.as_ref().map_or(0, String::len)
    }

    fn begin_giving(&mut self, source: Source, rest: VecDeque<Delivery>) {
        if !rest.is_empty() {
            self.giving = Some(Giving { source, rest });
        }
    }

    /// Gives out the next slice: what one step may write, and something in any case.
    fn give(&mut self, ctx: &Context<'_>, records: &mut Vec<Record>) {
        let Some(mut giving) = self.giving.take() else { return };
        let (records_max, bytes_max) = (ctx.limits.step_records_max, ctx.limits.step_bytes_max);
        let (mut bytes, mut count, mut last) = (0, 0, None);
        while last.is_none() || count < records_max && bytes < bytes_max {
            let Some(delivery) = giving.rest.pop_front() else { break };
            let held = self.subscriptions.get(&delivery.to);
            let (Some(held), Some(kept)) = (held, self.kept.get(&delivery.sequence)) else {
                continue;
            };
            let ends = held.once;
            let (received, event) = (kept.received, kept.event.clone());
            bytes += event.size_bound() + self.record_bytes();
            count += 1;
            last = Some((delivery.to, delivery.sequence));
            self.write(Record::Delivered { delivery, received, event, ends }, records);
        }
        match last.filter(|_| !giving.rest.is_empty()) {
            Some(after) => {
                let source = giving.source.clone();
                self.write(Record::Paused { source, after }, records);
                self.giving = Some(giving);
            }
            None if self.is_paused => self.write(Record::Given, records),
            None => {}
        }
    }

    fn write(&mut self, record: Record, records: &mut Vec<Record>) {
        self.apply(&record);
        records.push(record);
    }
}

#[cfg(test)]
mod tests;
