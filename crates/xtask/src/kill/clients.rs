//! Clients that start instances, come again until they are acknowledged, and see what became of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::orders::Order;
use crate::http::Client;
use crate::server::acknowledge;

/// Instances that one client keeps in flight.
const IN_FLIGHT: u64 = 4;
/// How long a read may wait for an instance's end while the load goes on; the reads after it wait for longer.
pub(super) const WAIT_UNDER_LOAD: &str = "2s";
/// Of one request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// An acknowledged start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Acknowledged {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) order: Order,
}

/// One client; `numbers` are those of its orders.
pub(super) struct Shopper {
    client: Client,
    numbers: Box<dyn Iterator<Item = u64> + Send>,
}

impl Shopper {
    pub(super) fn new(
        address: SocketAddr,
        numbers: impl Iterator<Item = u64> + Send + 'static,
    ) -> Self {
        Self { client: Client::new(address, TIMEOUT), numbers: Box::new(numbers) }
    }

    /// Starts instances until told to stop; returns every one that was acknowledged.
    ///
    /// # Errors
    /// A start is refused, is not acknowledged in time, or one key starts two instances.
    pub(super) fn shop(mut self, over: &AtomicBool) -> anyhow::Result<Vec<Acknowledged>> {
        let mut acknowledged = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let first = acknowledged.len();
            for _ in 0..IN_FLIGHT {
                let number = self.numbers.next().context("the numbers have run out")?;
                let started = self.start(number)?;
                acknowledged.push(started);
            }
            // The same start again, as a client does that did not hear the answer, finds the same instance.
            let last = acknowledged.last().context("a start was just acknowledged")?;
            let Order { workflow, input, .. } = &last.order;
            let again = acknowledge(&mut self.client, workflow, &last.key, input)?;
            ensure!(again == last.id, "key {} started {} and {again}", last.key, last.id);
            for started in &acknowledged[first..] {
                let path = format!("/api/v1/instances/{}?wait={WAIT_UNDER_LOAD}", started.id);
                // The server may be gone just now; after the load every instance is looked at again.
                drop(self.client.get(&path));
            }
        }
        Ok(acknowledged)
    }

    fn start(&mut self, number: u64) -> anyhow::Result<Acknowledged> {
        let (key, order) = (format!("order-{number}"), Order::numbered(number));
        let id = acknowledge(&mut self.client, order.workflow, &key, &order.input)?;
        Ok(Acknowledged { id, key, order })
    }
}

/// Waits until an instance has ended, and checks that it may end so.
///
/// # Errors
/// It does not end in time, is unknown, or ended otherwise.
pub(super) fn check_ended(client: &mut Client, started: &Acknowledged) -> anyhow::Result<()> {
    let path = format!("/api/v1/instances/{}?wait=30s", started.id);
    let instance = client.get(&path)?.expect(&[200])?.json()?;
    let status = instance["status"].as_str().unwrap_or_default();
    ensure!(started.order.ends.contains(&status), "{} ended wrongly: {instance}", started.key);
    Ok(())
}
