//! The latency of an endpoint as a moving average that believes bad news at once and good news slowly.

use std::time::Duration;

use motet_types::Timestamp;

/// Peak EWMA (after Finagle's load metric): a sample above the average replaces it, one below is blended in by age.
///
/// What was not measured for a while fades: a read projects the average towards zero with the same time constant, without
/// changing it. An endpoint that once was slow is tried again, however few calls there are.
#[derive(Clone, Copy, Debug)]
pub struct PeakEwma {
    micros: f64,
    at: Timestamp,
}

impl PeakEwma {
    /// Begins with its first sample.
    pub fn new(now: Timestamp, sample: Duration) -> Self {
        Self { micros: micros(sample), at: now }
    }

    /// Takes a sample in; `decay` is the time constant.
    pub fn observe(&mut self, now: Timestamp, sample: Duration, decay: Duration) {
        let sample = micros(sample);
        let past = self.project(now, decay);
        if sample > past {
            self.micros = sample;
        } else {
            let weight = fade(now.since(self.at), decay);
            self.micros = sample.mul_add(1.0 - weight, self.micros * weight);
        }
        self.at = self.at.max(now);
    }

    /// The average in microseconds as it is worth now.
    pub fn project(&self, now: Timestamp, decay: Duration) -> f64 {
        self.micros * fade(now.since(self.at), decay)
    }
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// e^(-elapsed / decay).
fn fade(elapsed: Duration, decay: Duration) -> f64 {
    if elapsed.is_zero() {
        return 1.0;
    }
    if decay.is_zero() {
        return 0.0;
    }
    (-elapsed.as_secs_f64() / decay.as_secs_f64()).exp()
}
