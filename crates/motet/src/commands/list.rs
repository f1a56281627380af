//! Showing one thing or many.

use motet_expr::Value;
use motet_expr::json::array;

use super::{Ended, describe, service};
use crate::cli::{Filter, Get};
use crate::client::{Client, query};
use crate::failure::{Exit, Failure};
use crate::output::{Output, table};
use crate::value::Members;

/// Workflows and incidents of one listing.
const ITEMS_MAX: usize = 10_000;
/// What to do about a list that goes on.
pub(super) const RAISE_LIMIT: &str = "a higher --limit shows them";
const NARROW: &str = "a filter such as --workflow narrows them";

pub(super) async fn get(client: &Client, what: &Get, output: &Output) -> Ended {
    match what {
        Get::Instances { id: Some(id), .. } => {
            let instance = client.get(format!("/api/v1/instances/{id}")).await?;
            output.value(&instance, |output| describe::heading(&instance, output.style));
        }
        Get::Instances { id: None, filter, limit } => {
            instances(client, "instances", filter, (*limit, RAISE_LIMIT), output).await?;
        }
        Get::Incidents { filter } => {
            instances(client, "incidents", filter, (ITEMS_MAX, NARROW), output).await?;
        }
        Get::Workflows { workflow: Some(workflow) } => {
            let (namespace, name) = split(workflow)?;
            let workflow = client.get(path_of(namespace, name)).await?;
            output.value(&workflow, |output| one_workflow(&workflow, output));
        }
        Get::Workflows { workflow: None } => {
            let items = client.items("/api/v1/workflows", ITEMS_MAX).await?;
            let items = items.told(output, "name one, as namespace/name");
            let rows: Vec<_> = items.iter().map(workflow_row).collect();
            output.value(&array(items), |output| {
                table(output.style, &["workflow", "newest", "versions", "tags"], &rows)
            });
        }
        Get::Services { service: Some(name) } => {
            return service::describe(client, name, output).await;
        }
        Get::Services { service: None } => service::list(client, output).await?,
        Get::Endpoints { service: name } => service::endpoints(client, name, output).await?,
        Get::Limits => {
            let items = client.items("/api/v1/limits", ITEMS_MAX).await?;
            let items = items.told(output, NARROW);
            let rows: Vec<_> = items.iter().map(limit_row).collect();
            output.value(&array(items), |output| table(output.style, &LIMITS, &rows));
        }
        Get::Counts { filter } => {
            let path = format!("/api/v1/instances/counts?at=latest&{}", filter_query(filter));
            let counts = client.get(path).await?;
            output.value(&counts, |output| counts_table(&counts, output));
        }
    }
    Ok(Exit::Done)
}

const LIMITS: [&str; 4] = ["limit of", "at most", "running", "waiting"];

fn limit_row(limit: &Value) -> Vec<String> {
    let text = |key| limit.text(key).unwrap_or_default();
    let of = match limit.text("workflow") {
        Some(workflow) => format!("workflow {}/{workflow}", text("namespace")),
        None => format!("namespace {}", text("namespace")),
    };
    let number = |key| limit.number(key).map(|number| number.to_string());
    let max = number("max").unwrap_or_else(|| "any".to_owned());
    let [running, waiting] = ["running", "waiting"].map(|key| number(key).unwrap_or_default());
    vec![of, max, running, waiting]
}

/// Namespace and name of a workflow.
pub(super) fn split(workflow: &str) -> Result<(&str, &str), Failure> {
    workflow.split_once('/').ok_or_else(|| {
        Failure::usage(format!("{workflow:?} names no namespace"))
            .with_hint("write it as namespace/name, as in shop/order")
    })
}

pub(super) fn path_of(namespace: &str, name: &str) -> String {
    format!("/api/v1/workflows/{namespace}/{name}")
}

/// The query of a filter.
pub(super) fn filter_query(filter: &Filter) -> String {
    let single = [
        ("workflow", &filter.workflow),
        ("version", &filter.version),
        ("parent", &filter.parent),
        ("businessKey", &filter.business_key),
        ("from", &filter.from),
        ("to", &filter.to),
    ];
    let single = single.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let statuses = filter.status.iter().map(|status| ("status", status.as_str()));
    let incidents = filter.incidents.then_some(("incidents", "true"));
    let pairs = single.chain(statuses).chain(incidents).map(|(name, value)| query(name, value));
    let attributes = filter.attribute.iter().map(|test| query(&test.parameter, &test.value));
    pairs.chain(attributes).collect::<Vec<_>>().join("&")
}

async fn instances(
    client: &Client,
    list: &str,
    filter: &Filter,
    (limit, advice): (usize, &str),
    output: &Output,
) -> Result<(), Failure> {
    // What this user has just done is to be seen, and lists lag by about a second.
    let path = format!("/api/v1/{list}?at=latest&{}", filter_query(filter));
    let items = client.items(&path, limit).await?.told(output, advice);
    let mut rows: Vec<_> = items.iter().map(instance_row).collect();
    let mut headings = INSTANCE.to_vec();
    if items.iter().any(|item| item.member("attributes").is_some()) {
        headings.insert(ATTRIBUTES_AT, "found by");
        for (row, item) in rows.iter_mut().zip(&items) {
            row.insert(ATTRIBUTES_AT, describe::attributes_line(item));
        }
    }
    output.value(&array(items), |output| table(output.style, &headings, &rows));
    Ok(())
}

/// Where search attributes stand, in a list of which any instance has some.
const ATTRIBUTES_AT: usize = 5;

pub(super) const INSTANCE: [&str; 6] = ["id", "workflow", "version", "status", "started", "error"];

pub(super) fn instance_row(item: &Value) -> Vec<String> {
    let text = |key| item.text(key).unwrap_or_default();
    let incident = item.items("incidents").first().and_then(|first| first.member("error"));
    let incident = incident.and_then(|error| error.text("detail").or(error.text("title")));
    vec![
        text("id").to_owned(),
        format!("{}/{}", text("namespace"), text("workflow")),
        text("version").to_owned(),
        text("status").to_owned(),
        text("startedAt").to_owned(),
        incident.map_or_else(|| short_error(text("error")), str::to_owned),
    ]
}

/// The error of a row, a type and its title, with the last part of the type alone.
fn short_error(error: &str) -> String {
    let (kind, title) = error.split_once(' ').unwrap_or((error, ""));
    let kind = kind.trim_end_matches('/').rsplit('/').next().unwrap_or(kind);
    if title.is_empty() { kind.to_owned() } else { format!("{kind}: {title}") }
}

fn workflow_row(item: &Value) -> Vec<String> {
    let text = |key| item.text(key).unwrap_or_default();
    let versions = item.items("versions");
    let newest = versions.first().map(crate::value::shown).unwrap_or_default();
    let tags = match item.member("tags") {
        Some(Value::Obj(tags)) => {
            let shown = |(tag, version): (&Value, &Value)| {
                format!("{}={}", crate::value::shown(tag), crate::value::shown(version))
            };
            tags.iter().map(shown).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    let name = format!("{}/{}", text("namespace"), text("name"));
    vec![name, newest, versions.len().to_string(), tags]
}

fn one_workflow(workflow: &Value, output: &Output) -> String {
    let tags = workflow.items("tags");
    let row = |version: &Value| {
        let own = version.text("version").unwrap_or_default();
        let named = tags.iter().filter(|tag| tag.text("version") == Some(own));
        let named: Vec<&str> = named.filter_map(|tag| tag.text("tag")).collect();
        let digest: String = version.text("digest").unwrap_or_default().chars().take(12).collect();
        let published = version.text("publishedAt").unwrap_or_default();
        vec![own.to_owned(), published.to_owned(), digest, named.join(" ")]
    };
    let rows: Vec<_> = workflow.items("versions").iter().map(row).collect();
    table(output.style, &["version", "published", "digest", "tags"], &rows)
}

fn counts_table(counts: &Value, output: &Output) -> String {
    let Some(Value::Obj(by_status)) = counts.member("counts") else {
        return String::new();
    };
    let row = |(status, count): (&Value, &Value)| {
        vec![crate::value::shown(status), crate::value::shown(count)]
    };
    let mut rows: Vec<_> = by_status.iter().map(row).collect();
    rows.push(vec!["total".to_owned(), counts.number("total").unwrap_or_default().to_string()]);
    table(output.style, &["status", "instances"], &rows)
}

#[cfg(test)]
mod tests;
