//! Faults on purpose, for tests of those who call.

use std::time::Duration;

use crate::random::Random;

/// What is to happen to a share of the calls; the shares are looked at in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Share of calls (0 to 1) whose connection is cut without an answer.
    pub abort_share: f64,
    /// Share of calls that get this status without being sent.
    pub error_share: f64,
    pub error_status: u16,
    /// Share of calls that are held up before they are sent.
    pub delay_share: f64,
    pub delay: Duration,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Abort,
    Error { status: u16 },
    Delay(Duration),
}

/// Draws the lot of one call.
pub fn draw(options: &Options, random: &mut Random) -> Fault {
    let mut lot = random.fraction();
    let mut falls = |share: f64| {
        let hit = lot < share;
        lot -= share;
        hit
    };
    if falls(options.abort_share) {
        Fault::Abort
    } else if falls(options.error_share) {
        Fault::Error { status: options.error_status }
    } else if falls(options.delay_share) {
        Fault::Delay(options.delay)
    } else {
        Fault::None
    }
}
