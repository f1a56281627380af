//! What each kind of task does, one handler per file. Here is the match only.

pub(crate) mod call;
mod composite;
mod emit;
pub(crate) mod human;
mod job;
pub(crate) mod listen;
mod raise;
pub(crate) mod render;
mod response;
mod run;
mod set;
mod switch;
pub(crate) mod trying;
mod uri;
mod wait;

pub(crate) use uri::plain;

use motet_definition::graph::{Kind, Vertex};
use motet_expr::Value;
use motet_types::{StepId, Timestamp};

use crate::data::{Frame, Place};
use crate::decide::{Decider, Handled};
use crate::{Opening, WorkflowError};

/// Begins a task whose condition holds and whose input is ready (`None`: as it came).
pub(crate) fn begin(
    decider: &mut Decider<'_>,
    parent: StepId,
    vertex: &Vertex,
    input: Option<Value>,
) {
    let raw_input = decider.instance.step(parent).data.clone();
    let arrived = input.clone().unwrap_or_else(|| raw_input.clone());
    let mut frame = Frame::new(Place::Before { parent, vertex, raw_input: &raw_input });
    frame.input = Some(&arrived);
    let due = due(decider, vertex, &arrived, &frame);
    let opening = due.and_then(|due| Ok((due, opening(decider, vertex, &arrived, &frame)?)));
    let (due, opening) = match opening {
        Ok(ready) => ready,
        Err(error) => {
            let step = decider.activate(parent, vertex, input, None, Opening::Leaf);
            return decider.fail(step, error);
        }
    };
    let step = decider.activate(parent, vertex, input, due, opening);
    match handle(decider, step, vertex, &arrived) {
        Ok(Handled::Open) => {}
        Ok(Handled::Done { output, then }) => decider.complete(step, output, then),
        Err(error) => decider.fail(step, error),
    }
}

/// How the step opens: decided before it does, because recovery decides nothing.
fn opening(
    decider: &mut Decider<'_>,
    vertex: &Vertex,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Opening, WorkflowError> {
    match &vertex.kind {
        Kind::Do(scope) => Ok(composite::scope(decider, *scope)),
        Kind::For(task) => composite::each(decider, task, input, frame),
        Kind::Fork { branches, compete, needs } => {
            Ok(composite::fork(decider, *branches, *compete, needs))
        }
        Kind::Try(task) => composite::trying(decider, task, input, frame),
        Kind::Function { with, body } => {
            composite::function(decider, with.as_ref(), *body, input, frame)
        }
        Kind::Set(_)
        | Kind::Switch(_)
        | Kind::Raise(_)
        | Kind::Wait(_)
        | Kind::Call(_)
        | Kind::Run(_)
        | Kind::Job(_)
        | Kind::Human(_)
        | Kind::Emit(_)
        | Kind::Listen(_) => Ok(Opening::Leaf),
    }
}

fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    vertex: &Vertex,
    input: &Value,
) -> Result<Handled, WorkflowError> {
    let frame = Frame::new(Place::Within { step, vertex });
    match &vertex.kind {
        Kind::Set(template) => set::handle(decider, template, input, &frame),
        Kind::Switch(cases) => switch::handle(decider, cases, input, &frame),
        Kind::Raise(error) => raise::handle(decider, error, input, &frame),
        Kind::Wait(wait) => wait::handle(decider, step, wait, input, &frame),
        Kind::Call(call) => call::handle(decider, step, vertex, call, input),
        Kind::Run(run) => run::handle(decider, step, run, input, &frame),
        Kind::Job(call) => job::handle(decider, step, vertex, call, input),
        Kind::Human(call) => human::handle(decider, step, vertex, call, input),
        Kind::Emit(attributes) => emit::handle(decider, step, attributes, input, &frame),
        Kind::Listen(own) => listen::handle(decider, step, own, input, &frame),
        Kind::Do(_) | Kind::For(_) | Kind::Fork { .. } | Kind::Try(_) | Kind::Function { .. } => {
            Ok(Handled::Open)
        }
    }
}

fn due(
    decider: &mut Decider<'_>,
    vertex: &Vertex,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Option<Timestamp>, WorkflowError> {
    let Some(timeout) = &vertex.timeout else {
        return Ok(None);
    };
    let after = decider.span(&timeout.after, input, frame)?;
    Ok(Some(decider.now.saturating_add(after)))
}
