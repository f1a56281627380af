use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Instant, List, MapOf, Number, Ref, Text, Truth};

/// Shapes of services and their endpoints.
pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "ServiceName",
        meaning: "Which service it was.",
        members: &[("namespace", Always, Text), ("name", Always, Text)],
    },
    Schema {
        name: "ServiceSummary",
        meaning: "A service. `document`: whether it has one. `passing`: endpoints that get calls.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("document", Always, Truth),
            ("versions", Always, List(&Text)),
            ("endpoints", Always, Number),
            ("passing", Always, Number),
            ("inFlight", Always, Number),
        ],
    },
    Schema {
        name: "ServicePage",
        meaning: "Services, by name.",
        members: &[("items", Always, List(&Ref("ServiceSummary"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "ServicePublication",
        meaning: "A document that is in force, with warnings about it.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("digest", Always, Text),
            ("diagnostics", Always, List(&Ref("Diagnostic"))),
        ],
    },
    Schema {
        name: "Service",
        meaning: "A service. `patienceMs`: how long a step waits for it. `revision` grows with every change of the document or the \
                  endpoints, in this life of the server.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("document", Maybe, Ref("ServiceDocument")),
            ("patienceMs", Always, Number),
            ("versions", Always, List(&Ref("ServiceVersion"))),
            ("waiting", Always, List(&Ref("WaitingCalls"))),
            ("endpoints", Always, List(&Ref("Endpoint"))),
            ("revision", Always, Number),
        ],
    },
    Schema {
        name: "ServiceDocument",
        meaning: "The document as it was written, and who put it there.",
        members: &[
            ("digest", Always, Text),
            ("source", Always, Text),
            ("setAt", Always, Instant),
            ("setBy", Maybe, Text),
        ],
    },
    Schema {
        name: "ServiceVersion",
        meaning: "One version. `weight` is relative to that of the others. `breaker`: `closed` (calls pass), `open`, `half-open` or \
                  `ramping`. `recentCalls`: those that the breaker looks at.",
        members: &[
            ("version", Always, Text),
            ("weight", Always, Number),
            ("endpoints", Always, Number),
            ("inFlight", Always, Number),
            ("inFlightMax", Maybe, Number),
            ("breaker", Always, Text),
            ("openUntil", Maybe, Instant),
            ("recentCalls", Always, Number),
            ("recentFailures", Always, Number),
        ],
    },
    Schema {
        name: "WaitingCalls",
        meaning: "Calls that wait for one version of a service. `reason`: what the first one waits for, `breaker`, `limit` or `endpoint`. \
                  `since`: when the one began to wait that has waited longest. `until`: when it is looked at again at the latest. \
                  `deadline`: when the first of them stops waiting. `leftOut`: versions of workflows beyond those listed.",
        members: &[
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
        name: "WaitingWorkflow",
        meaning: "Calls of one version of a workflow that wait for a service, of so many instances. `deadline`: when the first of \
                  them stops waiting; `deadlineOf`: by the timeout of its `task` or of its `workflow`, or because the service's \
                  `patience` ends; without it all undo something, and wait without end.",
        members: &[
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("calls", Always, Number),
            ("instances", Always, Number),
            ("deadline", Maybe, Instant),
            ("deadlineOf", Maybe, Text),
        ],
    },
    Schema {
        name: "Endpoint",
        meaning: "An endpoint. `origin`: `document`, `registered` or `dns`. `state`: `passing`, `suspect` (its lease is over), `failing` (its \
                  probes fail), `ejected` (its calls failed) or `draining`. `leaseMs`: how long it is believed still.",
        members: &[
            ("id", Always, Text),
            ("url", Always, Text),
            ("version", Always, Text),
            ("zone", Maybe, Text),
            ("weight", Always, Number),
            ("origin", Always, Text),
            ("state", Always, Text),
            ("ejectedUntil", Maybe, Instant),
            ("leaseMs", Maybe, Number),
            ("inFlight", Always, Number),
            ("latencyMs", Maybe, Number),
            ("metadata", Maybe, MapOf(&Text)),
            ("registeredAt", Always, Instant),
            ("registeredBy", Maybe, Text),
        ],
    },
    Schema {
        name: "Registration",
        meaning: "What an endpoint says of itself: `http://host:port`, with a path if all its paths stand behind one. `ttl`: how long it \
                  is believed without another word of it, as in `90s`.",
        members: &[
            ("url", Always, Text),
            ("version", Maybe, Text),
            ("zone", Maybe, Text),
            ("weight", Maybe, Number),
            ("ttl", Maybe, Text),
            ("metadata", Maybe, MapOf(&Text)),
        ],
    },
    Schema {
        name: "Lease",
        meaning: "For how long the endpoint is believed to be there.",
        members: &[("id", Always, Text), ("leaseMs", Maybe, Number), ("maintenance", Maybe, Truth)],
    },
];
