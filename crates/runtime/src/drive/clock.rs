use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use motet_types::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Never earlier than it said before.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the monotonic clock advances it, the wall clock is followed by slewing.
///
/// A difference of up to a minute is worked off at one part in a hundred. A larger jump is followed only once it has held
/// for a minute, so that a wall clock that is set wrong for a moment fires no timers.
pub struct SystemClock {
    state: Mutex<State>,
}

struct State {
    /// What was said last, and when by the monotonic clock.
    said: i64,
    at: Instant,
    /// Since when the wall clock is more than a minute off.
    off_since: Option<Instant>,
}

const JUMP_MICROS: i64 = 60_000_000;
const JUMP_HELD: Duration = Duration::from_secs(60);
const SLEW_DIVISOR: i64 = 100;

impl SystemClock {
    pub fn new() -> Self {
        let state = State { said: wall_micros(), at: Instant::now(), off_since: None };
        Self { state: Mutex::new(state) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        state.advance(at, wall_micros());
        Timestamp::from_micros(state.said)
    }
}

impl State {
    fn advance(&mut self, at: Instant, wall: i64) {
        let elapsed = at.saturating_duration_since(self.at);
        let elapsed_micros = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
        let expected = self.said.saturating_add(elapsed_micros);
        let difference = wall.saturating_sub(expected);
        self.at = at;
        if difference.abs() <= JUMP_MICROS {
            self.off_since = None;
            let slew_max = elapsed_micros / SLEW_DIVISOR;
            self.said = expected.saturating_add(difference.clamp(-slew_max, slew_max));
            return;
        }
        let since = *self.off_since.get_or_insert(at);
        if at.saturating_duration_since(since) >= JUMP_HELD {
            self.off_since = None;
            // Time never goes back: a wall clock that was set back is waited for.
            self.said = wall.max(self.said);
        } else {
            self.said = expected;
        }
    }
}

fn wall_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State { said: 1_000_000_000, at: Instant::now(), off_since: None }
    }

    #[test]
    fn small_differences_are_slewed() {
        let mut state = state();
        let later = state.at + Duration::from_secs(1);
        state.advance(later, 1_000_000_000 + 1_500_000);
        assert_eq!(state.said, 1_000_000_000 + 1_000_000 + 10_000);
        let later = later + Duration::from_secs(1);
        state.advance(later, 1_000_000_000);
        assert_eq!(state.said, 1_000_000_000 + 1_010_000 + 990_000);
    }

    #[test]
    fn a_jump_is_followed_once_it_has_held() {
        let mut state = state();
        let day = 86_400_000_000;
        let mut at = state.at;
        for second in 1..=60 {
            at += Duration::from_secs(1);
            state.advance(at, 1_000_000_000 + day + second * 1_000_000);
            assert!(state.said < 1_000_000_000 + day, "followed after {second} s");
        }
        at += Duration::from_secs(1);
        state.advance(at, 1_000_000_000 + day + 61_000_000);
        assert_eq!(state.said, 1_000_000_000 + day + 61_000_000);
    }

    #[test]
    fn a_jump_that_does_not_hold_is_ignored() {
        let mut state = state();
        let at = state.at + Duration::from_secs(1);
        state.advance(at, 1_000_000_000 + 3_600_000_000);
        let at = at + Duration::from_secs(1);
        state.advance(at, 1_000_000_000 + 2_000_000);
        assert_eq!(state.said, 1_000_000_000 + 2_000_000);
    }
}
