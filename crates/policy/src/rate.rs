//! So many calls per second, with bursts of so many.

use std::time::Duration;

use motet_types::Timestamp;

/// What may leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Calls per second, at least one a day.
    pub per_second: f64,
    /// Calls that may leave at once, at least 1.
    pub burst: u32,
}

/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling): one timestamp of state.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Time that one call takes up.
    interval: Duration,
    /// How far ahead of its time a call may come.
    tolerance: Duration,
    /// When the next call would come if all came evenly.
    theoretical: Timestamp,
}

impl RateLimit {
    pub fn new(Options { per_second, burst }: Options) -> Self {
        let per_second = if per_second.is_finite() { per_second.max(1.0 / 86_400.0) } else { 1e6 };
        let interval = Duration::from_secs_f64(1.0 / per_second).max(Duration::from_micros(1));
        Self {
            interval,
            tolerance: interval * burst.saturating_sub(1),
            theoretical: Timestamp::default(),
        }
    }

    /// Lets a call pass.
    ///
    /// # Errors
    /// How long to wait until one may.
    pub fn admit(&mut self, now: Timestamp) -> Result<(), Duration> {
        let wait = self.wait(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.theoretical = self.theoretical.max(now).saturating_add(self.interval);
        Ok(())
    }

    /// How long until a call may pass.
    pub fn wait(&self, now: Timestamp) -> Duration {
        self.theoretical.since(now).saturating_sub(self.tolerance)
    }
}
