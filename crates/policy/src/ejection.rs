//! Which endpoints are left out for a while, from what their calls showed.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_types::Timestamp;

use crate::balancer::Slot;
use crate::window::{Counts, Window};

/// After Envoy's outlier detection, but without its need for many hosts and many calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Failures in a row that eject at once.
    pub consecutive_failures: u32,
    /// An endpoint is left out this long, times how often it was.
    pub base: Duration,
    pub max: Duration,
    /// Share of the endpoints that may be out at once; one may always be.
    pub share_max: f64,
    /// Outliers are compared over this time.
    pub window: Duration,
    /// Calls that an endpoint needs in the window to be compared.
    pub calls_min: u64,
    /// How far its success rate has to be below the others', at least.
    pub success_margin: f64,
    /// How many times slower than the others it has to be; 0 compares no latencies.
    pub latency_factor: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            base: Duration::from_secs(30),
            max: Duration::from_secs(300),
            share_max: 0.1,
            window: Duration::from_secs(10),
            calls_min: 20,
            success_margin: 0.1,
            latency_factor: 10.0,
        }
    }
}

/// What came of a look at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Stays,
    Ejected {
        until: Timestamp,
        cause: Cause,
    },
    /// It ought to go, but nobody else is left who is any better: a case for the breaker.
    Last,
    /// It ought to go, but too many are out already.
    TooMany,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    ConsecutiveFailures,
    SuccessRate,
    Latency,
}

/// Watches the endpoints of one version of a service.
#[derive(Clone, Debug)]
pub struct Ejector {
    options: Options,
    tracks: BTreeMap<Slot, Track>,
}

/// What one endpoint has shown.
#[derive(Clone, Debug)]
struct Track {
    /// Whether calls may go to it at all, as far as others decide that.
    is_present: bool,
    failures_in_a_row: u32,
    /// Times ejected; forgiven one by one.
    times: u32,
    until: Option<Timestamp>,
    /// Calls, and failures among them.
    outcomes: Window,
    /// Logarithms of latencies: their number, and their sum in thousandths.
    latencies: Window,
}

impl Ejector {
    pub fn new(options: Options) -> Self {
        Self { options, tracks: BTreeMap::new() }
    }

    pub fn insert(&mut self, slot: Slot) {
        let window = self.options.window;
        let track = Track {
            is_present: true,
            failures_in_a_row: 0,
            times: 0,
            until: None,
            outcomes: Window::new(window),
            latencies: Window::new(window),
        };
        self.tracks.insert(slot, track);
    }

    pub fn remove(&mut self, slot: Slot) {
        self.tracks.remove(&slot);
    }

    /// One to which no calls go anyway replaces nobody who is ejected.
    pub fn set_present(&mut self, slot: Slot, is_present: bool) {
        if let Some(track) = self.tracks.get_mut(&slot) {
            track.is_present = is_present;
        }
    }

    /// When an ejected endpoint returns.
    pub fn until(&self, slot: Slot, now: Timestamp) -> Option<Timestamp> {
        self.tracks.get(&slot)?.until.filter(|until| *until > now)
    }

    /// A call to the endpoint ended.
    pub fn record(
        &mut self,
        now: Timestamp,
        slot: Slot,
        is_failure: bool,
        latency: Duration,
    ) -> Verdict {
        let Some(track) = self.tracks.get_mut(&slot) else {
            return Verdict::Stays;
        };
        track.outcomes.add(now, Counts { total: 1, marked: u64::from(is_failure) });
        if !is_failure {
            track.failures_in_a_row = 0;
            let logarithm = (crate::ewma::micros(latency).max(1.0).ln() * 1_000.0) as u64;
            track.latencies.add(now, Counts { total: 1, marked: logarithm });
            return Verdict::Stays;
        }
        track.failures_in_a_row += 1;
        if track.failures_in_a_row < self.options.consecutive_failures {
            return Verdict::Stays;
        }
        self.eject(now, slot, Cause::ConsecutiveFailures)
    }

    /// Compares the endpoints with each other; to be asked once in a while. Gives those that are ejected by it.
    pub fn compare(&mut self, now: Timestamp) -> Vec<(Slot, Verdict)> {
        let present = self.present(now);
        let all = present.iter().fold(Sample::default(), |sum, (_, sample)| sum.plus(*sample));
        let outliers: Vec<(Slot, Cause)> = present
            .iter()
            .filter_map(|(slot, own)| Some((*slot, self.outlier(*own, all.minus(*own))?)))
            .collect();
        for track in self.tracks.values_mut() {
            let is_calm = track.until.is_none_or(|until| until <= now);
            if is_calm && track.outcomes.counts(now).marked == 0 {
                track.times = track.times.saturating_sub(1);
            }
        }
        let judged = outliers.into_iter().map(|(slot, cause)| (slot, self.eject(now, slot, cause)));
        judged.collect()
    }

    /// A probe or a call showed that the endpoint is well again.
    pub fn restore(&mut self, slot: Slot) {
        if let Some(track) = self.tracks.get_mut(&slot) {
            track.until = None;
            track.failures_in_a_row = 0;
        }
    }

    fn present(&mut self, now: Timestamp) -> Vec<(Slot, Sample)> {
        let present = self.tracks.iter_mut();
        present
            .filter(|(_, track)| track.until.is_none_or(|until| until <= now))
            .map(|(slot, track)| {
                let (outcomes, latencies) =
                    (track.outcomes.counts(now), track.latencies.counts(now));
                (*slot, Sample { outcomes, latencies })
            })
            .collect()
    }

    /// Whether an endpoint stands out from all others taken together.
    fn outlier(&self, own: Sample, others: Sample) -> Option<Cause> {
        let enough = self.options.calls_min;
        if own.outcomes.total < enough || others.outcomes.total < enough {
            return None;
        }
        let expected = others.success_rate();
        // Three standard deviations of what chance does to so many calls.
        let spread = 3.0 * (expected * (1.0 - expected) / own.outcomes.total as f64).sqrt();
        if own.success_rate() < expected - spread.max(self.options.success_margin) {
            return Some(Cause::SuccessRate);
        }
        let factor = self.options.latency_factor;
        let is_measured = own.latencies.total >= enough && others.latencies.total >= enough;
        let is_slow = factor > 1.0
            && is_measured
            && own.mean_logarithm() > others.mean_logarithm() + factor.ln();
        is_slow.then_some(Cause::Latency)
    }

    fn eject(&mut self, now: Timestamp, slot: Slot, cause: Cause) -> Verdict {
        let is_out = |track: &Track| track.until.is_some_and(|until| until > now);
        if self.tracks.get(&slot).is_none_or(is_out) {
            return Verdict::Stays;
        }
        let enough = self.options.consecutive_failures;
        let is_better = |(other, track): (&Slot, &Track)| {
            *other != slot && track.is_present && !is_out(track) && track.failures_in_a_row < enough
        };
        if !self.tracks.iter().any(is_better) {
            return Verdict::Last;
        }
        let out = self.tracks.values().filter(|track| is_out(track)).count();
        let most = ((self.tracks.len() as f64 * self.options.share_max) as usize).max(1);
        if out >= most {
            return Verdict::TooMany;
        }
        let Some(track) = self.tracks.get_mut(&slot) else { return Verdict::Stays };
        track.times = track.times.saturating_add(1);
        track.failures_in_a_row = 0;
        track.outcomes.clear();
        track.latencies.clear();
        let until = now.saturating_add((self.options.base * track.times).min(self.options.max));
        track.until = Some(until);
        Verdict::Ejected { until, cause }
    }
}

#[derive(Clone, Copy, Default)]
struct Sample {
    outcomes: Counts,
    latencies: Counts,
}

impl Sample {
    fn plus(self, other: Self) -> Self {
        let sum =
            |a: Counts, b: Counts| Counts { total: a.total + b.total, marked: a.marked + b.marked };
        Self {
            outcomes: sum(self.outcomes, other.outcomes),
            latencies: sum(self.latencies, other.latencies),
        }
    }

    fn minus(self, other: Self) -> Self {
        let rest =
            |a: Counts, b: Counts| Counts { total: a.total - b.total, marked: a.marked - b.marked };
        Self {
            outcomes: rest(self.outcomes, other.outcomes),
            latencies: rest(self.latencies, other.latencies),
        }
    }

    fn success_rate(self) -> f64 {
        1.0 - self.outcomes.marked as f64 / self.outcomes.total.max(1) as f64
    }

    fn mean_logarithm(self) -> f64 {
        self.latencies.marked as f64 / 1_000.0 / self.latencies.total.max(1) as f64
    }
}
