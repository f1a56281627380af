//! What shards tell each other.

use std::sync::Arc;

use motet_engine::event::{Event, TopicId};
use motet_engine::listen::{Match, Subscription};
use motet_engine::room::Line;
use motet_engine::{ChildRequest, End, Ending, ScheduledStart, WorkflowError};
use motet_types::{InstanceId, StepId, Timestamp, WorkflowName};

use crate::field::variants;

/// A message from one shard to another; the ids in it tell both.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Start `child`, which the parent's step asks for.
    StartChild { parent: InstanceId, step: StepId, child: Arc<ChildRequest> },
    /// The child that the parent's step awaits has ended.
    ChildEnded { parent: InstanceId, step: StepId, child: InstanceId, end: End, undoable: bool },
    /// Nobody awaits the child any more: cancel it.
    CancelChild { child: InstanceId },
    /// An instance has published an event.
    Publish { topic: TopicId, event: Arc<Event> },
    /// The topic of a type passes an event on to the topic of all events.
    Forward { topic: TopicId, event: Arc<Event>, received: Timestamp },
    /// A listen waits.
    Subscribe { topic: TopicId, subscription: Arc<Subscription> },
    /// A listen waits no more.
    Unsubscribe { topic: TopicId, instance: InstanceId, step: StepId },
    /// A topic has found an event for a listen.
    Found {
        instance: InstanceId,
        step: StepId,
        event: Arc<Event>,
        received: Timestamp,
        matches: Vec<Match>,
    },
    /// A topic does not take a listen.
    NotListening { instance: InstanceId, step: StepId, reason: String },
    /// Start what a schedule asks for.
    StartScheduled { start: Arc<ScheduledStart> },
    /// An instance that a schedule of this workflow started has ended.
    ScheduledEnded { workflow: WorkflowName, id: InstanceId, at: Timestamp, ending: Ending },
    /// The schedule wants another instance in place of this one.
    CancelScheduled { id: InstanceId },
    /// The turn of a queued instance has come.
    Admit { instance: InstanceId },
    /// A newer start wants the place of this instance: cancel it.
    GiveWay { instance: InstanceId },
    /// An instance wants a place in the first of these lines, and then in the others; `at_once`: whether there is room or not.
    AskRoom { lines: Vec<Line>, instance: InstanceId, at_once: bool },
    /// An instance has ended: it stands in these lines no more.
    LeaveRoom { lines: Vec<Line>, instance: InstanceId },
    /// There is room for a queued instance.
    HaveRoom { instance: InstanceId },
    /// There is none for a queued instance, and it is not to wait.
    NoRoom { instance: InstanceId, limit: u64 },
    /// A child that is awaited waits for this instance, over so many others: where that waits for room, it goes on without;
    /// where it waits for others, they are told. A child that hears of itself waits for ever.
    Hasten { instance: InstanceId, by: InstanceId, hops: u32 },
    /// The parent's step undoes what the child has completed.
    UndoChild { parent: InstanceId, step: StepId, child: InstanceId },
    /// The child has undone it, or cannot be asked to.
    ChildUndone {
        parent: InstanceId,
        step: StepId,
        child: InstanceId,
        error: Option<Box<WorkflowError>>,
    },
}

variants!("message", Message {
    1 StartChild { 1 parent, 2 step, 3 child },
    2 ChildEnded { 1 parent, 2 step, 3 child, 4 end, 5 undoable },
    3 CancelChild { 1 child },
    10 Publish { 1 topic, 2 event },
    11 Forward { 1 topic, 2 event, 3 received },
    12 Subscribe { 1 topic, 2 subscription },
    13 Unsubscribe { 1 topic, 2 instance, 3 step },
    14 Found { 1 instance, 2 step, 3 event, 4 received, 5 matches },
    15 NotListening { 1 instance, 2 step, 3 reason },
    28 StartScheduled { 1 start },
    29 ScheduledEnded { 1 workflow, 2 id, 3 at, 4 ending },
    30 CancelScheduled { 1 id },
    6 UndoChild { 1 parent, 2 step, 3 child },
    7 ChildUndone { 1 parent, 2 step, 3 child, 4 error },
    40 Admit { 1 instance },
    41 GiveWay { 1 instance },
    100 AskRoom { 1 lines, 2 instance, 3 at_once },
    101 LeaveRoom { 1 lines, 2 instance },
    102 HaveRoom { 1 instance },
    103 NoRoom { 1 instance, 2 limit },
    104 Hasten { 1 instance, 2 by, 3 hops },
});
