//! Workers that fetch jobs: some do them, some give them back, some die, some answer twice or far too late.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use motet_engine::{ErrorKind, JobCommand, WorkflowError};
use motet_expr::json;
use motet_runtime::shard::{Input, Reply, Responder};
use motet_runtime::{Activation, Error, Heartbeat, JobView};
use motet_types::JobId;

use crate::check::{Check, Checked, ensure};
use crate::world::{Event, World};

/// Types of jobs that definitions ask for.
pub(crate) const TYPES: u64 = 3;

/// Requests without a job, one after the other, after which a job that is there counts as forgotten.
const MISSES_MAX: u64 = 200;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Ask(u64),
    Complete(JobId),
    Fail(JobId, u32),
    Beat(JobId),
}

#[derive(Default)]
pub(crate) struct Workers {
    /// Acts that are planned, and requests that have no answer.
    open: usize,
    replies: Replies,
    asked: u64,
    /// Requests since the last one that brought a job.
    misses: u64,
    /// Attempts whose completion was acknowledged.
    completed: BTreeSet<JobId>,
}

type Replies = Arc<Mutex<Vec<(u32, Act, Result<Reply, Error>)>>>;

impl World {
    /// Somebody asks for jobs as long as there are any that may be given out.
    pub(crate) fn stir_workers(&mut self) -> Checked {
        if self.workers.open > 0 || self.server.is_none() {
            return Ok(());
        }
        let Some((id, step, _)) = self.shadow.open_job() else {
            self.workers.misses = 0;
            return Ok(());
        };
        let (misses, calm) = (self.workers.misses, self.services.calm);
        let expected = "a job that is given to those who ask";
        ensure(!calm || misses < MISSES_MAX, Check::JobForgotten, expected, || {
            format!("{id}, step {step}")
        })?;
        // In the end they are quick: what has to be done in a few seconds is.
        let (count, slowest) = match calm {
            true => (TYPES, 50_000 << (misses / TYPES).min(5)),
            false => (self.random.between(1, 4), 900_000),
        };
        for _ in 0..count {
            self.workers.asked += 1;
            let kind = self.workers.asked % TYPES;
            let after = self.random.between(1_000, slowest);
            self.plan_worker(after, Act::Ask(kind));
        }
        Ok(())
    }

    fn plan_worker(&mut self, after: u64, act: Act) {
        self.workers.open += 1;
        self.plan(after, Event::Worker(act));
    }

    pub(crate) fn work(&mut self, act: Act) -> Checked {
        if self.server.is_none() {
            self.workers.open -= 1;
            match act {
                // What it has done a worker tells again.
                Act::Complete(_) | Act::Fail(..) => {
                    let after = self.random.between(100_000, 1_500_000);
                    self.plan_worker(after, act);
                }
                Act::Ask(_) | Act::Beat(_) => {}
            }
            return Ok(());
        }
        self.tell(|| format!("worker: {act:?}"));
        let (replies, told, life) = (self.workers.replies.clone(), act.clone(), self.life);
        let reply: Responder = Box::new(move |result, _| {
            replies.lock().expect("nobody panics with it").push((life, told, result));
        });
        let input = match act {
            Act::Ask(kind) => {
                let activation = Activation {
                    kind: format!("job-{kind}"),
                    namespaces: self.random.percent(20).then(|| vec!["sim".to_owned()]),
                    worker: Some(format!("worker-{}", self.random.below(3))),
                    jobs_max: self.random.between(1, 4) as usize,
                    lease: Some(Duration::from_secs(self.random.between(1, 20))),
                };
                let longest = if self.services.calm { 100 } else { 8_000 };
                let wait = Duration::from_millis(self.random.below(longest));
                Input::Activate { activation, until: self.clock().saturating_add(wait), reply }
            }
            Act::Complete(job) => {
                let v = motet_expr::Value::from(job.step.0 as usize % 7);
                let output = json::object([("v", v)]);
                let command = JobCommand::Complete { output, by: None };
                Input::Job { job, command: Some(command), actor: None, reply }
            }
            Act::Fail(job, retries) => {
                let error = WorkflowError::new(ErrorKind::Runtime, "on purpose", "by a worker");
                let backoff = Some(Duration::from_millis(self.random.below(4_000)));
                let (error, by) = (Box::new(error), Some("worker".to_owned()));
                let command = JobCommand::Fail { error, retries, backoff, by };
                Input::Job { job, command: Some(command), actor: None, reply }
            }
            Act::Beat(job) => Input::Heartbeat { job, worker: None, reply },
        };
        self.feed(input)
    }

    pub(crate) fn take_worker_replies(&mut self) -> Checked {
        let replies =
            std::mem::take(&mut *self.workers.replies.lock().expect("nobody panics with it"));
        for (life, act, result) in replies {
            if life != self.life {
                continue;
            }
            self.workers.open -= 1;
            self.tell(|| format!("answer to worker {act:?}: {result:?}"));
            match (act, result) {
                (Act::Ask(_), Ok(Reply::Jobs(jobs))) => {
                    self.workers.misses = if jobs.is_empty() { self.workers.misses + 1 } else { 0 };
                    for job in jobs {
                        self.take_job(&job)?;
                    }
                }
                (Act::Complete(job), Ok(_)) => self.completed(job)?,
                (act @ (Act::Complete(_) | Act::Fail(..)), Err(error)) => {
                    // Only what the server did not take is told again.
                    if matches!(error, Error::Unavailable(_) | Error::Unloadable(_)) {
                        let after = self.random.between(200_000, 2_000_000);
                        self.plan_worker(after, act);
                    }
                }
                (Act::Beat(_), Ok(Reply::Heartbeat(Heartbeat::Kept { .. }))) => {
                    self.summary.heartbeats += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A worker has a job, and does something about it.
    fn take_job(&mut self, job: &JobView) -> Checked {
        self.summary.jobs_given += 1;
        self.shadow.may_send(job.id.instance, job.id.step, job.attempt)?;
        let slowest = if self.services.calm { 100_000 } else { 2_500_000 };
        let (id, soon) = (job.id, self.random.between(1_000, slowest));
        match if self.services.calm { 0 } else { self.random.below(100) } {
            0..55 => self.plan_worker(soon, Act::Complete(id)),
            55..65 => self.plan_worker(soon, Act::Fail(id, 4)),
            65..69 => self.plan_worker(soon, Act::Fail(id, 0)),
            // It dies: the lease ends.
            69..79 => {}
            79..89 => {
                self.summary.jobs_told_twice += 1;
                self.plan_worker(soon, Act::Complete(id));
                let later = soon + self.random.below(5_000_000);
                self.plan_worker(later, Act::Complete(id));
            }
            89..95 => {
                self.plan_worker(soon / 2, Act::Beat(id));
                self.plan_worker(soon, Act::Complete(id));
            }
            _ => {
                let late = self.random.between(10_000_000, 60_000_000);
                self.plan_worker(late, Act::Complete(id));
            }
        }
        Ok(())
    }

    fn completed(&mut self, job: JobId) -> Checked {
        self.summary.jobs_completed += 1;
        let is_first = self.workers.completed.insert(job);
        let expected = "one completion of an attempt";
        ensure(is_first, Check::OutcomeAppliedTwice, expected, || job.to_string())?;
        let is_durable = self.shadow.has_settled(job);
        ensure(is_durable, Check::EffectBeforeDurable, "a durable completion", || job.to_string())
    }

    /// Who asked a server that is gone asks again.
    pub(crate) fn workers_lost(&mut self) {
        self.workers.replies.lock().expect("nobody panics with it").clear();
        self.workers.open = self.workers_planned();
    }
}
