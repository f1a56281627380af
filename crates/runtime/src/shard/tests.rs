//! The machine alone, held by transcripts: a script says what comes in, and what goes out is compared line by line.
//!
//! Every line of a script is one turn of the engine thread: its statements, which `;` separates, are handled, then the
//! machine is flushed. Commits are held until the script says `durable`, `refused` or `unknown`; loads and lookups are
//! answered at once unless the script holds them; time passes only by `after`. [`script`] lists the statements.

mod definitions;
mod script;
mod transcript;
mod world;

mod children;
mod dispatch;
mod eviction;
mod group;
mod panics;
mod refusals;
mod starts;
mod timers;
mod waits;

use std::cell::RefCell;
use std::collections::BTreeSet;

use expect_test::Expect;
use motet_types::InstanceId;

use world::World;

/// Runs a script and compares its transcript.
#[track_caller]
fn check(script: &str, expect: Expect) {
    let mut world = World::new();
    world.run(script);
    expect.assert_eq(&world.transcript());
}

thread_local! {
    static DEFECTS: RefCell<BTreeSet<InstanceId>> = const { RefCell::new(BTreeSet::new()) };
}

/// Panics if the script has put a defect before this instance.
pub(super) fn meet_defect(id: InstanceId) {
    let is_met = DEFECTS.with_borrow(|defects| defects.contains(&id));
    assert!(!is_met, "a defect on purpose");
}

fn set_defect(id: InstanceId, is_there: bool) {
    DEFECTS.with_borrow_mut(|defects| match is_there {
        true => defects.insert(id),
        false => defects.remove(&id),
    });
}
