//! Pictures of the dependency graph, in the forms in which single workflows are drawn.

mod layers;
mod svg;

use std::fmt::Write as _;

use super::{DependencyGraph, Drift, Edge, Observed, Subject};
use crate::graph::Format;

/// Draws the graph.
pub fn draw(graph: &DependencyGraph, format: Format) -> String {
    match format {
        Format::Text => text(graph),
        Format::Dot => dot(graph),
        Format::Mermaid => mermaid(graph),
        Format::Svg => svg::draw(graph),
    }
}

/// Each vertex that needs something, with what it needs beneath it; then what nobody needs and what is wrong.
fn text(graph: &DependencyGraph) -> String {
    let mut text = String::new();
    let mut line = |indent: &str, words: &str| {
        writeln!(text, "{indent}{words}").expect("a string takes all text");
    };
    for (idx, subject) in graph.vertices.iter().enumerate() {
        let own: Vec<_> = graph.edges.iter().filter(|edge| edge.from == idx).collect();
        let is_needed = graph.edges.iter().any(|edge| edge.to == idx);
        if own.is_empty() && is_needed {
            continue;
        }
        line("", &subject.to_string());
        for (nth, edge) in own.iter().enumerate() {
            let branch = if nth + 1 == own.len() { "└─ " } else { "├─ " };
            let to = &graph.vertices[edge.to];
            let times = match edge.places.len() {
                0 | 1 => String::new(),
                count => format!("  at {count} places"),
            };
            let missing = if graph.missing.contains(&edge.to) { "  (missing)" } else { "" };
            let written = if edge.is_declared() { "" } else { "  (in no definition)" };
            line(branch, &format!("{} {to}{times}{missing}{written}", edge.relation.as_str()));
            let indent = if nth + 1 == own.len() { "     " } else { "│    " };
            edge.observed.iter().for_each(|observed| line(indent, &observed.to_string()));
        }
    }
    for cycle in graph.cycles() {
        let names: Vec<String> = cycle.iter().map(|idx| graph.vertices[*idx].to_string()).collect();
        line("", &format!("\ncycle: {}", names.join(", ")));
    }
    let orphans = graph.orphans();
    if !orphans.is_empty() {
        let names: Vec<String> =
            orphans.iter().map(|idx| graph.vertices[*idx].to_string()).collect();
        line("", &format!("\ncalled by no workflow: {}", names.join(", ")));
    }
    if !graph.single_points.is_empty() {
        let names = graph.single_points.iter().map(|idx| graph.vertices[*idx].to_string());
        line("", &format!("\nwith a single endpoint: {}", names.collect::<Vec<_>>().join(", ")));
    }
    for (words, edges) in drifts(graph) {
        line("", &format!("\n{words}: {}", edges.join(", ")));
    }
    if graph.left_out > 0 {
        line("", &format!("\n{} more are left out", graph.left_out));
    }
    text
}

/// Where definitions and calls say different things, in words.
fn drifts(graph: &DependencyGraph) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let Drift { never_observed, undeclared } = graph.drift();
    let named = |idx: &usize| {
        let edge = &graph.edges[*idx];
        format!("{} by {}", graph.vertices[edge.to], graph.vertices[edge.from])
    };
    let lists = [("not called yet", never_observed), ("called, but in no definition", undeclared)];
    let lists = lists.map(|(words, edges)| (words, edges.iter().map(named).collect::<Vec<_>>()));
    lists.into_iter().filter(|(_, edges)| !edges.is_empty())
}

/// What is written at an edge, a line for each of these.
fn labels(edge: &Edge) -> Vec<String> {
    let observed = edge.observed.iter().map(Observed::to_string);
    std::iter::once(edge.relation.as_str().to_owned()).chain(observed).collect()
}

/// The language of Graphviz.
fn dot(graph: &DependencyGraph) -> String {
    let mut text =
        String::from("digraph dependencies {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
    for (idx, subject) in graph.vertices.iter().enumerate() {
        let faint = if graph.missing.contains(&idx) { ", color=gray, fontcolor=gray" } else { "" };
        let shape = match subject {
            Subject::Workflow(_) | Subject::Missing(..) => "shape=box, style=rounded",
            Subject::Service(_) | Subject::Host(_) => "shape=component",
            Subject::Worker(..) => "shape=cds",
            Subject::Event(..) => "shape=ellipse",
            Subject::Computed(_) => "shape=box, style=dotted",
        };
        let label = subject.to_string().replace('"', "\\\"");
        writeln!(text, "  v{idx} [label=\"{label}\", {shape}{faint}];")
            .expect("a string takes all text");
    }
    for edge in &graph.edges {
        let (from, to, label) = (edge.from, edge.to, labels(edge).join("\\n"));
        let style = if edge.is_declared() { "" } else { ", style=dashed" };
        writeln!(text, "  v{from} -> v{to} [label=\"{label}\"{style}];")
            .expect("a string takes all text");
    }
    text.push_str("}\n");
    text
}

fn mermaid(graph: &DependencyGraph) -> String {
    let mut text = String::from("flowchart LR\n");
    for (idx, subject) in graph.vertices.iter().enumerate() {
        let label = subject.to_string().replace('"', "#quot;");
        let line = match subject {
            Subject::Workflow(_) | Subject::Missing(..) => format!("v{idx}([\"{label}\"])"),
            Subject::Event(..) => format!("v{idx}{{{{\"{label}\"}}}}"),
            Subject::Service(_) | Subject::Host(_) | Subject::Worker(..) | Subject::Computed(_) => {
                format!("v{idx}[\"{label}\"]")
            }
        };
        writeln!(text, "  {line}").expect("a string takes all text");
    }
    for edge in &graph.edges {
        let (from, to) = (edge.from, edge.to);
        let label = match labels(edge).as_slice() {
            [relation] => relation.clone(),
            all => format!("\"{}\"", all.join("<br/>")),
        };
        let arrow = if edge.is_declared() { "-->" } else { "-.->" };
        writeln!(text, "  v{from} {arrow}|{label}| v{to}").expect("a string takes all text");
    }
    text
}
