//! From the text of a scenario file to a [`Suite`], or everything that is wrong with it.

mod command;
mod cursor;
mod expectation;
mod failing;
mod mocks;
mod outside;
mod schedule;

use std::time::Duration;

use motet_definition::{Pointer, Span, read_data, to_yaml};
use motet_expr::{Program, Value, json};
use motet_types::{Limits, Timestamp};

use crate::model::{Definition, Invariant, Scenario, Suite};
use cursor::Cursor;
pub use outside::whole as whole_event;

/// Scenarios of one file; more belong into several files.
pub(crate) const SCENARIOS_MAX: usize = 1_000;

/// When scenarios begin that do not say otherwise.
pub(crate) const EPOCH: &str = "2026-01-01T00:00:00Z";

/// Gives the text of a file that a scenario file names, relative to it; an error is text for people.
pub type Loader<'l> = dyn FnMut(&str) -> Result<String, String> + 'l;

/// Something wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: Pointer,
    pub span: Option<Span>,
    pub message: String,
}

/// Reads a scenario file; `name` is what the file is called.
///
/// # Errors
/// Everything that is wrong, in the order of the text.
pub fn read(name: &str, text: &str, loader: &mut Loader<'_>) -> Result<Suite, Vec<Problem>> {
    let data = read_data(text, &Limits::default());
    let mut problems: Vec<Problem> = data
        .diagnostics
        .iter()
        .filter(|it| it.is_error())
        .map(|it| Problem { at: it.path.clone(), span: it.span, message: it.message.clone() })
        .collect();
    let root = data.value.unwrap_or(Value::Null);
    let mut scenarios = Vec::new();
    if problems.is_empty() {
        let sink = cursor::Sink::default();
        scenarios = suite(&Cursor::root(&root, &sink), loader);
        problems = sink.take();
        for problem in &mut problems {
            problem.span = place(&data.source, &problem.at);
        }
        problems.sort_by_key(|problem| problem.span.map(|span| span.start));
    }
    match problems.is_empty() {
        true => Ok(Suite { name: name.to_owned(), scenarios, source: data.source }),
        false => Err(problems),
    }
}

/// Where a pointer stands, or what is around it.
pub(crate) fn place(source: &motet_definition::SourceMap, at: &Pointer) -> Option<Span> {
    let mut at = at.clone();
    loop {
        if let Some(entry) = source.entry(&at) {
            return Some(entry.key.unwrap_or(entry.value));
        }
        at = at.parent()?;
    }
}

fn suite(root: &Cursor<'_>, loader: &mut Loader<'_>) -> Vec<Scenario> {
    root.only(&["$schema", "title", "definition", "workflows", "secrets", "mocks", "scenarios"]);
    let list = root.required("scenarios").map(|list| list.items()).unwrap_or_default();
    if list.len() > SCENARIOS_MAX {
        root.problem(format!("a file may have {SCENARIOS_MAX} scenarios: split it"));
        return Vec::new();
    }
    let shared = Shared {
        definition: root.get("definition").and_then(|it| definition(&it, loader)),
        workflows: definitions(root, loader),
        root: root.clone(),
    };
    let scenarios: Vec<Scenario> =
        list.iter().filter_map(|it| scenario(it, &shared, loader)).collect();
    for (idx, scenario) in scenarios.iter().enumerate() {
        if scenarios[..idx].iter().any(|other| other.name == scenario.name) {
            root.at(&scenario.at).problem(format!("two scenarios are called {:?}", scenario.name));
        }
    }
    scenarios
}

/// What all scenarios of a file have in common.
struct Shared<'v> {
    definition: Option<Definition>,
    workflows: Vec<Definition>,
    root: Cursor<'v>,
}

const SCENARIO_KEYS: [&str; 17] = [
    "name",
    "rule",
    "pure",
    "definition",
    "workflows",
    "input",
    "secrets",
    "startsAt",
    "mocks",
    "commands",
    "schedule",
    "expect",
    "failAtEachCall",
    "failAtEachStep",
    "crashAtEachCommit",
    "invariants",
    "summary",
];

fn scenario(at: &Cursor<'_>, shared: &Shared<'_>, loader: &mut Loader<'_>) -> Option<Scenario> {
    at.only(&SCENARIO_KEYS);
    let name = at.required("name")?.text()?;
    let own = at.get("definition").map(|it| definition(&it, loader));
    let definition = own.unwrap_or_else(|| shared.definition.clone());
    let Some(definition) = definition else {
        at.problem("it has no definition: name a file, or write a document here");
        return None;
    };
    let mut mocks = mocks::read(at);
    mocks.extend(mocks::read(&shared.root));
    let mut secrets = mocks::secrets(&shared.root);
    secrets.extend(mocks::secrets(at));
    let invariants = at.get("invariants").map(|it| asserts(&it)).unwrap_or_default();
    let flag = |key: &str| at.get(key).and_then(|it| it.truth()).unwrap_or(false);
    let (fail_at_each_call, crash_at_each_commit) =
        (flag("failAtEachCall"), flag("crashAtEachCommit"));
    if fail_at_each_call && invariants.is_empty() {
        at.problem("failAtEachCall needs `invariants`: what is to hold whatever fails");
    }
    let schedule = at.get("schedule").and_then(|it| schedule::read(&it));
    if let Some(commands) = at.get("commands").filter(|_| schedule.is_some()) {
        commands.problem("these are for one instance: a schedule has `commands` of its own");
    }
    let starts_at = at.get("startsAt").and_then(|it| instant(&it));
    let mut workflows = definitions(at, loader);
    workflows.extend(shared.workflows.iter().cloned());
    Some(Scenario {
        name,
        at: at.pointer(),
        rule: at.get("rule").and_then(|it| it.text()),
        pure: at.get("pure").and_then(|it| it.text()),
        definition,
        workflows,
        input: at.get("input").map_or_else(|| json::object::<&str>([]), |it| it.value().clone()),
        secrets,
        starts_at: starts_at.unwrap_or_else(|| EPOCH.parse().expect("it is an instant")),
        calls: mocks.calls,
        children: mocks.children,
        work: mocks.work,
        events: mocks.events,
        actions: at.get("commands").map(|it| command::read(&it)).unwrap_or_default(),
        schedule,
        expect: expectation::read(at)?,
        fail_at_each_call,
        fail_at_each_step: at.get("failAtEachStep").map(|it| failing::read(&it)),
        crash_at_each_commit,
        invariants,
    })
}

/// A file's name, or a document; one without a head gets one.
fn definition(at: &Cursor<'_>, loader: &mut Loader<'_>) -> Option<Definition> {
    if let Some(file) = json::as_str(at.value()) {
        return match loader(file) {
            Ok(text) => Some(Definition { name: file.to_owned(), text }),
            Err(message) => {
                at.problem(message);
                None
            }
        };
    }
    let Value::Obj(members) = at.value() else {
        at.problem("expected the name of a file, or a document");
        return None;
    };
    let mut pairs: Vec<(String, Value)> = Vec::new();
    if json::get(at.value(), "document").is_none() {
        let head =
            [("dsl", "1.0.3"), ("namespace", "test"), ("name", "inline"), ("version", "1.0.0")];
        let head = json::object(head.map(|(key, text)| (key, json::string(text))));
        pairs.push(("document".to_owned(), head));
    }
    pairs.extend(
        members
            .iter()
            .map(|(key, value)| (json::as_str(key).unwrap_or_default().to_owned(), value.clone())),
    );
    let text = to_yaml(&json::object(pairs));
    Some(Definition { name: at.pointer().to_string(), text })
}

fn definitions(at: &Cursor<'_>, loader: &mut Loader<'_>) -> Vec<Definition> {
    let list = at.get("workflows").map(|it| it.items()).unwrap_or_default();
    list.iter().filter_map(|it| definition(it, loader)).collect()
}

fn instant(at: &Cursor<'_>) -> Option<Timestamp> {
    let text = at.text()?;
    text.parse().map_err(|error| at.problem(format!("{error}"))).ok()
}

pub(crate) fn duration(at: &Cursor<'_>) -> Option<Duration> {
    let text = at.text()?;
    motet_definition::model::parse_iso8601(&text)
        .map_err(|error| at.problem(error.to_string()))
        .ok()
}

/// Expressions, each of which must give true.
pub(crate) fn asserts(at: &Cursor<'_>) -> Vec<Invariant> {
    let one = json::as_str(at.value()).is_some();
    let items = if one { vec![at.clone()] } else { at.items() };
    let read = |item: &Cursor<'_>| {
        let program = program(item)?;
        Some(Invariant { at: item.pointer(), program })
    };
    items.iter().filter_map(read).collect()
}

pub(crate) fn program(at: &Cursor<'_>) -> Option<Program> {
    let text = at.text()?;
    Program::compile_field(&text, &[]).map_err(|error| at.problem(error.message)).ok()
}
