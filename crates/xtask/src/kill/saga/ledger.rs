//! Each instance beside the order that it placed: all, or nothing.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::TRIED_MIN;
use super::buyers::Bought;
use crate::http::Client;
use crate::kill::TIMEOUT;
use crate::server::Server;
use crate::shop::Shop;

/// One acknowledged start, as it ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sale {
    pub(super) id: String,
    /// Nobody else's.
    pub(super) customer: String,
    pub(super) status: String,
    /// Somebody cancelled it, and was told that it would be.
    pub(super) is_cancelled: bool,
}

/// An order in the shop's books.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) order_id: String,
    pub(super) customer: String,
    pub(super) state: String,
}

/// What was counted, and what is wrong.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ledger {
    /// Orders in the books.
    pub(super) placed: usize,
    done: usize,
    /// By an error, and by a cancel.
    undone: usize,
    cancelled: usize,
    /// Of those undone, the ones that never came to the books.
    never_placed: usize,
    pub(super) violations: Vec<String>,
}

/// How each acknowledged start ended.
///
/// # Errors
/// The server does not answer.
pub(super) fn sales(server: &Server, bought: &[Bought]) -> anyhow::Result<Vec<Sale>> {
    let mut client = Client::new(server.address(), TIMEOUT);
    let sale = |one: &Bought| {
        let id = one.started.id.clone();
        let instance = client.get(&format!("/api/v1/instances/{id}"))?.expect(&[200])?.json()?;
        let customer = text(&one.started.order.input, "customer")?;
        let is_cancelled = one.is_cancelled;
        Ok(Sale { id, customer, status: text(&instance, "status")?, is_cancelled })
    };
    bought.iter().map(sale).collect()
}

/// Every order in the shop's books.
///
/// # Errors
/// The shop does not answer.
pub(super) fn orders(shop: &Shop) -> anyhow::Result<Vec<Order>> {
    let mut client = Client::new(shop.address(0), TIMEOUT);
    let audit = client.get("/_audit?full=true")?.expect(&[200])?.json()?;
    let entries = audit["entries"].as_array().context("the audit has no entries")?;
    let order = |entry: &Value| {
        let (order_id, customer) = (text(entry, "orderId")?, text(entry, "customer")?);
        Ok(Order { order_id, customer, state: text(entry, "state")? })
    };
    entries.iter().map(order).collect()
}

impl Ledger {
    pub(super) fn of(sales: &[Sale], orders: &[Order]) -> Self {
        let mut ledger = Self { placed: orders.len(), ..Self::default() };
        let mut by_customer: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
        for order in orders {
            by_customer.entry(&order.customer).or_default().push(order);
        }
        for sale in sales {
            let placed = by_customer.remove(sale.customer.as_str()).unwrap_or_default();
            ledger.enter(sale, &placed);
        }
        for (customer, placed) in by_customer {
            let count = placed.len();
            ledger.violations.push(format!("{customer} started nothing and placed {count} orders"));
        }
        ledger
    }

    fn enter(&mut self, sale: &Sale, placed: &[&Order]) {
        let Sale { id, customer, status, is_cancelled } = sale;
        let states: Vec<&str> = placed.iter().map(|order| order.state.as_str()).collect();
        let is_right = match (status.as_str(), states.as_slice()) {
            ("completed", ["confirmed"]) => !is_cancelled,
            ("faulted" | "cancelled", [] | ["rejected"]) => true,
            _ => false,
        };
        if !is_right {
            let listed = placed.iter().map(|order| format!("{} {}", order.order_id, order.state));
            let (listed, heard) = (
                listed.collect::<Vec<_>>().join(", "),
                if *is_cancelled { ", its cancel was acknowledged" } else { "" },
            );
            self.violations
                .push(format!("{id} is {status}{heard}; the orders of {customer}: [{listed}]"));
            return;
        }
        match status.as_str() {
            "completed" => self.done += 1,
            "cancelled" => self.cancelled += 1,
            _ => self.undone += 1,
        }
        self.never_placed += usize::from(placed.is_empty());
    }

    /// Whether all of it was tried: a trial in which nothing is undone proves nothing.
    ///
    /// # Errors
    /// One of the three ways to end did not occur.
    pub(super) fn check_tried(&self) -> anyhow::Result<()> {
        // A few orders may all go one way.
        let is_short = self.done + self.undone + self.cancelled < TRIED_MIN;
        let all_occur = self.done > 0 && self.undone > 0 && self.cancelled > 0;
        ensure!(is_short || all_occur, "not every way to end was tried: {self}");
        Ok(())
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, undone, cancelled, never_placed, .. } = self;
        write!(
            f,
            "{done} orders are done, {undone} undone after an error, {cancelled} undone by a cancel; {never_placed} of these \
             were never placed"
        )
    }
}

fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    let text =
        value[member].as_str().with_context(|| format!("there is no {member} in {value}"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
