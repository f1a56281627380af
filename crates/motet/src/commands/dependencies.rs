//! Who depends on what, and who is hit when something fails.

use motet_expr::Value;

use super::Ended;
use crate::cli::{CriticalPath, Drawing, Impact};
use crate::client::{Call, Client, query};
use crate::failure::Exit;
use crate::output::{Format, Output, table};
use crate::value::Members;

/// Draws the graph of everything that the server knows; as data where data are asked for.
pub(super) async fn graph(client: &Client, format: Drawing, all: bool, output: &Output) -> Ended {
    let path = format!("/api/v1/graph?{}", versions(all));
    if output.format != Format::Table {
        let graph = client.get(path).await?;
        output.value(&graph, |_| String::new());
        return Ok(Exit::Done);
    }
    let form = motet_definition::graph::Format::from(format).as_str();
    let (_, body) = client.open(Call::get(format!("{path}&{}", query("format", form)))).await?;
    let text = client.read(body).await?;
    output.print(&String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}

/// Who depends on what was named.
pub(super) async fn impact(client: &Client, options: &Impact, output: &Output) -> Ended {
    let of: String = options.of.iter().map(|of| format!("{}&", query("of", of))).collect();
    let impact = client.get(format!("/api/v1/impact?{of}{}", versions(options.all))).await?;
    output.value(&impact, |output| {
        let rows: Vec<_> = impact.items("dependents").iter().map(row).collect();
        let open = impact.number("open").unwrap_or_default();
        let names: Vec<_> =
            impact.items("of").iter().filter_map(motet_expr::json::as_str).collect();
        let names = names.join(", ");
        let breakers: String = impact.items("breakers").iter().map(breaker).collect();
        let told = match rows.is_empty() {
            true => format!("nothing depends on {names}\n"),
            false => format!(
                "{}\n{open} instances that have not ended depend on {names}\n",
                table(output.style, &HEADINGS, &rows)
            ),
        };
        told + &breakers + &super::service::hit_table(impact.items("waiting"), output.style)
    });
    Ok(Exit::Done)
}

/// What instances waited for, one thing after the other.
pub(super) async fn critical_path(
    client: &Client,
    options: &CriticalPath,
    output: &Output,
) -> Ended {
    let (name, version) = options.workflow.split_once(':').unwrap_or((&options.workflow, "latest"));
    let path = format!(
        "/api/v1/workflows/{name}/versions/{version}/critical-path?limit={}",
        options.instances
    );
    let found = client.get(path).await?;
    output.value(&found, |output| {
        let mean = millis(&found, "meanMs");
        let rows: Vec<_> = found.items("tasks").iter().map(|task| stretch(task, mean)).collect();
        let (version, count) =
            (found.text("version").unwrap_or_default(), found.number("instances").unwrap_or(0));
        if count == 0 {
            return format!("no instance of {name}:{version} has completed\n");
        }
        format!(
            "{}\n{count} instances of {name}:{version} took {} each; {} of it between tasks\n",
            table(output.style, &STRETCH, &rows),
            shown(mean),
            shown(millis(&found, "betweenMs")),
        )
    });
    Ok(Exit::Done)
}

const STRETCH: [&str; 6] = ["task", "waits for", "on", "mean", "longest", "share"];

fn stretch(task: &Value, mean: f64) -> Vec<String> {
    let text = |key| task.text(key).unwrap_or_default().to_owned();
    let own = millis(task, "meanMs");
    let share = if mean > 0.0 { own / mean * 100.0 } else { 0.0 };
    let on = task.number("on").unwrap_or_default().to_string();
    let longest = shown(millis(task, "maxMs"));
    vec![text("task"), text("kind"), on, shown(own), longest, format!("{share:.0} %")]
}

fn millis(of: &Value, key: &str) -> f64 {
    of.member(key).and_then(|number| motet_expr::json::to_text(number).parse().ok()).unwrap_or(0.0)
}

fn shown(millis: f64) -> String {
    if millis < 1_000.0 { format!("{millis:.1}ms") } else { format!("{:.1}s", millis / 1e3) }
}

/// A line on a breaker that is not closed.
fn breaker(breaker: &Value) -> String {
    let text = |key| breaker.text(key).unwrap_or_default();
    let until = breaker.text("until").map_or_else(String::new, |until| format!(" until {until}"));
    format!("the breaker of {} {} is {}{until}\n", text("service"), text("version"), text("state"))
}

fn versions(all: bool) -> String {
    query("versions", if all { "all" } else { "current" })
}

const HEADINGS: [&str; 4] = ["depends", "distance", "through", "open"];

fn row(dependent: &Value) -> Vec<String> {
    let text = |key| dependent.text(key).unwrap_or_default().to_owned();
    let number = |key| dependent.number(key).map_or_else(String::new, |number| number.to_string());
    vec![text("id"), number("distance"), text("through"), number("open")]
}
