//! Calls over the endpoints of one service, for `cargo xtask bench pick` to count what one of them costs.
//!
//! `pick ENDPOINTS CALLS`: each call is admitted and, while a few others are out, reported; one of 128 fails.
#![allow(clippy::print_stdout, reason = "printing is what a program does")]

use std::collections::VecDeque;
use std::hint::black_box;

use motet_policy::balancer::Member;
use motet_policy::governor::{Governor, Options, Report, Wish};
use motet_types::Timestamp;

/// Calls that are out at the same time; below what the limiter begins with.
const OUT: usize = 16;
/// Between two calls.
const GAP_MICROS: i64 = 100;
const FAILS_EVERY: i64 = 128;

#[expect(clippy::disallowed_methods, reason = "a program has arguments")]
fn main() {
    let numbers: Vec<i64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [endpoints, calls] = numbers[..] else {
        return println!("usage: pick ENDPOINTS CALLS");
    };
    println!("{} calls were admitted", run(endpoints, calls));
}

fn run(endpoints: i64, calls: i64) -> u64 {
    let begin = Timestamp::from_micros(1_767_225_600_000_000);
    let mut governor = Governor::new(Options::default(), 1);
    for identity in 0..endpoints as u64 {
        governor.insert(begin, Member { identity, weight: 1.0, zone: None });
    }
    let mut out = VecDeque::with_capacity(OUT);
    let mut admitted = 0;
    for call in 0..calls {
        let now = Timestamp::from_micros(begin.as_micros() + call * GAP_MICROS);
        if governor.next_due().is_some_and(|due| due <= now) {
            black_box(governor.tick(now));
        }
        if let Ok(ticket) = black_box(governor.admit(now, Wish::default())) {
            admitted += 1;
            out.push_back(ticket);
        }
        if out.len() < OUT {
            continue;
        }
        let report = if call % FAILS_EVERY == 0 { Report::Failed } else { Report::Answered };
        if let Some(ticket) = out.pop_front() {
            black_box(governor.report(now, ticket, report));
        }
    }
    admitted
}
