//! The tables of the runtime, declared as data; a store creates them.

use bytes::Bytes;
use motet_store::{Column, ColumnType, Index, Schema, Table, TableId, Value};
use motet_types::InstanceId;

/// Every table, for whoever opens a store.
pub const SCHEMA: Schema = Schema {
    tables: &[
        ATTRIBUTE,
        AUDIT,
        ENDED,
        ENDPOINT,
        EVENT,
        GIVING,
        INBOX,
        INSTANCE,
        INTAKE,
        JOB,
        MESSAGE,
        OUTGOING,
        PENDING,
        REFUSED,
        ROOM,
        SCHEDULE,
        SCHEDULE_SET,
        SENT,
        SERVICE,
        START,
        SUBSCRIPTION,
        TASK,
        TIMER,
        TURN,
        UNLOADABLE,
        USAGE,
    ],
};

/// One row per instance: what lists show.
pub(crate) const INSTANCE: Table = Table {
    id: TableId(1),
    name: "instance",
    columns: &[
        blob("id"),
        int("shard"),
        text("namespace"),
        text("workflow"),
        text("version"),
        text("status"),
        int("started"),
        int("updated"),
        int("ended"),
        blob("parent"),
        text("business_key"),
        text("error"),
        int("incident"),
    ],
    key_columns: 1,
    indexes: &[
        Index { columns: &["namespace", "workflow", "status"], partial: false },
        Index { columns: &["parent"], partial: true },
        Index { columns: &["business_key"], partial: true },
    ],
};

/// Search attributes of instances; `value` is typed, in the order of the values.
pub(crate) const ATTRIBUTE: Table = Table {
    id: TableId(45),
    name: "attribute",
    columns: &[blob("instance"), text("name"), blob("value")],
    key_columns: 2,
    indexes: &[Index { columns: &["name", "value"], partial: false }],
};

/// Instances that hold a concurrency key (`holds` is 1), or wait for it in the order of `place`; `awaited` is 1 for a child
/// whose parent waits for it.
pub(crate) const TURN: Table = Table {
    id: TableId(46),
    name: "turn",
    columns: &[
        int("shard"),
        text("namespace"),
        text("workflow"),
        text("key"),
        int("place"),
        blob("instance"),
        int("holds"),
        int("awaited"),
    ],
    key_columns: 5,
    indexes: &[Index { columns: &["instance"], partial: false }],
};

/// Instances that count under a limit of how many run at once: of those with `has_room` there are at most so many, the others
/// wait in the order of `place`. `goes_on` is 1 for one that stands in the line of its namespace next.
pub(crate) const ROOM: Table = Table {
    id: TableId(101),
    name: "room",
    columns: &[
        int("shard"),
        text("of"),
        text("namespace"),
        text("name"),
        int("place"),
        blob("instance"),
        int("goes_on"),
        int("has_room"),
    ],
    key_columns: 5,
    indexes: &[Index { columns: &["instance"], partial: false }],
};

/// One row per instance that could not be loaded when it was last needed.
pub(crate) const UNLOADABLE: Table = Table {
    id: TableId(8),
    name: "unloadable",
    columns: &[blob("instance"), text("reason"), int("since")],
    key_columns: 1,
    indexes: &[],
};

/// One row per instance that waits for a time: its earliest timer.
pub(crate) const TIMER: Table = Table {
    id: TableId(2),
    name: "timer",
    columns: &[int("shard"), int("due"), blob("instance")],
    key_columns: 3,
    indexes: &[],
};

/// One row per instance that recovery has to load: it has calls in flight, or something to do at once.
pub(crate) const PENDING: Table = Table {
    id: TableId(3),
    name: "pending",
    columns: &[int("shard"), blob("instance")],
    key_columns: 2,
    indexes: &[],
};

/// Messages to other shards that were not acknowledged yet. `previous` is the sequence of the one before to the same target.
pub(crate) const MESSAGE: Table = Table {
    id: TableId(4),
    name: "message",
    columns: &[int("shard"), int("sequence"), int("target"), int("previous"), blob("body")],
    key_columns: 2,
    indexes: &[],
};

/// The highest sequence taken from each sender.
pub(crate) const INBOX: Table = Table {
    id: TableId(5),
    name: "inbox",
    columns: &[int("shard"), int("source"), int("sequence")],
    key_columns: 2,
    indexes: &[],
};

/// The highest sequence sent to each target.
pub(crate) const SENT: Table = Table {
    id: TableId(6),
    name: "sent",
    columns: &[int("shard"), int("target"), int("sequence")],
    key_columns: 2,
    indexes: &[],
};

/// Start keys that clients chose, with the instance they started.
pub(crate) const START: Table = Table {
    id: TableId(7),
    name: "start",
    columns: &[int("shard"), text("key"), blob("instance"), blob("digest"), int("expires")],
    key_columns: 2,
    indexes: &[],
};

/// One row per workflow that has a schedule: its whole state.
pub(crate) const SCHEDULE: Table = Table {
    id: TableId(30),
    name: "schedule",
    columns: &[int("shard"), text("namespace"), text("workflow"), blob("body")],
    key_columns: 3,
    indexes: &[],
};

/// Events that a schedule gathers for a start: of each set a row with what is known of it (`nth` 0), and one for each event.
pub(crate) const SCHEDULE_SET: Table = Table {
    id: TableId(100),
    name: "schedule_set",
    columns: &[
        int("shard"),
        text("namespace"),
        text("workflow"),
        int("number"),
        int("nth"),
        blob("body"),
    ],
    key_columns: 5,
    indexes: &[],
};

/// Ended instances by namespace, the first one first: what retention goes through. `records` is how many the
/// instance had, `bytes` about what it takes.
/// One that was reopened has a row for each end, until retention comes to it.
pub(crate) const ENDED: Table = Table {
    id: TableId(33),
    name: "ended",
    columns: &[text("namespace"), int("ended"), blob("instance"), int("records"), int("bytes")],
    key_columns: 4,
    indexes: &[],
};

/// Events that a topic keeps, and those of which only the key is known any more (no body). `type` and `source` are those of
/// the event where the row is the one that lists show.
pub(crate) const EVENT: Table = Table {
    id: TableId(10),
    name: "event",
    columns: &[
        int("shard"),
        text("topic"),
        int("sequence"),
        int("received"),
        blob("key"),
        text("namespace"),
        text("type"),
        text("source"),
        blob("body"),
    ],
    key_columns: 3,
    indexes: &[Index { columns: &["namespace", "type"], partial: false }],
};

/// Listens that wait at a topic. `position` is the sequence up to which it has looked back for them.
pub(crate) const SUBSCRIPTION: Table = Table {
    id: TableId(11),
    name: "subscription",
    columns: &[
        int("shard"),
        text("topic"),
        blob("instance"),
        int("step"),
        int("position"),
        blob("body"),
    ],
    key_columns: 4,
    indexes: &[],
};

/// The sums of the rows of ended instances.
pub(crate) const USAGE: Table = Table {
    id: TableId(34),
    name: "usage",
    columns: &[int("shard"), text("namespace"), int("instances"), int("bytes")],
    key_columns: 2,
    indexes: &[],
};

/// What a topic is giving out, and up to where: one event to many listens, or many events to one.
pub(crate) const GIVING: Table = Table {
    id: TableId(12),
    name: "giving",
    columns: &[
        int("shard"),
        text("topic"),
        int("event"),
        blob("listener"),
        int("listener_step"),
        blob("after"),
        int("after_step"),
        int("after_event"),
    ],
    key_columns: 2,
    indexes: &[],
};

/// How far the partitions of sources are read: the offset that comes next.
pub(crate) const INTAKE: Table = Table {
    id: TableId(40),
    name: "intake",
    columns: &[int("shard"), text("source"), int("partition"), int("next")],
    key_columns: 3,
    indexes: &[],
};

/// Events that sinks have not acknowledged. They go out in the order of the key, so those of an instance do in the order of
/// its records; `part` tells those of one record apart.
pub(crate) const OUTGOING: Table = Table {
    id: TableId(41),
    name: "outgoing",
    columns: &[
        text("sink"),
        int("shard"),
        blob("instance"),
        int("record"),
        int("part"),
        blob("body"),
    ],
    key_columns: 5,
    indexes: &[],
};

/// Events that a sink has refused for good, until a person decides about them.
pub(crate) const REFUSED: Table = Table {
    id: TableId(110),
    name: "refused",
    columns: &[
        text("sink"),
        int("shard"),
        blob("instance"),
        int("record"),
        int("part"),
        blob("body"),
        int("at"),
        text("reason"),
    ],
    key_columns: 5,
    indexes: &[],
};

/// Documents of services, as they were written.
pub(crate) const SERVICE: Table = Table {
    id: TableId(111),
    name: "service",
    columns: &[
        text("namespace"),
        text("name"),
        text("source"),
        blob("digest"),
        int("at"),
        text("actor"),
    ],
    key_columns: 2,
    indexes: &[],
};

/// Endpoints of services. `origin` is 1 where it registered itself, 2 where DNS named it; 0 is one of the document, which has a
/// row only while it is drained, and nothing in the columns behind that. `lease` is in milliseconds.
pub(crate) const ENDPOINT: Table = Table {
    id: TableId(112),
    name: "endpoint",
    columns: &[
        text("namespace"),
        text("service"),
        text("id"),
        int("origin"),
        int("draining"),
        text("url"),
        text("version"),
        text("zone"),
        int("weight"),
        int("lease"),
        text("metadata"),
        int("at"),
        text("actor"),
        text("details"),
    ],
    key_columns: 3,
    indexes: &[],
};

/// An instance's id as a column.
pub(crate) fn id_value(id: InstanceId) -> Value {
    Value::Blob(Bytes::copy_from_slice(&id.0))
}

/// Who did what. The key begins with the time.
pub(crate) const AUDIT: Table = Table {
    id: TableId(28),
    name: "audit",
    columns: &[
        blob("id"),
        int("at"),
        text("namespace"),
        text("actor"),
        text("action"),
        text("subject"),
        text("reason"),
        text("before"),
        text("after"),
    ],
    key_columns: 1,
    indexes: &[
        Index { columns: &["namespace"], partial: true },
        Index { columns: &["subject"], partial: false },
    ],
};

/// Jobs that workers may be given, in the order of their queues. A job may not be given out before `ready`; after a restart
/// it stays `hold` microseconds with whoever held it.
pub(crate) const JOB: Table = Table {
    id: TableId(20),
    name: "job",
    columns: &[
        text("type"),
        text("namespace"),
        int("rank"),
        blob("instance"),
        int("step"),
        int("attempt"),
        int("created"),
        int("ready"),
        int("hold"),
    ],
    key_columns: 5,
    indexes: &[],
};

/// Open tasks of people: one row without a group, and one for each group that may take the task.
pub(crate) const TASK: Table = Table {
    id: TableId(21),
    name: "task",
    columns: &[
        blob("instance"),
        int("step"),
        text("of_group"),
        text("namespace"),
        text("workflow"),
        text("version"),
        text("name"),
        text("title"),
        text("assignee"),
        text("status"),
        int("due"),
        int("created"),
        text("groups"),
    ],
    key_columns: 3,
    indexes: &[
        Index { columns: &["of_group", "status"], partial: false },
        Index { columns: &["assignee"], partial: true },
    ],
};

const fn int(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Int }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Text }
}

const fn blob(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Blob }
}
