use super::data::{count, duration, expression, template, text, uri};
use super::object::Object;
use super::tasks;
use crate::model::{
    Backoff, Catch, CatchErrors, Error, ErrorFilter, RaiseError, RetryLimit, RetryPolicy, RetryRef,
};
use crate::value::Value;

pub(super) fn catch(own: &Catch) -> Value {
    Object::default()
        .maybe("errors", &own.errors, errors)
        .maybe("as", &own.as_, text)
        .maybe("when", &own.when, expression)
        .maybe("exceptWhen", &own.except_when, expression)
        .maybe("retry", &own.retry, retry_ref)
        .maybe("do", &own.do_, tasks)
        .maybe("then", &own.then, |then| text(then.as_str()))
        .value()
}

fn errors(own: &CatchErrors) -> Value {
    Object::default().maybe("with", &own.with, filter).extra(&own.extra).value()
}

fn filter(own: &ErrorFilter) -> Value {
    Object::default()
        .maybe("type", &own.type_, template)
        .maybe("status", &own.status, |status| count(u64::from(*status)))
        .maybe("instance", &own.instance, template)
        .maybe("title", &own.title, template)
        .maybe("detail", &own.detail, template)
        .extra(&own.extra)
        .value()
}

fn retry_ref(own: &RetryRef) -> Value {
    match own {
        RetryRef::Inline(policy) => retry_policy(policy),
        RetryRef::Named(name) => text(name),
    }
}

pub(super) fn retry_policy(own: &RetryPolicy) -> Value {
    Object::default()
        .maybe("when", &own.when, expression)
        .maybe("exceptWhen", &own.except_when, expression)
        .maybe("delay", &own.delay, duration)
        .maybe("backoff", &own.backoff, backoff)
        .maybe("limit", &own.limit, limit)
        .maybe("jitter", &own.jitter, |own| {
            Object::default()
                .with("from", duration(&own.from))
                .with("to", duration(&own.to))
                .value()
        })
        .value()
}

fn backoff(own: &Backoff) -> Value {
    let options = own.options();
    let body = Object::default()
        .maybe("increment", &options.increment, duration)
        .maybe("factor", &options.factor, Value::clone)
        .maybe("maxDelay", &options.max_delay, duration)
        .extra(&options.extra)
        .value();
    Object::default().with(own.keyword(), body).value()
}

fn limit(own: &RetryLimit) -> Value {
    Object::default()
        .maybe("attempt", &own.attempt, |attempt| {
            Object::default()
                .maybe("count", &attempt.count, |number| count(u64::from(*number)))
                .maybe("duration", &attempt.duration, duration)
                .value()
        })
        .maybe("duration", &own.duration, duration)
        .value()
}

pub(super) fn raise(own: &RaiseError) -> Value {
    let raised = match own {
        RaiseError::Inline(inline) => error(inline),
        RaiseError::Named(name) => text(name),
    };
    Object::default().with("error", raised).value()
}

pub(super) fn error(own: &Error) -> Value {
    Object::default()
        .with("type", uri(&own.type_))
        .with("status", count(u64::from(own.status)))
        .maybe("instance", &own.instance, template)
        .maybe("title", &own.title, template)
        .maybe("detail", &own.detail, template)
        .value()
}
