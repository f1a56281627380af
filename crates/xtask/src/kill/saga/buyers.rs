//! Clients that buy, and sometimes think better of it.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use crate::http::Client;
use crate::kill::clients::{Acknowledged, TIMEOUT, WAIT_UNDER_LOAD};
use crate::kill::orders::Order;
use crate::random::Random;
use crate::server::acknowledge;

/// Buyers at a time.
pub(super) const BUYERS: u64 = 8;
/// Orders that each of them keeps in flight.
const IN_FLIGHT: usize = 4;
/// Longest time between a start and its cancel, in milliseconds.
const CANCEL_MS_MAX: u64 = 600;
/// A cancel is answered this long after it was first asked for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
/// Before it is asked for again.
const COME_AGAIN_DELAY: Duration = Duration::from_millis(10);

/// An order that was acknowledged, and what came of its cancel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bought {
    pub(super) started: Acknowledged,
    /// It was cancelled, and that was acknowledged, too.
    pub(super) is_cancelled: bool,
}

/// One client; `numbers` are those of its orders.
pub(super) struct Buyer<I> {
    client: Client,
    numbers: I,
    seed: u64,
}

impl<I: Iterator<Item = u64>> Buyer<I> {
    pub(super) fn new(address: SocketAddr, numbers: I, seed: u64) -> Self {
        Self { client: Client::new(address, TIMEOUT), numbers, seed }
    }

    /// Buys everything.
    ///
    /// # Errors
    /// A start or a cancel is refused for a reason that there may not be, or not answered in time.
    pub(super) fn buy(mut self) -> anyhow::Result<Vec<Bought>> {
        let mut bought = Vec::new();
        loop {
            let numbers: Vec<u64> = self.numbers.by_ref().take(IN_FLIGHT).collect();
            if numbers.is_empty() {
                return Ok(bought);
            }
            let first = bought.len();
            for number in &numbers {
                let (key, order) = (format!("checkout-{number}"), numbered(*number));
                let id = acknowledge(&mut self.client, order.workflow, &key, &order.input)?;
                let started = Acknowledged { id, key, order };
                bought.push(Bought { started, is_cancelled: false });
            }
            self.cancel(&numbers, &mut bought[first..])?;
            for one in &bought[first..] {
                let path = format!("/api/v1/instances/{}?wait={WAIT_UNDER_LOAD}", one.started.id);
                // The server may be gone just now; after the load every instance is looked at again.
                drop(self.client.get(&path));
            }
        }
    }

    /// Cancels some of the orders, each at a moment of its own.
    fn cancel(&mut self, numbers: &[u64], bought: &mut [Bought]) -> anyhow::Result<()> {
        let began = Instant::now();
        let moment = |number: &u64| cancelled_after(self.seed, *number);
        let mut cancels: Vec<_> = numbers.iter().map(moment).zip(bought).collect();
        cancels.sort_by_key(|(after, _)| *after);
        for (after, one) in cancels {
            let Some(after) = after else { continue };
            thread::sleep(after.saturating_sub(began.elapsed()));
            one.is_cancelled = cancel(&mut self.client, &one.started.id)?;
        }
        Ok(())
    }
}

/// Cancels an instance, and comes again until that is answered; false if it is too late for that.
fn cancel(client: &mut Client, id: &str) -> anyhow::Result<bool> {
    let path = format!("/api/v1/instances/{id}/cancel");
    let reason = json!({ "reason": "the customer thinks better of it" });
    let began = Instant::now();
    while began.elapsed() < ANSWERED_WITHIN {
        match client.post(&path, &[], &reason) {
            Ok(answer) if answer.status == 409 => {
                let code = answer.json()?["code"].clone();
                ensure!(code == "status-conflict", "the cancel of {id} was refused: {code}");
                return Ok(false);
            }
            Ok(answer) if !matches!(answer.status, 429 | 503) => {
                answer.expect(&[200, 202])?;
                return Ok(true);
            }
            Ok(_) | Err(_) => thread::sleep(COME_AGAIN_DELAY),
        }
    }
    bail!("the cancel of {id} was not answered within {ANSWERED_WITHIN:?}")
}

/// The order with that number; each number has a customer of its own.
pub(super) fn numbered(number: u64) -> Order {
    let (sku, price) = match number % 8 {
        // Payments refuses it, and it is not in stock.
        5 => ("kettle", 1_000_000),
        6 => ("pearl", 100),
        _ => ("tea", 100 + number % 900),
    };
    let items = json!([{ "sku": sku, "quantity": 1 + number % 3, "price": price }]);
    let mut input = json!({ "customer": customer(number), "items": items });
    if number % 8 == 7 {
        // Less than any carrier asks for.
        input["shippingMax"] = Value::from(10);
    }
    Order { workflow: "checkout", input, ends: &["completed", "faulted", "cancelled"] }
}

/// Who buys the order with that number, and no other.
pub(super) fn customer(number: u64) -> String {
    format!("c-{number}")
}

/// One of four is cancelled.
fn cancelled_after(seed: u64, number: u64) -> Option<Duration> {
    let mut random = Random::new(seed ^ (number << 32));
    let is_cancelled = random.below(4) == 0;
    let after = Duration::from_millis(random.below(CANCEL_MS_MAX));
    is_cancelled.then_some(after)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_order_has_a_customer_of_its_own_and_all_kinds_occur() {
        let orders: Vec<Order> = (0..800).map(numbered).collect();
        let customers: BTreeSet<String> =
            orders.iter().map(|order| order.input["customer"].to_string()).collect();
        assert_eq!(customers.len(), orders.len());
        let count = |is: fn(&Value) -> bool| orders.iter().filter(|o| is(&o.input)).count();
        assert_eq!(count(|input| input["items"][0]["sku"] == "kettle"), 100);
        assert_eq!(count(|input| input["items"][0]["sku"] == "pearl"), 100);
        assert_eq!(count(|input| input["shippingMax"] == 10), 100);
    }

    #[test]
    fn a_seed_repeats_its_cancels() {
        let cancels = |seed| (0..1_000).map(|n| cancelled_after(seed, n)).collect::<Vec<_>>();
        assert_eq!(cancels(3), cancels(3));
        assert_ne!(cancels(3), cancels(4));
        let count = cancels(3).iter().flatten().count();
        assert!((200..300).contains(&count), "{count}");
    }
}
