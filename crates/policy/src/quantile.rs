//! Quantiles of what was seen lately, in constant space.

use std::time::Duration;

use motet_types::Timestamp;

/// Width of a bucket: values within one are at most 5 % apart.
const GROWTH: f64 = 1.05;
/// From a microsecond to more than half an hour.
const BUCKETS: usize = 440;

/// A histogram with logarithmic buckets over the present and the last period.
#[derive(Clone, Debug)]
pub struct Quantiles {
    period: Duration,
    began: Timestamp,
    present: Histogram,
    last: Histogram,
}

#[derive(Clone, Debug)]
struct Histogram {
    buckets: Box<[u32; BUCKETS]>,
    count: u64,
}

impl Quantiles {
    /// What is older than two periods is forgotten.
    pub fn new(period: Duration) -> Self {
        Self {
            period,
            began: Timestamp::default(),
            present: Histogram::new(),
            last: Histogram::new(),
        }
    }

    pub fn observe(&mut self, now: Timestamp, value: Duration) {
        self.advance(now);
        let bucket = &mut self.present.buckets[bucket(value)];
        *bucket = bucket.saturating_add(1);
        self.present.count += 1;
    }

    /// Values seen within the last two periods.
    pub fn count(&mut self, now: Timestamp) -> u64 {
        self.advance(now);
        self.present.count + self.last.count
    }

    /// The value below which the share `quantile` (0 to 1) lies, 5 % too high at most; `None` if nothing was seen.
    pub fn value(&mut self, now: Timestamp, quantile: f64) -> Option<Duration> {
        let count = self.count(now);
        if count == 0 {
            return None;
        }
        let rank = ((count as f64 * quantile).ceil() as u64).clamp(1, count);
        let mut below = 0;
        let pairs = self.present.buckets.iter().zip(self.last.buckets.iter());
        let at = pairs.into_iter().position(|(present, last)| {
            below += u64::from(*present) + u64::from(*last);
            below >= rank
        })?;
        Some(Duration::from_secs_f64(GROWTH.powi(at as i32 + 1) / 1e6))
    }

    fn advance(&mut self, now: Timestamp) {
        let elapsed = now.since(self.began);
        if elapsed < self.period {
            return;
        }
        let ended = std::mem::replace(&mut self.present, Histogram::new());
        self.last = if elapsed < self.period * 2 { ended } else { Histogram::new() };
        self.began = now;
    }
}

impl Histogram {
    fn new() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), count: 0 }
    }
}

fn bucket(value: Duration) -> usize {
    let micros = crate::ewma::micros(value).max(1.0);
    (micros.log(GROWTH) as usize).min(BUCKETS - 1)
}
