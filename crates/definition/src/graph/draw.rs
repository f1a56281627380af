//! Pictures of a graph: an indented text, DOT (Graphviz), Mermaid, and SVG with a layout of our own.

mod dot;
mod mermaid;
mod outline;
mod svg;

use std::fmt;
use std::str::FromStr;

use motet_types::TaskId;

use super::{Endpoint, Flow, Graph, Kind, ScopeId, Span, Vertex, Wait};

pub(crate) use svg::{SVG_STYLE, svg_escaped};

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An indented outline, for terminals.
    Text,
    /// The language of Graphviz.
    Dot,
    Mermaid,
    /// A self-contained picture that suits light and dark pages.
    Svg,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Text, Self::Dot, Self::Mermaid, Self::Svg];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Svg => "svg",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let format = Self::ALL.into_iter().find(|format| format.as_str() == text);
        format.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// The word names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a format: use text, dot, mermaid or svg")]
pub struct UnknownFormat(pub String);

/// Draws a graph.
pub fn draw(graph: &Graph, format: Format) -> String {
    match format {
        Format::Text => outline::draw(graph),
        Format::Dot => dot::draw(graph),
        Format::Mermaid => mermaid::draw(graph),
        Format::Svg => svg::draw(graph),
    }
}

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Task(TaskId),
    EndOfScope,
    EndOfWorkflow,
}

/// One way on from a task, with the name of the case that takes it.
#[derive(Clone, Debug)]
struct Edge {
    to: Target,
    label: Option<String>,
}

/// The ways on from a task, as the engine resolves them.
fn edges(graph: &Graph, vertex: &Vertex) -> Vec<Edge> {
    let resolve = |flow: Flow| match flow {
        Flow::Continue => in_order(graph, vertex),
        Flow::Exit => Target::EndOfScope,
        Flow::End => Target::EndOfWorkflow,
        Flow::Goto(task) => Target::Task(task),
    };
    let own = resolve(vertex.then);
    let mut edges = Vec::new();
    let mut has_default = false;
    if let Kind::Switch(cases) = &vertex.kind {
        has_default = cases.iter().any(|case| case.when.is_none());
        edges.extend(
            cases
                .iter()
                .map(|case| Edge { to: resolve(case.then), label: Some(case.name.clone()) }),
        );
    }
    if !has_default {
        edges.push(Edge { to: own, label: None });
    }
    if let Kind::Try(task) = &vertex.kind
        && let Some(then) = task.then.filter(|then| resolve(*then) != own)
    {
        edges.push(Edge { to: resolve(then), label: Some("caught".to_owned()) });
    }
    edges
}

/// Where `continue` leads: branches of a fork stand beside each other, not after each other.
fn in_order(graph: &Graph, vertex: &Vertex) -> Target {
    match vertex.next.filter(|_| !graph.is_branch(vertex)) {
        None => Target::EndOfScope,
        Some(next) => Target::Task(next),
    }
}

/// The branches that must be complete before this one begins.
fn needed(graph: &Graph, vertex: &Vertex) -> Vec<TaskId> {
    let pairs = needs_beside(graph, vertex).iter();
    pairs.filter(|(branch, _)| *branch == vertex.id).map(|(_, needed)| *needed).collect()
}

/// The branches that begin after this one.
fn dependents(graph: &Graph, vertex: &Vertex) -> Vec<TaskId> {
    let pairs = needs_beside(graph, vertex).iter();
    pairs.filter(|(_, needed)| *needed == vertex.id).map(|(branch, _)| *branch).collect()
}

fn needs_beside<'g>(graph: &'g Graph, vertex: &Vertex) -> &'g [(TaskId, TaskId)] {
    let owner = graph.scope(vertex.scope).owner.map(|owner| &graph.vertex(owner).kind);
    match owner {
        Some(Kind::Fork { needs, .. }) => needs,
        _ => &[],
    }
}

/// Task lists inside a task, each with the word that introduces it.
fn scopes(vertex: &Vertex) -> Vec<(&'static str, ScopeId)> {
    let (word, handler) = match &vertex.kind {
        Kind::Fork { .. } => ("branches", None),
        Kind::Try(task) => ("try", task.handler),
        Kind::Function { .. } => ("function", None),
        Kind::Listen(_) => ("for each event", None),
        _ => ("do", None),
    };
    let body = vertex.kind.body().map(|scope| (word, scope));
    let handler = handler.map(|scope| ("catch", scope));
    let undo = vertex.undo.map(|scope| (UNDO, scope));
    body.into_iter().chain(handler).chain(undo).collect()
}

/// The word that introduces the tasks that undo a task.
const UNDO: &str = "undo";

/// What a task does, in a few words.
fn summary(vertex: &Vertex) -> String {
    match &vertex.kind {
        Kind::Call(call) => {
            let endpoint = match &call.endpoint {
                Endpoint::UriTemplate(uri) => uri.clone(),
                Endpoint::Computed(_) => "a computed address".to_owned(),
            };
            let method = match &call.method {
                motet_expr::Template::Literal(method) => {
                    motet_expr::json::as_str(method).unwrap_or_default().to_ascii_uppercase()
                }
                _ => "call".to_owned(),
            };
            format!("{method} {endpoint}")
        }
        Kind::For(task) => match &task.parallel {
            Some(parallel) => format!("for each {}, {} at a time", task.each, parallel.max),
            None => format!("for each {}", task.each),
        },
        Kind::Fork { compete: true, .. } => "fork, the first wins".to_owned(),
        Kind::Try(task) if task.retry.is_some() => "try, with retries".to_owned(),
        Kind::Raise(error) => format!("raise {}", error.status),
        Kind::Wait(Wait::For(Span::Fixed(span))) => format!("wait {}", Readable(*span)),
        Kind::Wait(Wait::For(Span::Computed(_))) => "wait".to_owned(),
        Kind::Wait(Wait::Until(_)) => "wait until …".to_owned(),
        Kind::Run(run) => format!("run {}:{}", run.workflow, run.version),
        Kind::Function { .. } => "call a function".to_owned(),
        Kind::Job(job) => match &job.kind {
            motet_expr::Template::Literal(kind) => {
                format!("job {}", motet_expr::json::as_str(kind).unwrap_or_default())
            }
            _ => "a job".to_owned(),
        },
        Kind::Human(_) => "a person".to_owned(),
        Kind::Emit(attributes) => {
            let kind = attributes.iter().find(|(name, _)| name == "type");
            match kind.map(|(_, kind)| kind) {
                Some(motet_expr::Template::Literal(kind)) => {
                    format!("emit {}", motet_expr::json::as_str(kind).unwrap_or_default())
                }
                _ => "emit".to_owned(),
            }
        }
        Kind::Listen(listen) => match listen.types() {
            Some(types) => format!("listen to {}", Vec::from_iter(types).join(", ")),
            None => "listen to every event".to_owned(),
        },
        Kind::Set(_) | Kind::Do(_) | Kind::Switch(_) | Kind::Fork { .. } | Kind::Try(_) => {
            vertex.kind.word().to_owned()
        }
    }
}

/// A length of time for people, as in `1h 30m`.
struct Readable(std::time::Duration);

impl fmt::Display for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let (mut rest, mut first) = (millis, true);
        for (unit, name) in units {
            if rest >= unit || (unit == 1 && first) {
                write!(f, "{}{}{name}", if first { "" } else { " " }, rest / unit)?;
                (rest, first) = (rest % unit, false);
            }
            if rest == 0 && !first {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
