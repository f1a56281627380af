//! What messages become for those that they are for.

use motet_engine::event::TopicId;
use motet_engine::{self as engine, End, ErrorKind, WorkflowError, topic};
use motet_journal::Message;
use motet_types::{InstanceId, StepId};

/// What an instance is fed for a message; none for one that makes an instance.
pub(super) fn input_of(message: &Message) -> Option<engine::Input> {
    match message {
        Message::ChildEnded { step, child, end, undoable, .. } => {
            let (step, child, result) = (*step, *child, result_of(end.clone()));
            Some(engine::Input::ChildEnded { step, child, result, undoable: *undoable })
        }
        Message::CancelChild { .. } => Some(cancel("nobody awaits it any more")),
        Message::CancelScheduled { .. } => Some(cancel("a newer start replaces it")),
        Message::GiveWay { .. } => {
            Some(cancel("a newer instance with its concurrency key replaces it"))
        }
        Message::Admit { .. } | Message::HaveRoom { .. } => Some(engine::Input::Admit),
        Message::NoRoom { limit, .. } => Some(refusal(
            "too many instances below one root",
            &format!("as many instances below its root's children are there as may: {limit}"),
        )),
        Message::Hasten { instance, by, hops } if instance == by => Some(refusal(
            "it would wait for ever",
            &format!("the holder of its concurrency key waits for it, over {hops} instances"),
        )),
        Message::UndoChild { step, .. } => Some(engine::Input::Undo { step: *step }),
        Message::ChildUndone { step, child, error, .. } => {
            let (step, child, error) = (*step, *child, error.clone());
            Some(engine::Input::ChildUndone { step, child, error })
        }
        Message::Found { step, event, received, matches, .. } => Some(engine::Input::Found {
            step: *step,
            event: event.clone(),
            received: *received,
            matches: matches.clone(),
        }),
        Message::NotListening { step, reason, .. } => {
            Some(engine::Input::NotListening { step: *step, reason: reason.clone() })
        }
        Message::StartChild { .. }
        | Message::AskRoom { .. }
        | Message::LeaveRoom { .. }
        | Message::Hasten { .. }
        | Message::Publish { .. }
        | Message::Forward { .. }
        | Message::Subscribe { .. }
        | Message::Unsubscribe { .. }
        | Message::StartScheduled { .. }
        | Message::ScheduledEnded { .. } => None,
    }
}

fn refusal(title: &str, detail: &str) -> engine::Input {
    let error = WorkflowError::new(ErrorKind::Configuration, title, detail);
    engine::Input::Refuse { error: Box::new(error) }
}

/// A cancel that nobody insists on: what was done is undone, and behind a pivot nothing happens.
fn cancel(reason: &str) -> engine::Input {
    engine::Input::Cancel { reason: Some(reason.to_owned()), force: false, without_undo: false }
}

/// What a message asks of a topic.
pub(super) fn topic_input(message: Message) -> Option<(TopicId, topic::Input)> {
    Some(match message {
        Message::Publish { topic, event } => {
            (topic, topic::Input::Publish { event, received: None })
        }
        Message::Forward { topic, event, received } => {
            (topic, topic::Input::Publish { event, received: Some(received) })
        }
        Message::Subscribe { topic, subscription } => {
            (topic, topic::Input::Subscribe { subscription })
        }
        Message::Unsubscribe { topic, instance, step } => {
            (topic, topic::Input::Unsubscribe { listener: (instance, step) })
        }
        _ => return None,
    })
}

/// What a parent makes of its child's end.
fn result_of(end: End) -> Result<motet_expr::Value, Box<WorkflowError>> {
    match end {
        End::Completed(output) => Ok(output),
        End::Faulted { error, .. } => Err(error),
        End::Cancelled { .. } => {
            let error = WorkflowError::new(
                ErrorKind::Runtime,
                "the child was cancelled",
                "it gave no output",
            );
            Err(Box::new(error))
        }
    }
}

/// The answer to a parent that wants its child undone; the error says why it is not.
pub(super) fn undone(
    parent: InstanceId,
    step: StepId,
    child: InstanceId,
    error: Option<Box<WorkflowError>>,
) -> Message {
    Message::ChildUndone { parent, step, child, error }
}

pub(super) fn not_there(child: InstanceId) -> Box<WorkflowError> {
    let detail = format!("the child {child} cannot be asked to undo what it did");
    Box::new(WorkflowError::new(ErrorKind::Runtime, "the child is not to be had", detail))
}
