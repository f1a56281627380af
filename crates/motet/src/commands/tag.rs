//! Tags of workflows.

use http::Method;
use motet_expr::Value;
use motet_expr::json::{array, object, string, to_text};

use super::Ended;
use crate::client::{Call, Client};
use crate::commands::list::{path_of, split};
use crate::failure::Exit;
use crate::output::{Output, table};
use crate::value::Members;

/// Sets a tag, or lists all of a workflow.
pub(super) async fn tag(
    client: &Client,
    workflow: &str,
    change: Option<(String, String)>,
    reason: Option<String>,
    output: &Output,
) -> Ended {
    let (namespace, name) = split(workflow)?;
    let path = path_of(namespace, name);
    let Some((tag, version)) = change else {
        let tags = client.get(format!("{path}/tags")).await?;
        let tags = array(tags.items("tags").iter().cloned());
        output.value(&tags, |output| table(output.style, &HEADINGS, &rows(&tags)));
        return Ok(Exit::Done);
    };
    let mut members = vec![("version", string(version.as_str()))];
    members.extend(reason.map(|reason| ("reason", string(reason))));
    let body = to_text(&object(members));
    let call = Call {
        method: Method::PUT,
        ..Call::post(format!("{path}/tags/{tag}"), "application/json", body)
    };
    let answer = client.send(call).await?.value;
    output.value(&answer, |_| format!("{workflow} {tag} -> {version}\n"));
    Ok(Exit::Done)
}

const HEADINGS: [&str; 4] = ["tag", "version", "since", "reason"];

fn rows(tags: &Value) -> Vec<Vec<String>> {
    let row = |tag: &Value| {
        let newest = tag.items("moves").first().cloned().unwrap_or(Value::Null);
        let cells =
            [tag.text("tag"), tag.text("version"), newest.text("at"), newest.text("reason")];
        cells.map(|cell| cell.unwrap_or_default().to_owned()).to_vec()
    };
    match tags {
        Value::Arr(tags) => tags.iter().map(row).collect(),
        _ => Vec::new(),
    }
}
