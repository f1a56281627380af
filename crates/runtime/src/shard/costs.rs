//! What steps cost: whose expressions burn so much fuel that they are better run elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_types::{Digest, Timestamp};

/// The dearest step counts half after each such time.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// The fuel of the dearest step lately, by definition; at most an entry for each that is published.
///
/// It forgets with time rather than with steps: however many cheap steps stand between two dear ones, a definition can
/// surprise the engine thread about once a minute.
#[derive(Default)]
pub(super) struct Costs {
    dearest: BTreeMap<Digest, Cost>,
}

#[derive(Clone, Copy)]
struct Cost {
    fuel: u64,
    at: Timestamp,
}

impl Costs {
    /// The fuel that a step may burn, going by the steps before it; none without any.
    pub(super) fn expected(&self, definition: &Digest, now: Timestamp) -> Option<u64> {
        self.dearest.get(definition).map(|cost| cost.at(now))
    }

    pub(super) fn note(&mut self, definition: Digest, fuel: u64, now: Timestamp) {
        let cost = self.dearest.entry(definition).or_insert(Cost { fuel, at: now });
        if fuel >= cost.at(now) {
            *cost = Cost { fuel, at: now };
        }
    }
}

impl Cost {
    fn at(self, now: Timestamp) -> u64 {
        let halvings = now.since(self.at).as_micros() / HALF_LIFE.as_micros();
        self.fuel.checked_shr(u32::try_from(halvings).unwrap_or(u32::MAX)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dear_is_forgotten_by_time_alone() {
        let (mut costs, digest) = (Costs::default(), Digest([1; 32]));
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(costs.expected(&digest, at(0)), None);
        costs.note(digest, 1_000, at(0));
        (1..100).for_each(|_| costs.note(digest, 1, at(1)));
        let expected: Vec<_> =
            [1, 9, 10, 25, 95, 2_000].map(|s| costs.expected(&digest, at(s))).into();
        assert_eq!(expected, [1_000, 1_000, 500, 250, 1, 0].map(Some));
        costs.note(digest, 300, at(25));
        assert_eq!(costs.expected(&digest, at(34)), Some(300));
        assert_eq!(costs.expected(&Digest([2; 32]), at(34)), None);
    }
}
