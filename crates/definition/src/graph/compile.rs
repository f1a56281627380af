//! Document → graph: functions inlined, references resolved, expressions and schemas compiled.

mod call;
mod event;
mod kinds;
mod own;
mod saga;
mod trying;

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_expr::{Mode, Program, Template, Value};
use motet_types::{Digest, Limits, TaskId};

use super::{
    Concurrency, Description, Flow, Graph, Input, Kind, OnFault, Output, Schema, Scope, ScopeId,
    Span, Timeout, Vertex,
};
use crate::model;
use crate::print;
use crate::redact::{RedactedPath, Redaction};
use crate::schedule::Plan;

/// A document that cannot be compiled although it is well-formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct CompileError {
    /// JSON pointer (RFC 6901) into the document.
    pub path: String,
    pub message: String,
}

/// Compiles a validated document.
///
/// # Errors
/// All problems at once: expressions and schemas that do not compile, functions that call themselves, more vertices than
/// `vertices_max`, constructs that are not executed.
pub fn compile(document: &model::Document, limits: &Limits) -> Result<Graph, Vec<CompileError>> {
    let printed = print::print(document);
    let mut compiler = Compiler {
        document,
        mode: match document.mode() {
            model::EvaluateMode::Strict => Mode::Strict,
            model::EvaluateMode::Loose => Mode::Loose,
        },
        vertices_max: limits.vertices_max,
        printed: &printed,
        scopes: Vec::new(),
        vertices: Vec::new(),
        locals: Vec::new(),
        functions: Vec::new(),
        redacted: document.motet().and_then(|motet| motet.redact.clone()).unwrap_or_default(),
        is_undo: false,
        errors: Vec::new(),
    };
    let root = compiler.scope(&document.do_, "/do", None);
    let workflow = compiler.workflow();
    let on = event::schedule(&mut compiler);
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    let vertices: Vec<Vertex> = compiler.vertices.into_iter().flatten().collect();
    let digest = Digest(*blake3::hash(&print::canonical(document)).as_bytes());
    let (input, output, timeout, on_fault, description, concurrency) = workflow;
    Ok(Graph {
        definition: document.reference(),
        digest,
        input,
        output,
        timeout,
        on_fault,
        description,
        concurrency,
        running_max: document.motet().and_then(|motet| motet.limits.as_ref()?.running),
        redaction: Redaction::new(
            document.motet().and_then(|motet| motet.redact.clone()).unwrap_or_default(),
        ),
        lifecycle: document.motet().and_then(|motet| motet.lifecycle) == Some(true),
        schedule: Plan::of(document, on.map(Arc::new)).map(Arc::new),
        secrets: document.secrets().to_vec(),
        root,
        scopes: compiler.scopes,
        may_undo: vertices.iter().any(Vertex::may_undo),
        vertices,
        document: printed,
    })
}

type Workflow = (Input, Output, Option<Timeout>, OnFault, Description, Option<Concurrency>);

/// Names of the arguments that expressions may use; validation has checked which of them stand where.
const ARGUMENTS: [&str; 9] = [
    "context",
    "input",
    "output",
    "secrets",
    "secret",
    "task",
    "workflow",
    "runtime",
    "authorization",
];

struct Compiler<'a> {
    document: &'a model::Document,
    mode: Mode,
    vertices_max: usize,
    printed: &'a Value,
    scopes: Vec<Scope>,
    /// Filled in document order; a place is taken before its task's own tasks are compiled.
    vertices: Vec<Option<Vertex>>,
    /// Variables of the loops and handlers around the present place.
    locals: Vec<String>,
    /// Functions around the present place.
    functions: Vec<String>,
    /// Paths to mask, of the document and of the tasks around the present place.
    redacted: Vec<RedactedPath>,
    /// Inside a `compensate`.
    is_undo: bool,
    errors: Vec<CompileError>,
}

impl<'a> Compiler<'a> {
    fn workflow(&mut self) -> Workflow {
        let document = self.document;
        let motet = document.motet();
        let input = self.input(document.input.as_ref(), "/input");
        let output = self.output(document.output.as_ref(), "/output");
        let timeout = self.timeout(document.timeout.as_ref(), "/timeout");
        let on_fault = match motet.and_then(|motet| motet.on_fault) {
            Some(model::OnFault::Incident) => OnFault::Incident,
            _ => OnFault::Fault,
        };
        let path = "/document/metadata/motet";
        let description = motet.map(|motet| {
            self.description(motet.business_key.as_ref(), motet.attributes.as_ref(), path)
        });
        let concurrency = motet.and_then(|motet| motet.concurrency.as_ref()).and_then(|own| {
            let key = self.template(&own.key, &format!("{path}/concurrency/key"))?;
            let policy = own.policy.unwrap_or(model::ConcurrencyPolicy::Queue);
            Some(Concurrency { key, policy })
        });
        (input, output, timeout, on_fault, description.unwrap_or_default(), concurrency)
    }

    fn description(
        &mut self,
        business_key: Option<&'a model::Template>,
        attributes: Option<&'a model::Named<model::Template>>,
        path: &str,
    ) -> Description {
        let business_key =
            business_key.and_then(|key| self.template(key, &format!("{path}/businessKey")));
        let compiled = |(name, template): (&String, &'a model::Template)| {
            let path = format!("{path}/attributes/{}", escape(name));
            Some((name.clone(), self.template(template, &path)?))
        };
        let attributes = attributes.into_iter().flatten().filter_map(compiled).collect();
        Description { business_key, attributes }
    }

    /// Compiles a task list that stands at `path`.
    fn scope(&mut self, list: &'a model::TaskList, path: &str, owner: Option<TaskId>) -> ScopeId {
        let id = self.new_scope(owner);
        let ids: BTreeMap<&str, usize> =
            list.iter().enumerate().map(|(idx, item)| (item.name.as_str(), idx)).collect();
        let mut tasks = Vec::with_capacity(list.len());
        let mut flows = Vec::with_capacity(list.len());
        for (idx, item) in list.iter().enumerate() {
            let reference = format!("{path}/{idx}/{}", escape(&item.name));
            if let Some(task) = self.task(&item.name, &item.task, reference, id) {
                tasks.push(task);
                flows.push(item.task.common.then.as_ref());
            } else if self.vertices.len() >= self.vertices_max {
                break;
            }
        }
        self.scopes[id.0 as usize].tasks.clone_from(&tasks);
        if tasks.len() == list.len() {
            self.link(&tasks, &flows, &ids);
        }
        id
    }

    fn new_scope(&mut self, owner: Option<TaskId>) -> ScopeId {
        self.scopes.push(Scope { owner, tasks: Vec::new(), undoes: false });
        ScopeId(self.scopes.len() as u32 - 1)
    }

    /// Draws the edges of one scope, now that every task of it has its id.
    fn link(
        &mut self,
        tasks: &[TaskId],
        flows: &[Option<&model::FlowDirective>],
        ids: &BTreeMap<&str, usize>,
    ) {
        let is_undo = self.is_undo;
        let resolve = |directive: &model::FlowDirective| match directive {
            model::FlowDirective::End if is_undo => None,
            model::FlowDirective::Continue => Some(Flow::Continue),
            model::FlowDirective::Exit => Some(Flow::Exit),
            model::FlowDirective::End => Some(Flow::End),
            model::FlowDirective::Goto(name) => {
                ids.get(name.as_str()).map(|idx| Flow::Goto(tasks[*idx]))
            }
        };
        for (idx, task) in tasks.iter().enumerate() {
            let then = flows[idx].map_or(Some(Flow::Continue), resolve);
            let Some(vertex) = &mut self.vertices[task.0 as usize] else {
                continue;
            };
            vertex.next = tasks.get(idx + 1).copied();
            let mut unresolved = then.is_none();
            vertex.then = then.unwrap_or(Flow::Continue);
            for pending in kinds::pending_flows(&mut vertex.kind) {
                match resolve(&pending.directive) {
                    Some(flow) => *pending.flow = flow,
                    None => unresolved = true,
                }
            }
            if unresolved {
                let path = vertex.reference.clone();
                let message = match is_undo {
                    true => saga::NO_END,
                    false => "a flow directive names no task of this scope",
                };
                self.error(&path, message.to_owned());
            }
        }
    }

    /// Compiles one task and everything in it; `None` if that failed or there are too many.
    fn task(
        &mut self,
        name: &str,
        task: &'a model::Task,
        reference: String,
        scope: ScopeId,
    ) -> Option<TaskId> {
        if self.vertices.len() >= self.vertices_max {
            let message = format!("the definition has more than {} tasks", self.vertices_max);
            self.error(&reference, message);
            return None;
        }
        let id = TaskId(self.vertices.len() as u32);
        self.vertices.push(None);
        let common = &task.common;
        let at = |key: &str| format!("{reference}/{key}");
        let outer = self.redacted.len();
        self.redacted
            .extend(task.motet().and_then(|motet| motet.redact.clone()).unwrap_or_default());
        let redaction = Redaction::new(self.redacted.clone());
        let kind = self.kind(id, task, &reference);
        self.redacted.truncate(outer);
        let undo = self.undo(id, task, &reference);
        let marks = task.motet();
        let description = marks.map(|motet| {
            let path = at("metadata/motet");
            self.description(motet.business_key.as_ref(), motet.attributes.as_ref(), &path)
        });
        let vertex = Vertex {
            id,
            name: name.to_owned(),
            definition: pointed(self.printed, &reference).unwrap_or_default(),
            scope,
            next: None,
            then: Flow::Continue,
            condition: self.optional_expression(common.if_.as_ref(), &at("if")),
            input: self.input(common.input.as_ref(), &at("input")),
            output: self.output(common.output.as_ref(), &at("output")),
            export: self.export(common.export.as_ref(), &at("export")),
            timeout: self.timeout(common.timeout.as_ref(), &at("timeout")),
            redaction,
            description: description.unwrap_or_default(),
            undo,
            is_saga: marks.and_then(|motet| motet.saga).unwrap_or(false),
            is_pivot: marks.and_then(|motet| motet.pivot).unwrap_or(false),
            kind: kind?,
            reference,
        };
        self.vertices[id.0 as usize] = Some(vertex);
        Some(id)
    }

    fn kind(&mut self, id: TaskId, task: &'a model::Task, path: &str) -> Option<Kind> {
        kinds::compile(self, id, task, path)
    }

    fn input(&mut self, input: Option<&model::Input>, path: &str) -> Input {
        let Some(input) = input else {
            return Input::default();
        };
        Input {
            schema: self.schema(input.schema.as_ref(), &format!("{path}/schema")),
            from: self.transform(input.from.as_ref(), &format!("{path}/from")),
        }
    }

    fn output(&mut self, output: Option<&model::Output>, path: &str) -> Output {
        let Some(output) = output else {
            return Output::default();
        };
        Output {
            transform: self.transform(output.as_.as_ref(), &format!("{path}/as")),
            schema: self.schema(output.schema.as_ref(), &format!("{path}/schema")),
        }
    }

    fn export(&mut self, export: Option<&model::Export>, path: &str) -> Output {
        let Some(export) = export else {
            return Output::default();
        };
        Output {
            transform: self.transform(export.as_.as_ref(), &format!("{path}/as")),
            schema: self.schema(export.schema.as_ref(), &format!("{path}/schema")),
        }
    }

    fn timeout(&mut self, timeout: Option<&model::TimeoutRef>, path: &str) -> Option<Timeout> {
        let after = match timeout? {
            model::TimeoutRef::Inline(timeout) => &timeout.after,
            model::TimeoutRef::Named(name) => match self.document.timeout(name) {
                Some(timeout) => &timeout.after,
                None => return self.unknown(path, "timeout", name),
            },
        };
        let after = self.span(after, &format!("{path}/after"))?;
        Some(Timeout { after })
    }

    fn span(&mut self, duration: &model::Duration, path: &str) -> Option<Span> {
        if let model::Duration::Expression(expression) = duration {
            return self
                .expression(expression, path)
                .map(|it| Span::Computed(Template::Program(it)));
        }
        match duration.fixed() {
            Some(fixed) => Some(Span::Fixed(fixed)),
            None => {
                self.error(path, "the value is not a duration".to_owned());
                None
            }
        }
    }

    fn schema(&mut self, schema: Option<&model::Schema>, path: &str) -> Option<Schema> {
        let schema = schema?;
        Schema::of(schema).map_err(|error| self.error(path, error)).ok()
    }

    fn transform(&mut self, transform: Option<&model::Transform>, path: &str) -> Option<Template> {
        match transform? {
            model::Transform::Expression(expression) => {
                self.expression(expression, path).map(Template::Program)
            }
            model::Transform::Template(template) => self.template(template, path),
        }
    }

    fn optional_expression(
        &mut self,
        expression: Option<&model::Expression>,
        path: &str,
    ) -> Option<Program> {
        expression.and_then(|expression| self.expression(expression, path))
    }

    /// Compiles a field that is always an expression.
    fn expression(&mut self, expression: &model::Expression, path: &str) -> Option<Program> {
        let compiled = Program::compile_field(expression.as_str(), &self.available());
        compiled.map_err(|error| self.error(path, error.to_string())).ok()
    }

    /// Compiles an address; a literal one stands for itself.
    fn uri(&mut self, uri: &model::Uri, path: &str) -> Option<Template> {
        let text = |text: &str| motet_expr::json::string(text);
        match uri {
            model::Uri::Template(literal) => Some(Template::Literal(text(literal))),
            model::Uri::Expression(expression) => {
                self.expression(expression, path).map(Template::Program)
            }
            model::Uri::Interpolated(interpolated) => self.value(&text(interpolated), path),
        }
    }

    /// Compiles a value whose texts may hold expressions.
    fn template(&mut self, template: &model::Template, path: &str) -> Option<Template> {
        self.value(&template.0, path)
    }

    fn value(&mut self, value: &Value, path: &str) -> Option<Template> {
        match Template::compile(value, &self.available(), self.mode) {
            Ok(template) => Some(template),
            Err(errors) => {
                for inner in errors {
                    self.error(&format!("{path}{}", inner.path), inner.error.to_string());
                }
                None
            }
        }
    }

    fn available(&self) -> Vec<&str> {
        ARGUMENTS.into_iter().chain(self.locals.iter().map(String::as_str)).collect()
    }

    /// Compiles with further variables in sight.
    fn with_locals<T>(&mut self, names: &[&str], compile: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.locals.len();
        self.locals.extend(names.iter().map(|name| (*name).to_owned()));
        let result = compile(self);
        self.locals.truncate(before);
        result
    }

    fn unknown<T>(&mut self, path: &str, what: &str, name: &str) -> Option<T> {
        self.error(path, format!("there is no {what} named {name:?} under `use`"));
        None
    }

    fn error(&mut self, path: &str, message: String) {
        self.errors.push(CompileError { path: path.to_owned(), message });
    }
}

/// A member name as a segment of a JSON pointer (RFC 6901 §3).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The value at a JSON pointer.
fn pointed(root: &Value, pointer: &str) -> Option<Value> {
    pointer.split('/').skip(1).try_fold(root.clone(), |value, segment| {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        match &value {
            Value::Obj(_) => motet_expr::json::get(&value, &segment).cloned(),
            Value::Arr(items) => items.get(segment.parse::<usize>().ok()?).cloned(),
            _ => None,
        }
    })
}
