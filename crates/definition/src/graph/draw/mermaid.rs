use std::fmt::Write as _;

use super::{Target, dependents, edges, scopes, summary};
use crate::graph::{Graph, Kind, ScopeId};

/// A Mermaid flowchart: a subgraph for each task that holds tasks.
pub(super) fn draw(graph: &Graph) -> String {
    let mut text = String::from("flowchart TD\n  start(( )) --> ");
    writeln!(text, "t{}", graph.first(graph.root).0).expect("a string takes all text");
    text.push_str("  finish(((end)))\n");
    scope(graph, graph.root, "  ", &mut text);
    text
}

fn scope(graph: &Graph, id: ScopeId, indent: &str, text: &mut String) {
    for task in &graph.scope(id).tasks {
        let vertex = graph.vertex(*task);
        let label = quoted(&format!("{}<br/>{}", vertex.name, summary(vertex)));
        let inner = scopes(vertex);
        let line = match (&vertex.kind, inner.is_empty()) {
            (Kind::Switch(_), _) => format!("{indent}t{}{{{label}}}", task.0),
            (_, true) => format!("{indent}t{}[{label}]", task.0),
            (_, false) => format!("{indent}subgraph t{} [{label}]", task.0),
        };
        text.push_str(&line);
        text.push('\n');
        if !inner.is_empty() {
            for (_, id) in &inner {
                scope(graph, *id, &format!("{indent}  "), text);
            }
            writeln!(text, "{indent}end").expect("a string takes all text");
        }
        for to in dependents(graph, vertex) {
            writeln!(text, "{indent}t{} --> t{}", task.0, to.0).expect("a string takes all text");
        }
        for edge in edges(graph, vertex) {
            let to = match edge.to {
                Target::Task(to) => format!("t{}", to.0),
                Target::EndOfScope if graph.scope(id).owner.is_some() => continue,
                Target::EndOfScope | Target::EndOfWorkflow => "finish".to_owned(),
            };
            let label = edge.label.map_or_else(String::new, |it| format!("|{}|", quoted(&it)));
            writeln!(text, "{indent}t{} -->{label} {to}", task.0).expect("a string takes all text");
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "#quot;"))
}
