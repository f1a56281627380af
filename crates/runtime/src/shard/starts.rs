//! Starts: which version, which key, and the first step.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::graph::Graph;
use motet_engine::{
    self as engine, ChildRequest, Context, Instance, Metered, Record, SEMANTICS, Start,
};
use motet_store::{Row, RowChange, Value};
use motet_types::{Digest, InstanceId, ShardId, StepId, Timestamp, WorkflowName, WorkflowRef};

use super::away::guarded_begin;
use super::batch::Release;
use super::links::taken_row;
use super::slots::{Slot, Task};
use super::stepping::sign;
use super::{Machine, Output, Responder, start_digest};
use crate::tables::START;
use crate::{Actor, Error, StartRequest};

/// When a client may come again whose definition burns more fuel than there is.
const DEAR_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How a start key begins that a client chose.
pub(super) const CLIENT_KEY: &str = "client/";

/// What is known of a start key that is not durable yet.
pub(super) enum Starting {
    /// The store is asked, or the first under the key begins elsewhere; these wait for the answer. Nobody does where only a
    /// sweep has asked.
    Looking(Vec<(StartRequest, u64, Responder)>),
    /// It has started this instance.
    Begun(InstanceId, Digest),
}

/// What comes with a start, and what follows it.
pub(super) struct Beginning {
    pub(super) rows: Vec<RowChange>,
    pub(super) releases: Vec<Release>,
    pub(super) origin: Origin,
}

/// Who wants an instance to begin.
pub(super) enum Origin {
    Client {
        id: InstanceId,
        /// The start key, if the client gave one.
        key: Option<(ShardId, String, Digest)>,
        /// How long to wait for its end.
        until: Option<Timestamp>,
        /// Who asks for it.
        actor: Actor,
        reply: Responder,
    },
    /// A message of the parent's shard.
    Child {
        pair: (ShardId, ShardId),
        sequence: u64,
        parent: InstanceId,
        step: StepId,
        child: InstanceId,
        awaited: bool,
    },
    /// A message of the schedule's shard.
    Scheduled { pair: (ShardId, ShardId), sequence: u64, workflow: WorkflowName, id: InstanceId },
}

impl Beginning {
    /// The message that asked for it.
    pub(super) fn message(&self) -> Option<((ShardId, ShardId), u64)> {
        match self.origin {
            Origin::Client { .. } => None,
            Origin::Child { pair, sequence, .. } | Origin::Scheduled { pair, sequence, .. } => {
                Some((pair, sequence))
            }
        }
    }
}

impl Machine {
    pub(super) fn start(&mut self, request: StartRequest, random: u64, reply: Responder) {
        let definition =
            match self.view.catalog.resolve(&request.workflow, request.version.as_deref()) {
                Ok(definition) => definition,
                Err(error) => return self.reply(reply, Err(Error::Unresolved(error))),
            };
        let Some(key) = &request.key else {
            let shard = ShardId((random >> 48) as u16 % ShardId::COUNT);
            let key = format!("random/{random:016x}");
            return self.begin(request, definition, shard, key, random, reply);
        };
        let workflow = &request.workflow;
        let key = format!("{CLIENT_KEY}{key}");
        let shard = ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), &key);
        let key = format!("{workflow}/{key}");
        match self.starting.get_mut(&(shard, key.clone())) {
            Some(Starting::Looking(waiting)) => waiting.push((request, random, reply)),
            Some(Starting::Begun(id, digest)) => {
                let (id, digest) = (*id, *digest);
                self.found(id, digest, request, reply);
            }
            None => {
                let waiting = Starting::Looking(vec![(request, random, reply)]);
                self.starting.insert((shard, key.clone()), waiting);
                self.outputs.push(Output::Lookup { shard, key });
            }
        }
    }

    /// The store's answer about a start key.
    pub(super) fn looked(
        &mut self,
        shard: ShardId,
        key: String,
        row: Result<Option<Row>, motet_store::Error>,
    ) {
        let Some(Starting::Looking(waiting)) = self.starting.remove(&(shard, key.clone())) else {
            return;
        };
        if waiting.is_empty() {
            return self.expire_key(shard, key, row);
        }
        let found = match row {
            Ok(row) => row.as_ref().and_then(start_of_row),
            Err(error) => {
                let error = Error::Unavailable(error.to_string());
                return self.refuse_starts(waiting, &error);
            }
        };
        self.starting.insert((shard, key.clone()), Starting::Looking(waiting));
        match found {
            // Its time is over, unless the instance is still alive; that may have to be loaded.
            Some((id, digest, expires)) if expires <= self.now => {
                self.give(id, Task::Claim { shard, key, digest });
            }
            found => self.claimed(shard, key, Ok(found.map(|(id, digest, _)| (id, digest)))),
        }
    }

    /// It is known to which instance a start key leads, if to any: those who wait find it, or one of them starts it.
    pub(super) fn claimed(
        &mut self,
        shard: ShardId,
        key: String,
        known: Result<Option<(InstanceId, Digest)>, Error>,
    ) {
        let Some(Starting::Looking(waiting)) = self.starting.remove(&(shard, key.clone())) else {
            return;
        };
        let known = match known {
            Ok(known) => known,
            Err(error) => return self.refuse_starts(waiting, &error),
        };
        for (request, random, reply) in waiting {
            if let Some((id, digest)) = known {
                self.found(id, digest, request, reply);
                continue;
            }
            match self.starting.get_mut(&(shard, key.clone())) {
                Some(Starting::Begun(id, digest)) => {
                    let (id, digest) = (*id, *digest);
                    self.found(id, digest, request, reply);
                    continue;
                }
                // The first of them begins elsewhere.
                Some(Starting::Looking(waiting)) => {
                    waiting.push((request, random, reply));
                    continue;
                }
                None => {}
            }
            match self.view.catalog.resolve(&request.workflow, request.version.as_deref()) {
                Ok(definition) => {
                    self.begin(request, definition, shard, key.clone(), random, reply);
                }
                Err(error) => self.reply(reply, Err(Error::Unresolved(error))),
            }
        }
    }

    fn refuse_starts(&mut self, waiting: Vec<(StartRequest, u64, Responder)>, error: &Error) {
        for (_, _, reply) in waiting {
            self.reply(reply, Err(error.clone()));
        }
    }

    pub(super) fn unexpired(&self, row: &Row) -> Option<(InstanceId, Digest)> {
        let (id, digest, expires) = start_of_row(row)?;
        (expires > self.now || self.is_alive(id)).then_some((id, digest))
    }

    /// Whether an instance in memory has not ended. An end that is not durable may never have been.
    pub(super) fn is_alive(&self, id: InstanceId) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.end().is_none() || slot.unsettled > 0)
    }

    /// The key has started an instance already: the same start finds it, another one is refused.
    fn found(&mut self, id: InstanceId, digest: Digest, request: StartRequest, reply: Responder) {
        if start_digest(&request) != digest {
            return self.reply(reply, Err(Error::KeyReused(id)));
        }
        let until = (!request.wait.is_zero()).then(|| self.now.saturating_add(request.wait));
        self.give(id, Task::Read { until, created: false, reply });
    }

    fn begin(
        &mut self,
        request: StartRequest,
        definition: WorkflowRef,
        shard: ShardId,
        key: String,
        random: u64,
        reply: Responder,
    ) {
        if let Some(error) = self.held_up(&definition) {
            return self.reply(reply, Err(error));
        }
        // What runs under a concurrency key lives where that does; the row of its start key goes with the same commit.
        let home = self.view.place(&definition, &request.input).unwrap_or(shard);
        let id = InstanceId::new(self.now, home, random);
        let has_key = request.key.is_some();
        let digest = has_key.then(|| start_digest(&request));
        let start_rows = digest.map(|digest| start_row(self, shard, &key, id, digest));
        let until = (!request.wait.is_zero()).then(|| self.now.saturating_add(request.wait));
        let start = self.start_of(definition, request.input, key.clone(), None);
        let origin = Origin::Client {
            id,
            key: digest.map(|digest| (shard, key, digest)),
            until,
            actor: request.actor,
            reply,
        };
        let rows = start_rows.into_iter().collect();
        let beginning = Beginning { rows, releases: Vec::new(), origin };
        match start {
            Ok(start) => self.begin_instance(id, start, beginning),
            Err(error) => self.not_begun(beginning, error),
        }
    }

    /// Takes the message of a parent that wants a child.
    pub(super) fn start_child(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        parent: InstanceId,
        step: StepId,
        child: Arc<ChildRequest>,
    ) {
        let ChildRequest { id, definition, start_key, input, awaited, root, depth, .. } =
            (*child).clone();
        let above = engine::Parent { instance: parent, step, awaited, root, depth };
        let rows = vec![taken_row(pair, sequence)];
        let releases = vec![Release::Acknowledge { from: pair.1, sequence }];
        let origin = Origin::Child { pair, sequence, parent, step, child: id, awaited };
        let beginning = Beginning { rows, releases, origin };
        match self.start_of(definition, input, start_key, Some(above)) {
            Ok(start) => self.begin_instance(id, start, beginning),
            Err(error) => self.not_begun(beginning, error),
        }
    }

    /// What is fixed when an instance of a definition begins.
    pub(super) fn start_of(
        &self,
        definition: WorkflowRef,
        input: motet_expr::Value,
        start_key: String,
        parent: Option<engine::Parent>,
    ) -> Result<Start, Error> {
        let Some(graph) = self.view.graphs.get(&definition) else {
            return Err(Error::Unavailable(format!(
                "{definition} cannot be compiled by this server"
            )));
        };
        let concurrency_key = engine::turn::key(graph, &input)
            .map_err(|error| Error::ConcurrencyKey(error.detail.unwrap_or_default()))?;
        let lines = self.lines_of(&definition, parent.as_ref());
        Ok(Start {
            digest: graph.digest,
            definition,
            semantics: SEMANTICS,
            input,
            start_key,
            parent,
            business_key: None,
            attributes: Vec::new(),
            schedule: None,
            concurrency_key,
            lines,
        })
    }

    /// Begins an instance, here or elsewhere.
    pub(super) fn begin_instance(&mut self, id: InstanceId, start: Start, beginning: Beginning) {
        let Some(graph) = self.view.graphs.get(&start.definition).cloned() else {
            let message = format!("{} cannot be compiled by this server", start.definition);
            return self.not_begun(beginning, Error::Unavailable(message));
        };
        if let Some(error) = self.no_room_to_wait(&start, &beginning.origin) {
            return self.not_begun(beginning, error);
        }
        if let Some(policy) = graph.concurrency.as_ref().map(|own| own.policy) {
            return self.begin_in_turn(id, &graph, policy, start, beginning);
        }
        if !start.lines.is_empty() {
            return self.begin_when_room(id, &graph, start, beginning);
        }
        if self.is_dear(&graph) {
            if self.is_away_full() && beginning.message().is_none() {
                let error = Error::Overloaded { retry_after: DEAR_RETRY_AFTER };
                return self.not_begun(beginning, error);
            }
            if let Origin::Client { key: Some((shard, key, _)), .. } = &beginning.origin {
                // Other starts under the key wait for this one.
                let place = self.starting.entry((*shard, key.clone()));
                place.or_insert_with(|| Starting::Looking(Vec::new()));
            }
            return self.begin_away(id, graph, start, beginning);
        }
        let view = &self.view;
        let ctx = Context {
            graph: &graph,
            catalog: &self.view.catalog,
            now: self.now,
            limits: &self.config.limits,
            secret_key: &self.config.secret_key,
            undoable: &|definition| view.may_undo(definition),
            place: &|definition, input| view.place(definition, input),
        };
        let begun = guarded_begin(&ctx, id, start);
        if let Ok(begun) = &begun {
            self.costs.note(graph.digest, begun.fuel_burnt, self.now);
        }
        self.begun(id, &graph, beginning, begun);
    }

    /// The first step is done: gathers its commit.
    pub(super) fn begun(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        beginning: Beginning,
        begun: Result<Metered<(Instance, Vec<Record>)>, String>,
    ) {
        // What was asked of it before there was anything.
        let early = self.slots.remove(&id).map(|mut slot| slot.take_queue()).unwrap_or_default();
        match begun.map(|begun| begun.result) {
            Ok((instance, mut records)) => {
                self.counters.started += 1;
                if let Origin::Client { actor, .. } = &beginning.origin {
                    sign(&mut records, actor);
                }
                let has_work = instance.has_work();
                self.slots.insert(id, Slot::begun(instance));
                let Beginning { rows, releases, origin } = beginning;
                self.commit_records(id, graph, &records, rows, releases);
                if has_work {
                    self.yielded.push_back(id);
                }
                self.has_begun(origin);
            }
            Err(_) => {
                self.counters.panics += 1;
                let message = "the start met a defect of the engine and was not taken".to_owned();
                self.not_begun(beginning, Error::Unloadable(message));
            }
        }
        for task in early {
            self.give(id, task);
        }
    }

    fn has_begun(&mut self, origin: Origin) {
        match origin {
            Origin::Client { id, key, until, actor: _, reply } => {
                let waiting = match key {
                    Some((shard, key, digest)) => {
                        let begun = Starting::Begun(id, digest);
                        let before = self.starting.insert((shard, key.clone()), begun);
                        self.release(Release::StartKey(shard, key));
                        before.map(|before| (before, digest))
                    }
                    None => None,
                };
                self.answer_when_ended(id, until, true, reply);
                if let Some((Starting::Looking(waiting), digest)) = waiting {
                    for (request, _, reply) in waiting {
                        self.found(id, digest, request, reply);
                    }
                }
            }
            Origin::Child { pair, sequence, .. } | Origin::Scheduled { pair, sequence, .. } => {
                self.taken(pair, sequence);
            }
        }
    }

    /// An instance has not begun, and leaves no trace.
    pub(super) fn not_begun(&mut self, beginning: Beginning, error: Error) {
        match beginning.origin {
            Origin::Client { key, reply, .. } => {
                self.reply(reply, Err(error));
                if let Some((shard, key, _)) = key {
                    // The next one under the key has its try.
                    self.claimed(shard, key, Ok(None));
                }
            }
            Origin::Child { pair, sequence, parent, step, child, awaited } => {
                self.refuse_child(pair, sequence, (parent, step, child), awaited, &error);
            }
            Origin::Scheduled { pair, sequence, workflow, id } => {
                self.refuse_scheduled(pair, sequence, workflow, id);
            }
        }
    }
}

/// The instance that a start key's row leads to, the digest of its start, and when the row's time is over.
fn start_of_row(row: &Row) -> Option<(InstanceId, Digest, Timestamp)> {
    let [_, _, Value::Blob(id), Value::Blob(digest), Value::Int(expires)] = row.as_slice() else {
        return None;
    };
    let id = InstanceId(id.as_ref().try_into().ok()?);
    let digest = Digest(digest.as_ref().try_into().ok()?);
    Some((id, digest, Timestamp::from_micros(*expires)))
}

fn start_row(
    machine: &Machine,
    shard: ShardId,
    key: &str,
    id: InstanceId,
    digest: Digest,
) -> RowChange {
    let expires = machine.now.saturating_add(machine.config.limits.start_key_retention);
    RowChange::Put {
        table: START.id,
        row: vec![
            Value::Int(i64::from(shard.0)),
            Value::Text(key.to_owned()),
            Value::Blob(Bytes::copy_from_slice(&id.0)),
            Value::Blob(Bytes::copy_from_slice(&digest.0)),
            Value::Int(expires.as_micros()),
        ],
    }
}
