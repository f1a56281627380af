use super::data::{export, expression, output, template, text};
use super::object::{Object, named};
use super::tasks;
use crate::model::{Correlation, Emit, EventFilter, EventStrategy, Foreach, Listen, Until};
use crate::read::words;
use crate::value::Value;

pub(super) fn emit(own: &Emit) -> Value {
    let event = Object::default().with("with", named(&own.with, template)).extra(&own.extra);
    Object::default().with("event", event.value()).value()
}

pub(super) fn listen(object: Object, own: &Listen) -> Object {
    let head = Object::default()
        .with("to", strategy(&own.to))
        .maybe_word("read", own.read, &words::READS)
        .value();
    object.with("listen", head).maybe("foreach", &own.foreach, foreach)
}

pub(super) fn strategy(own: &EventStrategy) -> Value {
    match own {
        EventStrategy::All(filters) => {
            Object::default().with("all", filters.iter().map(filter).collect())
        }
        EventStrategy::Any { filters, until } => Object::default()
            .with("any", filters.iter().map(filter).collect())
            .maybe("until", until, |until| match until {
                Until::Condition(condition) => expression(condition),
                Until::Events(inner) => strategy(inner),
            }),
        EventStrategy::One(one) => Object::default().with("one", filter(one)),
    }
    .value()
}

fn filter(own: &EventFilter) -> Value {
    Object::default()
        .with("with", named(&own.with, template))
        .maybe_named("correlate", &own.correlate, correlation)
        .value()
}

fn correlation(own: &Correlation) -> Value {
    Object::default()
        .with("from", expression(&own.from))
        .maybe("expect", &own.expect, template)
        .extra(&own.extra)
        .value()
}

pub(super) fn foreach(own: &Foreach) -> Value {
    Object::default()
        .maybe("item", &own.item, text)
        .maybe("at", &own.at, text)
        .maybe("do", &own.do_, tasks)
        .maybe("output", &own.output, output)
        .maybe("export", &own.export, export)
        .value()
}
