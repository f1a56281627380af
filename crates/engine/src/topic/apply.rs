//! What records do to a topic, and how it is rebuilt from its rows.

use std::sync::Arc;

use motet_types::Timestamp;

use super::group::{Awaited, Group};
use super::{Context, Delivery, Giving, Held, Kept, Listener, Record, Source, Topic};
use crate::event::{Event, EventKey};
use crate::listen::Subscription;

impl Topic {
    /// Remembers a record. Total: any record leads to a state.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Kept { sequence, received, event } => {
                self.load_event(*sequence, *received, event.clone());
            }
            Record::Faded { sequence, .. } => {
                if let Some(kept) = self.kept.remove(sequence) {
                    self.kept_bytes -= kept.event.size_bound();
                    self.groups.values_mut().for_each(|group| group.forget(*sequence));
                    self.faded.push_back((*sequence, kept.received, kept.event.key()));
                }
            }
            Record::Forgotten { sequence } => {
                let is_first = self.faded.front().is_some_and(|it| it.0 == *sequence);
                if is_first
                    && let Some((_, _, key)) = self.faded.pop_front()
                    && self.keys.get(&key) == Some(sequence)
                {
                    self.keys.remove(&key);
                }
            }
            Record::Subscribed { subscription, position } => {
                self.load_subscription(subscription, *position);
            }
            Record::Unsubscribed { listener } => self.unsubscribed(*listener),
            Record::Delivered { delivery, ends: true, .. } => self.unsubscribed(delivery.to),
            Record::Paused { .. } => self.is_paused = true,
            Record::Given => self.is_paused = false,
            Record::Delivered { .. } | Record::Refused { .. } => {}
        }
    }

    /// Takes the row of an event that is kept; rows come in the order of their sequences.
    pub fn load_event(&mut self, sequence: u64, received: Timestamp, event: Arc<Event>) {
        self.keys.insert(event.key(), sequence);
        self.kept_bytes += event.size_bound();
        self.kept.insert(sequence, Kept { received, event });
        self.next = self.next.max(sequence + 1);
        self.updated_at = self.updated_at.max(received);
    }

    /// Takes the row of an event of which only source and id are known.
    pub fn load_key(&mut self, sequence: u64, received: Timestamp, key: EventKey) {
        self.keys.insert(key, sequence);
        self.faded.push_back((sequence, received, key));
        self.next = self.next.max(sequence + 1);
        self.updated_at = self.updated_at.max(received);
    }

    /// Takes the row of a listen.
    pub fn load_subscription(&mut self, subscription: &Subscription, position: u64) {
        let listener = (subscription.instance, subscription.step);
        let mut filters = Vec::with_capacity(subscription.filters.len());
        for ((since, filter), idx) in subscription.filters.iter().zip(0..) {
            let awaited = Awaited::of(*since, filter);
            let group = self.groups.entry(awaited.group).or_insert_with(|| Group::new(filter));
            group.add(listener, idx, &awaited.expected);
            filters.push(awaited);
        }
        self.next = self.next.max(position);
        let held = Held { filters: filters.into(), once: subscription.once, position };
        self.subscriptions.insert(listener, held);
    }

    /// Takes the row of what was being given out when the topic was last seen: it goes on behind `after`. To a listen, with
    /// what its subscription says that was taken before it.
    pub fn load_giving(
        &mut self,
        ctx: &Context<'_>,
        source: Source,
        after: (Listener, u64),
        taken: &[EventKey],
    ) {
        self.is_paused = true;
        let mut rest: Vec<Delivery> = match &source {
            Source::Event(sequence) => {
                let Some(kept) = self.kept.get(sequence).cloned() else { return };
                let found = self.listeners_of(ctx, *sequence, &kept.event, kept.received);
                let delivery = |(to, matches)| Delivery { to, sequence: *sequence, matches };
                found.into_iter().map(delivery).collect()
            }
            Source::Listener(instance, step) => {
                let to = (*instance, *step);
                let Some(held) = self.subscriptions.get(&to).cloned() else { return };
                let found = self.look_back_again(ctx, to, &held.filters, taken);
                found.into_iter().filter(|it| it.sequence < held.position).collect()
            }
        };
        rest.retain(|delivery| (delivery.to, delivery.sequence) > after);
        self.giving = Some(Giving { source, rest: rest.into() });
    }

    fn unsubscribed(&mut self, listener: Listener) {
        let Some(held) = self.subscriptions.remove(&listener) else { return };
        for (awaited, idx) in held.filters.iter().zip(0..) {
            if let Some(group) = self.groups.get_mut(&awaited.group) {
                group.remove(listener, idx, &awaited.expected);
            }
        }
        self.drop_idle_groups();
    }
}
