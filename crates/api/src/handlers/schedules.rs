//! When instances begin by themselves.

use http::StatusCode;
use motet_runtime::ScheduleInput;
use motet_types::{Label, Timestamp};

use super::workflows::{find, read_name};
use crate::problem::{Code, Problem};
use crate::query::read;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let namespace: Option<Label> = request.query.parsed("namespace")?;
    let after = request.query.text("cursor").map(read_name).transpose()?;
    let namespaces = request.visible_in(namespace.as_ref())?;
    let (views, position) = request.handle().schedules(namespaces, after, limit).await?;
    let next = views.last().filter(|_| views.len() == limit).map(|last| last.workflow.clone());
    let text = json::object(|list| {
        list.array("items", |items| {
            for view in &views {
                items.object(|item| print::schedule(item, view));
            }
        });
        list.maybe_text("next", next);
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn one(request: Request) -> Handled {
    let workflow = request.workflow()?;
    find(&request.handle().catalog().catalog, &workflow)?;
    let (view, position) = request.handle().schedule(workflow).await?;
    let text = json::object(|object| print::schedule(object, &view));
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn pause(mut request: Request) -> Handled {
    let [reason] = request.members(["reason"]).await?;
    command(request, ScheduleInput::Pause { reason }).await
}

pub(crate) async fn resume(request: Request) -> Handled {
    command(request, ScheduleInput::Resume).await
}

pub(crate) async fn trigger(request: Request) -> Handled {
    command(request, ScheduleInput::Trigger).await
}

pub(crate) async fn backfill(mut request: Request) -> Handled {
    let [from, to] = request.members(["from", "to"]).await?;
    let [from, to] =
        [("from", from), ("to", to)].map(|(name, text)| -> Result<Timestamp, Problem> {
            let missing = || {
                let detail =
                    format!("the body does not say `{name}`: write an instant of RFC 3339");
                Problem::new(Code::InvalidBody, detail)
            };
            read(name, &text.ok_or_else(missing)?)
        });
    command(request, ScheduleInput::Backfill { from: from?, to: to? }).await
}

async fn command(request: Request, input: ScheduleInput) -> Handled {
    let workflow = request.workflow()?;
    find(&request.handle().catalog().catalog, &workflow)?;
    let (view, position) = request.handle().command_schedule(workflow, input).await?;
    let text = json::object(|object| print::schedule(object, &view));
    Ok(answer::json(StatusCode::OK, text, position))
}
