use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Decimal, Instant, List, Number, Ref, Text, Truth};

pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "DependencyGraph",
        meaning: "Who depends on what, as definitions say it.",
        members: &[
            ("vertices", Always, List(&Ref("DependencyVertex"))),
            ("edges", Always, List(&Ref("DependencyEdge"))),
            ("cycles", Always, List(&Ref("DependencyCycle"))),
            ("orphans", Always, List(&Text)),
            ("drift", Always, Ref("DependencyDrift")),
            ("singlePoints", Always, List(&Text)),
            ("leftOut", Always, Number),
        ],
    },
    Schema {
        name: "DependencyVertex",
        meaning: "A workflow of one version, a service, a host, a worker, an event, or what only an expression knows.",
        members: &[
            ("id", Always, Text),
            ("kind", Always, Text),
            ("missing", Maybe, Truth),
            ("open", Maybe, Number),
            ("endpoints", Maybe, Number),
            ("passing", Maybe, Number),
        ],
    },
    Schema {
        name: "DependencyEdge",
        meaning: "What depends, on what, and where the definition says so (JSON pointers).",
        members: &[
            ("from", Always, Text),
            ("to", Always, Text),
            ("relation", Always, Text),
            ("places", Always, List(&Text)),
            ("observed", Maybe, List(&Ref("ObservedCalls"))),
        ],
    },
    Schema {
        name: "ObservedCalls",
        meaning: "What calls have shown since the server began, by version of the service: those that came back, errors \
                  among them (no answer, 429, 5xx), calls a second within the last minute, and quantiles of the last minutes.",
        members: &[
            ("version", Maybe, Text),
            ("calls", Always, Number),
            ("errors", Always, Number),
            ("inFlight", Always, Number),
            ("ratePerSecond", Always, Decimal),
            ("p50Ms", Maybe, Decimal),
            ("p99Ms", Maybe, Decimal),
        ],
    },
    Schema {
        name: "DependencyDrift",
        meaning: "Calls that definitions name and that were not observed although their workflow has called others; calls \
                  that no definition names.",
        members: &[
            ("neverObserved", Always, List(&Ref("DependencyEnds"))),
            ("undeclared", Always, List(&Ref("DependencyEnds"))),
        ],
    },
    Schema {
        name: "DependencyEnds",
        meaning: "The ends of an edge.",
        members: &[("from", Always, Text), ("to", Always, Text)],
    },
    Schema {
        name: "DependencyCycle",
        meaning: "Vertices each of which depends on itself through the others.",
        members: &[("members", Always, List(&Text))],
    },
    Schema {
        name: "CriticalPath",
        meaning: "What instances waited for: mean time of an instance, and of it what no task took; how many instances this is \
                  of, and of how many the history is not whole.",
        members: &[
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("instances", Always, Number),
            ("leftOut", Always, Number),
            ("meanMs", Always, Decimal),
            ("betweenMs", Always, Decimal),
            ("tasks", Always, List(&Ref("CriticalTask"))),
        ],
    },
    Schema {
        name: "CriticalTask",
        meaning: "A task on the way (JSON pointer), what it waited for (`call`, `wait`, `child`, `job`, `person`, `event`), on how \
                  many paths it is, and its time: the mean over all instances, and the longest of one.",
        members: &[
            ("task", Always, Text),
            ("kind", Always, Text),
            ("on", Always, Number),
            ("meanMs", Always, Decimal),
            ("maxMs", Always, Decimal),
        ],
    },
    Schema {
        name: "Impact",
        meaning: "Who is hit, nearest first; `open` counts instances that have not ended.",
        members: &[
            ("of", Always, List(&Text)),
            ("dependents", Always, List(&Ref("Dependent"))),
            ("breakers", Always, List(&Ref("OpenBreaker"))),
            ("waiting", Always, List(&Ref("WaitingForService"))),
            ("open", Always, Number),
        ],
    },
    Schema {
        name: "OpenBreaker",
        meaning: "A breaker that is not closed, of a service that was asked for: `open`, `half-open` or `ramping`.",
        members: &[
            ("service", Always, Text),
            ("version", Always, Text),
            ("state", Always, Text),
            ("until", Maybe, Instant),
        ],
    },
    Schema {
        name: "WaitingForService",
        meaning: "Calls that wait for a service that was asked for, as the service itself tells them (`WaitingCalls`).",
        members: &[
            ("service", Always, Text),
            ("version", Always, Text),
            ("calls", Always, Number),
            ("instances", Always, Number),
            ("reason", Always, Text),
            ("since", Always, Instant),
            ("until", Maybe, Instant),
            ("deadline", Maybe, Instant),
            ("deadlineOf", Maybe, Text),
            ("workflows", Always, List(&Ref("WaitingWorkflow"))),
            ("leftOut", Always, Number),
        ],
    },
    Schema {
        name: "Dependent",
        meaning: "A vertex that depends on what was asked for, over so many edges, the last of them to `through`.",
        members: &[
            ("id", Always, Text),
            ("kind", Always, Text),
            ("missing", Maybe, Truth),
            ("open", Maybe, Number),
            ("endpoints", Maybe, Number),
            ("passing", Maybe, Number),
            ("distance", Always, Number),
            ("through", Always, Text),
        ],
    },
];
