use std::collections::BTreeMap;

use http::Method;
use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Domain, ServiceName};
use crate::database::{Json, Word, rows};

/// Carriers, with the price of the first piece, of each further piece (in cents), and the days they take.
const CARRIERS: [(&str, u64, u64, u64); 2] = [("swift", 900, 100, 1), ("steady", 400, 50, 4)];

/// Quotes prices and ships; it does not ask whether an order was shipped before, which is what the audit is for.
pub(crate) enum Shipping {}

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
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS shipments (
            number   INTEGER PRIMARY KEY,
            order_id TEXT NOT NULL,
            items    TEXT NOT NULL,
            method   TEXT NOT NULL
        ) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        match (call.method, call.path) {
            (&Method::POST, ["quotes"]) => match call.read() {
                Ok(wanted) => Ok(quote(&wanted)),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["shipments"]) => match call.read() {
                Ok(shipment) => ship(transaction, shipment),
                Err(answer) => Ok(answer),
            },
            _ => Ok(Answer::no_such_operation(call)),
        }
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let shipments = shipments(connection)?;
        let of = |method| shipments.iter().filter(|s| s.method == method).count();
        Ok(json!({
            "shipments": shipments.len(),
            "standard": of(ShippingMethod::Standard),
            "express": of(ShippingMethod::Express),
        }))
    }

    fn entries(connection: &Connection) -> rusqlite::Result<Value> {
        Ok(json!(shipments(connection)?))
    }
}

fn ship(transaction: &Transaction<'_>, new: NewShipment) -> rusqlite::Result<Answer> {
    let mut items: BTreeMap<String, u64> = BTreeMap::new();
    for Item { sku, quantity } in new.items {
        let shipped = items.entry(sku).or_default();
        *shipped = shipped.saturating_add(quantity);
    }
    if items.is_empty() || items.values().any(|quantity| *quantity == 0) {
        let detail = "a shipment has items, and at least one of each";
        return Ok(Answer::problem(400, "empty shipment", &detail));
    }
    transaction
        .prepare_cached("INSERT INTO shipments (order_id, items, method) VALUES (?1, ?2, ?3)")?
        .execute(params![new.order_id, Json(items), Word(new.method)])?;
    let (shipment_id, tracking) = names(transaction.last_insert_rowid());
    Ok(Answer::created(json!({ "shipmentId": shipment_id, "tracking": tracking })))
}

fn shipments(connection: &Connection) -> rusqlite::Result<Vec<Shipment>> {
    let query = "SELECT number, order_id, items, method FROM shipments ORDER BY number";
    rows(connection, query, [], |row| {
        let (shipment_id, tracking) = names(row.get(0)?);
        let (Json(items), Word(method)) = (row.get(2)?, row.get(3)?);
        Ok(Shipment { shipment_id, order_id: row.get(1)?, items, method, tracking })
    })
}

/// Of the shipment with that number: its id, and that for tracking it.
fn names(number: i64) -> (String, String) {
    (format!("shipment-{number}"), format!("TRACK{number:08}"))
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
