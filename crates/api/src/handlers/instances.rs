//! Reading instances: lists from views, one by its id.

use http::StatusCode;

use super::filter::{at, filter, page};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let (after, at) = page(&request)?;
    let filter = filter(&request)?;
    let page = request.handle().instances(filter, after, limit, at).await?;
    let text = json::object(|list| {
        list.array("items", |items| {
            for row in &page.items {
                items.object(|item| print::row(item, row));
            }
        });
        list.maybe_text("next", page.next);
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}

pub(crate) async fn counts(request: Request) -> Handled {
    let (filter, at) = (filter(&request)?, at(&request)?);
    let (counts, covered) = request.handle().counts(filter, at).await?;
    let text = json::object(|object| {
        object.object("counts", |object| {
            for (status, count) in &counts {
                object.number(status.as_str(), *count);
            }
        });
        object.number("total", counts.iter().map(|(_, count)| count).sum::<u64>());
    });
    Ok(answer::json(StatusCode::OK, text, covered))
}

pub(crate) async fn undo(request: Request) -> Handled {
    let id = request.instance()?;
    let (undo, position) = request.handle().undo(id).await?;
    Ok(answer::json(StatusCode::OK, print::undo(id, &undo), position))
}

pub(crate) async fn one(request: Request) -> Handled {
    let id = request.instance()?;
    let wait = request.query.duration("wait", request.api.options.wait_max)?;
    let (instance, position) = request.handle().instance(id, wait).await?;
    Ok(answer::json(StatusCode::OK, print::instance(&instance), position))
}
