//! Room: limits of how many instances run at once.
//!
//! Who counts under a limit stands in its line, on one shard; an instance that counts under several stands in one line after
//! the other. What waits for a place is queued, and begins when it has one in each.

use std::fmt;

use motet_types::{InstanceId, Label, ShardId, WorkflowName};

use crate::Start;

/// Whom a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// What descends from one root, its own children aside. Nobody waits in it: who has no place does not begin.
    Root(InstanceId),
    /// Instances of a workflow, whatever their version.
    Workflow(WorkflowName),
    /// Instances of a namespace.
    Namespace(Label),
}

impl Line {
    /// Where the line is kept.
    pub fn shard(&self) -> ShardId {
        let of = |namespace: &Label, name| ShardId::of_start(namespace.as_str(), name, "room");
        match self {
            Self::Root(root) => root.shard(),
            Self::Workflow(workflow) => of(&workflow.namespace, workflow.name.as_str()),
            Self::Namespace(namespace) => of(namespace, ""),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(root) => write!(f, "what descends from {root}"),
            Self::Workflow(workflow) => write!(f, "the workflow {workflow}"),
            Self::Namespace(namespace) => write!(f, "the namespace {namespace}"),
        }
    }
}

impl Start {
    /// Whether the parent waits for its end: then the parent's place is its own as well.
    pub fn is_awaited(&self) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.awaited)
    }
}
