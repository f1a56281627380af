//! Who depends on what, and who is hit when something fails.

use motet_expr::Value;

use super::Ended;
use crate::cli::{Drawing, Impact};
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
        match rows.is_empty() {
            true => format!("nothing depends on {names}\n"),
            false => format!(
                "{}\n{open} instances that have not ended depend on {names}\n",
                table(output.style, &HEADINGS, &rows)
            ),
        }
    });
    Ok(Exit::Done)
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
