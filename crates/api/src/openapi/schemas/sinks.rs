use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Any, Id, Instant, List, Number, Ref, Text, Truth};

/// Shapes of sinks of events.
pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "Sink",
        meaning: "A sink of events. `holdsUpStarts`: as many events wait as may, and no instance begins that would add to them. `dropped`: \
                  events that it went without, since the server was started. One that is not `configured` is shown while events wait for it.",
        members: &[
            ("name", Always, Text),
            ("configured", Always, Truth),
            ("waiting", Always, Number),
            ("waitingMax", Always, Number),
            ("holdsUpStarts", Always, Truth),
            ("refused", Always, Number),
            ("refusedMax", Always, Number),
            ("dropped", Always, Number),
        ],
    },
    Schema {
        name: "SinkList",
        meaning: "Sinks, by name.",
        members: &[("items", Always, List(&Ref("Sink")))],
    },
    Schema {
        name: "RefusedEvent",
        meaning: "An event that a sink refused for good. `record` is the ordinal of the record that it tells of.",
        members: &[
            ("refusedAt", Always, Instant),
            ("reason", Always, Text),
            ("instanceId", Always, Id),
            ("record", Always, Number),
            ("event", Always, Any),
        ],
    },
    Schema {
        name: "RefusedPage",
        meaning: "Events that a sink refused.",
        members: &[("items", Always, List(&Ref("RefusedEvent"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "SinkChange",
        meaning: "How many events of a sink were let go, or go out again.",
        members: &[("sink", Always, Text), ("events", Always, Number)],
    },
];
