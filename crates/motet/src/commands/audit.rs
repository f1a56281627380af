//! Who did what.

use motet_expr::Value;
use motet_expr::json::{array, to_text};

use super::Ended;
use super::list::RAISE_LIMIT;
use crate::cli::Audit;
use crate::client::{Client, query};
use crate::failure::Exit;
use crate::output::{Output, table};
use crate::value::Members;

/// Entries of one page.
const PAGE_ENTRIES: usize = 500;

pub(super) async fn audit(client: &Client, options: &Audit, output: &Output) -> Ended {
    let filters = [
        ("namespace", &options.namespace),
        ("actor", &options.actor),
        ("action", &options.action),
        ("subject", &options.subject),
        ("from", &options.from),
        ("to", &options.to),
    ];
    let mut parts =
        vec!["at=latest".to_owned(), format!("limit={}", options.limit.min(PAGE_ENTRIES))];
    parts.extend(filters.iter().filter_map(|(name, value)| Some(query(name, value.as_ref()?))));
    let path = format!("/api/v1/audit?{}", parts.join("&"));
    let entries = client.items(&path, options.limit).await?.told(output, RAISE_LIMIT);
    let rows: Vec<_> = entries.iter().map(row).collect();
    output.value(&array(entries), |output| table(output.style, &HEADINGS, &rows));
    Ok(Exit::Done)
}

const HEADINGS: [&str; 6] = ["at", "actor", "action", "subject", "change", "reason"];

fn row(entry: &Value) -> Vec<String> {
    let text = |key| entry.text(key).unwrap_or_default().to_owned();
    let side = |key| entry.member(key).map(to_text);
    let change = match (side("before"), side("after")) {
        (Some(before), Some(after)) => format!("{before} -> {after}"),
        (None, Some(after)) => after,
        (Some(before), None) => format!("{before} -> nothing"),
        (None, None) => String::new(),
    };
    vec![text("at"), text("actor"), text("action"), text("subject"), change, text("reason")]
}
