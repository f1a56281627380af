//! Calls over replicas, in virtual time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use motet_policy::random::Random;

use crate::contender::{Caller, Held, Kind, Memory};
use crate::replica::{Micros, Replica, SECOND, Service, Trouble, exponential};

/// When calls come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arrivals {
    /// Independent of each other.
    Poisson,
    /// Poisson, at 1.6 times the rate and at 0.4 times the rate in turn, each for about this long.
    Bursts { mean: Micros },
}

/// One experiment with one set of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) workers: usize,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) service: Service,
    pub(crate) arrivals: Arrivals,
    /// Calls per second, of all callers together.
    pub(crate) rate: f64,
    pub(crate) callers: usize,
    pub(crate) lasts: Micros,
    pub(crate) decay: Duration,
}

/// What came of every call: how long it took, and whether it ended well.
pub(crate) fn run(setup: &Setup, kind: Kind, seed: u64) -> Vec<(Micros, bool)> {
    let mut world = World::new(setup, kind, seed);
    world.plan_arrival(0);
    while let Some(Reverse((now, _, event))) = world.events.pop() {
        match event {
            Event::Arrival => world.arrive(now),
            Event::Retry { caller } => world.send_waiting(now, caller),
            Event::Done { replica, call } => world.done(now, replica, call),
        }
    }
    world.results
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    /// The time has come for which calls of this caller have waited.
    Retry {
        caller: usize,
    },
    Done {
        replica: usize,
        call: usize,
    },
}

struct Call {
    caller: usize,
    began: Micros,
    memory: Memory,
    is_good: bool,
}

struct World<'a> {
    setup: &'a Setup,
    random: Random,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    planned: u64,
    burst: (bool, Micros),
    replicas: Vec<Replica>,
    callers: Vec<Caller>,
    /// Calls that their callers hold back.
    held: Vec<VecDeque<usize>>,
    calls: Vec<Call>,
    results: Vec<(Micros, bool)>,
}

impl<'a> World<'a> {
    fn new(setup: &'a Setup, kind: Kind, seed: u64) -> Self {
        let replicas = setup.troubles.iter().enumerate().map(|(index, trouble)| {
            let trouble = match *trouble {
                Trouble::Antagonist { often, speed, .. } => {
                    Trouble::Antagonist { often, speed, seed: seed * 1_000 + index as u64 }
                }
                other => other,
            };
            Replica::new(setup.workers, trouble)
        });
        let count = setup.troubles.len();
        Self {
            setup,
            random: Random::new(seed),
            events: BinaryHeap::new(),
            planned: 0,
            burst: (true, 0),
            replicas: replicas.collect(),
            callers: (0..setup.callers)
                .map(|caller| Caller::new(kind, count, setup.decay, seed * 7_919 + caller as u64))
                .collect(),
            held: vec![VecDeque::new(); setup.callers],
            calls: Vec::new(),
            results: Vec::new(),
        }
    }

    fn plan(&mut self, at: Micros, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, event)));
    }

    fn plan_arrival(&mut self, now: Micros) {
        let rate = match self.setup.arrivals {
            Arrivals::Poisson => self.setup.rate,
            Arrivals::Bursts { mean } => {
                if now >= self.burst.1 {
                    let lasts = exponential(mean as f64, &mut self.random) as Micros;
                    self.burst = (!self.burst.0, now + lasts);
                }
                self.setup.rate * if self.burst.0 { 1.6 } else { 0.4 }
            }
        };
        let gap = exponential(SECOND as f64 / rate, &mut self.random) as Micros;
        if now + gap < self.setup.lasts {
            self.plan(now + gap, Event::Arrival);
        }
    }

    fn arrive(&mut self, now: Micros) {
        self.plan_arrival(now);
        let caller = self.random.below(self.callers.len());
        let call = self.calls.len();
        self.calls.push(Call { caller, began: now, memory: Memory::Nothing, is_good: true });
        self.held[caller].push_back(call);
        self.send_waiting(now, caller);
    }

    /// Lets calls go as far as their caller does.
    fn send_waiting(&mut self, now: Micros, caller: usize) {
        while let Some(call) = self.held[caller].front().copied() {
            match self.callers[caller].pick(now, &self.replicas, self.setup.service) {
                Ok((replica, memory)) => {
                    self.held[caller].pop_front();
                    self.calls[call].memory = memory;
                    self.send(now, replica, call);
                }
                Err(Held(until)) => {
                    if let Some(until) = until {
                        self.plan(until.max(now + 1), Event::Retry { caller });
                    }
                    return;
                }
            }
        }
    }

    fn send(&mut self, now: Micros, replica: usize, call: usize) {
        let refuses = matches!(self.replicas[replica].trouble, Trouble::Refuses { .. });
        if refuses || self.replicas[replica].busy < self.setup.workers {
            self.begin(now, replica, call);
        } else {
            self.replicas[replica].waiting.push_back(call);
        }
    }

    fn begin(&mut self, now: Micros, replica: usize, call: usize) {
        let (takes, is_good) =
            self.replicas[replica].work(now, self.setup.service, &mut self.random);
        self.replicas[replica].busy += 1;
        self.calls[call].is_good = is_good;
        self.plan(now + takes, Event::Done { replica, call });
    }

    fn done(&mut self, now: Micros, replica: usize, call: usize) {
        self.replicas[replica].busy -= 1;
        if let Some(next) = self.replicas[replica].waiting.pop_front() {
            self.begin(now, replica, next);
        }
        let Call { caller, began, is_good, .. } = self.calls[call];
        let (took, memory) = (now - began, std::mem::take(&mut self.calls[call].memory));
        self.results.push((took, is_good));
        self.callers[caller].ended(now, replica, took, memory, is_good);
        self.send_waiting(now, caller);
    }
}
