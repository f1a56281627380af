//! What a `listen` waits for, compiled.

use std::collections::BTreeSet;
use std::ops::Range;

use motet_expr::{Program, Template};

use super::{Output, ScopeId};
use crate::model::ReadAs;

/// A wait for events.
#[derive(Debug)]
pub struct Listen {
    pub to: Strategy,
    pub until: Option<Until>,
    pub read: ReadAs,
    pub foreach: Option<Foreach>,
    /// Those of `to`, then those of `until`.
    pub filters: Vec<EventFilter>,
}

impl Listen {
    /// The types of event that it waits for; `None` if a filter does not name its type.
    pub fn types(&self) -> Option<BTreeSet<&str>> {
        self.filters.iter().map(|filter| filter.literal_type.as_deref()).collect()
    }
}

/// Which events satisfy it; the filters are those of the listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// One event for each filter.
    All(Range<usize>),
    /// One event for any filter.
    Any(Range<usize>),
}

impl Strategy {
    pub fn filters(&self) -> Range<usize> {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.clone(),
        }
    }
}

/// What ends a listen that takes any number of events.
#[derive(Debug)]
pub enum Until {
    /// Evaluated on the array of outputs after each event.
    Condition(Program),
    Events(Strategy),
}

/// What an event must be.
#[derive(Debug)]
pub struct EventFilter {
    /// Attributes, and `data`.
    pub with: Vec<(String, Template)>,
    pub correlate: Vec<Correlation>,
    /// The type, where it is a text that stands for itself.
    pub literal_type: Option<String>,
}

/// A value that an event must have in common with the task, or with the other events.
#[derive(Debug)]
pub struct Correlation {
    pub name: String,
    /// Evaluated on the event.
    pub from: Program,
    /// Evaluated on the task's input.
    pub expect: Option<Template>,
}

/// What is done with each event, one at a time.
#[derive(Debug)]
pub struct Foreach {
    /// Name of the variable that holds the event.
    pub item: String,
    /// Name of the variable that holds its number, from 0.
    pub at: String,
    pub body: Option<ScopeId>,
    pub output: Output,
    pub export: Output,
}
