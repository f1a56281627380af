use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::reserve::Reserve;
use super::shared::{Shared, Trouble};
use crate::error::Error;
use crate::log::Pool;
use crate::tables::Tables;

/// Time before a transaction that found no room, or the tables held, is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// The thread that covers commits in the tables: what is sealed goes in one transaction, about once a second.
pub(super) struct Coverer {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    tables: Box<dyn Tables>,
    reserve: Reserve,
}

impl Coverer {
    pub(super) fn new(
        shared: Arc<Shared>,
        pool: Arc<Pool>,
        tables: Box<dyn Tables>,
        reserve: Reserve,
    ) -> Self {
        Self { shared, pool, tables, reserve }
    }

    pub(super) fn run(mut self) {
        while self.shared.await_due() {
            let (tables, held) = match self.cover() {
                Ok(()) => (None, None),
                Err(Error::DiskFull(_)) if self.reserve.release() => {
                    self.shared.ask_to_cover(true);
                    continue;
                }
                Err(Error::DiskFull(text)) => (Some(text), None),
                Err(Error::Busy(text)) => (None, Some(text)),
                Err(error) => return self.shared.stop(error.to_string()),
            };
            let again = tables.is_some() || held.is_some();
            self.shared.set_trouble(Trouble::Tables, tables);
            self.shared.set_trouble(Trouble::Held, held);
            if again {
                self.shared.pause(RETRY);
                self.shared.ask_to_cover(true);
            }
        }
    }

    fn cover(&mut self) -> Result<(), Error> {
        let Some(sealed) = self.shared.overlay().seal() else {
            return Ok(());
        };
        let began = Instant::now();
        // Read after sealing: the segment is at least as new as the last sealed commit.
        self.tables.cover(&sealed, self.shared.log_ordinal())?;
        let counters = &self.shared.counters;
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        counters.checkpoint_nanos.fetch_add(nanos, Ordering::Relaxed);
        counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        let covered = sealed.last;
        self.shared.overlay().release();
        self.shared.covered_up_to(covered);
        drop(sealed);
        self.pool.recycle(covered).map_err(|error| Error::io("recycling segments", error))
    }
}
