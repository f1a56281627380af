use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The calls in flight of one mesh: one atomic each way, so that a call pays next to nothing for the graceful end.
#[derive(Default)]
pub(crate) struct Flights {
    /// Twice the calls in flight, plus one when no more may begin.
    state: AtomicUsize,
    landed: Notify,
}

const CLOSED: usize = 1;
const ONE: usize = 2;

/// One call in flight, until dropped.
pub(crate) struct Flight<'a>(&'a Flights);

impl Flights {
    /// `None` once closed.
    pub(crate) fn begin(&self) -> Option<Flight<'_>> {
        let flight = Flight(self);
        // Counted before the look at the flag, so that a closer either sees this call or is seen by it.
        let before = self.state.fetch_add(ONE, Ordering::AcqRel);
        (before & CLOSED == 0).then_some(flight)
    }

    pub(crate) fn count(&self) -> usize {
        self.state.load(Ordering::Acquire) / ONE
    }

    /// Lets no more begin and waits for those in flight; returns how many still are when `patience` ends.
    pub(crate) async fn close(&self, patience: Duration) -> usize {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
        let all_landed = async {
            loop {
                let landed = self.landed.notified();
                let mut landed = std::pin::pin!(landed);
                landed.as_mut().enable();
                if self.count() == 0 {
                    return;
                }
                landed.await;
            }
        };
        let deadline = Instant::now().checked_add(patience);
        match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline, all_landed).await {
                Ok(()) => 0,
                Err(_elapsed) => self.count(),
            },
            None => {
                all_landed.await;
                0
            }
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let before = self.0.state.fetch_sub(ONE, Ordering::AcqRel);
        if before == ONE | CLOSED {
            self.0.landed.notify_waiters();
        }
    }
}
