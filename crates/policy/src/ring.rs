//! Consistent hashing: a key keeps its endpoint while others come and go.

use crate::random::mix;

/// Points of a ring, however many endpoints there are.
const POINTS_MIN: usize = 1_024;
const POINTS_MAX: usize = 65_536;

/// Points on a circle, each belonging to an endpoint, in proportion to the weights (Karger et al. 1997).
#[derive(Clone, Debug, Default)]
pub struct Ring {
    /// Sorted by position.
    points: Vec<(u64, u32)>,
}

impl Ring {
    /// `members`: index, stable identity and weight of each endpoint.
    pub fn new(members: impl Iterator<Item = (u32, u64, f64)> + Clone) -> Self {
        let total: f64 = members.clone().map(|(.., weight)| weight.max(0.0)).sum();
        let count = members.clone().count();
        if count == 0 || total <= 0.0 {
            return Self::default();
        }
        let size = (count * 160).clamp(POINTS_MIN, POINTS_MAX) as f64;
        // A power of two, so that it stays the same while a few members come and go: only then do keys keep their places.
        let per_weight = (size / total).log2().round().exp2();
        let mut points = Vec::new();
        for (index, identity, weight) in members {
            let own = (per_weight * weight.max(0.0)).ceil() as u64;
            points.extend((0..own).map(|number| (mix(identity ^ mix(number + 1)), index)));
        }
        points.sort_unstable();
        Self { points }
    }

    /// Endpoints in the order in which the key prefers them, each perhaps several times.
    pub fn from(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let key = mix(key);
        let first = self.points.partition_point(|(position, _)| *position < key);
        let (before, after) = self.points.split_at(first);
        after.iter().chain(before).map(|(_, index)| *index)
    }
}
