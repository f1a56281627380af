//! Long histories: a live one keeps its beginning and its end, what lies between goes.

use motet_journal::BLOCK_RECORDS;
use motet_types::Limits;

/// A history is cut when it has grown by this part of what is kept at its end.
const CUT_PARTS: u64 = 8;

/// Which chunks of a live history go, by the ordinals of their first records: from and to. `records` have gone through it,
/// of which those up to `cut_to` are gone.
pub(super) fn due(limits: &Limits, records: u64, cut_to: u64) -> Option<(u64, u64)> {
    let last = limits.history_last_records_max;
    // The last chunk that goes may end so much behind its first record.
    let chunk = (limits.step_records_max as u64).saturating_mul(2);
    // Nothing in the blocks that stay refers to those before them.
    let to = records.checked_sub(last)?.checked_sub(chunk)? / BLOCK_RECORDS * BLOCK_RECORDS;
    let from = limits.history_first_records_max;
    let grown = (last / CUT_PARTS).max(1);
    (to >= from.max(cut_to).saturating_add(grown)).then_some((from, to))
}

/// About how many records a history of `records` still has.
pub(super) fn left(limits: &Limits, records: u64) -> u64 {
    let kept = limits.history_last_records_max.saturating_add(limits.history_first_records_max);
    records.min(kept.saturating_add(BLOCK_RECORDS))
}

#[cfg(test)]
mod tests {
    use super::{due, left};
    use motet_types::Limits;

    #[test]
    fn a_history_is_cut_now_and_then_where_a_block_begins() {
        let limits = Limits {
            history_first_records_max: 1_000,
            history_last_records_max: 8_000,
            step_records_max: 100,
            ..Limits::default()
        };
        for (records, cut_to, expected) in [
            (0, 0, None),
            (8_199, 0, None),
            (10_247, 0, None),
            (10_248, 0, Some((1_000, 2_048))),
            (11_271, 0, Some((1_000, 2_048))),
            (11_272, 0, Some((1_000, 3_072))),
            (11_271, 2_048, None),
            (11_272, 2_048, Some((1_000, 3_072))),
        ] {
            assert_eq!(due(&limits, records, cut_to), expected, "{records}, cut to {cut_to}");
        }
        assert_eq!(
            [100, 10_024, 50_000].map(|records| left(&limits, records)),
            [100, 10_024, 10_024]
        );
    }

    #[test]
    fn limits_without_bounds_cut_nothing() {
        let all = [
            Limits { history_last_records_max: u64::MAX, ..Limits::default() },
            Limits { history_first_records_max: u64::MAX, ..Limits::default() },
        ];
        for limits in all {
            assert_eq!(due(&limits, u64::MAX, 0), None);
            assert_eq!(left(&limits, 5_000_000), 5_000_000);
        }
    }
}
