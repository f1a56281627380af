//! Jobs: given to workers who ask, kept alive by heartbeats, given again when a lease ends.
//!
//! A lease is no commit: it lives in memory. What a job is, and whether it is still wanted, its instance says, which is
//! loaded before the job leaves.

mod heartbeat;
pub(super) mod queue;
mod rows;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use motet_engine::{self as engine, Activity, CallState, ErrorKind, JobCommand, JobWork};
use motet_store::{Row, RowScan};
use motet_types::{Attempt, InstanceId, JobId, StepId, Timestamp};

use super::slots::{Slot, Task};
use super::{Machine, Output, Reply, Responder};
use crate::sabotage::{self, Sabotage};
use crate::tables::JOB;
use crate::{Error, JobFigures, JobView, view};

pub use heartbeat::Heartbeat;
pub(super) use queue::Entry;
pub use queue::QueueKey;
use queue::{Back, Lease, Origin, PAGE_ROWS, Place, Queues};
pub(super) use rows::{JobChange, Posted, entry_of, job_rows, posted};

/// Workers that wait for jobs at the same time.
const POLLERS_MAX: usize = 4_096;

/// Types with figures of their own; those of the others are added up.
const TYPES_SHOWN_MAX: usize = 100;

/// Jobs of which it is known how many workers they have lost.
const LOST_MAX: usize = 100_000;

/// How long a job rests whose instance could not be loaded.
const UNREADABLE_REST: Duration = Duration::from_secs(60);

/// How long a job rests whose instance has commits that are not durable.
const SETTLING_REST: Duration = Duration::from_millis(2);

/// The shortest and the longest lease.
const LEASE_MIN: Duration = Duration::from_millis(100);
const LEASE_MAX: Duration = Duration::from_secs(86_400);

/// A worker asks for jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The type.
    pub kind: String,
    /// `None`: of every namespace.
    pub namespaces: Option<Vec<String>>,
    /// The worker's name, for people and for its heartbeats.
    pub worker: Option<String>,
    pub jobs_max: usize,
    /// How long it means to hold a job; absent: what the job says, else a minute.
    pub lease: Option<Duration>,
}

#[derive(Default)]
pub(super) struct Jobs {
    queues: Queues,
    /// Workers that open jobs have lost in this life of the server, each with the attempt.
    lost: BTreeMap<Place, (Attempt, u32)>,
    pollers: BTreeMap<u64, Poller>,
    asked: u64,
    /// Pollers that have nothing yet, by type, in order of arrival.
    idle: BTreeMap<String, VecDeque<u64>>,
    /// When those give up.
    deadlines: BTreeSet<(Timestamp, u64)>,
    /// Types that may have something for somebody.
    stirred: BTreeSet<String>,
    figures: BTreeMap<String, Done>,
}

struct Poller {
    activation: Activation,
    until: Timestamp,
    reply: Responder,
    /// Jobs whose instances were not heard of yet.
    open: usize,
    jobs: Vec<JobView>,
}

/// What came of jobs of one type, in this life of the server.
#[derive(Clone, Copy, Default)]
struct Done {
    completed: u64,
    failed: u64,
    returned: u64,
    expired: u64,
}

impl Jobs {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let patience = self.deadlines.first().map(|(due, _)| *due);
        self.queues.next_due().into_iter().chain(patience).min()
    }

    pub(super) fn recover(&mut self, entries: Vec<Entry>, now: Timestamp) {
        self.queues.begin(now);
        for entry in entries.into_iter().filter(|_| !sabotage::is(Sabotage::JobForgotten)) {
            self.queues.admit(entry, Origin::Recovery, now);
        }
    }

    /// One more worker of a job was lost; how many there were by now.
    fn lost(&mut self, place: Place, attempt: Attempt) -> u32 {
        if self.lost.len() >= LOST_MAX && !self.lost.contains_key(&place) {
            self.lost.pop_first();
        }
        let lost = self.lost.entry(place).or_insert((attempt, 0));
        if lost.0 != attempt {
            *lost = (attempt, 0);
        }
        lost.1 += 1;
        lost.1
    }

    fn count(&mut self, kind: &str, count: impl FnOnce(&mut Done)) {
        let is_shown = self.figures.contains_key(kind) || self.figures.len() < TYPES_SHOWN_MAX;
        let kind = if is_shown { kind } else { OTHER_TYPES };
        count(self.figures.entry(kind.to_owned()).or_default());
    }

    /// Figures of each type, those beyond the first hundred together.
    fn figures(&self) -> Vec<JobFigures> {
        let mut figures: BTreeMap<&str, JobFigures> = BTreeMap::new();
        let mut shown: BTreeSet<&str> = self.figures.keys().map(String::as_str).collect();
        for (key, waiting, leased) in self.queues.levels() {
            if shown.len() < TYPES_SHOWN_MAX {
                shown.insert(&key.kind);
            }
            let kind = if shown.contains(key.kind.as_str()) { &key.kind } else { OTHER_TYPES };
            let own = figures.entry(kind).or_insert_with(|| JobFigures::of(kind));
            own.waiting += waiting as u64;
            own.leased += leased as u64;
        }
        for (kind, done) in &self.figures {
            let own = figures.entry(kind).or_insert_with(|| JobFigures::of(kind));
            own.completed = done.completed;
            own.failed = done.failed;
            own.returned = done.returned;
            own.expired = done.expired;
        }
        figures.into_values().collect()
    }
}

const OTHER_TYPES: &str = "(other)";

impl Machine {
    /// A worker asks for jobs, and waits for them.
    pub(super) fn activate(&mut self, activation: Activation, until: Timestamp, reply: Responder) {
        if self.jobs.pollers.len() >= POLLERS_MAX {
            let retry_after = Duration::from_secs(1);
            return self.reply_now(reply, Err(Error::Overloaded { retry_after }));
        }
        self.jobs.asked += 1;
        let poller = self.jobs.asked;
        self.jobs.stirred.insert(activation.kind.clone());
        self.jobs.idle.entry(activation.kind.clone()).or_default().push_back(poller);
        self.jobs.deadlines.insert((until, poller));
        let asked = Poller { activation, until, reply, open: 0, jobs: Vec::new() };
        self.jobs.pollers.insert(poller, asked);
    }

    /// Brings jobs and those who wait for them together.
    pub(super) fn serve_pollers(&mut self) {
        while let Some(kind) = self.jobs.stirred.pop_first() {
            self.serve(&kind);
        }
        while let Some((due, poller)) = self.jobs.deadlines.first().copied() {
            if due > self.now {
                break;
            }
            self.jobs.deadlines.remove(&(due, poller));
            self.dismiss(poller);
        }
    }

    /// Those who waited longest go first, and share what there is.
    fn serve(&mut self, kind: &str) {
        let round = self.jobs.idle.get(kind).map_or(0, VecDeque::len);
        for served in 0..round {
            let Some(poller) = self.jobs.idle.get_mut(kind).and_then(VecDeque::pop_front) else {
                break;
            };
            let Some(asked) = self.jobs.pollers.get(&poller) else { continue };
            let namespaces = asked.activation.namespaces.as_deref();
            let available = self.jobs.queues.available(kind, namespaces);
            let share = available.div_ceil(round - served).min(asked.activation.jobs_max);
            let until = self.now.saturating_add(self.config.limits.attempt_timeout);
            let taken = self.jobs.queues.take(kind, namespaces, share, until);
            if taken.is_empty() {
                self.jobs.idle.entry(kind.to_owned()).or_default().push_back(poller);
                continue;
            }
            if let Some(asked) = self.jobs.pollers.get_mut(&poller) {
                asked.open = taken.len();
                self.jobs.deadlines.remove(&(asked.until, poller));
            }
            for (id, step) in taken {
                self.give(id, Task::Offer { step, poller });
            }
        }
        if self.jobs.idle.get(kind).is_none_or(VecDeque::is_empty) {
            self.jobs.idle.remove(kind);
            return;
        }
        for (queue, from) in self.jobs.queues.wanted(kind, self.now) {
            let scan = RowScan {
                table: JOB.id,
                prefix: vec![
                    motet_store::Value::Text(queue.kind.clone()),
                    motet_store::Value::Text(queue.namespace.clone()),
                ],
                after: Some(rows::key_before(&queue, from)),
                limit: PAGE_ROWS,
            };
            self.outputs.push(Output::ScanJobs { queue, scan });
        }
    }

    /// A page of a queue's rows has come.
    pub(super) fn jobs_read(
        &mut self,
        queue: &QueueKey,
        rows: Result<Vec<Row>, motet_store::Error>,
    ) {
        // Rows that cannot be read are an unreadable page: the same again later, rather than jobs left out silently.
        let page = rows.ok().and_then(|rows| rows.iter().map(entry_of).collect());
        self.jobs.queues.read(queue, page, self.now);
        self.jobs.stirred.insert(queue.kind.clone());
    }

    /// The instance of a taken job is there: the job leaves, if it is still wanted.
    pub(super) fn offered(&mut self, id: InstanceId, step: StepId, poller: u64) {
        let view = self.lease(id, step, poller);
        self.settle_offer(poller, view);
    }

    /// The instance of a taken job cannot be had.
    pub(super) fn offer_failed(
        &mut self,
        id: InstanceId,
        step: StepId,
        poller: u64,
        error: &Error,
    ) {
        match error {
            Error::UnknownInstance(_) => self.jobs.queues.drop_taken((id, step)),
            _ => {
                let until = self.now.saturating_add(UNREADABLE_REST);
                self.jobs.queues.give_back((id, step), until);
            }
        }
        self.settle_offer(poller, None);
    }

    fn settle_offer(&mut self, poller: u64, view: Option<JobView>) {
        let Some(asked) = self.jobs.pollers.get_mut(&poller) else { return };
        asked.open = asked.open.saturating_sub(1);
        asked.jobs.extend(view);
        if asked.open > 0 {
            return;
        }
        if asked.jobs.is_empty() && asked.until > self.now {
            let kind = asked.activation.kind.clone();
            self.jobs.deadlines.insert((asked.until, poller));
            self.jobs.idle.entry(kind.clone()).or_default().push_front(poller);
            self.jobs.stirred.insert(kind);
            return;
        }
        self.dismiss(poller);
    }

    /// Answers a worker with what it got.
    fn dismiss(&mut self, poller: u64) {
        let Some(asked) = self.jobs.pollers.remove(&poller) else { return };
        if let Some(idle) = self.jobs.idle.get_mut(&asked.activation.kind) {
            idle.retain(|other| *other != poller);
        }
        self.reply_now(asked.reply, Ok(Reply::Jobs(asked.jobs)));
    }

    /// Jobs rest on records that are durable already, and leases on nothing: such answers wait for no commit.
    pub(super) fn reply_now(&mut self, reply: Responder, result: Result<Reply, Error>) {
        self.outputs.push(Output::Reply { reply, result, position: self.position });
    }

    fn lease(&mut self, id: InstanceId, step: StepId, poller: u64) -> Option<JobView> {
        let place = (id, step);
        let slot = self.slots.get(&id)?;
        let instance = slot.live()?;
        if slot.unsettled > 0 {
            // What is computed and not durable yet nobody may learn: neither that it was given back, nor that it is over.
            self.jobs.queues.give_back(place, self.now.saturating_add(SETTLING_REST));
            return None;
        }
        let Some(entry) = rows::entry(instance, step).filter(|_| !instance.suspended) else {
            self.jobs.queues.drop_taken(place);
            return None;
        };
        let Some(asked) = self.jobs.pollers.get(&poller) else {
            self.jobs.queues.give_back(place, self.now);
            return None;
        };
        if entry.rests_until() > self.now {
            self.jobs.queues.give_back(place, entry.rests_until());
            return None;
        }
        let Activity::Job { job, .. } = &instance.steps.get(&step)?.activity else { return None };
        let JobWork::Worker { timeout, heartbeat, .. } = &job.work else { return None };
        let length = [asked.activation.lease, *heartbeat, *timeout].into_iter().flatten().min();
        let length = length.unwrap_or(self.config.limits.attempt_timeout);
        let lease = Lease {
            worker: asked.activation.worker.as_deref().map(Arc::from),
            length: length.clamp(LEASE_MIN, LEASE_MAX),
            latest: timeout.map(|timeout| self.now.saturating_add(timeout.max(LEASE_MIN))),
        };
        let until = self.jobs.queues.lease(&entry, lease, self.now);
        let graph = self.view.graphs.get(&instance.start.definition);
        view::job(instance, step, graph.map(|graph| &**graph), until)
    }

    /// Jobs were given to a worker that was gone by then.
    pub(super) fn undelivered(&mut self, jobs: &[JobId]) {
        for job in jobs {
            self.jobs.queues.give_back((job.instance, job.step), self.now);
        }
    }

    /// What came of a command, when its input was fed.
    pub(super) fn job_told(
        &mut self,
        job: JobId,
        command: &JobCommand,
        result: Result<(), Error>,
        reply: Responder,
    ) {
        let is_claim = matches!(command, JobCommand::Claim { .. });
        let result = match result {
            // What is theirs already stays theirs.
            Err(Error::Unavailable(_)) if is_claim => Ok(()),
            result => result,
        };
        let task = result.map(|()| Reply::Task(self.task_view(job).map(Box::new)));
        self.reply(reply, task);
    }

    /// Somebody looks at a task.
    pub(super) fn look_at_task(&mut self, job: JobId, reply: Responder) {
        let result = match self.task_view(job) {
            Some(task) => Ok(Reply::Task(Some(Box::new(task)))),
            None => {
                let live = self.slots.get(&job.instance).and_then(Slot::live);
                let was_there = live.is_some_and(|instance| was_job(instance, job.step));
                Err(Error::Job(match was_there {
                    true => engine::JobRejection::Over,
                    false => engine::JobRejection::Unknown,
                }))
            }
        };
        self.reply(reply, result);
    }

    fn task_view(&self, job: JobId) -> Option<crate::TaskView> {
        let instance = self.slots.get(&job.instance)?.live()?;
        let graph = self.view.graphs.get(&instance.start.definition)?;
        view::task(instance, job.step, graph)
    }

    pub(super) fn job_figures(&mut self, reply: Responder) {
        let figures = self.jobs.figures();
        self.reply_now(reply, Ok(Reply::JobFigures(figures)));
    }

    /// Changes of jobs are durable.
    pub(super) fn jobs_changed(&mut self, changes: Vec<JobChange>) {
        for JobChange { before, after, settled } in changes {
            if let Some(entry) = before.as_ref().or(after.as_ref()) {
                let is_return = settled.is_none() && before.is_some() && after.is_some();
                self.jobs.count(&entry.queue.kind, |done| match settled {
                    Some(true) => done.completed += 1,
                    Some(false) => done.failed += 1,
                    None => done.returned += u64::from(is_return),
                });
            }
            if let Some(before) = &before {
                self.jobs.lost.remove(&(before.waiting.id, before.waiting.step));
                self.jobs.queues.forget(before);
            }
            if let Some(after) = after {
                self.announce(after, Origin::Commit);
            }
        }
    }

    /// Jobs that an instance waits for may be given out: it was loaded, so all of them are durable.
    pub(super) fn announce_jobs(&mut self, id: InstanceId) {
        let Some(instance) = self.slots.get(&id).and_then(Slot::live) else { return };
        let steps = instance.steps.keys();
        let entries: Vec<Entry> = steps.filter_map(|step| rows::entry(instance, *step)).collect();
        for entry in entries {
            self.announce(entry, Origin::Store);
        }
    }

    fn announce(&mut self, entry: Entry, from: Origin) {
        let kind = entry.queue.kind.clone();
        if self.jobs.queues.admit(entry, from, self.now) {
            self.jobs.stirred.insert(kind);
        }
    }

    /// Lets jobs wait again whose lease or rest is over.
    pub(super) fn tend_jobs(&mut self) {
        while let Some(Back { queue, place, attempt, was_leased }) =
            self.jobs.queues.take_due(self.now)
        {
            self.jobs.stirred.insert(queue.kind.clone());
            if !was_leased {
                continue;
            }
            self.jobs.count(&queue.kind, |done| done.expired += 1);
            let workers = self.jobs.lost(place, attempt);
            if workers >= self.config.limits.job_workers_lost_max {
                let (id, step) = place;
                self.give(id, Task::WorkersLost { step, attempt, workers });
            }
        }
    }
}

/// What becomes of a job when it has lost so many workers: its next one would be lost, too.
pub(super) fn workers_lost(workers: u32) -> JobCommand {
    let detail = format!(
        "the leases of {workers} workers ended one after the other, and none of them was heard of again: job_workers_lost_max"
    );
    let error = engine::WorkflowError::new(ErrorKind::Runtime, "the job loses its workers", detail);
    JobCommand::Fail { error: Box::new(error), retries: 0, backoff: None, by: None }
}

/// How often a worker has to be heard of, and how long it may hold the job.
fn timeout_of(instance: &engine::Instance, step: StepId) -> [Option<Duration>; 2] {
    match instance.steps.get(&step).map(|step| &step.activity) {
        Some(Activity::Job { job, .. }) => match &job.work {
            JobWork::Worker { timeout, heartbeat, .. } => [*heartbeat, *timeout],
            JobWork::Person { .. } => [None, None],
        },
        _ => [None, None],
    }
}

/// Whether the step may have been a job: it is one, or it is gone.
fn was_job(instance: &engine::Instance, step: StepId) -> bool {
    match instance.steps.get(&step).map(|step| &step.activity) {
        Some(Activity::Job { state, .. }) => {
            *state != CallState::InFlight || instance.end.is_some()
        }
        Some(_) => false,
        None => step.0 != 0 && step.0 < instance.steps_activated,
    }
}
