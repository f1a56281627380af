use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use motet_store::Position;

use crate::disk::Disk;
use crate::log::segment::{BLOCK, Segment, segment_name};
use crate::options::Options;

/// Full segments that the tables do not cover, beyond which the next ones are larger.
const FULL_BEFORE_GROWTH: usize = 1;

/// The segments that are not written now: spare ones, and full ones that the tables do not cover yet.
///
/// Shared by who writes the log, who covers it, and who prepares spare segments.
pub(crate) struct Pool {
    disk: Arc<dyn Disk>,
    segment_bytes_max: u64,
    segments_spare: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    spares: VecDeque<Segment>,
    /// Full segments, each with the position of its last commit.
    full: VecDeque<(Segment, Position)>,
    /// Size of the next spare segment, in bytes. It grows with the load: a checkpoint's time should fill about one.
    segment_bytes: u64,
    next_number: u64,
    closed: bool,
}

impl Pool {
    /// A pool that begins with these spare segments and names new files from `next_number` on.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        options: &Options,
        spares: Vec<Segment>,
        next_number: u64,
    ) -> Self {
        let state = State {
            spares: spares.into(),
            full: VecDeque::new(),
            segment_bytes: options.segment_bytes_first.min(options.segment_bytes_max),
            next_number,
            closed: false,
        };
        Self {
            disk,
            segment_bytes_max: options.segment_bytes_max,
            segments_spare: options.segments_spare,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// A spare segment of at least `bytes`; one is made now, no larger than need be, where none is ready.
    pub(crate) fn take(&self, bytes: u64) -> io::Result<Segment> {
        let spare = {
            let mut state = self.state();
            let place = state.spares.iter().position(|spare| spare.bytes >= bytes);
            let spare = place.and_then(|place| state.spares.remove(place));
            if spare.is_none() {
                state.grow(self.segment_bytes_max);
            }
            spare
        };
        self.changed.notify_all();
        match spare {
            Some(spare) => Ok(spare),
            None => self.create(bytes.next_multiple_of(BLOCK as u64)),
        }
    }

    /// Takes back a segment that was not used.
    pub(crate) fn give_back(&self, segment: Segment) {
        self.state().spares.push_front(segment);
    }

    /// Puts away a full segment until its last commit is covered.
    pub(crate) fn put_away(&self, segment: Segment, last: Position) {
        let mut state = self.state();
        state.full.push_back((segment, last));
        if state.full.len() > FULL_BEFORE_GROWTH {
            state.grow(self.segment_bytes_max);
        }
    }

    /// Makes spare what the tables cover up to `covered`; what is too many or too small is removed.
    pub(crate) fn recycle(&self, covered: Position) -> io::Result<()> {
        let removed: Vec<Segment> = {
            let mut state = self.state();
            let count = state.full.partition_point(|(_, last)| *last <= covered);
            let free: Vec<Segment> =
                state.full.drain(..count).map(|(segment, _)| segment).collect();
            let (kept, removed) =
                free.into_iter().partition(|free| self.fits(free, state.segment_bytes));
            state.spares.extend::<Vec<Segment>>(kept);
            let surplus = state.spares.len().saturating_sub(self.segments_spare);
            state.spares.drain(..surplus).chain(removed).collect()
        };
        removed.iter().try_for_each(|segment| self.disk.remove(&segment.name))
    }

    /// Makes spare segments until there are enough.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        while self.lacks_spares() {
            let bytes = self.state().segment_bytes;
            let spare = self.create(bytes)?;
            self.state().spares.push_back(spare);
        }
        Ok(())
    }

    /// Waits until a spare segment is lacking, at most `time`, or until the pool is closed.
    pub(crate) fn await_lack(&self, time: Duration) {
        let enough = |state: &mut State| !state.closed && state.spares.len() >= self.segments_spare;
        let waited = self.changed.wait_timeout_while(self.state(), time, enough);
        drop(waited.expect("no holder of this lock panics"));
    }

    /// Ends every wait.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Whether a segment serves again: not where the load has outgrown it, nor where one large frame made it large.
    fn fits(&self, segment: &Segment, wanted: u64) -> bool {
        (wanted..=self.segment_bytes_max).contains(&segment.bytes)
    }

    fn lacks_spares(&self) -> bool {
        let state = self.state();
        !state.closed && state.spares.len() < self.segments_spare
    }

    fn create(&self, bytes: u64) -> io::Result<Segment> {
        let number = {
            let mut state = self.state();
            state.next_number += 1;
            state.next_number - 1
        };
        Segment::create(&*self.disk, &segment_name(number), bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

impl State {
    fn grow(&mut self, bytes_max: u64) {
        self.segment_bytes = self.segment_bytes.saturating_mul(2).min(bytes_max);
    }
}

#[cfg(test)]
mod tests;
