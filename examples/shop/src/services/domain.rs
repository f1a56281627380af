use std::fmt;

use http::Method;
use serde::de::DeserializeOwned;
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

/// The state of one service.
///
/// Its state after a restart is `apply` over the facts in the order in which `decide` gave them, so `decide` looks at
/// nothing but the state and the call.
pub(crate) trait Domain: Default {
    const NAME: ServiceName;
    /// What a call changed; goes to the journal.
    type Fact: Serialize + DeserializeOwned;

    fn decide(&self, call: &Call<'_>) -> Decision<Self::Fact>;
    fn apply(&mut self, fact: Self::Fact);
    /// Sums, for people.
    fn sums(&self) -> Value;
    /// Every entry that the audit compares.
    fn entries(&self) -> Value;
}

/// One request, as far as a service looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    /// Without the leading slash, cut at the others.
    pub(crate) path: &'a [&'a str],
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

/// What a service says to one call, and what changes by it.
#[derive(Debug, PartialEq)]
pub(crate) struct Decision<F> {
    pub(crate) answer: Answer,
    /// `None`: nothing.
    pub(crate) fact: Option<F>,
}

impl<F> Decision<F> {
    pub(crate) fn effect(status: u16, body: Value, fact: F) -> Self {
        Self { answer: Answer { status, body }, fact: Some(fact) }
    }
}

impl<F> From<Answer> for Decision<F> {
    fn from(answer: Answer) -> Self {
        Self { answer, fact: None }
    }
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

    /// A problem document (RFC 9457).
    pub(crate) fn problem(status: u16, title: &str, detail: &dyn fmt::Display) -> Self {
        let body = json!({ "title": title, "status": status, "detail": detail.to_string() });
        Self { status, body }
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
