//! An instance's steps as a tree, built from its history.

mod draw;

use std::collections::BTreeMap;
use std::time::Duration;

use motet_expr::Value;
use motet_types::Timestamp;

use crate::output::Style;
use crate::value::Members;

/// The tree of a history, oldest record first, for people.
pub(crate) fn draw(history: &[Value], style: Style) -> String {
    draw::draw(&Tree::of(history), style)
}

/// Time between two instants, as people say it; none while one of them is missing.
pub(crate) fn elapsed(from: &str, to: &str) -> Option<String> {
    let (from, to): (Timestamp, Timestamp) = (from.parse().ok()?, to.parse().ok()?);
    Some(duration(to.since(from)))
}

/// An error in one line.
pub(crate) fn error_line(error: &Value) -> String {
    let kind = error.text("type").unwrap_or("error");
    let kind = kind.rsplit('/').next().unwrap_or(kind);
    let what = error.text("detail").or(error.text("title")).unwrap_or_default();
    match error.number("status") {
        Some(status) => format!("{kind} {status}: {what}"),
        None => format!("{kind}: {what}"),
    }
}

/// What stands at the end of a history that cannot be read to its end.
pub(crate) const DAMAGED: &str = "damaged";

/// Where a history ends that cannot be read to its end, and why.
pub(crate) fn damage_line(record: &Value) -> String {
    let number = record.number("number").unwrap_or_default();
    let reason = record.text("reason").unwrap_or_default();
    format!("the history cannot be read from record {number} on: {reason}")
}

/// The workflow itself.
const ROOT: u64 = 0;
/// The name of a step that no record has named.
const UNKNOWN: &str = "…";

/// Every step of an instance by its number.
#[derive(Debug, Default)]
struct Tree {
    steps: BTreeMap<u64, Node>,
    /// Steps may have begun in what was cut out of the history.
    is_cut: bool,
}

/// One step: one activation of a task.
#[derive(Debug, Default)]
struct Node {
    name: String,
    /// Place of its task in the document.
    task: String,
    children: Vec<u64>,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    state: State,
    /// What happened in it, in order.
    remarks: Vec<Remark>,
    /// Iterations that a loop began.
    iterations: u64,
    /// Attempts of its call.
    attempts: u64,
    /// What a call asks for, or a wait waits for.
    about: String,
    /// For what it waits, while it does: told as long as the step is open.
    waits: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Completed,
    Failed,
    Skipped,
    /// Something around it ended first.
    Stopped,
    /// The instance faulted around it; a retry goes on with it.
    Held,
}

/// A line below a step.
#[derive(Debug)]
enum Remark {
    Error(String),
    Note(String),
}

impl Tree {
    fn of(history: &[Value]) -> Self {
        let mut tree = Self::default();
        for record in history {
            tree.take(record);
        }
        tree
    }

    fn take(&mut self, record: &Value) {
        let kind = record.text("type").unwrap_or_default();
        let at = record.text("at").and_then(|at| at.parse().ok());
        let id = record.number("step").unwrap_or_default();
        match kind {
            "activated" | "iteration-began" => self.activate(id, record, at),
            // The header of a skipped task names the step around it.
            "skipped" => self.skip(id, record, at),
            "cut" => self.cut(record),
            DAMAGED => self.damaged(record),
            _ => {
                self.adopt(id);
                self.close(kind, id, record, at);
                self.steps.entry(id).or_default().take(kind, record, at);
            }
        }
    }

    /// Closes what a record takes the ground from.
    fn close(&mut self, kind: &str, id: u64, record: &Value, at: Option<Timestamp>) {
        match kind {
            "completed" | "failed" | "iteration-failed" | "caught" | "workflow-completed"
            | "workflow-cancelled" => {
                self.close_beneath(id, State::Stopped, at);
            }
            "undo-began" => self.close_beneath(id, State::Stopped, at),
            "workflow-faulted" => self.close_beneath(id, State::Held, at),
            "branch-failed" => {
                let lost = record.text("branch").unwrap_or_default();
                for branch in self.children(id) {
                    if self.steps.get(&branch).is_some_and(|node| node.task == lost) {
                        self.close_at(branch, State::Stopped, at);
                    }
                }
            }
            "reopened" => {
                let held = self.steps.values_mut().filter(|node| node.state == State::Held);
                held.for_each(|node| node.end(State::Open, None));
            }
            _ => {}
        }
    }

    fn close_beneath(&mut self, id: u64, state: State, at: Option<Timestamp>) {
        for child in self.children(id) {
            self.close_at(child, state, at);
        }
    }

    /// What has ended has nothing open beneath it.
    fn close_at(&mut self, id: u64, state: State, at: Option<Timestamp>) {
        let Some(node) = self.steps.get_mut(&id).filter(|node| node.state == State::Open) else {
            return;
        };
        node.end(state, at);
        self.close_beneath(id, state, at);
    }

    fn children(&self, id: u64) -> Vec<u64> {
        self.steps.get(&id).map(|node| node.children.clone()).unwrap_or_default()
    }

    fn activate(&mut self, id: u64, record: &Value, at: Option<Timestamp>) {
        let parent = record.number("parent").unwrap_or_default();
        let text = |key| record.text(key).unwrap_or_default().to_owned();
        let name = match (record.number("index"), record.number("undoes")) {
            (Some(index), _) => format!("{} #{index}", text("name")),
            (None, Some(_)) => format!("undo of {}", text("name")),
            (None, None) => text("name"),
        };
        let node = Node { name, task: text("task"), started: at, ..Node::default() };
        self.adopt(parent);
        self.steps.insert(id, node);
        // Steps are numbered as they are activated; a history that says otherwise must not make a cycle.
        if parent < id {
            self.steps.entry(parent).or_default().children.push(id);
        }
    }

    fn cut(&mut self, record: &Value) {
        self.is_cut = true;
        let count = |key| record.number(key).unwrap_or_default();
        let text =
            format!("{} records from number {} on were cut out", count("records"), count("from"));
        self.steps.entry(ROOT).or_default().note(&text);
    }

    fn damaged(&mut self, record: &Value) {
        let remark = Remark::Error(damage_line(record));
        self.steps.entry(ROOT).or_default().remarks.push(remark);
    }

    /// A step that began in what was cut out stands at the margin; its own records will name it.
    fn adopt(&mut self, id: u64) {
        if self.is_cut && !self.steps.contains_key(&id) {
            self.steps.insert(id, Node { name: UNKNOWN.to_owned(), ..Node::default() });
            self.steps.entry(ROOT).or_default().children.push(id);
        }
    }

    fn skip(&mut self, parent: u64, record: &Value, at: Option<Timestamp>) {
        let name = record.text("name").unwrap_or_default().to_owned();
        // Skipped tasks never became steps, so they get numbers that no step has.
        let id = u64::MAX - self.steps.len() as u64;
        let node = Node { name, started: at, state: State::Skipped, ..Node::default() };
        self.steps.insert(id, node);
        self.steps.entry(parent).or_default().children.push(id);
    }
}

impl Node {
    fn take(&mut self, kind: &str, record: &Value, at: Option<Timestamp>) {
        let text = |key| record.text(key).unwrap_or_default();
        let error = || record.member("error").map(error_line).unwrap_or_default();
        if self.name == UNKNOWN {
            record.text("name").unwrap_or(UNKNOWN).clone_into(&mut self.name);
            text("task").clone_into(&mut self.task);
        }
        if matches!(kind, "released" | "settled" | "abandoned" | "completed" | "failed") {
            self.waits = None;
        }
        match kind {
            "started" => {
                text("workflow").clone_into(&mut self.name);
                self.started = at;
            }
            "completed" | "workflow-completed" => self.end(State::Completed, at),
            "failed" | "iteration-failed" => {
                self.fail(error());
                self.end(State::Failed, at);
            }
            "workflow-faulted" => self.end(State::Failed, at),
            "workflow-cancelled" => {
                self.note(&with_reason("cancelled", record));
                self.end(State::Failed, at);
            }
            "iterated" => self.iterations += 1,
            "waiting" => self.about = format!("until {}", text("due")),
            "requested" | "resent" => self.request(record),
            "parked" => self.waits = Some(parked(record)),
            "settled" => self.settle(record),
            "abandoned" => self.note("its call was abandoned"),
            "child-requested" => self.about = format!("{} {}", text("workflow"), text("child")),
            "child-ended" if record.member("error").is_some() => {
                self.remarks.push(Remark::Error(error()));
            }
            "undone" => self.end(State::Completed, at),
            "undo-began" => self.note("undoes what it did"),
            "undo-ended" => self.note("everything is undone"),
            "postponed" => self.note(&format!("failed; begins again at {}", text("due"))),
            "child-undo-requested" => self.about = format!("the child {}", text("child")),
            "child-cancelled" => self.note("the instance it waited for was cancelled"),
            "caught" => self.note(&caught(record)),
            "branch-failed" => self.remarks.push(Remark::Error(error())),
            "incident-raised" => {
                self.remarks.push(Remark::Error(format!("waits for a person: {}", error())));
            }
            "suspended" => self.note(&with_reason("suspended", record)),
            "resumed" => self.note("resumed"),
            "reopened" => self.reopen(),
            _ => self.take_of_worker(kind, record),
        }
    }

    /// What workers and people did.
    fn take_of_worker(&mut self, kind: &str, record: &Value) {
        let text = |key| record.text(key).unwrap_or_default();
        match kind {
            "job-created" => {
                self.request(record);
                self.about = format!("job of type {}", text("job"));
                self.waits = Some("waits for a worker".to_owned());
            }
            "task-created" => self.waits = Some(for_person(record)),
            "task-claimed" | "task-unclaimed" | "task-reassigned" | "task-escalated" => {
                let by = record.text("by").map(|by| format!(" by {by}")).unwrap_or_default();
                self.note(&format!("{}{by}", kind.trim_start_matches("task-")));
                self.waits = Some(for_person(record));
            }
            "job-returned" => {
                let attempt = record.number("attempt").unwrap_or(self.attempts + 1);
                if record.member("error").is_some() {
                    let error = record.member("error").map(error_line).unwrap_or_default();
                    let line = format!("attempt {}: {error}", attempt.saturating_sub(1));
                    self.remarks.push(Remark::Error(line));
                }
                self.attempts = attempt;
            }
            "job-settled" => {
                self.settle(record);
                if let Some(by) = record.text("by") {
                    self.note(&format!("done by {by}"));
                }
            }
            "job-withdrawn" => self.note("nobody waits for it any more"),
            _ => {}
        }
    }

    fn request(&mut self, record: &Value) {
        self.attempts = record.number("attempt").unwrap_or(self.attempts + 1);
        if let Some(request) = record.member("request") {
            let text = |key| request.text(key).unwrap_or_default();
            self.about = format!("{} {}", text("method"), text("uri"));
        }
    }

    fn settle(&mut self, record: &Value) {
        if let Some(error) = record.member("error") {
            let attempt = record.number("attempt").unwrap_or(self.attempts);
            let line = format!("attempt {attempt}: {}", error_line(error));
            self.remarks.push(Remark::Error(line));
        }
    }

    /// An attempt's error that becomes the step's is told once.
    fn fail(&mut self, error: String) {
        let is_told = match self.remarks.last() {
            Some(Remark::Error(last)) => last.ends_with(&error),
            _ => false,
        };
        if !is_told {
            self.remarks.push(Remark::Error(error));
        }
    }

    fn end(&mut self, state: State, at: Option<Timestamp>) {
        (self.state, self.ended) = (state, at);
    }

    fn reopen(&mut self) {
        self.note("opened again");
        (self.state, self.ended) = (State::Open, None);
    }

    fn note(&mut self, text: &str) {
        self.remarks.push(Remark::Note(text.to_owned()));
    }
}

/// Whom a task waits for, in one line.
fn for_person(record: &Value) -> String {
    let groups: Vec<&str> =
        record.items("groups").iter().filter_map(motet_expr::json::as_str).collect();
    let who = [
        record.text("claimant").map(|who| format!("claimed by {who}")),
        record.text("assignee").map(|who| format!("assignee {who}")),
        (!groups.is_empty()).then(|| format!("group {}", groups.join(", "))),
        record.text("due").map(|due| format!("due {due}")),
    ];
    let who: Vec<String> = who.into_iter().flatten().collect();
    match who.is_empty() {
        true => "waits for a person".to_owned(),
        false => format!("waits for a person: {}", who.join(", ")),
    }
}

fn caught(record: &Value) -> String {
    let error = record.member("error").map(error_line).unwrap_or_default();
    match (record.number("retry"), record.text("due")) {
        (Some(number), Some(due)) => format!("caught {error}; retry {number} at {due}"),
        _ => format!("caught {error}"),
    }
}

fn parked(record: &Value) -> String {
    let text = |key| record.text(key).unwrap_or_default();
    let reason = match text("reason") {
        "gate" => "for its turn: as many calls as there may be are in flight",
        other => other,
    };
    match record.text("until") {
        Some(until) => format!("parked since {} until {until}, waits {reason}", text("since")),
        None => format!("parked since {}, waits {reason}", text("since")),
    }
}

fn with_reason(what: &str, record: &Value) -> String {
    match record.text("reason") {
        Some(reason) => format!("{what}: {reason}"),
        None => what.to_owned(),
    }
}

fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let (seconds, minutes) = (millis / 1_000, millis / 60_000);
    match millis {
        0..1_000 => format!("{millis}ms"),
        1_000..60_000 => format!("{seconds}.{}s", millis % 1_000 / 100),
        60_000..3_600_000 => format!("{minutes}m {:02}s", seconds % 60),
        3_600_000..86_400_000 => format!("{}h {:02}m", minutes / 60, minutes % 60),
        _ => format!("{}d {:02}h", minutes / 1_440, minutes / 60 % 24),
    }
}

#[cfg(test)]
mod tests;
