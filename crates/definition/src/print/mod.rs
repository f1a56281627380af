//! From the model back to a value, and from values to text: nothing is lost, nothing is added.
//!
//! Properties come in the order in which documents usually have them.

mod authentication;
mod call;
mod data;
mod event;
mod json;
mod metadata;
mod object;
mod protocol;
mod run;
mod task;
mod trying;
mod yaml;

pub use json::to_json;
pub use yaml::to_yaml;

use data::{duration, endpoint, input, output, text, timeout, timeout_ref};
use object::Object;

use crate::model::{
    Document, Evaluate, EvaluateMode, ExtensionItem, Header, Schedule, TaskList, Use,
};
use crate::read::words::{self, word_of};
use crate::value::Value;

/// The document as a value.
pub fn print(document: &Document) -> Value {
    Object::default()
        .with("document", header(&document.header))
        .maybe("input", &document.input, input)
        .maybe("use", &document.use_, use_)
        .maybe("timeout", &document.timeout, timeout_ref)
        .maybe("schedule", &document.schedule, schedule)
        .maybe("evaluate", &document.evaluate, evaluate)
        .with("do", tasks(&document.do_))
        .maybe("output", &document.output, output)
        .extra(&document.extra)
        .value()
}

/// The document with every object's keys in order of their bytes, as JSON without spaces: what a digest covers.
pub fn canonical(document: &Document) -> Vec<u8> {
    json::canonical(&print(document)).into_bytes()
}

/// A task list as a value.
pub fn tasks(list: &TaskList) -> Value {
    list.iter()
        .map(|item| Object::default().with(&item.name, task::task(&item.task)).value())
        .collect()
}

pub use task::task;

fn header(header: &Header) -> Value {
    Object::default()
        .with("dsl", text(&header.dsl))
        .with("namespace", text(&header.namespace))
        .with("name", text(&header.name))
        .with("version", text(&header.version))
        .maybe("title", &header.title, text)
        .maybe("summary", &header.summary, text)
        .maybe("tags", &header.tags, |tags| Value::obj(tags.clone()))
        .maybe("metadata", &header.metadata, metadata::document)
        .value()
}

fn use_(use_: &Use) -> Value {
    Object::default()
        .maybe_named("authentications", &use_.authentications, authentication::policy)
        .maybe_named("catalogs", &use_.catalogs, |root| {
            Object::default().with("endpoint", endpoint(root)).value()
        })
        .maybe_named("errors", &use_.errors, trying::error)
        .maybe("extensions", &use_.extensions, |list| list.iter().map(extension).collect())
        .maybe_named("functions", &use_.functions, task::task)
        .maybe_named("retries", &use_.retries, trying::retry_policy)
        .maybe("secrets", &use_.secrets, |names| names.iter().map(text).collect())
        .maybe_named("timeouts", &use_.timeouts, timeout)
        .value()
}

fn extension(item: &ExtensionItem) -> Value {
    let extension = &item.extension;
    let body = Object::default()
        .with("extend", text(word_of(extension.extend, &words::TARGETS)))
        .maybe("when", &extension.when, data::expression)
        .maybe("before", &extension.before, tasks)
        .maybe("after", &extension.after, tasks)
        .value();
    Object::default().with(&item.name, body).value()
}

fn schedule(schedule: &Schedule) -> Value {
    Object::default()
        .maybe("every", &schedule.every, duration)
        .maybe("cron", &schedule.cron, text)
        .maybe("after", &schedule.after, duration)
        .maybe("on", &schedule.on, event::strategy)
        .maybe_word("read", schedule.read, &words::READS)
        .value()
}

fn evaluate(evaluate: &Evaluate) -> Value {
    Object::default()
        .maybe("language", &evaluate.language, text)
        .maybe_word::<EvaluateMode>("mode", evaluate.mode, &words::MODES)
        .value()
}
