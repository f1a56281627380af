//! Events, filters and listens. The tables are the format: numbers are added, never changed, never used again.

use motet_definition::graph::ReadAs;
use motet_engine::event::{Correlation, Event, EventFilter, Test, TopicId};
use motet_engine::listen::{Events, Listen, Mail, Match, Role, Subscription, Taken, Terms};
use motet_expr::Value;

use crate::Error;
use crate::field::{Item, message, variants};
use crate::wire::{Reader, Wire, Writer};

/// An event stands as the object that it is.
impl Item for Event {
    const WIRE: Wire = Value::WIRE;

    fn write(&self, writer: &mut Writer<'_>) {
        self.value().write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let value = Value::read(reader)?;
        Self::parse(value).map_err(|_| reader.malformed("a value is no event"))
    }
}

message!(TopicId { 1 namespace, 2 kind });

message!(EventFilter { 1 with, 2 correlate });

variants!("test of an attribute", Test {
    1 Equal(1 value),
    2 Holds { 1 source, 2 variables },
});

message!(Correlation { 1 name, 2 from, 3 variables, 4 expect });

variants!("reading", ReadAs {
    1 Data,
    2 Envelope,
    3 Raw,
});

variants!("role of an event", Role {
    1 Output,
    2 Queue,
    3 Mark,
});

message!(Terms { 1 topics, 2 filters, 3 read, 4 once });

message!(Subscription { 1 instance, 2 step, 3 filters, 4 once, 130 taken });

message!(Match { 1 filter, 2 values });

message!(Listen {
    1 terms,
    2 is_subscribed,
    3 is_closed,
    4 satisfied,
    5 keys,
    6 queue,
    7 current,
    8 is_handled,
    9 outputs,
    10 taken,
});

message!(Events { 1 taken, 2 floor, 3 mail });

message!(Taken { 1 received, 2 steps_activated, 3 by });

message!(Mail { 1 received, 2 event });
