//! What calls have shown: which workflow calls what, how often, how that ends and how long it takes.
//!
//! In memory alone: what a server has seen it forgets when it stops, and an edge that is the longest unused makes room for a
//! new one. An edge is there from its first call on, whether its definition is still there or not.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use motet_definition::dependencies::host_of;
use motet_definition::graph::Graph;
use motet_engine::Outcome;
use motet_policy::quantile::Quantiles;
use motet_policy::window::{Counts, Window};
use motet_types::{Attempt, InstanceId, ServiceName, StepId, Timestamp, Version, WorkflowRef};

use super::{Machine, Reply, Responder};

/// Edges that are kept; each takes about 4 KiB.
pub const EDGES_MAX: usize = 2_048;
/// Longest host of an edge, in characters; what is beyond is cut off.
const HOST_LENGTH_MAX: usize = 255;
/// Calls of this time make the rate.
const RATE_OVER: Duration = Duration::from_secs(60);
/// Latencies of this time, and of as much before it, make the quantiles.
const QUANTILES_OVER: Duration = Duration::from_secs(300);

type CallId = (InstanceId, StepId, Attempt);

/// What a call was sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An endpoint of this version.
    Service(ServiceName, Version),
    /// A host that is no service, with its port.
    Host(String),
}

/// What a workflow's calls of one target have shown since the server began.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedEdge {
    pub workflow: WorkflowRef,
    pub target: Target,
    /// Calls that have come back.
    pub calls: u64,
    /// Those among them without an answer, or with 429 or 5xx.
    pub errors: u64,
    pub in_flight: u64,
    /// Calls a second that came back within the last minute.
    pub rate: f64,
    /// Of what came back within the last five to ten minutes.
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
    pub last: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Ends {
    workflow: WorkflowRef,
    target: Target,
}

struct Edge {
    ends: Ends,
    /// Tells it from one that had its place before.
    made: u64,
    calls: u64,
    errors: u64,
    in_flight: u64,
    lately: Window,
    latencies: Quantiles,
    since: Timestamp,
    last: Timestamp,
}

/// A call that has not come back.
struct Sent {
    place: usize,
    made: u64,
    at: Timestamp,
}

/// See the module.
#[derive(Default)]
pub(super) struct Observed {
    edges: Vec<Edge>,
    places: HashMap<Ends, usize>,
    sent: BTreeMap<CallId, Sent>,
    made: u64,
}

impl Observed {
    fn sent(&mut self, now: Timestamp, call: CallId, ends: Ends) {
        let place = match self.places.get(&ends) {
            Some(place) => *place,
            None => self.make(now, ends),
        };
        let edge = &mut self.edges[place];
        edge.in_flight += 1;
        edge.last = now;
        self.sent.insert(call, Sent { place, made: edge.made, at: now });
    }

    fn make(&mut self, now: Timestamp, ends: Ends) -> usize {
        self.made += 1;
        let edge = Edge {
            ends: ends.clone(),
            made: self.made,
            calls: 0,
            errors: 0,
            in_flight: 0,
            lately: Window::new(RATE_OVER),
            latencies: Quantiles::new(QUANTILES_OVER),
            since: now,
            last: now,
        };
        let place = self.edges.len();
        if place < EDGES_MAX {
            self.edges.push(edge);
            self.places.insert(ends, place);
            return place;
        }
        let oldest = self.edges.iter().enumerate().min_by_key(|(_, edge)| (edge.last, edge.made));
        let (place, _) = oldest.expect("as many as may be are more than none");
        let before = std::mem::replace(&mut self.edges[place], edge);
        self.places.remove(&before.ends);
        self.places.insert(ends, place);
        place
    }

    /// How long the call took, if it was known to be on its way.
    fn ended(&mut self, now: Timestamp, call: CallId, how: Option<bool>) -> Option<Duration> {
        let Sent { place, made, at } = self.sent.remove(&call)?;
        let took = now.since(at);
        let edge = self.edges.get_mut(place).filter(|edge| edge.made == made);
        if let Some(edge) = edge {
            edge.in_flight = edge.in_flight.saturating_sub(1);
            if let Some(is_error) = how {
                edge.calls += 1;
                edge.errors += u64::from(is_error);
                edge.last = now;
                edge.lately.add(now, Counts { total: 1, marked: u64::from(is_error) });
                edge.latencies.observe(now, took);
            }
        }
        Some(took)
    }

    /// In the order of workflows, then of targets.
    fn view(&mut self, now: Timestamp) -> Vec<ObservedEdge> {
        let mut edges: Vec<ObservedEdge> =
            self.edges.iter_mut().map(|edge| edge.view(now)).collect();
        edges.sort_by(|one, other| {
            (&one.workflow, &one.target).cmp(&(&other.workflow, &other.target))
        });
        edges
    }
}

impl Edge {
    fn view(&mut self, now: Timestamp) -> ObservedEdge {
        let over = now.since(self.since).clamp(Duration::from_secs(1), RATE_OVER);
        ObservedEdge {
            workflow: self.ends.workflow.clone(),
            target: self.ends.target.clone(),
            calls: self.calls,
            errors: self.errors,
            in_flight: self.in_flight,
            rate: self.lately.counts(now).total as f64 / over.as_secs_f64(),
            p50: self.latencies.value(now, 0.5),
            p99: self.latencies.value(now, 0.99),
            last: self.last,
        }
    }
}

impl Machine {
    /// A call leaves; where to, the flights know if it is for a service.
    pub(super) fn observe_sent(&mut self, call: CallId, graph: &Graph, uri: &str) {
        let target = match self.services.flights.target(&call) {
            Some((service, version)) => Target::Service(service.clone(), version.clone()),
            None => {
                let mut host = host_of(uri).unwrap_or_default();
                if host.len() > HOST_LENGTH_MAX {
                    host = host.chars().take(HOST_LENGTH_MAX).collect();
                }
                Target::Host(host)
            }
        };
        let ends = Ends { workflow: graph.definition.clone(), target };
        self.observed.sent(self.now, call, ends);
    }

    /// It has come back: from now on its flight is no more.
    pub(super) fn observe_ended(&mut self, call: CallId, outcome: &Outcome) {
        let took = self.observed.ended(self.now, call, is_error(outcome));
        if let Some(took) = took {
            self.services.measure(&call, outcome, took);
        }
    }

    pub(super) fn read_observed(&mut self, reply: Responder) {
        let edges = self.observed.view(self.now);
        self.reply_now(reply, Ok(Reply::Observed(edges)));
    }
}

/// Whether it was an error; nothing if it never left, or was given up for reasons of our own.
fn is_error(outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Response(response) => Some(matches!(response.status, 429 | 500..)),
        Outcome::Failed { .. } => Some(true),
        Outcome::Refused { .. } | Outcome::Withdrawn => None,
    }
}

#[cfg(test)]
mod tests;
