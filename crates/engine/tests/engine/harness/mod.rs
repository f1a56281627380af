//! Runs a document by a script in virtual time, and compares the transcript.
//!
//! Every record is applied a second time to an instance that knows nothing else; the two must be equal after each input,
//! and all invariants must hold after each record.

mod script;
mod transcript;
mod world;

use expect_test::Expect;
use motet_definition::graph::{self, Graph};
use motet_engine::{Catalog, CatalogInput, Parent};
use motet_expr::{Value, json};
use motet_types::{Digest, InstanceId, Limits, ShardId, StepId, Timestamp};

pub(crate) use script::response;
use world::World;

/// What a scenario may set besides document and script.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    pub(crate) catalog: Catalog,
    pub(crate) parent: Option<Parent>,
}

/// Runs `script` (see [`script`]) on the document and compares the transcript.
///
/// The head of the document may be left out: it is then `test/flow:1.0.0`.
pub(crate) fn check(document: &str, script: &str, expected: Expect) {
    check_with(Setup::default(), document, script, expected);
}

pub(crate) fn check_with(setup: Setup, document: &str, script: &str, expected: Expect) {
    expected.assert_eq(&run(setup, document, script));
}

/// Compares the lines of the transcript that hold one of `words`, for scenarios about one thing in a long course.
pub(crate) fn check_lines(words: &[&str], document: &str, script: &str, expected: Expect) {
    check_lines_with(Setup::default(), words, document, script, expected);
}

/// # Panics
/// No line holds one of `words`: such a scenario would show nothing.
pub(crate) fn check_lines_with(
    setup: Setup,
    words: &[&str],
    document: &str,
    script: &str,
    expected: Expect,
) {
    let transcript = run(setup, document, script);
    let mut lines = String::new();
    for line in transcript.lines() {
        if words.iter().any(|word| line.contains(word)) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    assert!(!lines.is_empty(), "no line holds one of {words:?}:\n{transcript}");
    expected.assert_eq(&lines);
}

/// All that happened, for scenarios that compare a part of it in their own way.
pub(crate) fn transcript(document: &str, script: &str) -> String {
    run(Setup::default(), document, script)
}

fn run(setup: Setup, document: &str, script: &str) -> String {
    let graph = compile(document, &setup.limits);
    let mut world = World::new(setup, graph);
    for command in script::parse(script) {
        world.obey(command);
    }
    world.finish()
}

/// A valid document as a graph.
pub(crate) fn compile(document: &str, limits: &Limits) -> Graph {
    let text = with_head(document);
    let parsed = motet_definition::parse(&text, limits);
    let errors = parsed.diagnostics.iter().filter(|it| it.is_error());
    let errors: Vec<_> = errors.map(|it| format!("{}: {}", it.path, it.message)).collect();
    let document = parsed.document.unwrap_or_else(|| panic!("{}\n{text}", errors.join("\n")));
    graph::compile(&document, limits).unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"))
}

/// The document with a head, if it has none; common indentation is dropped.
pub(crate) fn with_head(document: &str) -> String {
    let lines = document.lines().filter(|line| !line.trim().is_empty());
    let indent = lines.clone().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let mut text = String::new();
    let has_head = document.contains("document:\n") || document.starts_with('{');
    if !has_head {
        text.push_str("document: {dsl: '1.0.3', namespace: test, name: flow, version: '1.0.0'}\n");
    }
    for line in lines {
        text.push_str(&line[indent..]);
        text.push('\n');
    }
    text
}

/// A catalog in which these are published, each written as `namespace/name:version`.
pub(crate) fn catalog(published: &[&str]) -> Catalog {
    let mut catalog = Catalog::default();
    for definition in published {
        let input = CatalogInput::Publish {
            definition: definition_ref(definition),
            digest: Digest(*blake3::hash(definition.as_bytes()).as_bytes()),
            source: (*definition).into(),
        };
        catalog.step(epoch(), None, input).expect("each version is new");
    }
    catalog
}

/// `namespace/name:version`.
pub(crate) fn definition_ref(text: &str) -> motet_types::WorkflowRef {
    let (name, version) = text.split_once(':').expect("a version");
    motet_types::WorkflowRef {
        workflow: workflow(name),
        version: version.parse().expect("a version"),
    }
}

/// `namespace/name`.
pub(crate) fn workflow(text: &str) -> motet_types::WorkflowName {
    let (namespace, name) = text.split_once('/').expect("a namespace");
    motet_types::WorkflowName {
        namespace: namespace.parse().expect("a label"),
        name: name.parse().expect("a label"),
    }
}

/// An instance that waits for this one.
pub(crate) fn parent(depth: u32) -> Parent {
    let id = |random| InstanceId::new(epoch(), ShardId(9), random);
    Parent { instance: id(2), step: StepId(5), awaited: true, root: id(3), depth }
}

/// When the virtual time begins.
pub(crate) fn epoch() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("an instant")
}

pub(crate) fn value(text: &str) -> Value {
    let parsed = json::parse(text.as_bytes(), json::Limits::default());
    parsed.unwrap_or_else(|error| panic!("{error}: {text}"))
}
