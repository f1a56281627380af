use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

/// Work for a thread, in order. Its callers bound it: what they have submitted and not yet been answered is limited by
/// the lanes of the runtime.
pub(in crate::service) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
    sleepers: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state = State { waiting: VecDeque::new(), closed: false, sleepers: 0 };
        Self { state: Mutex::new(state), filled: Condvar::new() }
    }
}

impl<T> Queue<T> {
    /// Adds an item, or gives it back if the queue is closed.
    pub(in crate::service) fn push(&self, item: T) -> Result<(), T> {
        let wake = {
            let mut state = self.state();
            if state.closed {
                return Err(item);
            }
            state.waiting.push_back(item);
            state.sleepers > 0
        };
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for items and takes at most `count`; none once the queue is closed and empty.
    pub(in crate::service) fn take(&self, count: usize) -> VecDeque<T> {
        let mut state = self.state();
        while state.waiting.is_empty() && !state.closed {
            state.sleepers += 1;
            state = self.filled.wait(state).expect("no holder of this lock panics");
            state.sleepers -= 1;
        }
        if state.waiting.len() <= count {
            return std::mem::take(&mut state.waiting);
        }
        let taken = state.waiting.drain(..count).collect();
        let wake = state.sleepers > 0;
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        taken
    }

    /// Takes no more items; what waits is still handed out.
    pub(in crate::service) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests;
