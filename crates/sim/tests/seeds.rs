//! A few seeds in every test run; `cargo run -p motet-sim` runs many.

use motet_sim::{Summary, run, run_all};

const SEEDS: u64 = 60;

fn passed(result: Result<Summary, Box<motet_sim::Failure>>) -> Summary {
    result.unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn nothing_that_must_never_happen_happens() {
    let summary = passed(run_all(0..SEEDS, 2, None));
    // The chaos is real: each of these happened, and often enough.
    let figures = summary.figures();
    let silent: Vec<&str> =
        figures.iter().filter(|(_, count)| *count == 0).map(|(what, _)| *what).collect();
    assert!(silent.is_empty(), "never happened in {SEEDS} seeds: {silent:?}");
    assert!(summary.instances >= 20 * SEEDS, "{summary}");
    assert!(summary.crashes_power + summary.crashes_kill >= 3 * SEEDS, "{summary}");
    assert!(summary.disk_full + summary.syncs_failed >= 2 * SEEDS, "{summary}");
}

#[test]
fn each_seed_is_rough_enough() {
    for seed in 0..SEEDS / 4 {
        let summary = passed(run(seed, None));
        let Summary { instances, children, crashes_power, crashes_kill, .. } = summary;
        assert!(instances - children >= 20, "seed {seed}: {summary}");
        assert!(crashes_power + crashes_kill >= 3, "seed {seed}: {summary}");
        assert!(summary.disk_faults >= 2, "seed {seed}: {summary}");
        assert!(summary.clock_forward >= 1, "seed {seed}: {summary}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..5 {
        let (once, again) = (passed(run(seed, None)), passed(run(seed, None)));
        assert_eq!(once, again, "seed {seed}");
        assert_ne!(once.trail, passed(run(seed + 100, None)).trail);
    }
}
