//! What the shop is asked to do in the demo.

use serde_json::{Value, json};

/// Instances that are started.
pub(super) const ORDERS: u64 = 60;

/// Workflow and input of the start with that number.
pub(super) fn numbered(number: u64) -> (&'static str, Value) {
    let order = |customer: &str, sku: &str, quantity: u64, price: u64| {
        let items = json!([{ "sku": sku, "quantity": quantity, "price": price }]);
        json!({ "customer": format!("{customer}-{number}"), "items": items })
    };
    match number % 10 {
        0..=2 => ("fulfil-order", order("ann", "tea", 2, 1_250)),
        3 => ("checkout", order("kim", "tea", 2, 1_250)),
        4 => ("fulfil-order", order("joe", "coffee", 5, 990)),
        // Fails after the charge: no carrier is that cheap.
        5 => {
            let mut order = order("leo", "coffee", 5, 990);
            order["shippingMax"] = Value::from(100);
            ("checkout", order)
        }
        6 => ("fulfil-order", order("bob", "kettle", 3, 45_000)),
        7 => ("fulfil-order", order("eve", "pearl", 1, 900)),
        8 => {
            let deliveries = json!([
                { "sku": "orchid", "quantity": 5 }, { "sku": "cup", "quantity": 100 },
            ]);
            ("restock", json!({ "deliveries": deliveries }))
        }
        _ => {
            let budget = if number % 20 < 10 { 15_000 } else { 10 };
            ("price-check", json!({ "items": [{ "sku": "tea", "quantity": 3 }], "budget": budget }))
        }
    }
}
