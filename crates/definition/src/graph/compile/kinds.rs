use std::collections::{BTreeMap, BTreeSet};

use motet_expr::Template;
use motet_types::{Label, TaskId, WorkflowName};

use super::{Compiler, call, event, trying};
use crate::graph::{Case, Flow, For, Kind, Parallel, RaisedError, RunWorkflow, ScopeId, Wait};
use crate::model::{self, RunKind, TaskKind};

pub(super) fn compile<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    task: &'a model::Task,
    path: &str,
) -> Option<Kind> {
    match &task.kind {
        TaskKind::Set(template) => {
            compiler.template(template, &format!("{path}/set")).map(Kind::Set)
        }
        TaskKind::Do(list) => Some(Kind::Do(compiler.scope(list, &format!("{path}/do"), Some(id)))),
        TaskKind::Switch(cases) => switch(compiler, cases, path),
        TaskKind::For(own) => for_each(compiler, id, own, parallel(task), path),
        TaskKind::Fork(fork) => {
            let path = format!("{path}/fork/branches");
            let branches = compiler.scope(&fork.branches, &path, Some(id));
            let needs = needs(compiler, &fork.branches, branches, &path);
            Some(Kind::Fork { branches, compete: fork.compete(), needs })
        }
        TaskKind::Try(task) => trying::compile(compiler, id, task, path),
        TaskKind::Raise(error) => raise(compiler, error, path),
        TaskKind::Wait(duration) => wait(compiler, task, duration, path),
        TaskKind::Call(call) => call::compile(compiler, id, task, call, path),
        TaskKind::Run(run) => run_workflow(compiler, run, path),
        TaskKind::Emit(emit) => event::emit(compiler, emit, path),
        TaskKind::Listen(listen) => event::listen(compiler, id, listen, path),
    }
}

/// A directive inside a task that can be resolved only when the whole scope is known.
pub(super) struct PendingFlow<'v> {
    pub(super) directive: model::FlowDirective,
    pub(super) flow: &'v mut Flow,
}

/// The directives inside a task, besides its own `then`.
pub(super) fn pending_flows(kind: &mut Kind) -> Vec<PendingFlow<'_>> {
    match kind {
        Kind::Switch(cases) => cases
            .iter_mut()
            .map(|case| PendingFlow { directive: case.directive.clone(), flow: &mut case.then })
            .collect(),
        Kind::Try(task) => {
            let directive = task.directive.clone();
            let flow = task.then.as_mut();
            directive
                .zip(flow)
                .map(|(directive, flow)| PendingFlow { directive, flow })
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn switch(compiler: &mut Compiler<'_>, cases: &[model::SwitchCase], path: &str) -> Option<Kind> {
    let cases = cases
        .iter()
        .enumerate()
        .map(|(idx, case)| {
            let path = format!("{path}/switch/{idx}/{}/when", super::escape(&case.name));
            Case {
                name: case.name.clone(),
                when: compiler.optional_expression(case.when.as_ref(), &path),
                then: Flow::Continue,
                directive: case.then.clone(),
            }
        })
        .collect();
    Some(Kind::Switch(cases))
}

fn for_each<'a>(
    compiler: &mut Compiler<'a>,
    id: TaskId,
    task: &'a model::For,
    parallel: Option<Parallel>,
    path: &str,
) -> Option<Kind> {
    let in_path = format!("{path}/for/in");
    let items = match &task.in_ {
        model::ForIn::Expression(expression) => {
            compiler.expression(expression, &in_path).map(Template::Program)
        }
        model::ForIn::Items(items) => compiler.template(items, &in_path),
    };
    let (condition, body) = compiler.with_locals(&[task.each(), task.at()], |compiler| {
        let condition =
            compiler.optional_expression(task.while_.as_ref(), &format!("{path}/while"));
        (condition, compiler.scope(&task.do_, &format!("{path}/do"), Some(id)))
    });
    Some(Kind::For(Box::new(For {
        each: task.each().to_owned(),
        at: task.at().to_owned(),
        items: items?,
        condition,
        body,
        parallel,
    })))
}

fn parallel(task: &model::Task) -> Option<Parallel> {
    let (max, fail_fast, collect) = match task.motet()?.parallel.as_ref()? {
        model::Parallel::Max(max) => (Some(*max), None, None),
        model::Parallel::Detailed { max, fail_fast, collect } => (*max, *fail_fast, *collect),
    };
    Some(Parallel {
        max: max.unwrap_or(model::PARALLEL_DEFAULT),
        fail_fast: fail_fast.unwrap_or(true),
        collect: collect.unwrap_or(true),
    })
}

/// Which branches of a fork begin after which, as pairs of both.
fn needs(
    compiler: &mut Compiler<'_>,
    list: &model::TaskList,
    branches: ScopeId,
    path: &str,
) -> Vec<(TaskId, TaskId)> {
    let tasks = compiler.scopes[branches.0 as usize].tasks.clone();
    let names = list.iter().map(|item| item.name.as_str());
    let places: BTreeMap<&str, TaskId> = names.zip(tasks.iter().copied()).collect();
    let mut needs = BTreeSet::new();
    for (idx, item) in list.iter().enumerate() {
        let needed = item.task.motet().and_then(|motet| motet.needs.as_ref());
        for name in needed.into_iter().flatten() {
            match (tasks.get(idx), places.get(name.as_str())) {
                (Some(branch), Some(needed)) => drop(needs.insert((*branch, *needed))),
                _ => {
                    let path = format!("{path}/{idx}/{}", super::escape(&item.name));
                    compiler.error(&path, format!("the fork has no branch `{name}`"));
                }
            }
        }
    }
    needs.into_iter().collect()
}

fn wait(
    compiler: &mut Compiler<'_>,
    task: &model::Task,
    duration: &model::Duration,
    path: &str,
) -> Option<Kind> {
    let wait = match task.motet().and_then(|motet| motet.until.as_ref()) {
        Some(until) => {
            let until = compiler.expression(until, &format!("{path}/metadata/motet/until"))?;
            Wait::Until(Template::Program(until))
        }
        None => Wait::For(compiler.span(duration, &format!("{path}/wait"))?),
    };
    Some(Kind::Wait(wait))
}

fn raise(compiler: &mut Compiler<'_>, error: &model::RaiseError, path: &str) -> Option<Kind> {
    let path = format!("{path}/raise/error");
    let error = match error {
        model::RaiseError::Inline(error) => error,
        model::RaiseError::Named(name) => match compiler.document.error(name) {
            Some(error) => error,
            None => return compiler.unknown(&path, "error", name),
        },
    };
    let mut optional = |template: &Option<model::Template>, key: &str| {
        template.as_ref().map(|template| compiler.template(template, &format!("{path}/{key}")))
    };
    let instance = optional(&error.instance, "instance");
    let title = optional(&error.title, "title");
    let detail = optional(&error.detail, "detail");
    let kind = compiler.uri(&error.type_, &format!("{path}/type"));
    Some(Kind::Raise(Box::new(RaisedError {
        kind: kind?,
        status: error.status,
        instance: instance.flatten(),
        title: title.flatten(),
        detail: detail.flatten(),
    })))
}

fn run_workflow(compiler: &mut Compiler<'_>, run: &model::Run, path: &str) -> Option<Kind> {
    let RunKind::Workflow(workflow) = &run.kind else {
        let word = run.kind.keyword();
        compiler.error(path, format!("`run: {word}` is not executed by this version of Motet"));
        return None;
    };
    let path = format!("{path}/run/workflow");
    let mut label = |text: &str, key: &str| {
        let parsed: Result<Label, _> = text.parse();
        parsed.map_err(|error| compiler.error(&format!("{path}/{key}"), error.to_string())).ok()
    };
    let namespace = label(&workflow.namespace, "namespace");
    let name = label(&workflow.name, "name");
    let input = workflow
        .input
        .as_ref()
        .and_then(|input| compiler.template(input, &format!("{path}/input")));
    Some(Kind::Run(Box::new(RunWorkflow {
        workflow: WorkflowName { namespace: namespace?, name: name? },
        version: workflow.version.clone(),
        input,
        awaited: run.await_(),
    })))
}
