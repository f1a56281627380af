//! Those who choose: Motet's own code, and what others do.

use std::time::Duration;

use motet_policy::balancer::{Balancer, Condition, Member, Options, Report, Slot, Ticket, Wish};
use motet_policy::ejection::{self, Ejector, Verdict};
use motet_policy::ewma::PeakEwma;
use motet_policy::random::Random;
use motet_types::Timestamp;

use crate::replica::{Micros, Replica, Service};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    RoundRobin,
    /// The less busy one of two drawn by chance.
    P2cLeastConnections,
    /// The one with the lower peak EWMA × (calls in flight + 1) of two drawn by chance.
    P2cEwma,
    Motet,
    /// Knows every replica's speed and queue.
    Oracle,
}

pub(crate) const KINDS: [Kind; 5] =
    [Kind::RoundRobin, Kind::P2cLeastConnections, Kind::P2cEwma, Kind::Motet, Kind::Oracle];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round robin",
            Self::P2cLeastConnections => "P2C least connections",
            Self::P2cEwma => "P2C EWMA",
            Self::Motet => "**Motet**",
            Self::Oracle => "oracle",
        }
    }
}

/// One caller, which sees its own calls only.
pub(crate) enum Caller {
    RoundRobin { next: usize },
    P2c { by_latency: bool, decay: Duration, random: Random, known: Vec<Known> },
    Motet { balancer: Box<Balancer>, ejector: Box<Ejector>, compared: Timestamp },
    Oracle { random: Random },
}

#[derive(Clone, Default)]
pub(crate) struct Known {
    in_flight: usize,
    latency: Option<PeakEwma>,
}

/// A call on its way, as its caller remembers it.
pub(crate) enum Memory {
    Nothing,
    Ticket(Ticket),
}

impl Caller {
    pub(crate) fn new(kind: Kind, replicas: usize, decay: Duration, seed: u64) -> Self {
        match kind {
            Kind::RoundRobin => Self::RoundRobin { next: Random::new(seed).below(replicas) },
            Kind::P2cLeastConnections | Kind::P2cEwma => Self::P2c {
                by_latency: kind == Kind::P2cEwma,
                decay,
                random: Random::new(seed),
                known: vec![Known::default(); replicas],
            },
            Kind::Motet => Self::motet(replicas, decay, seed),
            Kind::Oracle => Self::Oracle { random: Random::new(seed) },
        }
    }

    fn motet(replicas: usize, decay: Duration, seed: u64) -> Self {
        let mut balancer = Balancer::new(Options { decay, ..Options::default() }, seed);
        let mut ejector = Ejector::new(ejection::Options::default());
        for replica in 0..replicas {
            let member = Member { identity: replica as u64, weight: 1.0, zone: None };
            ejector.insert(balancer.insert(Timestamp::default(), member), 0);
        }
        Self::Motet {
            balancer: Box::new(balancer),
            ejector: Box::new(ejector),
            compared: Timestamp::default(),
        }
    }

    pub(crate) fn pick(
        &mut self,
        now: Micros,
        replicas: &[Replica],
        service: Service,
    ) -> (usize, Memory) {
        let at = at(now);
        match self {
            Self::RoundRobin { next } => {
                *next = (*next + 1) % replicas.len();
                (*next, Memory::Nothing)
            }
            Self::P2c { by_latency, decay, random, known } => {
                let first = random.below(known.len());
                let second = (first + 1 + random.below(known.len() - 1)) % known.len();
                let score = |index: usize| {
                    let latency = known[index].latency.map_or(1.0, |own| own.project(at, *decay));
                    (known[index].in_flight + 1) as f64
                        * if *by_latency { latency.max(1.0) } else { 1.0 }
                };
                let index = if score(second) < score(first) { second } else { first };
                known[index].in_flight += 1;
                (index, Memory::Nothing)
            }
            Self::Motet { balancer, ejector, compared } => {
                for slot in (0..replicas.len()).map(|index| Slot(index as u32)) {
                    let is_out = balancer.condition(slot) == Some(Condition::Out);
                    if is_out && ejector.until(slot, at).is_none() {
                        balancer.set_condition(slot, Condition::Usable);
                    }
                }
                if at.since(*compared) >= Duration::from_secs(1) {
                    *compared = at;
                    for (slot, verdict) in ejector.compare(at) {
                        leave_out(balancer, slot, verdict);
                    }
                }
                let slot = balancer.pick(at, Wish::default()).expect("one is always usable");
                (slot.0 as usize, Memory::Ticket(balancer.begin(slot, at)))
            }
            Self::Oracle { random } => {
                let first = random.below(replicas.len());
                let order = (0..replicas.len()).map(|index| (first + index) % replicas.len());
                let expected = |index: &usize| replicas[*index].expected(now, service);
                let best = order.min_by(|a, b| expected(a).total_cmp(&expected(b)));
                (best.expect("there are replicas"), Memory::Nothing)
            }
        }
    }

    pub(crate) fn ended(
        &mut self,
        now: Micros,
        index: usize,
        took: Micros,
        memory: &Memory,
        is_good: bool,
    ) {
        let (at, took) = (at(now), Duration::from_micros(took));
        match self {
            Self::P2c { decay, known, .. } => {
                let own = &mut known[index];
                own.in_flight -= 1;
                match &mut own.latency {
                    Some(latency) => latency.observe(at, took, *decay),
                    None => own.latency = Some(PeakEwma::new(at, took)),
                }
            }
            Self::Motet { balancer, ejector, .. } => {
                let Memory::Ticket(ticket) = memory else { return };
                let report =
                    if is_good { Report::Answered } else { Report::Failed { retry_after: None } };
                balancer.end(ticket, at, report);
                let verdict = ejector.record(at, ticket.slot(), !is_good, took);
                leave_out(balancer, ticket.slot(), verdict);
            }
            Self::RoundRobin { .. } | Self::Oracle { .. } => {}
        }
    }
}

fn leave_out(balancer: &mut Balancer, slot: Slot, verdict: Verdict) {
    if matches!(verdict, Verdict::Ejected { .. }) {
        balancer.set_condition(slot, Condition::Out);
    }
}

pub(crate) fn at(now: Micros) -> Timestamp {
    Timestamp::from_micros(now as i64)
}
