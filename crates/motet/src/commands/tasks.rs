//! Tasks of people.

use motet_expr::Value;
use motet_expr::json::{self, array, object, string, to_text};

use super::Ended;
use super::describe::short;
use super::list::RAISE_LIMIT;
use super::run::input;
use crate::cli::{TaskUser, Tasks};
use crate::client::{Call, Client, query};
use crate::failure::Exit;
use crate::output::{Output, table};
use crate::value::Members;

pub(super) async fn tasks(client: &Client, what: &Tasks, output: &Output) -> Ended {
    match what {
        Tasks::List { assignee, group, status, namespace, limit } => {
            let filter = [
                ("assignee", assignee),
                ("group", group),
                ("status", status),
                ("namespace", namespace),
            ];
            let given =
                filter.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
            let latest = std::iter::once(query("at", "latest"));
            let pairs: Vec<_> =
                latest.chain(given.map(|(name, value)| query(name, value))).collect();
            let items = client.items(&format!("/api/v1/tasks?{}", pairs.join("&")), *limit).await?;
            let items = items.told(output, RAISE_LIMIT);
            let rows: Vec<_> = items.iter().map(row).collect();
            output.value(&array(items), |output| table(output.style, &HEADINGS, &rows));
            Ok(Exit::Done)
        }
        Tasks::Show { id } => {
            let task = client.get(format!("/api/v1/tasks/{id}")).await?;
            show(&task, output);
            Ok(Exit::Done)
        }
        Tasks::Claim(user) => change(client, user, "claim", None, output).await,
        Tasks::Unclaim(user) => change(client, user, "unclaim", None, output).await,
        Tasks::Complete { user, answer } => {
            change(client, user, "complete", Some(input(answer)?), output).await
        }
        Tasks::Reassign { id, assignee, groups, due, user } => {
            let text = |text: &String| string(text.as_str());
            let members = [
                ("assignee", assignee.as_ref().map(text)),
                ("groups", (!groups.is_empty()).then(|| array(groups.iter().map(text)))),
                ("due", due.as_ref().map(text)),
                ("user", user.as_ref().map(text)),
            ];
            let given = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
            post(client, id, "reassign", to_text(&object(given)), output).await
        }
    }
}

async fn change(
    client: &Client,
    user: &TaskUser,
    verb: &str,
    answer: Option<String>,
    output: &Output,
) -> Ended {
    let mut body = to_text(&object([("user", string(user.user.as_str()))]));
    if let Some(answer) = answer {
        // The answer's text was checked, and stays as it was written.
        body.truncate(body.len() - 1);
        body = format!("{body},\"output\":{answer}}}");
    }
    post(client, &user.id, verb, body, output).await
}

async fn post(client: &Client, id: &str, verb: &str, body: String, output: &Output) -> Ended {
    let path = format!("/api/v1/tasks/{id}/{verb}");
    let task = client.send(Call::post(path, "application/json", body)).await?.value;
    output.value(&task, |_| {
        let claimant = task.text("claimant").map(|who| format!(" by {who}")).unwrap_or_default();
        format!("{id} {}{claimant}\n", task.text("status").unwrap_or_default())
    });
    Ok(Exit::Done)
}

const HEADINGS: [&str; 7] = ["id", "task", "workflow", "status", "assignee", "groups", "due"];

fn row(item: &Value) -> Vec<String> {
    let text = |key| item.text(key).unwrap_or_default().to_owned();
    vec![
        text("id"),
        item.text("title").unwrap_or(item.text("name").unwrap_or_default()).to_owned(),
        format!("{}/{}", text("namespace"), text("workflow")),
        text("status"),
        text("assignee"),
        groups(item),
        text("due"),
    ]
}

fn groups(item: &Value) -> String {
    let names: Vec<&str> = item.items("groups").iter().filter_map(json::as_str).collect();
    names.join(" ")
}

fn show(task: &Value, output: &Output) {
    output.value(task, |output| {
        let style = output.style;
        let text = |key| task.text(key).unwrap_or_default();
        let title = task.text("title").unwrap_or(text("name"));
        let mut shown = format!("{}  {}\n", style.bold(title), text("status"));
        let groups = groups(task);
        let lines = [
            ("id", text("id")),
            (
                "workflow",
                &format!("{}/{}:{}", text("namespace"), text("workflow"), text("version")),
            ),
            ("task", text("task")),
            ("assignee", text("assignee")),
            ("groups", &groups),
            ("claimant", text("claimant")),
            ("due", text("due")),
            ("created", text("createdAt")),
            ("input", &task.member("input").map(short).unwrap_or_default()),
            ("form", &task.member("form").map(short).unwrap_or_default()),
        ];
        for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
            shown.push_str(&format!("  {} {value}\n", style.dim(&format!("{name:<9}"))));
        }
        shown
    });
}
