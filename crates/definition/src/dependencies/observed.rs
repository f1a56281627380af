//! What calls have shown, laid over what definitions say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use motet_types::{Version, WorkflowRef};

use super::{DependencyGraph, Edge, Relation, Subject, VERTICES_MAX};

/// What the calls of a workflow to a service's version, or to a host, have shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Of a service; nothing of a host.
    pub version: Option<Version>,
    pub calls: u64,
    pub errors: u64,
    pub in_flight: u64,
    /// Calls a second.
    pub rate: f64,
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
}

/// `12 calls, 1 failed, 0.20/s, 50 % in 12ms, 99 % in 40ms`
impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = &self.version {
            write!(f, "{version}: ")?;
        }
        let (calls, plural) = (self.calls, if self.calls == 1 { "" } else { "s" });
        write!(f, "{calls} call{plural}, {} failed, {:.2}/s", self.errors, self.rate)?;
        for (quantile, share) in [(self.p50, 50), (self.p99, 99)] {
            if let Some(within) = quantile {
                write!(f, ", {share} % in {}", rounded(within))?;
            }
        }
        Ok(())
    }
}

/// Where definitions and calls say different things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Edges that a definition names and that its workflow has not used, although it has called others.
    pub never_observed: Vec<usize>,
    /// Edges that no definition names and that no computed address explains.
    pub undeclared: Vec<usize>,
}

impl DependencyGraph {
    /// The graph with what was observed of the workflows in it; what they call beyond their definitions gets edges without places.
    #[must_use]
    pub fn with_observed(
        self,
        observed: impl IntoIterator<Item = (WorkflowRef, Subject, Observed)>,
    ) -> Self {
        let mut seen: BTreeMap<(Subject, Subject), Vec<Observed>> = BTreeMap::new();
        for (workflow, on, observed) in observed {
            let workflow = Subject::Workflow(workflow);
            if self.index(&workflow).is_some() {
                seen.entry((workflow, on)).or_default().push(observed);
            }
        }
        let mut graph = self.with_vertices(seen.keys().map(|(_, on)| on));
        for ((from, on), observed) in seen {
            let (Some(from), Some(to)) = (graph.index(&from), graph.index(&on)) else { continue };
            let is_it = |edge: &&mut Edge| {
                (edge.from, edge.to, edge.relation) == (from, to, Relation::Calls)
            };
            match graph.edges.iter_mut().find(is_it) {
                Some(edge) => edge.observed = observed,
                None => {
                    let (relation, places) = (Relation::Calls, Vec::new());
                    graph.edges.push(Edge { from, to, relation, places, observed });
                }
            }
        }
        graph.edges.sort_by_key(|edge| (edge.from, edge.to, edge.relation));
        graph
    }

    /// Where definitions and calls say different things.
    pub fn drift(&self) -> Drift {
        let calls =
            || self.edges.iter().enumerate().filter(|(_, edge)| edge.relation == Relation::Calls);
        let has_called: BTreeSet<usize> = calls()
            .filter(|(_, edge)| !edge.observed.is_empty())
            .map(|(_, edge)| edge.from)
            .collect();
        let is_computed = |subject: usize| matches!(self.vertices[subject], Subject::Computed(_));
        let computes: BTreeSet<usize> =
            calls().filter(|(_, edge)| is_computed(edge.to)).map(|(_, edge)| edge.from).collect();
        let never = calls().filter(|(_, edge)| {
            edge.observed.is_empty() && has_called.contains(&edge.from) && !is_computed(edge.to)
        });
        let undeclared =
            calls().filter(|(_, edge)| !edge.is_declared() && !computes.contains(&edge.from));
        Drift {
            never_observed: never.map(|(idx, _)| idx).collect(),
            undeclared: undeclared.map(|(idx, _)| idx).collect(),
        }
    }

    /// The same graph with room for these; services among them that it does not have are not registered.
    fn with_vertices<'s>(self, wanted: impl Iterator<Item = &'s Subject>) -> Self {
        let new: BTreeSet<&Subject> =
            wanted.filter(|subject| self.index(subject).is_none()).collect();
        if new.is_empty() {
            return self;
        }
        let room = VERTICES_MAX.saturating_sub(self.vertices.len());
        let left_out = self.left_out + new.len().saturating_sub(room);
        let added = new.into_iter().take(room).cloned();
        let mut vertices: Vec<Subject> = self.vertices.iter().cloned().chain(added).collect();
        vertices.sort();
        let place = |subject: &Subject| {
            vertices.binary_search(subject).expect("what was there is among what is there now")
        };
        let moved: Vec<usize> = self.vertices.iter().map(place).collect();
        let edges = self.edges.into_iter().map(|edge| Edge {
            from: moved[edge.from],
            to: moved[edge.to],
            ..edge
        });
        let is_unregistered = |(_, subject): &(usize, &Subject)| {
            matches!(subject, Subject::Service(_)) && self.vertices.binary_search(subject).is_err()
        };
        let unregistered = vertices.iter().enumerate().filter(is_unregistered).map(|(idx, _)| idx);
        let missing = self.missing.iter().map(|idx| moved[*idx]).chain(unregistered).collect();
        let single_points = self.single_points.iter().map(|idx| moved[*idx]).collect();
        Self { edges: edges.collect(), missing, single_points, left_out, vertices }
    }
}

/// Three digits are enough.
fn rounded(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.0}µs"),
        ..1e4 => format!("{:.1}ms", micros / 1e3),
        ..1e6 => format!("{:.0}ms", micros / 1e3),
        _ => format!("{:.1}s", micros / 1e6),
    }
}
