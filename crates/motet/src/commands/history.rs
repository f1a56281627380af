//! What happened in an instance, record by record: so far, and as it goes on.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderName;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use motet_expr::{Value, json};

use super::{Ended, describe, run};
use crate::client::{Call, Client};
use crate::failure::{Exit, Failure};
use crate::output::{Format, Output, Style};
use crate::value::Members;

/// Pause before a stream that broke off is taken up again.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Times in a row that a stream may break off without an event.
pub(super) const RECONNECTS_MAX: u32 = 30;

pub(super) async fn history(client: &Client, id: &str, output: &Output) -> Ended {
    let records = describe::history(client, id, output).await?;
    let value = json::array(records.iter().cloned());
    output.value(&value, |output| {
        records.iter().map(|record| record_line(record, output.style) + "\n").collect()
    });
    let damage = describe::damage(&records);
    Ok(damage.map_or(Exit::Done, |failure| output.fail(&failure)))
}

/// Follows an instance until it ends; the exit code says how.
pub(super) async fn watch(client: &Client, id: &str, output: &Output) -> Ended {
    let mut last: Option<String> = None;
    let mut failures = 0;
    loop {
        let headers: Vec<_> = last
            .as_deref()
            .map(|last| (HeaderName::from_static("last-event-id"), last))
            .into_iter()
            .collect();
        let call = Call { headers, ..Call::get(format!("/api/v1/instances/{id}/watch")) };
        let before = last.clone();
        match client.open(call).await {
            Ok((_, body)) => {
                if let Some(exit) = follow(body, &mut last, output).await? {
                    return Ok(exit);
                }
            }
            // A server that was reached before may only be restarting.
            Err(failure) if failure.code == "server-unreachable" && last.is_some() => {}
            Err(failure) => return Err(failure),
        }
        failures = if last == before { failures + 1 } else { 0 };
        if failures > RECONNECTS_MAX {
            let message = "the stream of events broke off and cannot be taken up again";
            return Err(Failure::new("server-unreachable", message));
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

/// Prints events until the stream ends; how the instance ended, if it has.
async fn follow(
    mut body: Incoming,
    last: &mut Option<String>,
    output: &Output,
) -> Result<Option<Exit>, Failure> {
    let mut events = Events::default();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        for event in events.take(&data) {
            let limits = json::Limits { bytes_max: usize::MAX, depth_max: 1_024 };
            let Ok(value) = json::parse(event.data.as_bytes(), limits) else {
                continue;
            };
            match event.name.as_str() {
                "record" => {
                    print(&value, output);
                    *last = event.id.or(last.take());
                }
                "end" => return Ok(Some(run::finish(&value, output))),
                _ => return Err(refused(&value)),
            }
        }
    }
    Ok(None)
}

fn refused(problem: &Value) -> Failure {
    let code = problem.text("code").unwrap_or("unexpected-answer");
    Failure::of_server(code, problem.text("detail").unwrap_or_default())
}

fn print(record: &Value, output: &Output) {
    match output.format {
        Format::Table => output.line(&record_line(record, output.style)),
        Format::Json => output.line(&json::to_text(record)),
        Format::Yaml => output.print(&format!("---\n{}", motet_definition::to_yaml(record))),
    }
}

/// One record in one line.
pub(crate) fn record_line(record: &Value, style: Style) -> String {
    let text = |key| record.text(key).unwrap_or_default();
    let number = record.number("number").unwrap_or_default();
    let kind = format!("{:<18}", text("type"));
    let name = record.text("name").unwrap_or("-");
    let mut line = format!("{number:>5}  {}  {kind}  {name}", style.dim(text("at")));
    for (key, show) in DETAILS {
        if let Some(value) = record.member(key) {
            line.push_str(&format!("  {}={}", style.dim(key), show(value)));
        }
    }
    line
}

type Show = fn(&Value) -> String;

/// The details that a line shows, and how.
const DETAILS: [(&str, Show); 11] = [
    ("attempt", describe::short),
    ("request", request_line),
    ("retry", describe::short),
    ("due", describe::short),
    ("index", describe::short),
    ("child", describe::short),
    ("reason", describe::short),
    ("from", describe::short),
    ("records", describe::short),
    ("output", describe::short),
    ("error", crate::tree::error_line),
];

fn request_line(request: &Value) -> String {
    let text = |key| request.text(key).unwrap_or_default();
    format!("{} {}", text("method"), text("uri"))
}

/// Reads server-sent events (HTML standard §9.2.6) from pieces of text.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rest: Vec<u8>,
    event: Event,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Events {
    /// The events that this piece completes.
    pub(crate) fn take(&mut self, piece: &Bytes) -> Vec<Event> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                events.extend((!event.name.is_empty()).then_some(event));
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => self.event.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut self.event.name),
                "data" => self.event.data.push_str(value),
                _ => {}
            }
        }
        events
    }
}

#[cfg(test)]
mod tests;
