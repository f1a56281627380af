use std::collections::VecDeque;
use std::time::Duration;

use motet_types::Timestamp;

use super::{Condition, Member};
use crate::ewma::PeakEwma;

/// The least share of its weight that an endpoint has while it starts.
const SLOW_START_SHARE_MIN: f64 = 0.1;

/// The least weight that counts: an endpoint without any gets no calls by being out, not by weight.
const WEIGHT_MIN: f64 = 1e-6;

/// What is known of one endpoint.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) member: Member,
    pub(super) condition: Condition,
    since: Timestamp,
    latency: Option<PeakEwma>,
    /// Calls in flight, oldest first: numbers and beginnings.
    calls: VecDeque<(u64, Timestamp)>,
    /// Credit of weighted round robin.
    pub(super) credit: f64,
}

impl Endpoint {
    pub(super) fn new(now: Timestamp, member: Member) -> Self {
        Self {
            member,
            condition: Condition::Usable,
            since: now,
            latency: None,
            calls: VecDeque::new(),
            credit: 0.0,
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn begin(&mut self, number: u64, now: Timestamp) {
        self.calls.push_back((number, now));
    }

    /// Whether the call was in flight.
    pub(super) fn end(&mut self, number: u64) -> bool {
        let at = self.calls.binary_search_by_key(&number, |(number, _)| *number);
        at.is_ok_and(|at| self.calls.remove(at).is_some())
    }

    pub(super) fn observe(&mut self, now: Timestamp, sample: Duration, decay: Duration) {
        match &mut self.latency {
            Some(latency) => latency.observe(now, sample, decay),
            None => self.latency = Some(PeakEwma::new(now, sample)),
        }
    }

    /// In microseconds.
    pub(super) fn latency(&self, now: Timestamp, decay: Duration) -> Option<f64> {
        self.latency.as_ref().map(|latency| latency.project(now, decay))
    }

    /// How long its oldest call has been waiting, in microseconds: what hangs shows before it ends.
    pub(super) fn oldest_age(&self, now: Timestamp) -> f64 {
        self.calls.front().map_or(0.0, |(_, started)| crate::ewma::micros(now.since(*started)))
    }

    /// Its weight, as far as it has grown.
    pub(super) fn weight(&self, now: Timestamp, slow_start: Duration) -> f64 {
        let full = self.member.weight.max(WEIGHT_MIN);
        let age = now.since(self.since);
        if age >= slow_start {
            return full;
        }
        let grown = age.as_secs_f64() / slow_start.as_secs_f64();
        full * grown.max(SLOW_START_SHARE_MIN)
    }
}
