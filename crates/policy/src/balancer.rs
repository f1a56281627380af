//! Which endpoint gets a call.

mod endpoint;
mod pick;

use std::time::Duration;

use motet_types::Timestamp;

use crate::random::Random;
use crate::ring::Ring;

use endpoint::Endpoint;

/// How endpoints are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Lowest score wins: max(latency, age of the oldest call in flight) × (calls in flight + 1) / weight.
    #[default]
    Ewma,
    /// Fewest calls in flight per weight.
    LeastRequest,
    /// In turn, by weight.
    RoundRobin,
    /// By chance, by weight.
    Random,
    /// By the hash of a key; each key keeps its endpoint while others come and go.
    RingHash,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub strategy: Strategy,
    /// Time constant of the latency's average.
    pub decay: Duration,
    /// What a failure counts as, at least.
    pub failure_latency: Duration,
    /// The most that an endpoint's own "retry after" counts as.
    pub retry_after_max: Duration,
    /// An endpoint's share grows to its full weight over this time after it came.
    pub slow_start: Duration,
    /// Up to so many endpoints all are compared; of more, some.
    pub full_scan_max: usize,
    /// How many are compared then.
    pub choices: usize,
    /// The caller's own zone is preferred while this share of its endpoints, times 1.4, could carry its calls.
    pub zone_endpoints_min: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strategy: Strategy::Ewma,
            decay: Duration::from_secs(10),
            failure_latency: Duration::from_secs(5),
            retry_after_max: Duration::from_secs(300),
            slow_start: Duration::ZERO,
            full_scan_max: 64,
            choices: 4,
            zone_endpoints_min: 6,
        }
    }
}

/// Whether an endpoint gets calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    #[default]
    Usable,
    /// Only while no other one is usable: its lease is over, or its probes fail.
    Suspect,
    /// Only while nobody else is there at all.
    Ejected,
    /// Never: it is draining, or in maintenance.
    Out,
}

/// What is fixed about an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Stable identity, for the ring.
    pub identity: u64,
    /// Share of the calls relative to the others', above 0.
    pub weight: f64,
    /// Any number that means a zone.
    pub zone: Option<u32>,
}

/// The place of an endpoint in its balancer, valid until it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// What a call asks of the choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// For [`Strategy::RingHash`]; without one, that strategy chooses by chance.
    pub key: Option<u64>,
    /// The caller's own zone.
    pub zone: Option<u32>,
    /// Tried last: where the call failed before.
    pub avoid: Option<Slot>,
}

/// A call in flight.
#[derive(Debug)]
#[must_use = "a call that is begun has to be ended"]
pub struct Ticket {
    slot: Slot,
    number: u64,
    started: Timestamp,
}

impl Ticket {
    pub fn slot(&self) -> Slot {
        self.slot
    }

    pub fn started(&self) -> Timestamp {
        self.started
    }
}

/// What came of a call, as far as it speaks of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    Answered,
    /// It failed, or the endpoint refused it; `retry_after`: for how long it wants to be spared.
    Failed {
        retry_after: Option<Duration>,
    },
    /// It was given up for reasons of our own, which say nothing.
    Withdrawn,
}

/// The endpoints of one version of a service.
#[derive(Clone, Debug)]
pub struct Balancer {
    options: Options,
    /// By slot; `None` where one was removed.
    endpoints: Vec<Option<Endpoint>>,
    /// Slots in use, in order.
    live: Vec<u32>,
    ring: Ring,
    random: Random,
    next_ticket: u64,
}

impl Balancer {
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            options,
            endpoints: Vec::new(),
            live: Vec::new(),
            ring: Ring::default(),
            random: Random::new(seed),
            next_ticket: 0,
        }
    }

    /// Adds an endpoint.
    pub fn insert(&mut self, now: Timestamp, member: Member) -> Slot {
        let endpoint = Endpoint::new(now, member);
        let free = self.endpoints.iter().position(Option::is_none);
        let index = free.unwrap_or(self.endpoints.len());
        if free.is_some() {
            self.endpoints[index] = Some(endpoint);
        } else {
            self.endpoints.push(Some(endpoint));
        }
        self.changed();
        Slot(index as u32)
    }

    /// Takes an endpoint out; its calls in flight end without a trace.
    pub fn remove(&mut self, slot: Slot) {
        if let Some(endpoint) = self.endpoints.get_mut(slot.0 as usize) {
            *endpoint = None;
        }
        self.changed();
    }

    pub fn set_condition(&mut self, slot: Slot, condition: Condition) {
        if let Some(endpoint) = self.endpoint_mut(slot) {
            endpoint.condition = condition;
        }
    }

    pub fn set_weight(&mut self, slot: Slot, weight: f64) {
        if let Some(endpoint) = self.endpoint_mut(slot) {
            endpoint.member.weight = weight;
        }
        self.changed();
    }

    pub fn condition(&self, slot: Slot) -> Option<Condition> {
        self.endpoint(slot).map(|endpoint| endpoint.condition)
    }

    pub fn in_flight(&self, slot: Slot) -> usize {
        self.endpoint(slot).map_or(0, Endpoint::in_flight)
    }

    /// The endpoint's latency as the strategy sees it; `None` before its first call has ended.
    pub fn latency(&self, slot: Slot, now: Timestamp) -> Option<Duration> {
        let micros = self.endpoint(slot)?.latency(now, self.options.decay)?;
        Some(Duration::from_secs_f64(micros / 1e6))
    }

    pub fn len(&self) -> usize {
        self.live.len()
    }

    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// A call leaves for an endpoint that was picked.
    pub fn begin(&mut self, slot: Slot, now: Timestamp) -> Ticket {
        self.next_ticket += 1;
        let number = self.next_ticket;
        if let Some(endpoint) = self.endpoint_mut(slot) {
            endpoint.begin(number, now);
        }
        Ticket { slot, number, started: now }
    }

    /// A call has ended; tells whether its endpoint is still there, and not another one in its place.
    pub fn end(&mut self, ticket: &Ticket, now: Timestamp, report: Report) -> bool {
        let options = self.options;
        let Some(endpoint) = self.endpoint_mut(ticket.slot) else {
            return false;
        };
        if !endpoint.end(ticket.number) {
            return false;
        }
        let took = now.since(ticket.started);
        let sample = match report {
            Report::Answered => took,
            Report::Failed { retry_after } => {
                let spared = retry_after.map(|spared| spared.min(options.retry_after_max));
                took.max(spared.unwrap_or(options.failure_latency))
            }
            Report::Withdrawn => return true,
        };
        endpoint.observe(now, sample, options.decay);
        true
    }

    fn endpoint(&self, slot: Slot) -> Option<&Endpoint> {
        self.endpoints.get(slot.0 as usize)?.as_ref()
    }

    fn endpoint_mut(&mut self, slot: Slot) -> Option<&mut Endpoint> {
        self.endpoints.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Members or weights are others than before.
    fn changed(&mut self) {
        let indexed = self.endpoints.iter().enumerate();
        self.live = indexed
            .filter_map(|(index, endpoint)| endpoint.as_ref().map(|_| index as u32))
            .collect();
        if self.options.strategy == Strategy::RingHash {
            let (live, endpoints) = (&self.live, &self.endpoints);
            let members = live.iter().filter_map(|index| {
                let member = endpoints[*index as usize].as_ref()?.member;
                Some((*index, member.identity, member.weight))
            });
            self.ring = Ring::new(members);
        }
    }
}
