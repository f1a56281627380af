//! Nothing acknowledged is lost and nothing is half there, whatever fails and whenever.

mod common;

use common::world::{World, explore};
use motet_store_embedded::Options;

fn options() -> Options {
    Options { frame_bytes_max: 32 * 1024, overlay_bytes_max: 96 * 1024, ..Options::small() }
}

#[test]
fn random_lives_lose_nothing() {
    for seed in 0..300 {
        if let Err(problem) = explore(seed, &options()) {
            panic!("seed {seed}: {problem}");
        }
    }
}

#[test]
fn power_may_fail_at_every_operation() {
    for seed in 0..12 {
        for operations in 0.. {
            let mut world = World::new(seed, options());
            world.disk.power_off_after(operations);
            let possible = match world.open() {
                Ok(store) => world.live(store, 25),
                Err(_) => Ok(vec![world.model.clone()]),
            };
            let finished = !world.disk.is_off();
            world.disk.crash();
            let outcome = possible.and_then(|possible| world.recover(&possible, false).map(drop));
            if let Err(problem) = outcome {
                panic!("seed {seed}, power off after {operations} operations: {problem}");
            }
            if finished {
                assert!(operations > 20, "the work reaches the disk");
                break;
            }
        }
    }
}
