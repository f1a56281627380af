use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::shard::Input;

/// The engine thread's two queues: what the server itself has in flight, and what is asked from outside.
pub(super) struct Lanes {
    queues: Mutex<Queues>,
    signal: Condvar,
    external_max: usize,
}

#[derive(Default)]
struct Queues {
    internal: Vec<Input>,
    external: Vec<Input>,
    /// The engine thread waits: whoever adds something wakes it, and nobody else does, for a wake costs a call of the system
    /// even where nobody sleeps.
    asleep: bool,
    /// No more commands are admitted.
    closed: bool,
    stopped: bool,
}

/// Why a command was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Full,
    Closed,
}

impl Lanes {
    pub(super) fn new(external_max: usize) -> Self {
        Self { queues: Mutex::default(), signal: Condvar::new(), external_max }
    }

    /// Adds what follows from something in flight; bounded by that.
    pub(super) fn push_internal(&self, input: Input) {
        let mut queues = self.lock();
        queues.internal.push(input);
        self.wake(queues);
    }

    pub(super) fn extend_internal(&self, inputs: impl IntoIterator<Item = Input>) {
        let mut queues = self.lock();
        queues.internal.extend(inputs);
        self.wake(queues);
    }

    /// Adds a command, if there is room.
    pub(super) fn push_external(&self, input: Input) -> Result<(), Refusal> {
        let mut queues = self.lock();
        if queues.closed {
            return Err(Refusal::Closed);
        }
        if queues.external.len() >= self.external_max {
            return Err(Refusal::Full);
        }
        queues.external.push(input);
        self.wake(queues);
        Ok(())
    }

    /// Waits for inputs, at most `patience`, and takes them all; false once the lanes are stopped.
    pub(super) fn take(
        &self,
        internal: &mut Vec<Input>,
        external: &mut Vec<Input>,
        patience: Duration,
    ) -> bool {
        let mut queues = self.lock();
        let is_idle = queues.internal.is_empty() && queues.external.is_empty() && !queues.stopped;
        if is_idle && !patience.is_zero() {
            queues.asleep = true;
            let waited = self.signal.wait_timeout(queues, patience);
            queues = waited.unwrap_or_else(PoisonError::into_inner).0;
            queues.asleep = false;
        }
        std::mem::swap(internal, &mut queues.internal);
        std::mem::swap(external, &mut queues.external);
        !queues.stopped
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
    }

    pub(super) fn stop(&self) {
        let mut queues = self.lock();
        queues.closed = true;
        queues.stopped = true;
        self.wake(queues);
    }

    /// Wakes the engine thread if it sleeps and nobody has woken it yet.
    fn wake(&self, mut queues: MutexGuard<'_, Queues>) {
        if std::mem::take(&mut queues.asleep) {
            drop(queues);
            self.signal.notify_one();
        }
    }

    /// The queues stay whole if a thread panics between pushes, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
