//! Everything that a scenario publishes before it begins.

use std::collections::BTreeMap;

use motet_definition::graph::{Graph, Kind, check};
use motet_definition::{Colour, report};
use motet_engine::{Catalog, CatalogInput, Parent, SEMANTICS, Start};
use motet_expr::Value;
use motet_types::{Digest, Limits, Timestamp, Version, WorkflowRef};

use crate::model::{ChildMock, Definition, Scenario};

/// The compiled definitions of a scenario.
#[derive(Debug)]
pub struct Setup {
    pub(crate) graphs: BTreeMap<WorkflowRef, Graph>,
    pub(crate) main: WorkflowRef,
    pub(crate) catalog: Catalog,
    pub(crate) limits: Limits,
    /// Whether instances of a version may have something to undo.
    pub(crate) undoable: Undoable,
}

/// A question that the engine asks, with what is needed to answer it.
pub(crate) struct Undoable(pub(crate) Box<dyn Fn(&WorkflowRef) -> bool + Send + Sync>);

impl std::fmt::Debug for Undoable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Undoable")
    }
}

/// A definition that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub definition: String,
    /// Codes of the errors, in the order of the text.
    pub codes: Vec<String>,
    /// For people.
    pub report: String,
}

impl Setup {
    /// # Errors
    /// A definition has errors.
    pub fn of(scenario: &Scenario) -> Result<Self, Refused> {
        let limits = Limits::default();
        let main = compile(&scenario.definition, &limits)?;
        let mut setup = Self {
            main: main.definition.clone(),
            graphs: BTreeMap::new(),
            catalog: Catalog::default(),
            limits,
            undoable: Undoable(Box::new(|_| false)),
        };
        let mut graphs = vec![(main, scenario.definition.text.as_str())];
        for definition in &scenario.workflows {
            graphs.push((compile(definition, &setup.limits)?, &definition.text));
        }
        for mock in &scenario.children {
            setup.publish_mock(mock, graphs.iter().map(|(graph, _)| graph));
        }
        for (graph, source) in graphs {
            setup.publish(graph.definition.clone(), graph.digest, source);
            setup.graphs.insert(graph.definition.clone(), graph);
        }
        let graphs = setup.graphs.values().filter(|graph| graph.may_undo);
        let undone: std::collections::BTreeSet<WorkflowRef> =
            graphs.map(|graph| graph.definition.clone()).collect();
        setup.undoable = Undoable(Box::new(move |definition| undone.contains(definition)));
        Ok(setup)
    }

    /// The graph of the definition that is tried.
    pub fn main(&self) -> &Graph {
        &self.graphs[&self.main]
    }

    pub(crate) fn start(
        graph: &Graph,
        input: Value,
        start_key: &str,
        parent: Option<Parent>,
    ) -> Start {
        Start {
            definition: graph.definition.clone(),
            digest: graph.digest,
            semantics: SEMANTICS,
            input,
            start_key: start_key.to_owned(),
            parent,
            business_key: None,
            attributes: Vec::new(),
            schedule: None,
            concurrency_key: None,
            lines: Vec::new(),
        }
    }

    /// Publishes the versions of a mock: those that it lists, else those that definitions name exactly, else one.
    fn publish_mock<'g>(&mut self, mock: &ChildMock, graphs: impl Iterator<Item = &'g Graph>) {
        let listed = mock.versions.iter().filter_map(|version| version.parse().ok());
        let mut versions: Vec<Version> = listed.collect();
        if versions.is_empty() {
            let kinds = graphs.flat_map(|graph| graph.vertices.iter().map(|vertex| &vertex.kind));
            let named = kinds.filter_map(|kind| match kind {
                Kind::Run(run) if run.workflow == mock.workflow => run.version.parse().ok(),
                _ => None,
            });
            versions.extend(named);
        }
        if versions.is_empty() {
            versions.extend("1.0.0".parse());
        }
        for version in versions {
            let definition = WorkflowRef { workflow: mock.workflow.clone(), version };
            self.publish(definition, Digest([0; 32]), "");
        }
    }

    fn publish(&mut self, definition: WorkflowRef, digest: Digest, source: &str) {
        let input = CatalogInput::Publish { definition, digest, source: source.into() };
        // A version that is there already, such as one that is mocked twice, stays as it is.
        let _ = self.catalog.step(Timestamp::default(), None, input);
    }
}

fn compile(definition: &Definition, limits: &Limits) -> Result<Graph, Refused> {
    let checked = check(&definition.text, limits);
    checked.graph.ok_or_else(|| {
        let errors = checked.diagnostics.iter().filter(|it| it.is_error());
        Refused {
            definition: definition.name.clone(),
            codes: errors.map(|it| it.code.as_str().to_owned()).collect(),
            report: report(&definition.name, &checked.source, &checked.diagnostics, Colour::Never),
        }
    })
}
