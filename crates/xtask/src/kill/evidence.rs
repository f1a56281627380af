//! What services and histories say of each call.

use anyhow::Context;
use serde_json::Value;

use crate::http::Client;
use crate::shop::{SERVICES, Shop};

/// One arrival in a service's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Ordinal of the service in [`SERVICES`].
    pub(super) service: usize,
    /// Microseconds since 1970.
    pub(super) at: i64,
    /// Empty where the request had none.
    pub(super) key: String,
    /// Service, method, path and digest of the body.
    pub(super) request: String,
}

/// One attempt of a call, by the history of its instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) key: String,
    /// When it was asked for, in microseconds since 1970.
    pub(super) from: i64,
    /// When its outcome was recorded, or it was given up; absent while it is open.
    pub(super) to: Option<i64>,
    /// Its outcome was that the time was up.
    pub(super) timed_out: bool,
}

/// Every arrival at a service, in the log's order.
pub(super) fn arrivals(shop: &Shop, service: usize) -> anyhow::Result<Vec<Arrival>> {
    read_arrivals(service, &shop.arrivals(service)?)
}

fn read_arrivals(service: usize, log: &str) -> anyhow::Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line)
            .with_context(|| format!("{} logged {line}", SERVICES[service]))?;
        if line["line"] != "arrival" {
            continue;
        }
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let (method, path, digest) = (text("method"), text("path"), text("digest"));
        let request = format!("{} {method} {path} {digest}", SERVICES[service]);
        let (at, key) = (instant(&line["at"])?, text("key").to_owned());
        arrivals.push(Arrival { service, at, key, request });
    }
    Ok(arrivals)
}

/// Ids of all instances, children included.
pub(super) fn instances(client: &mut Client) -> anyhow::Result<Vec<String>> {
    let items = pages(client, "/api/v1/instances?limit=1000")?;
    let ids = items.iter().map(|item| {
        let id = item["id"].as_str().with_context(|| format!("there is no id in {item}"))?;
        Ok(id.to_owned())
    });
    ids.collect()
}

/// Every attempt of every call of one instance.
pub(super) fn attempts(client: &mut Client, instance: &str) -> anyhow::Result<Vec<Attempt>> {
    let path = format!("/api/v1/instances/{instance}/history?limit=1000");
    read_attempts(&pages(client, &path)?)
}

fn read_attempts(history: &[Value]) -> anyhow::Result<Vec<Attempt>> {
    let mut attempts: Vec<(Option<u64>, Attempt)> = Vec::new();
    for record in history {
        let step = record["step"].as_u64();
        let kind = record["type"].as_str().unwrap_or_default();
        match kind {
            "requested" => {
                let key =
                    record["idempotencyKey"].as_str().context("a call has no key")?.to_owned();
                let from = instant(&record["at"])?;
                attempts.push((step, Attempt { key, from, to: None, timed_out: false }));
            }
            "settled" | "abandoned" => {
                let open =
                    attempts.iter_mut().rev().find(|(of, call)| *of == step && call.to.is_none());
                let Some((_, attempt)) = open else { continue };
                attempt.to = Some(instant(&record["at"])?);
                let error = record["error"]["type"].as_str().unwrap_or_default();
                attempt.timed_out = error.ends_with("/timeout");
            }
            _ => {}
        }
    }
    Ok(attempts.into_iter().map(|(_, attempt)| attempt).collect())
}

fn pages(client: &mut Client, path: &str) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page = client.get(&format!("{path}{cursor}"))?.expect(&[200])?.json()?;
        let more = page["items"].as_array_mut().context("a page has no items")?;
        items.append(more);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

fn instant(value: &Value) -> anyhow::Result<i64> {
    let text = value.as_str().with_context(|| format!("{value} is no instant"))?;
    let instant: jiff::Timestamp = text.parse().with_context(|| format!("{text:?}"))?;
    Ok(instant.as_microsecond())
}

#[cfg(test)]
mod tests;
