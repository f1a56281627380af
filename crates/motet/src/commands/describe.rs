//! One instance, drawn for people.

use motet_expr::Value;

use super::Ended;
use crate::client::Client;
use crate::failure::Exit;
use crate::output::{Output, Style};
use crate::tree;
use crate::value::{Members, shown};

/// Records of a history that are drawn.
const RECORDS_MAX: usize = 100_000;
/// Records that are read at a time.
const PAGE: usize = 1_000;
/// Longest value that is shown in one line.
const VALUE_CHARS_MAX: usize = 200;

pub(super) async fn describe(client: &Client, id: &str, output: &Output) -> Ended {
    let instance = client.get(format!("/api/v1/instances/{id}")).await?;
    let history = history(client, id).await?;
    output.value(&instance, |output| {
        let steps = tree::draw(&history, output.style);
        format!("{}\n{steps}", heading(&instance, output.style))
    });
    Ok(Exit::Done)
}

/// The whole history, as far as anyone would read it.
pub(super) async fn history(
    client: &Client,
    id: &str,
) -> Result<Vec<Value>, crate::failure::Failure> {
    client.items(&format!("/api/v1/instances/{id}/history?limit={PAGE}"), RECORDS_MAX).await
}

/// What is known of an instance beside its steps.
pub(super) fn heading(instance: &Value, style: Style) -> String {
    let text = |key| instance.text(key).unwrap_or_default();
    let definition = format!("{}/{}:{}", text("namespace"), text("workflow"), text("version"));
    let mut text_out = format!("{}  {}\n", style.bold(&definition), style.status(text("status")));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text_out.push_str(&format!("  {} {value}\n", style.dim(&format!("{name:<9}"))));
        }
    };
    line("id", text("id"));
    line("key", text("businessKey"));
    line("parent", text("parent"));
    line("started", text("startedAt"));
    match (instance.text("endedAt"), tree::elapsed(text("startedAt"), text("endedAt"))) {
        (Some(ended), Some(elapsed)) => line("ended", &format!("{ended}, after {elapsed}")),
        _ => line("updated", text("updatedAt")),
    }
    for key in ["input", "output"] {
        line(key, &instance.member(key).map(short).unwrap_or_default());
    }
    let incidents = instance.items("incidents");
    // The error of an instance that waits for a person is that of its incident.
    if let Some(error) = instance.member("error").filter(|_| incidents.is_empty()) {
        line("error", &style.red(&tree::error_line(error)));
    }
    for incident in incidents {
        let error = incident.member("error").map(tree::error_line).unwrap_or_default();
        line("incident", &style.red(&error));
    }
    text_out
}

/// A value in one line, cut where it is long.
pub(super) fn short(value: &Value) -> String {
    let text = shown(value).replace('\n', " ");
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
