use std::fmt::Write as _;

use super::super::{DependencyGraph, Edge, Observed, Subject};
use super::layers::columns;
use crate::graph::{SVG_STYLE, svg_escaped};

const BOX_HEIGHT: usize = 44;
const CHARACTER_WIDTH: usize = 8;
const PADDING: usize = 14;
const ROW: usize = BOX_HEIGHT + 20;
/// How far words stand above their edge.
const NOTE_LIFT: usize = 5;
/// A line beside an edge.
const NOTE_HEIGHT: usize = 12;
/// Between two columns.
const GAP: usize = 110;

struct Place {
    x: usize,
    y: usize,
    width: usize,
}

/// Columns from left to right: who depends stands left of what it depends on.
pub(super) fn draw(graph: &DependencyGraph) -> String {
    let (places, width, height) = places(graph);
    let mut body = String::new();
    for edge in &graph.edges {
        let (from, to) = (&places[edge.from], &places[edge.to]);
        writeln!(body, "{}", path(from, to, edge)).expect("a string takes all text");
    }
    for (idx, (subject, place)) in graph.vertices.iter().zip(&places).enumerate() {
        let is_missing = graph.missing.contains(&idx);
        writeln!(body, "{}", drawn(subject, place, is_missing)).expect("a string takes all text");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>Who depends on what</title>\n{SVG_STYLE}{body}</svg>\n"
    )
}

/// The place of each vertex, and the size of the picture.
fn places(graph: &DependencyGraph) -> (Vec<Place>, usize, usize) {
    let columns = columns(graph);
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut widths = vec![0; count];
    for (subject, column) in graph.vertices.iter().zip(&columns) {
        widths[*column] = widths[*column].max(width(subject));
    }
    let mut left = Vec::with_capacity(count);
    let mut x = PADDING;
    for width in &widths {
        left.push(x);
        x += width + GAP;
    }
    let mut rows = vec![0; count];
    let place = |(subject, column): (&Subject, &usize)| {
        let row = rows[*column];
        rows[*column] += 1;
        Place { x: left[*column], y: PADDING + row * ROW, width: width(subject) }
    };
    let places: Vec<Place> = graph.vertices.iter().zip(&columns).map(place).collect();
    let height = places.iter().map(|place| place.y + BOX_HEIGHT).max().unwrap_or(0) + PADDING;
    let width = places.iter().map(|place| place.x + place.width).max().unwrap_or(0) + PADDING;
    (places, width, height)
}

fn width(subject: &Subject) -> usize {
    name(subject).chars().count().max(subject.kind().len()) * CHARACTER_WIDTH + PADDING * 2
}

/// What stands behind the kind.
fn name(subject: &Subject) -> String {
    let whole = subject.to_string();
    whole.split_once('/').map_or_else(String::new, |(_, name)| name.to_owned())
}

fn drawn(subject: &Subject, place: &Place, is_missing: bool) -> String {
    let Place { x, y, width } = *place;
    let radius =
        if matches!(subject, Subject::Workflow(_) | Subject::Missing(..)) { 20 } else { 6 };
    let is_faint = is_missing || matches!(subject, Subject::Computed(_));
    let class = if is_faint { "frame" } else { "task" };
    let note = match is_missing {
        true => format!("missing {}", subject.kind()),
        false => subject.kind().to_owned(),
    };
    format!(
        "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX_HEIGHT}\" rx=\"{radius}\"/><text x=\"{}\" y=\"{}\">{}</text><text class=\"note\" x=\"{}\" y=\"{}\">{note}</text></g>",
        svg_escaped(&subject.to_string()),
        x + PADDING,
        y + 20,
        svg_escaped(&name(subject)),
        x + PADDING,
        y + 36,
    )
}

/// A curve from right to left edge; back to the left where both are of one cycle.
fn path(from: &Place, to: &Place, edge: &Edge) -> String {
    let (x1, y1) = (from.x + from.width, from.y + BOX_HEIGHT / 2);
    let (x2, y2) = (to.x, to.y + BOX_HEIGHT / 2);
    let bend = GAP / 2;
    let title = svg_escaped(&super::labels(edge).join("\n"));
    let dashes = if edge.is_declared() { "" } else { " stroke-dasharray=\"5 4\"" };
    let path = format!(
        "<path class=\"edge\"{dashes} marker-end=\"url(#tip)\" d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\"><title>{title}</title></path>",
        x1 + bend,
        x2.saturating_sub(bend),
    );
    // In the middle of the curve, where those of one origin and those to one target are apart.
    let notes = edge.observed.iter().enumerate().map(|(nth, observed)| {
        let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2 - NOTE_LIFT + nth * NOTE_HEIGHT);
        let words = svg_escaped(&brief(observed));
        format!("<text class=\"note\" text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{words}</text>")
    });
    notes.fold(path, |text, note| text + "\n" + &note)
}

/// What fits between two columns.
fn brief(observed: &Observed) -> String {
    format!("{} · {} failed", observed.calls, observed.errors)
}
