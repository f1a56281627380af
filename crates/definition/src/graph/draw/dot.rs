use std::fmt::Write as _;

use super::{Target, dependents, edges, needed, scopes, summary};
use crate::graph::{Graph, Kind, ScopeId};

/// The language of Graphviz: a cluster for each task that holds tasks.
pub(super) fn draw(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.definition.to_string()));
    text.push_str("  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    text.push_str("  edge [fontname=\"sans-serif\"];\n  compound=true;\n");
    text.push_str("  start [shape=circle, label=\"\"];\n  end [shape=doublecircle, label=\"\"];\n");
    writeln!(text, "  start -> t{};", graph.first(graph.root).0).expect("a string takes all text");
    scope(graph, graph.root, "  ", &mut text);
    text.push_str("}\n");
    text
}

fn scope(graph: &Graph, id: ScopeId, indent: &str, text: &mut String) {
    for task in &graph.scope(id).tasks {
        let vertex = graph.vertex(*task);
        let label = quoted(&format!("{}\\n{}", vertex.name, summary(vertex)));
        let shape = if matches!(vertex.kind, Kind::Switch(_)) { ", shape=diamond" } else { "" };
        let inner = scopes(vertex);
        if inner.is_empty() {
            writeln!(text, "{indent}t{} [label={label}{shape}];", task.0)
        } else {
            writeln!(text, "{indent}subgraph cluster_{} {{\n{indent}  label={label};", task.0)
        }
        .expect("a string takes all text");
        if !inner.is_empty() {
            let deeper = format!("{indent}  ");
            writeln!(text, "{deeper}t{} [shape=point, label=\"\"];", task.0)
                .expect("a string takes all text");
            for (word, id) in inner {
                scope(graph, id, &deeper, text);
                enter(graph, task.0, word, id, &deeper, text);
            }
            writeln!(text, "{indent}}}").expect("a string takes all text");
        }
        for to in dependents(graph, vertex) {
            writeln!(text, "{indent}t{} -> t{};", task.0, to.0).expect("a string takes all text");
        }
        for edge in edges(graph, vertex) {
            let to = match edge.to {
                Target::Task(to) => format!("t{}", to.0),
                Target::EndOfScope if graph.scope(id).owner.is_some() => continue,
                Target::EndOfScope | Target::EndOfWorkflow => "end".to_owned(),
            };
            let label =
                edge.label.map_or_else(String::new, |it| format!(" [label={}]", quoted(&it)));
            writeln!(text, "{indent}t{} -> {to}{label};", task.0).expect("a string takes all text");
        }
    }
}

/// Edges from a task to the first of its own; a fork leads to each branch that needs no other.
fn enter(graph: &Graph, task: u32, word: &str, id: ScopeId, indent: &str, text: &mut String) {
    let tasks = &graph.scope(id).tasks;
    let entered = if word == "branches" { tasks.as_slice() } else { &tasks[..1] };
    for first in entered.iter().filter(|task| needed(graph, graph.vertex(**task)).is_empty()) {
        let style = if word == "catch" { " [style=dashed, label=\"caught\"]" } else { "" };
        writeln!(text, "{indent}t{task} -> t{}{style};", first.0).expect("a string takes all text");
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}
