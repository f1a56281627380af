use std::collections::BTreeMap;

use expect_test::expect;

use super::{Fault, Faults};

#[test]
fn shares_are_met_and_repeat_with_their_seed() {
    let faults = Faults {
        errors: 0.2,
        hang: 0.1,
        crash: 0.1,
        crash_after_effect: 0.05,
        seed: 42,
        ..Faults::default()
    };
    let drawn = |faults: &Faults| (0..10_000).map(|n| faults.draw(n)).collect::<Vec<_>>();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for fault in drawn(&faults) {
        *counts.entry(fault.map_or("none", Fault::name)).or_default() += 1;
    }
    // One fault at most: 0.1 crash, 0.9 × 0.2 fail, 0.72 × 0.05 crash late, 0.684 × 0.1 hang.
    expect![[
        r#"{"crash": 943, "crashAfterEffect": 372, "error": 1829, "hang": 678, "none": 6178}"#
    ]]
    .assert_eq(&format!("{counts:?}"));
    assert_eq!(drawn(&faults), drawn(&faults.clone()));
    assert_ne!(drawn(&faults), drawn(&Faults { seed: 43, ..faults }));
}

#[test]
fn nothing_and_everything() {
    let never = Faults::default();
    assert!((0..1_000).all(|n| never.draw(n).is_none()));
    assert_eq!(never.latency(), None);
    let always = Faults { errors: 1.0, status: 408, ..Faults::default() };
    assert!((0..1_000).all(|n| always.draw(n) == Some(Fault::Error(408))));
}
