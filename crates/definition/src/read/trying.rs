use super::Cursor;
use super::cursor::Fields;
use super::data::{duration, expression, flow_directive, text_template};
use super::resource::uri;
use super::task::task_list;
use crate::Code;
use crate::model::{
    Backoff, BackoffOptions, Catch, CatchErrors, Error, ErrorFilter, Jitter, RaiseError,
    RetryLimit, RetryLimitAttempt, RetryPolicy, RetryRef, TaskList,
};
use crate::value::as_f64;

pub(super) fn catch(cursor: Cursor<'_>) -> Option<Catch> {
    let mut fields = cursor.object()?;
    let catch = Catch {
        errors: fields.optional("errors", catch_errors),
        as_: fields.optional("as", Cursor::string),
        when: fields.optional("when", expression),
        except_when: fields.optional("exceptWhen", expression),
        retry: fields.optional("retry", retry_ref),
        do_: fields.take("do").map(|cursor| {
            let tasks = task_list(cursor.clone());
            cursor.or_stand_in(tasks, TaskList::default)
        }),
        then: fields.optional("then", flow_directive),
    };
    fields.close();
    Some(catch)
}

fn catch_errors(cursor: Cursor<'_>) -> Option<CatchErrors> {
    let mut fields = cursor.object()?;
    let with = fields.optional("with", error_filter);
    Some(CatchErrors { with, extra: fields.open() })
}

fn error_filter(cursor: Cursor<'_>) -> Option<ErrorFilter> {
    let mut fields = cursor.object()?;
    if fields.cursor.clone().entries()?.is_empty() {
        let message = "the filter is empty: name a property of the error, or leave `with` out";
        return fields.cursor.refuse(Code::InvalidValue, message);
    }
    Some(ErrorFilter {
        type_: fields.optional("type", text_template),
        status: fields.optional("status", status),
        instance: fields.optional("instance", text_template),
        title: fields.optional("title", text_template),
        detail: fields.optional("detail", text_template),
        extra: fields.open(),
    })
}

fn retry_ref(cursor: Cursor<'_>) -> Option<RetryRef> {
    match cursor.as_text() {
        Some(name) => Some(RetryRef::Named(name.to_owned())),
        None if cursor.is_object() => retry_policy(cursor).map(Box::new).map(RetryRef::Inline),
        None => cursor.wrong_type("a retry policy, or the name of one in `use.retries`,"),
    }
}

pub(super) fn retry_policy(cursor: Cursor<'_>) -> Option<RetryPolicy> {
    let mut fields = cursor.object()?;
    let policy = RetryPolicy {
        when: fields.optional("when", expression),
        except_when: fields.optional("exceptWhen", expression),
        delay: fields.optional("delay", duration),
        backoff: fields.optional("backoff", backoff),
        limit: fields.optional("limit", retry_limit),
        jitter: fields.optional("jitter", jitter),
    };
    fields.close();
    Some(policy)
}

fn backoff(cursor: Cursor<'_>) -> Option<Backoff> {
    let mut fields = cursor.object()?;
    let found = fields.one_of(&["constant", "exponential", "linear"]);
    fields.close();
    let (name, cursor) = found?;
    let options = backoff_options(cursor.object()?)?;
    Some(match name {
        "constant" => Backoff::Constant(options),
        "exponential" => Backoff::Exponential(options),
        _ => Backoff::Linear(options),
    })
}

fn backoff_options(mut fields: Fields<'_>) -> Option<BackoffOptions> {
    let increment = fields.optional("increment", duration);
    let factor = fields.optional("factor", |cursor| {
        let value = cursor.node.value();
        match as_f64(&value) {
            Some(factor) if factor.is_finite() && factor >= 1.0 => Some(value),
            Some(_) => cursor.refuse(Code::InvalidValue, "the factor must be at least 1"),
            None => cursor.wrong_type("a number"),
        }
    });
    let max_delay = fields.optional("maxDelay", duration);
    Some(BackoffOptions { increment, factor, max_delay, extra: fields.open() })
}

fn retry_limit(cursor: Cursor<'_>) -> Option<RetryLimit> {
    let mut fields = cursor.object()?;
    let attempt = fields.optional("attempt", |cursor| {
        let mut fields = cursor.object()?;
        let count = fields.optional("count", |cursor| cursor.integer(0, u64::from(u32::MAX)));
        let count = count.and_then(|count| u32::try_from(count).ok());
        let duration = fields.optional("duration", duration);
        fields.close();
        Some(RetryLimitAttempt { count, duration })
    });
    let duration = fields.optional("duration", duration);
    fields.close();
    Some(RetryLimit { attempt, duration })
}

fn jitter(cursor: Cursor<'_>) -> Option<Jitter> {
    let mut fields = cursor.object()?;
    let from = fields.required("from", duration);
    let to = fields.required("to", duration);
    fields.close();
    Some(Jitter { from: from?, to: to? })
}

pub(super) fn raise(cursor: Cursor<'_>) -> Option<RaiseError> {
    let mut fields = cursor.object()?;
    let error = fields.required("error", |cursor| match cursor.as_text() {
        Some(name) => Some(RaiseError::Named(name.to_owned())),
        None if cursor.is_object() => error(cursor).map(Box::new).map(RaiseError::Inline),
        None => cursor.wrong_type("an error, or the name of one in `use.errors`,"),
    });
    fields.close();
    error
}

pub(super) fn error(cursor: Cursor<'_>) -> Option<Error> {
    let mut fields = cursor.object()?;
    let type_ = fields.required("type", uri);
    let status = fields.required("status", status);
    let instance = fields.optional("instance", text_template);
    let title = fields.optional("title", text_template);
    let detail = fields.optional("detail", text_template);
    fields.close();
    Some(Error { type_: type_?, status: status?, instance, title, detail })
}

/// An HTTP status code (RFC 9110 §15).
fn status(cursor: Cursor<'_>) -> Option<u16> {
    use crate::source::NodeKind;
    use crate::value::{Num, Value};
    match &cursor.node.kind {
        NodeKind::Scalar(Value::Num(Num::Int(status))) => match u16::try_from(*status) {
            Ok(status) if (100..600).contains(&status) => Some(status),
            _ => cursor.refuse(
                Code::InvalidStatus,
                format!("{status} is no HTTP status: use a number from 100 to 599"),
            ),
        },
        _ => cursor.wrong_type("an HTTP status, a number from 100 to 599,"),
    }
}
