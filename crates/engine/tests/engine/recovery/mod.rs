//! Random definitions, random outcomes, and a restart after every step: what is rebuilt from the journal must equal what
//! lived on, and must go on equally.

mod coverage;
mod drive;
mod generate;
mod random;

use std::sync::Arc;

use motet_engine::Instance;

use coverage::Coverage;
use drive::Run;
use random::Random;

/// Definitions that are run; each is one seed.
const SEEDS: u64 = 2_000;

/// Percent of the cells of [`Coverage`] that the seeds have to reach.
const COVERED_PERCENT_MIN: usize = 95;

#[test]
fn an_instance_restarted_after_every_step_equals_the_one_that_lives_on() {
    let mut coverage = Coverage::default();
    for seed in seeds(SEEDS) {
        let mut run = Run::begin(seed);
        while run.advance(&mut coverage) {}
    }
    if chosen_seed().is_none() {
        coverage.ensure(COVERED_PERCENT_MIN);
    }
}

#[test]
fn the_same_inputs_lead_to_the_same_records() {
    for seed in seeds(40) {
        let [first, second] = [seed, seed].map(|seed| {
            let mut run = Run::begin(seed);
            while run.advance(&mut Coverage::default()) {}
            run.records()
        });
        assert!(!first.is_empty(), "seed {seed} leads to nothing");
        assert_eq!(first, second, "seed {seed}");
    }
}

/// A history that was cut, doubled or shuffled is damage, and damage costs a wrong state, never a panic.
#[test]
fn any_records_lead_to_a_state() {
    for seed in seeds(150) {
        let mut run = Run::begin(seed);
        while run.advance(&mut Coverage::default()) {}
        let mut random = Random::new(seed);
        let mut records = run.records();
        for _ in 0..=records.len() / 4 {
            let (from, to) = (random.below(records.len()), random.below(records.len()));
            match random.below(3) {
                0 => records.swap(from, to),
                1 => records[to] = records[from].clone(),
                _ if records.len() > 1 => drop(records.remove(from)),
                _ => {}
            }
        }
        let live = run.live();
        let mut instance = Instance::blank(live.id, Arc::clone(&live.start));
        for record in &records {
            instance.apply(record);
        }
        assert_eq!(instance.records, records.len() as u64, "each record counts");
    }
}

fn seeds(count: u64) -> std::ops::Range<u64> {
    chosen_seed().map_or(0..count, |seed| seed..seed + 1)
}

#[expect(clippy::disallowed_methods, reason = "a person may say which seed to run")]
fn chosen_seed() -> Option<u64> {
    let seed = std::env::var("MOTET_SEED").ok()?;
    Some(seed.parse().expect("MOTET_SEED is a number"))
}
