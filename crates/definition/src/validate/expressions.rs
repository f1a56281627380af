use motet_expr::{CompileError, Program, Template as Compiled, TemplateError};

use super::Checker;
use super::scope::Scope;
use crate::model::{
    Duration, Endpoint, Export, Expression, ExternalResource, Input, Output, Schema, SchemaSource,
    Template, Timeout, TimeoutRef, Transform, Uri,
};
use crate::pointer::{Path, Pointer};
use crate::value::Value;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    /// A field that is always an expression.
    pub(super) fn field(&mut self, expression: &'a Expression, path: &Path<'a>, scope: &Scope<'a>) {
        let text = expression.as_str();
        match Program::compile_field(text, &scope.variables()) {
            Ok(program) => self.secrets_in(&path.pointer(), text, &[program], false, scope),
            Err(error) => self.invalid(path.pointer(), text, &error),
        }
    }

    /// An expression whose result decides something: a secret's marker would decide it wrongly.
    pub(super) fn condition(
        &mut self,
        expression: &'a Expression,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        let text = expression.as_str();
        match Program::compile_field(text, &scope.variables()) {
            Ok(program) => self.secrets_in(&path.pointer(), text, &[program], true, scope),
            Err(error) => self.invalid(path.pointer(), text, &error),
        }
    }

    pub(super) fn maybe_condition(
        &mut self,
        expression: &'a Option<Expression>,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        if let Some(expression) = expression {
            self.condition(expression, path, scope);
        }
    }

    /// A value with expressions at any depth.
    pub(super) fn template(&mut self, template: &Template, path: &Path<'a>, scope: &Scope<'a>) {
        self.value(&template.0, path, scope);
    }

    pub(super) fn maybe_template(
        &mut self,
        template: &Option<Template>,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        if let Some(template) = template {
            self.template(template, path, scope);
        }
    }

    pub(super) fn value(&mut self, value: &Value, path: &Path<'a>, scope: &Scope<'a>) {
        match Compiled::compile(value, &scope.variables(), self.mode) {
            Ok(compiled) => self.secrets_of(&compiled, &path.pointer(), scope),
            Err(errors) => {
                for TemplateError { path: inner, error } in errors {
                    let pointer = path.pointer().join(&inner);
                    let text = text_at(value, &Pointer::from(inner.as_str())).unwrap_or_default();
                    self.invalid(pointer, &text, &error);
                }
            }
        }
    }

    fn invalid(&mut self, pointer: Pointer, text: &str, error: &CompileError) {
        let named = text.get(error.range.clone()).unwrap_or_default();
        let is_variable = named.starts_with('$') && !named.starts_with("${");
        let problem = if is_variable {
            Diagnostic::new(Code::UndefinedVariable, pointer, error.to_string())
        } else {
            let message = format!("the expression does not compile: {error}");
            Diagnostic::new(Code::InvalidExpression, pointer, message)
        };
        self.report(problem.within(text, error.range.clone()));
    }

    pub(super) fn input(&mut self, input: &'a Input, path: &Path<'a>, scope: &Scope<'a>) {
        self.schema(&input.schema, path, scope);
        self.transform(&input.from, &path.key("from"), scope);
    }

    pub(super) fn output(&mut self, output: &'a Output, path: &Path<'a>, scope: &Scope<'a>) {
        self.schema(&output.schema, path, scope);
        self.transform(&output.as_, &path.key("as"), scope);
    }

    pub(super) fn export(&mut self, export: &'a Export, path: &Path<'a>, scope: &Scope<'a>) {
        self.schema(&export.schema, path, scope);
        self.transform(&export.as_, &path.key("as"), scope);
    }

    fn transform(&mut self, own: &'a Option<Transform>, path: &Path<'a>, scope: &Scope<'a>) {
        match own {
            Some(Transform::Expression(expression)) => self.field(expression, path, scope),
            Some(Transform::Template(template)) => self.template(template, path, scope),
            None => {}
        }
    }

    fn schema(&mut self, schema: &'a Option<Schema>, path: &Path<'a>, scope: &Scope<'a>) {
        let Some(schema) = schema else { return };
        if let SchemaSource::Resource(resource) = &schema.source {
            self.resource(resource, &path.key("schema").key("resource"), scope);
        }
    }

    pub(super) fn resource(
        &mut self,
        resource: &'a ExternalResource,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        self.endpoint(&resource.endpoint, &path.key("endpoint"), scope);
    }

    pub(super) fn endpoint(&mut self, endpoint: &'a Endpoint, path: &Path<'a>, scope: &Scope<'a>) {
        match endpoint {
            Endpoint::Uri(uri) => self.uri(uri, path, scope),
            Endpoint::Detailed { uri, authentication } => {
                self.uri(uri, &path.key("uri"), scope);
                if let Some(reference) = authentication {
                    self.authentication(reference, &path.key("authentication"), scope);
                }
            }
        }
    }

    pub(super) fn uri(&mut self, uri: &'a Uri, path: &Path<'a>, scope: &Scope<'a>) {
        match uri {
            Uri::Template(_) => {}
            Uri::Expression(expression) => self.field(expression, path, scope),
            Uri::Interpolated(text) => self.value(&Value::from(text.clone()), path, scope),
        }
    }

    pub(super) fn timeout_ref(
        &mut self,
        reference: &'a TimeoutRef,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        match reference {
            TimeoutRef::Inline(Timeout { after }) => {
                self.duration(after, &path.key("after"), scope)
            }
            TimeoutRef::Named(name) if self.document.timeout(name).is_none() => {
                let declared = self.document.use_.iter().flat_map(|use_| &use_.timeouts).flatten();
                let declared = declared.map(|(name, _)| name.as_str());
                self.unknown(Code::UnknownTimeout, path, name, "timeouts", declared);
            }
            TimeoutRef::Named(_) => {}
        }
    }

    pub(super) fn duration(&mut self, duration: &'a Duration, path: &Path<'a>, scope: &Scope<'a>) {
        match duration {
            Duration::Expression(expression) => self.condition(expression, path, scope),
            Duration::Iso8601(text) if depends_on_calendar(text) => {
                let message = "a year is taken as 365 days and a month as 30: write days instead";
                self.report(Diagnostic::new(Code::CalendarDuration, path.pointer(), message));
            }
            Duration::Iso8601(_) | Duration::Parts(_) => {}
        }
        let longest = self.limits.duration_max;
        if duration.fixed().is_some_and(|fixed| fixed > longest) {
            let days = longest.as_secs() / 86_400;
            let message =
                format!("the duration is longer than the limit of {days} days: shorten it");
            self.report(Diagnostic::new(Code::DurationTooLong, path.pointer(), message));
        }
    }
}

fn depends_on_calendar(iso: &str) -> bool {
    iso.split('T').next().is_some_and(|date| date.contains(['Y', 'M']))
}

/// The text at a pointer inside a value.
fn text_at(value: &Value, pointer: &Pointer) -> Option<String> {
    let mut value = value;
    for segment in pointer.segments() {
        value = match value {
            Value::Obj(entries) => entries.get(&Value::from(segment))?,
            Value::Arr(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    crate::value::as_str(value).map(str::to_owned)
}
