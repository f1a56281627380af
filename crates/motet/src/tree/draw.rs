use super::{Node, ROOT, Remark, State, Tree, duration};
use crate::output::Style;

/// Children of one step that are drawn before the rest is only counted.
const CHILDREN_MAX: usize = 200;

pub(super) fn draw(tree: &Tree, style: Style) -> String {
    let mut text = String::new();
    let mut drawing = Drawing { tree, style, text: &mut text };
    // The workflow itself is the heading; its tasks begin at the margin.
    if let Some(root) = tree.steps.get(&ROOT) {
        drawing.remarks(root, "");
        drawing.children(root, "");
    }
    text
}

struct Drawing<'d> {
    tree: &'d Tree,
    style: Style,
    text: &'d mut String,
}

impl Drawing<'_> {
    fn children(&mut self, node: &Node, margin: &str) {
        let shown = node.children.iter().take(CHILDREN_MAX);
        let hidden = node.children.len().saturating_sub(CHILDREN_MAX);
        for (idx, child) in shown.enumerate() {
            let is_last = idx + 1 == node.children.len();
            if let Some(child) = self.tree.steps.get(child) {
                self.step(child, margin, is_last);
            }
        }
        if hidden > 0 {
            self.text.push_str(&format!("{margin}└─ and {hidden} more\n"));
        }
    }

    fn step(&mut self, node: &Node, margin: &str, is_last: bool) {
        let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let mut line = format!("{margin}{branch}{} {}", self.mark(node.state), node.name);
        if node.iterations > 1 {
            line.push_str(&format!(" ×{}", node.iterations));
        }
        if !node.about.is_empty() {
            line.push_str(&format!("  {}", self.style.dim(&node.about)));
        }
        if node.attempts > 1 {
            line.push_str(&format!("  ({} attempts)", node.attempts));
        }
        if let Some(time) = time(node) {
            line.push_str(&format!("  {}", self.style.dim(&time)));
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
        let margin = format!("{margin}{below}");
        self.remarks(node, &margin);
        self.children(node, &margin);
    }

    fn remarks(&mut self, node: &Node, margin: &str) {
        let stem = if node.children.is_empty() { "  " } else { "│ " };
        for remark in &node.remarks {
            let line = match remark {
                Remark::Error(error) => self.style.red(error),
                Remark::Note(note) => self.style.dim(note),
            };
            self.text.push_str(&format!("{margin}{stem}{line}\n"));
        }
        if let Some(waits) = node.waits.as_ref().filter(|_| node.state == State::Open) {
            self.text.push_str(&format!("{margin}{stem}{}\n", self.style.dim(waits)));
        }
    }

    fn mark(&self, state: State) -> String {
        match state {
            State::Open => self.style.bold("●"),
            State::Completed => self.style.green("✓"),
            State::Failed => self.style.red("✗"),
            State::Skipped => self.style.dim("○"),
            State::Stopped | State::Held => self.style.dim("⊘"),
        }
    }
}

fn time(node: &Node) -> Option<String> {
    match (node.state, node.started, node.ended) {
        (State::Skipped, ..) => Some("skipped".to_owned()),
        (State::Open, Some(started), _) => Some(format!("since {started}")),
        (_, Some(started), Some(ended)) => Some(duration(ended.since(started))),
        _ => None,
    }
}
