//! The synchronous machine of one engine thread: inputs in, outputs out; no threads, no clock, no sockets.
//!
//! It owns shards, keeps their live instances, steps them, gathers what they change into a batch, and lets replies and
//! effects out only when the batch that carries them is durable. One batch is in flight at a time while the next one is
//! built, so that a refused batch takes with it exactly what was computed after it.

mod auditing;
mod away;
mod batch;
mod cache;
mod catalog;
mod commits;
mod costs;
mod cuts;
mod dispatch;
mod ends;
mod feeds;
mod ids;
mod intake;
mod jobs;
mod links;
mod loading;
mod observed;
mod outgoing;
mod parking;
mod purge;
mod recovery;
mod resuming;
mod retention;
mod rooms;
mod schedules;
mod services;
mod sinks;
mod slots;
mod starts;
mod stepping;
mod timers;
mod topics;
mod traffic;
mod turns;
mod unloadable;
mod usage;
mod waiters;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use motet_engine::Catalog;
use motet_engine::secret::SecretKey;
use motet_journal::Message;
use motet_store::{Entity, Epoch, Position};
use motet_types::{Digest, InstanceId, Limits, ShardId, Timestamp};

use crate::{CatalogView, StartRequest};

pub use away::{Step, Stepped};
pub use catalog::CatalogCommand;
pub use ends::Ended;
pub use intake::Intake;
pub use jobs::{Activation, Heartbeat, QueueKey};
pub use observed::{EDGES_MAX, ObservedEdge, Target};
pub use outgoing::{Outgoing, OutgoingKey, SinkRule};
pub use recovery::{Recovered, RowError};
pub use services::{
    AgentCommand, CHECK_TEXT_BYTES_MAX, CHECKS_MAX, Check, CheckKind, CheckStatus, CheckView,
    Details, TAGS_MAX,
};
pub use services::{
    Deadline, DeadlineKind, DnsAnswer, DnsQuestion, ENDPOINT_ID_BYTES_MAX, ENDPOINTS_SHOWN_MAX,
    EndpointId, EndpointState, EndpointView, InvalidEndpointId, LATENCY_BUCKETS, Latencies,
    LineView, METADATA_BYTES_MAX, News, Notice, Origin, ProbeCall, Registration, Requests,
    SERVICE_ENDPOINTS_MAX, SERVICES_MAX, ServiceDocument, ServiceFigures, ServiceInput,
    ServiceSummary, ServiceView, Tallies, VERSIONS_SHOWN_MAX, VersionFigures, VersionLevels,
    VersionView, WORKFLOWS_SHOWN_MAX, WaitingWorkflow,
};
pub use sinks::{RefusedEvent, SinkChange, SinkView};
pub use traffic::{Call, Input, Output, Reply, Responder, Watcher};

use auditing::Auditing;
use batch::Batch;
use costs::Costs;
use dispatch::Dispatch;
use ids::ByInstance;
use intake::Intakes;
use jobs::Jobs;
use links::Links;
use observed::Observed;
use retention::Retention;
use rooms::Rooms;
use schedules::Schedules;
use services::Services;
use sinks::Sinks;
use slots::{Slot, Task};
use starts::Starting;
use timers::Sleepers;
use topics::Topics;
use turns::Turns;
use usage::Usage;
use waiters::Waiters;

/// What the machine is made with.
#[derive(Clone, Debug)]
pub struct Config {
    pub limits: Limits,
    pub secret_key: SecretKey,
    /// The lease under which the shards are owned.
    pub epoch: Epoch,
    /// A snapshot is added after so many records of an instance.
    pub snapshot_records: usize,
    /// Steps of definitions that may burn so much fuel are given away; 0 gives all of them away.
    pub fuel_local_max: u64,
}

/// Figures of one machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub started: u64,
    pub ended: u64,
    pub commits: u64,
    pub batches: u64,
    pub records: u64,
    pub outcomes: u64,
    pub timers_fired: u64,
    pub panics: u64,
    /// Instances that were forgotten, their time being over.
    pub forgotten: u64,
    /// Start keys that were removed, their time being over.
    pub keys_expired: u64,
    /// Entries of the audit that were removed, being too old or too many.
    pub audit_forgotten: u64,
    /// Pages, instances and keys that a sweep could not read.
    pub sweeps_failed: u64,
    /// Steps that were given away.
    pub steps_away: u64,
    /// Events that were taken; duplicates are not.
    pub events: u64,
    /// Events that were given to listens.
    pub events_delivered: u64,
    /// Messages of sources that were taken in.
    pub taken_in: u64,
    /// Events that wait for sinks since they became durable.
    pub outgoing: u64,
    /// Events that sinks have acknowledged.
    pub delivered: u64,
    /// Events that sinks have refused for good.
    pub refused: u64,
    /// Events that sinks went without, as much waiting for them as may.
    pub dropped: u64,
}

/// See the module.
pub struct Machine {
    config: Config,
    now: Timestamp,
    /// The catalog with what is not durable yet.
    catalog: Catalog,
    /// The catalog that is durable.
    view: Arc<CatalogView>,
    slots: ByInstance<Slot>,
    /// Live instances that nothing moves, oldest first: what leaves memory first.
    idle: BTreeMap<u64, InstanceId>,
    timers: BTreeSet<(Timestamp, InstanceId)>,
    sleepers: Sleepers,
    starting: HashMap<(ShardId, String), Starting>,
    /// Instances that lists show as unloadable.
    unloadable: BTreeSet<InstanceId>,
    waiters: Waiters,
    links: Links,
    dispatch: Dispatch,
    retention: Retention,
    auditing: Auditing,
    schedules: Schedules,
    services: Services,
    observed: Observed,
    costs: Costs,
    /// Steps that were given away and have not come back.
    away: usize,
    /// Numbers that were given to what leaves and comes back.
    tokens: u64,
    usage: Usage,
    jobs: Jobs,
    topics: Topics,
    intakes: Intakes,
    sinks: Arc<[SinkRule]>,
    tells_ends: bool,
    sinks_known: Sinks,
    turns: Turns,
    rooms: Rooms,
    /// Instances that have yielded, in order.
    yielded: VecDeque<InstanceId>,
    building: Batch,
    in_flight: Option<Batch>,
    /// The last durable position.
    position: Position,
    outputs: Vec<Output>,
    counters: Counters,
}

impl Machine {
    pub fn new(config: Config) -> Self {
        Self {
            dispatch: Dispatch::new(config.limits.calls_in_flight_max),
            config,
            now: Timestamp::default(),
            catalog: Catalog::default(),
            view: Arc::default(),
            slots: ByInstance::default(),
            idle: BTreeMap::new(),
            timers: BTreeSet::new(),
            sleepers: Sleepers::default(),
            starting: HashMap::new(),
            unloadable: BTreeSet::new(),
            waiters: Waiters::default(),
            links: Links::default(),
            retention: Retention::default(),
            auditing: Auditing::default(),
            schedules: Schedules::default(),
            services: Services::default(),
            observed: Observed::default(),
            costs: Costs::default(),
            away: 0,
            tokens: 0,
            usage: Usage::default(),
            jobs: Jobs::default(),
            topics: Topics::default(),
            intakes: Intakes::default(),
            sinks: Arc::default(),
            tells_ends: false,
            sinks_known: Sinks::default(),
            turns: Turns::default(),
            rooms: Rooms::default(),
            yielded: VecDeque::new(),
            building: Batch::default(),
            in_flight: None,
            position: Position::default(),
            outputs: Vec::new(),
            counters: Counters::default(),
        }
    }

    /// From now on, what these want is kept for them.
    #[must_use]
    pub fn with_sinks(self, sinks: Arc<[SinkRule]>) -> Self {
        Self { sinks, ..self }
    }

    /// Takes one input in. Time never goes back.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Start { request, random, reply } => self.start(*request, random, reply),
            Input::Command { id, command, actor, reply } => {
                self.give(id, Task::Command { command, actor, reply });
            }
            Input::Purge { id, ends, reason, actor, reply } => {
                self.give(id, Task::Purge { ends, reason, actor, reply });
            }
            Input::Read { id, until, reply } => self.read(id, until, reply),
            Input::ReadUndo { id, reply } => self.give(id, Task::ReadUndo { reply }),
            Input::Watch { id, watcher, reply } => self.watch(id, watcher, reply),
            Input::Catalog { command, reply } => self.change_catalog(*command, reply),
            Input::Activate { activation, until, reply } => self.activate(activation, until, reply),
            Input::Undelivered(jobs) => self.undelivered(&jobs),
            Input::Heartbeat { job, worker, reply } => self.heartbeat(job, worker, reply),
            Input::Job { job, command, actor, reply } => {
                self.give(job.instance, Task::Job { job, command, actor, reply });
            }
            Input::JobFigures { reply } => self.job_figures(reply),
            Input::Observed { reply } => self.read_observed(reply),
            Input::ServiceFigures { reply } => self.read_service_figures(reply),
            Input::JobsRead { queue, rows } => self.jobs_read(&queue, rows),
            Input::Schedule { workflow, input, actor, reply } => {
                self.command_schedule(&workflow, input, actor, reply);
            }
            Input::ReadSchedule { workflow, reply } => self.read_schedule(&workflow, reply),
            Input::ListSchedules { namespaces, after, limit, reply } => {
                self.list_schedules(namespaces.as_deref(), after.as_ref(), limit, reply);
            }
            Input::Service { input, actor, reply } => self.service(*input, actor, reply),
            Input::Probed { probe, is_good } => self.probed(&probe, is_good),
            Input::Resolved { question, answer } => self.resolved(&question, answer),
            Input::Outcome { id, step, attempt, outcome } => {
                self.outcome(id, step, attempt, outcome);
            }
            Input::Publish { namespace, event, reply } => self.publish(namespace, event, reply),
            Input::Intake { intake, reply } => self.take_in(&intake, reply),
            Input::Offsets { source, reply } => self.offsets(&source, reply),
            Input::Delivered { keys, reply } => self.delivered(&keys, reply),
            Input::SinkRefuses { outgoing, reason, reply } => {
                self.sink_refuses(&outgoing, reason, reply);
            }
            Input::ListLimits { namespaces, after, limit, reply } => {
                self.list_limits(namespaces.as_deref(), after.as_ref(), limit, reply);
            }
            Input::ListSinks { reply } => self.list_sinks(reply),
            Input::ChangeSink { change, rows, reply } => self.change_sink(change, &rows, reply),
            Input::TopicRead { topic, token, rows } => self.topic_read(&topic, token, rows),
            Input::Loaded { id, token, loaded } => self.loaded(id, token, loaded),
            Input::Listed { id, row } => self.listed(id, row),
            Input::Looked { shard, key, row } => self.looked(shard, key, row),
            Input::Committed { positions } => self.committed(&positions),
            Input::Refused { error } => self.refused(&error),
            Input::Recovered(recovered) => self.recovered(*recovered),
            Input::Stepped(stepped) => self.stepped(*stepped),
            Input::Sweep => {
                self.sweep();
                self.sweep_topics();
                self.sweep_audit();
            }
            Input::AuditSwept { rows } => self.audit_swept(rows),
            Input::Note { note, reply } => self.note(*note, reply),
            Input::TopicsSwept { rows } => self.topics_swept(rows),
            Input::Swept { rows } => self.swept(rows),
            Input::Tick => self.tick(),
        }
    }

    /// Goes on with what waits behind the inputs, hands the batch over if none is in flight, and gives the outputs.
    pub fn flush(&mut self) -> Vec<Output> {
        self.wake_sleepers();
        self.continue_yielded();
        self.continue_topics();
        self.dispatch_queued();
        self.serve_pollers();
        self.tell_revised();
        self.submit();
        std::mem::take(&mut self.outputs)
    }

    /// When the machine wants its next `Tick`, if nothing else comes.
    pub fn next_due(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(due, _)| *due);
        let others = [
            self.waiters.next_due(),
            self.links.next_due(),
            self.dispatch.next_due(),
            self.jobs.next_due(),
            self.topics.next_due(),
            self.schedules.next_due(),
            self.services.next_due(),
            self.rooms.next_due(),
        ];
        others.into_iter().flatten().chain(timer).min()
    }

    /// Whether nothing is in flight: no batch, no call, no step, nothing to go on with.
    pub fn is_quiet(&self) -> bool {
        self.in_flight.is_none()
            && self.building.is_empty()
            && self.yielded.is_empty()
            && self.away == 0
            && !self.topics.has_work()
            && self.dispatch.in_flight() == 0
    }

    /// Whether flush would go on at once.
    pub fn has_work(&self) -> bool {
        let can_go_on =
            self.dispatch.can_go_on() || self.can_serve_lines() || self.can_wake_sleepers();
        can_go_on || !self.yielded.is_empty() || self.topics.has_work()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Calls in flight, calls that wait for their turn, live instances, timers, steps that were given away, instances that
    /// wait for room under a limit.
    pub fn levels(&self) -> [usize; 6] {
        let (in_flight, waiting) = (self.dispatch.in_flight(), self.dispatch.waiting());
        let timers = self.timers.len() + self.sleepers.len();
        let for_room = self.rooms.waiting();
        [in_flight, waiting, self.slots.len(), timers, self.away, for_room]
    }

    /// About what ended instances take, in bytes.
    pub fn ended_bytes(&self) -> u64 {
        self.usage.bytes_durable()
    }

    /// The last durable position.
    pub fn position(&self) -> Position {
        self.position
    }

    pub fn view(&self) -> &Arc<CatalogView> {
        &self.view
    }

    /// Live instances with everything that is not durable yet; for checks.
    pub fn live(&self) -> impl Iterator<Item = &motet_engine::Instance> {
        self.slots.values().filter_map(Slot::live)
    }
}

/// The entity of the catalog.
pub(crate) const CATALOG_ENTITY: Entity = Entity([0; 16]);

/// What makes two starts under one key the same start.
pub(crate) fn start_digest(request: &StartRequest) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(request.version.as_deref().unwrap_or_default().as_bytes());
    hasher.update(&[0]);
    hasher.update(&motet_expr::json::canonical(&request.input));
    Digest(*hasher.finalize().as_bytes())
}

type MessageQueue = BTreeMap<(ShardId, ShardId), VecDeque<(u64, u64, Message)>>;

#[cfg(test)]
mod tests;
