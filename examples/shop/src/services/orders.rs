use std::collections::BTreeMap;

use http::Method;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Domain, ServiceName, Undo};
use crate::database::{Json, Word, number, rows};
use crate::inbox;

/// An order above it is refused, in cents; it keeps every sum far from overflowing.
const ORDER_CENTS_MAX: u64 = 1_000_000_000_000;

/// Takes orders; each is open until it is confirmed or rejected. Who placed one may take it back even after that.
pub(crate) enum Orders {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) order_id: String,
    pub(crate) customer: String,
    pub(crate) items: Vec<OrderItem>,
    /// In cents.
    pub(crate) total: u64,
    pub(crate) state: OrderState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderItem {
    pub(crate) sku: String,
    pub(crate) quantity: u64,
    /// Of one, in cents.
    pub(crate) price: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderState {
    Open,
    Confirmed,
    Rejected,
}

#[derive(Deserialize)]
struct NewOrder {
    customer: String,
    items: Vec<OrderItem>,
}

impl Domain for Orders {
    const NAME: ServiceName = ServiceName::Orders;
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS orders (
            number   INTEGER PRIMARY KEY,
            key      TEXT UNIQUE,
            customer TEXT NOT NULL,
            items    TEXT NOT NULL,
            total    INTEGER NOT NULL,
            state    TEXT NOT NULL
        ) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        match (call.method, call.path) {
            (&Method::POST, ["orders"]) => match call.read() {
                Ok(order) => place(transaction, call.key, &order),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["orders", "undo"]) => match call.read() {
                Ok(undo) => take_back(transaction, &undo),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["orders", id, "confirm"]) => {
                end(transaction, id, OrderState::Confirmed)
            }
            (&Method::POST, ["orders", id, "reject"]) => end(transaction, id, OrderState::Rejected),
            (&Method::GET, ["orders", id]) => Ok(match find(transaction, id)? {
                Some(order) => Answer::ok(json!(order)),
                None => Answer::no_such("order", id),
            }),
            _ => Ok(Answer::no_such_operation(call)),
        }
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let mut by_state = BTreeMap::from(
            [OrderState::Open, OrderState::Confirmed, OrderState::Rejected].map(|s| (s, (0, 0))),
        );
        for order in all(connection)? {
            let (orders, value) = by_state.entry(order.state).or_default();
            *orders += 1;
            *value += order.total;
        }
        let sums = by_state.into_iter().map(|(state, (orders, value))| {
            let name = json!(state).as_str().unwrap_or_default().to_owned();
            (name, json!({ "orders": orders, "value": value }))
        });
        Ok(sums.collect())
    }

    fn entries(connection: &Connection) -> rusqlite::Result<Value> {
        Ok(json!(all(connection)?))
    }
}

fn place(
    transaction: &Transaction<'_>,
    key: Option<&str>,
    new: &NewOrder,
) -> rusqlite::Result<Answer> {
    let NewOrder { customer, items } = new;
    if items.is_empty() || items.iter().any(|item| item.quantity == 0) {
        let detail = "an order has items, and at least one of each";
        return Ok(Answer::problem(400, "empty order", &detail));
    }
    let total = items
        .iter()
        .try_fold(0_u64, |total, item| total.checked_add(item.quantity.checked_mul(item.price)?));
    let Some(total) = total.filter(|total| *total <= ORDER_CENTS_MAX) else {
        let detail = format!("an order is worth at most {ORDER_CENTS_MAX} cents");
        return Ok(Answer::problem(400, "order too large", &detail));
    };
    let open = Word(OrderState::Open);
    transaction
        .prepare_cached(
            "INSERT INTO orders (key, customer, items, total, state) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![key, customer, Json(items), total, open])?;
    let order_id = format!("order-{}", transaction.last_insert_rowid());
    Ok(Answer::created(json!({ "orderId": order_id, "total": total })))
}

fn end(transaction: &Transaction<'_>, id: &str, state: OrderState) -> rusqlite::Result<Answer> {
    let Some(order) = find(transaction, id)? else { return Ok(Answer::no_such("order", id)) };
    if order.state != state && order.state != OrderState::Open {
        let detail = format!("order {id} is {}", json!(order.state));
        return Ok(Answer::problem(409, "the order has ended", &detail));
    }
    set_state(transaction, id, state)?;
    Ok(Answer::ok(json!({ "orderId": id, "state": state })))
}

/// Rejects what was placed under a key, confirmed or not; what was not placed will not be.
fn take_back(transaction: &Transaction<'_>, undo: &Undo) -> rusqlite::Result<Answer> {
    let query = format!("{SELECT} WHERE key = ?1");
    let placed = transaction.prepare_cached(&query)?.query_row([&undo.key], read).optional()?;
    let Some(Order { order_id, customer, .. }) = placed else {
        inbox::refuse(transaction, &undo.key)?;
        return Ok(Answer::ok(json!({ "orderId": null })));
    };
    set_state(transaction, &order_id, OrderState::Rejected)?;
    let state = OrderState::Rejected;
    Ok(Answer::ok(json!({ "orderId": order_id, "customer": customer, "state": state })))
}

/// With the columns that `read` reads.
const SELECT: &str = "SELECT number, customer, items, total, state FROM orders";

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Order>> {
    let query = format!("{SELECT} WHERE number = ?1");
    connection.prepare_cached(&query)?.query_row([number(id, "order")], read).optional()
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<Order>> {
    rows(connection, &format!("{SELECT} ORDER BY number"), [], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Order> {
    let (Json(items), Word(state)) = (row.get(2)?, row.get(4)?);
    Ok(Order {
        order_id: format!("order-{}", row.get::<_, i64>(0)?),
        customer: row.get(1)?,
        items,
        total: row.get(3)?,
        state,
    })
}

fn set_state(
    transaction: &Transaction<'_>,
    id: &str,
    state: OrderState,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE orders SET state = ?2 WHERE number = ?1")?
        .execute(params![number(id, "order"), Word(state)])
}
