//! The dependency graph G=(V,E): which workflow needs which services, hosts, workflows, workers and events.
//!
//! It is exact before the first call, because it is read from definitions. What was observed of calls is laid over it by
//! whoever knows.
//!
//! Every edge leads from what depends to what it depends on, so whatever reaches a vertex is hit when that fails. An event
//! stands between those who emit and those who wait for it: who waits depends on the event, the event on who emits it.

mod analysis;
mod draw;
mod observed;
mod of;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use motet_types::{Label, ServiceName, WorkflowName, WorkflowRef};

use crate::graph::Graph;

pub use analysis::Dependent;
pub use draw::draw;
pub use observed::{Drift, Observed};
pub use of::host_of;

/// Most vertices of one graph; what does not fit is counted, never left out in silence.
pub const VERTICES_MAX: usize = 20_000;

/// What stands at an end of an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Workflow(WorkflowRef),
    /// A workflow of which no version fits: name, and the version as written.
    Missing(WorkflowName, String),
    Service(ServiceName),
    /// Host and perhaps port of an address that no registry governs.
    Host(String),
    /// What fetches jobs of a type: namespace and type.
    Worker(Label, String),
    /// Namespace and type.
    Event(Label, String),
    /// What only an expression knows: of which namespace's workflows.
    Computed(Label),
}

impl Subject {
    /// The word before the first slash of its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Workflow(_) | Self::Missing(..) => "workflow",
            Self::Service(_) => "service",
            Self::Host(_) => "host",
            Self::Worker(..) => "worker",
            Self::Event(..) => "event",
            Self::Computed(_) => "computed",
        }
    }
}

/// `workflow/shop/order:1.0.0`, `service/shop/payments`, `host/api.example.com`, `worker/shop/label`,
/// `event/shop/order.placed`, `computed/shop`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind())?;
        match self {
            Self::Workflow(workflow) => write!(f, "{workflow}"),
            Self::Missing(workflow, version) => write!(f, "{workflow}:{version}"),
            Self::Host(host) => f.write_str(host),
            Self::Service(service) => write!(f, "{service}"),
            Self::Worker(namespace, name) | Self::Event(namespace, name) => {
                write!(f, "{namespace}/{name}")
            }
            Self::Computed(namespace) => write!(f, "{namespace}"),
        }
    }
}

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Sends requests to it.
    Calls,
    /// Runs it as a child, awaited or not.
    Runs,
    /// Gives it work to fetch.
    HandsTo,
    /// Waits for it, or is started by it.
    WaitsFor,
    /// The event comes from there.
    EmittedBy,
}

impl Relation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Runs => "runs",
            Self::HandsTo => "hands to",
            Self::WaitsFor => "waits for",
            Self::EmittedBy => "emitted by",
        }
    }
}

/// What one definition needs, with where it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub relation: Relation,
    pub on: Needed,
    /// JSON pointer (RFC 6901) of the task; `/schedule/on` for what starts the workflow.
    pub place: String,
}

/// What a definition names: a child only by a range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    Subject(Subject),
    Child(WorkflowName, String),
}

/// One edge, with the places of the definition that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub relation: Relation,
    pub places: Vec<String>,
    /// What calls over it have shown, by version of the service.
    pub observed: Vec<Observed>,
}

impl Edge {
    /// Whether a definition names it; else it was only observed.
    pub fn is_declared(&self) -> bool {
        !self.places.is_empty()
    }
}

/// The graph; vertices stand in the order of [`Subject`], edges by their ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DependencyGraph {
    pub vertices: Vec<Subject>,
    pub edges: Vec<Edge>,
    /// Vertices that definitions name and that are not there: workflows without a version that fits, services that are
    /// not registered.
    pub missing: BTreeSet<usize>,
    /// Services on which something depends and that have one endpoint only, as far as somebody has said so.
    pub single_points: Vec<usize>,
    /// Vertices beyond [`VERTICES_MAX`].
    pub left_out: usize,
}

/// Which version a child's range means.
pub type Resolve<'r> = dyn Fn(&WorkflowName, &str) -> Option<WorkflowRef> + 'r;

impl DependencyGraph {
    /// The graph of these definitions and of the registered services; `resolve` says which version a child's range means now.
    pub fn new<'g>(
        graphs: impl IntoIterator<Item = &'g Graph>,
        services: &BTreeSet<ServiceName>,
        resolve: &Resolve<'_>,
    ) -> Self {
        let mut vertices: BTreeSet<Subject> =
            services.iter().cloned().map(Subject::Service).collect();
        let mut edges: BTreeMap<(Subject, Subject, Relation), Vec<String>> = BTreeMap::new();
        for graph in graphs {
            let own = Subject::Workflow(graph.definition.clone());
            vertices.insert(own.clone());
            for Dependency { relation, on, place } in of::dependencies(graph) {
                let on = match on {
                    Needed::Subject(on) => on,
                    Needed::Child(name, version) => match resolve(&name, &version) {
                        Some(child) => Subject::Workflow(child),
                        None => Subject::Missing(name, version),
                    },
                };
                vertices.insert(on.clone());
                let ends = match relation {
                    Relation::EmittedBy => (on, own.clone()),
                    _ => (own.clone(), on),
                };
                edges.entry((ends.0, ends.1, relation)).or_default().push(place);
            }
        }
        let left_out = vertices.len().saturating_sub(VERTICES_MAX);
        let vertices: Vec<Subject> = vertices.into_iter().take(VERTICES_MAX).collect();
        let edges = edges.into_iter().filter_map(|((from, to, relation), places)| {
            let (from, to) =
                (vertices.binary_search(&from).ok()?, vertices.binary_search(&to).ok()?);
            Some(Edge { from, to, relation, places, observed: Vec::new() })
        });
        let edges = edges.collect();
        let is_missing = |(_, subject): &(usize, &Subject)| match subject {
            Subject::Missing(..) => true,
            Subject::Service(service) => !services.contains(service),
            _ => false,
        };
        let missing = vertices.iter().enumerate().filter(is_missing).map(|(idx, _)| idx).collect();
        Self { vertices, edges, missing, single_points: Vec::new(), left_out }
    }

    /// Notes which services have one endpoint only; of those on which nothing depends it says nothing.
    #[must_use]
    pub fn with_single_endpoints(mut self, has_one: impl Fn(&ServiceName) -> bool) -> Self {
        let is_single = |idx: &usize| match &self.vertices[*idx] {
            Subject::Service(name) => has_one(name),
            _ => false,
        };
        let needed: BTreeSet<usize> = self.edges.iter().map(|edge| edge.to).collect();
        self.single_points = needed.into_iter().filter(is_single).collect();
        self
    }

    /// Where a subject stands.
    pub fn index(&self, subject: &Subject) -> Option<usize> {
        self.vertices.binary_search(subject).ok()
    }

    /// Those that a person may mean by a name: a whole name, or one without the version of a workflow, which means every
    /// version.
    ///
    /// # Errors
    /// The text has no form of a name.
    pub fn find(&self, text: &str) -> Result<Vec<usize>, InvalidSubject> {
        let name: SubjectName = text.parse()?;
        let fits = |(idx, subject): (usize, &Subject)| name.fits(subject).then_some(idx);
        Ok(self.vertices.iter().enumerate().filter_map(fits).collect())
    }
}

/// What a person writes for one subject or several: `service/shop/payments`, `workflow/shop/order`, `workflow/shop/order:1.0.0`.
struct SubjectName {
    whole: String,
    is_workflow: bool,
}

impl SubjectName {
    fn fits(&self, subject: &Subject) -> bool {
        let own = subject.to_string();
        own == self.whole
            || self.is_workflow
                && own.strip_prefix(&self.whole).is_some_and(|rest| rest.starts_with(':'))
    }
}

impl FromStr for SubjectName {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || InvalidSubject(text.to_owned());
        let (kind, rest) = text.split_once('/').ok_or_else(refuse)?;
        let parts = match kind {
            "workflow" | "service" | "worker" | "event" => 2,
            "host" | "computed" => 1,
            _ => return Err(refuse()),
        };
        let given: Vec<&str> = rest.splitn(parts, '/').collect();
        if given.len() != parts || given.iter().any(|part| part.is_empty()) {
            return Err(refuse());
        }
        Ok(Self { whole: text.to_owned(), is_workflow: kind == "workflow" })
    }
}

/// The text names nothing that can stand in the graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names nothing in the graph: write service/NAMESPACE/NAME, workflow/NAMESPACE/NAME or workflow/NAMESPACE/NAME:VERSION, \
     worker/NAMESPACE/TYPE, event/NAMESPACE/TYPE, host/HOST"
)]
pub struct InvalidSubject(pub String);

#[cfg(test)]
mod tests;
