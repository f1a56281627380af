use super::call::call;
use super::data::{duration, export, expression, input, output, template, text, timeout_ref};
use super::event::{emit, listen};
use super::metadata;
use super::object::Object;
use super::run::run;
use super::tasks;
use super::trying::{catch, raise};
use crate::model::{For, ForIn, Fork, SwitchCase, Task, TaskKind};
use crate::value::Value;

/// A task as a value.
pub fn task(task: &Task) -> Value {
    let common = &task.common;
    let object =
        Object::default().maybe("if", &common.if_, expression).maybe("input", &common.input, input);
    kind(object, &task.kind)
        .maybe("output", &common.output, output)
        .maybe("export", &common.export, export)
        .maybe("timeout", &common.timeout, timeout_ref)
        .maybe("then", &common.then, |then| text(then.as_str()))
        .maybe("metadata", &common.metadata, metadata::task)
        .value()
}

fn kind(object: Object, kind: &TaskKind) -> Object {
    match kind {
        TaskKind::Call(own) => call(object, own),
        TaskKind::Do(list) => object.with("do", tasks(list)),
        TaskKind::Emit(own) => object.with("emit", emit(own)),
        TaskKind::For(own) => for_loop(object, own),
        TaskKind::Fork(own) => object.with("fork", fork(own)),
        TaskKind::Listen(own) => listen(object, own),
        TaskKind::Raise(own) => object.with("raise", raise(own)),
        TaskKind::Run(own) => object.with("run", run(own)),
        TaskKind::Set(own) => object.with("set", template(own)),
        TaskKind::Switch(cases) => object.with("switch", cases.iter().map(case).collect()),
        TaskKind::Try(own) => object.with("try", tasks(&own.try_)).with("catch", catch(&own.catch)),
        TaskKind::Wait(own) => object.with("wait", duration(own)),
    }
}

fn for_loop(object: Object, own: &For) -> Object {
    let items = match &own.in_ {
        ForIn::Expression(items) => expression(items),
        ForIn::Items(items) => template(items),
    };
    let head = Object::default()
        .maybe("each", &own.each, text)
        .with("in", items)
        .maybe("at", &own.at, text)
        .value();
    object.with("for", head).maybe("while", &own.while_, expression).with("do", tasks(&own.do_))
}

fn fork(own: &Fork) -> Value {
    Object::default()
        .maybe_truth("compete", own.compete)
        .with("branches", tasks(&own.branches))
        .value()
}

fn case(own: &SwitchCase) -> Value {
    let body = Object::default()
        .maybe("when", &own.when, expression)
        .with("then", text(own.then.as_str()))
        .value();
    Object::default().with(&own.name, body).value()
}
