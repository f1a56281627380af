//! Which jobs may be given out, in which order, and which are with somebody: pure bookkeeping, in memory alone.
//!
//! Rows are the truth. A queue holds the first of its rows; where it does not hold all, `beyond` says from where on rows
//! are perhaps on disk alone, and a page of them is read when the queue runs low. A job that is with a worker, rests before
//! its next attempt or may still be with a worker of the time before a restart is *away* until an instant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use motet_types::{Attempt, InstanceId, StepId, Timestamp};

/// Jobs that one queue keeps in memory; the rest stays on disk until there is room.
pub(in crate::shard) const QUEUED_MAX: usize = 20_000;

/// A queue with fewer looks for more on disk.
const QUEUED_LOW: usize = 4_000;

/// Jobs that are away at the same time, over all queues.
const AWAY_MAX: usize = 100_000;

/// How long a queue rests that found no room for what it read.
const REST: Duration = Duration::from_secs(1);

/// Rows that a page holds.
pub(in crate::shard) const PAGE_ROWS: usize = 1_000;

/// The attempt of a job that was taken and whose instance was not asked yet; real ones begin with 1.
const TAKEN: Attempt = Attempt(0);

/// Jobs of one type and namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueKey {
    pub kind: String,
    pub namespace: String,
}

/// Which job: its instance and step.
pub(in crate::shard) type Place = (InstanceId, StepId);

/// A job in its queue's order; 32 bytes, so that many may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::shard) struct Waiting {
    pub(in crate::shard) rank: i64,
    pub(in crate::shard) id: InstanceId,
    pub(in crate::shard) step: StepId,
}

impl Waiting {
    fn place(&self) -> Place {
        (self.id, self.step)
    }
}

/// A job as its row has it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::shard) struct Entry {
    pub(in crate::shard) queue: Arc<QueueKey>,
    pub(in crate::shard) waiting: Waiting,
    pub(in crate::shard) attempt: Attempt,
    /// Not given out before.
    pub(in crate::shard) ready_at: Timestamp,
    pub(in crate::shard) created_at: Timestamp,
    /// How long a worker may still hold it after a restart.
    pub(in crate::shard) hold: Duration,
}

impl Entry {
    /// Only a job that was given back rests. A new one is ready at once, also where a restart found an earlier clock than that
    /// by which it was created.
    pub(in crate::shard) fn rests_until(&self) -> Timestamp {
        if self.ready_at > self.created_at { self.ready_at } else { Timestamp::default() }
    }
}

/// A job that nobody may be given at present.
#[derive(Clone, Debug)]
pub(in crate::shard) struct Away {
    pub(in crate::shard) until: Timestamp,
    pub(in crate::shard) attempt: Attempt,
    pub(in crate::shard) reason: Reason,
    queue: Arc<QueueKey>,
    rank: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::shard) enum Reason {
    /// It rests before its next attempt.
    Rests,
    /// A worker of the time before the restart may hold it.
    Held,
    Leased(Lease),
}

/// A job that waits again.
#[derive(Clone, Debug)]
pub(in crate::shard) struct Back {
    pub(in crate::shard) queue: Arc<QueueKey>,
    pub(in crate::shard) place: Place,
    pub(in crate::shard) attempt: Attempt,
    /// A worker had it, and was not heard of any more.
    pub(in crate::shard) was_leased: bool,
}

/// Whence a job is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shard) enum Origin {
    /// A commit of this life of the server.
    Commit,
    /// A row, or an instance, that may be older.
    Store,
    /// A row that was there when the server began: a worker may hold it.
    Recovery,
}

/// What a worker holds.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::shard) struct Lease {
    pub(in crate::shard) worker: Option<Arc<str>>,
    /// What a heartbeat adds.
    pub(in crate::shard) length: Duration,
    /// No heartbeat extends it beyond.
    pub(in crate::shard) latest: Option<Timestamp>,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeSet<Waiting>,
    /// Rows from this one on are perhaps on disk alone.
    beyond: Option<Waiting>,
    is_reading: bool,
    /// Arrived beyond while a page was read, which may lack them.
    meanwhile: Vec<Entry>,
    rests_until: Timestamp,
    leased: usize,
}

#[derive(Default)]
pub(in crate::shard) struct Queues {
    queues: BTreeMap<Arc<QueueKey>, Queue>,
    away: HashMap<Place, Away>,
    due: BTreeSet<(Timestamp, InstanceId, StepId)>,
    /// When this life of the server began.
    recovered_at: Timestamp,
}

impl Queues {
    pub(in crate::shard) fn begin(&mut self, now: Timestamp) {
        self.recovered_at = now;
    }

    /// A job whose row is durable may be given out, at once or later. True if it waits now.
    pub(in crate::shard) fn admit(&mut self, entry: Entry, from: Origin, now: Timestamp) -> bool {
        let place = entry.waiting.place();
        match self.away.get(&place) {
            // One that was taken is about to be looked at.
            Some(away) if [entry.attempt, TAKEN].contains(&away.attempt) => return false,
            Some(_) => self.come_back(place),
            None => {}
        }
        let may_be_held = match from {
            Origin::Commit => false,
            Origin::Store => entry.created_at <= self.recovered_at,
            Origin::Recovery => true,
        };
        let held_until = self.recovered_at.saturating_add(entry.hold);
        let ready_at = entry.rests_until();
        let (until, reason) = match may_be_held && held_until > ready_at {
            true => (held_until, Reason::Held),
            false => (ready_at, Reason::Rests),
        };
        if until > now {
            if self.away.len() >= AWAY_MAX {
                self.leave_on_disk(&entry.queue, entry.waiting, now);
            } else {
                self.queue(&entry.queue).waiting.remove(&entry.waiting);
                self.go(&entry.queue, entry.waiting, entry.attempt, until, reason);
            }
            return false;
        }
        self.insert(entry)
    }

    fn insert(&mut self, entry: Entry) -> bool {
        let queue = self.queue(&entry.queue);
        if queue.beyond.is_some_and(|beyond| entry.waiting >= beyond) {
            if queue.is_reading {
                queue.meanwhile.push(entry);
            }
            return false;
        }
        queue.waiting.insert(entry.waiting);
        if queue.waiting.len() > QUEUED_MAX
            && let Some(last) = queue.waiting.pop_last()
        {
            queue.beyond = Some(queue.beyond.map_or(last, |beyond| beyond.min(last)));
        }
        true
    }

    /// Takes at most `count` jobs of a type out of the queues of these namespaces (`None`: of all), first those that
    /// waited longest by their rank. They are away for the time being.
    pub(in crate::shard) fn take(
        &mut self,
        kind: &str,
        namespaces: Option<&[String]>,
        count: usize,
        until: Timestamp,
    ) -> Vec<Place> {
        let mut taken = Vec::new();
        while taken.len() < count && self.away.len() < AWAY_MAX {
            let first = self
                .of_kind(kind, namespaces)
                .filter_map(|(key, queue)| Some((*queue.waiting.first()?, key.clone())))
                .min();
            let Some((waiting, key)) = first else { break };
            self.queue(&key).waiting.remove(&waiting);
            let lease = Lease { worker: None, length: Duration::ZERO, latest: None };
            self.go(&key, waiting, TAKEN, until, Reason::Leased(lease));
            taken.push(waiting.place());
        }
        taken
    }

    /// Jobs that wait in memory.
    pub(in crate::shard) fn available(&self, kind: &str, namespaces: Option<&[String]>) -> usize {
        self.of_kind(kind, namespaces).map(|(_, queue)| queue.waiting.len()).sum()
    }

    /// A job is with a worker now, or longer than it was.
    pub(in crate::shard) fn lease(
        &mut self,
        entry: &Entry,
        lease: Lease,
        now: Timestamp,
    ) -> Timestamp {
        let until = now.saturating_add(lease.length);
        let until = lease.latest.map_or(until, |latest| until.min(latest));
        let place = entry.waiting.place();
        self.queue(&entry.queue).waiting.remove(&entry.waiting);
        self.come_back(place);
        self.go(&entry.queue, entry.waiting, entry.attempt, until, Reason::Leased(lease));
        until
    }

    pub(in crate::shard) fn away(&self, place: Place) -> Option<&Away> {
        self.away.get(&place)
    }

    /// Nobody waits for the job any more.
    pub(in crate::shard) fn forget(&mut self, entry: &Entry) {
        self.come_back(entry.waiting.place());
        self.queue(&entry.queue).waiting.remove(&entry.waiting);
        self.tidy(&entry.queue);
    }

    /// A job that was taken turned out not to be there.
    pub(in crate::shard) fn drop_taken(&mut self, place: Place) {
        if let Some(away) = self.away.get(&place) {
            let queue = away.queue.clone();
            self.come_back(place);
            self.tidy(&queue);
        }
    }

    /// A job that was taken is with nobody, and waits again from `until` on.
    pub(in crate::shard) fn give_back(&mut self, place: Place, until: Timestamp) {
        let Some(away) = self.away.get(&place).cloned() else { return };
        self.come_back(place);
        let waiting = Waiting { rank: away.rank, id: place.0, step: place.1 };
        self.go(&away.queue, waiting, away.attempt, until, Reason::Rests);
    }

    pub(in crate::shard) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// Lets one job whose time has come wait again; its type, and whether a lease ended.
    pub(in crate::shard) fn take_due(&mut self, now: Timestamp) -> Option<Back> {
        let (due, id, step) = self.due.first().copied().filter(|(due, ..)| *due <= now)?;
        let place = (id, step);
        let Some(away) = self.away.get(&place).cloned() else {
            self.due.remove(&(due, id, step));
            return None;
        };
        self.come_back(place);
        let queue = self.queue(&away.queue);
        queue.waiting.insert(Waiting { rank: away.rank, id, step });
        let was_leased = matches!(away.reason, Reason::Leased(_));
        Some(Back { queue: away.queue, place, attempt: away.attempt, was_leased })
    }

    /// Queues of a type that run low while more is on disk: from where each wants to read.
    pub(in crate::shard) fn wanted(
        &mut self,
        kind: &str,
        now: Timestamp,
    ) -> Vec<(Arc<QueueKey>, Waiting)> {
        let mut wanted = Vec::new();
        for (key, queue) in self.queues.iter_mut().filter(|(key, _)| key.kind == kind) {
            let may = !queue.is_reading && queue.rests_until <= now;
            if let Some(beyond) = queue.beyond.filter(|_| may && queue.waiting.len() < QUEUED_LOW) {
                queue.is_reading = true;
                wanted.push((key.clone(), beyond));
            }
        }
        wanted
    }

    /// A page of rows has come; `None`: it could not be read, and is asked for again.
    pub(in crate::shard) fn read(
        &mut self,
        key: &QueueKey,
        page: Option<Vec<Entry>>,
        now: Timestamp,
    ) {
        let Some(queue) = self.queues.get_mut(key) else { return };
        queue.is_reading = false;
        let meanwhile = std::mem::take(&mut queue.meanwhile);
        let Some(page) = page else {
            queue.rests_until = now.saturating_add(REST);
            return;
        };
        let last = page.last().map(|entry| entry.waiting);
        queue.beyond = last
            .filter(|_| page.len() >= PAGE_ROWS)
            .map(|last| Waiting { step: StepId(last.step.0.saturating_add(1)), ..last });
        for entry in page.into_iter().chain(meanwhile) {
            self.admit(entry, Origin::Store, now);
        }
    }

    /// For each queue its key, and how many jobs wait in memory and are leased.
    pub(in crate::shard) fn levels(&self) -> impl Iterator<Item = (&QueueKey, usize, usize)> {
        self.queues.iter().map(|(key, queue)| (&**key, queue.waiting.len(), queue.leased))
    }

    fn of_kind<'q>(
        &'q self,
        kind: &str,
        namespaces: Option<&'q [String]>,
    ) -> impl Iterator<Item = (&'q Arc<QueueKey>, &'q Queue)> {
        let first = QueueKey { kind: kind.to_owned(), namespace: String::new() };
        let kind = kind.to_owned();
        self.queues
            .range(Arc::new(first)..)
            .take_while(move |(key, _)| key.kind == kind)
            .filter(move |(key, _)| namespaces.is_none_or(|them| them.contains(&key.namespace)))
    }

    fn queue(&mut self, key: &Arc<QueueKey>) -> &mut Queue {
        self.queues.entry(key.clone()).or_default()
    }

    /// Lets a queue go that holds nothing.
    fn tidy(&mut self, key: &Arc<QueueKey>) {
        let is_empty = |queue: &Queue| {
            queue.waiting.is_empty()
                && queue.beyond.is_none()
                && queue.leased == 0
                && !queue.is_reading
        };
        if self.queues.get(key).is_some_and(is_empty) {
            self.queues.remove(key);
        }
    }

    fn leave_on_disk(&mut self, key: &Arc<QueueKey>, waiting: Waiting, now: Timestamp) {
        let queue = self.queue(key);
        queue.waiting.remove(&waiting);
        queue.beyond = Some(queue.beyond.map_or(waiting, |beyond| beyond.min(waiting)));
        queue.rests_until = now.saturating_add(REST);
    }

    fn go(
        &mut self,
        key: &Arc<QueueKey>,
        waiting: Waiting,
        attempt: Attempt,
        until: Timestamp,
        reason: Reason,
    ) {
        if matches!(reason, Reason::Leased(_)) {
            self.queue(key).leased += 1;
        }
        self.due.insert((until, waiting.id, waiting.step));
        let away = Away { until, attempt, reason, queue: key.clone(), rank: waiting.rank };
        self.away.insert(waiting.place(), away);
    }

    fn come_back(&mut self, place: Place) {
        let Some(away) = self.away.remove(&place) else { return };
        self.due.remove(&(away.until, place.0, place.1));
        if matches!(away.reason, Reason::Leased(_)) {
            let queue = self.queue(&away.queue);
            queue.leased = queue.leased.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
