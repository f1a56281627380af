//! Whether it is time for a second copy of a call that may be repeated (Dean and Barroso, "The Tail at Scale", 2013).

use std::time::Duration;

use motet_types::Timestamp;

use crate::budget::{self, Budget};
use crate::quantile::Quantiles;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// A copy leaves when a call takes longer than this share of the others did.
    pub quantile: f64,
    /// Never sooner than this.
    pub delay_min: Duration,
    /// Copies per call, at most.
    pub share: f64,
    /// Calls that have to be seen before the quantile means anything.
    pub calls_min: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { quantile: 0.99, delay_min: Duration::from_millis(1), share: 0.01, calls_min: 100 }
    }
}

/// The hedging of one service and version, with a budget of its own.
#[derive(Clone, Debug)]
pub struct Hedge {
    options: Options,
    latencies: Quantiles,
    budget: Budget,
}

impl Hedge {
    pub fn new(options: Options) -> Self {
        let budget = budget::Options {
            share: options.share,
            reserve_per_second: 0,
            window: Duration::from_secs(10),
        };
        Self {
            options,
            latencies: Quantiles::new(Duration::from_secs(30)),
            budget: Budget::new(budget),
        }
    }

    /// A first copy leaves: after which time a second one may be asked for, if at all.
    pub fn begin(&mut self, now: Timestamp) -> Option<Duration> {
        self.budget.deposit(now);
        if self.latencies.count(now) < self.options.calls_min {
            return None;
        }
        let delay = self.latencies.value(now, self.options.quantile)?;
        Some(delay.max(self.options.delay_min))
    }

    /// The time has come: whether the second copy leaves.
    pub fn may_leave(&mut self, now: Timestamp) -> bool {
        self.budget.withdraw(now)
    }

    /// A call was answered.
    pub fn observe(&mut self, now: Timestamp, latency: Duration) {
        self.latencies.observe(now, latency);
    }
}
