//! When instances begin by themselves.

use motet_expr::Value;
use motet_expr::json::{array, object, string, to_text};

use super::Ended;
use crate::cli::Schedule;
use crate::client::{Call, Client};
use crate::commands::list::split;
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

/// Schedules of one listing.
const ITEMS_MAX: usize = 10_000;

pub(super) async fn schedule(client: &Client, what: &Schedule, output: &Output) -> Ended {
    let text = |text: &String| string(text.as_str());
    let shown = match what {
        Schedule::List { workflow: None } => {
            let items = client.items("/api/v1/schedules", ITEMS_MAX).await?;
            let items = items.told(output, "name one, as namespace/name");
            let rows: Vec<_> = items.iter().map(row).collect();
            output.value(&array(items), |output| table(output.style, &HEADINGS, &rows));
            return Ok(Exit::Done);
        }
        Schedule::List { workflow: Some(workflow) } => client.get(path(workflow)?).await?,
        Schedule::Pause { workflow, reason } => {
            let reason = reason.as_ref().map(|reason| ("reason", text(reason)));
            command(client, workflow, "pause", reason.into_iter().collect()).await?
        }
        Schedule::Resume { workflow } => command(client, workflow, "resume", Vec::new()).await?,
        Schedule::Trigger { workflow } => command(client, workflow, "trigger", Vec::new()).await?,
        Schedule::Backfill { workflow, from, to } => {
            let span = vec![("from", text(from)), ("to", text(to))];
            command(client, workflow, "backfill", span).await?
        }
    };
    output.value(&shown, |output| one(&shown, output));
    Ok(Exit::Done)
}

fn path(workflow: &str) -> Result<String, Failure> {
    let (namespace, name) = split(workflow)?;
    Ok(format!("/api/v1/schedules/{namespace}/{name}"))
}

async fn command(
    client: &Client,
    workflow: &str,
    command: &str,
    members: Vec<(&str, Value)>,
) -> Result<Value, Failure> {
    let path = format!("{}/{command}", path(workflow)?);
    let body = to_text(&object(members));
    Ok(client.send(Call::post(path, "application/json", body)).await?.value)
}

const HEADINGS: [&str; 6] = ["workflow", "version", "schedule", "next", "latest", "outcome"];

fn row(schedule: &Value) -> Vec<String> {
    let text = |key| schedule.text(key).unwrap_or_default();
    let latest = schedule.items("latest").first().cloned().unwrap_or(Value::Null);
    let next = schedule.items("upcoming").first().and_then(|next| next.text("local"));
    let next = match schedule.member("paused") {
        Some(Value::Bool(true)) => "paused",
        _ => next.unwrap_or_default(),
    };
    vec![
        format!("{}/{}", text("namespace"), text("workflow")),
        text("version").to_owned(),
        rules(schedule),
        next.to_owned(),
        latest.text("scheduledAt").unwrap_or_default().to_owned(),
        latest.text("outcome").unwrap_or_default().to_owned(),
    ]
}

/// What the document asks for, as in `cron 0 9 * * * Europe/Berlin`.
fn rules(schedule: &Value) -> String {
    let rule = |key| schedule.text(key).map(|value| format!("{key} {value}"));
    let mut rules: Vec<String> = ["cron", "every", "after"].into_iter().filter_map(rule).collect();
    let on: Vec<String> = schedule.items("on").iter().filter_map(as_text).collect();
    if !on.is_empty() {
        rules.push(format!("on {}", on.join(" ")));
    }
    match schedule.text("timezone") {
        Some(zone) if schedule.text("cron").is_some() => format!("{} {zone}", rules.join(", ")),
        _ => rules.join(", "),
    }
}

fn as_text(value: &Value) -> Option<String> {
    motet_expr::json::as_str(value).map(str::to_owned)
}

fn one(schedule: &Value, output: &Output) -> String {
    let mut shown = table(output.style, &HEADINGS, &[row(schedule)]);
    if let Some(count) = schedule.number("gathering").filter(|count| *count > 0) {
        shown.push_str(&format!("\nincomplete sets of events: {count}\n"));
    }
    if let Some(problem) = schedule.member("problem") {
        let text = |key| problem.text(key).unwrap_or_default();
        shown.push_str(&format!("\nproblem at {}: {}\n", text("at"), text("detail")));
    }
    let cells = |item: &Value, keys: &[&str]| -> Vec<String> {
        keys.iter().map(|key| item.text(key).unwrap_or_default().to_owned()).collect()
    };
    let mut list = |key: &str, keys: &[&str], headings: &[&str]| {
        let rows: Vec<_> = schedule.items(key).iter().map(|item| cells(item, keys)).collect();
        if !rows.is_empty() {
            shown.push('\n');
            shown.push_str(&table(output.style, headings, &rows));
        }
    };
    list("upcoming", &["local", "at", "trigger"], &["next starts", "utc", "trigger"]);
    list(
        "latest",
        &["scheduledAt", "trigger", "instanceId", "outcome"],
        &["latest starts", "trigger", "instance", "outcome"],
    );
    shown
}
