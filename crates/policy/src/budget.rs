//! How much may be repeated: so many of each hundred calls, and a few a second whatever happens.

use std::time::Duration;

use motet_types::Timestamp;

use crate::window::{Counts, Window};

/// Defaults as Finagle and tower have them: 20 % of the calls and 10 a second, over 10 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Repeats per call.
    pub share: f64,
    /// Repeats per second that are always there.
    pub reserve_per_second: u32,
    pub window: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { share: 0.2, reserve_per_second: 10, window: Duration::from_secs(10) }
    }
}

/// One budget, shared by everybody who calls the same version of the same service.
#[derive(Clone, Debug)]
pub struct Budget {
    options: Options,
    window: Window,
}

impl Budget {
    pub fn new(options: Options) -> Self {
        Self { options, window: Window::new(options.window) }
    }

    /// A call was made that is no repeat.
    pub fn deposit(&mut self, now: Timestamp) {
        self.window.add(now, Counts { total: 1, marked: 0 });
    }

    /// Takes one repeat out, if there is one.
    pub fn withdraw(&mut self, now: Timestamp) -> bool {
        let is_there = self.balance(now) >= 1.0;
        if is_there {
            self.window.add(now, Counts { total: 0, marked: 1 });
        }
        is_there
    }

    /// When an empty budget is worth asking again: what was taken out is forgotten piece by piece.
    pub fn refill(&self) -> Duration {
        self.window.piece()
    }

    /// Repeats that are left.
    pub fn balance(&mut self, now: Timestamp) -> f64 {
        let counts = self.window.counts(now);
        let reserve =
            f64::from(self.options.reserve_per_second) * self.options.window.as_secs_f64();
        self.options.share.mul_add(counts.total as f64, reserve) - counts.marked as f64
    }
}
