//! Samples of what limits of running instances write, as `samples` has them of everything else.

use std::sync::Arc;

use motet_engine::room::Line;
use motet_engine::{Fact, Input, Record, Start};
use motet_types::StepId;

use super::samples::{self, at, instance_id};
use crate::Message;

fn lines() -> Vec<Line> {
    let workflow = samples::definition("1.0.0").workflow;
    let namespace = Line::Namespace(workflow.namespace.clone());
    vec![Line::Root(instance_id(2)), Line::Workflow(workflow), namespace]
}

pub(super) fn records() -> Vec<Record> {
    let start = Start { lines: lines(), ..(*samples::start()).clone() };
    let fact = Fact::Queued { start: Arc::new(start) };
    vec![Record { at: at(1), step: StepId(0), task: None, fact, actor: None }]
}

pub(super) fn messages() -> Vec<Message> {
    let instance = instance_id(3);
    vec![
        Message::AskRoom { lines: lines(), instance, at_once: false },
        Message::AskRoom { lines: lines()[1..].to_vec(), instance, at_once: true },
        Message::LeaveRoom { lines: lines(), instance },
        Message::HaveRoom { instance },
        Message::NoRoom { instance, limit: 10_000 },
        Message::Hasten { instance, by: instance_id(4), hops: 2 },
    ]
}

pub(super) fn inputs() -> Vec<Input> {
    vec![Input::Refuse { error: samples::error() }]
}
