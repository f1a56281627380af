use std::collections::BTreeMap;

use http::Method;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Domain, ServiceName, Undo};
use crate::database::{Json, Word, number, rows};
use crate::inbox;

/// Pieces of one SKU that can be counted: a column holds no more.
const PIECES_MAX: u64 = i64::MAX as u64;

/// Goods on the shelf, set aside, and gone.
pub(crate) enum Inventory {}

/// At every moment `stock + reserved + shipped == received`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StockOfSku {
    /// What there was in the beginning, plus deliveries.
    pub(crate) received: u64,
    pub(crate) stock: u64,
    pub(crate) reserved: u64,
    pub(crate) shipped: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reservation {
    pub(crate) reservation_id: String,
    pub(crate) order_id: String,
    /// Quantity by SKU.
    pub(crate) items: BTreeMap<String, u64>,
    pub(crate) state: ReservationState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReservationState {
    Reserved,
    Committed,
    Released,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewReservation {
    order_id: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    quantity: u64,
}

impl Domain for Inventory {
    const NAME: ServiceName = ServiceName::Inventory;
    /// What the shop sells and begins with; nobody ever had an orchid.
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS stock (
            sku      TEXT PRIMARY KEY,
            received INTEGER NOT NULL,
            stock    INTEGER NOT NULL CHECK (stock >= 0),
            reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
            shipped  INTEGER NOT NULL DEFAULT 0,
            CHECK (stock + reserved + shipped = received)
        ) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO stock (sku, received, stock) VALUES
            ('tea', 1000000, 1000000), ('coffee', 1000000, 1000000), ('cup', 1000000, 1000000),
            ('kettle', 1000000, 1000000), ('orchid', 0, 0);
        CREATE TABLE IF NOT EXISTS reservations (
            number   INTEGER PRIMARY KEY,
            key      TEXT UNIQUE,
            order_id TEXT NOT NULL,
            items    TEXT NOT NULL,
            state    TEXT NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS deliveries (
            number   INTEGER PRIMARY KEY,
            sku      TEXT NOT NULL REFERENCES stock,
            quantity INTEGER NOT NULL
        ) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        use ReservationState::{Committed, Released};
        match (call.method, call.path) {
            (&Method::POST, ["reservations"]) => match call.read() {
                Ok(new) => reserve(transaction, call.key, new),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["reservations", "undo"]) => match call.read() {
                Ok(undo) => give_up(transaction, &undo),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["reservations", id, "commit"]) => end(transaction, id, Committed),
            (&Method::POST, ["reservations", id, "release"]) => end(transaction, id, Released),
            (&Method::POST, ["deliveries"]) => match call.read() {
                Ok(item) => deliver(transaction, &item),
                Err(answer) => Ok(answer),
            },
            (&Method::GET, ["stock", sku]) => Ok(match stock_of(transaction, sku)? {
                Some(stock) => Answer::ok(json!(stock)),
                None => Answer::no_such("sku", sku),
            }),
            _ => Ok(Answer::no_such_operation(call)),
        }
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let count = |table| {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get::<_, u64>(0))
        };
        let (reservations, deliveries) = (count("reservations")?, count("deliveries")?);
        let stock = stock(connection)?;
        Ok(json!({ "stock": stock, "reservations": reservations, "deliveries": deliveries }))
    }

    fn entries(connection: &Connection) -> rusqlite::Result<Value> {
        let query = format!("{SELECT} ORDER BY number");
        let reservations = rows(connection, &query, [], read)?;
        Ok(json!({ "stock": stock(connection)?, "reservations": reservations }))
    }
}

fn reserve(
    transaction: &Transaction<'_>,
    key: Option<&str>,
    new: NewReservation,
) -> rusqlite::Result<Answer> {
    let mut items: BTreeMap<String, u64> = BTreeMap::new();
    for Item { sku, quantity } in new.items {
        let wanted = items.entry(sku).or_default();
        *wanted = wanted.saturating_add(quantity);
    }
    if items.is_empty() || items.values().any(|quantity| *quantity == 0) {
        let detail = "a reservation has items, and at least one of each";
        return Ok(Answer::problem(400, "empty reservation", &detail));
    }
    for (sku, wanted) in &items {
        let left = stock_of(transaction, sku)?.map_or(0, |stock| stock.stock);
        if left < *wanted {
            let detail = format!("{wanted} of {sku} are wanted and {left} are left");
            return Ok(Answer::problem(409, "out of stock", &detail));
        }
    }
    let mut set_aside = transaction.prepare_cached(
        "UPDATE stock SET stock = stock - ?2, reserved = reserved + ?2 WHERE sku = ?1",
    )?;
    for (sku, quantity) in &items {
        set_aside.execute(params![sku, quantity])?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO reservations (key, order_id, items, state) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key, new.order_id, Json(items), Word(ReservationState::Reserved)])?;
    let reservation_id = format!("reservation-{}", transaction.last_insert_rowid());
    Ok(Answer::created(json!({ "reservationId": reservation_id })))
}

fn end(
    transaction: &Transaction<'_>,
    id: &str,
    state: ReservationState,
) -> rusqlite::Result<Answer> {
    let query = format!("{SELECT} WHERE number = ?1");
    let number = number(id, "reservation");
    let reservation = transaction.prepare_cached(&query)?.query_row([number], read).optional()?;
    match reservation {
        Some(reservation) => end_as(transaction, &reservation, state),
        None => Ok(Answer::no_such("reservation", id)),
    }
}

/// Releases what was reserved under a key; what was not reserved will not be.
fn give_up(transaction: &Transaction<'_>, undo: &Undo) -> rusqlite::Result<Answer> {
    let query = format!("{SELECT} WHERE key = ?1");
    let reserved = transaction.prepare_cached(&query)?.query_row([&undo.key], read).optional()?;
    match reserved {
        Some(reservation) => end_as(transaction, &reservation, ReservationState::Released),
        None => {
            inbox::refuse(transaction, &undo.key)?;
            Ok(Answer::ok(json!({ "reservationId": null })))
        }
    }
}

fn end_as(
    transaction: &Transaction<'_>,
    reservation: &Reservation,
    state: ReservationState,
) -> rusqlite::Result<Answer> {
    let id = &reservation.reservation_id;
    let answer = Answer::ok(json!({ "reservationId": id, "state": state }));
    if reservation.state == state {
        return Ok(answer);
    }
    if reservation.state != ReservationState::Reserved {
        let detail = format!("reservation {id} is {}", json!(reservation.state));
        return Ok(Answer::problem(409, "the reservation has ended", &detail));
    }
    let to = if state == ReservationState::Committed { "shipped" } else { "stock" };
    let mut moved = transaction.prepare_cached(&format!(
        "UPDATE stock SET reserved = reserved - ?2, {to} = {to} + ?2 WHERE sku = ?1"
    ))?;
    for (sku, quantity) in &reservation.items {
        moved.execute(params![sku, quantity])?;
    }
    transaction
        .prepare_cached("UPDATE reservations SET state = ?2 WHERE number = ?1")?
        .execute(params![number(id, "reservation"), Word(state)])?;
    Ok(answer)
}

fn deliver(transaction: &Transaction<'_>, item: &Item) -> rusqlite::Result<Answer> {
    let Item { sku, quantity } = item;
    let before = stock_of(transaction, sku)?.unwrap_or_default();
    let received = before.received.checked_add(*quantity);
    if *quantity == 0 || received.is_none_or(|received| received > PIECES_MAX) {
        let detail = "a delivery brings something, and no more than can be counted";
        return Ok(Answer::problem(400, "no delivery", &detail));
    }
    transaction
        .prepare_cached(
            "INSERT INTO stock (sku, received, stock) VALUES (?1, ?2, ?2)
             ON CONFLICT (sku) DO UPDATE SET received = received + ?2, stock = stock + ?2",
        )?
        .execute(params![sku, quantity])?;
    transaction
        .prepare_cached("INSERT INTO deliveries (sku, quantity) VALUES (?1, ?2)")?
        .execute(params![sku, quantity])?;
    let delivery_id = format!("delivery-{}", transaction.last_insert_rowid());
    let stock = before.stock + quantity;
    Ok(Answer::created(json!({ "deliveryId": delivery_id, "sku": sku, "stock": stock })))
}

/// With the columns that `read` reads.
const SELECT: &str = "SELECT number, order_id, items, state FROM reservations";

fn read(row: &Row<'_>) -> rusqlite::Result<Reservation> {
    let (Json(items), Word(state)) = (row.get(2)?, row.get(3)?);
    let reservation_id = format!("reservation-{}", row.get::<_, i64>(0)?);
    Ok(Reservation { reservation_id, order_id: row.get(1)?, items, state })
}

fn stock_of(connection: &Connection, sku: &str) -> rusqlite::Result<Option<StockOfSku>> {
    let query = "SELECT sku, received, stock, reserved, shipped FROM stock WHERE sku = ?1";
    let found = connection.prepare_cached(query)?.query_row([sku], read_stock).optional()?;
    Ok(found.map(|(_, stock)| stock))
}

fn stock(connection: &Connection) -> rusqlite::Result<BTreeMap<String, StockOfSku>> {
    let query = "SELECT sku, received, stock, reserved, shipped FROM stock";
    Ok(rows(connection, query, [], read_stock)?.into_iter().collect())
}

fn read_stock(row: &Row<'_>) -> rusqlite::Result<(String, StockOfSku)> {
    let (received, stock) = (row.get(1)?, row.get(2)?);
    let (reserved, shipped) = (row.get(3)?, row.get(4)?);
    Ok((row.get(0)?, StockOfSku { received, stock, reserved, shipped }))
}
