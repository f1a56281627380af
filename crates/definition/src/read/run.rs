use super::Cursor;
use super::data::{duration, object_template, text_list, text_template};
use super::resource::external_resource;
use crate::Code;
use crate::model::{
    Cleanup, Container, Lifetime, PullPolicy, Run, RunKind, RunReturn, RunWorkflow, Script,
    ScriptSource, Shell,
};

/// The words of `return`.
pub(crate) const RETURNS: [(&str, RunReturn); 5] = [
    ("stdout", RunReturn::Stdout),
    ("stderr", RunReturn::Stderr),
    ("code", RunReturn::Code),
    ("all", RunReturn::All),
    ("none", RunReturn::None),
];

/// The words of `lifetime.cleanup`.
pub(crate) const CLEANUPS: [(&str, Cleanup); 3] =
    [("always", Cleanup::Always), ("never", Cleanup::Never), ("eventually", Cleanup::Eventually)];

/// The words of `pullPolicy`.
pub(crate) const PULL_POLICIES: [(&str, PullPolicy); 3] = [
    ("ifNotPresent", PullPolicy::IfNotPresent),
    ("always", PullPolicy::Always),
    ("never", PullPolicy::Never),
];

pub(super) fn run(cursor: Cursor<'_>) -> Option<Run> {
    let mut fields = cursor.object()?;
    let kind = match fields.one_of(&["container", "script", "shell", "workflow"]) {
        Some(("container", cursor)) => container(cursor).map(RunKind::Container),
        Some(("script", cursor)) => script(cursor).map(RunKind::Script),
        Some(("shell", cursor)) => shell(cursor).map(RunKind::Shell),
        Some((_, cursor)) => workflow(cursor).map(RunKind::Workflow),
        None => None,
    };
    let await_ = fields.optional("await", Cursor::boolean);
    let return_ = fields.optional("return", |cursor| cursor.word(&RETURNS));
    fields.close();
    Some(Run { kind: kind?, await_, return_ })
}

fn container(cursor: Cursor<'_>) -> Option<Container> {
    let mut fields = cursor.object()?;
    let image = fields.required("image", text_template);
    let name = fields.optional("name", text_template);
    let command = fields.optional("command", text_template);
    let ports = fields.optional("ports", object_template);
    let volumes = fields.optional("volumes", object_template);
    let environment = fields.optional("environment", object_template);
    let stdin = fields.optional("stdin", text_template);
    let arguments = fields.optional("arguments", text_list);
    let lifetime = fields.optional("lifetime", lifetime);
    let pull_policy = fields.optional("pullPolicy", |cursor| cursor.word(&PULL_POLICIES));
    fields.close();
    Some(Container {
        image: image?,
        name,
        command,
        ports,
        volumes,
        environment,
        stdin,
        arguments,
        lifetime,
        pull_policy,
    })
}

fn lifetime(cursor: Cursor<'_>) -> Option<Lifetime> {
    let mut fields = cursor.object()?;
    let cleanup = fields.required("cleanup", |cursor| cursor.word(&CLEANUPS));
    let eventually = cleanup == Some(Cleanup::Eventually);
    let after = match (eventually, fields.take("after")) {
        (true, None) => {
            fields.missing("after");
            return None;
        }
        (false, Some(cursor)) if cleanup.is_some() => {
            let message = "`after` goes with `cleanup: eventually` only: remove it";
            cursor.report(cursor.problem(Code::ConflictingProperties, message).about_key());
            return None;
        }
        (_, after) => after.and_then(duration),
    };
    fields.close();
    Some(Lifetime { cleanup: cleanup?, after })
}

fn script(cursor: Cursor<'_>) -> Option<Script> {
    let mut fields = cursor.object()?;
    let language = fields.required("language", Cursor::string);
    let source = match fields.one_of(&["code", "source"]) {
        Some(("code", cursor)) => text_template(cursor).map(ScriptSource::Code),
        Some((_, cursor)) => external_resource(cursor).map(ScriptSource::Resource),
        None => None,
    };
    let stdin = fields.optional("stdin", text_template);
    let arguments = fields.optional("arguments", text_list);
    let environment = fields.optional("environment", object_template);
    fields.close();
    Some(Script { language: language?, source: source?, stdin, arguments, environment })
}

fn shell(cursor: Cursor<'_>) -> Option<Shell> {
    let mut fields = cursor.object()?;
    let command = fields.required("command", text_template);
    let stdin = fields.optional("stdin", text_template);
    let arguments = fields.optional("arguments", text_list);
    let environment = fields.optional("environment", object_template);
    fields.close();
    Some(Shell { command: command?, stdin, arguments, environment })
}

fn workflow(cursor: Cursor<'_>) -> Option<RunWorkflow> {
    let mut fields = cursor.object()?;
    let namespace = fields.required("namespace", Cursor::string);
    let name = fields.required("name", Cursor::string);
    let version = fields.required("version", Cursor::string);
    let input = fields.optional("input", object_template);
    fields.close();
    Some(RunWorkflow { namespace: namespace?, name: name?, version: version?, input })
}
