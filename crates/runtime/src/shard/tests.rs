//! The machine alone, held by transcripts: a script says what comes in, and what goes out is compared line by line.
//!
//! Every line of a script is one turn of the engine thread: its statements, which `;` separates, are handled, then the
//! machine is flushed. Commits are held until the script says `durable`, `refused` or `unknown`; loads and lookups are
//! answered at once unless the script holds them; time passes only by `after`. [`script`] lists the statements.

mod definitions;
mod script;
mod transcript;
mod world;

mod agents;
mod auditing;
mod away;
mod children;
mod dispatch;
mod events;
mod eviction;
mod group;
mod hit;
mod jobs;
mod lifecycle;
mod observed;
mod outage;
mod outlets;
mod panics;
mod parking;
mod purge;
mod refusals;
mod retention;
mod rooms;
mod schedule_on;
mod schedules;
mod services;
mod starts;
mod timers;
mod turns;
mod unloadable;
mod waits;

use std::cell::RefCell;
use std::collections::BTreeMap;

use expect_test::Expect;
use motet_engine::Input;
use motet_types::InstanceId;

use world::World;

/// Runs a script and compares its transcript.
#[track_caller]
fn check(script: &str, expect: Expect) {
    let mut world = World::new();
    world.run(script);
    expect.assert_eq(&world.transcript());
}

/// Compares the lines of the transcript that hold one of `words`, for what many instances do.
#[track_caller]
fn check_lines(words: &[&str], script: &str, expect: Expect) {
    let mut world = World::new();
    world.run(script);
    let transcript = world.transcript();
    let lines = transcript.lines().filter(|line| words.iter().any(|word| line.contains(word)));
    let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert!(!lines.is_empty(), "no line holds one of {words:?}");
    expect.assert_eq(&lines);
}

thread_local! {
    /// Defects before instances; true: even a panic cannot be written down.
    static DEFECTS: RefCell<BTreeMap<InstanceId, bool>> = const { RefCell::new(BTreeMap::new()) };
}

/// Panics if the script has put a defect before this instance.
pub(super) fn meet_defect(id: InstanceId, input: Option<&Input>) {
    let is_kept = matches!(input, Some(Input::Panicked { .. }));
    let defect = DEFECTS.with_borrow(|defects| defects.get(&id).copied());
    assert!(defect.is_none_or(|always| is_kept && !always), "a defect on purpose");
}

fn set_defect(id: InstanceId, defect: Option<bool>) {
    DEFECTS.with_borrow_mut(|defects| match defect {
        Some(always) => defects.insert(id, always),
        None => defects.remove(&id),
    });
}
