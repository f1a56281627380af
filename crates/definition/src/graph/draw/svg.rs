//! A layout of our own: tasks stand beneath each other, branches side by side, tasks that hold tasks are frames.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use motet_types::TaskId;

use super::{Target, dependents, edges, scopes, summary};
use crate::graph::{Graph, Kind, ScopeId, Vertex};

const BOX_HEIGHT: u32 = 44;
const BOX_WIDTH_MIN: u32 = 140;
const CHARACTER_WIDTH: u32 = 8;
const GAP: u32 = 28;
const PADDING: u32 = 14;
const TITLE_HEIGHT: u32 = 26;
const SUMMARY_CHARACTERS_MAX: usize = 56;
/// Room to the right for each edge that is drawn around other tasks.
const LANE: u32 = 18;

/// A self-contained picture; its colours follow the reader's light or dark scheme.
pub(super) fn draw(graph: &Graph) -> String {
    let mut picture = Picture { graph, places: BTreeMap::new(), body: String::new(), lanes: 0 };
    let (width, height) = picture.scope_size(graph.root);
    picture.scope(graph.root, PADDING, PADDING + GAP);
    let edges = picture.edges();
    let (width, height) =
        (width + PADDING * 2 + picture.lanes * LANE + GAP, height + PADDING * 2 + GAP * 2);
    let Picture { body, .. } = picture;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n{SVG_STYLE}{body}{edges}</svg>\n",
        svg_escaped(&graph.definition.to_string())
    )
}

/// Colours and the tips of arrows of every picture; they follow the reader's light or dark scheme.
pub(crate) const SVG_STYLE: &str = "<style>
text { font: 13px system-ui, sans-serif; fill: #1c2733 }
.note { font-size: 11px; fill: #5b6b7b }
.task { fill: #ffffff; stroke: #7a8ea3 }
.frame { fill: #7a8ea3; fill-opacity: .07; stroke: #7a8ea3; stroke-dasharray: 4 3 }
.edge { fill: none; stroke: #3b6ea5; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9fb0c0 } .task { fill: #16202b } .edge { stroke: #6fa8dc }
}
</style>
<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#3b6ea5\"/></marker></defs>
";

#[derive(Clone, Copy)]
struct Place {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

struct Picture<'g> {
    graph: &'g Graph,
    places: BTreeMap<TaskId, Place>,
    body: String,
    /// Edges drawn around other tasks so far.
    lanes: u32,
}

impl Picture<'_> {
    fn scope_size(&self, id: ScopeId) -> (u32, u32) {
        let sizes = self.graph.scope(id).tasks.iter().map(|task| self.task_size(*task));
        let sizes: Vec<(u32, u32)> = sizes.collect();
        let gaps = GAP * (sizes.len() as u32).saturating_sub(1);
        let (widths, heights) = (sizes.iter().map(|size| size.0), sizes.iter().map(|size| size.1));
        match self.side_by_side(id) {
            true => (widths.sum::<u32>() + gaps, heights.max().unwrap_or(0)),
            false => (widths.max().unwrap_or(0), heights.sum::<u32>() + gaps),
        }
    }

    fn task_size(&self, task: TaskId) -> (u32, u32) {
        let vertex = self.graph.vertex(task);
        let own = width_of(vertex);
        let inner: Vec<_> = scopes(vertex).iter().map(|(_, id)| self.scope_size(*id)).collect();
        if inner.is_empty() {
            return (own, BOX_HEIGHT);
        }
        let width = inner.iter().map(|size| size.0).max().unwrap_or(0).max(own);
        let height: u32 = inner.iter().map(|size| size.1 + PADDING).sum();
        let titles = TITLE_HEIGHT * inner.len() as u32;
        (width + PADDING * 2, height + titles + PADDING)
    }

    fn side_by_side(&self, id: ScopeId) -> bool {
        let owner = self.graph.scope(id).owner;
        owner.is_some_and(|owner| matches!(self.graph.vertex(owner).kind, Kind::Fork { .. }))
    }

    fn scope(&mut self, id: ScopeId, x: u32, y: u32) {
        let side_by_side = self.side_by_side(id);
        let (mut x, mut y) = (x, y);
        for task in self.graph.scope(id).tasks.clone() {
            let (width, height) = self.task_size(task);
            self.places.insert(task, Place { x, y, width, height });
            self.task(task);
            if side_by_side { x += width + GAP } else { y += height + GAP }
        }
    }

    fn task(&mut self, task: TaskId) {
        let vertex = self.graph.vertex(task);
        let Place { x, y, width, height } = self.places[&task];
        let inner = scopes(vertex);
        let class = if inner.is_empty() { "task" } else { "frame" };
        let radius = if matches!(vertex.kind, Kind::Switch(_)) { 20 } else { 6 };
        let (name, note) = (svg_escaped(&vertex.name), svg_escaped(&short(vertex)));
        let reference = svg_escaped(&vertex.reference);
        writeln!(
            self.body,
            "<g><title>{reference}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/><text x=\"{}\" y=\"{}\">{name}</text><text class=\"note\" x=\"{}\" y=\"{}\">{note}</text></g>",
            x + PADDING,
            y + 18,
            if inner.is_empty() { x + PADDING } else { x + PADDING * 2 + vertex.name.chars().count() as u32 * CHARACTER_WIDTH },
            if inner.is_empty() { y + 35 } else { y + 18 },
        )
        .expect("a string takes all text");
        let mut top = y + TITLE_HEIGHT;
        for (nth, (word, id)) in inner.iter().enumerate() {
            if nth > 0 {
                writeln!(
                    self.body,
                    "<text class=\"note\" x=\"{}\" y=\"{}\">{word}</text>",
                    x + PADDING,
                    top + 16
                )
                .expect("a string takes all text");
                top += TITLE_HEIGHT;
            }
            self.scope(*id, x + PADDING, top);
            top += self.scope_size(*id).1 + PADDING;
        }
    }

    fn edges(&mut self) -> String {
        let mut text = String::new();
        for vertex in &self.graph.vertices {
            let from = self.places[&vertex.id];
            for to in dependents(self.graph, vertex) {
                let is_next = vertex.next == Some(to);
                let to = self.places[&to];
                text.push_str(&if is_next {
                    across(from, to)
                } else {
                    self.beneath(vertex.scope, from, to)
                });
            }
            for edge in edges(self.graph, vertex) {
                let Target::Task(to) = edge.to else { continue };
                let label = edge.label.as_deref().unwrap_or_default();
                let is_next = vertex.next == Some(to);
                let to = self.places[&to];
                text.push_str(&if is_next {
                    down(from, to, label)
                } else {
                    self.around(vertex.scope, from, to, label)
                });
            }
        }
        text
    }

    /// An edge to a branch that does not stand right of this one: beneath all branches.
    fn beneath(&self, scope: ScopeId, from: Place, to: Place) -> String {
        let (x1, y1) = (from.x + from.width / 2, from.y + from.height);
        let (x2, y2) = (to.x + to.width / 2, to.y + to.height);
        let places = self.graph.scope(scope).tasks.iter().map(|task| self.places[task]);
        let lane = places.map(|place| place.y + place.height).max().unwrap_or(y1) + PADDING / 2;
        format!(
            "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"M{x1} {y1}V{lane}H{x2}V{y2}\"/>\n"
        )
    }

    /// An edge to a task that is not the next one: out to the right of all that stands between, and back in.
    fn around(&mut self, scope: ScopeId, from: Place, to: Place, label: &str) -> String {
        self.lanes += 1;
        let (x1, y1) = (from.x + from.width, from.y + from.height / 2);
        let (x2, y2) = (to.x + to.width, to.y + to.height / 3);
        let (top, bottom) = (y1.min(y2), y1.max(y2));
        let places = self.graph.scope(scope).tasks.iter().map(|task| self.places[task]);
        let between = places.filter(|place| place.y <= bottom && place.y + place.height >= top);
        let right = between.map(|place| place.x + place.width).max().unwrap_or(x1.max(x2));
        let lane = right + self.lanes * LANE;
        format!(
            "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"M{x1} {y1}H{lane}V{y2}H{x2}\"/><text class=\"note\" x=\"{}\" y=\"{}\">{}</text>\n",
            x1 + 4,
            y1 - 4,
            svg_escaped(label)
        )
    }
}

fn across(from: Place, to: Place) -> String {
    let (x1, x2, y) = (from.x + from.width, to.x, from.y + from.height.min(to.height) / 2);
    format!("<path class=\"edge\" marker-end=\"url(#tip)\" d=\"M{x1} {y}H{x2}\"/>\n")
}

fn down(from: Place, to: Place, label: &str) -> String {
    let x = from.x + from.width.min(to.width) / 2;
    let (y1, y2) = (from.y + from.height, to.y);
    format!(
        "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"M{x} {y1}V{y2}\"/><text class=\"note\" x=\"{}\" y=\"{}\">{}</text>\n",
        x + 6,
        y1 + 18,
        svg_escaped(label)
    )
}

fn width_of(vertex: &Vertex) -> u32 {
    let (name, note) = (vertex.name.chars().count() as u32, short(vertex).chars().count() as u32);
    let widest = match scopes(vertex).is_empty() {
        true => name.max(note),
        false => name + note + 2,
    };
    (widest * CHARACTER_WIDTH + PADDING * 2).max(BOX_WIDTH_MIN)
}

fn short(vertex: &Vertex) -> String {
    let summary = summary(vertex);
    if summary.chars().count() <= SUMMARY_CHARACTERS_MAX {
        return summary;
    }
    let kept: String = summary.chars().take(SUMMARY_CHARACTERS_MAX - 1).collect();
    format!("{kept}…")
}

pub(crate) fn svg_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
