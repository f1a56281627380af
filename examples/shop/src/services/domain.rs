use std::fmt;

use http::Method;
use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceName {
    Orders,
    Payments,
    Inventory,
    Shipping,
    Notifications,
}

impl ServiceName {
    /// In the order of their ports.
    pub(crate) const ALL: [Self; 5] =
        [Self::Orders, Self::Payments, Self::Inventory, Self::Shipping, Self::Notifications];
    /// Port of the first one, as written in the workflows.
    pub(crate) const BASE_PORT: u16 = 7101;

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Inventory => "inventory",
            Self::Shipping => "shipping",
            Self::Notifications => "notifications",
        }
    }

    /// The port next to its neighbours'; `None` beyond the last port there is.
    pub(crate) fn port(self, base_port: u16) -> Option<u16> {
        base_port.checked_add(self as u16)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What one service does, and the tables in which it keeps that.
pub(crate) trait Domain: 'static {
    const NAME: ServiceName;
    /// Makes the tables unless they are there.
    const SCHEMA: &'static str;

    /// Does what a call asks for, in the transaction that also keeps the answer. What is refused (400 and above) has
    /// changed nothing.
    fn answer(transaction: &Transaction<'_>, call: &Call<'_>) -> rusqlite::Result<Answer>;
    /// Sums, for people.
    fn sums(connection: &Connection) -> rusqlite::Result<Value>;
    /// Every entry that the audit compares.
    fn entries(connection: &Connection) -> rusqlite::Result<Value>;
}

/// One request, as far as a service looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    /// Without the leading slash, cut at the others.
    pub(crate) path: &'a [&'a str],
    pub(crate) key: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl<'a> Call<'a> {
    /// The body, or the answer 400 that says what is wrong with it.
    pub(crate) fn read<T: Deserialize<'a>>(&self) -> Result<T, Answer> {
        object(self.body)
            .map_err(|error| Answer::problem(400, "the body is not what is expected", &error))
    }
}

/// A JSON object and nothing else: serde alone would take an array of the fields in their order too.
pub(crate) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> serde_json::Result<T> {
    match body.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(body),
        _ => Err(serde::de::Error::custom("expected a JSON object")),
    }
}

/// Body of an undo: the key of the work that is to be undone.
#[derive(Deserialize)]
pub(crate) struct Undo {
    pub(crate) key: String,
}

/// Status and JSON body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, body }
    }

    /// A problem document (RFC 9457).
    pub(crate) fn problem(status: u16, title: &str, detail: &dyn fmt::Display) -> Self {
        let body = json!({ "title": title, "status": status, "detail": detail.to_string() });
        Self { status, body }
    }

    /// Whether it says: not now, try again later.
    pub(crate) fn means_again(&self) -> bool {
        matches!(self.status, 408 | 429 | 500..)
    }

    pub(crate) fn no_such(what: &str, id: &str) -> Self {
        Self::problem(404, "not found", &format_args!("there is no {what} {id:?}"))
    }

    pub(crate) fn no_such_operation(call: &Call<'_>) -> Self {
        let Call { method, path, .. } = call;
        let detail = format!("this service has no {method} /{}", path.join("/"));
        Self::problem(404, "no such operation", &detail)
    }
}
