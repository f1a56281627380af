//! What the shop is asked to do while it is being killed. No two requests of different steps are alike, so that logs tell
//! them apart by their digests.

use serde_json::{Value, json};

/// One start of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    /// Of namespace `shop`.
    pub(super) workflow: &'static str,
    pub(super) input: Value,
    /// How its instance may end.
    pub(super) ends: &'static [&'static str],
}

impl Order {
    /// The order with that number; each number has an input of its own.
    pub(super) fn numbered(number: u64) -> Self {
        match number % 8 {
            0..=4 => Self::fulfil(number),
            5 => Self::fulfil_in_vain(number),
            6 => Self::restock(number),
            _ => Self::price_check(number),
        }
    }

    /// Whether it puts an order into the shop's books.
    pub(super) fn is_placed(&self) -> bool {
        self.workflow == "fulfil-order"
    }

    fn fulfil(number: u64) -> Self {
        // The price is in each request that is about goods.
        let items = json!([{ "sku": "tea", "quantity": 1 + number % 3, "price": number }]);
        Self::of("fulfil-order", json!({ "customer": format!("c-{number}"), "items": items }))
    }

    /// What payments refuses, or what is not in stock.
    fn fulfil_in_vain(number: u64) -> Self {
        let (sku, price) = if number % 16 < 8 { ("kettle", 1_000_000) } else { ("pearl", 1) };
        let items = json!([{ "sku": sku, "quantity": 1, "price": price + number }]);
        Self::of("fulfil-order", json!({ "customer": format!("c-{number}"), "items": items }))
    }

    fn restock(number: u64) -> Self {
        let delivery = |sku| json!({ "sku": sku, "quantity": 1 + number });
        Self::of("restock", json!({ "deliveries": [delivery("orchid"), delivery("cup")] }))
    }

    fn price_check(number: u64) -> Self {
        let items = json!([{ "sku": "tea", "quantity": 1 + number }]);
        // Enough for whatever that costs.
        let input = json!({ "items": items, "budget": 1_000_000_000_000_u64 });
        // It asks each carrier once: without shipping there is no price.
        Self { ends: &["completed", "faulted"], ..Self::of("price-check", input) }
    }

    fn of(workflow: &'static str, input: Value) -> Self {
        Self { workflow, input, ends: &["completed"] }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_orders_are_alike_and_all_kinds_occur() {
        let orders: Vec<Order> = (0..1_000).map(Order::numbered).collect();
        let inputs: BTreeSet<String> = orders.iter().map(|order| order.input.to_string()).collect();
        assert_eq!(inputs.len(), orders.len());
        let kinds: BTreeSet<&str> = orders.iter().map(|order| order.workflow).collect();
        assert_eq!(
            kinds.into_iter().collect::<Vec<_>>(),
            ["fulfil-order", "price-check", "restock"]
        );
        assert_eq!(orders.iter().filter(|order| order.is_placed()).count(), 750);
        for sku in ["kettle", "pearl"] {
            assert!(inputs.iter().any(|input| input.contains(sku)), "{sku}");
        }
    }
}
