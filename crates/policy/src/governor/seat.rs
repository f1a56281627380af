use std::time::Duration;

use motet_types::Timestamp;

use crate::balancer::Condition;
use crate::health::{self, Health};

/// Why an endpoint may or may not be called.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) health: Health,
    pub(super) is_suspect: bool,
    pub(super) is_draining: bool,
    pub(super) ejected_until: Option<Timestamp>,
    /// How it stood when that was looked at last: its condition, and whether it is well.
    stood: (Condition, bool),
}

impl Seat {
    pub(super) fn new(health: health::Options) -> Self {
        Self {
            health: Health::new(health),
            is_suspect: false,
            is_draining: false,
            ejected_until: None,
            stood: (Condition::Usable, true),
        }
    }

    /// Whether it stands otherwise than the last time that this was asked.
    pub(super) fn has_turned(&mut self) -> bool {
        let stands = (self.condition(), self.health.is_healthy());
        std::mem::replace(&mut self.stood, stands) != stands
    }

    /// What all of it comes to.
    pub(super) fn condition(&self) -> Condition {
        if self.is_draining {
            Condition::Out
        } else if self.ejected_until.is_some() {
            Condition::Ejected
        } else if self.is_in_doubt() {
            Condition::Suspect
        } else {
            Condition::Usable
        }
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_suspect || !self.health.is_healthy()
    }
}

/// What people see of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointView {
    pub condition: Condition,
    pub in_flight: usize,
    /// As the balancer sees it; `None` before its first call has ended.
    pub latency: Option<Duration>,
    pub is_healthy: bool,
    /// Its lease is over.
    pub is_suspect: bool,
    pub is_draining: bool,
    pub ejected_until: Option<Timestamp>,
}
