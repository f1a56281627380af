//! Topics, and events that come from outside.

use std::sync::Arc;

use motet_engine::event::{Event, TopicId};
use motet_engine::topic::{self, Topic};
use motet_expr::{Environment, Value, json};
use motet_types::{InstanceId, Label, Timestamp};

use super::{Arrival, World, root_id};
use crate::mock::Call;
use crate::model::{EventContent, EventMock, EventTime};
use crate::read::whole_event;

/// How long before the start comes what comes before it.
const BEFORE_MICROS: i64 = 1_000_000;

/// Fuel of one computed event.
const FUEL: u64 = 1_000_000;

impl World<'_> {
    /// What comes before the instance begins is published, what comes at a time is under way.
    pub(super) fn send_events(&mut self) {
        let events = &self.scenario.events;
        for mock in events {
            let content = match &mock.content {
                EventContent::Given(attributes) => attributes.clone(),
                EventContent::Computed(_) => continue,
            };
            match mock.when {
                EventTime::Before => {
                    let start = self.now;
                    self.now = Timestamp::from_micros(start.as_micros() - BEFORE_MICROS);
                    self.send_event(mock, &content, None);
                    self.now = start;
                }
                EventTime::At(after) => {
                    let at = self.now.saturating_add(after);
                    self.send_event(mock, &content, Some(at));
                }
                EventTime::After { .. } => {}
            }
        }
    }

    /// What follows from something that a task has done: `call` says which task, `cause` what it did.
    pub(super) fn follow(&mut self, id: InstanceId, call: &Call, cause: &Value) {
        let events = &self.scenario.events;
        for mock in events {
            let EventTime::After { pattern, delay } = &mock.when else { continue };
            if id != root_id() || !pattern.fits(call) {
                continue;
            }
            let content = match &mock.content {
                EventContent::Given(attributes) => Ok(attributes.clone()),
                EventContent::Computed(program) => {
                    let mut fuel = FUEL;
                    let mut environment = Environment::new(&mut fuel, Timestamp::default());
                    program.evaluate(cause.clone(), Vec::new(), &mut environment)
                }
            };
            let at = self.now.saturating_add(*delay);
            match content {
                Ok(content) => self.send_event(mock, &content, Some(at)),
                Err(error) => self.trouble(format!("an event's `compute` fails: {error}")),
            }
        }
    }

    /// At this time, or now.
    fn send_event(&mut self, mock: &EventMock, attributes: &Value, at: Option<Timestamp>) {
        self.events_sent += 1;
        let event = match whole_event(attributes, self.events_sent) {
            Ok(event) => Arc::new(event),
            Err(message) => return self.trouble(message),
        };
        match at {
            None => {
                let namespace = self.setup.main.workflow.namespace.clone();
                self.publish(&namespace, &event);
            }
            Some(at) if mock.is_mail => self.arrive(at, Arrival::Mail { event }),
            Some(at) => self.arrive(at, Arrival::Event { event }),
        }
    }

    /// An event that an instance emits.
    pub(super) fn emitted(&mut self, id: InstanceId, event: &Arc<Event>) {
        self.emitted.push(event.value().clone());
        let namespace = self.slots[&id].graph.definition.workflow.namespace.clone();
        self.publish(&namespace, event);
    }

    /// Gives an event to its own topic, and to that of all events.
    pub(super) fn publish(&mut self, namespace: &Label, event: &Arc<Event>) {
        let input = topic::Input::Publish { event: event.clone(), received: None };
        self.ask_topic(event.topic(namespace.clone()), input.clone());
        self.ask_topic(TopicId { namespace: namespace.clone(), kind: None }, input);
    }

    /// Asks a topic; what it gives out arrives at once.
    pub(super) fn ask_topic(&mut self, id: TopicId, mut input: topic::Input) {
        let context = topic::Context { now: self.now, limits: &self.setup.limits };
        let mut topic = self.topics.remove(&id).unwrap_or_else(|| Topic::new(id.clone()));
        loop {
            let records = topic.step(&context, input).expect("it is not asked while it gives out");
            for record in records {
                match record {
                    topic::Record::Delivered { delivery, received, event, .. } => {
                        let ((to, step), matches) = (delivery.to, delivery.matches);
                        let input = motet_engine::Input::Found { step, event, received, matches };
                        self.arrive(self.now, Arrival::OfTopic { to, input: Box::new(input) });
                    }
                    topic::Record::Refused { listener: (to, step), reason } => {
                        let input = motet_engine::Input::NotListening { step, reason };
                        self.arrive(self.now, Arrival::OfTopic { to, input: Box::new(input) });
                    }
                    _ => {}
                }
            }
            if !topic.has_work() {
                break;
            }
            input = topic::Input::Continue;
        }
        self.topics.insert(id, topic);
    }
}

/// What a task did that emits: the event.
pub(super) fn cause_of(event: &Event) -> Value {
    json::object([("event", event.value().clone())])
}
