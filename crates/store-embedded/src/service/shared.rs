use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use motet_store::Position;

use crate::error::Error;
use crate::log::Log;
use crate::options::Options;
use crate::overlay::Overlay;

/// What the threads share. No lock is held during I/O.
pub(super) struct Shared {
    pub(super) options: Options,
    overlay: Mutex<Overlay>,
    signals: Mutex<Signals>,
    changed: Condvar,
    pub(super) counters: Counters,
    last: AtomicU64,
    covered: AtomicU64,
    log_ordinal: AtomicU64,
}

#[derive(Default)]
struct Signals {
    /// Something is to be covered, now rather than later.
    work: bool,
    hurry: bool,
    /// The threads end.
    closed: bool,
    /// Why no commit is taken any more.
    stopped: Option<String>,
    /// What is short of room, or held by others, now.
    troubles: [Option<String>; Trouble::COUNT],
}

/// Who may be in trouble that passes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Log,
    Tables,
    Segments,
    Room,
    /// Another process holds the tables: no reason to refuse anything before the overlay is full.
    Held,
}

/// Whether external commands should be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub accepting: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// What happened since the opening, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub commits: u64,
    pub groups: u64,
    pub frames: u64,
    /// Syncs of the log; a bench divides commits by them.
    pub syncs: u64,
    /// Time in these syncs, in nanoseconds.
    pub sync_nanos: u64,
    /// Time in encoding and writing frames, in nanoseconds.
    pub write_nanos: u64,
    /// Acknowledged commits; never more than were synced.
    pub acknowledged: u64,
    pub checkpoints: u64,
    /// Time in transactions of the tables, in nanoseconds.
    pub checkpoint_nanos: u64,
    /// Times that commits had to wait for the overlay.
    pub waits: u64,
    /// Memory of the overlay, in bytes, at most.
    pub overlay_bytes: u64,
    /// Position of the last durable commit.
    pub last: u64,
    /// Position of the last commit that the tables cover.
    pub covered: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) frames: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) sync_nanos: AtomicU64,
    pub(super) write_nanos: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    pub(super) checkpoint_nanos: AtomicU64,
    pub(super) waits: AtomicU64,
}

impl Signals {
    fn trouble(&self, of: Trouble) -> Option<&str> {
        self.troubles[of as usize].as_deref()
    }

    /// Why the tables cannot go on now.
    fn stuck(&self) -> Option<(Trouble, &str)> {
        let troubles = [Trouble::Tables, Trouble::Held];
        troubles.into_iter().find_map(|of| Some((of, self.trouble(of)?)))
    }

    /// What lacks room.
    fn lack(&self) -> Option<&str> {
        let lacking = [Trouble::Log, Trouble::Tables, Trouble::Segments, Trouble::Room];
        lacking.iter().find_map(|of| self.trouble(*of))
    }
}

impl Trouble {
    const COUNT: usize = 5;
}

impl Shared {
    pub(super) fn new(options: Options, overlay: Overlay, covered: Position, log: &Log) -> Self {
        let signals = Signals { work: overlay.bytes() > 0, ..Signals::default() };
        Self {
            options,
            overlay: Mutex::new(overlay),
            signals: Mutex::new(signals),
            changed: Condvar::new(),
            counters: Counters::default(),
            last: AtomicU64::new(log.last().0),
            covered: AtomicU64::new(covered.0),
            log_ordinal: AtomicU64::new(log.ordinal()),
        }
    }

    pub(super) fn overlay(&self) -> MutexGuard<'_, Overlay> {
        self.overlay.lock().expect("no holder of this lock panics")
    }

    /// Notes how far the log is durable.
    pub(super) fn advance(&self, log: &Log) {
        self.last.store(log.last().0, Ordering::Release);
        self.log_ordinal.store(log.ordinal(), Ordering::Release);
    }

    /// Notes how far the tables cover, once the overlay has let go.
    pub(super) fn covered_up_to(&self, covered: Position) {
        let _signals = self.signals();
        self.covered.store(covered.0, Ordering::Release);
        self.changed.notify_all();
    }

    pub(super) fn last(&self) -> Position {
        Position(self.last.load(Ordering::Acquire))
    }

    pub(super) fn covered(&self) -> Position {
        Position(self.covered.load(Ordering::Acquire))
    }

    pub(super) fn log_ordinal(&self) -> u64 {
        self.log_ordinal.load(Ordering::Acquire)
    }

    /// Asks for a checkpoint in its time, or at once.
    pub(super) fn ask_to_cover(&self, hurry: bool) {
        let mut signals = self.signals();
        if !signals.work || (hurry && !signals.hurry) {
            signals.work = true;
            signals.hurry |= hurry;
            self.changed.notify_all();
        }
    }

    /// Waits until a checkpoint is due; `false` once the store is closed.
    pub(super) fn await_due(&self) -> bool {
        let idle = |signals: &mut Signals| !signals.work && !signals.closed;
        let signals = self.changed.wait_while(self.signals(), idle);
        let signals = signals.expect("no holder of this lock panics");
        let early = |signals: &mut Signals| !signals.hurry && !signals.closed;
        let interval = self.options.checkpoint_interval;
        let due = self.changed.wait_timeout_while(signals, interval, early);
        let mut signals = due.expect("no holder of this lock panics").0;
        (signals.work, signals.hurry) = (false, false);
        !signals.closed
    }

    /// Waits until the tables cover the position; fails rather than wait for room or for another process.
    pub(super) fn await_covered(&self, position: Position) -> Result<(), Error> {
        if self.covered() < position {
            self.ask_to_cover(true);
        }
        let behind = |signals: &mut Signals| {
            let stuck = signals.closed || signals.stopped.is_some() || signals.stuck().is_some();
            self.covered() < position && !stuck
        };
        let signals = self.changed.wait_while(self.signals(), behind);
        let signals = signals.expect("no holder of this lock panics");
        if self.covered() >= position {
            return Ok(());
        }
        Err(match (&signals.stopped, signals.stuck()) {
            (Some(reason), _) => Error::Stopped(reason.clone()),
            (None, Some((Trouble::Held, text))) => Error::Busy(text.to_owned()),
            (None, Some((_, text))) => Error::DiskFull(text.to_owned()),
            (None, None) => Error::Stopped("it is closed".to_owned()),
        })
    }

    /// Waits until the overlay has room for `bytes`; the trouble of the tables if it has none and they cannot go on.
    pub(super) fn await_room(&self, bytes: usize) -> Result<(), String> {
        let full = || {
            let held = self.overlay().bytes();
            held > 0 && held + bytes > self.options.overlay_bytes_max
        };
        if !full() {
            return Ok(());
        }
        self.counters.waits.fetch_add(1, Ordering::Relaxed);
        self.ask_to_cover(true);
        let mut signals = self.signals();
        while full() && signals.stopped.is_none() {
            if let Some((_, text)) = signals.stuck() {
                return Err(text.to_owned());
            }
            signals = self.changed.wait(signals).expect("no holder of this lock panics");
        }
        Ok(())
    }

    /// Waits for `time`, or until the store is closed.
    pub(super) fn pause(&self, time: Duration) {
        let open = |signals: &mut Signals| !signals.closed;
        let paused = self.changed.wait_timeout_while(self.signals(), time, open);
        drop(paused.expect("no holder of this lock panics"));
    }

    pub(super) fn is_open(&self) -> bool {
        !self.signals().closed
    }

    /// Notes a trouble that passes, or that it has passed.
    pub(super) fn set_trouble(&self, of: Trouble, trouble: Option<String>) {
        let mut signals = self.signals();
        if signals.troubles[of as usize] != trouble {
            signals.troubles[of as usize] = trouble;
            self.changed.notify_all();
        }
    }

    /// Whether anything lacks room now.
    pub(super) fn lacks_room(&self) -> bool {
        self.signals().lack().is_some()
    }

    /// Takes no commit any more; the first reason stays.
    pub(super) fn stop(&self, reason: String) {
        self.signals().stopped.get_or_insert(reason);
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.signals().stopped.is_some()
    }

    pub(super) fn stop_reason(&self) -> String {
        self.signals().stopped.clone().unwrap_or_else(|| "the store is closed".to_owned())
    }

    /// Ends the waits of all threads.
    pub(super) fn close(&self) {
        self.signals().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn health(&self) -> Health {
        let signals = self.signals();
        let reason =
            signals.stopped.clone().or_else(|| signals.troubles.iter().flatten().next().cloned());
        Health { accepting: reason.is_none(), reason }
    }

    pub(super) fn stats(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Stats {
            commits: of(&counters.commits),
            groups: of(&counters.groups),
            frames: of(&counters.frames),
            syncs: of(&counters.syncs),
            sync_nanos: of(&counters.sync_nanos),
            write_nanos: of(&counters.write_nanos),
            acknowledged: of(&counters.acknowledged),
            checkpoints: of(&counters.checkpoints),
            checkpoint_nanos: of(&counters.checkpoint_nanos),
            waits: of(&counters.waits),
            overlay_bytes: self.overlay().bytes() as u64,
            last: self.last().0,
            covered: self.covered().0,
        }
    }

    fn signals(&self) -> MutexGuard<'_, Signals> {
        self.signals.lock().expect("no holder of this lock panics")
    }
}

/// Stops the store when its thread panics: nobody would do that thread's work.
pub(super) struct StopIfPanicking(pub(super) Arc<Shared>);

impl Drop for StopIfPanicking {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or("unnamed").to_owned();
            self.0.stop(format!("thread {name} panicked"));
        }
    }
}
