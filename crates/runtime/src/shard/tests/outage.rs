//! An outage of a service under load, in virtual time: it costs delay, and nothing else.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use motet_engine::Outcome;
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use super::script::answered;
use super::world::{BEGIN, World};
use crate::shard::Input;

type Call = (InstanceId, StepId, Attempt);

/// The service can do so many calls at a time, each in this time: 800 a second.
const WORKERS: usize = 16;
const TAKES: Duration = Duration::from_millis(20);
const OUTAGE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(5);
/// Calls that find nobody before that is known: what was in flight at once, and what a budget of repeats lets leave.
const CALLS_IN_VAIN_MAX: usize = 50;
/// Calls that try whether the service is back, the only ones in flight.
const TRIES_MAX: usize = 40;

/// A service, those who call it, and what was seen of them.
struct Outage {
    world: World,
    started: usize,
    in_flight: BTreeMap<Call, Timestamp>,
    /// Calls at the service that no worker has taken.
    waiting: VecDeque<Call>,
    busy: usize,
    ends: BinaryHeap<Reverse<(Timestamp, Call)>>,
    served: usize,
    in_vain: usize,
    tries: usize,
}

impl Outage {
    fn new() -> Self {
        let mut world = World::new();
        world.run("use look");
        world.run(
            "service service: billing, health: { http: /health, interval: 5s }, versions: [{ version: 1.0.0, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] }]",
        );
        world.settle();
        world.hush();
        Self {
            world,
            started: 0,
            in_flight: BTreeMap::new(),
            waiting: VecDeque::new(),
            busy: 0,
            ends: BinaryHeap::new(),
            served: 0,
            in_vain: 0,
            tries: 0,
        }
    }

    fn is_away(&self) -> bool {
        self.world.now().since(BEGIN) < OUTAGE
    }

    /// One tick of all of them; the instances begin within the first 50 seconds.
    fn tick(&mut self, instances: usize) {
        self.world.pass(TICK);
        let passed = usize::try_from(self.world.now().since(BEGIN).as_millis()).expect("minutes");
        while self.started < (instances * passed / 50_000).min(instances) {
            self.world.run(&format!("start i{} look", self.started));
            self.started += 1;
        }
        let is_good = !self.is_away();
        for probe in std::mem::take(&mut self.world.probes) {
            self.world.feed(Input::Probed { probe: Box::new(probe), is_good });
        }
        for call in self.world.take_calls() {
            self.arrives(call);
        }
        self.answer();
        self.world.settle();
    }

    fn arrives(&mut self, call: Call) {
        assert_eq!(call.2, Attempt(1), "no attempt is burnt");
        let now = self.world.now();
        if self.is_away() {
            match self.in_flight.is_empty() {
                true => self.tries += 1,
                false => self.in_vain += 1,
            }
            self.ends.push(Reverse((now, call)));
        } else {
            self.waiting.push_back(call);
        }
        self.in_flight.insert(call, now);
        // No burst: at the beginning one, then one more with each that succeeds.
        let is_gentle = self.is_away() || self.in_flight.len() <= 1 + self.served;
        assert!(is_gentle, "{} in flight at {now:?}", self.in_flight.len());
    }

    fn answer(&mut self) {
        let now = self.world.now();
        while let Some(Reverse((at, call))) = self.ends.peek().copied()
            && at <= now
        {
            self.ends.pop();
            self.in_flight.remove(&call);
            let outcome = if self.is_away() {
                let message = "nobody listens".to_owned();
                Outcome::Failed { maybe_run: false, timed_out: false, message }
            } else {
                self.served += 1;
                self.busy = self.busy.saturating_sub(1);
                answered(&[])
            };
            let (id, step, attempt) = call;
            self.world.feed(Input::Outcome { id, step, attempt, outcome });
        }
        while self.busy < WORKERS
            && let Some(call) = self.waiting.pop_front()
        {
            self.busy += 1;
            self.ends.push(Reverse((now.saturating_add(TAKES), call)));
        }
    }

    fn crash(&mut self) {
        // Nobody has been told of an instance whose start is not durable.
        self.world.settle();
        self.world.take_calls();
        self.in_flight.clear();
        self.ends.clear();
        self.world.restart(&[]);
    }
}

/// Everybody completes with the first attempt; nobody storms, neither in the outage nor after it.
fn check_outage(instances: usize, crash_at: Option<Duration>) {
    let mut outage = Outage::new();
    let mut crash_at = crash_at.map(|after| BEGIN.saturating_add(after));
    while outage.served < instances {
        if crash_at.is_some_and(|at| at <= outage.world.now()) {
            crash_at = None;
            outage.crash();
        }
        let time = outage.world.now().since(BEGIN);
        assert!(time < OUTAGE * 5, "only {} of {} are served", outage.served, outage.started);
        outage.tick(instances);
    }
    assert!(outage.in_vain <= CALLS_IN_VAIN_MAX, "{} calls in vain", outage.in_vain);
    assert!(outage.tries <= TRIES_MAX, "{} calls that try it", outage.tries);
    let needs = TAKES * (instances / WORKERS) as u32;
    let took = outage.world.now().since(BEGIN.saturating_add(OUTAGE));
    assert!(took <= needs.mul_f64(1.5), "{took:?}, where the service alone needs {needs:?}");
    let ended = outage.world.histories();
    assert_eq!(ended.len(), instances);
    let is_complete = |history: &String| history.contains("workflow-completed");
    assert!(ended.values().all(is_complete), "every instance completes");
}

#[test]
fn ten_thousand_instances_wait_for_a_service_that_is_away_for_a_minute() {
    check_outage(10_000, None);
}

#[test]
fn a_crash_in_the_middle_changes_nothing_of_that() {
    check_outage(10_000, Some(Duration::from_secs(30)));
}
