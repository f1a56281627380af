//! Maps by instance, which every input looks into several times.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use motet_types::InstanceId;

pub(super) type ByInstance<T> = HashMap<InstanceId, T, BuildHasherDefault<IdHasher>>;

/// Hashes ids only: they hold 62 bits that nobody outside can choose or foretell, so that spreading them is enough.
#[derive(Default)]
pub(super) struct IdHasher(u64);

/// Odd, and its bits stand as irregularly as those of any other: the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let mixed = u128::from(self.0 ^ u64::from_le_bytes(word)) * u128::from(SPREAD);
            self.0 = (mixed >> 64) as u64 ^ mixed as u64;
        }
    }

    /// How long an id is says nothing.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    use motet_types::{ShardId, Timestamp};

    use super::*;

    fn hash(id: InstanceId) -> u64 {
        BuildHasherDefault::<IdHasher>::default().hash_one(id)
    }

    /// Maps look at both ends of a hash. The ids are made in one millisecond, or only their time tells them apart.
    #[test]
    fn both_ends_of_the_hash_differ() {
        const IDS: u64 = 1_000;
        let random = |nth: u64| {
            let hash = blake3::hash(&nth.to_le_bytes());
            u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
        };
        let at = |millis: u64| Timestamp::from_micros(1_000 * (1_800_000_000_000 + millis as i64));
        let at_once = |nth| InstanceId::new(at(0), ShardId(7), random(nth));
        let by_time = |nth| InstanceId::new(at(nth), ShardId(7), random(0));
        for make in [&at_once as &dyn Fn(u64) -> InstanceId, &by_time] {
            let hashes: Vec<u64> = (0..IDS).map(|nth| hash(make(nth))).collect();
            let apart = |part: fn(u64) -> u64| {
                hashes.iter().map(|hash| part(*hash)).collect::<BTreeSet<_>>().len()
            };
            assert_eq!(apart(|hash| hash >> 57), 128, "tags");
            let buckets = apart(|hash| hash & 0x3ff);
            assert!(buckets > 550, "{buckets} of 1,024 buckets; by chance they are about 640");
        }
    }
}
