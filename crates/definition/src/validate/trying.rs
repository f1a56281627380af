use super::Checker;
use super::scope::{Scope, Site};
use crate::Code;
use crate::model::{
    Backoff, Catch, Error, RaiseError, RetryPolicy, RetryRef, TaskKind, TaskList, Try,
};
use crate::pointer::Path;

impl<'a> Checker<'a> {
    pub(super) fn try_(&mut self, own: &'a Try, path: &Path<'a>, scope: &Scope<'a>) {
        self.task_list(&own.try_, &path.key("try"), scope);
        let (catch, path) = (&own.catch, path.key("catch"));
        self.variable(&catch.as_, &path.key("as"));
        self.filter_of(catch, &path, scope);
        let caught = scope.with([catch.variable()]);
        self.maybe_condition(&catch.when, &path.key("when"), &caught);
        self.maybe_condition(&catch.except_when, &path.key("exceptWhen"), &caught);
        match &catch.retry {
            Some(RetryRef::Inline(policy)) => self.retry(policy, &path.key("retry"), &caught),
            Some(RetryRef::Named(name)) if self.document.retry(name).is_none() => {
                let declared = self.document.use_.iter().flat_map(|use_| &use_.retries).flatten();
                let declared = declared.map(|(name, _)| name.as_str());
                self.unknown(Code::UnknownRetry, &path.key("retry"), name, "retries", declared);
            }
            Some(RetryRef::Named(_)) | None => {}
        }
        if let Some(list) = &catch.do_ {
            self.task_list(list, &path.key("do"), &caught);
        }
    }

    fn filter_of(&mut self, catch: &'a Catch, path: &Path<'a>, scope: &Scope<'a>) {
        let Some(filter) = catch.errors.as_ref().and_then(|errors| errors.with.as_ref()) else {
            return;
        };
        let path = path.key("errors").key("with");
        let parts = [
            ("type", &filter.type_),
            ("instance", &filter.instance),
            ("title", &filter.title),
            ("detail", &filter.detail),
        ];
        for (key, part) in parts {
            self.maybe_template(part, &path.key(key), scope);
        }
    }

    /// A policy of `use.retries`: it sees the error under the names that the catches using it give to it.
    pub(super) fn named_retry(&mut self, name: &str, policy: &'a RetryPolicy, path: &Path<'a>) {
        let mut variables = vec!["error"];
        error_variables(&self.document.do_, name, &mut variables);
        for function in self.document.use_.iter().flat_map(|use_| &use_.functions).flatten() {
            error_variables_of(&function.1.kind, name, &mut variables);
        }
        self.retry(policy, path, &Scope::new(Site::Definition).with(variables));
    }

    fn retry(&mut self, policy: &'a RetryPolicy, path: &Path<'a>, scope: &Scope<'a>) {
        self.maybe_condition(&policy.when, &path.key("when"), scope);
        self.maybe_condition(&policy.except_when, &path.key("exceptWhen"), scope);
        if let Some(delay) = &policy.delay {
            self.duration(delay, &path.key("delay"), scope);
        }
        if let Some(backoff) = &policy.backoff {
            self.backoff(backoff, &path.key("backoff").key(backoff.keyword()), scope);
        }
        if let Some(limit) = &policy.limit {
            let path = path.key("limit");
            if let Some(duration) = limit.attempt.as_ref().and_then(|own| own.duration.as_ref()) {
                self.duration(duration, &path.key("attempt").key("duration"), scope);
            }
            if let Some(duration) = &limit.duration {
                self.duration(duration, &path.key("duration"), scope);
            }
        }
        if let Some(jitter) = &policy.jitter {
            let path = path.key("jitter");
            self.duration(&jitter.from, &path.key("from"), scope);
            self.duration(&jitter.to, &path.key("to"), scope);
            if let (Some(from), Some(to)) = (jitter.from.fixed(), jitter.to.fixed())
                && from > to
            {
                let message = "the jitter ends before it begins: exchange `from` and `to`";
                let code = Code::InvalidValue;
                self.report(crate::Diagnostic::new(code, path.pointer(), message));
            }
        }
    }

    fn backoff(&mut self, backoff: &'a Backoff, path: &Path<'a>, scope: &Scope<'a>) {
        let options = backoff.options();
        for (key, own) in [("increment", &options.increment), ("maxDelay", &options.max_delay)] {
            if let Some(duration) = own {
                self.duration(duration, &path.key(key), scope);
            }
        }
    }

    pub(super) fn raise(&mut self, own: &'a RaiseError, path: &Path<'a>, scope: &Scope<'a>) {
        match own {
            RaiseError::Inline(error) => self.error(error, path, scope),
            RaiseError::Named(name) if self.document.error(name).is_none() => {
                let declared = self.document.use_.iter().flat_map(|use_| &use_.errors).flatten();
                let declared = declared.map(|(name, _)| name.as_str());
                self.unknown(Code::UnknownError, path, name, "errors", declared);
            }
            RaiseError::Named(_) => {}
        }
    }

    pub(super) fn error(&mut self, error: &'a Error, path: &Path<'a>, scope: &Scope<'a>) {
        self.uri(&error.type_, &path.key("type"), scope);
        let parts =
            [("instance", &error.instance), ("title", &error.title), ("detail", &error.detail)];
        for (key, part) in parts {
            self.maybe_template(part, &path.key(key), scope);
        }
    }
}

/// Adds the variables of every catch below a list that retries by the policy `name`.
fn error_variables<'a>(list: &'a TaskList, name: &str, variables: &mut Vec<&'a str>) {
    for item in list {
        error_variables_of(&item.task.kind, name, variables);
        for (list, _) in crate::walk::lists(&item.task) {
            error_variables(list, name, variables);
        }
    }
}

fn error_variables_of<'a>(kind: &'a TaskKind, name: &str, variables: &mut Vec<&'a str>) {
    if let TaskKind::Try(own) = kind
        && matches!(&own.catch.retry, Some(RetryRef::Named(named)) if named == name)
    {
        variables.push(own.catch.variable());
    }
}
