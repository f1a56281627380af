//! What waits for a person.

use std::time::Duration;

use http::StatusCode;
use motet_runtime::{Error, Handle, InstanceFilter, InstanceRow, WorkflowError};
use motet_types::StepId;

use super::filter::{filter, page};
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Instances of a page where none are asked for: each is read by its id, too.
const PAGE_ROWS: usize = 50;
const PAGE_ROWS_MAX: usize = 200;

/// The list is the view's, as of its position; what stopped an instance is read from the instance itself.
pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, PAGE_ROWS_MAX)?;
    let (after, at) = page(&request)?;
    let filter = InstanceFilter { incidents: true, ..filter(&request)? };
    let handle = request.handle();
    let page = handle.instances(filter, after, limit, at).await?;
    let mut found = Vec::with_capacity(page.items.len());
    for row in &page.items {
        if let Some(incidents) = incidents(handle, row).await? {
            found.push((row, incidents));
        }
    }
    let text = json::object(|list| {
        list.array("items", |items| {
            for (row, incidents) in &found {
                items.object(|item| {
                    print::row(item, row);
                    print::incidents(item, incidents);
                });
            }
        });
        list.maybe_text("next", page.next);
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}

/// What an instance waits for; none if that was settled since the list saw it.
async fn incidents(
    handle: &Handle,
    row: &InstanceRow,
) -> Result<Option<Vec<(StepId, WorkflowError)>>, Problem> {
    match handle.instance(row.id, Duration::ZERO).await {
        Ok((instance, _)) if instance.incidents.is_empty() => Ok(None),
        Ok((instance, _)) => Ok(Some(instance.incidents)),
        Err(Error::UnknownInstance(_)) => Ok(None),
        // It needs a person most of all; its row says what is known.
        Err(Error::Unloadable(_)) => Ok(Some(Vec::new())),
        Err(error) => Err(error.into()),
    }
}
