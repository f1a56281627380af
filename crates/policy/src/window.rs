//! Counts over the last seconds.

use std::time::Duration;

use motet_types::Timestamp;

const BUCKETS: usize = 10;

/// Two counts over a sliding window, kept in ten buckets: what is older than the window is forgotten bucket by bucket.
#[derive(Clone, Debug)]
pub struct Window {
    bucket: Duration,
    buckets: [Counts; BUCKETS],
    /// Number of the newest bucket since the epoch.
    newest: u64,
    sum: Counts,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    /// Those of the total that count twice over: failures, withdrawals.
    pub marked: u64,
}

impl Window {
    pub fn new(length: Duration) -> Self {
        Self {
            bucket: (length / BUCKETS as u32).max(Duration::from_micros(1)),
            buckets: [Counts::default(); BUCKETS],
            newest: 0,
            sum: Counts::default(),
        }
    }

    /// In pieces of which length it forgets.
    pub fn piece(&self) -> Duration {
        self.bucket
    }

    /// Adds to the present bucket.
    pub fn add(&mut self, now: Timestamp, counts: Counts) {
        self.advance(now);
        let bucket = &mut self.buckets[(self.newest % BUCKETS as u64) as usize];
        bucket.total += counts.total;
        bucket.marked += counts.marked;
        self.sum.total += counts.total;
        self.sum.marked += counts.marked;
    }

    /// What the window holds now.
    pub fn counts(&mut self, now: Timestamp) -> Counts {
        self.advance(now);
        self.sum
    }

    pub fn clear(&mut self) {
        self.buckets = [Counts::default(); BUCKETS];
        self.sum = Counts::default();
    }

    fn advance(&mut self, now: Timestamp) {
        let micros = u64::try_from(now.as_micros()).unwrap_or(0);
        let present = micros / self.bucket.as_micros() as u64;
        if present <= self.newest {
            return;
        }
        if present - self.newest >= BUCKETS as u64 {
            self.clear();
        } else {
            for number in self.newest + 1..=present {
                let gone = std::mem::take(&mut self.buckets[(number % BUCKETS as u64) as usize]);
                self.sum.total -= gone.total;
                self.sum.marked -= gone.marked;
            }
        }
        self.newest = present;
    }
}
