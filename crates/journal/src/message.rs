//! What shards tell each other.

use std::sync::Arc;

use motet_engine::{ChildRequest, End};
use motet_types::{InstanceId, StepId};

use crate::field::variants;

/// A message from one shard to another; the ids in it tell both.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Start `child`, which the parent's step asks for.
    StartChild { parent: InstanceId, step: StepId, child: Arc<ChildRequest> },
    /// The child that the parent's step awaits has ended.
    ChildEnded { parent: InstanceId, step: StepId, child: InstanceId, end: End },
    /// Nobody awaits the child any more: cancel it.
    CancelChild { child: InstanceId },
}

variants!("message", Message {
    1 StartChild { 1 parent, 2 step, 3 child },
    2 ChildEnded { 1 parent, 2 step, 3 child, 4 end },
    3 CancelChild { 1 child },
});
