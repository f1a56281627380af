use crate::model::{
    AuthenticationPolicy, AuthenticationRef, Call, Document, Endpoint, Schema, SchemaSource, Task,
    TaskKind, TaskList,
};
use crate::pointer::Path;

/// A construct that a walk stops at.
#[derive(Clone, Copy)]
pub(crate) enum Construct<'a> {
    Document(&'a Document),
    Task(&'a Task),
    Policy(&'a AuthenticationPolicy),
}

/// Visits the document, every task at any depth, and every policy of the calls and schemas that HTTP serves.
pub(crate) fn walk<'a>(document: &'a Document, visit: &mut impl FnMut(Construct<'a>, &Path<'a>)) {
    let root = Path::default();
    visit(Construct::Document(document), &root);
    if let Some(use_) = &document.use_ {
        let path = root.key("use");
        for (name, policy) in use_.authentications.iter().flatten() {
            visit(Construct::Policy(policy), &path.key("authentications").key(name));
        }
        for (name, function) in use_.functions.iter().flatten() {
            task(function, &path.key("functions").key(name), visit);
        }
    }
    list(&document.do_, &root.key("do"), visit);
}

fn list<'a>(list: &'a TaskList, path: &Path<'a>, visit: &mut impl FnMut(Construct<'a>, &Path<'a>)) {
    for (idx, item) in list.iter().enumerate() {
        task(&item.task, &path.index(idx).key(&item.name), visit);
    }
}

fn task<'a>(task: &'a Task, path: &Path<'a>, visit: &mut impl FnMut(Construct<'a>, &Path<'a>)) {
    visit(Construct::Task(task), path);
    schemas(task, path, visit);
    for (inner, keys) in lists(task) {
        let path = keys.iter().fold(path.clone(), |path, key| path.key(key));
        list(inner, &path, visit);
    }
    if let TaskKind::Call(Call::Http(call)) = &task.kind {
        endpoint(&call.endpoint, &path.key("with").key("endpoint"), visit);
    }
}

/// Every task list directly inside a task, and the keys that lead to it.
pub(crate) fn lists(task: &Task) -> Vec<(&TaskList, &'static [&'static str])> {
    let mut lists: Vec<(&TaskList, &'static [&'static str])> = Vec::new();
    match &task.kind {
        TaskKind::Do(own) => lists.push((own, &["do"])),
        TaskKind::For(own) => lists.push((&own.do_, &["do"])),
        TaskKind::Fork(own) => lists.push((&own.branches, &["fork", "branches"])),
        TaskKind::Try(own) => {
            lists.push((&own.try_, &["try"]));
            lists.extend(own.catch.do_.iter().map(|list| (list, ["catch", "do"].as_slice())));
        }
        TaskKind::Listen(own) => {
            let each = own.foreach.iter().filter_map(|each| each.do_.as_ref());
            lists.extend(each.map(|list| (list, ["foreach", "do"].as_slice())));
        }
        _ => {}
    }
    let undo = task.motet().and_then(|motet| motet.compensate.as_ref());
    let keys: &[&str] = &["metadata", "motet", "compensate"];
    lists.extend(undo.map(|list| (list, keys)));
    lists
}

fn schemas<'a>(task: &'a Task, path: &Path<'a>, visit: &mut impl FnMut(Construct<'a>, &Path<'a>)) {
    let common = &task.common;
    let all: [(&str, Option<&Schema>); 3] = [
        ("input", common.input.as_ref().and_then(|own| own.schema.as_ref())),
        ("output", common.output.as_ref().and_then(|own| own.schema.as_ref())),
        ("export", common.export.as_ref().and_then(|own| own.schema.as_ref())),
    ];
    for (key, schema) in all {
        if let Some(SchemaSource::Resource(resource)) = schema.map(|schema| &schema.source) {
            let path = path.key(key).key("schema").key("resource").key("endpoint");
            endpoint(&resource.endpoint, &path, visit);
        }
    }
}

fn endpoint<'a>(
    endpoint: &'a Endpoint,
    path: &Path<'a>,
    visit: &mut impl FnMut(Construct<'a>, &Path<'a>),
) {
    if let Some(AuthenticationRef::Inline(policy)) = endpoint.authentication() {
        visit(Construct::Policy(policy), &path.key("authentication"));
    }
}
