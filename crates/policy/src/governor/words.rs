use std::time::Duration;

use motet_types::Timestamp;

use crate::balancer::{self, Slot};
use crate::breaker::{self, Pass};
use crate::ejection::Cause;
use crate::limiter::Sign;

/// What a call asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub endpoint: balancer::Wish,
    /// The same call has left before: it draws on the budget of repeats.
    pub is_repeat: bool,
}

/// A call that may leave; it has to be reported, whatever comes of it.
#[derive(Debug)]
#[must_use = "a call that may leave has to be reported"]
pub struct Ticket {
    pub(super) call: balancer::Ticket,
    pub(super) pass: Pass,
    /// When a second copy may be asked for, counted from the beginning.
    pub hedge_after: Option<Duration>,
}

impl Ticket {
    /// The endpoint that gets the call.
    pub fn slot(&self) -> Slot {
        self.call.slot()
    }
}

/// Why a call does not leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub reason: Reason,
    /// When it is worth asking again; `None`: when another call has ended, or an endpoint has changed.
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No endpoint may be called.
    Endpoint,
    Breaker,
    /// As many calls are in flight as may be, or as many have left lately.
    Limit,
    /// It would be a repeat, and there were too many.
    Budget,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It was answered, be it that the answer says no to the caller.
    Answered,
    /// The service failed: no connection, one that broke, a status of its own defects (5xx but 503).
    Failed,
    /// There was too much for it: silence, 429, 503; for how long it wants to be spared.
    Overloaded { retry_after: Option<Duration> },
    /// It was given up for reasons of our own, which say nothing.
    Withdrawn,
}

impl Report {
    pub(super) fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Overloaded { .. })
    }

    pub(super) fn of_endpoint(self) -> balancer::Report {
        match self {
            Self::Answered => balancer::Report::Answered,
            Self::Failed => balancer::Report::Failed { retry_after: None },
            Self::Overloaded { retry_after } => balancer::Report::Failed { retry_after },
            Self::Withdrawn => balancer::Report::Withdrawn,
        }
    }

    pub(super) fn sign(self) -> Sign {
        match self {
            Self::Answered => Sign::Served,
            Self::Overloaded { .. } => Sign::Overload,
            Self::Failed | Self::Withdrawn => Sign::Neither,
        }
    }
}

/// What is different from before, for people and for calls that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Ejected {
        slot: Slot,
        until: Timestamp,
        cause: Cause,
    },
    /// Its time is over, or it has shown that it is well.
    Returned {
        slot: Slot,
    },
    /// What probes say of it.
    Healthy {
        slot: Slot,
        is_healthy: bool,
    },
    Opened {
        until: Timestamp,
    },
    /// The service is back, and gets more calls with each that succeeds.
    Ramping,
    Closed,
}

/// The state of the whole, for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub breaker: breaker::State,
    pub in_flight: u32,
    /// How many may be, as learnt.
    pub limit: Option<u32>,
    /// Repeats that are left.
    pub repeats: f64,
    /// Calls and failures within the breaker's window.
    pub calls: u64,
    pub failures: u64,
}
