//! Whether the arrivals are what the kills allow.
//!
//! The bound holds for each call, be it work or its undo. A call may arrive once; and once more for each kill, of the server or
//! of the service that it calls, before its last arrival that its history shows it in flight at; and once more for each
//! attempt that timed out or, where services fail by themselves, for each further attempt in its history. So the repeats are
//! at most the calls in flight at the kills, counted kill by kill, and those attempts.
//!
//! A kill before the first arrival counts, too: what had left the server then may still wait in the buffers of a service that
//! is busy or about to start, and arrive after it.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Arrival, Attempt};

/// How far the engine's clock, which only follows the wall clock, and that of the services may differ, in microseconds.
const CLOCK_SLACK: i64 = 1_000;

/// One `kill -9`: the victim died between the two instants, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) victim: Victim,
    pub(super) from: i64,
    pub(super) to: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    Server,
    /// Its ordinal.
    Service(usize),
}

/// What lets a call arrive again besides kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// An attempt that timed out: nothing else fails but by kills.
    Timeout,
    /// Each attempt after the first, as where services fail by themselves.
    Attempt,
}

/// What was counted, and what is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) arrivals: usize,
    pub(super) keys: usize,
    /// Arrivals of a key that had arrived before.
    pub(super) repeats: usize,
    /// Calls in flight at the kills that could make them arrive again, counted kill by kill.
    pub(super) in_flight: usize,
    /// Attempts that explain a repeat without a kill.
    pub(super) attempts_again: usize,
    pub(super) violations: Vec<String>,
}

impl Verdict {
    pub(super) fn of(
        arrivals: &[Arrival],
        attempts: &[Attempt],
        kills: &[Kill],
        again: Again,
    ) -> Self {
        let mut verdict = Self { arrivals: arrivals.len(), ..Self::default() };
        verdict.compare_keys(arrivals);
        let mut calls: BTreeMap<&str, Call<'_>> = BTreeMap::new();
        for attempt in attempts {
            calls.entry(&attempt.key).or_default().attempts.push(attempt);
        }
        for arrival in arrivals.iter().filter(|arrival| !arrival.key.is_empty()) {
            match calls.get_mut(arrival.key.as_str()) {
                Some(call) => call.arrivals.push(arrival),
                None => verdict.violations.push(format!(
                    "{} arrived under {}, which no history knows",
                    arrival.request, arrival.key
                )),
            }
        }
        verdict.keys = calls.len();
        for (key, call) in &mut calls {
            call.arrivals.sort_by_key(|arrival| arrival.at);
            verdict.judge(key, call, kills, again);
        }
        verdict
    }

    /// Each step and request has one key, and each key one request.
    fn compare_keys(&mut self, arrivals: &[Arrival]) {
        let mut by_key: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut by_request: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Arrival { key, request, .. } in arrivals {
            if key.is_empty() {
                self.violations.push(format!("{request} arrived without a key"));
                continue;
            }
            by_key.entry(key).or_default().insert(request);
            by_request.entry(request).or_default().insert(key);
        }
        for (what, map) in [("key", by_key), ("request", by_request)] {
            for (one, others) in map.iter().filter(|(_, others)| others.len() > 1) {
                self.violations.push(format!("the {what} {one} came with each of {others:?}"));
            }
        }
    }

    fn judge(&mut self, key: &str, call: &Call<'_>, kills: &[Kill], again: Again) {
        if call.attempts.iter().any(|attempt| attempt.to.is_none()) {
            self.violations.push(format!("the call {key} has no outcome"));
        }
        let (allowed, why) = match again {
            Again::Timeout => {
                let timed_out = call.attempts.iter().filter(|attempt| attempt.timed_out);
                (timed_out.count(), "attempts timed out")
            }
            Again::Attempt => (call.attempts.len() - 1, "attempts came after the first"),
        };
        self.attempts_again += allowed;
        let Some(service) = call.arrivals.first().map(|arrival| arrival.service) else { return };
        let hit: Vec<&Kill> = kills
            .iter()
            .filter(|kill| kill.can_repeat(service) && call.in_flight_at(kill))
            .collect();
        self.in_flight += hit.len();
        self.repeats += call.arrivals.len() - 1;
        let last = call.arrivals.last().map_or(0, |arrival| arrival.at);
        let explained = hit.iter().filter(|kill| kill.from <= last).count();
        let unexplained = (call.arrivals.len() - 1).saturating_sub(explained);
        if unexplained > allowed {
            let (count, request) = (call.arrivals.len(), &call.arrivals[0].request);
            self.violations.push(format!(
                "{request} arrived {count} times under {key}: {unexplained} repeats came without a kill, {allowed} {why}"
            ));
        }
    }
}

/// Everything known of one key.
#[derive(Default)]
struct Call<'e> {
    attempts: Vec<&'e Attempt>,
    arrivals: Vec<&'e Arrival>,
}

impl Call<'_> {
    fn in_flight_at(&self, kill: &Kill) -> bool {
        self.attempts.iter().any(|attempt| {
            let ended = attempt.to.is_some_and(|to| to < kill.from - CLOCK_SLACK);
            attempt.from <= kill.to + CLOCK_SLACK && !ended
        })
    }
}

impl Kill {
    /// Whether it can make a call of that service arrive again.
    fn can_repeat(&self, service: usize) -> bool {
        matches!(self.victim, Victim::Server) || self.victim == Victim::Service(service)
    }
}

#[cfg(test)]
mod tests;
