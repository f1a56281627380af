use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::reserve::Reserve;
use super::shared::{Shared, Trouble};
use crate::log::Pool;

/// Time between looks at the room that is left.
const LOOK: Duration = Duration::from_secs(2);

/// Time after the opening in which the disk belongs to what is recovered and to the first commits.
const SETTLE: Duration = Duration::from_millis(500);

/// The thread that keeps spare segments and the reserve.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    reserve: Reserve,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, pool: Arc<Pool>, reserve: Reserve) -> Self {
        Self { shared, pool, reserve }
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
            if let Err(error) = self.reserve.keep() {
                let trouble = trouble("keeping the reserve", Err(error));
                self.shared.set_trouble(Trouble::Room, trouble);
            }
            match failed {
                true => self.shared.pause(LOOK),
                false => self.pool.await_lack(LOOK),
            }
        }
    }
}

fn trouble(doing: &str, result: io::Result<()>) -> Option<String> {
    result.err().map(|error| format!("{doing}: {error}"))
}
