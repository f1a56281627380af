use super::data::{count, expression, template, text};
use super::object::Object;
use super::tasks;
use crate::model::{
    DocumentMetadata, MotetConcurrency, MotetDocument, MotetLimits, MotetSchedule, MotetTask,
    Parallel, TaskMetadata,
};
use crate::read::words;
use crate::redact::RedactedPath;
use crate::value::Value;

pub(super) fn document(own: &DocumentMetadata) -> Value {
    Object::default().maybe("motet", &own.motet, motet_document).extra(&own.extra).value()
}

pub(super) fn task(own: &TaskMetadata) -> Value {
    Object::default().maybe("motet", &own.motet, motet_task).extra(&own.extra).value()
}

fn motet_document(own: &MotetDocument) -> Value {
    Object::default()
        .maybe_word("onFault", own.on_fault, &words::ON_FAULTS)
        .maybe("schedule", &own.schedule, schedule)
        .maybe_named("attributes", &own.attributes, template)
        .maybe("businessKey", &own.business_key, template)
        .maybe("concurrency", &own.concurrency, concurrency)
        .maybe("limits", &own.limits, limits)
        .maybe("redact", &own.redact, |paths| paths.iter().map(path).collect())
        .maybe_truth("lifecycle", own.lifecycle)
        .value()
}

fn concurrency(own: &MotetConcurrency) -> Value {
    Object::default()
        .with("key", template(&own.key))
        .maybe_word("policy", own.policy, &words::POLICIES)
        .value()
}

fn limits(own: &MotetLimits) -> Value {
    Object::default().maybe("running", &own.running, |own| count(u64::from(*own))).value()
}

fn schedule(own: &MotetSchedule) -> Value {
    Object::default()
        .maybe("timezone", &own.timezone, text)
        .maybe_word("overlap", own.overlap, &words::OVERLAPS)
        .maybe_word("catchup", own.catchup, &words::CATCHUPS)
        .value()
}

fn motet_task(own: &MotetTask) -> Value {
    Object::default()
        .maybe_named("attributes", &own.attributes, template)
        .maybe("businessKey", &own.business_key, template)
        .maybe("compensate", &own.compensate, tasks)
        .maybe_truth("saga", own.saga)
        .maybe_truth("pivot", own.pivot)
        .maybe_truth("idempotent", own.idempotent)
        .maybe("parallel", &own.parallel, parallel)
        .maybe("needs", &own.needs, |names| names.iter().map(text).collect())
        .maybe("version", &own.version, text)
        .maybe("until", &own.until, expression)
        .maybe("redact", &own.redact, |paths| paths.iter().map(path).collect())
        .value()
}

fn path(own: &RedactedPath) -> Value {
    text(&own.to_string())
}

fn parallel(own: &Parallel) -> Value {
    match own {
        Parallel::Max(max) => count(u64::from(*max)),
        Parallel::Detailed { max, fail_fast, collect } => Object::default()
            .maybe("max", max, |max| count(u64::from(*max)))
            .maybe_truth("failFast", *fail_fast)
            .maybe_truth("collect", *collect)
            .value(),
    }
}
