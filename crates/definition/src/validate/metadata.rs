use std::collections::HashMap;

use super::Checker;
use super::cycle::cyclic;
use super::scope::{Scope, Site};
use crate::model::{
    ATTRIBUTES_MAX, Fork, MotetTask, Named, Task, TaskItem, TaskKind, TaskList, Template,
};
use crate::pointer::Path;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    pub(super) fn document_metadata(&mut self, path: &Path<'a>) {
        let Some(motet) = self.document.motet() else {
            return;
        };
        let (path, scope) = (path.key("motet"), Scope::new(Site::WorkflowInput));
        self.attributes(motet.attributes.as_ref(), &path.key("attributes"), &scope);
        self.maybe_template(&motet.business_key, &path.key("businessKey"), &scope);
        if let Some(concurrency) = &motet.concurrency {
            let path = path.key("concurrency").key("key");
            self.template(&concurrency.key, &path, &Scope::new(Site::Start));
        }
        let Some(schedule) = &motet.schedule else { return };
        let path = path.key("schedule");
        if self.document.schedule.is_none() {
            let message = "the document has no `schedule` that this could apply to: add one";
            self.misplaced(message, &path);
        }
        if let Some(zone) = &schedule.timezone {
            self.time_zone(zone, &path.key("timezone"));
        }
    }

    pub(super) fn task_metadata(&mut self, task: &'a Task, path: &Path<'a>, scope: &Scope<'a>) {
        let Some(motet) = task.motet() else { return };
        let path = path.key("metadata").key("motet");
        for (key, present, fits, where_) in placement(motet, &task.kind) {
            if present && !fits {
                let message =
                    format!("`{key}` has no meaning on this task: it belongs on {where_}");
                self.misplaced(&message, &path.key(key));
            }
        }
        let outside = scope.at(Site::Export);
        self.attributes(motet.attributes.as_ref(), &path.key("attributes"), &outside);
        self.maybe_template(&motet.business_key, &path.key("businessKey"), &outside);
        if let Some(until) = &motet.until {
            self.condition(until, &path.key("until"), &scope.at(Site::Definition));
        }
        if let Some(undo) = &motet.compensate {
            let path = path.key("compensate");
            // An undo runs later, when the loops and catches around the task are over.
            self.task_list(undo, &path, &Scope::new(Site::Definition));
            self.undo(undo, &path);
        }
        if let Some(version) = &motet.version
            && semver::VersionReq::parse(version).is_err()
        {
            let message =
                format!("`{version}` is no range of versions: write one such as `^2` or `1.4.0`");
            let pointer = path.key("version").pointer();
            self.report(Diagnostic::new(Code::InvalidVersion, pointer, message));
        }
    }

    /// Search attributes: their names, how many there are, and what they are made of.
    fn attributes(
        &mut self,
        attributes: Option<&'a Named<Template>>,
        path: &Path<'a>,
        scope: &Scope<'a>,
    ) {
        let Some(attributes) = attributes else { return };
        if attributes.len() > ATTRIBUTES_MAX {
            let message = format!("there are more than {ATTRIBUTES_MAX} search attributes");
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message).about_key());
        }
        for (name, attribute) in attributes {
            let path = path.key(name);
            if !is_attribute_name(name) {
                let message = format!(
                    "`{name}` is no name of a search attribute: use a letter, then at most 63 letters, digits, `_` and `-`"
                );
                let problem = Diagnostic::new(Code::InvalidValue, path.pointer(), message);
                self.report(problem.about_key());
            }
            self.template(attribute, &path, scope);
        }
    }

    /// Branches of a fork: their names, their tasks, and what they need of each other.
    pub(super) fn fork(&mut self, own: &'a Fork, path: &Path<'a>, scope: &Scope<'a>) {
        let branches = &own.branches;
        if branches.is_empty() {
            let message = "the fork has no branch: add one";
            self.report(Diagnostic::new(Code::EmptyTaskList, path.pointer(), message));
        }
        self.names(branches, path);
        if own.compete() {
            self.needs_in_a_race(branches, path);
        } else {
            self.needs(branches, path);
        }
        for (idx, item) in branches.iter().enumerate() {
            let path = path.index(idx).key(&item.name);
            self.task(&item.task, &path, scope);
            if let Some(crate::model::FlowDirective::Goto(name)) = &item.task.common.then {
                let message = format!(
                    "a branch cannot go on to `{name}`: branches run side by side and end at the join"
                );
                let pointer = path.key("then").pointer();
                self.report(Diagnostic::new(Code::TaskOutOfScope, pointer, message));
            }
        }
    }

    fn needs_in_a_race(&mut self, branches: &'a TaskList, path: &Path<'a>) {
        for (idx, item) in branches.iter().enumerate() {
            if !needs_of(item).is_empty() {
                let path = path.index(idx).key(&item.name);
                let path = path.key("metadata").key("motet").key("needs");
                let message = "branches of a race need none of each other, because the first that is done ends it: remove `needs` or `compete`";
                let problem = Diagnostic::new(Code::InvalidNeeds, path.pointer(), message);
                self.report(problem.about_key());
            }
        }
    }

    /// Tasks of a list stand after each other, so they need nothing.
    pub(super) fn no_needs(&mut self, task: &'a Task, path: &Path<'a>) {
        if task.motet().is_some_and(|motet| motet.needs.is_some()) {
            let message = "`needs` has no meaning on this task: it belongs on a branch of `fork`";
            self.misplaced(message, &path.key("metadata").key("motet").key("needs"));
        }
    }

    fn needs(&mut self, branches: &'a TaskList, path: &Path<'a>) {
        let names: Vec<&str> = branches.iter().map(|branch| branch.name.as_str()).collect();
        let places: HashMap<&str, usize> =
            names.iter().enumerate().map(|(idx, name)| (*name, idx)).collect();
        let mut known: Vec<Vec<usize>> = Vec::new();
        for (idx, item) in branches.iter().enumerate() {
            let path = path.index(idx).key(&item.name);
            let path = path.key("metadata").key("motet").key("needs");
            let mut needed = Vec::new();
            for (idx, name) in needs_of(item).iter().enumerate() {
                match places.get(name.as_str()) {
                    Some(place) => needed.push(*place),
                    None => self.unknown_need(name, &names, &path.index(idx)),
                }
            }
            known.push(needed);
        }
        for (idx, in_circle) in cyclic(&known).into_iter().enumerate() {
            if in_circle {
                let name = names[idx];
                let message = format!(
                    "`{name}` waits for branches that wait for it, so none would ever start"
                );
                let path = path.index(idx).key(name).key("metadata").key("motet").key("needs");
                self.report(Diagnostic::new(Code::InvalidNeeds, path.pointer(), message));
            }
        }
    }

    fn unknown_need(&mut self, name: &str, branches: &[&str], path: &Path<'a>) {
        let message = format!("the fork has no branch `{name}`: name one of its branches");
        let problem = Diagnostic::new(Code::InvalidNeeds, path.pointer(), message);
        self.report(match self.meant(name, branches) {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    /// Tasks of an undo cannot export, and have no undo of their own.
    fn undo(&mut self, list: &'a TaskList, path: &Path<'a>) {
        for (idx, item) in list.iter().enumerate() {
            let path = path.index(idx).key(&item.name);
            if item.task.common.export.is_some() {
                self.misplaced("an undo cannot export: remove it", &path.key("export"));
            }
            let own = item.task.motet();
            if own.is_some_and(|motet| motet.compensate.is_some() || motet.pivot == Some(true)) {
                let message = "an undo is never undone: remove `compensate` and `pivot` from it";
                self.misplaced(message, &path.key("metadata").key("motet"));
            }
        }
    }

    fn misplaced(&mut self, message: &str, path: &Path<'a>) {
        let problem = Diagnostic::new(Code::MisplacedMetadata, path.pointer(), message);
        self.report(problem.about_key());
    }
}

/// Whether lists can be asked for it: the name stands in queries, where a dot separates.
fn is_attribute_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(is_inner)
}

/// Each key, whether it is present, whether it may stand on such a task, and where it may.
fn placement(motet: &MotetTask, kind: &TaskKind) -> [(&'static str, bool, bool, &'static str); 7] {
    let has_effects = !matches!(kind, TaskKind::Set(_) | TaskKind::Switch(_) | TaskKind::Wait(_));
    let is_scope = matches!(kind, TaskKind::Do(_) | TaskKind::Try(_));
    let is_call = matches!(kind, TaskKind::Call(_));
    let undoable = has_effects && !matches!(kind, TaskKind::Raise(_) | TaskKind::Listen(_));
    let acts = "a task that acts: `call`, `run`, `emit`, or one that holds such tasks";
    [
        ("compensate", motet.compensate.is_some(), undoable, acts),
        ("pivot", motet.pivot.is_some(), undoable, acts),
        ("saga", motet.saga.is_some(), is_scope, "`do` or `try`"),
        ("idempotent", motet.idempotent.is_some(), is_call, "`call`"),
        ("version", motet.version.is_some(), is_call, "`call`"),
        ("parallel", motet.parallel.is_some(), matches!(kind, TaskKind::For(_)), "`for`"),
        ("until", motet.until.is_some(), matches!(kind, TaskKind::Wait(_)), "`wait`"),
    ]
}

fn needs_of(item: &TaskItem) -> &[String] {
    item.task.motet().and_then(|motet| motet.needs.as_deref()).unwrap_or_default()
}
