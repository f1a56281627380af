use std::io;
use std::sync::Arc;

use super::shared::{Shared, Trouble};
use crate::disk::Disk;

/// Name of the file that keeps room.
pub(super) const RESERVE: &str = "RESERVE";

/// Room that is given back the moment the disk is full, so that what runs can finish; nothing new is accepted then.
#[derive(Clone)]
pub(super) struct Reserve {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
}

impl Reserve {
    pub(super) fn new(shared: Arc<Shared>, disk: Arc<dyn Disk>) -> Self {
        Self { shared, disk }
    }

    /// Gives the room back; `false` if there was none to give.
    pub(super) fn release(&self) -> bool {
        let released = self.shared.options.reserve_bytes > 0 && self.disk.remove(RESERVE).is_ok();
        if released {
            let text = "the disk is full, the reserve is being used";
            self.shared.set_trouble(Trouble::Room, Some(text.to_owned()));
        }
        released
    }

    /// Looks at the room that is left, and takes the reserve again when there is plenty.
    pub(super) fn keep(&self) -> io::Result<()> {
        let bytes = self.shared.options.reserve_bytes;
        if bytes == 0 {
            return Ok(());
        }
        let exists = self.disk.list()?.iter().any(|name| name == RESERVE);
        let free = self.disk.free_bytes()?;
        // Without the reserve the room for it is missing, too: giving it back is no reason to accept more.
        let wanted = if exists { bytes } else { bytes.saturating_mul(2) };
        let low =
            (free < wanted).then(|| format!("the disk is nearly full: {free} bytes are left"));
        self.shared.set_trouble(Trouble::Room, low);
        if !exists && free > bytes.saturating_mul(4) && !self.shared.lacks_room() {
            self.disk.create(RESERVE, bytes)?;
        }
        Ok(())
    }
}
