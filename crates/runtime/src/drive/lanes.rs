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
        self.lock().internal.push(input);
        self.signal.notify_one();
    }

    pub(super) fn extend_internal(&self, inputs: impl IntoIterator<Item = Input>) {
        self.lock().internal.extend(inputs);
        self.signal.notify_one();
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
        drop(queues);
        self.signal.notify_one();
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
        if queues.internal.is_empty() && queues.external.is_empty() && !queues.stopped {
            let waited = self.signal.wait_timeout(queues, patience);
            queues = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(internal, &mut queues.internal);
        std::mem::swap(external, &mut queues.external);
        !queues.stopped
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.signal.notify_one();
    }

    pub(super) fn stop(&self) {
        let mut queues = self.lock();
        queues.closed = true;
        queues.stopped = true;
        drop(queues);
        self.signal.notify_one();
    }

    /// The queues stay whole if a thread panics between pushes, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
