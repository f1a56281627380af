//! Experiment E6: processes that need several calls to a service with too little capacity for all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;

use motet_policy::balancer::Member;
use motet_policy::governor::{Governor, Options, Report, Ticket, Wish};
use motet_policy::queue::{Class, Queue};
use motet_policy::random::Random;

use crate::contender::at;
use crate::replica::{MILLI, Micros, SECOND, Service, exponential};
use crate::table::figure;

const WORKERS: usize = 32;
const PATIENCE: Micros = 2 * SECOND;
/// Between two calls of a process, on average, in microseconds.
const PAUSE: f64 = 5_000.0;
const LASTS: Micros = 40 * SECOND;
/// Processes that came before the queue was full, or too late to complete, are left out.
const COUNTED: std::ops::Range<Micros> = 10 * SECOND..30 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    /// What finds no free worker is refused.
    Refuse,
    /// First come, first served.
    Fifo,
    /// By class, as Motet does.
    Motet,
}

pub(crate) fn table() -> String {
    let mut text = "| E6 processes of several calls | overload | completed, %: refused by chance | first come, first served | **Motet** | ideal |\n|---|---|---|---|---|---|\n".to_owned();
    let work = [
        ("a", Service::Normal { mean: 10_000.0, deviation: 3_000.0 }),
        ("b", Service::LogNormal { mean: 10_000.0, sigma: 1.0 }),
        ("c", Service::Constant { mean: 10_000.0 }),
    ];
    for (label, service) in work {
        for (calls, factor) in [(4, 1.5), (4, 2.0), (4, 4.0), (8, 2.0), (8, 4.0)] {
            let of = |admission| {
                let runs =
                    [1, 2, 3].map(|seed| World::new(service, calls, factor, admission, seed).run());
                runs.iter().sum::<f64>() / runs.len() as f64
            };
            let ideal = 100.0 / factor;
            let figures = [of(Admission::Refuse), of(Admission::Fifo), of(Admission::Motet), ideal];
            assert!(figures[2] >= 0.95 * ideal, "{label} {calls} {factor}: {figures:?}");
            let cells = figures.map(figure).join(" | ");
            writeln!(text, "| {label} {calls} calls each | {factor} times | {cells} |")
                .expect("strings take everything");
        }
    }
    text
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    /// A process asks for its next call.
    Call {
        process: usize,
    },
    Done {
        process: usize,
    },
}

struct Process {
    came: Micros,
    calls_left: u32,
    is_completed: bool,
    ticket: Option<Ticket>,
}

struct World {
    service: Service,
    calls: u32,
    factor: f64,
    admission: Admission,
    random: Random,
    events: BinaryHeap<Reverse<(Micros, u64, Event)>>,
    planned: u64,
    processes: Vec<Process>,
    busy: usize,
    /// With a bulkhead of as many calls as there are workers.
    governor: Governor,
    waiting: Queue<usize>,
}

impl World {
    fn new(service: Service, calls: u32, factor: f64, admission: Admission, seed: u64) -> Self {
        let options = Options { calls_max: Some(WORKERS as u32), ..Options::default() };
        let mut governor = Governor::new(options, seed);
        governor.insert(at(0), Member { identity: 0, weight: 1.0, zone: None });
        Self {
            service,
            calls,
            factor,
            admission,
            random: Random::new(seed),
            events: BinaryHeap::new(),
            planned: 0,
            processes: Vec::new(),
            busy: 0,
            governor,
            waiting: Queue::default(),
        }
    }

    fn run(mut self) -> f64 {
        self.plan(0, Event::Arrival);
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            match event {
                Event::Arrival => self.arrive(now),
                Event::Call { process } => self.call(now, process),
                Event::Done { process } => self.done(now, process),
            }
        }
        let counted = self.processes.iter().filter(|process| COUNTED.contains(&process.came));
        let (all, completed) = counted
            .fold((0_u64, 0_u64), |(all, done), own| (all + 1, done + u64::from(own.is_completed)));
        100.0 * completed as f64 / all as f64
    }

    fn plan(&mut self, at: Micros, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, event)));
    }

    fn arrive(&mut self, now: Micros) {
        let capacity = WORKERS as f64 * SECOND as f64 / self.service.mean();
        let rate = self.factor * capacity / f64::from(self.calls);
        let gap = exponential(SECOND as f64 / rate, &mut self.random) as Micros;
        if now + gap < LASTS {
            self.plan(now + gap.max(MILLI / 100), Event::Arrival);
        }
        let calls_left = self.calls;
        self.processes.push(Process { came: now, calls_left, is_completed: false, ticket: None });
        self.call(now, self.processes.len() - 1);
    }

    fn call(&mut self, now: Micros, process: usize) {
        if self.is_free(now) {
            return self.work(now, process);
        }
        let class = match self.admission {
            Admission::Refuse => return,
            Admission::Motet if self.processes[process].calls_left < self.calls => Class::Started,
            Admission::Fifo | Admission::Motet => Class::New,
        };
        self.waiting.push(at(now), class, process);
    }

    fn work(&mut self, now: Micros, process: usize) {
        self.busy += 1;
        if self.admission == Admission::Motet {
            let ticket = self.governor.admit(at(now), Wish::default());
            self.processes[process].ticket = Some(ticket.expect("nothing held it back just now"));
        }
        let takes = self.service.draw(&mut self.random) as Micros;
        self.plan(now + takes, Event::Done { process });
    }

    fn done(&mut self, now: Micros, process: usize) {
        self.busy -= 1;
        let own = &mut self.processes[process];
        if let Some(ticket) = own.ticket.take() {
            self.governor.report(at(now), ticket, Report::Answered);
        }
        own.calls_left -= 1;
        own.is_completed = own.calls_left == 0;
        if !own.is_completed {
            let pause = exponential(PAUSE, &mut self.random) as Micros;
            self.plan(now + pause, Event::Call { process });
        }
        while self.is_free(now) {
            let Some((since, next)) = self.waiting.pop() else { return };
            let waited = at(now).since(since).as_micros() as Micros;
            if waited <= PATIENCE {
                self.work(now, next);
            }
        }
    }

    fn is_free(&self, now: Micros) -> bool {
        match self.admission {
            Admission::Motet => self.governor.held(at(now)).is_none(),
            Admission::Refuse | Admission::Fifo => self.busy < WORKERS,
        }
    }
}
