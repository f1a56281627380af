//! Two lanes: internal inputs are never refused, external ones at the limit and once the lanes are closed.

use std::sync::Arc;
use std::time::Duration;

use crate::drive::lanes::{Lanes, Refusal};
use crate::shard::Input;

const NOW: Duration = Duration::ZERO;

/// How many internal and external inputs there are, and whether the lanes go on.
fn take(lanes: &Lanes, patience: Duration) -> (usize, usize, bool) {
    let (mut internal, mut external) = (Vec::new(), Vec::new());
    let goes_on = lanes.take(&mut internal, &mut external, patience);
    (internal.len(), external.len(), goes_on)
}

#[test]
fn commands_are_refused_at_the_limit_and_outcomes_never() {
    let lanes = Lanes::new(2);
    assert_eq!(lanes.push_external(Input::Tick), Ok(()));
    assert_eq!(lanes.push_external(Input::Tick), Ok(()));
    assert_eq!(lanes.push_external(Input::Tick), Err(Refusal::Full));
    lanes.push_internal(Input::Tick);
    lanes.extend_internal([Input::Tick, Input::Tick]);
    assert_eq!(take(&lanes, NOW), (3, 2, true));
    assert_eq!(lanes.push_external(Input::Tick), Ok(()));
    assert_eq!(take(&lanes, NOW), (0, 1, true));
    assert_eq!(take(&lanes, NOW), (0, 0, true));
}

#[test]
fn closed_lanes_take_no_commands_and_finish_what_is_in_flight() {
    let lanes = Lanes::new(2);
    assert_eq!(lanes.push_external(Input::Tick), Ok(()));
    lanes.close();
    assert_eq!(lanes.push_external(Input::Tick), Err(Refusal::Closed));
    lanes.push_internal(Input::Tick);
    assert_eq!(take(&lanes, NOW), (1, 1, true));
}

#[test]
fn stopped_lanes_wait_for_nothing() {
    let lanes = Lanes::new(2);
    lanes.stop();
    assert_eq!(lanes.push_external(Input::Tick), Err(Refusal::Closed));
    assert_eq!(take(&lanes, Duration::from_secs(3_600)), (0, 0, false));
}

#[test]
fn an_input_and_a_stop_wake_the_one_who_waits() {
    let lanes = Arc::new(Lanes::new(2));
    let waiting = std::thread::spawn({
        let lanes = lanes.clone();
        move || {
            let mut inputs = 0;
            loop {
                let (internal, _, goes_on) = take(&lanes, Duration::from_secs(3_600));
                inputs += internal;
                if !goes_on {
                    return inputs;
                }
            }
        }
    });
    lanes.push_internal(Input::Tick);
    lanes.stop();
    assert_eq!(waiting.join().expect("no panic"), 1, "handed over even if the stop came at once");
}
