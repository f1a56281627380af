//! Experiment E5: a service loses 60 % of its capacity for five seconds, and those who call it repeat what fails.

use motet_policy::balancer::Member;
use motet_policy::budget::{self, Budget};
use motet_policy::governor::{Governor, Options, Report, Ticket, Wish};
use motet_policy::random::Random;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt::Write;

use crate::contender::at;
use crate::replica::{MILLI, Micros, SECOND, Service, exponential};
use crate::table::figure;

const WORKERS: usize = 32;
const TIMEOUT: Micros = 100 * MILLI;
const LASTS: Micros = 60 * SECOND;
const FAULT: std::ops::Range<Micros> = 10 * SECOND..15 * SECOND;
const FAULT_SPEED: f64 = 0.4;
const ATTEMPTS_MAX: u32 = 4;
/// What the callers ask for, as a share of the whole capacity.
const OFFERED: f64 = 0.7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    NoRetry,
    ThreeRetries,
    Budget,
    /// Everything together, with one endpoint.
    Motet,
}

/// Share of calls served, in %, by when they came; calls sent per call; seconds until 99 % are served again.
#[derive(Clone, Copy, Debug)]
struct Result {
    during: f64,
    after: f64,
    late: f64,
    amplification: f64,
    recovery: f64,
}

pub(crate) fn table() -> String {
    let mut text = "| E5 capacity falls to 40 % for 5 s | served during, % | 0 to 5 s after, % | 25 to 45 s after, % | attempts per call | recovery, s |\n|---|---|---|---|---|---|\n".to_owned();
    for (label, service) in services() {
        for caller in [Caller::NoRetry, Caller::ThreeRetries, Caller::Budget, Caller::Motet] {
            let result = mean(service, caller);
            let name = match caller {
                Caller::NoRetry => "no retries",
                Caller::ThreeRetries => "3 retries",
                Caller::Budget => "3 retries, budget 20 %",
                Caller::Motet => "**Motet**: 3 retries, governed",
            };
            let Result { during, after, late, amplification, recovery } = result;
            let cells = [during, after, late, amplification, recovery].map(figure).join(" | ");
            writeln!(text, "| {label} {name} | {cells} |").expect("strings take everything");
            if caller == Caller::Motet {
                assert!(during >= 46.0, "{label}: {result:?}");
                assert!(recovery < 1.0 + 1e-9, "{label}: {result:?}");
                assert!(amplification <= 1.1, "{label}: {result:?}");
            }
        }
    }
    text
}

fn services() -> [(&'static str, Service); 3] {
    [
        ("a", Service::Normal { mean: 10_000.0, deviation: 3_000.0 }),
        ("b", Service::LogNormal { mean: 10_000.0, sigma: 0.6 }),
        ("c", Service::Constant { mean: 10_000.0 }),
    ]
}

fn mean(service: Service, caller: Caller) -> Result {
    let runs = [1, 2, 3].map(|seed| World::new(service, caller, seed).run());
    let mean = |of: fn(&Result) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
    Result {
        during: mean(|run| run.during),
        after: mean(|run| run.after),
        late: mean(|run| run.late),
        amplification: mean(|run| run.amplification),
        recovery: mean(|run| run.recovery),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    Send {
        call: usize,
    },
    /// The caller gives an attempt up.
    Timeout {
        attempt: usize,
    },
    Done {
        attempt: usize,
    },
}

struct Call {
    came: Micros,
    attempts: u32,
    is_served: bool,
}

struct Attempt {
    call: usize,
    is_open: bool,
    ticket: Option<Ticket>,
}

struct World {
    service: Service,
    caller: Caller,
    random: Random,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    planned: u64,
    calls: Vec<Call>,
    attempts: Vec<Attempt>,
    busy: usize,
    waiting: VecDeque<usize>,
    governor: Governor,
    budget: Budget,
}

impl World {
    fn new(service: Service, caller: Caller, seed: u64) -> Self {
        let mut governor = Governor::new(Options::default(), seed);
        governor.insert(at(0), Member { identity: 0, weight: 1.0, zone: None });
        Self {
            service,
            caller,
            random: Random::new(seed),
            events: BinaryHeap::new(),
            planned: 0,
            calls: Vec::new(),
            attempts: Vec::new(),
            busy: 0,
            waiting: VecDeque::new(),
            governor,
            budget: Budget::new(budget::Options::default()),
        }
    }

    fn run(mut self) -> Result {
        self.plan(0, Event::Arrival);
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            match event {
                Event::Arrival => self.arrive(now),
                Event::Send { call } => self.send(now, call),
                Event::Timeout { attempt } => self.time_out(now, attempt),
                Event::Done { attempt } => self.done(now, attempt),
            }
        }
        self.result()
    }

    fn plan(&mut self, at: Micros, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, event)));
    }

    fn arrive(&mut self, now: Micros) {
        let rate = OFFERED * WORKERS as f64 * SECOND as f64 / self.service.mean();
        let gap = exponential(SECOND as f64 / rate, &mut self.random) as Micros;
        if now + gap < LASTS {
            self.plan(now + gap, Event::Arrival);
        }
        self.budget.deposit(at(now));
        self.calls.push(Call { came: now, attempts: 0, is_served: false });
        self.send(now, self.calls.len() - 1);
    }

    fn send(&mut self, now: Micros, call: usize) {
        let mut ticket = None;
        if self.caller == Caller::Motet {
            let wish = Wish { is_repeat: self.calls[call].attempts > 0, ..Wish::default() };
            let Ok(admitted) = self.governor.admit(at(now), wish) else {
                // A durable step would wait here; this caller has none, and counts it as not served.
                return;
            };
            ticket = Some(admitted);
        }
        self.calls[call].attempts += 1;
        let attempt = self.attempts.len();
        self.attempts.push(Attempt { call, is_open: true, ticket });
        self.plan(now + TIMEOUT, Event::Timeout { attempt });
        if self.busy < WORKERS {
            self.work(now, attempt);
        } else {
            self.waiting.push_back(attempt);
        }
    }

    fn work(&mut self, now: Micros, attempt: usize) {
        self.busy += 1;
        let speed = if FAULT.contains(&now) { FAULT_SPEED } else { 1.0 };
        let takes = (self.service.draw(&mut self.random) / speed) as Micros;
        self.plan(now + takes, Event::Done { attempt });
    }

    fn done(&mut self, now: Micros, attempt: usize) {
        self.busy -= 1;
        if let Some(next) = self.waiting.pop_front() {
            self.work(now, next);
        }
        if std::mem::take(&mut self.attempts[attempt].is_open) {
            let call = self.attempts[attempt].call;
            self.calls[call].is_served = true;
            self.report(now, attempt, Report::Answered);
        }
    }

    fn time_out(&mut self, now: Micros, attempt: usize) {
        if !std::mem::take(&mut self.attempts[attempt].is_open) {
            return;
        }
        self.report(now, attempt, Report::Overloaded { retry_after: None });
        let call = self.attempts[attempt].call;
        let may_retry = self.calls[call].attempts < ATTEMPTS_MAX
            && match self.caller {
                Caller::NoRetry => false,
                Caller::ThreeRetries | Caller::Motet => true,
                Caller::Budget => self.budget.withdraw(at(now)),
            };
        if may_retry {
            let pause = self.random.below(20 * MILLI as usize) as Micros;
            self.plan(now + pause, Event::Send { call });
        }
    }

    fn report(&mut self, now: Micros, attempt: usize, report: Report) {
        if let Some(ticket) = self.attempts[attempt].ticket.take() {
            self.governor.report(at(now), ticket, report);
        }
    }

    fn result(&self) -> Result {
        let served = |from: Micros, to: Micros| {
            let of = self.calls.iter().filter(|call| (from..to).contains(&call.came));
            let (all, good) = of.fold((0_u64, 0_u64), |(all, good), call| {
                (all + 1, good + u64::from(call.is_served))
            });
            100.0 * good as f64 / all.max(1) as f64
        };
        let step = SECOND / 10;
        let recovered = (FAULT.end..LASTS)
            .step_by(step as usize)
            .find(|from| served(*from, from + step) >= 99.0)
            .unwrap_or(LASTS);
        let during = FAULT.start..FAULT.end + SECOND;
        let (calls, attempts) = self
            .calls
            .iter()
            .filter(|call| during.contains(&call.came))
            .fold((0_u64, 0_u64), |(calls, sent), call| {
                (calls + 1, sent + u64::from(call.attempts))
            });
        Result {
            during: served(FAULT.start, FAULT.end),
            after: served(FAULT.end, FAULT.end + 5 * SECOND),
            late: served(FAULT.end + 25 * SECOND, LASTS),
            amplification: attempts as f64 / calls as f64,
            recovery: (recovered - FAULT.end) as f64 / SECOND as f64,
        }
    }
}
