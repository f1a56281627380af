//! What is computed between two commits, and what may leave once it is durable.

use std::collections::BTreeSet;
use std::sync::Arc;

use motet_engine::event::TopicId;
use motet_engine::room::Line;
use motet_engine::{Effect, Schedule};
use motet_store::{Commit, CommitError, Position};
use motet_types::{InstanceId, ServiceName, ShardId, WorkflowName};

use super::intake::{Offset, PartitionKey};
use super::jobs::JobChange;
use super::links::message_deletion;
use super::services::Change as ServiceChange;
use super::sinks::Tallies;
use super::starts::Starting;
use super::usage::UsageChanges;
use super::{Machine, Output, Reply, Responder, rooms, turns};
use crate::sabotage::{self, Sabotage};
use crate::{CatalogView, Error, HistoryEntry, InstanceView};

/// Commits, and everything that rests on them.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) commits: Vec<Commit>,
    releases: Vec<Release>,
    /// Instances that a commit of the batch changes.
    pub(super) touched: Vec<InstanceId>,
    /// Topics that a commit of the batch changes, once for each.
    pub(super) topics: Vec<TopicId>,
    /// The catalog after the batch, if it changes that.
    pub(super) view: Option<Arc<CatalogView>>,
    usage: UsageChanges,
}

/// Something that may leave with its batch.
pub(super) enum Release {
    Reply(Responder, Result<Reply, Error>),
    Effect(InstanceId, Effect),
    /// A message is durable at its sender.
    Deliver {
        from: ShardId,
        sequence: u64,
    },
    /// A message is durable at its receiver.
    Acknowledge {
        from: ShardId,
        sequence: u64,
    },
    /// The rows of messages go that were acknowledged to this sender.
    Forgotten {
        from: ShardId,
        sequences: Vec<u64>,
    },
    /// The start key's row is durable: lookups find it from now on.
    StartKey(ShardId, String),
    Watched(InstanceId, Vec<HistoryEntry>),
    /// The instance has ended; how it ended, if somebody waits for that.
    Ended(InstanceId, Option<Box<InstanceView>>),
    /// The catalog has changed, this workflow of it if it is about one.
    Catalog(Arc<CatalogView>, Option<WorkflowName>),
    Jobs(Vec<JobChange>),
    /// A place in the line for a concurrency key was taken or left.
    Turn(turns::Change),
    /// A place in the line of a limit became another one.
    Room(rooms::Change),
    /// The schedule of a workflow has changed; none: it is gone.
    Schedule(WorkflowName, Option<Arc<Schedule>>),
    /// A partition is read up to there.
    Intake(PartitionKey, Offset),
    /// Events of sinks have come and gone.
    Sinks(Tallies),
    /// A service's document or endpoints have changed.
    Services(Arc<ServiceName>, Vec<ServiceChange>),
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.releases.is_empty()
    }
}

impl Machine {
    /// Lets something out with the frame it rests on: at once only if nothing is waiting to become durable.
    pub(super) fn release(&mut self, release: Release) {
        let is_hasty =
            matches!(release, Release::Effect(..)) && sabotage::is(Sabotage::EffectBeforeCommit);
        if is_hasty {
            self.let_out(release);
        } else if !self.building.commits.is_empty() {
            self.building.releases.push(release);
        } else if let Some(in_flight) = &mut self.in_flight {
            in_flight.releases.push(release);
        } else {
            self.let_out(release);
        }
    }

    pub(super) fn reply(&mut self, reply: Responder, result: Result<Reply, Error>) {
        self.release(Release::Reply(reply, result));
    }

    /// Gathers a commit; rows of acknowledged messages of its shard ride on it, no more than a step may write.
    pub(super) fn push_commit(&mut self, mut commit: Commit) {
        self.counters.commits += 1;
        let from = commit.shard;
        let count_max = self.config.limits.step_records_max.max(1);
        let sequences = self.links.take_acknowledged(from, count_max);
        commit.rows.extend(sequences.iter().map(|sequence| message_deletion(from, *sequence)));
        self.building.commits.push(commit);
        if !sequences.is_empty() {
            self.release(Release::Forgotten { from, sequences });
        }
    }

    /// Hands the batch over, unless one is in flight.
    pub(super) fn submit(&mut self) {
        if self.in_flight.is_some() || self.building.commits.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.building);
        let commits = std::mem::take(&mut batch.commits);
        batch.usage = self.usage.take_changes();
        self.counters.batches += 1;
        self.in_flight = Some(batch);
        self.outputs.push(Output::Commit(commits));
    }

    pub(super) fn committed(&mut self, positions: &[Position]) {
        let Some(batch) = self.in_flight.take() else { return };
        self.position = positions.last().copied().unwrap_or(self.position).max(self.position);
        self.usage.committed(batch.usage);
        for release in batch.releases {
            self.let_out(release);
        }
        for id in batch.touched {
            self.settled_commit(id);
        }
        for topic in batch.topics {
            self.settled_topic(&topic);
        }
    }

    /// A refused batch takes everything computed since with it: the instances are loaded again when they are next needed.
    pub(super) fn refused(&mut self, error: &CommitError) {
        let unknown = matches!(error, CommitError::Unknown(_));
        let batches = [self.in_flight.take(), Some(std::mem::take(&mut self.building))];
        // Each once: what is forgotten is loaded again at once, and of two loads the later could tell what was before.
        let (mut touched, mut topics) = (BTreeSet::new(), BTreeSet::new());
        for batch in batches.into_iter().flatten() {
            touched.extend(batch.touched);
            topics.extend(batch.topics);
            for release in batch.releases {
                self.take_back(release, error);
            }
        }
        self.turns.settle_refused();
        self.rooms.settle_refused(self.now);
        if unknown {
            self.outputs.push(Output::Stop(error.to_string()));
            return;
        }
        self.starting.retain(|_, starting| matches!(starting, Starting::Looking(_)));
        self.catalog = self.view.catalog.clone();
        self.usage.refused();
        self.schedules.refused(self.now);
        self.intakes.refused();
        for id in touched {
            self.forget(id, error);
        }
        for topic in topics {
            self.forget_topic(&topic, error);
        }
    }

    fn let_out(&mut self, release: Release) {
        match release {
            Release::Reply(reply, result) => {
                self.outputs.push(Output::Reply { reply, result, position: self.position });
            }
            Release::Effect(id, effect) => self.carry_out(id, effect),
            Release::Deliver { from, sequence } => self.deliver(from, sequence),
            Release::Forgotten { .. } | Release::Turn(_) | Release::Room(_) => {}
            Release::Acknowledge { from, sequence } => {
                self.links.acknowledge(from, sequence, self.now)
            }
            Release::StartKey(shard, key) => {
                self.starting.remove(&(shard, key));
            }
            Release::Watched(id, entries) => self.waiters.tell(id, &entries),
            Release::Jobs(changes) => self.jobs_changed(changes),
            Release::Ended(id, view) => {
                self.tell_end(id);
                self.ended(id, view);
            }
            Release::Intake(partition, offset) => self.intakes.settle(partition, offset),
            Release::Sinks(tallies) => self.settle_sinks(tallies),
            Release::Services(name, changes) => self.settle_services(&name, changes),
            Release::Schedule(workflow, schedule) => self.schedules.settle(workflow, schedule),
            Release::Catalog(view, workflow) => {
                let mut view = view;
                Arc::make_mut(&mut view).position = self.position;
                self.view = view.clone();
                self.outputs.push(Output::Catalog(view));
                if let Some(workflow) = workflow {
                    self.adopt_schedule(&workflow);
                    self.widen(&Line::Workflow(workflow));
                }
            }
        }
    }

    fn take_back(&mut self, release: Release, error: &CommitError) {
        match release {
            Release::Reply(reply, _) => {
                let result = Err(Error::Unavailable(error.to_string()));
                self.outputs.push(Output::Reply { reply, result, position: self.position });
            }
            Release::Deliver { from, sequence } => self.links.drop_unsent(from, sequence),
            Release::Acknowledge { from, sequence } => {
                self.links.untake(from, sequence, self.now);
            }
            Release::Forgotten { from, sequences } => {
                self.links.unforget(from, sequences, self.now)
            }
            Release::Turn(change) => self.turns.take_back(change),
            Release::Services(name, changes) => self.take_back_services(&name, &changes),
            Release::Room(change) => self.rooms.take_back(change),
            Release::Effect(..)
            | Release::StartKey(..)
            | Release::Watched(..)
            | Release::Ended(..)
            | Release::Catalog(..)
            | Release::Jobs(_)
            | Release::Intake(..)
            | Release::Sinks(_)
            | Release::Schedule(..) => {}
        }
    }
}
