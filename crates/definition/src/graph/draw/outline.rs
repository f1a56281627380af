use std::fmt::Write as _;

use super::{Target, UNDO, edges, in_order, needed, scopes, summary};
use crate::graph::{Graph, Kind, ScopeId, Vertex};

/// An indented outline with box-drawing characters; a way on that is not the next task is named.
pub(super) fn draw(graph: &Graph) -> String {
    let mut text = format!("{}\n", graph.definition);
    scope(graph, graph.root, "", &mut text);
    text
}

fn scope(graph: &Graph, id: ScopeId, indent: &str, text: &mut String) {
    let tasks = &graph.scope(id).tasks;
    for (idx, task) in tasks.iter().enumerate() {
        let vertex = graph.vertex(*task);
        let is_last = idx + 1 == tasks.len();
        let (branch, beneath) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        line(graph, vertex, &format!("{indent}{branch}"), text);
        let indent = format!("{indent}{beneath}");
        let inner = scopes(vertex);
        for (nth, (word, id)) in inner.iter().enumerate() {
            if inner.len() == 1 && *word != UNDO {
                scope(graph, *id, &indent, text);
                continue;
            }
            let (branch, beneath) =
                if nth + 1 == inner.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            writeln!(text, "{indent}{branch}{word}").expect("a string takes all text");
            scope(graph, *id, &format!("{indent}{beneath}"), text);
        }
    }
}

fn line(graph: &Graph, vertex: &Vertex, indent: &str, text: &mut String) {
    write!(text, "{indent}{}  {}", vertex.name, summary(vertex)).expect("a string takes all text");
    if vertex.condition.is_some() {
        text.push_str("  if …");
    }
    let needed = needed(graph, vertex);
    if !needed.is_empty() {
        let names: Vec<&str> =
            needed.iter().map(|task| graph.vertex(*task).name.as_str()).collect();
        write!(text, "  needs {}", names.join(", ")).expect("a string takes all text");
    }
    let is_switch = matches!(vertex.kind, Kind::Switch(_));
    for edge in edges(graph, vertex) {
        let is_next = in_order(graph, vertex) == edge.to;
        if is_next && !is_switch {
            continue;
        }
        let to = match edge.to {
            Target::Task(task) => graph.vertex(task).name.as_str(),
            Target::EndOfScope => "end of list",
            Target::EndOfWorkflow => "end",
        };
        let label = edge.label.map(|label| format!("{label} ")).unwrap_or_default();
        write!(text, "  {label}→ {to}").expect("a string takes all text");
    }
    text.push('\n');
}
