use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use motet_store::{Commit, CommitError, Completion, Position};

use super::queue::Queue;
use super::reserve::Reserve;
use super::shared::{Shared, Trouble};
use crate::core::{after, split};
use crate::log::Log;

/// What a group's result goes to.
type Done = Completion<Result<Vec<Position>, CommitError>>;

/// A submitted group of commits.
pub(super) struct Group {
    commits: Vec<Commit>,
    bytes: usize,
    done: Done,
}

impl Group {
    pub(super) fn new(commits: Vec<Commit>, done: Done) -> Self {
        let bytes = commits.iter().map(Commit::size_bound).sum();
        Self { commits, bytes, done }
    }

    pub(super) fn fail(self, error: CommitError) {
        (self.done)(Err(error));
    }
}

/// The thread that writes the log: it packs what waits into frames, one sync each.
pub(super) struct Writer {
    shared: Arc<Shared>,
    queue: Arc<Queue<Group>>,
    log: Log,
    reserve: Reserve,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        queue: Arc<Queue<Group>>,
        log: Log,
        reserve: Reserve,
    ) -> Self {
        Self { shared, queue, log, reserve }
    }

    pub(super) fn run(mut self) {
        loop {
            let mut waiting = self.queue.take(usize::MAX);
            if waiting.is_empty() {
                return;
            }
            while !waiting.is_empty() {
                self.write_frame(&mut waiting);
            }
        }
    }

    /// Writes as many whole groups as one frame takes; a group beyond the limit of a frame goes alone, in several.
    fn write_frame(&mut self, waiting: &mut VecDeque<Group>) {
        let options = &self.shared.options;
        let (mut groups, mut commits, mut bytes) = (Vec::new(), 0, 0);
        while let Some(next) = waiting.front() {
            let full = commits + next.commits.len() > options.frame_commits_max
                || bytes + next.bytes > options.frame_bytes_target;
            if full && !groups.is_empty() {
                break;
            }
            (commits, bytes) = (commits + next.commits.len(), bytes + next.bytes);
            groups.extend(waiting.pop_front());
        }
        if bytes > options.frame_bytes_max {
            groups.into_iter().for_each(|group| self.write_parts(group));
        } else {
            self.write_groups(groups, bytes);
        }
    }

    fn write_groups(&mut self, groups: Vec<Group>, bytes: usize) {
        let commits = groups.iter().flat_map(|group| &group.commits);
        let mut first = match self.make_durable(commits, bytes) {
            Ok(first) => first.0,
            Err(error) => {
                return groups.into_iter().for_each(|group| group.fail(error.clone()));
            }
        };
        let mut answers = Vec::with_capacity(groups.len());
        for group in groups {
            let positions: Vec<Position> =
                (first..).map(Position).take(group.commits.len()).collect();
            first += positions.len() as u64;
            answers.push((group.done, positions, group.commits));
        }
        self.enter(
            answers.iter_mut().flat_map(|(_, positions, commits)| {
                positions.iter().copied().zip(commits.drain(..))
            }),
        );
        for (done, positions, _) in answers {
            self.acknowledge(done, positions);
        }
    }

    fn write_parts(&mut self, group: Group) {
        let mut positions = Vec::with_capacity(group.commits.len());
        for part in split(group.commits, self.shared.options.frame_bytes_max) {
            let bytes = part.iter().map(Commit::size_bound).sum();
            match self.make_durable(part.iter(), bytes) {
                Ok(first) => {
                    let from = positions.len();
                    positions.extend((first.0..).map(Position).take(part.len()));
                    self.enter(positions[from..].iter().copied().zip(part));
                }
                Err(error) => {
                    let error = after(&positions, error);
                    self.note(&error);
                    return (group.done)(Err(error));
                }
            }
        }
        self.acknowledge(group.done, positions);
    }

    fn acknowledge(&self, done: Done, positions: Vec<Position>) {
        let counters = &self.shared.counters;
        counters.acknowledged.fetch_add(positions.len() as u64, Ordering::Relaxed);
        counters.groups.fetch_add(1, Ordering::Relaxed);
        done(Ok(positions));
    }

    /// Writes and syncs one frame, once the overlay has room for it.
    fn make_durable<'c>(
        &mut self,
        commits: impl Iterator<Item = &'c Commit> + Clone,
        bytes: usize,
    ) -> Result<Position, CommitError> {
        let result = self
            .shared
            .await_room(bytes)
            .map_err(CommitError::DiskFull)
            .and_then(|()| self.append(commits));
        match &result {
            Ok(_) => self.shared.set_trouble(Trouble::Log, None),
            Err(error) => self.note(error),
        }
        result
    }

    fn append<'c>(
        &mut self,
        commits: impl Iterator<Item = &'c Commit> + Clone,
    ) -> Result<Position, CommitError> {
        if self.shared.is_stopped() {
            return Err(CommitError::Unknown(self.shared.stop_reason()));
        }
        let counters = &self.shared.counters;
        let began = Instant::now();
        let written = match self.log.write(commits.clone()) {
            Err(CommitError::DiskFull(_)) if self.reserve.release() => self.log.write(commits),
            other => other,
        }?;
        let wrote = Instant::now();
        let first = self.log.sync(written)?;
        let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        counters.write_nanos.fetch_add(nanos(wrote - began), Ordering::Relaxed);
        counters.sync_nanos.fetch_add(nanos(wrote.elapsed()), Ordering::Relaxed);
        counters.frames.fetch_add(1, Ordering::Relaxed);
        counters.syncs.fetch_add(1, Ordering::Relaxed);
        counters.commits.fetch_add(self.log.last().0 + 1 - first.0, Ordering::Relaxed);
        Ok(first)
    }

    /// Shows durable commits to reads, before anyone is told.
    fn enter(&mut self, commits: impl Iterator<Item = (Position, Commit)>) {
        let active_bytes = {
            let mut overlay = self.shared.overlay();
            for (position, commit) in commits {
                overlay.enter(position, commit);
            }
            overlay.active_bytes()
        };
        self.shared.advance(&self.log);
        self.shared.ask_to_cover(active_bytes >= self.shared.options.checkpoint_bytes);
    }

    fn note(&self, error: &CommitError) {
        match error {
            CommitError::DiskFull(text) => {
                self.shared.set_trouble(Trouble::Log, Some(text.clone()));
            }
            CommitError::Unknown(reason) => {
                self.queue.close();
                self.shared.stop(reason.clone());
            }
            CommitError::TooLarge { .. } | CommitError::Fenced(_) | CommitError::Malformed(_) => {}
        }
    }
}

impl Drop for Writer {
    /// Nobody is left without an answer, not even if the thread panicked.
    fn drop(&mut self) {
        self.queue.close();
        for group in self.queue.take(usize::MAX) {
            group.fail(CommitError::Unknown(self.shared.stop_reason()));
        }
    }
}
