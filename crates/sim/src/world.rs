//! One seed: a server over its disk, services, clients, faults, and the time that they share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use motet_runtime::SCHEMA;
use motet_runtime::shard::{Call, Input};
use motet_store::{Commit, Epoch, Value};
use motet_store_embedded::Options;
use motet_store_embedded::disk::MemoryDisk;
use motet_store_embedded::tables::MemoryTables;
use motet_types::{InstanceId, Limits, Timestamp};

use crate::audits::{self, Audits};
use crate::bells::{self, Bells};
use crate::check::{Check, Checked, ensure, violated};
use crate::clients::{Action, Clients};
use crate::cuts::{self, Kept};
use crate::faults::{Fault, Faults};
use crate::governed::{self, Governed};
use crate::people::People;
use crate::random::Random;
use crate::retention::{self, Retention};
use crate::schedules::Schedules;
use crate::server::{Operation, Server};
use crate::services::Services;
use crate::shadow::Shadow;
use crate::sinks::Sinks;
use crate::sources::Sources;
use crate::summary::Summary;
use crate::turns;
use crate::versions::{self, Versions};
use crate::workers::{Act, Workers};

/// Faults and most commands fall within this time, in microseconds.
pub(crate) const HORIZON: u64 = 30_000_000;

/// What a seed may take: beyond either, something turns in a circle.
const TURNS_MAX: u64 = 60_000;
const VIRTUAL_MAX: u64 = 48 * 3_600_000_000;

/// Makes other numbers of a seed.
const MORE: u64 = 0x6d6f_7265;
const LATER: u64 = 0x006c_6174_6572;
const GOVERNED: u64 = 0x6776_726e_6564;

/// What a step may write where frames are small.
const SMALL_STEP_BYTES: usize = 2 * 1024;

/// Where a commit may be large.
const FRAME_BYTES_LARGE: usize = 64 * 1024;

/// Events that a failure shows.
const EVENTS_SHOWN: usize = 40;

/// Where the clock begins: 2026-01-01T00:00:00Z.
const CLOCK_BASE: i64 = 1_767_225_600_000_000;

pub(crate) struct World {
    pub(crate) random: Random,
    /// Virtual time since the beginning, in microseconds.
    pub(crate) now: u64,
    /// How far the servers' clock is ahead of it.
    pub(crate) ahead: i64,
    /// The latest time that any server has seen.
    pub(crate) clock_latest: Timestamp,
    events: BTreeMap<(u64, u64), Event>,
    events_planned: u64,
    pub(crate) disk: MemoryDisk,
    pub(crate) tables: MemoryTables,
    pub(crate) store_options: Options,
    pub(crate) limits: Limits,
    pub(crate) snapshot_records: usize,
    /// Steps of definitions that may burn so much are given away.
    pub(crate) fuel_local_max: u64,
    pub(crate) server: Option<Server>,
    /// Servers so far; what belongs to an earlier one is lost.
    pub(crate) life: u32,
    pub(crate) epoch_latest: Epoch,
    /// Commits of which nobody knows whether they are durable.
    pub(crate) unknown: Vec<Commit>,
    pub(crate) shadow: Shadow,
    /// Instances that somebody reopened: they take their places whether there is room or not.
    pub(crate) reopened: BTreeSet<InstanceId>,
    pub(crate) services: Services,
    pub(crate) governed: Governed,
    pub(crate) clients: Clients,
    pub(crate) workers: Workers,
    pub(crate) people: People,
    pub(crate) schedules: Schedules,
    pub(crate) bells: Bells,
    pub(crate) versions: Versions,
    pub(crate) sinks: Sinks,
    pub(crate) sources: Sources,
    pub(crate) audits: Audits,
    pub(crate) faults: Faults,
    pub(crate) summary: Summary,
    pub(crate) may_be_tame: bool,
    /// Messages that waited at some time of late, and when that was.
    pub(crate) messages: (u64, BTreeSet<Vec<Value>>),
    trace: Option<Trace>,
}

/// What is told of the events.
struct Trace {
    last: VecDeque<String>,
    prints: bool,
}

pub(crate) enum Event {
    /// At a service, from one life of the server.
    Arrive {
        life: u32,
        call: Box<Call>,
    },
    Input {
        life: u32,
        input: Input,
    },
    Store {
        life: u32,
        operation: Operation,
    },
    Client(Action),
    Worker(Act),
    /// Somebody looks for tasks that people have to do.
    Person,
    /// The next events go to the sink.
    Send {
        life: u32,
    },
    /// Somebody looks after what the sink refused.
    Refused,
    /// The broker gets a message: the number of its event, and what it is correlated by.
    Append {
        partition: usize,
        number: usize,
        n: u64,
    },
    /// A partition is read on.
    Fetch {
        life: u32,
        partition: usize,
    },
    /// The next step of a checkpoint: seal, cover, recycle.
    Checkpoint {
        life: u32,
        step: u8,
    },
    Fault(Fault),
    Restart,
    Sweep {
        life: u32,
    },
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    Nothing,
    Last,
    All,
}

impl World {
    /// `may_be_tame`: with a fault built in less may go wrong than has to.
    pub(crate) fn new(seed: u64, telling: Telling, may_be_tame: bool) -> Self {
        let mut random = Random::new(seed);
        // What came to the simulator later draws from numbers of its own.
        let mut more = Random::new(seed ^ MORE);
        let mut later = Random::new(seed ^ LATER);
        let mut limits = limits(&mut random);
        let audits = audits::shorten(&mut limits, &mut later);
        let trace = (telling != Telling::Nothing)
            .then(|| Trace { last: VecDeque::new(), prints: telling == Telling::All });
        let mut schedules = Schedules::new(&mut more);
        let keyed = turns::chosen(&mut more);
        schedules.definition = schedules.definition.or_else(|| bells::chosen(&mut later));
        let versions = Versions::of(versions::chosen(&mut later));
        let mut world = Self {
            disk: MemoryDisk::new(random.next()),
            tables: MemoryTables::new(&SCHEMA),
            store_options: store_options(&mut random, &limits),
            shadow: Shadow::new(Retention::of(&limits), Kept::of(&limits)),
            snapshot_records: *random.pick(&[6, 20, 256]),
            // All, some and none.
            fuel_local_max: *random.pick(&[0, 0, 10, 30, u64::MAX]),
            now: 0,
            ahead: random.below(1_000_000_000) as i64,
            clock_latest: Timestamp::default(),
            events: BTreeMap::new(),
            events_planned: 0,
            server: None,
            life: 0,
            epoch_latest: Epoch(0),
            unknown: Vec::new(),
            reopened: BTreeSet::new(),
            services: Services::new(&mut random),
            governed: Governed::new(&mut Random::new(seed ^ GOVERNED)),
            clients: Clients::new(
                &mut random,
                cuts::are_due(&limits),
                [schedules.definition, keyed, versions.first],
            ),
            workers: Workers::default(),
            people: People::default(),
            schedules,
            bells: Bells::default(),
            versions,
            sinks: Sinks::new(Random::new(later.next())),
            sources: Sources::new(Random::new(later.next())),
            audits,
            faults: Faults::default(),
            summary: Summary { seeds: 1, ..Summary::default() },
            may_be_tame,
            messages: (0, BTreeSet::new()),
            trace,
            random,
            limits,
        };
        if world.sinks.is_there || world.schedules.definition.is_some() {
            // The lifecycle of a step takes more than its records do, and so does all that a schedule makes up for at once.
            world.store_options.frame_bytes_max = FRAME_BYTES_LARGE;
        }
        world.plan_schedules(&mut more);
        world.plan_backfills(&mut later);
        world.plan_bells(&mut later);
        world.plan_versions(&mut later);
        world.plan_sinks();
        world.plan_sources();
        world.plan_clients();
        world.plan_faults();
        world.plan(0, Event::Restart);
        world
    }

    /// Chaos, calm, and the last look at everything.
    pub(crate) fn run(&mut self) -> Checked {
        while !(self.faults.are_over() && self.clients.are_served()) {
            self.turn()?;
        }
        self.calm();
        self.finish()?;
        self.summary.virtual_seconds = self.now / 1_000_000;
        self.summary.executed = self.services.executed() as u64;
        self.summary.undone = self.services.undone() as u64;
        Ok(())
    }

    /// Lets everything happen that happens by itself.
    pub(crate) fn settle(&mut self) -> Checked {
        while self.next_time().is_some() {
            self.turn()?;
        }
        Ok(())
    }

    /// Time goes on to what comes next; a few things happen, then the server goes on.
    fn turn(&mut self) -> Checked {
        let Some(next) = self.next_time() else { return Ok(()) };
        self.now = self.now.max(next);
        self.summary.turns += 1;
        let is_endless = self.summary.turns > TURNS_MAX || self.now > VIRTUAL_MAX;
        ensure(!is_endless, Check::NeverEnds, "quiet in the end", || self.unfinished())?;
        let batch = self.random.between(1, 8);
        for _ in 0..batch {
            let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= self.now)
            else {
                break;
            };
            let event = entry.remove();
            self.happen(event)?;
        }
        self.check_messages()?;
        if !self.services.calm && self.random.below(64) == 0 {
            self.compare_states(10)?;
        }
        self.drive_server()?;
        self.stir_workers()?;
        self.stir_people()
    }

    fn happen(&mut self, event: Event) -> Checked {
        match event {
            Event::Arrive { life, call } => {
                self.tell(|| {
                    format!("arrives: {} {} under {}", call.id, call.request.uri, call.key)
                });
                let is_governed = call.endpoint.is_some();
                let Self { services, random, summary, .. } = self;
                summary.calls_governed += u64::from(is_governed);
                let is_away = !services.calm && self.governed.is_away(self.now);
                let answers = match is_governed && is_away {
                    true => {
                        summary.calls_in_vain += 1;
                        vec![(random.between(200, 40_000), governed::nobody())]
                    }
                    false => services.arrive(&call, random, summary)?,
                };
                for (after, outcome) in answers {
                    let (id, step, attempt) = (call.id, call.step, call.attempt);
                    let input = Input::Outcome { id, step, attempt, outcome };
                    // The answer goes back over the connection of whoever asked.
                    self.plan(after, Event::Input { life, input });
                }
                Ok(())
            }
            Event::Input { life, input } if life == self.life => self.feed(input),
            Event::Store { life, operation } if life == self.life => self.operate(operation),
            Event::Checkpoint { life, step } if life == self.life => self.checkpoint(step),
            Event::Sweep { life } if life == self.life => self.sweep(life),
            Event::Send { life } if life == self.life => self.send(),
            Event::Fetch { life, partition } if life == self.life => self.fetch(partition),
            // It belongs to a server that is gone.
            Event::Input { .. }
            | Event::Store { .. }
            | Event::Checkpoint { .. }
            | Event::Sweep { .. }
            | Event::Send { .. }
            | Event::Fetch { .. } => Ok(()),
            Event::Refused => self.decide_about_refused(),
            Event::Append { partition, number, n } => {
                self.append(partition, (number, n));
                Ok(())
            }
            Event::Client(action) => self.act(action),
            Event::Worker(act) => self.work(act),
            Event::Person => self.look_for_tasks(),
            Event::Fault(fault) => self.fault(fault),
            Event::Restart => self.restart(),
        }
    }

    fn next_time(&self) -> Option<u64> {
        let planned = self.events.first_key_value().map(|((at, _), _)| *at);
        let machine = self.server.as_ref().map(|server| &server.machine);
        let due = machine.and_then(|machine| {
            if machine.has_work() {
                Some(self.now)
            } else {
                machine.next_due().map(|due| self.virtual_of(due))
            }
        });
        planned.into_iter().chain(due).min()
    }

    pub(crate) fn plan(&mut self, after: u64, event: Event) {
        self.events_planned += 1;
        self.events.insert((self.now.saturating_add(after), self.events_planned), event);
    }

    /// Actions of clients that are planned.
    pub(crate) fn actions_planned(&self) -> usize {
        self.events.values().filter(|event| matches!(event, Event::Client(_))).count()
    }

    pub(crate) fn workers_planned(&self) -> usize {
        self.events.values().filter(|event| matches!(event, Event::Worker(_))).count()
    }

    /// What the servers' clock shows now.
    pub(crate) fn clock(&mut self) -> Timestamp {
        let shows = Timestamp::from_micros(CLOCK_BASE + self.now as i64 + self.ahead);
        self.clock_latest = self.clock_latest.max(shows);
        shows
    }

    fn virtual_of(&self, due: Timestamp) -> u64 {
        u64::try_from(due.as_micros() - CLOCK_BASE - self.ahead).unwrap_or(0).max(self.now)
    }

    /// Services behave, nothing fails any more.
    fn calm(&mut self) {
        self.tell(|| "from now on nothing fails".to_owned());
        self.services.calm = true;
        self.disk.set_free_bytes(u64::MAX);
        self.disk.set_writes_need_room(false);
        self.tables.set_disk_full(false);
        self.stop_schedules();
        self.plan(5_000_000, Event::Refused);
    }

    pub(crate) fn mark(&mut self, what: u64) {
        let mixed = (self.summary.trail ^ what ^ self.now).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.summary.trail = mixed ^ (mixed >> 29);
    }

    /// Notes an event; its text is made only if somebody wants it.
    pub(crate) fn tell(&mut self, what: impl FnOnce() -> String) {
        let Some(trace) = &mut self.trace else { return };
        let at = Duration::from_micros(self.now);
        let line = format!("{:>12.6} s  {}", at.as_secs_f64(), what());
        if trace.prints {
            crate::print(&line);
        }
        if trace.last.len() == EVENTS_SHOWN {
            trace.last.pop_front();
        }
        trace.last.push_back(line);
    }

    pub(crate) fn last_events(&self) -> Vec<String> {
        self.trace.iter().flat_map(|trace| trace.last.iter().cloned()).collect()
    }

    /// Instances that have not ended, for a message.
    pub(crate) fn unfinished(&self) -> String {
        let open = self.shadow.instances.values().filter(|known| known.state.end.is_none());
        let waits = (&self.faults, self.clients.unserved());
        let open: Vec<String> = open
            .map(|known| {
                let state = &known.state;
                format!("{} {} {}", state.id, state.start.definition, state.status())
            })
            .collect();
        format!(
            "{} turns, {} s; {waits:?}; open: {}",
            self.summary.turns,
            self.now / 1_000_000,
            open.join(", ")
        )
    }

    /// The machine may panic for one instance only, and never does.
    pub(crate) fn check_panics(&self) -> Checked {
        let panics = self.server.as_ref().map_or(0, |server| server.machine.counters().panics);
        if panics == 0 {
            return Ok(());
        }
        Err(violated(Check::Panicked, "no panic of the engine", format!("{panics} panics")))
    }
}

/// Segments of a few frames; frames of a few commits, the largest of which they hold.
fn store_options(random: &mut Random, limits: &Limits) -> Options {
    let is_large = limits.step_bytes_max > SMALL_STEP_BYTES || cuts::are_due(limits);
    Options {
        segment_bytes_first: 16 * 1024,
        segment_bytes_max: *random.pick(&[16 * 1024, 32 * 1024]),
        segments_spare: random.between(1, 3) as usize,
        frame_bytes_max: if is_large { FRAME_BYTES_LARGE } else { 8 * 1024 },
        overlay_bytes_max: *random.pick(&[64 * 1024, 1024 * 1024]),
        ..Options::small()
    }
}

/// Few calls in flight, few instances in memory, short steps: every path is taken.
fn limits(random: &mut Random) -> Limits {
    let (step_records_max, step_bytes_max) =
        *random.pick(&[(5, SMALL_STEP_BYTES), (30, SMALL_STEP_BYTES), (256, 16 * 1024)]);
    let mut limits = Limits {
        calls_in_flight_max: *random.pick(&[3, 8, 64]),
        instances_cached_max: *random.pick(&[2, 8, 64]),
        step_records_max,
        step_bytes_max,
        events_remembered_max: *random.pick(&[5, 40, 40]),
        ..Limits::default()
    };
    retention::shorten(&mut limits, random);
    cuts::shorten(&mut limits, random);
    limits
}
