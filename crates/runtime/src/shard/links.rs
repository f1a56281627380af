//! Messages between shards: durable at the sender, taken once by the receiver, first in first out per pair.
//!
//! A message carries the sequence of the one before it to the same shard; the receiver takes it only if that is what it
//! stored last. What is not acknowledged is sent again; acknowledgements ride on the sender's next commits.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use motet_engine::event::TopicId;
use motet_engine::{Effect, End, ErrorKind, ScheduleInput, ScheduledStart, WorkflowError};
use motet_journal::{Message, encode_message};
use motet_store::{RowChange, Value};
use motet_types::{InstanceId, ShardId, Timestamp};

use super::batch::Release;
use super::feeds::{not_there, undone};
use super::slots::{Slot, Task};
use super::topics::TopicTask;
use super::{Machine, MessageQueue};
use crate::Error;
use crate::sabotage::{self, Sabotage};
use crate::tables::{INBOX, MESSAGE, SENT};

/// How long acknowledgements wait for a commit to ride on.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(1);

/// How long a message rests whose taking was refused.
const REDELIVER_AFTER: Duration = Duration::from_secs(1);

/// Receiver and sender of messages.
pub(super) type Pair = (ShardId, ShardId);

#[derive(Default)]
pub(super) struct Links {
    /// Highest sequence sent, by (sender, receiver).
    sent: BTreeMap<(ShardId, ShardId), u64>,
    /// Highest sequence taken, by (receiver, sender).
    taken: BTreeMap<(ShardId, ShardId), u64>,
    /// Highest sequence that a shard has given out.
    last: HashMap<ShardId, u64>,
    /// Messages that are not acknowledged, by sender and sequence.
    outbox: BTreeMap<(ShardId, u64), (ShardId, u64, Message)>,
    /// Messages that wait for their turn, by (receiver, sender).
    arriving: MessageQueue,
    /// Pairs whose first message waits for its instance to be loaded.
    busy: BTreeSet<(ShardId, ShardId)>,
    /// Pairs whose messages are being taken.
    taking: BTreeSet<(ShardId, ShardId)>,
    /// Acknowledged messages whose rows are still there, by sender.
    acknowledged: BTreeMap<ShardId, Vec<u64>>,
    acknowledge_by: Option<Timestamp>,
    /// Messages to set out again, by time.
    redeliver: BTreeSet<(Timestamp, ShardId, u64)>,
}

impl Links {
    pub(super) fn recover(
        &mut self,
        sent: Vec<(ShardId, ShardId, u64)>,
        taken: Vec<(ShardId, ShardId, u64)>,
        outbox: Vec<(ShardId, u64, ShardId, u64, Message)>,
    ) {
        for (from, to, sequence) in sent {
            self.sent.insert((from, to), sequence);
            let last = self.last.entry(from).or_default();
            *last = (*last).max(sequence);
        }
        for (to, from, sequence) in taken {
            self.taken.insert((to, from), sequence);
        }
        for (from, sequence, to, previous, message) in outbox {
            self.outbox.insert((from, sequence), (to, previous, message));
        }
    }

    pub(super) fn unacknowledged(&self) -> Vec<(ShardId, u64)> {
        self.outbox.keys().copied().collect()
    }

    /// Numbers a message; gives its sequence and the rows that make it durable.
    pub(super) fn send(
        &mut self,
        from: ShardId,
        to: ShardId,
        message: Message,
    ) -> (u64, Vec<RowChange>) {
        let last = self.last.entry(from).or_default();
        *last += 1;
        let sequence = *last;
        let previous = self.sent.insert((from, to), sequence).unwrap_or(0);
        let mut body = Vec::new();
        encode_message(&message, &mut body);
        self.outbox.insert((from, sequence), (to, previous, message));
        let int = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let rows = vec![
            RowChange::Put {
                table: MESSAGE.id,
                row: vec![
                    int(u64::from(from.0)),
                    int(sequence),
                    int(u64::from(to.0)),
                    int(previous),
                    Value::Blob(Bytes::from(body)),
                ],
            },
            RowChange::Put {
                table: SENT.id,
                row: vec![int(u64::from(from.0)), int(u64::from(to.0)), int(sequence)],
            },
        ];
        (sequence, rows)
    }

    pub(super) fn acknowledge(&mut self, from: ShardId, sequence: u64, now: Timestamp) {
        if self.outbox.remove(&(from, sequence)).is_some() {
            self.acknowledged.entry(from).or_default().push(sequence);
            self.acknowledge_by.get_or_insert(now.saturating_add(ACKNOWLEDGE_WITHIN));
        }
    }

    /// Acknowledged messages of a shard, `count_max` at most, whose rows go with a commit of it.
    pub(super) fn take_acknowledged(&mut self, shard: ShardId, count_max: usize) -> Vec<u64> {
        let mut sequences = self.acknowledged.remove(&shard).unwrap_or_default();
        if sequences.len() > count_max {
            self.acknowledged.insert(shard, sequences.split_off(count_max));
        }
        if self.acknowledged.is_empty() {
            self.acknowledge_by = None;
        }
        sequences
    }

    /// The commit was refused with which the rows of acknowledged messages were to go.
    pub(super) fn unforget(&mut self, from: ShardId, sequences: Vec<u64>, now: Timestamp) {
        self.acknowledged.entry(from).or_default().extend(sequences);
        self.acknowledge_by.get_or_insert(now.saturating_add(ACKNOWLEDGE_WITHIN));
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let redeliver = self.redeliver.first().map(|(due, ..)| *due);
        self.acknowledge_by.into_iter().chain(redeliver).min()
    }

    /// Whether a shard has at least so many messages that are not acknowledged.
    pub(super) fn has_waiting(&self, from: ShardId, count: usize) -> bool {
        let waiting = self.outbox.range((from, 0)..=(from, u64::MAX));
        count == 0 || waiting.take(count).count() == count
    }

    /// A message whose commit was refused was never sent.
    pub(super) fn drop_unsent(&mut self, from: ShardId, sequence: u64) {
        if let Some((to, previous, _)) = self.outbox.remove(&(from, sequence)) {
            let sent = self.sent.entry((from, to)).or_default();
            *sent = (*sent).min(previous);
        }
    }

    /// A message whose taking was refused is taken again, a little later.
    pub(super) fn untake(&mut self, from: ShardId, sequence: u64, now: Timestamp) {
        if let Some((to, previous, _)) = self.outbox.get(&(from, sequence)) {
            let taken = self.taken.entry((*to, from)).or_default();
            *taken = (*taken).min(*previous);
            self.set_out_later(from, sequence, now);
        }
    }

    fn set_out_later(&mut self, from: ShardId, sequence: u64, now: Timestamp) {
        self.redeliver.insert((now.saturating_add(REDELIVER_AFTER), from, sequence));
    }
}

impl Machine {
    /// Numbers a message that becomes durable with what it comes along with.
    pub(super) fn send_along(
        &mut self,
        from: ShardId,
        to: ShardId,
        message: Message,
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let (sequence, message_rows) = self.links.send(from, to, message);
        rows.extend(message_rows);
        releases.push(Release::Deliver { from, sequence });
    }

    /// Numbers the messages that an instance's effects ask for, before they are committed.
    pub(super) fn messages_of(
        &mut self,
        id: InstanceId,
        effects: &[Effect],
        rows: &mut Vec<RowChange>,
        releases: &mut Vec<Release>,
    ) {
        let from = id.shard();
        for effect in effects {
            for (to, message) in self.messages_to_topics(id, effect) {
                let (sequence, message_rows) = self.links.send(from, to, message);
                rows.extend(message_rows);
                releases.push(Release::Deliver { from, sequence });
            }
            let (to, message) = match effect {
                Effect::StartChild { step, child } => {
                    let child = child.clone();
                    (child.id.shard(), Message::StartChild { parent: id, step: *step, child })
                }
                Effect::CancelChild { child } => {
                    (child.shard(), Message::CancelChild { child: *child })
                }
                Effect::TellParent { parent, step, end, undoable } => {
                    let (parent, step, end) = (*parent, *step, end.clone());
                    let undoable = *undoable;
                    (parent.shard(), Message::ChildEnded { parent, step, child: id, end, undoable })
                }
                Effect::UndoChild { step, child } => {
                    let (step, child) = (*step, *child);
                    (child.shard(), Message::UndoChild { parent: id, step, child })
                }
                Effect::TellUndone { parent, step } => {
                    (parent.shard(), undone(*parent, *step, id, None))
                }
                Effect::TellSchedule { at, ending } => {
                    let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { continue };
                    let workflow = instance.start.definition.workflow.clone();
                    let (at, ending) = (*at, *ending);
                    let to = ScheduledStart::shard_of_schedule(&workflow);
                    (to, Message::ScheduledEnded { workflow, id, at, ending })
                }
                _ => continue,
            };
            let (sequence, message_rows) = self.links.send(from, to, message);
            rows.extend(message_rows);
            releases.push(Release::Deliver { from, sequence });
        }
    }

    /// What an effect tells topics.
    fn messages_to_topics(&self, id: InstanceId, effect: &Effect) -> Vec<(ShardId, Message)> {
        let of = |topics: &[TopicId], message: &dyn Fn(TopicId) -> Message| {
            topics.iter().map(|topic| (topic.shard(), message(topic.clone()))).collect()
        };
        match effect {
            Effect::Publish { event } => {
                let instance = self.slots.get(&id).and_then(Slot::live);
                let Some(instance) = instance else { return Vec::new() };
                let namespace = instance.start.definition.workflow.namespace.clone();
                let topic = event.topic(namespace);
                of(&[topic], &|topic| Message::Publish { topic, event: event.clone() })
            }
            Effect::Subscribe { subscription, topics } => of(topics, &|topic| Message::Subscribe {
                topic,
                subscription: subscription.clone(),
            }),
            Effect::Unsubscribe { step, topics } => {
                of(topics, &|topic| Message::Unsubscribe { topic, instance: id, step: *step })
            }
            _ => Vec::new(),
        }
    }

    /// A durable message sets out.
    pub(super) fn deliver(&mut self, from: ShardId, sequence: u64) {
        let Some((to, previous, message)) = self.links.outbox.get(&(from, sequence)).cloned()
        else {
            return;
        };
        let pair = (to, from);
        self.links.arriving.entry(pair).or_default().push_back((sequence, previous, message));
        self.take_arriving(pair);
    }

    /// Takes the messages of a pair in order, up to one whose instance has to be loaded first.
    fn take_arriving(&mut self, pair: (ShardId, ShardId)) {
        // What is taken comes back here; only the outermost goes on, so that a long queue does not fill the stack.
        if !self.links.taking.insert(pair) {
            return;
        }
        while !self.links.busy.contains(&pair) {
            let Some(queue) = self.links.arriving.get_mut(&pair) else { break };
            let Some((sequence, previous, message)) = queue.pop_front() else {
                self.links.arriving.remove(&pair);
                break;
            };
            let (_, from) = pair;
            let taken = match sabotage::is(Sabotage::InboxCheckOff) {
                false => self.links.taken.get(&pair).copied().unwrap_or(0),
                true => previous,
            };
            if sequence <= taken {
                self.release(Release::Acknowledge { from, sequence });
                continue;
            }
            if previous != taken {
                // A gap: the one before it sets out again, and this one after it.
                if !sabotage::is(Sabotage::GapForgotten) {
                    self.links.set_out_later(from, sequence, self.now);
                }
                continue;
            }
            self.links.busy.insert(pair);
            self.take_message(pair, sequence, message);
        }
        self.links.taking.remove(&pair);
    }

    /// Takes a message to whom it is for; it is taken once that has become durable.
    fn take_message(&mut self, pair: (ShardId, ShardId), sequence: u64, message: Message) {
        let (to, from) = pair;
        match message {
            Message::StartChild { parent, step, child } => {
                self.start_child(pair, sequence, parent, step, child);
            }
            Message::ChildEnded { parent, .. } | Message::ChildUndone { parent, .. } => {
                self.give(parent, Task::Message { from, to, sequence, message });
            }
            Message::CancelChild { child } | Message::UndoChild { child, .. } => {
                self.give(child, Task::Message { from, to, sequence, message });
            }
            Message::Found { instance, .. } | Message::NotListening { instance, .. }
                if !instance.is_of_instance() =>
            {
                self.tell_listener(pair, sequence, instance, message);
            }
            Message::Found { instance, .. }
            | Message::NotListening { instance, .. }
            | Message::Admit { instance }
            | Message::GiveWay { instance }
            | Message::HaveRoom { instance }
            | Message::NoRoom { instance, .. }
            | Message::Hasten { instance, .. } => {
                self.give(instance, Task::Message { from, to, sequence, message });
            }
            Message::AskRoom { lines, instance, at_once } => {
                self.asked_for_room(pair, sequence, &lines, instance, at_once);
            }
            Message::LeaveRoom { lines, instance } => {
                self.left_room(pair, sequence, &lines, instance);
            }
            Message::Publish { .. }
            | Message::Forward { .. }
            | Message::Subscribe { .. }
            | Message::Unsubscribe { .. } => {
                let Some((topic, input)) = super::feeds::topic_input(message) else { return };
                self.give_topic(topic, TopicTask::Message { pair, sequence, input });
            }
            Message::StartScheduled { ref start } => {
                self.give(start.id, Task::Message { from, to, sequence, message });
            }
            Message::CancelScheduled { id } => {
                self.give(id, Task::Message { from, to, sequence, message });
            }
            Message::ScheduledEnded { workflow, id, at, ending } => {
                let input = ScheduleInput::Ended { id, at, ending };
                self.tell_schedule(pair, sequence, &workflow, input);
            }
        }
    }

    /// Whether a message that waited for its instance is still the next one of its pair: a refusal may have taken back those
    /// before it. One that is not sets out again.
    pub(super) fn is_next(&mut self, (to, from): (ShardId, ShardId), sequence: u64) -> bool {
        let taken = self.links.taken.get(&(to, from)).copied().unwrap_or(0);
        let previous = self.links.outbox.get(&(from, sequence)).map(|(_, previous, _)| *previous);
        if previous == Some(taken) || sabotage::is(Sabotage::InboxCheckOff) {
            return true;
        }
        self.links.set_out_later(from, sequence, self.now);
        self.links.busy.remove(&(to, from));
        self.take_arriving((to, from));
        false
    }

    /// The parent is told that its child cannot start.
    pub(super) fn refuse_child(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        (parent, step, child): (InstanceId, motet_types::StepId, InstanceId),
        awaited: bool,
        error: &Error,
    ) {
        let detail = error.to_string();
        let error = WorkflowError::new(ErrorKind::Configuration, "the child cannot start", detail);
        let end = End::Faulted { step: motet_types::StepId(0), error: Box::new(error) };
        let reply = Message::ChildEnded { parent, step, child, end, undoable: false };
        self.consume(pair, sequence, awaited.then_some(reply));
        self.taken(pair, sequence);
    }

    /// A live instance has no use for a message, or met a defect with it and keeps it: it is taken all the same.
    pub(super) fn message_rejected(&mut self, pair: Pair, sequence: u64, message: &Message) {
        let answer = match message {
            Message::UndoChild { parent, step, child } => {
                Some(undone(*parent, *step, *child, self.why_not_undone(*child)))
            }
            _ => None,
        };
        self.consume(pair, sequence, answer);
        self.taken(pair, sequence);
    }

    /// Why an instance did not begin to undo what it did; `None` if nothing of it is left.
    fn why_not_undone(&self, id: InstanceId) -> Option<Box<WorkflowError>> {
        let instance = self.slots.get(&id).and_then(Slot::live);
        let is_over = instance.is_some_and(|instance| {
            matches!(instance.end, Some(End::Cancelled { .. } | End::Faulted { .. }))
        });
        (!is_over).then(|| not_there(id))
    }

    /// A message whose instance cannot be had is consumed: nobody can do anything about it.
    pub(super) fn refuse_message(
        &mut self,
        from: ShardId,
        to: ShardId,
        sequence: u64,
        message: Message,
        error: &Error,
    ) {
        if !self.is_next((to, from), sequence) {
            return;
        }
        if let Message::StartScheduled { start } = message {
            return self.start_scheduled((to, from), sequence, &start, error);
        }
        let answer = match message {
            Message::UndoChild { parent, step, child } => {
                Some(undone(parent, step, child, Some(not_there(child))))
            }
            _ => None,
        };
        self.consume((to, from), sequence, answer);
        self.taken((to, from), sequence);
    }

    /// Makes it durable that a message was taken, perhaps with an answer to it.
    pub(super) fn consume(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        answer: Option<Message>,
    ) {
        let (to, from) = pair;
        let mut rows = vec![taken_row(pair, sequence)];
        let mut releases = vec![Release::Acknowledge { from, sequence }];
        if let Some(answer) = answer {
            let (sequence, answer_rows) = self.links.send(to, from, answer);
            rows.extend(answer_rows);
            releases.push(Release::Deliver { from: to, sequence });
        }
        self.commit_rows(to, rows);
        for release in releases {
            self.release(release);
        }
    }

    pub(super) fn taken(&mut self, pair: (ShardId, ShardId), sequence: u64) {
        self.links.taken.insert(pair, sequence);
        self.links.busy.remove(&pair);
        self.take_arriving(pair);
    }

    /// Commits acknowledgements that found no commit to ride on.
    pub(super) fn tend_links(&mut self) {
        while let Some((due, from, sequence)) = self.links.redeliver.first().copied() {
            if due > self.now {
                break;
            }
            self.links.redeliver.pop_first();
            self.deliver(from, sequence);
        }
        if self.links.acknowledge_by.is_none_or(|by| by > self.now) {
            return;
        }
        let shards: VecDeque<ShardId> = self.links.acknowledged.keys().copied().collect();
        for shard in shards {
            while self.links.acknowledged.contains_key(&shard) {
                self.commit_rows(shard, Vec::new());
            }
        }
    }
}

/// The change by which an acknowledged message's row goes.
pub(super) fn message_deletion(from: ShardId, sequence: u64) -> RowChange {
    let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
    RowChange::Delete {
        table: MESSAGE.id,
        key: vec![Value::Int(i64::from(from.0)), Value::Int(sequence)],
    }
}

pub(super) fn taken_row((to, from): (ShardId, ShardId), sequence: u64) -> RowChange {
    let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
    let row =
        vec![Value::Int(i64::from(to.0)), Value::Int(i64::from(from.0)), Value::Int(sequence)];
    RowChange::Put { table: INBOX.id, row }
}
