//! What of a definition the scenarios of a file have tried.

use std::collections::BTreeSet;

use motet_definition::graph::{Flow, Graph, Kind};
use motet_engine::{Fact, Next, Record};
use motet_types::TaskId;

/// What records show of one definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    begun: BTreeSet<TaskId>,
    skipped: BTreeSet<TaskId>,
    caught: BTreeSet<TaskId>,
    failed: BTreeSet<TaskId>,
    /// Where each switch led: a task of its scope, or elsewhere.
    switched: BTreeSet<(TaskId, Option<TaskId>)>,
}

/// What was tried of a definition, and what never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The definition, as the file names it.
    pub definition: String,
    pub tasks: usize,
    /// JSON pointers of the tasks that never began.
    pub never_begun: Vec<String>,
    /// Tasks with a `catch` that never caught anything.
    pub never_caught: Vec<String>,
    /// Cases of switches that were never taken.
    pub never_taken: Vec<String>,
    /// Calls that never failed.
    pub never_failed: Vec<String>,
}

impl Seen {
    pub(crate) fn take(&mut self, records: &[Record]) {
        for record in records {
            let Some(task) = record.task else { continue };
            match &record.fact {
                Fact::Activated { .. } => self.begun.insert(task),
                Fact::Skipped { .. } => self.skipped.insert(task),
                Fact::Caught { .. } => self.caught.insert(task),
                Fact::Failed { .. } => self.failed.insert(task),
                Fact::Completed { next, .. } => {
                    let to = match next {
                        Next::Enter(to) => Some(*to),
                        Next::EndScope | Next::EndWorkflow => None,
                    };
                    self.switched.insert((task, to))
                }
                _ => false,
            };
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.begun.extend(&other.begun);
        self.skipped.extend(&other.skipped);
        self.caught.extend(&other.caught);
        self.failed.extend(&other.failed);
        self.switched.extend(&other.switched);
    }

    /// What of `graph` was seen.
    pub(crate) fn coverage(&self, definition: &str, graph: &Graph) -> Coverage {
        let mut coverage = Coverage {
            definition: definition.to_owned(),
            tasks: graph.vertices.len(),
            ..Coverage::default()
        };
        for vertex in &graph.vertices {
            let reference = || vertex.reference.clone();
            if !self.begun.contains(&vertex.id) {
                coverage.never_begun.push(reference());
                continue;
            }
            match &vertex.kind {
                Kind::Try(_) if !self.caught.contains(&vertex.id) => {
                    coverage.never_caught.push(reference());
                }
                Kind::Call(_) if !self.failed.contains(&vertex.id) => {
                    coverage.never_failed.push(reference());
                }
                Kind::Switch(cases) => {
                    for case in cases {
                        let to = match case.then {
                            Flow::Goto(to) => Some(to),
                            Flow::Continue => vertex.next,
                            Flow::Exit | Flow::End => None,
                        };
                        if !self.switched.contains(&(vertex.id, to)) {
                            let case = format!("{}/switch: {}", vertex.reference, case.name);
                            coverage.never_taken.push(case);
                        }
                    }
                }
                _ => {}
            }
        }
        coverage
    }
}
