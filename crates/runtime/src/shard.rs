//! The synchronous machine of one engine thread: inputs in, outputs out; no threads, no clock, no sockets.
//!
//! It owns shards, keeps their live instances, steps them, gathers what they change into a batch, and lets replies and
//! effects out only when the batch that carries them is durable. One batch is in flight at a time while the next one is
//! built, so that a refused batch takes with it exactly what was computed after it.

mod away;
mod batch;
mod catalog;
mod commits;
mod costs;
mod cuts;
mod dispatch;
mod jobs;
mod links;
mod loading;
mod purge;
mod recovery;
mod retention;
mod schedules;
mod slots;
mod starts;
mod stepping;
mod timers;
mod topics;
mod unloadable;
mod usage;
mod waiters;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::event::{Event, TopicId};
use motet_engine::secret::SecretKey;
use motet_engine::{Catalog, JobCommand, Outcome, Request, Schedule, ScheduleInput};
use motet_journal::Message;
use motet_store::{Commit, CommitError, Entity, Epoch, Loaded, Position, Row, RowScan};
use motet_types::{
    Attempt, Digest, InstanceId, JobId, Label, Limits, ShardId, StepId, TaskId, Timestamp,
    WorkflowName,
};

use crate::{
    Actor, CatalogView, Command, Error, HistoryEntry, InstanceView, JobFigures, JobView,
    StartRequest, TaskView,
};

pub use away::{Step, Stepped};
pub use catalog::CatalogCommand;
pub use jobs::{Activation, Heartbeat, QueueKey};
pub use recovery::{Recovered, RowError};

use batch::Batch;
use costs::Costs;
use dispatch::Dispatch;
use jobs::Jobs;
use links::Links;
use retention::Retention;
use schedules::Schedules;
use slots::{Slot, Task};
use starts::Starting;
use topics::Topics;
use usage::Usage;
use waiters::Waiters;

/// Takes the answer to a command, with the position that it rests on.
pub type Responder = Box<dyn FnOnce(Result<Reply, Error>, Position) + Send>;

/// Takes an instance's new history entries; false ends the subscription.
pub type Watcher = Box<dyn FnMut(&[HistoryEntry]) -> bool + Send>;

/// The answer to a command.
#[derive(Debug)]
pub enum Reply {
    Instance {
        view: Box<InstanceView>,
        created: bool,
    },
    Catalog {
        created: bool,
    },
    Event {
        duplicate: bool,
    },
    Schedules(Vec<(WorkflowName, Arc<Schedule>)>),
    Watching,
    Purged,
    /// What a worker gets; nothing, if there was nothing in time.
    Jobs(Vec<JobView>),
    Heartbeat(Heartbeat),
    /// A person's task, unless it is over.
    Task(Option<Box<TaskView>>),
    JobFigures(Vec<JobFigures>),
}

/// Something for the machine to take in.
pub enum Input {
    /// A start; `random` fills the id and, without a client's key, the start key.
    Start {
        request: Box<StartRequest>,
        random: u64,
        reply: Responder,
    },
    Command {
        id: InstanceId,
        command: Command,
        actor: Actor,
        reply: Responder,
    },
    /// Removes everything that is stored of an instance that has ended.
    Purge {
        id: InstanceId,
        /// Its rows in the table of ended instances.
        ends: Vec<Row>,
        reason: Option<String>,
        actor: Actor,
        reply: Responder,
    },
    /// A read by id; with a deadline it is answered at the instance's end or then.
    Read {
        id: InstanceId,
        until: Option<Timestamp>,
        reply: Responder,
    },
    Watch {
        id: InstanceId,
        watcher: Watcher,
        reply: Responder,
    },
    Catalog {
        command: Box<CatalogCommand>,
        reply: Responder,
    },
    /// A worker asks for jobs; answered when there are some, at the latest at `until`.
    Activate {
        activation: Activation,
        until: Timestamp,
        reply: Responder,
    },
    /// Nobody took what an activation was answered with.
    Undelivered(Vec<JobId>),
    Heartbeat {
        job: JobId,
        worker: Option<String>,
        reply: Responder,
    },
    /// A command about a job; none looks at a person's task.
    Job {
        job: JobId,
        command: Option<JobCommand>,
        actor: Actor,
        reply: Responder,
    },
    JobFigures {
        reply: Responder,
    },
    /// The answer to a scan of a queue.
    JobsRead {
        queue: Arc<QueueKey>,
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    /// An event from outside.
    Publish {
        namespace: Label,
        event: Arc<Event>,
        reply: Responder,
    },
    /// A person wants something of a schedule.
    Schedule {
        workflow: WorkflowName,
        input: ScheduleInput,
        reply: Responder,
    },
    ReadSchedule {
        workflow: WorkflowName,
        reply: Responder,
    },
    /// A page of schedules, by name of their workflow.
    ListSchedules {
        namespaces: Option<Vec<String>>,
        after: Option<WorkflowName>,
        limit: usize,
        reply: Responder,
    },
    Outcome {
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    },
    /// The answer to a scan for a topic.
    TopicRead {
        topic: TopicId,
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    Loaded {
        id: InstanceId,
        loaded: Result<Option<Loaded>, motet_store::Error>,
    },
    /// The answer to a question for an instance's row.
    Listed {
        id: InstanceId,
        row: Result<Option<Row>, motet_store::Error>,
    },
    /// The answer to a lookup of a start key.
    Looked {
        shard: ShardId,
        key: String,
        row: Result<Option<Row>, motet_store::Error>,
    },
    Committed {
        positions: Vec<Position>,
    },
    Refused {
        error: CommitError,
    },
    Recovered(Box<Recovered>),
    /// What came of a step that was given away.
    Stepped(Box<Stepped>),
    /// Housekeeping may go on: what is over is looked for and removed, a page at a time. [`Machine::next_due`] does not
    /// count it, for it moves no instance.
    Sweep,
    /// The answer to a scan.
    Swept {
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    /// The answer to a scan for old events.
    TopicsSwept {
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    /// Time has passed.
    Tick,
}

/// Something that the machine wants done.
pub enum Output {
    Load(InstanceId),
    /// Read the row that lists show of the instance.
    Row(InstanceId),
    Lookup {
        shard: ShardId,
        key: String,
    },
    /// Read a page of rows for a sweep.
    Scan(RowScan),
    /// Read a page of rows for a queue of jobs.
    ScanJobs {
        queue: Arc<QueueKey>,
        scan: RowScan,
    },
    /// Read a page of the rows of events, to find old ones.
    ScanTopics(RowScan),
    /// Read a page of a topic's rows.
    ScanTopic {
        topic: TopicId,
        scan: RowScan,
    },
    /// Make the batch durable; the answer is `Committed` or `Refused`.
    Commit(Vec<Commit>),
    Reply {
        reply: Responder,
        result: Result<Reply, Error>,
        position: Position,
    },
    Call(Box<Call>),
    /// Run a step that may burn much fuel where it holds nobody up; the answer is `Stepped`.
    Step(Box<Step>),
    Withdraw {
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
    },
    /// The catalog has changed durably.
    Catalog(Arc<CatalogView>),
    /// The store's state is unknown: the server has to stop.
    Stop(String),
}

/// A call that may leave now.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: InstanceId,
    /// Whose secrets its markers stand for.
    pub root: InstanceId,
    pub namespace: String,
    pub step: StepId,
    pub attempt: Attempt,
    pub key: String,
    pub request: Arc<Request>,
    /// The step's place in the graph, for expressions that were left to dispatch.
    pub task: TaskId,
    pub graph: Arc<Graph>,
}

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
    /// Pages, instances and keys that a sweep could not read.
    pub sweeps_failed: u64,
    /// Steps that were given away.
    pub steps_away: u64,
    /// Events that were taken; duplicates are not.
    pub events: u64,
    /// Events that were given to listens.
    pub events_delivered: u64,
}

/// See the module.
pub struct Machine {
    config: Config,
    now: Timestamp,
    /// The catalog with what is not durable yet.
    catalog: Catalog,
    /// The catalog that is durable.
    view: Arc<CatalogView>,
    slots: HashMap<InstanceId, Slot>,
    /// Live instances that nothing moves, oldest first: what leaves memory first.
    idle: BTreeMap<u64, InstanceId>,
    timers: BTreeSet<(Timestamp, InstanceId)>,
    starting: HashMap<(ShardId, String), Starting>,
    /// Instances that lists show as unloadable.
    unloadable: BTreeSet<InstanceId>,
    waiters: Waiters,
    links: Links,
    dispatch: Dispatch,
    retention: Retention,
    schedules: Schedules,
    costs: Costs,
    /// Steps that were given away and have not come back, and how many there have ever been.
    away: usize,
    tokens: u64,
    usage: Usage,
    jobs: Jobs,
    topics: Topics,
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
            slots: HashMap::new(),
            idle: BTreeMap::new(),
            timers: BTreeSet::new(),
            starting: HashMap::new(),
            unloadable: BTreeSet::new(),
            waiters: Waiters::default(),
            links: Links::default(),
            retention: Retention::default(),
            schedules: Schedules::default(),
            costs: Costs::default(),
            away: 0,
            tokens: 0,
            usage: Usage::default(),
            jobs: Jobs::default(),
            topics: Topics::default(),
            yielded: VecDeque::new(),
            building: Batch::default(),
            in_flight: None,
            position: Position::default(),
            outputs: Vec::new(),
            counters: Counters::default(),
        }
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
            Input::Watch { id, watcher, reply } => self.watch(id, watcher, reply),
            Input::Catalog { command, reply } => self.change_catalog(*command, reply),
            Input::Activate { activation, until, reply } => self.activate(activation, until, reply),
            Input::Undelivered(jobs) => self.undelivered(&jobs),
            Input::Heartbeat { job, worker, reply } => self.heartbeat(job, worker, reply),
            Input::Job { job, command, actor, reply } => {
                self.give(job.instance, Task::Job { job, command, actor, reply });
            }
            Input::JobFigures { reply } => self.job_figures(reply),
            Input::JobsRead { queue, rows } => self.jobs_read(&queue, rows),
            Input::Schedule { workflow, input, reply } => {
                self.command_schedule(&workflow, input, reply);
            }
            Input::ReadSchedule { workflow, reply } => self.read_schedule(&workflow, reply),
            Input::ListSchedules { namespaces, after, limit, reply } => {
                self.list_schedules(namespaces.as_deref(), after.as_ref(), limit, reply);
            }
            Input::Outcome { id, step, attempt, outcome } => {
                self.outcome(id, step, attempt, outcome);
            }
            Input::Publish { namespace, event, reply } => self.publish(namespace, event, reply),
            Input::TopicRead { topic, rows } => self.topic_read(&topic, rows),
            Input::Loaded { id, loaded } => self.loaded(id, loaded),
            Input::Listed { id, row } => self.listed(id, row),
            Input::Looked { shard, key, row } => self.looked(shard, key, row),
            Input::Committed { positions } => self.committed(&positions),
            Input::Refused { error } => self.refused(&error),
            Input::Recovered(recovered) => self.recovered(*recovered),
            Input::Stepped(stepped) => self.stepped(*stepped),
            Input::Sweep => {
                self.sweep();
                self.sweep_topics();
            }
            Input::TopicsSwept { rows } => self.topics_swept(rows),
            Input::Swept { rows } => self.swept(rows),
            Input::Tick => self.tick(),
        }
    }

    /// Goes on with what waits behind the inputs, hands the batch over if none is in flight, and gives the outputs.
    pub fn flush(&mut self) -> Vec<Output> {
        self.continue_yielded();
        self.continue_topics();
        self.dispatch_queued();
        self.serve_pollers();
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
        !self.yielded.is_empty() || self.dispatch.can_go_on() || self.topics.has_work()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Calls in flight, calls that wait for their turn, live instances, timers, steps that were given away.
    pub fn levels(&self) -> [usize; 5] {
        let (in_flight, waiting) = (self.dispatch.in_flight(), self.dispatch.waiting());
        [in_flight, waiting, self.slots.len(), self.timers.len(), self.away]
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
