use super::data::{duration, external_resource, template, text};
use super::object::Object;
use crate::model::{Container, Lifetime, Run, RunKind, RunWorkflow, Script, ScriptSource, Shell};
use crate::read::words;
use crate::value::Value;

pub(super) fn run(own: &Run) -> Value {
    let kind = match &own.kind {
        RunKind::Container(own) => container(own),
        RunKind::Script(own) => script(own),
        RunKind::Shell(own) => shell(own),
        RunKind::Workflow(own) => workflow(own),
    };
    Object::default()
        .with(own.kind.keyword(), kind)
        .maybe_truth("await", own.await_)
        .maybe_word("return", own.return_, &words::RETURNS)
        .value()
}

fn container(own: &Container) -> Value {
    Object::default()
        .with("image", template(&own.image))
        .maybe("name", &own.name, template)
        .maybe("command", &own.command, template)
        .maybe("ports", &own.ports, template)
        .maybe("volumes", &own.volumes, template)
        .maybe("environment", &own.environment, template)
        .maybe("stdin", &own.stdin, template)
        .maybe("arguments", &own.arguments, template)
        .maybe("lifetime", &own.lifetime, lifetime)
        .maybe_word("pullPolicy", own.pull_policy, &words::PULL_POLICIES)
        .value()
}

fn lifetime(own: &Lifetime) -> Value {
    Object::default()
        .maybe_word("cleanup", Some(own.cleanup), &words::CLEANUPS)
        .maybe("after", &own.after, duration)
        .value()
}

fn script(own: &Script) -> Value {
    let object = Object::default().with("language", text(&own.language));
    match &own.source {
        ScriptSource::Code(code) => object.with("code", template(code)),
        ScriptSource::Resource(resource) => object.with("source", external_resource(resource)),
    }
    .maybe("stdin", &own.stdin, template)
    .maybe("arguments", &own.arguments, template)
    .maybe("environment", &own.environment, template)
    .value()
}

fn shell(own: &Shell) -> Value {
    Object::default()
        .with("command", template(&own.command))
        .maybe("stdin", &own.stdin, template)
        .maybe("arguments", &own.arguments, template)
        .maybe("environment", &own.environment, template)
        .value()
}

fn workflow(own: &RunWorkflow) -> Value {
    Object::default()
        .with("namespace", text(&own.namespace))
        .with("name", text(&own.name))
        .with("version", text(&own.version))
        .maybe("input", &own.input, template)
        .value()
}
