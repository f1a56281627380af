use motet_types::TaskId;

use super::Compiler;
use crate::graph::{Backoff, ErrorFilter, Flow, Kind, Retry, Try};
use crate::model;

pub(super) fn compile<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    task: &'a model::Try,
    path: &str,
) -> Option<Kind> {
    let body = compiler.scope(&task.try_, &format!("{path}/try"), Some(id));
    let catch = &task.catch;
    let variable = catch.variable();
    let path = format!("{path}/catch");
    let compiled = compiler.with_locals(&[variable, "error"], |compiler| {
        let when = compiler.optional_expression(catch.when.as_ref(), &format!("{path}/when"));
        let except_when =
            compiler.optional_expression(catch.except_when.as_ref(), &format!("{path}/exceptWhen"));
        let retry = catch.retry.as_ref().and_then(|retry| compile_retry(compiler, retry, &path));
        (when, except_when, retry)
    });
    let (when, except_when, retry) = compiled;
    let handler = compiler.with_locals(&[variable], |compiler| {
        catch.do_.as_ref().map(|list| compiler.scope(list, &format!("{path}/do"), Some(id)))
    });
    Some(Kind::Try(Box::new(Try {
        body,
        filter: filter(catch.errors.as_ref()),
        variable: variable.to_owned(),
        when,
        except_when,
        retry,
        handler,
        then: catch.then.as_ref().map(|_| Flow::Continue),
        directive: catch.then.clone(),
    })))
}

fn filter(errors: Option<&model::CatchErrors>) -> ErrorFilter {
    let Some(with) = errors.and_then(|errors| errors.with.as_ref()) else {
        return ErrorFilter::default();
    };
    let text = |template: &Option<model::Template>| {
        template.as_ref().and_then(model::Template::text).map(str::to_owned)
    };
    ErrorFilter {
        kind: text(&with.type_),
        status: with.status,
        instance: text(&with.instance),
        title: text(&with.title),
        detail: text(&with.detail),
    }
}

fn compile_retry(
    compiler: &mut Compiler<'_>,
    retry: &model::RetryRef,
    path: &str,
) -> Option<Retry> {
    let path = format!("{path}/retry");
    let (policy, path) = match retry {
        model::RetryRef::Inline(policy) => (&**policy, path),
        model::RetryRef::Named(name) => match compiler.document.retry(name) {
            Some(policy) => (policy, format!("/use/retries/{}", super::escape(name))),
            None => return compiler.unknown(&path, "retry policy", name),
        },
    };
    let limit = policy.limit.as_ref();
    let attempt = limit.and_then(|limit| limit.attempt.as_ref());
    let mut span = |duration: Option<&model::Duration>, key: &str| {
        duration.and_then(|duration| compiler.span(duration, &format!("{path}/{key}")))
    };
    let jitter = policy.jitter.as_ref();
    let from = span(jitter.map(|jitter| &jitter.from), "jitter/from");
    let to = span(jitter.map(|jitter| &jitter.to), "jitter/to");
    Some(Retry {
        delay: span(policy.delay.as_ref(), "delay"),
        attempt: span(attempt.and_then(|it| it.duration.as_ref()), "limit/attempt/duration"),
        total: span(limit.and_then(|limit| limit.duration.as_ref()), "limit/duration"),
        jitter: from.zip(to),
        backoff: backoff(compiler, policy.backoff.as_ref(), &path),
        count_max: attempt.and_then(|attempt| attempt.count),
        when: compiler.optional_expression(policy.when.as_ref(), &format!("{path}/when")),
        except_when: compiler
            .optional_expression(policy.except_when.as_ref(), &format!("{path}/exceptWhen")),
    })
}

fn backoff(compiler: &mut Compiler<'_>, backoff: Option<&model::Backoff>, path: &str) -> Backoff {
    let Some(backoff) = backoff else {
        return Backoff::Constant;
    };
    let options = backoff.options();
    let mut span = |duration: &Option<model::Duration>, key: &str| {
        let path = format!("{path}/backoff/{}/{key}", backoff.keyword());
        duration.as_ref().and_then(|duration| compiler.span(duration, &path))
    };
    match backoff {
        model::Backoff::Constant(_) => Backoff::Constant,
        model::Backoff::Linear(_) => Backoff::Linear {
            increment: span(&options.increment, "increment"),
            delay_max: span(&options.max_delay, "maxDelay"),
        },
        model::Backoff::Exponential(_) => Backoff::Exponential {
            factor: options.factor(),
            delay_max: span(&options.max_delay, "maxDelay"),
        },
    }
}
