//! What the shape alone does not show: names, references, flow, variables, secrets, and where our extensions may stand.
//!
//! The checks walk the model, so they also serve documents that were never text; places are JSON pointers.

mod authentication;
mod call;
mod cycle;
mod event;
mod expressions;
mod flow;
mod functions;
mod http;
mod metadata;
mod own;
mod schedule;
mod scope;
mod secrets;
mod task;
mod trying;

use std::collections::HashSet;

use motet_expr::Mode;
use motet_types::Limits;

use crate::model::{Document, EvaluateMode, TaskList};
use crate::pointer::Path;
use crate::read::{CANDIDATES_MAX, nearest, one_of};
use crate::work::spend;
use crate::{Code, DIAGNOSTICS_MAX, Diagnostic};
use scope::{Scope, Site};

/// Most declared names that a diagnostic lists.
const NAMES_MAX: usize = 10;

/// Everything that is wrong, or doubtful, about the meaning of a document, in document order.
pub fn validate(document: &Document, limits: &Limits) -> Vec<Diagnostic> {
    let mode = match document.mode() {
        EvaluateMode::Strict => Mode::Strict,
        EvaluateMode::Loose => Mode::Loose,
    };
    let mut checker = Checker {
        document,
        limits,
        mode,
        kept: [0; 2],
        task_names: None,
        secret_names: None,
        diagnostics: Vec::new(),
    };
    checker.document();
    checker.diagnostics
}

/// Walks a document and collects what it finds.
struct Checker<'a> {
    document: &'a Document,
    limits: &'a Limits,
    mode: Mode,
    /// Warnings and errors among the diagnostics.
    kept: [usize; 2],
    /// Names of all tasks below `do`, once somebody asked.
    task_names: Option<HashSet<&'a str>>,
    /// The secrets that are declared, once somebody asked.
    secret_names: Option<HashSet<&'a str>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn document(&mut self) {
        let (document, root) = (self.document, Path::default());
        self.document_metadata(&root.key("document").key("metadata"));
        if let Some(input) = &document.input {
            self.input(input, &root.key("input"), &Scope::new(Site::WorkflowInput));
        }
        self.use_(&root.key("use"));
        if let Some(timeout) = &document.timeout {
            self.timeout_ref(timeout, &root.key("timeout"), &Scope::new(Site::WorkflowInput));
        }
        self.schedule(&root.key("schedule"));
        self.task_list(&document.do_, &root.key("do"), &Scope::new(Site::Definition));
        if let Some(output) = &document.output {
            self.output(output, &root.key("output"), &Scope::new(Site::WorkflowOutput));
        }
    }

    fn use_(&mut self, path: &Path<'a>) {
        let Some(use_) = &self.document.use_ else {
            return;
        };
        let scope = Scope::new(Site::Definition);
        for (name, policy) in use_.authentications.iter().flatten() {
            self.policy(policy, &path.key("authentications").key(name), &scope);
        }
        for (name, endpoint) in use_.catalogs.iter().flatten() {
            self.endpoint(endpoint, &path.key("catalogs").key(name).key("endpoint"), &scope);
        }
        for (name, error) in use_.errors.iter().flatten() {
            self.error(error, &path.key("errors").key(name), &scope);
        }
        for (idx, item) in use_.extensions.iter().flatten().enumerate() {
            let path = path.key("extensions").index(idx).key(&item.name);
            self.maybe_condition(&item.extension.when, &path.key("when"), &scope);
            let lists = [("before", &item.extension.before), ("after", &item.extension.after)];
            for (key, list) in lists {
                if let Some(list) = list {
                    self.task_list(list, &path.key(key), &scope);
                }
            }
        }
        for (name, function) in use_.functions.iter().flatten() {
            let path = path.key("functions").key(name);
            self.function_flow(function, &path);
            self.no_needs(function, &path);
            self.task(function, &path, &scope);
        }
        if let Some(functions) = &use_.functions {
            self.recursion(functions, &path.key("functions"));
        }
        for (name, policy) in use_.retries.iter().flatten() {
            self.named_retry(name, policy, &path.key("retries").key(name));
        }
        for (name, timeout) in use_.timeouts.iter().flatten() {
            self.duration(&timeout.after, &path.key("timeouts").key(name).key("after"), &scope);
        }
    }

    /// Tasks of one scope: first the list as a whole, then each task.
    fn task_list(&mut self, list: &'a TaskList, path: &Path<'a>, scope: &Scope<'a>) {
        self.flow(list, path);
        for (idx, item) in list.iter().enumerate() {
            let path = path.index(idx).key(&item.name);
            self.no_needs(&item.task, &path);
            self.task(&item.task, &path, scope);
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let kept = &mut self.kept[usize::from(diagnostic.is_error())];
        if *kept < DIAGNOSTICS_MAX {
            *kept += 1;
            self.diagnostics.push(diagnostic);
        }
    }

    /// The name that was probably meant, as long as anybody reads further.
    fn meant<'n>(&self, name: &str, known: &[&'n str]) -> Option<&'n str> {
        if self.kept[1] < DIAGNOSTICS_MAX { nearest(name, known) } else { None }
    }

    /// Reports a name that is not among those declared.
    fn unknown<'n>(
        &mut self,
        code: Code,
        path: &Path<'a>,
        name: &str,
        section: &str,
        declared: impl Iterator<Item = &'n str>,
    ) {
        let declared: Vec<&str> = declared.take(CANDIDATES_MAX).collect();
        spend(declared.len());
        let message = format!("`{name}` is not declared in `use.{section}`: declare it there");
        let problem = Diagnostic::new(code, path.pointer(), message);
        self.report(match (self.meant(name, &declared), declared.as_slice()) {
            (Some(near), _) => problem.with_help(format!("did you mean `{near}`?")),
            (None, []) => problem,
            (None, names) if names.len() <= NAMES_MAX => {
                problem.with_help(format!("declared: {}", one_of(names)))
            }
            (None, _) => problem,
        });
    }
}

#[cfg(test)]
mod tests;
