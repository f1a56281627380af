//! One instance, drawn for people.

use motet_expr::Value;

use super::Ended;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::output::{Output, Style, table};
use crate::tree;
use crate::value::{Members, shown};

/// Records of a history that are read. A history keeps its first and last ones, far fewer unless its server was told otherwise.
const RECORDS_MAX: usize = 1_000_000;
/// Records that are read at a time.
const PAGE: usize = 1_000;
/// Longest value that is shown in one line.
const VALUE_CHARS_MAX: usize = 200;

pub(super) async fn describe(client: &Client, id: &str, output: &Output) -> Ended {
    let instance = client.get(format!("/api/v1/instances/{id}")).await?;
    // What is known of an instance that cannot be loaded is worth the more.
    let (history, unread) = match history(client, id, output).await {
        Ok(history) => (history, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    let undo = client.get(format!("/api/v1/instances/{id}/undo")).await;
    let failure = unread.or(damage(&history)).or(undo.as_ref().err().cloned());
    output.value(&instance, |output| {
        let style = output.style;
        let mut text = heading(&instance, style);
        if !history.is_empty() {
            text.push_str(&format!("\n{}", tree::draw(&history, style)));
        }
        text + &undo.map_or_else(|_| String::new(), |undo| undo_table(&undo, style))
    });
    Ok(failure.map_or(Exit::Done, |failure| output.fail(&failure)))
}

/// What is to be told of a history that could be read to this place only.
pub(super) fn damage(history: &[Value]) -> Option<Failure> {
    let end = history.last().filter(|end| end.text("type") == Some(tree::DAMAGED))?;
    let failure = Failure::of_server("unloadable-instance", tree::damage_line(end));
    Some(
        failure
            .with_hint("stop the server and run `motet store check`, which says what is damaged"),
    )
}

/// What would be undone, is being or has been: newest first; nothing if there is nothing of the kind.
fn undo_table(undo: &Value, style: Style) -> String {
    let entries = undo.items("entries");
    if entries.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = entries.iter().map(undo_row).collect();
    let committed = match undo.member("committed") {
        Some(Value::Bool(true)) => "past its point of no return: only a forced cancel undoes it\n",
        _ => "",
    };
    format!("\n{committed}{}", table(style, &UNDO, &rows))
}

const UNDO: [&str; 6] = ["undo of", "step", "state", "outcome", "by", "note"];

fn undo_row(entry: &Value) -> Vec<String> {
    let text = |key| entry.text(key).unwrap_or_default();
    let names: Vec<String> = entry.items("by").iter().map(shown).collect();
    let by = entry.text("child").map_or(names.join(", "), |child| format!("child {child}"));
    let due = entry.text("due").map(|due| format!("again at {due}"));
    let tries = entry.number("tries").map(|tries| format!("try {tries} failed"));
    let error = entry.member("error").map(tree::error_line);
    let notes: Vec<String> = [tries, due, error].into_iter().flatten().collect();
    let step = entry.number("step").unwrap_or_default();
    [
        text("name").to_owned(),
        step.to_string(),
        text("state").to_owned(),
        text("outcome").to_owned(),
        by,
        notes.join("; "),
    ]
    .to_vec()
}

/// The whole history.
pub(super) async fn history(
    client: &Client,
    id: &str,
    output: &Output,
) -> Result<Vec<Value>, Failure> {
    let path = format!("/api/v1/instances/{id}/history?limit={PAGE}");
    let records = client.items(&path, RECORDS_MAX).await?;
    Ok(records.told(output, "the API reads on from where they end (`cursor`)"))
}

/// What is known of an instance beside its steps.
pub(super) fn heading(instance: &Value, style: Style) -> String {
    let text = |key| instance.text(key).unwrap_or_default();
    let definition = format!("{}/{}:{}", text("namespace"), text("workflow"), text("version"));
    let mut text_out = format!("{}  {}\n", style.bold(&definition), style.status(text("status")));
    if let Some(phase) = instance.text("phase") {
        text_out.insert_str(text_out.len() - 1, &format!(", {phase}"));
    }
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
    line("turn", &turn_line(instance).unwrap_or_default());
    line("waits", &room_line(instance).unwrap_or_default());
    line("found by", &attributes_line(instance));
    for step in instance.items("steps") {
        let events: Vec<String> = step.items("listensTo").iter().map(shown).collect();
        if !events.is_empty() {
            let name = step.text("name").unwrap_or_default();
            line("listens", &format!("{name}: {}", events.join("; ")));
        }
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

/// The concurrency key, and who is before this one.
fn turn_line(instance: &Value) -> Option<String> {
    let turn = instance.member("concurrency")?;
    let key = turn.text("key")?;
    let Some(holder) = turn.text("waitsFor") else { return Some(key.to_owned()) };
    Some(format!("{key}, behind {holder}, {} ahead", turn.number("ahead")?))
}

fn room_line(instance: &Value) -> Option<String> {
    let room = instance.member("waitsForRoom")?;
    let (of, ahead) = (room.text("of")?, room.number("ahead")?);
    Some(format!("for room under the limit of its {of}, {ahead} ahead"))
}

/// Search attributes, as a filter writes them.
pub(super) fn attributes_line(instance: &Value) -> String {
    let Some(Value::Obj(attributes)) = instance.member("attributes") else { return String::new() };
    let pairs = attributes.iter().map(|(name, value)| format!("{}={}", shown(name), short(value)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// A value in one line, cut where it is long.
pub(super) fn short(value: &Value) -> String {
    let text = shown(value).replace('\n', " ");
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
