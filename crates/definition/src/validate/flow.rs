use std::collections::{BTreeMap, HashMap, HashSet};

use super::Checker;
use crate::model::{FlowDirective, Task, TaskKind, TaskList};
use crate::pointer::Path;
use crate::read::CANDIDATES_MAX;
use crate::walk::lists;
use crate::work::spend;
use crate::{Code, Diagnostic};

/// Names that would hide a flow directive.
const RESERVED: [&str; 3] = ["continue", "exit", "end"];

impl<'a> Checker<'a> {
    /// Names, flow directives and reachability of one list.
    pub(super) fn flow(&mut self, list: &'a TaskList, path: &Path<'a>) {
        if list.is_empty() {
            let message = "the task list is empty: add a task";
            self.report(Diagnostic::new(Code::EmptyTaskList, path.pointer(), message));
        }
        self.names(list, path);
        let places = places(list);
        for (idx, item) in list.iter().enumerate() {
            let path = path.index(idx).key(&item.name);
            for (directive, place) in directives(&item.task, &path) {
                self.directive(directive, &places, &place);
            }
        }
        self.reachability(list, &places, path);
    }

    /// Branches run at the same time: their names count, their order and directives do not.
    pub(super) fn names(&mut self, list: &'a TaskList, path: &Path<'a>) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (idx, item) in list.iter().enumerate() {
            let name = item.name.as_str();
            let pointer = path.index(idx).key(name).pointer();
            if let Some(first) = seen.insert(name, idx) {
                let message = format!(
                    "another task of this list is named `{name}` (number {}): rename one of them",
                    first + 1
                );
                let problem = Diagnostic::new(Code::DuplicateTaskName, pointer.clone(), message);
                self.report(problem.about_key());
            }
            if RESERVED.contains(&name) {
                let message =
                    format!("`{name}` is a flow directive and cannot name a task: rename it");
                let problem = Diagnostic::new(Code::ReservedTaskName, pointer, message);
                self.report(problem.about_key());
            }
        }
    }

    /// A function is one task: nothing stands beside it that it could go on to.
    pub(super) fn function_flow(&mut self, function: &'a Task, path: &Path<'a>) {
        for (directive, place) in directives(function, path) {
            let FlowDirective::Goto(name) = directive else {
                continue;
            };
            let message = format!(
                "a function is one task and cannot go on to `{name}`: use `continue`, `exit` or `end`"
            );
            let problem = Diagnostic::new(Code::TaskOutOfScope, place.pointer(), message);
            self.report(match self.meant(name, &RESERVED) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
    }

    fn directive(&mut self, directive: &'a FlowDirective, places: &Places<'a>, path: &Path<'a>) {
        let FlowDirective::Goto(name) = directive else {
            return;
        };
        if places.contains_key(name.as_str()) {
            return;
        }
        let elsewhere = self.is_task(name);
        let problem = if elsewhere {
            let message = format!(
                "the task `{name}` is in another scope: a task can only be followed by one of its own list"
            );
            Diagnostic::new(Code::TaskOutOfScope, path.pointer(), message)
        } else {
            let message = format!(
                "there is no task `{name}`: name a task of this list, or `continue`, `exit` or `end`"
            );
            Diagnostic::new(Code::UnknownTask, path.pointer(), message)
        };
        spend(places.len().min(CANDIDATES_MAX));
        let names: Vec<&str> =
            RESERVED.into_iter().chain(places.keys().copied()).take(CANDIDATES_MAX).collect();
        self.report(match self.meant(name, &names) {
            Some(near) => problem.with_help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    /// Whether a task of this name stands anywhere in the workflow.
    fn is_task(&mut self, name: &str) -> bool {
        let document = self.document;
        let names = self.task_names.get_or_insert_with(|| {
            let mut names = HashSet::new();
            collect_names(&document.do_, &mut names);
            names
        });
        names.contains(name)
    }

    /// Warns of tasks that no path from the first one reaches.
    fn reachability(&mut self, list: &'a TaskList, places: &Places<'a>, path: &Path<'a>) {
        let mut reached = vec![false; list.len()];
        let mut open: Vec<usize> = if list.is_empty() { Vec::new() } else { vec![0] };
        while let Some(idx) = open.pop() {
            if std::mem::replace(&mut reached[idx], true) {
                continue;
            }
            spend(1);
            open.extend(
                successors(list, places, idx).into_iter().filter(|next| *next < list.len()),
            );
        }
        // Only the first task of an unreachable run is worth a warning.
        for idx in 1..list.len() {
            if !reached[idx] && reached[idx - 1] {
                let name = list.0[idx].name.as_str();
                let message = format!(
                    "nothing leads to the task `{name}`: the flow goes elsewhere before it"
                );
                let pointer = path.index(idx).key(name).pointer();
                self.report(Diagnostic::new(Code::UnreachableTask, pointer, message).about_key());
            }
        }
    }
}

/// Places of the tasks of one list, in a fixed order.
type Places<'a> = BTreeMap<&'a str, usize>;

/// Of tasks with the same name the first one counts.
fn places(list: &TaskList) -> Places<'_> {
    list.iter().enumerate().rev().map(|(idx, item)| (item.name.as_str(), idx)).collect()
}

/// Every flow directive of a task, and where it stands.
fn directives<'a>(task: &'a Task, path: &Path<'a>) -> Vec<(&'a FlowDirective, Path<'a>)> {
    let own = task.common.then.iter().map(|then| (then, path.key("then")));
    let mut all: Vec<_> = own.collect();
    match &task.kind {
        TaskKind::Switch(cases) => {
            for (idx, case) in cases.iter().enumerate() {
                let place = path.key("switch").index(idx).key(&case.name).key("then");
                all.push((&case.then, place));
            }
        }
        TaskKind::Try(own) => {
            all.extend(own.catch.then.iter().map(|then| (then, path.key("catch").key("then"))));
        }
        _ => {}
    }
    all
}

/// Places in the list where the flow may go after the task `idx`.
fn successors(list: &TaskList, places: &Places<'_>, idx: usize) -> Vec<usize> {
    let task = &list.0[idx].task;
    let place = |directive: &FlowDirective| match directive {
        FlowDirective::Continue => Some(idx + 1),
        FlowDirective::Exit | FlowDirective::End => None,
        // A name that leads nowhere is reported already; as far as we know it may lead on.
        FlowDirective::Goto(name) => Some(places.get(name.as_str()).copied().unwrap_or(idx + 1)),
    };
    let then = task.common.then.as_ref().unwrap_or(&FlowDirective::Continue);
    let mut next: Vec<Option<usize>> = Vec::new();
    match &task.kind {
        TaskKind::Switch(cases) => {
            next.extend(cases.iter().map(|case| place(&case.then)));
            if cases.iter().all(|case| case.when.is_some()) {
                next.push(place(then));
            }
        }
        // An error always leaves the list.
        TaskKind::Raise(_) => {}
        TaskKind::Try(own) => {
            next.push(place(then));
            next.extend(own.catch.then.iter().map(place));
        }
        _ => next.push(place(then)),
    }
    // A task that is skipped is followed by the next one, whatever its directive.
    if task.common.if_.is_some() {
        next.push(Some(idx + 1));
    }
    next.into_iter().flatten().collect()
}

fn collect_names<'a>(list: &'a TaskList, names: &mut HashSet<&'a str>) {
    for item in list {
        spend(1);
        names.insert(&item.name);
        for (list, _) in lists(&item.task) {
            collect_names(list, names);
        }
    }
}
