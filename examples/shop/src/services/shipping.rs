use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Decision, Domain, ServiceName};

/// Carriers, with the price of the first piece, of each further piece (in cents), and the days they take.
const CARRIERS: [(&str, u64, u64, u64); 2] = [("swift", 900, 100, 1), ("steady", 400, 50, 4)];

/// Quotes prices and ships; it does not ask whether an order was shipped before, which is what the audit is for.
#[derive(Default)]
pub(crate) struct Shipping {
    shipments: Vec<Shipment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shipment {
    pub(crate) shipment_id: String,
    pub(crate) order_id: String,
    /// Quantity by SKU.
    pub(crate) items: BTreeMap<String, u64>,
    pub(crate) method: ShippingMethod,
    pub(crate) tracking: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ShippingMethod {
    Standard,
    Express,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fact {
    Shipped(Shipment),
}

#[derive(Deserialize)]
struct QuoteWanted {
    items: Vec<Item>,
    /// Absent: the cheapest.
    carrier: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewShipment {
    order_id: String,
    items: Vec<Item>,
    method: ShippingMethod,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    quantity: u64,
}

impl Domain for Shipping {
    const NAME: ServiceName = ServiceName::Shipping;
    type Fact = Fact;

    fn decide(&self, call: &Call<'_>) -> Decision<Fact> {
        match (call.method, call.path) {
            (&Method::POST, ["quotes"]) => match call.read() {
                Ok(wanted) => quote(&wanted).into(),
                Err(answer) => answer.into(),
            },
            (&Method::POST, ["shipments"]) => match call.read() {
                Ok(shipment) => self.ship(shipment),
                Err(answer) => answer.into(),
            },
            _ => Answer::no_such_operation(call).into(),
        }
    }

    fn apply(&mut self, Fact::Shipped(shipment): Fact) {
        self.shipments.push(shipment);
    }

    fn sums(&self) -> Value {
        let of = |method| self.shipments.iter().filter(|s| s.method == method).count();
        json!({
            "shipments": self.shipments.len(),
            "standard": of(ShippingMethod::Standard),
            "express": of(ShippingMethod::Express),
        })
    }

    fn entries(&self) -> Value {
        json!(self.shipments)
    }
}

impl Shipping {
    fn ship(&self, new: NewShipment) -> Decision<Fact> {
        let mut items: BTreeMap<String, u64> = BTreeMap::new();
        for Item { sku, quantity } in new.items {
            let shipped = items.entry(sku).or_default();
            *shipped = shipped.saturating_add(quantity);
        }
        if items.is_empty() || items.values().any(|quantity| *quantity == 0) {
            let detail = "a shipment has items, and at least one of each";
            return Answer::problem(400, "empty shipment", &detail).into();
        }
        let number = self.shipments.len() + 1;
        let (shipment_id, tracking) = (format!("shipment-{number}"), format!("TRACK{number:08}"));
        let answer = json!({ "shipmentId": shipment_id, "tracking": tracking });
        let NewShipment { order_id, method, .. } = new;
        let shipment = Shipment { shipment_id, order_id, items, method, tracking };
        Decision::effect(201, answer, Fact::Shipped(shipment))
    }
}

fn quote(wanted: &QuoteWanted) -> Answer {
    let pieces = wanted.items.iter().map(|item| item.quantity).fold(0, u64::saturating_add);
    if pieces == 0 {
        return Answer::problem(400, "nothing to ship", &"a quote is for at least one piece");
    }
    let offers = CARRIERS
        .iter()
        .filter(|(name, ..)| wanted.carrier.as_deref().is_none_or(|carrier| carrier == *name));
    let priced = offers.map(|(name, first, further, days)| {
        let price = further.saturating_mul(pieces - 1).saturating_add(*first);
        (price, json!({ "carrier": name, "price": price, "days": days }))
    });
    match priced.min_by_key(|(price, _)| *price) {
        Some((_, offer)) => Answer::ok(offer),
        None => Answer::no_such("carrier", wanted.carrier.as_deref().unwrap_or_default()),
    }
}
