use super::Checker;
use super::scope::{Scope, Site};
use crate::model::{
    Container, Emit, For, ForIn, Listen, Run, RunKind, ScriptSource, SwitchCase, Task, TaskKind,
};
use crate::pointer::Path;
use crate::read::name;
use crate::{Code, Diagnostic};
use motet_types::{Label, Version};
use semver::VersionReq;

impl<'a> Checker<'a> {
    /// A task; `scope` carries the local variables that surround it.
    pub(super) fn task(&mut self, task: &'a Task, path: &Path<'a>, scope: &Scope<'a>) {
        let common = &task.common;
        let before = scope.at(Site::TaskInput);
        let inside = scope.at(Site::Definition);
        self.maybe_condition(&common.if_, &path.key("if"), &before);
        if let Some(input) = &common.input {
            self.input(input, &path.key("input"), &before);
        }
        self.kind(&task.kind, path, &inside);
        if let Some(output) = &common.output {
            self.output(output, &path.key("output"), &inside);
        }
        if let Some(export) = &common.export {
            self.export(export, &path.key("export"), &scope.at(Site::Export));
        }
        if let Some(timeout) = &common.timeout {
            self.timeout_ref(timeout, &path.key("timeout"), &inside);
        }
        self.task_metadata(task, path, scope);
        self.idempotency(task, path);
    }

    fn kind(&mut self, kind: &'a TaskKind, path: &Path<'a>, scope: &Scope<'a>) {
        match kind {
            TaskKind::Call(call) => self.call(call, path, scope),
            TaskKind::Do(list) => self.task_list(list, &path.key("do"), scope),
            TaskKind::Emit(emit) => self.emit(emit, path, scope),
            TaskKind::For(own) => self.for_loop(own, path, scope),
            TaskKind::Fork(own) => self.fork(own, &path.key("fork").key("branches"), scope),
            TaskKind::Listen(own) => self.listen(own, path, scope),
            TaskKind::Raise(own) => self.raise(own, &path.key("raise").key("error"), scope),
            TaskKind::Run(own) => self.run(own, &path.key("run"), scope),
            TaskKind::Set(template) => self.template(template, &path.key("set"), scope),
            TaskKind::Switch(cases) => self.switch(cases, &path.key("switch"), scope),
            TaskKind::Try(own) => self.try_(own, path, scope),
            TaskKind::Wait(own) => self.duration(own, &path.key("wait"), scope),
        }
    }

    fn for_loop(&mut self, own: &'a For, path: &Path<'a>, scope: &Scope<'a>) {
        let head = path.key("for");
        match &own.in_ {
            ForIn::Expression(items) => self.condition(items, &head.key("in"), scope),
            ForIn::Items(items) => self.template(items, &head.key("in"), scope),
        }
        self.variable(&own.each, &head.key("each"));
        self.variable(&own.at, &head.key("at"));
        let inside = scope.with([own.each(), own.at()]);
        self.maybe_condition(&own.while_, &path.key("while"), &inside);
        self.task_list(&own.do_, &path.key("do"), &inside);
    }

    fn switch(&mut self, cases: &'a [SwitchCase], path: &Path<'a>, scope: &Scope<'a>) {
        let mut default: Option<&str> = None;
        for (idx, case) in cases.iter().enumerate() {
            let path = path.index(idx).key(&case.name);
            self.maybe_condition(&case.when, &path.key("when"), scope);
            if case.when.is_some() {
                continue;
            }
            if let Some(first) = default {
                let message = format!(
                    "`{first}` has no `when` either, and is the default: add a `when` to one of them"
                );
                let problem = Diagnostic::new(Code::SeveralDefaults, path.pointer(), message);
                self.report(problem.about_key());
            }
            default = default.or(Some(&case.name));
        }
    }

    fn emit(&mut self, own: &'a Emit, path: &Path<'a>, scope: &Scope<'a>) {
        let path = path.key("emit").key("event").key("with");
        for (name, attribute) in &own.with {
            self.template(attribute, &path.key(name), scope);
        }
        if let Some(time) = own.with.get("time") {
            self.instant(time, &path.key("time"));
        }
    }

    fn listen(&mut self, own: &'a Listen, path: &Path<'a>, scope: &Scope<'a>) {
        self.strategy(&own.to, &path.key("listen").key("to"), scope);
        if let Some(foreach) = &own.foreach {
            self.foreach(foreach, &path.key("foreach"), scope);
        }
    }

    fn run(&mut self, own: &'a Run, path: &Path<'a>, scope: &Scope<'a>) {
        let path = path.key(own.kind.keyword());
        match &own.kind {
            RunKind::Container(own) => self.container(own, &path, scope),
            RunKind::Script(own) => {
                // The code itself is no template: `${ }` belongs to its own language.
                if let ScriptSource::Resource(resource) = &own.source {
                    self.resource(resource, &path.key("source"), scope);
                }
                self.maybe_template(&own.stdin, &path.key("stdin"), scope);
                self.maybe_template(&own.arguments, &path.key("arguments"), scope);
                self.maybe_template(&own.environment, &path.key("environment"), scope);
            }
            RunKind::Shell(own) => {
                self.maybe_template(&own.stdin, &path.key("stdin"), scope);
                self.maybe_template(&own.arguments, &path.key("arguments"), scope);
                self.maybe_template(&own.environment, &path.key("environment"), scope);
            }
            RunKind::Workflow(own) => {
                self.child_name(&own.namespace, &path.key("namespace"));
                self.child_name(&own.name, &path.key("name"));
                self.child_version(&own.version, &path.key("version"));
                self.maybe_template(&own.input, &path.key("input"), scope);
            }
        }
    }

    /// Namespace or name of a workflow: nothing can be published under another one.
    fn child_name(&mut self, text: &str, path: &Path<'a>) {
        if let Err(problem) = name(text, path.pointer()) {
            self.report(*problem);
        }
    }

    /// What the catalog resolves: an exact version, `latest` or another tag, or a range.
    fn child_version(&mut self, version: &str, path: &Path<'a>) {
        let known = version.parse::<Version>().is_ok()
            || version.parse::<Label>().is_ok()
            || version.parse::<VersionReq>().is_ok();
        if !known {
            let message = format!(
                "`{version}` names no version: write one such as `1.4.0`, a range such as `^2`, `latest` or another tag"
            );
            self.report(Diagnostic::new(Code::InvalidVersion, path.pointer(), message));
        }
    }

    fn container(&mut self, own: &'a Container, path: &Path<'a>, scope: &Scope<'a>) {
        self.template(&own.image, &path.key("image"), scope);
        let parts = [
            ("name", &own.name),
            ("ports", &own.ports),
            ("volumes", &own.volumes),
            ("environment", &own.environment),
            ("stdin", &own.stdin),
            ("arguments", &own.arguments),
        ];
        for (key, part) in parts {
            self.maybe_template(part, &path.key(key), scope);
        }
        if let Some(after) = own.lifetime.as_ref().and_then(|lifetime| lifetime.after.as_ref()) {
            self.duration(after, &path.key("lifetime").key("after"), scope);
        }
    }

    /// The name of a local variable, written without `$`.
    pub(super) fn variable(&mut self, name: &'a Option<String>, path: &Path<'a>) {
        let Some(name) = name else { return };
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let well_formed =
            name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit());
        if !well_formed {
            let message = format!(
                "`{name}` cannot name a variable: use letters, digits and `_`, without `$` and spaces"
            );
            self.report(Diagnostic::new(Code::InvalidVariable, path.pointer(), message));
        }
    }
}
