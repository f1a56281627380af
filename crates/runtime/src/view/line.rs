//! How instances stand in lines: for a concurrency key, and for room under limits.

use motet_engine::room::Line;
use motet_types::InstanceId;

/// How an instance stands to its concurrency key.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnView {
    pub key: String,
    /// The instance that holds the key, if this one waits for it.
    pub holder: Option<InstanceId>,
    /// Instances that come before it.
    pub ahead: usize,
}

/// A queued instance waits for room under a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    pub line: Line,
    /// Instances that wait before it.
    pub ahead: usize,
}

/// A limit of how many instances run at once: exact, and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitView {
    pub line: Line,
    /// Absent: it is not in force any more, or the version that says it cannot be compiled by this server.
    pub max: Option<u64>,
    /// Instances that count under it.
    pub running: u64,
    pub waiting: u64,
}

/// What a queued instance of a list waits for: as of the view's position.
#[derive(Clone, Debug, PartialEq)]
pub enum QueuedFor {
    Key(TurnRow),
    /// Room under the limit of its workflow, or of its namespace.
    Workflow,
    Namespace,
}

/// The concurrency key that a queued instance of a list waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnRow {
    pub key: String,
    pub holder: Option<InstanceId>,
}
