//! Samples of what turns and descriptions write, as `samples` has them of everything else.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_engine::{Fact, Input, Instance, Record, Start, Work};
use motet_expr::{Value, json};
use motet_types::{StepId, TaskId};

use super::samples::{self, at, instance_id};
use crate::Message;

fn attributes() -> BTreeMap<String, Value> {
    let text = |text: &str| json::string(text);
    BTreeMap::from([
        ("carrier".to_owned(), text("north")),
        ("express".to_owned(), Value::Bool(true)),
        ("total".to_owned(), Value::from(20_usize)),
        ("gone".to_owned(), Value::Null),
    ])
}

pub(super) fn records() -> Vec<Record> {
    let start = samples::instance().start;
    let start = Start { concurrency_key: Some("order-17".to_owned()), ..(*start).clone() };
    let facts = [
        Fact::Queued { start: Arc::new(start) },
        Fact::Admitted,
        Fact::Described { business_key: None, attributes: attributes() },
        Fact::Described { business_key: Some("o-17".to_owned()), attributes: BTreeMap::new() },
    ];
    let facts = facts.into_iter().enumerate();
    facts
        .map(|(idx, fact)| Record {
            at: at(idx as i64),
            step: StepId(idx as u32),
            task: (idx > 1).then_some(TaskId(idx as u32)),
            fact,
            actor: None,
        })
        .collect()
}

pub(super) fn instance() -> Instance {
    let mut instance = samples::instance();
    instance.is_queued = true;
    instance.business_key = Some("o-17".to_owned());
    instance.attributes = attributes();
    instance.work.push_back(Work::Begin);
    instance
}

pub(super) fn messages() -> Vec<Message> {
    let instance = instance_id(3);
    vec![Message::Admit { instance }, Message::GiveWay { instance }]
}

pub(super) fn inputs() -> Vec<Input> {
    vec![Input::Admit]
}
