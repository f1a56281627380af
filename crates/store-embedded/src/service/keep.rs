use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::shared::{Shared, Trouble};
use crate::disk::Disk;
use crate::log::Pool;

/// Name of the file that is removed when the disk is full, so that what runs can finish.
pub(super) const RESERVE: &str = "RESERVE";

/// Time between looks at the room that is left.
const LOOK: Duration = Duration::from_secs(2);

/// Time after the opening in which the disk belongs to what is recovered and to the first commits.
const SETTLE: Duration = Duration::from_millis(500);

/// The thread that keeps spare segments and the reserve.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    disk: Arc<dyn Disk>,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, pool: Arc<Pool>, disk: Arc<dyn Disk>) -> Self {
        Self { shared, pool, disk }
    }

    pub(super) fn run(self) {
        self.shared.pause(SETTLE);
        while self.shared.is_open() {
            let prepared = self.pool.prepare();
            let failed = prepared.is_err();
            if !failed {
                // The log lacked a segment; there are some now.
                self.shared.set_trouble(Trouble::Log, None);
            }
            self.shared.set_trouble(Trouble::Segments, trouble("preparing segments", prepared));
            if let Err(error) = self.keep_reserve() {
                let trouble = trouble("keeping the reserve", Err(error));
                self.shared.set_trouble(Trouble::Room, trouble);
            }
            match failed {
                true => self.shared.pause(LOOK),
                false => self.pool.await_lack(LOOK),
            }
        }
    }

    /// Gives the reserve back while anything lacks room, and takes it again when there is plenty.
    fn keep_reserve(&self) -> io::Result<()> {
        let bytes = self.shared.options.reserve_bytes;
        if bytes == 0 {
            return Ok(());
        }
        let exists = self.disk.list()?.iter().any(|name| name == RESERVE);
        let free = self.disk.free_bytes()?;
        // Without the reserve the room for it is missing, too: giving it back is no reason to accept more.
        let wanted = if exists { bytes } else { 2 * bytes };
        let low =
            (free < wanted).then(|| format!("the disk is nearly full: {free} bytes are left"));
        self.shared.set_trouble(Trouble::Room, low);
        if exists && self.shared.lacks_room() {
            return self.disk.remove(RESERVE);
        }
        if !exists && free > bytes.saturating_mul(4) {
            self.disk.create(RESERVE, bytes)?;
        }
        Ok(())
    }
}

fn trouble(doing: &str, result: io::Result<()>) -> Option<String> {
    result.err().map(|error| format!("{doing}: {error}"))
}
