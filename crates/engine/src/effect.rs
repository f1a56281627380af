//! What follows from records: instructions to the shell, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use crate::event::{Event, TopicId};
use crate::listen::{Subscription, Terms};
use crate::{
    Activity, CallState, ChildRequest, End, Ending, Fact, Instance, Record, Request, sabotage,
};

/// An instruction that may be carried out once its record is durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send the request; its outcome comes back with this step and attempt.
    Call { step: StepId, attempt: Attempt, key: String, request: Arc<Request>, due: Timestamp },
    /// The call's result no longer steers: drop it if it was not sent.
    Withdraw { step: StepId, attempt: Attempt },
    /// Start a child, under its start key.
    StartChild { step: StepId, child: Arc<ChildRequest> },
    /// Cancel a child that nobody awaits any more.
    CancelChild { child: InstanceId },
    /// Tell the parent that awaits this instance; `undoable` if it can undo what it did.
    TellParent { parent: InstanceId, step: StepId, end: End, undoable: bool },
    /// Ask a completed child to undo what it did.
    UndoChild { step: StepId, child: InstanceId },
    /// Tell the parent that asked that it is done.
    TellUndone { parent: InstanceId, step: StepId },
    /// Publish an event.
    Publish { event: Arc<Event> },
    /// Tell topics that a listen waits.
    Subscribe { subscription: Arc<Subscription>, topics: Vec<TopicId> },
    /// Tell topics that a listen waits no more.
    Unsubscribe { step: StepId, topics: Vec<TopicId> },
    /// Tell the schedule of the workflow that started this instance.
    TellSchedule { at: Timestamp, ending: Ending },
}

/// Listens that topics know of, by step. A step may be gone by the time its topics are told that it listens no more.
#[derive(Clone, Debug, Default)]
pub struct Listens(BTreeMap<StepId, Arc<Terms>>);

impl Listens {
    pub fn of(instance: &Instance) -> Self {
        let listens = instance.steps.keys().filter_map(|step| {
            let listen = instance.listen(*step).filter(|listen| listen.is_waiting())?;
            Some((*step, listen.terms.clone()))
        });
        Self(listens.collect())
    }

    fn told_off(&mut self, step: StepId) -> Option<Effect> {
        let terms = self.0.remove(&step)?;
        Some(Effect::Unsubscribe { step, topics: terms.topics.clone() })
    }
}

/// The effects of one record, as far as it says them alone.
///
/// `instance` is the state after the record, or after all records of its commit; a re-sent request is read from it. `listens` is
/// what topics knew before the record, and becomes what they know after it.
pub fn effects(record: &Record, instance: &Instance, listens: &mut Listens) -> Option<Effect> {
    let step = record.step;
    match &record.fact {
        Fact::Requested { attempt, key, request, due, .. } => Some(Effect::Call {
            step,
            attempt: *attempt,
            key: key.clone(),
            request: request.clone(),
            due: *due,
        }),
        Fact::Resent { .. } | Fact::Released { .. } => call_of(instance, step, record.at),
        Fact::Abandoned { attempt } => Some(Effect::Withdraw { step, attempt: *attempt }),
        Fact::ChildRequested { child } => Some(Effect::StartChild { step, child: child.clone() }),
        Fact::ChildCancelled { child } => Some(Effect::CancelChild { child: *child }),
        Fact::Ended { end } if instance.start.schedule.is_some() => {
            let ending = Ending::of(end);
            Some(Effect::TellSchedule { at: record.at, ending })
        }
        Fact::Ended { end } => {
            let parent = instance.start.parent.as_ref().filter(|parent| parent.awaited)?;
            Some(Effect::TellParent {
                parent: parent.instance,
                step: parent.step,
                end: end.clone(),
                undoable: instance.undo.values().any(crate::UndoEntry::is_noted),
            })
        }
        Fact::Emitted { event } => Some(Effect::Publish { event: event.clone() }),
        Fact::Listening { terms, .. } => {
            let subscription = Arc::new(instance.listen(step)?.subscription(instance, step));
            listens.0.insert(step, terms.clone());
            Some(Effect::Subscribe { subscription, topics: terms.topics.clone() })
        }
        Fact::Consumed { closes: true, mailed, .. } => {
            // The topic that found the only event forgot the listen with that.
            let is_forgotten = !mailed && listens.0.get(&step)?.once;
            listens.told_off(step).filter(|_| !is_forgotten)
        }
        Fact::Handled { closes: true, .. } | Fact::Unsubscribed => listens.told_off(step),
        Fact::ChildUndoRequested { child } => Some(Effect::UndoChild { step, child: *child }),
        Fact::UndoEnded { told: Some(step) } => {
            let parent = instance.start.parent.as_ref()?.instance;
            Some(Effect::TellUndone { parent, step: *step })
        }
        _ => None,
    }
}

/// The calls that are in flight as far as the state knows: what recovery sends again, under the same keys.
pub fn outstanding(instance: &Instance, now: Timestamp) -> Vec<Effect> {
    let is_over = instance.end.is_some();
    let in_flight = instance.steps.in_flight().filter(|_| !is_over);
    in_flight.filter_map(|step| call_of(instance, step, now)).collect()
}

fn call_of(instance: &Instance, step: StepId, now: Timestamp) -> Option<Effect> {
    match &instance.steps.get(&step)?.activity {
        Activity::Call { attempt, key, request, state: CallState::InFlight, .. } => {
            Some(Effect::Call {
                step,
                attempt: *attempt,
                key: sabotage::key(key, now),
                request: request.clone(),
                due: now.saturating_add(request.timeout),
            })
        }
        _ => None,
    }
}
