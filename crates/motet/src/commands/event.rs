//! Publishing events, and listing those that are kept.

use std::io::Read as _;
use std::path::Path;

use motet_expr::Value;
use motet_expr::json::array;

use super::Ended;
use super::list::{RAISE_LIMIT, path_of, split};
use crate::cli::EventCommand;
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

pub(super) async fn event(client: &Client, what: &EventCommand, output: &Output) -> Ended {
    match what {
        EventCommand::Publish { file, namespace, instance, workflow, business_key } => {
            let path = match (instance, workflow) {
                (Some(id), _) => format!("/api/v1/instances/{id}/events"),
                (None, Some(workflow)) => {
                    let (namespace, name) = split(workflow)?;
                    let key = query("businessKey", business_key.as_deref().unwrap_or_default());
                    format!("{}/events?{key}", path_of(namespace, name))
                }
                (None, None) => format!("/api/v1/events?{}", query("namespace", namespace)),
            };
            let body = read(file)?;
            let answer = client.send(Call::post(path, "application/json", body)).await?.value;
            output.value(&answer, |output| match answer.number("accepted") {
                Some(accepted) => match answer.number("duplicates") {
                    Some(0) | None => format!("{accepted} published\n"),
                    Some(known) => format!("{accepted} published, {known} of them before\n"),
                },
                None => {
                    let text = |key| answer.text(key).unwrap_or_default();
                    format!("{} {}\n", text("id"), output.style.status(text("status")))
                }
            });
        }
        EventCommand::List { namespace, kind, source, limit } => {
            let optional = [("type", kind), ("source", source)];
            let mut path = format!("/api/v1/events?at=latest&{}", query("namespace", namespace));
            for (name, value) in optional {
                let part = value.as_deref().map(|value| format!("&{}", query(name, value)));
                path.push_str(&part.unwrap_or_default());
            }
            let items = client.items(&path, *limit).await?.told(output, RAISE_LIMIT);
            let rows: Vec<_> = items.iter().map(row).collect();
            output.value(&array(items), |output| table(output.style, &COLUMNS, &rows));
        }
    }
    Ok(Exit::Done)
}

const COLUMNS: [&str; 5] = ["received", "type", "source", "id", "data"];

/// Longest data that a table shows.
const DATA_CHARS_MAX: usize = 60;

fn row(item: &Value) -> Vec<String> {
    let event = item.member("event");
    let text = |key| event.and_then(|event| event.text(key)).unwrap_or_default().to_owned();
    let data = event.and_then(|event| event.member("data"));
    let data = data.map(motet_expr::json::to_text).unwrap_or_default();
    let data = match data.chars().count() > DATA_CHARS_MAX {
        true => data.chars().take(DATA_CHARS_MAX).chain(['…']).collect(),
        false => data,
    };
    let received = item.text("received").unwrap_or_default().to_owned();
    vec![received, text("type"), text("source"), text("id"), data]
}

/// The text of a file, or of standard input.
fn read(file: &Path) -> Result<String, Failure> {
    if file != Path::new("-") {
        return super::documents::read(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Failure::new("unreadable-file", format!("cannot read standard input: {error}"))
    })?;
    Ok(text)
}
