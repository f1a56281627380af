//! What people do with their tasks.

use http::StatusCode;
use motet_runtime::{JobCommand, TaskFilter};
use motet_types::JobId;

use super::filter::page;
use super::jobs::of_job;
use super::members::{Members, refuse};
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Tasks of a page where none are asked for.
const PAGE_ROWS: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let query = &request.query;
    let limit = query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let text = |name| query.text(name).map(str::to_owned);
    let status = text("status");
    if status.as_deref().is_some_and(|status| !["open", "claimed"].contains(&status)) {
        return Err(Problem::invalid("status", "a task is open or claimed"));
    }
    let filter = TaskFilter {
        namespaces: request.visible(query.text("namespace"))?,
        namespace: text("namespace"),
        assignee: text("assignee"),
        group: text("group"),
        status,
        due_before: query.parsed("dueBefore")?,
    };
    let (after, at) = page(&request)?;
    let page = request.handle().tasks(filter, after, limit, at).await?;
    let text = json::object(|list| {
        list.array("items", |items| {
            for row in &page.items {
                items.object(|item| print::task_row(item, row));
            }
        });
        list.maybe_text("next", page.next);
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}

pub(crate) async fn one(request: Request) -> Handled {
    let task = task(&request)?;
    let (task, position) = request.handle().task(task).await.map_err(of_job)?;
    let text = json::object(|object| print::task(object, &task));
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn claim(mut request: Request) -> Handled {
    let task = task(&request)?;
    let members = Members::read(&mut request, &["user"]).await?;
    change(request, task, JobCommand::Claim { by: members.name("user")? }).await
}

pub(crate) async fn unclaim(mut request: Request) -> Handled {
    let task = task(&request)?;
    let members = Members::read(&mut request, &["user"]).await?;
    change(request, task, JobCommand::Unclaim { by: members.name("user")? }).await
}

pub(crate) async fn complete(mut request: Request) -> Handled {
    let task = task(&request)?;
    let members = Members::read(&mut request, &["user", "output"]).await?;
    let output = members.value("output").cloned().unwrap_or_default();
    let by = Some(members.name("user")?);
    change(request, task, JobCommand::Complete { output, by }).await
}

pub(crate) async fn reassign(mut request: Request) -> Handled {
    let task = task(&request)?;
    let members = Members::read(&mut request, &["assignee", "groups", "due", "user"]).await?;
    let (assignee, groups) = (members.maybe_name("assignee")?, members.names("groups")?);
    if assignee.is_none() && groups.is_none() {
        return Err(refuse("say whose the task is now: \"assignee\" or \"groups\"".to_owned()));
    }
    let command = JobCommand::Reassign {
        assignee,
        groups: groups.unwrap_or_default(),
        due: members.instant("due")?,
        by: members.maybe_name("user")?,
    };
    change(request, task, command).await
}

/// People name a task, whatever its attempt.
fn task(request: &Request) -> Result<JobId, Problem> {
    let task = request.job()?;
    Ok(JobId { attempt: None, ..task })
}

/// The task as it is then, or that it is over.
async fn change(request: Request, id: JobId, command: JobCommand) -> Handled {
    let (task, position) = request.handle().job(id, command).await.map_err(of_job)?;
    let text = json::object(|object| match &task {
        Some(task) => print::task(object, task),
        None => {
            object.text("id", id);
            object.text("status", "completed");
        }
    });
    Ok(answer::json(StatusCode::OK, text, position))
}
