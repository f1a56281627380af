//! What handles do: commands into the lanes, answers out of them.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use motet_definition::{Diagnostic, graph};
use motet_engine::CatalogInput;
use motet_engine::event::Event;
use motet_store::Position;
use motet_types::{InstanceId, Label, Timestamp, Version, WorkflowName};
use tokio::sync::{mpsc, oneshot, watch};

use super::Inner;
use super::lanes::Refusal;
use crate::shard::{CatalogCommand, Input, Reply, Responder};
use crate::{
    Actor, CatalogView, Command, Error, Health, HistoryEntry, InstanceView, Metrics, PublishReply,
    StartReply, StartRequest, UndoView, Watch,
};

/// When a refused client may come again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Batches of history entries that a watcher may lag behind.
const WATCH_BATCHES_MAX: usize = 256;

/// How often a stopping server looks whether everything has settled.
const SETTLE_POLL: Duration = Duration::from_millis(5);

impl Inner {
    pub(crate) fn validate(&self, source: &str) -> Vec<Diagnostic> {
        graph::check(source, &self.limits).diagnostics
    }

    pub(crate) async fn publish(
        &self,
        source: String,
        actor: Actor,
    ) -> Result<PublishReply, Error> {
        let bytes_max = self.limits.document_bytes_max;
        check_size("the document", source.len(), bytes_max)?;
        let mut checked = graph::check(&source, &self.limits);
        if let Some(graph) = &checked.graph {
            let namespace = &graph.definition.workflow.namespace;
            let known = self.known_services(namespace, &checked.diagnostics).await?;
            checked.forget_services(|name| known.contains(name));
        }
        let diagnostics = checked.diagnostics;
        let Some(graph) = checked.graph else { return Err(Error::Invalid(diagnostics)) };
        let (definition, digest) = (graph.definition.clone(), graph.digest);
        let input =
            CatalogInput::Publish { definition: definition.clone(), digest, source: source.into() };
        let command = CatalogCommand { input, graph: Some(Arc::new(graph)), actor };
        let (created, position) = self.change_catalog(command).await?;
        Ok(PublishReply { definition, digest, created, diagnostics, position })
    }

    pub(crate) async fn set_tag(
        &self,
        workflow: WorkflowName,
        tag: Label,
        version: Version,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Position, Error> {
        let input = CatalogInput::SetTag { workflow, tag, version, reason };
        self.change(input, actor).await
    }

    /// A change of the catalog that needs no graph.
    pub(super) async fn change(
        &self,
        input: CatalogInput,
        actor: Actor,
    ) -> Result<Position, Error> {
        let command = CatalogCommand { input, graph: None, actor };
        Ok(self.change_catalog(command).await?.1)
    }

    async fn change_catalog(&self, command: CatalogCommand) -> Result<(bool, Position), Error> {
        let command = Box::new(command);
        match self.ask(|reply| Input::Catalog { command, reply }).await? {
            (Reply::Catalog { created }, position) => Ok((created, position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) fn catalog(&self) -> Arc<CatalogView> {
        self.catalog.borrow().clone()
    }

    pub(crate) fn catalog_changes(&self) -> watch::Receiver<Arc<CatalogView>> {
        self.catalog.subscribe()
    }

    pub(crate) async fn start(&self, request: StartRequest) -> Result<StartReply, Error> {
        let random = self.seed.lock().unwrap_or_else(PoisonError::into_inner).next();
        let request = Box::new(request);
        let asked = self.ask(|reply| Input::Start { request, random, reply }).await?;
        match asked {
            (Reply::Instance { view, created }, position) => {
                Ok(StartReply { instance: *view, created, position })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn instance(
        &self,
        id: InstanceId,
        wait: Duration,
    ) -> Result<(InstanceView, Position), Error> {
        ensure_of_instance(id)?;
        let until = (!wait.is_zero()).then(|| self.clock.now().saturating_add(wait));
        view_of(self.ask(|reply| Input::Read { id, until, reply }).await?)
    }

    pub(crate) async fn undo(&self, id: InstanceId) -> Result<(UndoView, Position), Error> {
        ensure_of_instance(id)?;
        match self.ask(|reply| Input::ReadUndo { id, reply }).await? {
            (Reply::Undo(view), position) => Ok((*view, position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn command(
        &self,
        id: InstanceId,
        command: Command,
        actor: Actor,
    ) -> Result<(InstanceView, Position), Error> {
        ensure_of_instance(id)?;
        view_of(self.ask(|reply| Input::Command { id, command, actor, reply }).await?)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Publishes events, in order; tells of each whether it was there already.
    pub(crate) async fn publish_events(
        &self,
        namespace: Label,
        events: Vec<Arc<Event>>,
    ) -> Result<(Vec<bool>, Position), Error> {
        let mut asked = Vec::with_capacity(events.len());
        for event in events {
            let namespace = namespace.clone();
            asked.push(self.begin_ask(|reply| Input::Publish { namespace, event, reply })?);
        }
        let (mut duplicates, mut last) = (Vec::with_capacity(asked.len()), Position::default());
        for receiver in asked {
            match end_ask(receiver).await? {
                (Reply::Event { duplicate }, position) => {
                    duplicates.push(duplicate);
                    last = last.max(position);
                }
                (other, _) => return Err(unexpected(&other)),
            }
        }
        Ok((duplicates, last))
    }

    pub(crate) async fn watch(&self, id: InstanceId) -> Result<Watch, Error> {
        ensure_of_instance(id)?;
        let (sender, receiver) = mpsc::channel(WATCH_BATCHES_MAX);
        let watcher =
            Box::new(move |entries: &[HistoryEntry]| sender.try_send(entries.to_vec()).is_ok());
        match self.ask(|reply| Input::Watch { id, watcher, reply }).await? {
            (Reply::Watching, _) => Ok(receiver),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.lock_health().clone()
    }

    /// The store's state is unknown: nothing is acknowledged any more, and the process has to end.
    pub(super) fn fail(&self, reason: String) {
        self.set_health(Health { ready: false, reason: Some(reason.clone()) });
        self.failed.send_replace(Some(reason));
    }

    pub(crate) async fn failed(&self) -> String {
        let mut failed = self.failed.subscribe();
        match failed.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            // The sender lives in `self`, so this cannot be reached; there is nothing to tell then.
            Err(_) => std::future::pending().await,
        }
    }

    /// What was starting is ready now; what is stopping already stays so.
    pub(super) fn set_ready(&self) {
        let mut health = self.lock_health();
        if health.reason.as_deref() == Some(super::STARTING) {
            *health = Health { ready: true, reason: None };
        }
    }

    pub(super) fn set_health(&self, health: Health) {
        *self.lock_health() = health;
    }

    fn lock_health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn position(&self) -> Position {
        self.levels.position()
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let mut metrics = self.levels.metrics();
        metrics.extend((self.store_metrics)());
        metrics
    }

    pub(crate) async fn shut_down(&self, limit: Duration) {
        self.lanes.close();
        self.set_health(Health { ready: false, reason: Some("stopping".to_owned()) });
        self.followers.stop();
        let settled = async {
            while !self.levels.is_quiet() {
                tokio::time::sleep(SETTLE_POLL).await;
            }
        };
        // What has not settled by then goes on after the next start.
        drop(tokio::time::timeout(limit, settled).await);
        self.lanes.stop();
    }

    pub(super) fn push(&self, input: Input) -> Result<(), Error> {
        self.lanes.push_external(input).map_err(|refusal| match refusal {
            Refusal::Full => Error::Overloaded { retry_after: RETRY_AFTER },
            Refusal::Closed => {
                let reason = self.health().reason.unwrap_or_else(|| "it is stopping".to_owned());
                Error::Unavailable(reason)
            }
        })
    }

    /// Puts a command into the external lane and waits for its answer.
    pub(super) async fn ask(
        &self,
        input: impl FnOnce(Responder) -> Input,
    ) -> Result<(Reply, Position), Error> {
        end_ask(self.begin_ask(input)?).await
    }

    fn begin_ask(
        &self,
        input: impl FnOnce(Responder) -> Input,
    ) -> Result<oneshot::Receiver<Answered>, Error> {
        let (sender, receiver) = oneshot::channel();
        let reply: Responder = Box::new(move |result: Result<Reply, Error>, position| {
            // A client that went away does not want the answer any more.
            drop(sender.send(result.map(|reply| (reply, position))));
        });
        self.push(input(reply))?;
        Ok(receiver)
    }
}

/// What a command is answered with.
type Answered = Result<(Reply, Position), Error>;

async fn end_ask(receiver: oneshot::Receiver<Answered>) -> Answered {
    receiver.await.map_err(|_| Error::Unavailable("it stopped before it answered".to_owned()))?
}

fn view_of(asked: (Reply, Position)) -> Result<(InstanceView, Position), Error> {
    match asked {
        (Reply::Instance { view, .. }, position) => Ok((*view, position)),
        (other, _) => Err(unexpected(&other)),
    }
}

/// Other ids name what is no instance, such as the catalog.
pub(super) fn ensure_of_instance(id: InstanceId) -> Result<(), Error> {
    if id.is_of_instance() { Ok(()) } else { Err(Error::UnknownInstance(id)) }
}

pub(super) fn unexpected(reply: &Reply) -> Error {
    Error::Unavailable(format!("an answer of another kind arrived: {reply:?}"))
}

pub(super) fn check_size(what: &'static str, bytes: usize, bytes_max: usize) -> Result<(), Error> {
    if bytes <= bytes_max { Ok(()) } else { Err(Error::TooLarge { what, bytes, bytes_max }) }
}

/// The free bits of ids: a keyed counter, unpredictable from outside (BLAKE3 as a pseudo-random function).
pub(super) struct Seed {
    key: [u8; 32],
    counter: u64,
}

impl Seed {
    /// Seeded by the randomness with which the standard library keys its hash maps.
    pub(super) fn from_system() -> Self {
        use std::hash::BuildHasher as _;
        let mut key = [0; 32];
        for slot in key.chunks_mut(8) {
            let random =
                std::collections::hash_map::RandomState::new().hash_one(std::process::id());
            slot.copy_from_slice(&random.to_le_bytes());
        }
        Self { key, counter: 0 }
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        let hash = blake3::keyed_hash(&self.key, &self.counter.to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }
}
