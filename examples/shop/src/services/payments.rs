use std::collections::BTreeMap;

use http::Method;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Domain, ServiceName, Undo};
use crate::database::{number, rows};
use crate::inbox;

/// A charge above it is refused, in cents.
const CHARGE_CENTS_MAX: u64 = 100_000;

/// Charges and refunds, on one account per currency.
pub(crate) enum Payments {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Charge {
    pub(crate) charge_id: String,
    pub(crate) order_id: String,
    /// In cents.
    pub(crate) amount: u64,
    pub(crate) currency: String,
    /// In cents; never more than the amount.
    pub(crate) refunded: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refund {
    pub(crate) refund_id: String,
    pub(crate) charge_id: String,
    /// In cents.
    pub(crate) amount: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCharge {
    order_id: String,
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRefund {
    charge_id: String,
    /// Absent: all that is left.
    amount: Option<u64>,
}

impl Domain for Payments {
    const NAME: ServiceName = ServiceName::Payments;
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS charges (
            number   INTEGER PRIMARY KEY,
            key      TEXT UNIQUE,
            order_id TEXT NOT NULL,
            amount   INTEGER NOT NULL,
            currency TEXT NOT NULL,
            refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded <= amount)
        ) STRICT;
        CREATE TABLE IF NOT EXISTS refunds (
            number INTEGER PRIMARY KEY,
            charge INTEGER NOT NULL REFERENCES charges,
            amount INTEGER NOT NULL
        ) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        match (call.method, call.path) {
            (&Method::POST, ["charges"]) => match call.read() {
                Ok(new) => charge(transaction, call.key, &new),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["charges", "undo"]) => match call.read() {
                Ok(undo) => give_back(transaction, &undo),
                Err(answer) => Ok(answer),
            },
            (&Method::POST, ["refunds"]) => match call.read() {
                Ok(new) => refund(transaction, &new),
                Err(answer) => Ok(answer),
            },
            (&Method::GET, ["charges", id]) => Ok(match find(transaction, id)? {
                Some(charge) => Answer::ok(json!(charge)),
                None => Answer::no_such("charge", id),
            }),
            _ => Ok(Answer::no_such_operation(call)),
        }
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let (charges, refunds) = (charges(connection)?, refunds(connection)?.len());
        let mut accounts: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
        for charge in &charges {
            let (charges, charged, refunded) = accounts.entry(&charge.currency).or_default();
            *charges += 1;
            *charged += charge.amount;
            *refunded += charge.refunded;
        }
        let accounts: Value = accounts
            .into_iter()
            .map(|(currency, (charges, charged, refunded))| {
                let net = charged - refunded;
                let sums = json!({
                    "charges": charges, "charged": charged, "refunded": refunded, "net": net,
                });
                (currency.to_owned(), sums)
            })
            .collect();
        Ok(json!({ "accounts": accounts, "charges": charges.len(), "refunds": refunds }))
    }

    fn entries(connection: &Connection) -> rusqlite::Result<Value> {
        Ok(json!({ "charges": charges(connection)?, "refunds": refunds(connection)? }))
    }
}

fn charge(
    transaction: &Transaction<'_>,
    key: Option<&str>,
    new: &NewCharge,
) -> rusqlite::Result<Answer> {
    let NewCharge { order_id, amount, currency } = new;
    if *amount > CHARGE_CENTS_MAX {
        let detail = format!("{amount} is more than the limit of {CHARGE_CENTS_MAX} cents");
        return Ok(Answer::problem(402, "charge refused", &detail));
    }
    transaction
        .prepare_cached(
            "INSERT INTO charges (key, order_id, amount, currency) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key, order_id, amount, currency])?;
    let charge_id = format!("charge-{}", transaction.last_insert_rowid());
    Ok(Answer::created(json!({ "chargeId": charge_id })))
}

fn refund(transaction: &Transaction<'_>, new: &NewRefund) -> rusqlite::Result<Answer> {
    let Some(charge) = find(transaction, &new.charge_id)? else {
        return Ok(Answer::no_such("charge", &new.charge_id));
    };
    let left = charge.amount - charge.refunded;
    let amount = new.amount.unwrap_or(left);
    if amount == 0 || amount > left {
        let detail = format!("{left} cents of {} are left to refund", new.charge_id);
        return Ok(Answer::problem(409, "not refundable", &detail));
    }
    let refund_id = pay_back(transaction, &charge, amount)?;
    Ok(Answer::created(json!({ "refundId": refund_id, "amount": amount })))
}

/// Refunds what is left of the charge that was made under a key; what was not charged will not be.
fn give_back(transaction: &Transaction<'_>, undo: &Undo) -> rusqlite::Result<Answer> {
    let query = format!("{SELECT} WHERE key = ?1");
    let charged = transaction.prepare_cached(&query)?.query_row([&undo.key], read).optional()?;
    let Some(charge) = charged else {
        inbox::refuse(transaction, &undo.key)?;
        return Ok(Answer::ok(json!({ "chargeId": null, "amount": 0 })));
    };
    let amount = charge.amount - charge.refunded;
    if amount > 0 {
        pay_back(transaction, &charge, amount)?;
    }
    Ok(Answer::ok(json!({ "chargeId": charge.charge_id, "amount": amount })))
}

/// Returns the id of the refund.
fn pay_back(
    transaction: &Transaction<'_>,
    charge: &Charge,
    amount: u64,
) -> rusqlite::Result<String> {
    let charge = number(&charge.charge_id, "charge");
    transaction
        .prepare_cached("UPDATE charges SET refunded = refunded + ?2 WHERE number = ?1")?
        .execute(params![charge, amount])?;
    transaction
        .prepare_cached("INSERT INTO refunds (charge, amount) VALUES (?1, ?2)")?
        .execute(params![charge, amount])?;
    Ok(format!("refund-{}", transaction.last_insert_rowid()))
}

/// With the columns that `read` reads.
const SELECT: &str = "SELECT number, order_id, amount, currency, refunded FROM charges";

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Charge>> {
    let query = format!("{SELECT} WHERE number = ?1");
    connection.prepare_cached(&query)?.query_row([number(id, "charge")], read).optional()
}

fn charges(connection: &Connection) -> rusqlite::Result<Vec<Charge>> {
    rows(connection, &format!("{SELECT} ORDER BY number"), [], read)
}

fn refunds(connection: &Connection) -> rusqlite::Result<Vec<Refund>> {
    let query = "SELECT number, charge, amount FROM refunds ORDER BY number";
    rows(connection, query, [], |row| {
        Ok(Refund {
            refund_id: format!("refund-{}", row.get::<_, i64>(0)?),
            charge_id: format!("charge-{}", row.get::<_, i64>(1)?),
            amount: row.get(2)?,
        })
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Charge> {
    Ok(Charge {
        charge_id: format!("charge-{}", row.get::<_, i64>(0)?),
        order_id: row.get(1)?,
        amount: row.get(2)?,
        currency: row.get(3)?,
        refunded: row.get(4)?,
    })
}
