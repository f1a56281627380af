//! Those who choose: Motet's own code, and what others do.

use std::time::Duration;

use motet_policy::balancer::{self, Member};
use motet_policy::ewma::PeakEwma;
use motet_policy::governor::{Governor, Options, Report, Ticket, Wish};
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
    Motet(Box<Governor>),
    Oracle { random: Random },
}

#[derive(Clone, Default)]
pub(crate) struct Known {
    in_flight: usize,
    latency: Option<PeakEwma>,
}

/// A call on its way, as its caller remembers it.
#[derive(Default)]
pub(crate) enum Memory {
    #[default]
    Nothing,
    Ticket(Ticket),
}

/// A call that has to wait at its caller: until another one has ended, or until then.
pub(crate) struct Held(pub(crate) Option<Micros>);

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
        let balancer = balancer::Options { decay, ..balancer::Options::default() };
        let mut governor = Governor::new(Options { balancer, ..Options::default() }, seed);
        for identity in 0..replicas as u64 {
            governor.insert(Timestamp::default(), Member { identity, weight: 1.0, zone: None });
        }
        Self::Motet(Box::new(governor))
    }

    pub(crate) fn pick(
        &mut self,
        now: Micros,
        replicas: &[Replica],
        service: Service,
    ) -> Result<(usize, Memory), Held> {
        let at = at(now);
        let index = match self {
            Self::RoundRobin { next } => {
                *next = (*next + 1) % replicas.len();
                *next
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
                index
            }
            Self::Motet(governor) => {
                if governor.next_due().is_some_and(|due| due <= at) {
                    governor.tick(at);
                }
                let ticket = governor
                    .admit(at, Wish::default())
                    .map_err(|wait| Held(wait.until.map(|until| until.as_micros() as Micros)))?;
                return Ok((ticket.slot().0 as usize, Memory::Ticket(ticket)));
            }
            Self::Oracle { random } => {
                let first = random.below(replicas.len());
                let order = (0..replicas.len()).map(|index| (first + index) % replicas.len());
                let expected = |index: &usize| replicas[*index].expected(now, service);
                let best = order.min_by(|a, b| expected(a).total_cmp(&expected(b)));
                best.expect("there are replicas")
            }
        };
        Ok((index, Memory::Nothing))
    }

    pub(crate) fn ended(
        &mut self,
        now: Micros,
        index: usize,
        took: Micros,
        memory: Memory,
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
            Self::Motet(governor) => {
                let Memory::Ticket(ticket) = memory else { return };
                let report = if is_good { Report::Answered } else { OVERLOADED };
                governor.report(at, ticket, report);
            }
            Self::RoundRobin { .. } | Self::Oracle { .. } => {}
        }
    }
}

/// What refuses in the experiments answers 503.
const OVERLOADED: Report = Report::Overloaded { retry_after: None };

pub(crate) fn at(now: Micros) -> Timestamp {
    Timestamp::from_micros(now as i64)
}
