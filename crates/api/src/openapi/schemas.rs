//! Shapes of bodies, by name.

mod dependencies;
mod jobs;
mod limits;
mod rights;
mod services;
mod sinks;

use motet_expr::json::{array, object, string};
use motet_expr::{Map, Value};

use super::reference;
use Presence::{Always, Maybe};
use Shape::{Any, Id, Instant, List, MapOf, Number, Ref, Text, Truth};

/// Every named shape.
pub(super) fn all() -> Value {
    let others = [
        dependencies::SCHEMAS,
        jobs::SCHEMAS,
        limits::SCHEMAS,
        rights::SCHEMAS,
        services::SCHEMAS,
        sinks::SCHEMAS,
    ];
    let schemas = SCHEMAS.iter().chain(others.into_iter().flatten());
    object(schemas.map(|schema| (schema.name, schema.print())))
}

struct Schema {
    name: &'static str,
    meaning: &'static str,
    members: &'static [(&'static str, Presence, Shape)],
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Always,
    Maybe,
}

enum Shape {
    Any,
    Text,
    Number,
    Decimal,
    Truth,
    Instant,
    Id,
    Ref(&'static str),
    List(&'static Self),
    /// An object of values of this shape.
    MapOf(&'static Self),
}

impl Schema {
    fn print(&self) -> Value {
        let properties = self.members.iter().map(|(name, _, shape)| (*name, shape.print()));
        let required = self.members.iter().filter(|(_, presence, _)| *presence == Always);
        object([
            ("type", string("object")),
            ("description", string(self.meaning)),
            ("properties", object(properties)),
            ("required", array(required.map(|(name, _, _)| string(*name)))),
        ])
    }
}

impl Shape {
    fn print(&self) -> Value {
        let typed = |name: &str| ("type", string(name));
        match self {
            Self::Any => Value::obj(Map::default()),
            Self::Text => object([typed("string")]),
            Self::Number => object([typed("integer")]),
            Self::Decimal => object([typed("number")]),
            Self::Truth => object([typed("boolean")]),
            Self::Instant => object([typed("string"), ("format", string("date-time"))]),
            Self::Id => object([typed("string"), ("format", string("uuid"))]),
            Self::Ref(name) => reference("schemas", name),
            Self::List(item) => object([typed("array"), ("items", item.print())]),
            Self::MapOf(item) => object([typed("object"), ("additionalProperties", item.print())]),
        }
    }
}

const SCHEMAS: &[Schema] = &[
    Schema {
        name: "EventsAccepted",
        meaning: "Events that are durable: how many, and how many of them had come before.",
        members: &[
            ("accepted", Always, Number),
            ("duplicates", Always, Number),
            ("position", Always, Number),
        ],
    },
    Schema {
        name: "EventPage",
        meaning: "A page of events.",
        members: &[("items", Always, List(&Ref("KeptEvent"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "KeptEvent",
        meaning: "A CloudEvent, and when it arrived.",
        members: &[("received", Always, Instant), ("event", Always, Any)],
    },
    Schema {
        name: "Problem",
        meaning: "A refusal (RFC 9457).",
        members: &[
            ("type", Always, Text),
            ("title", Always, Text),
            ("status", Always, Number),
            ("detail", Always, Text),
            ("code", Always, Text),
            ("instanceId", Maybe, Id),
            ("diagnostics", Maybe, List(&Ref("Diagnostic"))),
            ("violations", Maybe, List(&Ref("Violation"))),
        ],
    },
    Schema {
        name: "Diagnostic",
        meaning: "One problem of a document: where it is (JSON pointer, line and column from 1), and what to do.",
        members: &[
            ("code", Always, Text),
            ("severity", Always, Text),
            ("message", Always, Text),
            ("help", Maybe, Text),
            ("path", Always, Text),
            ("line", Maybe, Number),
            ("column", Maybe, Number),
        ],
    },
    Schema {
        name: "Publication",
        meaning: "A published version, and warnings about it.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("version", Always, Text),
            ("digest", Always, Text),
            ("created", Always, Truth),
            ("diagnostics", Always, List(&Ref("Diagnostic"))),
        ],
    },
    Schema {
        name: "Validation",
        meaning: "Whether a document could be published, with all errors and warnings.",
        members: &[("valid", Always, Truth), ("diagnostics", Always, List(&Ref("Diagnostic")))],
    },
    Schema {
        name: "SchedulePage",
        meaning: "A page of schedules, by workflow.",
        members: &[("items", Always, List(&Ref("Schedule"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "Schedule",
        meaning: "When instances of a workflow begin by themselves: what the version in force asks for, what comes next, and \
                  the latest starts, the newest first.",
        members: &[
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("cron", Maybe, Text),
            ("every", Maybe, Text),
            ("after", Maybe, Text),
            ("on", Maybe, List(&Text)),
            ("timezone", Maybe, Text),
            ("overlap", Maybe, Text),
            ("catchup", Maybe, Text),
            ("paused", Always, Truth),
            ("pausedAt", Maybe, Instant),
            ("reason", Maybe, Text),
            ("upcoming", Always, List(&Ref("PlannedStart"))),
            ("waiting", Always, Number),
            ("gathering", Maybe, Number),
            ("problem", Maybe, Ref("ScheduleProblem")),
            ("running", Always, List(&Id)),
            ("latest", Always, List(&Ref("ScheduledStart"))),
            ("started", Always, Number),
            ("leftOut", Always, Number),
        ],
    },
    Schema {
        name: "ScheduleProblem",
        meaning: "Why events of a schedule did not become a start.",
        members: &[("at", Always, Instant), ("detail", Always, Text)],
    },
    Schema {
        name: "PlannedStart",
        meaning: "A start to come, in UTC and in the time of its zone.",
        members: &[("at", Always, Instant), ("local", Maybe, Instant), ("trigger", Always, Text)],
    },
    Schema {
        name: "ScheduledStart",
        meaning: "A start that a schedule asked for; `scheduledAt` is its nominal time.",
        members: &[
            ("instanceId", Always, Id),
            ("trigger", Always, Text),
            ("scheduledAt", Always, Instant),
            ("startedAt", Always, Instant),
            ("endedAt", Maybe, Instant),
            ("outcome", Maybe, Text),
        ],
    },
    Schema {
        name: "Backfill",
        meaning: "A span that has passed, both ends included.",
        members: &[("from", Always, Instant), ("to", Always, Instant)],
    },
    Schema {
        name: "WorkflowPage",
        meaning: "A page of workflows, by name.",
        members: &[("items", Always, List(&Ref("WorkflowSummary"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "WorkflowSummary",
        meaning: "A workflow with its versions, newest first, and where its tags stand.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("versions", Always, List(&Text)),
            ("tags", Always, MapOf(&Text)),
        ],
    },
    Schema {
        name: "Workflow",
        meaning: "A workflow with its versions, newest first, and its tags.",
        members: &[
            ("namespace", Always, Text),
            ("name", Always, Text),
            ("versions", Always, List(&Ref("Version"))),
            ("tags", Always, List(&Ref("Tag"))),
        ],
    },
    Schema {
        name: "Version",
        meaning: "One immutable version.",
        members: &[
            ("version", Always, Text),
            ("digest", Always, Text),
            ("publishedAt", Always, Instant),
            ("publishedBy", Maybe, Text),
        ],
    },
    Schema {
        name: "Tags",
        meaning: "The tags of a workflow.",
        members: &[("tags", Always, List(&Ref("Tag")))],
    },
    Schema {
        name: "Tag",
        meaning: "A tag, the version it names, and its moves, newest first.",
        members: &[
            ("tag", Always, Text),
            ("version", Maybe, Text),
            ("moves", Always, List(&Ref("TagMove"))),
        ],
    },
    Schema {
        name: "TagMove",
        meaning: "A tag was set.",
        members: &[
            ("at", Always, Instant),
            ("from", Maybe, Text),
            ("to", Always, Text),
            ("actor", Maybe, Text),
            ("reason", Maybe, Text),
        ],
    },
    Schema {
        name: "TagChange",
        meaning: "The version that a tag names from now on, and why.",
        members: &[("version", Always, Text), ("reason", Maybe, Text)],
    },
    Schema {
        name: "Reason",
        meaning: "Why something is asked; the body may be empty.",
        members: &[("reason", Maybe, Text)],
    },
    Schema {
        name: "WorkflowError",
        meaning: "What an instance failed with: an error of the workflow language, whose `instance` points into the document.",
        members: &[
            ("type", Always, Text),
            ("status", Always, Number),
            ("instance", Maybe, Text),
            ("title", Maybe, Text),
            ("detail", Maybe, Text),
        ],
    },
    Schema {
        name: "Result",
        meaning: "How an instance stands and, once it has ended, what came of it.",
        members: &[
            ("id", Always, Id),
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("status", Always, Text),
            ("created", Maybe, Truth),
            ("startedAt", Always, Instant),
            ("endedAt", Maybe, Instant),
            ("output", Maybe, Any),
            ("error", Maybe, Ref("WorkflowError")),
        ],
    },
    Schema {
        name: "Turn",
        meaning: "How an instance stands to its concurrency key: while it waits, the instance that holds the key and how many come before it.",
        members: &[("key", Always, Text), ("waitsFor", Maybe, Id), ("ahead", Maybe, Number)],
    },
    Schema {
        name: "Instance",
        meaning: "Everything about an instance but its history.",
        members: &[
            ("id", Always, Id),
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("digest", Always, Text),
            ("status", Always, Text),
            ("phase", Maybe, Text),
            ("startedAt", Always, Instant),
            ("updatedAt", Always, Instant),
            ("endedAt", Maybe, Instant),
            ("parent", Maybe, Id),
            ("businessKey", Maybe, Text),
            ("attributes", Always, MapOf(&Any)),
            ("concurrency", Maybe, Ref("Turn")),
            ("waitsForRoom", Maybe, Ref("WaitsForRoom")),
            ("input", Always, Any),
            ("output", Maybe, Any),
            ("error", Maybe, Ref("WorkflowError")),
            ("steps", Always, List(&Ref("Step"))),
            ("incidents", Always, List(&Ref("Incident"))),
            ("records", Always, Number),
        ],
    },
    Schema {
        name: "Undo",
        meaning: "What an instance would undo, undoes or has undone, in the order of the undo. `committed`: its pivot is complete.",
        members: &[
            ("id", Always, Id),
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("status", Always, Text),
            ("phase", Maybe, Text),
            ("committed", Always, Truth),
            ("entries", Always, List(&Ref("UndoEntry"))),
        ],
    },
    Schema {
        name: "UndoEntry",
        meaning: "One effect that can be undone. `state`: noted, waiting (for an outcome), queued, undoing, failed or undone; \
                  `outcome`: completed or unknown; `by`: the tasks that undo it, or `child`: the instance that does.",
        members: &[
            ("step", Always, Number),
            ("name", Always, Text),
            ("task", Always, Text),
            ("type", Always, Text),
            ("state", Always, Text),
            ("outcome", Always, Text),
            ("idempotencyKey", Always, Text),
            ("by", Always, List(&Text)),
            ("child", Maybe, Id),
            ("tries", Maybe, Number),
            ("due", Maybe, Instant),
            ("error", Maybe, Ref("WorkflowError")),
        ],
    },
    Schema {
        name: "Step",
        meaning: "An open step: one activation of a task.",
        members: &[
            ("id", Always, Number),
            ("parent", Maybe, Number),
            ("name", Always, Text),
            ("task", Always, Text),
            ("type", Always, Text),
            ("status", Always, Text),
            ("startedAt", Always, Instant),
            ("attempt", Maybe, Number),
            ("due", Maybe, Instant),
            ("waitsFor", Maybe, Ref("WaitsFor")),
            ("parked", Maybe, Ref("Parked")),
            ("listensTo", Maybe, List(&Text)),
        ],
    },
    Schema {
        name: "Parked",
        meaning: "Why a step's call waits to be sent: for the server's `gate` of calls in flight, a `breaker`, a `limit` or an \
                  `endpoint`; `sent` says whether an earlier try may have left.",
        members: &[
            ("reason", Always, Text),
            ("since", Always, Instant),
            ("until", Maybe, Instant),
            ("sent", Always, Truth),
        ],
    },
    Schema {
        name: "Incident",
        meaning: "A step that waits for a person.",
        members: &[("step", Always, Number), ("error", Always, Ref("WorkflowError"))],
    },
    Schema { name: "InstanceRow", meaning: "An instance in a list.", members: ROW },
    Schema {
        name: "InstancePage",
        meaning: "A page of instances, newest first.",
        members: &[("items", Always, List(&Ref("InstanceRow"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "IncidentPage",
        meaning: "A page of instances that wait for a person, each an InstanceRow with `incidents`.",
        members: &[("items", Always, List(&Ref("InstanceRow"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "Counts",
        meaning: "Numbers of instances by status.",
        members: &[("counts", Always, MapOf(&Number)), ("total", Always, Number)],
    },
    Schema {
        name: "HistoryPage",
        meaning: "A page of a history, oldest first.",
        members: &[("items", Always, List(&Ref("Entry"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "Entry",
        meaning: "One record: what became true, of which step and task (a JSON pointer into the document). Its details stand \
                  beside: `input`, `output`, `error`, `request`, `attempt`, `due` and others. One of type `cut` stands for \
                  the `records` from number `from` to its own, which a long history lost; one of type `damaged` \
                  ends a history that cannot be read from there on, for a `reason`.",
        members: &[
            ("number", Always, Number),
            ("at", Always, Instant),
            ("type", Always, Text),
            ("step", Always, Number),
            ("name", Maybe, Text),
            ("task", Maybe, Text),
            ("actor", Maybe, Text),
        ],
    },
    Schema {
        name: "BulkResult",
        meaning: "What a command for many instances did, or would do. With `next` it stopped at its limit: give it as `cursor` to \
                  go on.",
        members: &[
            ("dryRun", Always, Truth),
            ("matched", Always, Number),
            ("sample", Maybe, List(&Ref("InstanceRow"))),
            ("applied", Maybe, Number),
            ("failed", Maybe, Number),
            ("failures", Maybe, List(&Ref("BulkFailure"))),
            ("next", Maybe, Text),
        ],
    },
    Schema {
        name: "BackupTarget",
        meaning: "Where a copy goes: an absolute path on the server's machine, of a directory that is absent or empty.",
        members: &[("directory", Always, Text)],
    },
    Schema {
        name: "BackupReport",
        meaning: "A copy of everything durable: where it is, its size in bytes, and the position of its last commit.",
        members: &[
            ("directory", Always, Text),
            ("bytes", Always, Number),
            ("position", Always, Number),
        ],
    },
    Schema {
        name: "BulkFailure",
        meaning: "One instance that a command could not change.",
        members: &[("id", Always, Id), ("code", Always, Text), ("detail", Always, Text)],
    },
];

const ROW: &[(&str, Presence, Shape)] = &[
    ("id", Always, Id),
    ("namespace", Always, Text),
    ("workflow", Always, Text),
    ("version", Always, Text),
    ("status", Always, Text),
    ("startedAt", Always, Instant),
    ("updatedAt", Always, Instant),
    ("endedAt", Maybe, Instant),
    ("parent", Maybe, Id),
    ("businessKey", Maybe, Text),
    ("attributes", Maybe, MapOf(&Any)),
    ("error", Maybe, Text),
    ("hasIncident", Always, Truth),
    ("waitsFor", Maybe, Ref("WaitsForTurn")),
    ("incidents", Maybe, List(&Ref("Incident"))),
];
