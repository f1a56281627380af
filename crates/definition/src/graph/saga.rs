//! What an instance of a graph can undo: the plan that people read before they publish, and warnings.

use std::fmt::Write as _;

use motet_expr::{Template, json};
use motet_types::TaskId;

use super::{Graph, Kind, ScopeId, Vertex};
use crate::{Code, Diagnostic, Pointer};

/// Methods that ask and change nothing (RFC 9110 §9.2.1).
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// The tasks of a graph that act, in the order of the document, each with what undoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub definition: String,
    pub lines: Vec<Line>,
}

/// One task of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Tasks around it that the plan names, too.
    pub depth: usize,
    pub name: String,
    /// JSON pointer (RFC 6901) into the document.
    pub reference: String,
    /// The DSL's word for the task.
    pub kind: &'static str,
    pub undone: Undone,
    pub is_saga: bool,
    pub is_pivot: bool,
    /// Behind a pivot of its saga: an error no longer leads to its undo, it is retried instead.
    pub is_committed: bool,
}

/// What undoes a task once it is complete, or may have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Its own `compensate`: the names of the tasks.
    By(Vec<String>),
    /// The undo of the child that it started.
    Child,
    /// The `compensate` of this task around it, once that one is complete.
    Around(String),
    /// Each task inside by itself.
    Inside,
    /// It asks and changes nothing.
    Needless,
    /// Nothing.
    Never,
}

/// The plan of a graph; `None` if none of its tasks is ever undone.
pub fn plan(graph: &Graph) -> Option<Plan> {
    let mut planner = Planner { graph, lines: Vec::new() };
    planner.scope(graph.root, &Place::default());
    let is_undone = |line: &Line| matches!(line.undone, Undone::By(_) | Undone::Child);
    let lines = planner.lines;
    lines.iter().any(is_undone).then(|| Plan { definition: graph.definition.to_string(), lines })
}

impl Plan {
    /// The plan as a table for a terminal.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.lines.iter().map(Line::title).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let kinds = self.lines.iter().map(|line| line.kind.len()).max().unwrap_or(0);
        let mut text = format!("{}: undone from the last line to the first\n", self.definition);
        for (line, name) in self.lines.iter().zip(names) {
            let (kind, notes) = (line.kind, line.notes());
            writeln!(text, "  {name:width$}  {kind:kinds$}  {notes}").expect("a string takes all");
        }
        text
    }
}

impl Line {
    fn title(&self) -> String {
        format!("{}{}", "  ".repeat(self.depth), self.name)
    }

    fn notes(&self) -> String {
        let mut notes = vec![match &self.undone {
            Undone::By(names) => format!("undone by {}", names.join(", ")),
            Undone::Child => "undone by the child itself".to_owned(),
            Undone::Around(name) => format!("undone with {name}"),
            Undone::Inside => "undone task by task".to_owned(),
            Undone::Needless => "changes nothing".to_owned(),
            Undone::Never => "cannot be undone".to_owned(),
        }];
        notes.extend(self.is_saga.then(|| "a saga of its own".to_owned()));
        notes.extend(self.is_pivot.then(|| "PIVOT: from here on it only goes forward".to_owned()));
        notes.extend(
            self.is_committed.then(|| "behind the pivot: retried until it succeeds".to_owned()),
        );
        notes.join(" · ")
    }
}

/// Warnings about calls that stand between tasks that can be undone and cannot be undone themselves.
pub(super) fn warnings(graph: &Graph) -> Vec<Diagnostic> {
    let Some(plan) = plan(graph) else { return Vec::new() };
    let is_undone = |line: &&Line| matches!(line.undone, Undone::By(_));
    let mut warned: Vec<&str> = Vec::new();
    let mut diagnostics = Vec::new();
    for (idx, line) in plan.lines.iter().enumerate() {
        let before = plan.lines[..idx].iter().rfind(is_undone);
        let after = plan.lines[idx + 1..].iter().find(is_undone);
        let (Some(before), Some(after)) = (before, after) else { continue };
        let is_open = line.undone == Undone::Never && !line.is_pivot && !line.is_committed;
        if !is_open || warned.contains(&line.reference.as_str()) {
            continue;
        }
        warned.push(&line.reference);
        let (name, before, after) = (&line.name, &before.name, &after.name);
        let message = format!(
            "nothing undoes `{name}`, although `{before}` before it and `{after}` after it are undone: add a `compensate`, or an empty effect such as `set`, to say that this is meant"
        );
        let path = Pointer::from(line.reference.as_str());
        diagnostics.push(Diagnostic::new(Code::UncompensatedCall, path, message).about_key());
    }
    diagnostics
}

/// What stands around a task.
#[derive(Clone, Default)]
struct Place {
    depth: usize,
    /// The task whose `compensate` covers this one.
    around: Option<String>,
}

struct Planner<'g> {
    graph: &'g Graph,
    lines: Vec<Line>,
}

impl Planner<'_> {
    /// Plans a task list; gives whether a pivot of its saga stands in it.
    fn scope(&mut self, scope: ScopeId, place: &Place) -> bool {
        let graph = self.graph;
        let mut committed = false;
        for task in &graph.scope(scope).tasks {
            committed |= self.task(*task, place, committed);
        }
        committed
    }

    fn task(&mut self, task: TaskId, place: &Place, is_committed: bool) -> bool {
        let vertex = self.graph.vertex(task);
        let at = self.lines.len();
        let undone = self.undone(vertex, place);
        self.lines.push(Line {
            depth: place.depth,
            name: vertex.name.clone(),
            reference: vertex.reference.clone(),
            kind: vertex.kind.word(),
            undone,
            is_saga: vertex.is_saga,
            is_pivot: vertex.is_pivot,
            is_committed,
        });
        let own = vertex.undo.is_some().then(|| vertex.name.clone());
        let inner = Place { depth: place.depth + 1, around: own.or_else(|| place.around.clone()) };
        let mut has_pivot = vertex.is_pivot;
        if let Some(scope) = vertex.kind.body() {
            has_pivot |= self.scope(scope, &inner) && !vertex.is_saga;
        }
        // What only computes is of no interest to those who undo.
        let acts = matches!(
            vertex.kind,
            Kind::Call(_) | Kind::Run(_) | Kind::Job(_) | Kind::Human(_) | Kind::Emit(_)
        ) || vertex.is_pivot;
        if self.lines.len() == at + 1 && !acts && vertex.undo.is_none() {
            self.lines.pop();
        }
        has_pivot
    }

    fn undone(&self, vertex: &Vertex, place: &Place) -> Undone {
        let names = |scope: ScopeId| {
            let tasks = self.graph.scope(scope).tasks.iter();
            tasks.map(|task| self.graph.vertex(*task).name.clone()).collect()
        };
        match (&vertex.kind, vertex.undo) {
            (_, Some(undo)) => Undone::By(names(undo)),
            (Kind::Job(_) | Kind::Human(_) | Kind::Emit(_), None) => match &place.around {
                Some(around) => Undone::Around(around.clone()),
                None => Undone::Never,
            },
            (Kind::Call(call), None) => match (&place.around, &call.method) {
                (_, Template::Literal(method)) if is_safe(method) => Undone::Needless,
                (Some(around), _) => Undone::Around(around.clone()),
                (None, _) => Undone::Never,
            },
            (Kind::Run(run), None) if run.awaited => Undone::Child,
            (Kind::Run(_), None) => match &place.around {
                Some(around) => Undone::Around(around.clone()),
                None => Undone::Never,
            },
            (_, None) => Undone::Inside,
        }
    }
}

fn is_safe(method: &motet_expr::Value) -> bool {
    let method = json::as_str(method).unwrap_or_default().to_ascii_uppercase();
    SAFE_METHODS.contains(&method.as_str())
}
