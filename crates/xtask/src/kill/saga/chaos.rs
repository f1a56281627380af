//! What goes wrong inside the services: other faults every now and then, by a seed.

use serde_json::{Value, json};

use crate::random::Random;
use crate::shop::{SERVICES, Shop};

/// What a service says when it fails: not now, perhaps done, too much, perhaps done.
const STATUSES: [u64; 4] = [503, 500, 429, 502];
/// Shares of requests, in per cent, and a latency.
const ERRORS_MAX: u64 = 25;
const HANGS_MAX: u64 = 12;
const LATENCY_MS_MAX: u64 = 400;

/// Draws faults.
pub(super) struct Chaos(Random);

impl Chaos {
    pub(super) fn new(seed: u64) -> Self {
        // Not the numbers of those who kill.
        Self(Random::new(!seed))
    }

    /// Lets each service fail in a way of its own.
    ///
    /// # Errors
    /// One of them does not come up.
    pub(super) fn begin(&mut self, shop: &mut Shop) -> anyhow::Result<()> {
        (0..SERVICES.len()).try_for_each(|nth| self.set(shop, nth))
    }

    /// Lets one of the services fail in another way, or not at all.
    ///
    /// # Errors
    /// It does not come up.
    pub(super) fn change(&mut self, shop: &mut Shop) -> anyhow::Result<()> {
        let nth = self.0.below(SERVICES.len() as u64) as usize;
        self.set(shop, nth)
    }

    /// Lets all of them be well.
    ///
    /// # Errors
    /// One of them does not answer.
    pub(super) fn end(shop: &Shop) -> anyhow::Result<()> {
        (0..SERVICES.len()).try_for_each(|nth| shop.set_faults(nth, &json!({})))
    }

    fn set(&mut self, shop: &mut Shop, nth: usize) -> anyhow::Result<()> {
        let faults = self.draw();
        shop.wait_ready(nth)?;
        shop.set_faults(nth, &faults)
    }

    /// Each kind of fault in every other draw.
    fn draw(&mut self) -> Value {
        let mut faults = json!({ "seed": self.0.draw() >> 11 });
        if self.0.below(2) == 0 {
            faults["errors"] = self.share(ERRORS_MAX);
            faults["status"] = STATUSES[self.0.below(STATUSES.len() as u64) as usize].into();
        }
        if self.0.below(2) == 0 {
            faults["hang"] = self.share(HANGS_MAX);
        }
        if self.0.below(2) == 0 {
            faults["latencyMs"] = self.0.below(LATENCY_MS_MAX).into();
        }
        faults
    }

    fn share(&mut self, per_cent_max: u64) -> Value {
        (self.0.below(per_cent_max + 1) as f64 / 100.0).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_repeats_its_faults_and_all_kinds_occur() {
        let drawn = |seed| {
            let mut chaos = Chaos::new(seed);
            (0..200).map(|_| chaos.draw()).collect::<Vec<_>>()
        };
        let faults = drawn(7);
        assert_eq!(faults, drawn(7));
        assert_ne!(faults, drawn(8));
        let members = |faults: &Value| faults.as_object().unwrap().keys().cloned().collect();
        let kinds: BTreeSet<Vec<String>> = faults.iter().map(members).collect();
        assert_eq!(kinds.len(), 8, "{kinds:?}");
        let statuses: BTreeSet<u64> = faults.iter().filter_map(|f| f["status"].as_u64()).collect();
        assert_eq!(statuses, BTreeSet::from(STATUSES));
        for (name, most) in [("errors", 0.25), ("hang", 0.12), ("latencyMs", 400.0)] {
            let shares = faults.iter().filter_map(|faults| faults[name].as_f64());
            assert!(shares.clone().all(|share| (0.0..=most).contains(&share)), "{name}");
            assert!(shares.fold(0.0, f64::max) > most / 2.0, "{name}");
        }
    }
}
