//! `call: job` and `call: human`.

use motet_expr::{Template, Value, json};

use super::Compiler;
use crate::graph::{Escalation, Form, HumanCall, JobCall, Kind, Schema, Span};
use crate::model::{Call, span_of};
use crate::own::{self, OwnFunction};
use crate::pointer::Pointer;

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    function: OwnFunction,
    call: &Call,
    path: &str,
) -> Option<Kind> {
    let Call::Function(call) = call else { return None };
    let path = format!("{path}/with");
    let flaws = own::flaws(function, call.with.as_ref(), &Pointer::from(path.as_str()));
    if !flaws.is_empty() {
        for flaw in flaws {
            compiler.error(&flaw.pointer.to_string(), flaw.message);
        }
        return None;
    }
    let with = Value::obj(call.with.clone().unwrap_or_default());
    let mut arguments = Arguments { compiler, with: &with, path };
    match function {
        OwnFunction::Job => job(&mut arguments),
        OwnFunction::Human => human(&mut arguments),
    }
    .ok()
    .flatten()
}

/// The object of arguments, and where it stands.
struct Arguments<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    with: &'c Value,
    path: String,
}

/// An argument, if it is there.
type Read<T> = Result<Option<T>, Refused>;

/// It does not compile, and the compiler has said why.
struct Refused;

impl Arguments<'_, '_> {
    fn template(&mut self, name: &str) -> Read<Template> {
        let Some(value) = json::get(self.with, name) else { return Ok(None) };
        let template = self.compiler.value(value, &format!("{}/{name}", self.path));
        template.map(Some).ok_or(Refused)
    }

    fn span(&mut self, name: &str) -> Read<Span> {
        match json::get(self.with, name).and_then(span_of) {
            Some(fixed) => Ok(Some(Span::Fixed(fixed))),
            None => self.template(name).map(|template| template.map(Span::Computed)),
        }
    }
}

fn job(arguments: &mut Arguments<'_, '_>) -> Result<Option<Kind>, Refused> {
    let kind = arguments.template("type");
    let input = arguments.template("input");
    let priority = arguments.template("priority");
    let timeout = arguments.span("timeout");
    let heartbeat = arguments.span("heartbeat");
    let Some(kind) = kind? else { return Ok(None) };
    Ok(Some(Kind::Job(Box::new(JobCall {
        kind,
        input: input?,
        priority: priority?,
        timeout: timeout?,
        heartbeat: heartbeat?,
    }))))
}

fn human(arguments: &mut Arguments<'_, '_>) -> Result<Option<Kind>, Refused> {
    let title = arguments.template("title");
    let input = arguments.template("input");
    let assignee = arguments.template("assignee");
    let groups = arguments.template("groups");
    let due = arguments.span("due");
    let form = form(arguments);
    let escalation = escalation(arguments);
    Ok(Some(Kind::Human(Box::new(HumanCall {
        title: title?,
        input: input?,
        assignee: assignee?,
        groups: groups?,
        form: form?,
        due: due?,
        escalation: escalation?,
    }))))
}

fn form(arguments: &mut Arguments<'_, '_>) -> Read<Form> {
    let Some(source) = json::get(arguments.with, "form") else { return Ok(None) };
    match Schema::compile(source) {
        Ok(schema) => Ok(Some(Form { source: source.clone(), schema })),
        Err(error) => {
            let path = format!("{}/form", arguments.path);
            arguments.compiler.error(&path, error);
            Err(Refused)
        }
    }
}

fn escalation(arguments: &mut Arguments<'_, '_>) -> Read<Escalation> {
    let Some(escalate) = json::get(arguments.with, "escalate") else { return Ok(None) };
    if !matches!(escalate, Value::Obj(_)) {
        return Ok(Some(Escalation::Timeout));
    }
    let path = format!("{}/escalate", arguments.path);
    let mut inner = Arguments { compiler: arguments.compiler, with: escalate, path };
    let assignee = inner.template("assignee");
    let groups = inner.template("groups");
    let due = inner.span("due");
    Ok(Some(Escalation::Reassign { assignee: assignee?, groups: groups?, due: due? }))
}
