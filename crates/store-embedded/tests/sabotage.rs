//! The checks can fail: each fault that can be built in is noticed.
#![cfg(feature = "sabotage")]

mod common;

use common::world::explore;
use motet_store_embedded::{Options, Sabotage};

const SEEDS_MAX: u64 = 2_000;

#[test]
fn every_fault_is_noticed() {
    let noticed = Sabotage::ALL.map(|sabotage| {
        let options = Options {
            frame_bytes_max: 32 * 1024,
            overlay_bytes_max: 96 * 1024,
            sabotage: Some(sabotage),
            ..Options::small()
        };
        let seed = (0..SEEDS_MAX).find(|seed| explore(*seed, &options).is_err());
        println!("{sabotage:?}: noticed at seed {seed:?}");
        (sabotage, seed.is_some())
    });
    assert_eq!(noticed, Sabotage::ALL.map(|sabotage| (sabotage, true)));
}
