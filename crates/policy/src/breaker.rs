//! Whether calls to a service may leave at all.

use std::time::Duration;

use motet_types::Timestamp;

use crate::window::{Counts, Window};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Share of failures (0 to 1) that opens it.
    pub failure_share: f64,
    /// Calls that the window must hold before the share says anything.
    pub calls_min: u64,
    pub window: Duration,
    /// Until the first probe; doubles with each that fails.
    pub open_min: Duration,
    pub open_max: Duration,
    /// A ramp that has come so far is over.
    pub ramp_calls_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            failure_share: 0.5,
            calls_min: 20,
            window: Duration::from_secs(10),
            open_min: Duration::from_secs(5),
            open_max: Duration::from_secs(60),
            ramp_calls_max: 128,
        }
    }
}

/// What people see of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls pass.
    Closed,
    /// Calls park, at least until then.
    Open { until: Timestamp },
    /// One call is out to see whether the service is back.
    HalfOpen,
    /// The service is back: so many calls may be in flight, and more with each success.
    Ramping { limit: u32 },
}

/// Why a call does not leave: wait at least so long; `None`: until something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub until: Option<Timestamp>,
}

/// A call that may leave; to be reported.
#[derive(Debug)]
#[must_use = "a call that may leave has to be reported"]
pub struct Pass {
    /// Calls that left in an earlier state say nothing about this one.
    epoch: u64,
}

/// The breaker of one service and version (Nygard, "Release It!", 2007), with a ramp in place of a sudden closing.
#[derive(Clone, Debug)]
pub struct Breaker {
    options: Options,
    state: State,
    epoch: u64,
    window: Window,
    /// How long it stays open the next time.
    next_open: Duration,
    in_flight: u32,
    /// Whether any call has ended.
    has_heard: bool,
}

impl Breaker {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Closed,
            epoch: 0,
            window: Window::new(options.window),
            next_open: options.open_min,
            in_flight: 0,
            has_heard: false,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// Calls and failures of the window.
    pub fn counts(&mut self, now: Timestamp) -> Counts {
        self.window.counts(now)
    }

    /// Whether a call would have to wait.
    pub fn held(&self, now: Timestamp) -> Option<Held> {
        match self.state {
            State::Open { until } if now < until => Some(Held { until: Some(until) }),
            State::HalfOpen => Some(Held { until: None }),
            State::Ramping { limit } if self.in_flight >= limit => Some(Held { until: None }),
            State::Closed | State::Open { .. } | State::Ramping { .. } => None,
        }
    }

    /// Asks for a call.
    ///
    /// # Errors
    /// It has to wait.
    pub fn admit(&mut self, now: Timestamp) -> Result<Pass, Held> {
        if let Some(held) = self.held(now) {
            return Err(held);
        }
        if matches!(self.state, State::Open { .. }) {
            self.enter(State::HalfOpen);
        }
        self.in_flight += 1;
        Ok(Pass { epoch: self.epoch })
    }

    /// A call ended; tells whether the state changed.
    ///
    /// A failure is one that speaks of the service: no connection, silence, 502, 503, 504, 429. An answer that says no to
    /// the caller is a success here.
    pub fn report(&mut self, now: Timestamp, pass: &Pass, is_failure: bool) -> bool {
        self.has_heard = true;
        if pass.epoch != self.epoch {
            return false;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        let before = self.state;
        match self.state {
            State::Closed => self.counted(now, is_failure),
            State::HalfOpen if is_failure => self.open(now),
            State::HalfOpen => self.enter(State::Ramping { limit: 1 }),
            State::Ramping { limit: 1 } if is_failure => self.open(now),
            State::Ramping { limit } if is_failure => {
                self.state = State::Ramping { limit: limit / 2 };
            }
            State::Ramping { limit } if limit >= self.options.ramp_calls_max => self.close(),
            State::Ramping { limit } => self.state = State::Ramping { limit: limit + 1 },
            State::Open { .. } => {}
        }
        before != self.state
    }

    /// A call that may leave was not sent after all.
    pub fn withdraw(&mut self, now: Timestamp, pass: &Pass) {
        if pass.epoch != self.epoch {
            return;
        }
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.state == State::HalfOpen {
            self.state = State::Open { until: now };
        }
    }

    /// Opens it at once: the last endpoint has failed. Before it is closed its own probes and its ramp decide.
    pub fn trip(&mut self, now: Timestamp) {
        if self.state == State::Closed {
            self.open(now);
        }
    }

    /// It was open when it was last heard of, before a restart: it stays so, unless calls have shown otherwise since.
    pub fn recall(&mut self, until: Timestamp) {
        let is_fresh = self.epoch == 0 && !self.has_heard;
        match &mut self.state {
            State::Closed if is_fresh => self.enter(State::Open { until }),
            State::Open { until: known } if !self.has_heard => *known = until.max(*known),
            _ => {}
        }
    }

    /// Something shows that the service may be back: the next call may try it.
    pub fn encourage(&mut self, now: Timestamp) {
        if let State::Open { until } = &mut self.state {
            *until = now.min(*until);
        }
    }

    fn counted(&mut self, now: Timestamp, is_failure: bool) {
        self.window.add(now, Counts { total: 1, marked: u64::from(is_failure) });
        let counts = self.window.counts(now);
        let is_full = counts.total >= self.options.calls_min;
        if is_full && counts.marked as f64 >= self.options.failure_share * counts.total as f64 {
            self.open(now);
        }
    }

    fn open(&mut self, now: Timestamp) {
        let until = now.saturating_add(self.next_open);
        self.next_open = (self.next_open * 2).min(self.options.open_max);
        self.enter(State::Open { until });
    }

    fn close(&mut self) {
        self.next_open = self.options.open_min;
        self.window.clear();
        // Calls of the ramp go on counting: nothing is forgotten at the moment it closes.
        self.state = State::Closed;
    }

    fn enter(&mut self, state: State) {
        // The calls of a ramp stay its own; before it, every state begins with none.
        if !matches!((self.state, state), (State::HalfOpen, State::Ramping { .. })) {
            self.epoch += 1;
            self.in_flight = 0;
        }
        self.state = state;
    }
}
