//! How many calls may be in flight to a service, learnt from how they end.

use std::time::Duration;

use motet_types::Timestamp;

/// Calls over which latencies are averaged.
const AVERAGED: f64 = 32.0;

/// Additive increase, multiplicative decrease (Chiu and Jain 1989, as Netflix's concurrency-limits applies it), with a
/// slow start (Jacobson 1988): up to half of what was too much the last time it grows by one with every call that is
/// served, which doubles it in the time of one call. That ends, too, as soon as calls take twice as long as at their best
/// (as in HyStart; Ha and Rhee 2011): then they queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub initial: u32,
    pub min: u32,
    pub max: u32,
    /// What is left of the limit after an overload.
    pub backoff: f64,
    /// The limit shrinks at most once in this time, or in the latency of the call that showed the overload if that is less.
    pub backoff_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            initial: 20,
            min: 1,
            max: 1_000,
            backoff: 0.9,
            backoff_interval: Duration::from_millis(100),
        }
    }
}

/// The limit of one service and version; calls beyond it wait.
#[derive(Clone, Debug)]
pub struct Limiter {
    options: Options,
    limit: f64,
    /// Below this it grows fast.
    fast_below: f64,
    /// Whether it shrank more lately than it grew.
    is_shrinking: bool,
    /// Moving average of the time that calls take which are served, in microseconds, and the lowest it has been.
    average: f64,
    average_min: f64,
    /// Calls that the average holds, up to those that it holds for good.
    averaged: f64,
    in_flight: u32,
    shrunk: Option<Timestamp>,
}

/// What a call's end says about load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It was answered in time.
    Served,
    /// Silence, 429 or 503: there was too much.
    Overload,
    /// Nothing about load.
    Neither,
}

impl Limiter {
    pub fn new(options: Options) -> Self {
        let limit = f64::from(options.initial.clamp(options.min.max(1), options.max.max(1)));
        Self {
            options,
            limit,
            fast_below: f64::INFINITY,
            is_shrinking: false,
            average: 0.0,
            average_min: f64::INFINITY,
            averaged: 0.0,
            in_flight: 0,
            shrunk: None,
        }
    }

    /// Calls that may be in flight now.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub fn has_room(&self) -> bool {
        self.in_flight < self.limit()
    }

    /// Takes a place, if one is free.
    pub fn admit(&mut self) -> bool {
        let is_free = self.has_room();
        self.in_flight += u32::from(is_free);
        is_free
    }

    /// Gives the place back of a call that took `latency`.
    pub fn release(&mut self, now: Timestamp, latency: Duration, sign: Sign) {
        let was_used = f64::from(self.in_flight) >= self.limit / 2.0;
        self.in_flight = self.in_flight.saturating_sub(1);
        match sign {
            Sign::Served if was_used => {
                self.is_shrinking = false;
                self.heed(latency);
                self.limit += if self.limit < self.fast_below { 1.0 } else { 1.0 / self.limit };
            }
            Sign::Overload if self.may_shrink(now, latency) => {
                if !std::mem::replace(&mut self.is_shrinking, true) {
                    self.fast_below = self.limit / 2.0;
                }
                self.limit *= self.options.backoff;
                self.shrunk = Some(now);
            }
            Sign::Served | Sign::Overload | Sign::Neither => {}
        }
        let (min, max) = (self.options.min.max(1), self.options.max.max(1));
        self.limit = self.limit.clamp(f64::from(min), f64::from(max.max(min)));
    }

    /// Calls that take much longer than they did are a sign, too, though not one to shrink at.
    fn heed(&mut self, latency: Duration) {
        let sample = crate::ewma::micros(latency);
        self.averaged = (self.averaged + 1.0).min(AVERAGED);
        self.average += (sample - self.average) / self.averaged;
        if self.averaged < AVERAGED {
            return;
        }
        self.average_min = self.average_min.min(self.average);
        if self.average > 2.0 * self.average_min {
            self.fast_below = self.fast_below.min(self.limit);
        }
    }

    /// Calls that left together fail together: they are one sign, not many.
    fn may_shrink(&self, now: Timestamp, latency: Duration) -> bool {
        let interval = self.options.backoff_interval.min(latency);
        self.shrunk.is_none_or(|shrunk| now.since(shrunk) >= interval)
    }
}
