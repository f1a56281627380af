//! Topics: loaded when they are first used, asked in order, let go when nobody waits for anything of theirs.
//!
//! A topic's records become rows; what it gives out becomes messages to the shards of the instances, in the same commit.
//! What came by message is taken in that commit, too.

mod expiry;
mod load;
mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use motet_engine::event::{Event, TopicId};
use motet_engine::topic::{self, Record, Topic};
use motet_journal::Message;
use motet_store::{CommitError, Row, RowScan};
use motet_types::{Label, ShardId, Timestamp};

use super::batch::Release;
use super::links::{Pair, taken_row};
use super::{Machine, Output, Reply, Responder};
use crate::Error;
use crate::sabotage::{self, Sabotage};

use expiry::Expiry;
use load::Loading;

/// Topics that stay in memory while nothing happens to them.
const TOPICS_CACHED_MAX: usize = 1_024;

/// How long a topic rests that could not be read.
const REST: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Topics {
    slots: HashMap<TopicId, TopicSlot>,
    /// Topics that nothing happens to, oldest first.
    idle: BTreeMap<u64, TopicId>,
    /// Topics that go on giving out, in order.
    giving: VecDeque<TopicId>,
    /// Topics that could not be read, with the time of the next try.
    resting: BTreeSet<(Timestamp, TopicId)>,
    expiry: Expiry,
}

struct TopicSlot {
    state: TopicState,
    /// What waits for the load, or until everything is given out.
    queue: VecDeque<TopicTask>,
    /// Commits that are not durable yet.
    unsettled: u32,
    /// Its place among the idle.
    idle: Option<u64>,
}

enum TopicState {
    Loading(Box<Loading>),
    /// The store could not be read.
    Unread,
    Live(Box<Topic>),
}

/// Something for one topic.
pub(super) enum TopicTask {
    /// An event from outside.
    Publish {
        event: Arc<Event>,
        reply: Responder,
    },
    /// A message of another shard.
    Message {
        pair: Pair,
        sequence: u64,
        input: topic::Input,
    },
    Expire,
}

impl Topics {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.resting.first().map(|(due, _)| *due)
    }

    pub(super) fn has_work(&self) -> bool {
        !self.giving.is_empty()
    }
}

impl Machine {
    pub(super) fn publish(&mut self, namespace: Label, event: Arc<Event>, reply: Responder) {
        let topic = event.topic(namespace);
        self.give_topic(topic, TopicTask::Publish { event, reply });
    }

    /// Does a task now if the topic is there and free; else it waits.
    pub(super) fn give_topic(&mut self, id: TopicId, task: TopicTask) {
        let slot = self.topics.slots.entry(id.clone());
        let is_new = matches!(slot, std::collections::hash_map::Entry::Vacant(_));
        let slot = slot.or_insert_with(|| TopicSlot {
            state: TopicState::Unread,
            queue: VecDeque::new(),
            unsettled: 0,
            idle: None,
        });
        let is_free = matches!(&slot.state, TopicState::Live(topic) if !topic.has_work());
        if is_free && slot.queue.is_empty() {
            return self.perform_topic(&id, task);
        }
        slot.queue.push_back(task);
        if is_new {
            self.load_topic_again(&id);
        }
    }

    /// Goes on with topics that give out more than one step may.
    pub(super) fn continue_topics(&mut self) {
        for _ in 0..self.topics.giving.len() {
            let Some(id) = self.topics.giving.pop_front() else { return };
            self.step_topic(&id, topic::Input::Continue, Vec::new(), Vec::new());
            self.perform_topic_queue(&id);
        }
    }

    pub(super) fn load_resting_topics(&mut self) {
        while let Some((due, id)) = self.topics.resting.first().cloned() {
            if due > self.now {
                return;
            }
            self.topics.resting.pop_first();
            self.load_topic_again(&id);
        }
    }

    /// The store's answer about a page of a topic's rows.
    pub(super) fn topic_read(
        &mut self,
        id: &TopicId,
        token: u64,
        rows: Result<Vec<Row>, motet_store::Error>,
    ) {
        let context = topic::Context { now: self.now, limits: &self.config.limits };
        let Some(slot) = self.topics.slots.get_mut(id) else { return };
        let TopicState::Loading(loading) = &mut slot.state else { return };
        if loading.token != token {
            // A page of an earlier load, which may show what has been taken back since.
            return;
        }
        let read = rows.map_err(|error| error.to_string()).and_then(|rows| loading.take(&rows));
        match read {
            Ok(false) => self.load_topic(id),
            Ok(true) => {
                let topic = loading.finish(&context);
                let gives = topic.has_work();
                slot.state = TopicState::Live(Box::new(topic));
                if gives {
                    self.topics.giving.push_back(id.clone());
                }
                self.perform_topic_queue(id);
            }
            Err(error) => self.topic_unread(id, error),
        }
    }

    /// A commit of a topic is durable.
    pub(super) fn settled_topic(&mut self, id: &TopicId) {
        let topics = &mut self.topics;
        let Some(slot) = topics.slots.get_mut(id) else { return };
        slot.unsettled = slot.unsettled.saturating_sub(1);
        let TopicState::Live(topic) = &slot.state else { return };
        if slot.unsettled > 0 || !slot.queue.is_empty() || topic.has_work() {
            return;
        }
        if let Some(place) = slot.idle.take() {
            topics.idle.remove(&place);
        }
        if topic.is_empty() {
            topics.slots.remove(id);
            return;
        }
        let place = topics.idle.last_key_value().map_or(0, |(last, _)| last + 1);
        slot.idle = Some(place);
        topics.idle.insert(place, id.clone());
        while topics.idle.len() > TOPICS_CACHED_MAX {
            let Some((_, oldest)) = topics.idle.pop_first() else { return };
            let is_still_idle = |slot: &TopicSlot| slot.unsettled == 0 && slot.queue.is_empty();
            match topics.slots.get_mut(&oldest) {
                Some(slot) if is_still_idle(slot) => drop(topics.slots.remove(&oldest)),
                Some(slot) => slot.idle = None,
                None => {}
            }
        }
    }

    /// Drops a topic whose last commits were refused; what waits for it goes on from what is durable.
    pub(super) fn forget_topic(&mut self, id: &TopicId, _error: &CommitError) {
        let topics = &mut self.topics;
        topics.giving.retain(|other| other != id);
        let Some(slot) = topics.slots.get_mut(id) else { return };
        if let Some(place) = slot.idle.take() {
            topics.idle.remove(&place);
        }
        slot.unsettled = 0;
        // Even with nothing waiting it is read again: it may have something left to give out.
        self.load_topic_again(id);
    }

    fn perform_topic_queue(&mut self, id: &TopicId) {
        while let Some(slot) = self.topics.slots.get_mut(id) {
            let is_free = matches!(&slot.state, TopicState::Live(topic) if !topic.has_work());
            if !is_free {
                return;
            }
            let Some(task) = slot.queue.pop_front() else { return };
            self.perform_topic(id, task);
        }
    }

    fn perform_topic(&mut self, id: &TopicId, task: TopicTask) {
        match task {
            TopicTask::Publish { event, reply } => {
                let input = topic::Input::Publish { event, received: None };
                let is_early = sabotage::is(Sabotage::DeliveryBeforeDurable);
                let created = self.step_topic(id, input, Vec::new(), Vec::new());
                let result = Ok(Reply::Event { duplicate: !created });
                match is_early {
                    true => {
                        let position = self.position;
                        self.outputs.push(Output::Reply { reply, result, position });
                    }
                    false => self.reply(reply, result),
                }
            }
            TopicTask::Message { pair, sequence, input } => {
                if !self.is_next(pair, sequence) {
                    return;
                }
                let rows = vec![taken_row(pair, sequence)];
                let releases = vec![Release::Acknowledge { from: pair.1, sequence }];
                self.step_topic(id, input, rows, releases);
                self.taken(pair, sequence);
            }
            TopicTask::Expire => {
                self.topics.expiry.is_done();
                self.step_topic(id, topic::Input::Expire, Vec::new(), Vec::new());
            }
        }
    }

    /// Steps a topic and gathers what follows; whether anything did.
    fn step_topic(
        &mut self,
        id: &TopicId,
        input: topic::Input,
        mut rows: Vec<motet_store::RowChange>,
        mut releases: Vec<Release>,
    ) -> bool {
        let context = topic::Context { now: self.now, limits: &self.config.limits };
        let Some(slot) = self.topics.slots.get_mut(id) else { return false };
        let TopicState::Live(topic) = &mut slot.state else { return false };
        let records =
            topic.step(&context, input).expect("nothing is given to a topic that gives out");
        if topic.has_work() {
            self.topics.giving.push_back(id.clone());
        }
        let shard = id.shard();
        for record in &records {
            rows.extend(rows::of(id, record));
            if let Some((to, message)) = self.message_of(id, record) {
                let (sequence, message_rows) = self.links.send(shard, to, message);
                rows.extend(message_rows);
                releases.push(Release::Deliver { from: shard, sequence });
            }
        }
        if !rows.is_empty() {
            if let Some(slot) = self.topics.slots.get_mut(id) {
                slot.unsettled += 1;
            }
            self.commit_rows(shard, rows);
            self.building.topics.push(id.clone());
        }
        self.count_events(&records);
        for release in releases {
            self.release(release);
        }
        !records.is_empty()
    }

    /// What a topic's record tells another shard.
    fn message_of(&self, id: &TopicId, record: &Record) -> Option<(ShardId, Message)> {
        match record {
            Record::Kept { event, received, .. } => {
                let is_wanted = id.kind.is_some() && self.view.all_events.contains(&id.namespace);
                let topic = TopicId { namespace: id.namespace.clone(), kind: None };
                let (event, received) = (event.clone(), *received);
                is_wanted.then(|| (topic.shard(), Message::Forward { topic, event, received }))
            }
            Record::Delivered { delivery, received, event, .. } => {
                let (instance, step) = delivery.to;
                let matches = delivery.matches.clone();
                let (event, received) = (event.clone(), *received);
                let message = Message::Found { instance, step, event, received, matches };
                Some((instance.shard(), message))
            }
            Record::Refused { listener: (instance, step), reason } => {
                let (instance, step, reason) = (*instance, *step, reason.clone());
                Some((instance.shard(), Message::NotListening { instance, step, reason }))
            }
            _ => None,
        }
    }

    fn count_events(&mut self, records: &[Record]) {
        for record in records {
            match record {
                Record::Kept { .. } => self.counters.events += 1,
                Record::Delivered { .. } => self.counters.events_delivered += 1,
                _ => {}
            }
        }
    }

    fn load_topic(&mut self, id: &TopicId) {
        let Some(slot) = self.topics.slots.get(id) else { return };
        let TopicState::Loading(loading) = &slot.state else { return };
        let (token, scan): (u64, RowScan) = (loading.token, loading.next());
        self.outputs.push(Output::ScanTopic { topic: id.clone(), token, scan });
    }

    fn load_topic_again(&mut self, id: &TopicId) {
        let token = self.next_token();
        let Some(slot) = self.topics.slots.get_mut(id) else { return };
        slot.state = TopicState::Loading(Box::new(Loading::new(id.clone(), token)));
        self.load_topic(id);
    }

    /// The store could not read a topic: who asks from outside is told, messages wait for another try.
    fn topic_unread(&mut self, id: &TopicId, error: String) {
        let Some(slot) = self.topics.slots.get_mut(id) else { return };
        slot.state = TopicState::Unread;
        let (kept, failed): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut slot.queue)
            .into_iter()
            .partition(|task| matches!(task, TopicTask::Message { .. }));
        slot.queue = kept;
        self.topics.resting.insert((self.now.saturating_add(REST), id.clone()));
        for task in failed {
            match task {
                TopicTask::Publish { reply, .. } => {
                    self.reply(reply, Err(Error::Unavailable(error.clone())));
                }
                TopicTask::Expire => self.topics.expiry.is_done(),
                TopicTask::Message { .. } => {}
            }
        }
    }
}
