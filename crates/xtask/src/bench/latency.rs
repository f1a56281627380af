//! Percentiles and medians.

/// The smallest of the sorted microseconds that a share of them does not exceed, in milliseconds; 0 of none.
pub(super) fn percentile(sorted_micros: &[u32], share: f64) -> f64 {
    let rank = (sorted_micros.len() as f64 * share).ceil() as usize;
    let micros = sorted_micros.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    f64::from(micros) / 1_000.0
}

/// The middle one, or the mean of the two in the middle; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let micros: Vec<u32> = (1..=1_000).map(|n| n * 1_000).collect();
        let of = |share| percentile(&micros, share);
        assert_eq!([of(0.5), of(0.99), of(0.999), of(1.0)], [500.0, 990.0, 999.0, 1_000.0]);
        assert_eq!((percentile(&[7_000], 0.01), percentile(&[], 0.5)), (7.0, 0.0));
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
