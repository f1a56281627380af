//! Sinks of events: what waits for them, what they refused, and what is done about it.

use http::Method;
use motet_expr::Value;
use motet_expr::json::array;
use motet_types::Label;

use super::Ended;
use crate::cli::Sink;
use crate::client::{Call, Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

pub(super) async fn sink(client: &Client, what: &Sink, output: &Output) -> Ended {
    let reason = |reason: &Option<String>| {
        reason.as_ref().map(|reason| query("reason", reason)).unwrap_or_default()
    };
    match what {
        Sink::List => {
            let sinks = client.get("/api/v1/sinks".to_owned()).await?;
            let rows: Vec<_> = sinks.items("items").iter().map(row).collect();
            output.value(&sinks, |output| table(output.style, &HEADINGS, &rows));
        }
        Sink::Refused { name, limit } => {
            let items = client.items(&format!("{}/refused", path_of(name)?), *limit).await?;
            let items = items.told(output, "--limit shows more");
            let rows: Vec<_> = items.iter().map(refused).collect();
            output.value(&array(items), |output| table(output.style, &REFUSED, &rows));
        }
        Sink::Retry { name, reason: why } => {
            let path = format!("{}/retry?{}", path_of(name)?, reason(why));
            let call = Call::post(path, "application/json", String::new());
            told(client, call, "go out again", output).await?;
        }
        Sink::Discard { name, reason: why } => {
            let path = format!("{}/refused?{}", path_of(name)?, reason(why));
            let call = Call { method: Method::DELETE, ..Call::get(path) };
            told(client, call, "are gone", output).await?;
        }
        Sink::Remove { name, reason: why } => {
            let path = format!("{}?{}", path_of(name)?, reason(why));
            let call = Call { method: Method::DELETE, ..Call::get(path) };
            told(client, call, "are gone", output).await?;
        }
    }
    Ok(Exit::Done)
}

async fn told(client: &Client, call: Call<'_>, what: &str, output: &Output) -> Result<(), Failure> {
    let answer = client.send(call).await?.value;
    output.value(&answer, |_| {
        let events = answer.number("events").unwrap_or_default();
        format!("{events} events of {} {what}\n", answer.text("sink").unwrap_or_default())
    });
    Ok(())
}

const HEADINGS: [&str; 6] = ["sink", "waiting", "at most", "refused", "dropped", "state"];

fn row(sink: &Value) -> Vec<String> {
    let number = |key| sink.number(key).unwrap_or_default().to_string();
    let is = |key| sink.member(key) == Some(&Value::Bool(true));
    let state = match (is("configured"), is("holdsUpStarts")) {
        (false, _) => "not configured",
        (true, true) => "holds starts up",
        (true, false) => "",
    };
    let name = sink.text("name").unwrap_or_default().to_owned();
    let numbers = ["waiting", "waitingMax", "refused", "dropped"].map(number);
    [name].into_iter().chain(numbers).chain([state.to_owned()]).collect()
}

const REFUSED: [&str; 5] = ["refused", "type", "id", "instance", "reason"];

fn refused(item: &Value) -> Vec<String> {
    let text = |key| item.text(key).unwrap_or_default().to_owned();
    let event = |key| {
        let event = item.member("event");
        event.and_then(|event| event.text(key)).unwrap_or_default().to_owned()
    };
    vec![text("refusedAt"), event("type"), event("id"), text("instanceId"), text("reason")]
}

fn path_of(name: &str) -> Result<String, Failure> {
    let name: Label = name.parse().map_err(|error| {
        Failure::new("invalid-argument", format!("{name:?} is no sink: {error}"))
    })?;
    Ok(format!("/api/v1/sinks/{name}"))
}
