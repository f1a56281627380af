//! Which partition a key belongs to: as the Java client does it, so that events of ours and of others meet.

/// MurmurHash2 in the variant of Kafka's `Utils.murmur2` (seed 0x9747b28c), its sign removed, modulo the count.
pub(super) fn partition_of(key: &[u8], count: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % count.max(1)
}

fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut hash = 0x9747_b28c ^ length;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let word = u32::from_le_bytes(block.try_into().expect("blocks have four bytes"));
        let word = word.wrapping_mul(M);
        let word = (word ^ (word >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ word;
    }
    let tail = blocks.remainder();
    if !tail.is_empty() {
        let word = tail.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte));
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are those that Kafka's own tests of its clients hold.
    #[test]
    fn hashes_are_those_of_the_java_client() {
        let table: [(&str, i32); 6] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (key, hash) in table {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    #[test]
    fn a_partition_is_one_of_those_there_are() {
        for count in [1, 2, 3, 7] {
            assert!(partition_of(b"some key", count) < count);
        }
    }
}
