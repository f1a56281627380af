use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Id, List, Number, Ref, Text};

/// Shapes of limits of how many instances run at once, and of what instances wait for before they begin.
pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "WaitsForTurn",
        meaning: "What an instance waits for before it begins: a concurrency key, with the instance that holds it, or room under \
                  the `limit` of its workflow or its namespace.",
        members: &[
            ("concurrencyKey", Maybe, Text),
            ("instance", Maybe, Id),
            ("limit", Maybe, Text),
        ],
    },
    Schema {
        name: "WaitsForRoom",
        meaning: "Under whose limit (`workflow` or `namespace`) an instance waits for room, and how many wait before it.",
        members: &[("of", Always, Text), ("ahead", Always, Number)],
    },
    Schema {
        name: "Limit",
        meaning: "How many instances of a workflow, or of a namespace, may run at once. `max` is absent where there is no such limit any more.",
        members: &[
            ("of", Always, Text),
            ("namespace", Always, Text),
            ("workflow", Maybe, Text),
            ("max", Maybe, Number),
            ("running", Always, Number),
            ("waiting", Always, Number),
        ],
    },
    Schema {
        name: "LimitPage",
        meaning: "A page of limits: those of workflows by name, then those of namespaces.",
        members: &[("items", Always, List(&Ref("Limit"))), ("next", Maybe, Text)],
    },
];
