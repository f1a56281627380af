//! Calls over the endpoints of one service, for `cargo xtask bench pick` to count what one costs: each is admitted and,
//! while a few others are out, reported; one of 128 fails. What is counted happens in the functions that are not inlined.

use std::collections::VecDeque;
use std::hint::black_box;

use motet_policy::balancer::Member;
use motet_policy::governor::{Governor, Options, Report, Ticket, Wish};
use motet_types::Timestamp;

/// Calls before the first that counts, and those that count.
const WARM_UP: i64 = 5_000;
const CALLS: i64 = 20_000;
/// Calls that are out at the same time; below what the limiter begins with.
const OUT: usize = 16;
/// Between two calls.
const GAP_MICROS: i64 = 100;
const FAILS_EVERY: i64 = 128;

fn main() {
    over_10_endpoints(&mut World::new(10));
    over_100_endpoints(&mut World::new(100));
    over_1000_endpoints(&mut World::new(1_000));
}

#[inline(never)]
fn over_10_endpoints(world: &mut World) {
    world.run_over(10);
}

#[inline(never)]
fn over_100_endpoints(world: &mut World) {
    world.run_over(100);
}

#[inline(never)]
fn over_1000_endpoints(world: &mut World) {
    world.run_over(1_000);
}

struct World {
    governor: Governor,
    out: VecDeque<Ticket>,
    calls: i64,
}

impl World {
    fn new(endpoints: u64) -> Self {
        let mut governor = Governor::new(Options::default(), 1);
        for identity in 0..endpoints {
            governor.insert(at(0), Member { identity, weight: 1.0, zone: None });
        }
        let mut world = Self { governor, out: VecDeque::with_capacity(OUT), calls: 0 };
        world.run(WARM_UP);
        world
    }

    /// The number tells the functions apart that are counted: the same ones would be made one.
    fn run_over(&mut self, endpoints: usize) {
        assert_eq!(self.governor.len(), endpoints);
        self.run(CALLS);
    }

    fn run(&mut self, calls: i64) {
        for _ in 0..calls {
            self.calls += 1;
            let now = at(self.calls);
            if self.governor.next_due().is_some_and(|due| due <= now) {
                black_box(self.governor.tick(now));
            }
            let ticket = self.governor.admit(now, Wish::default());
            self.out.push_back(black_box(ticket).expect("the service is well"));
            if self.out.len() == OUT
                && let Some(ticket) = self.out.pop_front()
            {
                let fails = self.calls % FAILS_EVERY == 0;
                let report = if fails { Report::Failed } else { Report::Answered };
                black_box(self.governor.report(now, ticket, report));
            }
        }
    }
}

fn at(calls: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + calls * GAP_MICROS)
}
