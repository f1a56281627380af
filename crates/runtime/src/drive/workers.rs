use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use motet_engine::secret::SecretKey;
use motet_types::{Digest, Limits};

use crate::shard::{Step, Stepped};

/// Runs steps that burn much fuel, beside the engine thread and behind it.
///
/// Definitions take turns, so that one of them does not hold up the others. What may wait here is bounded by the machine:
/// it refuses starts, and an instance has one step at a time.
pub(super) struct Workers {
    shared: Arc<Shared>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

struct Shared {
    queues: Mutex<Queues>,
    signal: Condvar,
}

#[derive(Default)]
struct Queues {
    /// Definitions of which something waits, in the order of their turns.
    turns: VecDeque<Digest>,
    waiting: HashMap<Digest, VecDeque<Box<Step>>>,
    is_stopped: bool,
}

/// How far the workers give way to the other threads of the server (`nice`).
const NICENESS: i32 = 10;

impl Workers {
    /// `done` takes what comes back, on a thread of the workers.
    pub(super) fn start(
        limits: &Limits,
        secret_key: &SecretKey,
        done: impl Fn(Stepped) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queues: Mutex::default(), signal: Condvar::new() });
        let mut workers = Self { shared: shared.clone(), threads: Vec::new() };
        let processors = std::thread::available_parallelism()?.get();
        for _ in 0..(processors / 2).clamp(1, WORKERS_MAX) {
            let (shared, done) = (shared.clone(), done.clone());
            let (limits, secret_key) = (limits.clone(), secret_key.clone());
            let thread = std::thread::Builder::new()
                .name("motet-steps".to_owned())
                .stack_size(super::ENGINE_STACK_BYTES)
                .spawn(move || {
                    give_way();
                    while let Some(step) = shared.take() {
                        done(step.run(&limits, &secret_key));
                    }
                })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    pub(super) fn push(&self, step: Box<Step>) {
        let mut queues = self.shared.lock();
        queues.push(step.definition(), step);
        drop(queues);
        self.shared.signal.notify_one();
    }
}

impl Drop for Workers {
    /// What waits is not run any more; what runs comes to its end.
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.signal.notify_all();
        for thread in self.threads.drain(..) {
            // A panic was printed where it happened; there is nobody left to tell.
            drop(thread.join());
        }
    }
}

/// Threads at most; fewer on small machines.
const WORKERS_MAX: usize = 4;

impl Shared {
    /// Waits for the next step; none once the workers are stopped.
    fn take(&self) -> Option<Box<Step>> {
        let mut queues = self.lock();
        loop {
            if queues.is_stopped {
                return None;
            }
            if let Some(step) = queues.pop() {
                return Some(step);
            }
            queues = self.signal.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The queues stay whole if a thread panics between two changes, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn push(&mut self, definition: Digest, step: Box<Step>) {
        let queue = self.waiting.entry(definition).or_default();
        if queue.is_empty() {
            self.turns.push_back(definition);
        }
        queue.push_back(step);
    }

    fn pop(&mut self) -> Option<Box<Step>> {
        let definition = self.turns.pop_front()?;
        let queue = self.waiting.get_mut(&definition)?;
        let step = queue.pop_front();
        match queue.is_empty() {
            true => drop(self.waiting.remove(&definition)),
            false => self.turns.push_back(definition),
        }
        step
    }
}

/// Lowers the calling thread's priority. Where the system does not let it, the steps compete with everybody else.
#[cfg(target_os = "linux")]
fn give_way() {
    // On Linux "this process" is the calling thread.
    let _: rustix::io::Result<()> = rustix::process::setpriority_process(None, NICENESS);
}

/// Elsewhere the priority is that of the whole process, which is left alone.
#[cfg(not(target_os = "linux"))]
fn give_way() {
    const _: i32 = NICENESS;
}
