//! What goes into the machine and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_definition::service::EndpointUrl;
use motet_engine::event::{Event, TopicId};
use motet_engine::room::Line;
use motet_engine::{JobCommand, Outcome, Request, Schedule, ScheduleInput};
use motet_store::{Commit, CommitError, Loaded, Position, Row, RowScan};
use motet_types::{
    Attempt, InstanceId, JobId, Label, ServiceName, ShardId, StepId, TaskId, Timestamp,
    WorkflowName,
};

use super::{
    Activation, CatalogCommand, DnsAnswer, DnsQuestion, Ended, EndpointId, Heartbeat, Intake,
    Notice, ObservedEdge, Outgoing, OutgoingKey, ProbeCall, QueueKey, Recovered, ServiceFigures,
    ServiceInput, ServiceSummary, ServiceView, SinkChange, SinkView, Step, Stepped,
};
use crate::{
    Actor, CatalogView, Command, Error, HistoryEntry, InstanceView, JobFigures, JobView, LimitView,
    Note, StartRequest, TaskView, UndoView,
};

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
    Undo(Box<UndoView>),
    Watching,
    Purged,
    /// What a worker gets; nothing, if there was nothing in time.
    Jobs(Vec<JobView>),
    Heartbeat(Heartbeat),
    /// A person's task, unless it is over.
    Task(Option<Box<TaskView>>),
    JobFigures(Vec<JobFigures>),
    Observed(Vec<ObservedEdge>),
    ServiceFigures(Box<ServiceFigures>),
    /// The offset that comes next, by partition.
    Offsets(Vec<(u32, u64)>),
    Sinks(Vec<SinkView>),
    /// A service's document or endpoint has changed; whether it is new.
    Service {
        created: bool,
    },
    /// The endpoint is believed to be there for so long.
    Registered {
        created: bool,
        lease: Duration,
    },
    ServiceView(Box<ServiceView>),
    /// A service as it is at a revision; none: it is not there.
    ServiceNews {
        revision: u64,
        view: Option<Box<ServiceView>>,
    },
    Revision(u64),
    ServiceViews {
        views: Vec<ServiceView>,
        is_last: bool,
    },
    /// The service of an endpoint that an agent knows.
    Endpoint(Box<ServiceName>, EndpointId),
    Services(Vec<ServiceSummary>),
    Limits(Vec<LimitView>),
    Done,
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
    /// What the instance would undo, undoes or has undone.
    ReadUndo {
        id: InstanceId,
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
    /// What calls have shown.
    Observed {
        reply: Responder,
    },
    ServiceFigures {
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
    /// What a source gave.
    Intake {
        intake: Box<Intake>,
        reply: Responder,
    },
    /// How far the partitions of a source are read.
    Offsets {
        source: Arc<str>,
        reply: Responder,
    },
    /// A sink has acknowledged these.
    Delivered {
        keys: Vec<OutgoingKey>,
        reply: Responder,
    },
    /// A sink will never take this event.
    SinkRefuses {
        outgoing: Box<Outgoing>,
        reason: String,
        reply: Responder,
    },
    ListSinks {
        reply: Responder,
    },
    /// A page of limits of how many instances run at once.
    ListLimits {
        namespaces: Option<Vec<String>>,
        after: Option<Line>,
        limit: usize,
        reply: Responder,
    },
    /// A person decides about these rows of a sink, which nobody else changes meanwhile.
    ChangeSink {
        change: SinkChange,
        rows: Vec<Row>,
        reply: Responder,
    },
    /// A person wants something of a schedule.
    Schedule {
        workflow: WorkflowName,
        input: ScheduleInput,
        actor: Actor,
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
    /// Something of the registry of services.
    Service {
        input: Box<ServiceInput>,
        actor: Actor,
        reply: Responder,
    },
    /// An endpoint has answered a probe, or has not.
    Probed {
        probe: Box<ProbeCall>,
        is_good: bool,
    },
    /// Endpoints that DNS names, or none where nobody could tell; never an empty list.
    Resolved {
        question: Box<DnsQuestion>,
        answer: Option<Vec<DnsAnswer>>,
    },
    Outcome {
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    },
    /// The answer to a scan for a topic, with the number of its load.
    TopicRead {
        topic: TopicId,
        token: u64,
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    /// The answer to the load of this number.
    Loaded {
        id: InstanceId,
        token: u64,
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
    /// Housekeeping may go on: what is over is looked for and removed, a page at a time.
    /// [`Machine::next_due`](super::Machine::next_due) does not count it, for it moves no instance.
    Sweep,
    /// The answer to a scan.
    Swept {
        rows: Result<Vec<Row>, motet_store::Error>,
    },
    /// Something that changes nothing, and that has to stand in the audit.
    Note {
        note: Box<Note>,
        reply: Responder,
    },
    /// The answer to a scan for old entries of the audit.
    AuditSwept {
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
    /// Load an instance; the answer says this number.
    Load {
        id: InstanceId,
        token: u64,
    },
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
    /// Read a page of the audit, to find what may go.
    ScanAudit(RowScan),
    /// Read a page of a topic's rows.
    ScanTopic {
        topic: TopicId,
        token: u64,
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
    /// Ask an endpoint how it is; the answer is `Probed`.
    Probe(Box<ProbeCall>),
    /// Ask DNS; the answer is `Resolved`.
    Resolve(Box<DnsQuestion>),
    /// Something that is seen of these services has changed, for whoever follows them.
    Revised(Vec<ServiceName>),
    /// Run a step that may burn much fuel where it holds nobody up; the answer is `Stepped`.
    Step(Box<Step>),
    Withdraw {
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
    },
    /// Something that people may want to be told at once.
    Notice(Box<Notice>),
    /// The end of an instance is durable; only where ends are told.
    Ended(Box<Ended>),
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
    /// Where it goes if it was written for a service.
    pub endpoint: Option<EndpointUrl>,
    /// The step's place in the graph, for expressions that were left to dispatch.
    pub task: TaskId,
    pub graph: Arc<Graph>,
}
