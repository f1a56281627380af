//! A worker says that it still works on a job.

use std::sync::Arc;
use std::time::Duration;

use motet_engine as engine;
use motet_types::{JobId, Timestamp};

use super::queue::{Lease, Place, Reason};
use super::{Entry, LEASE_MAX, LEASE_MIN, rows, timeout_of, was_job};
use crate::Error;
use crate::shard::slots::{Slot, Task};
use crate::shard::{Machine, Reply, Responder};

/// What a heartbeat learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Heartbeat {
    /// The job is the worker's until then.
    Kept { until: Timestamp },
    /// It is not any more, and nobody wants its result.
    Lost { reason: &'static str },
}

impl Machine {
    pub(in crate::shard) fn heartbeat(
        &mut self,
        job: JobId,
        worker: Option<String>,
        reply: Responder,
    ) {
        let place = (job.instance, job.step);
        let known = self.jobs.queues.away(place);
        let is_with_other = known.is_some_and(|away| match (&away.reason, &worker) {
            (Reason::Leased(Lease { worker: Some(own), .. }), Some(worker)) => **own != **worker,
            _ => false,
        });
        if is_with_other {
            let reason = "the lease was over, and another worker has the job";
            return self.reply_now(reply, Ok(Reply::Heartbeat(Heartbeat::Lost { reason })));
        }
        self.give(job.instance, Task::Heartbeat { job, worker, reply });
    }

    /// The instance is there: it says whether it still waits for the job.
    pub(in crate::shard) fn beat(&mut self, job: JobId, worker: Option<&str>, reply: Responder) {
        let Some(instance) = self.slots.get(&job.instance).and_then(Slot::live) else { return };
        let result = match rows::entry(instance, job.step) {
            Some(entry) if job.attempt.is_none_or(|attempt| attempt == entry.attempt) => {
                let timeout = timeout_of(instance, job.step);
                let until = self.extend(&entry, worker, timeout);
                Ok(Reply::Heartbeat(Heartbeat::Kept { until }))
            }
            None if !was_job(instance, job.step) => Err(Error::Job(engine::JobRejection::Unknown)),
            _ => {
                let reason = "nobody waits for this attempt of the job any more";
                Ok(Reply::Heartbeat(Heartbeat::Lost { reason }))
            }
        };
        self.reply(reply, result);
    }

    fn extend(
        &mut self,
        entry: &Entry,
        worker: Option<&str>,
        timeouts: [Option<Duration>; 2],
    ) -> Timestamp {
        let place: Place = (entry.waiting.id, entry.waiting.step);
        let lease = match self.jobs.queues.away(place).map(|away| &away.reason) {
            Some(Reason::Leased(lease)) => lease.clone(),
            // The server was started anew, or the lease was over and nobody took the job.
            _ => {
                let length = timeouts.into_iter().flatten().min();
                let length = length.unwrap_or(self.config.limits.attempt_timeout);
                let latest = timeouts[1].map(|timeout| self.now.saturating_add(timeout));
                let length = length.clamp(LEASE_MIN, LEASE_MAX);
                Lease { worker: worker.map(Arc::from), length, latest }
            }
        };
        self.jobs.queues.lease(entry, lease, self.now)
    }
}
