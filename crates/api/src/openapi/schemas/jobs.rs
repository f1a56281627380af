//! Shapes of jobs and tasks.

use super::Presence::{Always, Maybe};
use super::Schema;
use super::Shape::{Any, Id, Instant, List, Number, Ref, Text, Truth};

pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "Activation",
        meaning: "What a worker asks for: at most so many jobs (1 if it does not say), for how long it means to hold each \
                  (`timeout`), how long it waits for the first (`wait`, up to 60 s), and of which namespaces (absent: of all).",
        members: &[
            ("worker", Maybe, Text),
            ("maxJobs", Maybe, Number),
            ("timeout", Maybe, Text),
            ("wait", Maybe, Text),
            ("namespaces", Maybe, List(&Text)),
        ],
    },
    Schema {
        name: "Jobs",
        meaning: "Jobs that the worker holds now.",
        members: &[("jobs", Always, List(&Ref("Job")))],
    },
    Schema {
        name: "Job",
        meaning: "A unit of work. The id names the attempt; the idempotency key is the same for every attempt.",
        members: &[
            ("id", Always, Text),
            ("type", Always, Text),
            ("input", Always, Any),
            ("attempt", Always, Number),
            ("priority", Always, Number),
            ("idempotencyKey", Always, Text),
            ("instance", Always, Id),
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("task", Always, Text),
            ("createdAt", Always, Instant),
            ("leaseUntil", Always, Instant),
            ("heartbeatMs", Maybe, Number),
        ],
    },
    Schema {
        name: "JobOutput",
        meaning: "What came of a job.",
        members: &[("output", Maybe, Any), ("worker", Maybe, Text)],
    },
    Schema {
        name: "JobFailure",
        meaning: "Why a job failed: a text, or an error as in `raise`. With `retries` it is given out again that often at \
                  most, each time after `backoff`.",
        members: &[
            ("error", Always, Any),
            ("retries", Maybe, Number),
            ("backoff", Maybe, Text),
            ("worker", Maybe, Text),
        ],
    },
    Schema {
        name: "JobSettled",
        meaning: "What was said of a job is durable.",
        members: &[("id", Always, Text)],
    },
    Schema { name: "WorkerName", meaning: "Who is alive.", members: &[("worker", Maybe, Text)] },
    Schema {
        name: "Heartbeat",
        meaning: "Whether the job is still the worker's.",
        members: &[
            ("cancelled", Always, Truth),
            ("leaseUntil", Maybe, Instant),
            ("reason", Maybe, Text),
        ],
    },
    Schema {
        name: "WaitsFor",
        meaning: "Who is to do something before a step goes on: a worker or a person.",
        members: &[
            ("kind", Always, Text),
            ("type", Maybe, Text),
            ("since", Always, Instant),
            ("notBefore", Maybe, Instant),
            ("task", Maybe, Text),
            ("assignee", Maybe, Text),
            ("groups", Maybe, List(&Text)),
            ("claimant", Maybe, Text),
            ("due", Maybe, Instant),
            ("escalated", Maybe, Truth),
        ],
    },
    Schema {
        name: "TaskPage",
        meaning: "A page of tasks.",
        members: &[("items", Always, List(&Ref("TaskSummary"))), ("next", Maybe, Text)],
    },
    Schema {
        name: "TaskSummary",
        meaning: "A task in a list; `assignee` is who has claimed it, or whom it was given to.",
        members: &[
            ("id", Always, Text),
            ("status", Always, Text),
            ("name", Always, Text),
            ("title", Maybe, Text),
            ("instance", Always, Id),
            ("namespace", Always, Text),
            ("workflow", Always, Text),
            ("version", Always, Text),
            ("assignee", Maybe, Text),
            ("groups", Always, List(&Text)),
            ("due", Maybe, Instant),
            ("createdAt", Always, Instant),
        ],
    },
    Schema {
        name: "Task",
        meaning: "A task of a person. One that is over has only its id and the status `completed`.",
        members: &[
            ("id", Always, Text),
            ("status", Always, Text),
            ("name", Maybe, Text),
            ("title", Maybe, Text),
            ("instance", Maybe, Id),
            ("namespace", Maybe, Text),
            ("workflow", Maybe, Text),
            ("version", Maybe, Text),
            ("task", Maybe, Text),
            ("assignee", Maybe, Text),
            ("groups", Maybe, List(&Text)),
            ("claimant", Maybe, Text),
            ("due", Maybe, Instant),
            ("escalated", Maybe, Truth),
            ("createdAt", Maybe, Instant),
            ("input", Maybe, Any),
            ("form", Maybe, Any),
        ],
    },
    Schema { name: "TaskUser", meaning: "Who does it.", members: &[("user", Always, Text)] },
    Schema {
        name: "TaskOutput",
        meaning: "What a person answers, and who it is.",
        members: &[("user", Always, Text), ("output", Maybe, Any)],
    },
    Schema {
        name: "TaskAssignment",
        meaning: "Whose a task is from now on; `due` in place of its due time, `user` who says so.",
        members: &[
            ("assignee", Maybe, Text),
            ("groups", Maybe, List(&Text)),
            ("due", Maybe, Instant),
            ("user", Maybe, Text),
        ],
    },
    Schema {
        name: "Violation",
        meaning: "A place that does not fit (JSON pointer), and what is wrong there.",
        members: &[("path", Always, Text), ("message", Always, Text)],
    },
];
