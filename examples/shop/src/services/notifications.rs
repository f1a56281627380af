use std::collections::BTreeMap;

use http::Method;
use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Call, Domain, ServiceName};
use crate::database::rows;

/// Sends messages to customers, which here means that it writes them down.
pub(crate) enum Notifications {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) to: String,
    pub(crate) template: String,
    pub(crate) order_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    to: String,
    template: String,
    order_id: String,
}

impl Domain for Notifications {
    const NAME: ServiceName = ServiceName::Notifications;
    const SCHEMA: &'static str = "
        CREATE TABLE IF NOT EXISTS messages (
            number   INTEGER PRIMARY KEY,
            customer TEXT NOT NULL,
            template TEXT NOT NULL,
            order_id TEXT NOT NULL
        ) STRICT";

    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer> {
        match (call.method, call.path) {
            (&Method::POST, ["messages"]) => match call.read() {
                Ok(message) => send(transaction, &message),
                Err(answer) => Ok(answer),
            },
            _ => Ok(Answer::no_such_operation(call)),
        }
    }

    fn sums(connection: &Connection) -> rusqlite::Result<Value> {
        let messages = messages(connection)?;
        let mut by_template: BTreeMap<&str, usize> = BTreeMap::new();
        for message in &messages {
            *by_template.entry(&message.template).or_default() += 1;
        }
        Ok(json!({ "messages": messages.len(), "byTemplate": by_template }))
    }

    fn entries(connection: &Connection) -> rusqlite::Result<Value> {
        Ok(json!(messages(connection)?))
    }
}

fn send(transaction: &Transaction<'_>, new: &NewMessage) -> rusqlite::Result<Answer> {
    let NewMessage { to, template, order_id } = new;
    transaction
        .prepare_cached("INSERT INTO messages (customer, template, order_id) VALUES (?1, ?2, ?3)")?
        .execute(params![to, template, order_id])?;
    let message_id = format!("message-{}", transaction.last_insert_rowid());
    Ok(Answer::created(json!({ "messageId": message_id })))
}

fn messages(connection: &Connection) -> rusqlite::Result<Vec<Message>> {
    let query = "SELECT number, customer, template, order_id FROM messages ORDER BY number";
    rows(connection, query, [], |row| {
        Ok(Message {
            message_id: format!("message-{}", row.get::<_, i64>(0)?),
            to: row.get(1)?,
            template: row.get(2)?,
            order_id: row.get(3)?,
        })
    })
}
