//! Whether an endpoint may be forgotten, its lease being over.

use std::time::Duration;

use motet_types::Timestamp;

use crate::random::Random;
use crate::window::{Counts, Window};

/// Many leases that end at once tell more of the one who watches than of those who are watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Share of a service's endpoints that may be evicted within the window; one always may.
    pub share_max: f64,
    pub window: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { share_max: 0.15, window: Duration::from_secs(60) }
    }
}

/// The evictions of one service.
#[derive(Clone, Debug)]
pub struct Evictions {
    options: Options,
    window: Window,
}

impl Evictions {
    pub fn new(options: Options) -> Self {
        Self { options, window: Window::new(options.window) }
    }

    /// How many may go now, of so many that are registered.
    pub fn allowance(&mut self, now: Timestamp, registered: usize) -> usize {
        let gone = self.window.counts(now).total as usize;
        // Those gone within the window still count as registered, or the share would shrink with each.
        let most = ((registered + gone) as f64 * self.options.share_max) as usize;
        most.max(1).saturating_sub(gone)
    }

    /// Chooses who goes, in random order so that no zone or rack goes first; the rest stays as suspect.
    pub fn choose<T>(
        &mut self,
        now: Timestamp,
        registered: usize,
        mut expired: Vec<T>,
        random: &mut Random,
    ) -> Vec<T> {
        let allowed = self.allowance(now, registered).min(expired.len());
        for chosen in 0..allowed {
            let other = chosen + random.below(expired.len() - chosen);
            expired.swap(chosen, other);
        }
        expired.truncate(allowed);
        self.window.add(now, Counts { total: allowed as u64, marked: 0 });
        expired
    }
}
