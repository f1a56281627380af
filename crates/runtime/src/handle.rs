mod outlets;
mod services;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::Diagnostic;
use motet_engine::event::Event;
use motet_engine::room::Line;
use motet_engine::token::Minted;
use motet_engine::{
    CatalogRejection, JobCommand, JobRejection, LOCAL, Namespaces, Role, ScheduleInput,
    ScheduleRejection, SecretName, Unresolved,
};
use motet_store::Position;
use motet_types::{
    InstanceId, JobId, Label, ServiceName, Status, Timestamp, Version, WorkflowName, WorkflowRef,
};

use crate::{
    Activation, Actor, AuditFilter, AuditId, AuditPage, CatalogView, Command, EndpointId,
    EventFilter, EventPage, Heartbeat, HistoryEntry, InstanceFilter, InstanceRow, InstanceView,
    JobFigures, JobView, LimitView, Note, Page, ScheduleView, StartRequest, TaskFilter, TaskPage,
    TaskView, UndoView,
};

/// What the outside talks to; cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(crate) inner: Arc<crate::drive::Inner>,
    /// Who acts through it.
    pub(crate) actor: Actor,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenRequest {
    pub name: Label,
    pub roles: BTreeSet<Role>,
    pub namespaces: Namespaces,
    pub description: Option<String>,
    pub expires: Option<Timestamp>,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The document has errors; all of them are here, with warnings among them.
    #[error("the document has errors")]
    Invalid(Vec<Diagnostic>),
    #[error(transparent)]
    Catalog(CatalogRejection),
    #[error(transparent)]
    Unresolved(Unresolved),
    #[error("there is no instance {0}")]
    UnknownInstance(InstanceId),
    /// No live instance has this business key, or several have it.
    #[error("{count} live instances of {workflow} have the business key {key:?}, not one")]
    BusinessKey { workflow: WorkflowName, key: String, count: usize },
    /// The input gives no concurrency key, which the workflow asks for.
    #[error("the start has no concurrency key: {0}")]
    ConcurrencyKey(String),
    /// Another instance holds the concurrency key, and this one cannot wait for it.
    #[error("instance {holder} of {workflow} holds the concurrency key {key:?}: {reason}")]
    KeyHeld { workflow: WorkflowName, key: String, holder: InstanceId, reason: &'static str },
    /// As many wait for room under a limit as may.
    #[error("{limit} instances wait for room under that of {line}, which is the limit")]
    LimitQueueFull { line: Line, limit: usize },
    /// As many wait for the concurrency key as may.
    #[error(
        "{limit} instances of {workflow} wait for the concurrency key {key:?}, which is the limit"
    )]
    QueueFull { workflow: WorkflowName, key: String, limit: usize },
    /// The schedule of the workflow stays as it is.
    #[error("{0}: {1}")]
    Schedule(WorkflowName, ScheduleRejection),
    /// The start key was used for another body or version.
    #[error("the idempotency key was already used for another start (instance {0})")]
    KeyReused(InstanceId),
    /// The job's present state does not admit what was asked.
    #[error(transparent)]
    Job(JobRejection),
    /// Starts wait until the sink has taken what waits for it.
    #[error(
        "{events_max} events wait for the sink {sink}, which is the limit: nothing begins that would add to them"
    )]
    SinkFull { sink: String, events_max: u64 },
    /// Somebody has to decide about what the sink refused before it goes on.
    #[error(
        "the sink {sink} has refused {events_max} events, which is the limit: retry or discard them"
    )]
    RefusedFull { sink: String, events_max: u64 },
    #[error("there is no sink {0}")]
    UnknownSink(String),
    #[error("there is no service {0}")]
    UnknownService(ServiceName),
    #[error("the service {0} has no endpoint {1}")]
    UnknownEndpoint(ServiceName, EndpointId),
    #[error("no {0} with the id {2:?} is registered in the namespace {1}")]
    UnknownOfAgent(&'static str, Label, String),
    #[error("the check {1:?} of the namespace {0} asks the endpoint itself: nothing is said of it")]
    CheckAsks(Label, String),
    #[error("the check {1:?} of the namespace {0} is one of another endpoint")]
    CheckTaken(Label, String),
    /// The endpoint is there for another reason, and does not come and go by itself.
    #[error("the endpoint {1} of {0} stands in its document, or was found by DNS")]
    EndpointTaken(ServiceName, EndpointId),
    #[error("there are {count} {what}, which is the limit")]
    RegistryFull { what: &'static str, count: usize },
    /// What waits for a sink that takes it is not thrown away.
    #[error(
        "the sink {0} is configured and takes what waits for it: start the server without it first"
    )]
    SinkInUse(String),
    /// The partition is read up to another offset than was supposed.
    #[error("the source is read up to another offset: {stored:?}")]
    Offset { stored: Option<u64> },
    /// The command does not fit the instance's status.
    #[error("the instance is {status}: {reason}")]
    Conflict { status: Status, reason: String },
    #[error("{what} has {bytes} bytes, the limit is {bytes_max}")]
    TooLarge { what: &'static str, bytes: usize, bytes_max: usize },
    /// More waits than is admitted; come again later.
    #[error("the server has more work than it admits")]
    Overloaded { retry_after: Duration },
    /// The server takes nothing new: its disk is full, it is stopping, or its store failed.
    #[error("the server is not available: {0}")]
    Unavailable(String),
    /// The stored instance cannot be read.
    #[error("the instance cannot be loaded: {0}")]
    Unloadable(String),
}

/// What came of a publication.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishReply {
    pub definition: WorkflowRef,
    pub digest: motet_types::Digest,
    /// False if the same content was there already.
    pub created: bool,
    /// Warnings; errors would have refused it.
    pub diagnostics: Vec<Diagnostic>,
    pub position: Position,
}

/// What came of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct StartReply {
    pub instance: InstanceView,
    /// False if the start key found an instance that was there already.
    pub created: bool,
    pub position: Position,
}

/// New entries of one instance's history as they become durable; ends when the instance does or the receiver lags.
pub type Watch = tokio::sync::mpsc::Receiver<Vec<HistoryEntry>>;

/// Whether the server takes work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Shards are loaded and the store accepts commits.
    pub ready: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// Figures for `/metrics`: name, help, kind (`counter` or `gauge`) and value.
pub type Metrics = Vec<(&'static str, &'static str, &'static str, f64)>;

impl Handle {
    /// The same for somebody by name: what is done through it stands under that name in histories and in the audit.
    #[must_use]
    pub fn acting(&self, actor: Arc<str>) -> Self {
        Self { inner: self.inner.clone(), actor: Some(actor) }
    }

    /// The server's time, which tokens expire by.
    pub fn now(&self) -> Timestamp {
        self.inner.now()
    }

    /// Makes a token; its text is in the answer and nowhere else.
    pub async fn create_token(&self, request: TokenRequest) -> Result<(Minted, Position), Error> {
        self.inner.create_token(request, self.actor.clone()).await
    }

    /// From then on the token opens nothing; one that was revoked before stays as it is.
    pub async fn revoke_token(&self, id: Label, reason: Option<String>) -> Result<Position, Error> {
        self.inner.revoke_token(id, reason, self.actor.clone()).await
    }

    /// Sets a secret, or replaces its value; calls that leave from then on get it.
    pub async fn set_secret(&self, name: SecretName, value: &str) -> Result<Position, Error> {
        self.inner.set_secret(name, value, self.actor.clone()).await
    }

    pub async fn delete_secret(
        &self,
        name: SecretName,
        reason: Option<String>,
    ) -> Result<Position, Error> {
        self.inner.delete_secret(name, reason, self.actor.clone()).await
    }

    /// Writes something into the audit that changes nothing here, such as that the data were copied.
    pub async fn note(&self, note: Note) -> Result<Position, Error> {
        self.inner.note(Note { actor: self.actor.clone(), ..note }).await
    }

    /// A page of what people did, newest first; waits up to 5 s until the view covers `at`.
    pub async fn audit(
        &self,
        filter: AuditFilter,
        after: Option<AuditId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<AuditPage, Error> {
        self.inner.audit(filter, after, limit, at).await
    }

    /// Removes everything that is stored of an instance that has ended, and of those that it started and that have ended.
    /// Returns how many that were.
    ///
    /// # Errors
    /// It has not ended, or one above it has not, which may need it for its compensation.
    pub async fn purge(
        &self,
        id: InstanceId,
        reason: Option<String>,
    ) -> Result<(u64, Position), Error> {
        self.inner.purge(id, reason, self.actor.clone()).await
    }

    /// Checks a document as publication would, without publishing: all errors and warnings.
    pub fn validate(&self, source: &str) -> Vec<Diagnostic> {
        self.inner.validate(source)
    }

    /// Publishes a document; its version is immutable from then on.
    pub async fn publish(&self, source: String) -> Result<PublishReply, Error> {
        self.inner.publish(source, self.actor.clone()).await
    }

    pub async fn set_tag(
        &self,
        workflow: WorkflowName,
        tag: Label,
        version: Version,
        reason: Option<String>,
    ) -> Result<Position, Error> {
        self.inner.set_tag(workflow, tag, version, reason, self.actor.clone()).await
    }

    /// The durable catalog now and whenever it has changed.
    pub fn catalog_changes(&self) -> tokio::sync::watch::Receiver<Arc<CatalogView>> {
        self.inner.catalog_changes()
    }

    /// The catalog as it is durable now.
    pub fn catalog(&self) -> Arc<CatalogView> {
        self.inner.catalog()
    }

    /// Starts an instance, or finds the one that its key started; waits for the end if asked to.
    pub async fn start(&self, request: StartRequest) -> Result<StartReply, Error> {
        // That anybody on this machine started it says nothing.
        let actor = self.actor.clone().filter(|actor| **actor != *LOCAL);
        self.inner.start(StartRequest { actor, ..request }).await
    }

    /// Reads an instance; with `wait` once it has ended, or as it is when the time is up.
    pub async fn instance(
        &self,
        id: InstanceId,
        wait: Duration,
    ) -> Result<(InstanceView, Position), Error> {
        self.inner.instance(id, wait).await
    }

    /// What an instance would undo, undoes or has undone, newest first.
    pub async fn undo(&self, id: InstanceId) -> Result<(UndoView, Position), Error> {
        self.inner.undo(id).await
    }

    pub async fn command(
        &self,
        id: InstanceId,
        command: Command,
    ) -> Result<(InstanceView, Position), Error> {
        self.inner.command(id, command, self.actor.clone()).await
    }

    /// Publishes events in a namespace; answers once all are durable, and tells of each whether it was there already. Where
    /// it fails, some may have been published: the same events may be published again.
    pub async fn publish_events(
        &self,
        namespace: Label,
        events: Vec<Arc<Event>>,
    ) -> Result<(Vec<bool>, Position), Error> {
        self.inner.publish_events(namespace, events).await
    }

    /// Events that are kept, by type and the newest first; `after` is where the page before ended.
    pub async fn events(
        &self,
        filter: EventFilter,
        after: Option<String>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<EventPage, Error> {
        self.inner.events(filter, after, limit, at).await
    }

    /// The live instance of a workflow with a business key.
    pub async fn instance_by_business_key(
        &self,
        workflow: &WorkflowName,
        key: &str,
    ) -> Result<InstanceId, Error> {
        self.inner.instance_by_business_key(workflow, key).await
    }

    /// Limits of the server.
    pub fn limits(&self) -> &motet_types::Limits {
        self.inner.limits()
    }

    /// Entries of the history from ordinal `skip` on; fewer than `limit` only at the end. Includes every durable record.
    pub async fn history(
        &self,
        id: InstanceId,
        skip: u64,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, Error> {
        self.inner.history(id, skip, limit).await
    }

    /// Entries from now on, as they become durable.
    pub async fn watch(&self, id: InstanceId) -> Result<Watch, Error> {
        self.inner.watch(id).await
    }

    /// A page of instances, newest first; waits up to 5 s until the view covers `at`.
    pub async fn instances(
        &self,
        filter: InstanceFilter,
        after: Option<InstanceId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<Page<InstanceRow>, Error> {
        self.inner.instances(filter, after, limit, at).await
    }

    /// A page of limits of how many instances run at once, in these namespaces or in all; up to `limit` of them.
    pub async fn limits_at_work(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<Line>,
        limit: usize,
    ) -> Result<(Vec<LimitView>, Position), Error> {
        self.inner.limits_at_work(namespaces, after, limit).await
    }

    /// A page of schedules by name of their workflow, in these namespaces or in all; up to `limit` of them.
    pub async fn schedules(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<WorkflowName>,
        limit: usize,
    ) -> Result<(Vec<ScheduleView>, Position), Error> {
        self.inner.schedules(namespaces, after, limit).await
    }

    pub async fn schedule(
        &self,
        workflow: WorkflowName,
    ) -> Result<(ScheduleView, Position), Error> {
        self.inner.schedule(workflow).await
    }

    /// Pauses, resumes or triggers a schedule; the view is that after it.
    pub async fn command_schedule(
        &self,
        workflow: WorkflowName,
        input: ScheduleInput,
    ) -> Result<(ScheduleView, Position), Error> {
        self.inner.command_schedule(workflow, input, self.actor.clone()).await
    }

    /// How many instances there are in each status; waits up to 5 s until the view covers `at`.
    pub async fn counts(
        &self,
        filter: InstanceFilter,
        at: Option<Position>,
    ) -> Result<(Vec<(Status, u64)>, Position), Error> {
        self.inner.counts(filter, at).await
    }

    /// How many instances of each version of a workflow have not ended, for the first 1,000 versions that have any; as the
    /// lists know it.
    pub async fn open_versions(
        &self,
        workflow: &WorkflowName,
    ) -> Result<(Vec<(Version, u64)>, Position), Error> {
        self.inner.open_versions(workflow).await
    }

    /// Jobs for a worker: as soon as there is one, at the latest after `wait`, then none.
    pub async fn activate(
        &self,
        activation: Activation,
        wait: Duration,
    ) -> Result<Vec<JobView>, Error> {
        self.inner.activate(activation, wait).await
    }

    /// A worker tells that it is alive; it learns whether the job is still its own.
    pub async fn heartbeat(&self, job: JobId, worker: Option<String>) -> Result<Heartbeat, Error> {
        self.inner.heartbeat(job, worker).await
    }

    /// Completes or fails a job, or claims, returns or reassigns a task; answers with the task, unless it is over.
    pub async fn job(
        &self,
        job: JobId,
        command: JobCommand,
    ) -> Result<(Option<TaskView>, Position), Error> {
        self.inner.job(job, Some(command), self.actor.clone()).await
    }

    /// A person's open task.
    pub async fn task(&self, job: JobId) -> Result<(TaskView, Position), Error> {
        self.inner.task(job).await
    }

    /// A page of open tasks, oldest instances first; waits up to 5 s until the view covers `at`.
    pub async fn tasks(
        &self,
        filter: TaskFilter,
        after: Option<JobId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<TaskPage, Error> {
        self.inner.tasks(filter, after, limit, at).await
    }

    /// How many jobs wait, are leased, and what came of them, by type.
    pub async fn job_figures(&self) -> Result<Vec<JobFigures>, Error> {
        self.inner.job_figures().await
    }

    /// The last durable position: a list that covers it shows everything that was acknowledged by now.
    pub fn position(&self) -> Position {
        self.inner.position()
    }

    pub fn health(&self) -> Health {
        self.inner.health()
    }

    /// Ends when the server has to stop because nobody can tell any more what is durable (a failed sync), with the reason.
    pub async fn failed(&self) -> String {
        self.inner.failed().await
    }

    pub fn metrics(&self) -> Metrics {
        self.inner.metrics()
    }

    /// Stops taking commands, finishes what is in flight within `limit`, and makes everything durable.
    pub async fn shut_down(&self, limit: Duration) {
        self.inner.shut_down(limit).await;
    }
}
