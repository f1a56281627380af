//! Which version of a service gets a call, by weight.

use crate::random::mix;

/// The one that a lot falls to, among so many with their weights; `None` if nobody has any.
///
/// The same lot falls to the same one as long as the weights stay: whoever always shows the same lot is always sent to
/// the same version.
pub fn choose<T>(weighted: impl Iterator<Item = (T, u32)> + Clone, lot: u64) -> Option<T> {
    let total: u64 = weighted.clone().map(|(_, weight)| u64::from(weight)).sum();
    let wide = u128::from(mix(lot)) * u128::from(total);
    let mut left = (wide >> 64) as u64;
    for (choice, weight) in weighted {
        let weight = u64::from(weight);
        if left < weight {
            return Some(choice);
        }
        left -= weight;
    }
    None
}
