//! Who kills: the server and the services, one after the other, by a seed.

use std::thread;
use std::time::Duration;

use super::now_micros;
use super::verdict::{Kill, Victim};
use crate::random::Random;
use crate::server::Server;
use crate::shop::{SERVICES, Shop};

/// Kills, and starts again what it killed.
pub(super) struct Striker {
    random: Random,
    /// Longest time that everything is left alive between two kills, in milliseconds.
    alive_ms_max: u64,
    /// In their order.
    pub(super) kills: Vec<Kill>,
}

impl Striker {
    pub(super) fn new(seed: u64, alive_ms_max: u64) -> Self {
        Self { random: Random::new(seed), alive_ms_max, kills: Vec::new() }
    }

    /// Waits a moment and kills one of them; now and then it is not back yet when this returns, so that the next one dies
    /// meanwhile.
    ///
    /// # Errors
    /// The victim had ended by itself, or does not start again.
    pub(super) fn strike(&mut self, shop: &mut Shop, server: &mut Server) -> anyhow::Result<()> {
        thread::sleep(Duration::from_millis(self.random.below(self.alive_ms_max)));
        // The server as often as all services together.
        let victim = match self.random.below(2 * SERVICES.len() as u64) as usize {
            nth if nth < SERVICES.len() => Victim::Service(nth),
            _ => Victim::Server,
        };
        let from = now_micros();
        match victim {
            Victim::Server => server.kill()?,
            Victim::Service(nth) => shop.kill(nth)?,
        }
        self.kills.push(Kill { victim, from, to: now_micros() });
        let waits = self.random.below(4) > 0;
        match victim {
            Victim::Server => server.execute()?,
            Victim::Service(nth) => shop.start(nth)?,
        }
        match victim {
            _ if !waits => Ok(()),
            Victim::Server => server.wait_ready(),
            Victim::Service(nth) => shop.wait_ready(nth),
        }
    }
}

/// Waits until everything is back.
///
/// # Errors
/// Something does not come up.
pub(super) fn revive(shop: &mut Shop, server: &mut Server) -> anyhow::Result<()> {
    server.wait_ready()?;
    (0..SERVICES.len()).try_for_each(|nth| shop.wait_ready(nth))
}
