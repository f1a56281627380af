use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{List, Number, Ref, Text, Truth};

pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "DependencyGraph",
        meaning: "Who depends on what, as definitions say it.",
        members: &[
            ("vertices", Always, List(&Ref("DependencyVertex"))),
            ("edges", Always, List(&Ref("DependencyEdge"))),
            ("cycles", Always, List(&Ref("DependencyCycle"))),
            ("orphans", Always, List(&Text)),
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
        ],
    },
    Schema {
        name: "DependencyCycle",
        meaning: "Vertices each of which depends on itself through the others.",
        members: &[("members", Always, List(&Text))],
    },
    Schema {
        name: "Impact",
        meaning: "Who is hit, nearest first; `open` counts instances that have not ended.",
        members: &[
            ("of", Always, List(&Text)),
            ("dependents", Always, List(&Ref("Dependent"))),
            ("open", Always, Number),
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
            ("distance", Always, Number),
            ("through", Always, Text),
        ],
    },
];
