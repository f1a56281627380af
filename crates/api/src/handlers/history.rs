//! What happened in an instance.

use http::StatusCode;

use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Entries of a page where none are asked for.
const PAGE_ENTRIES: usize = 100;

pub(crate) async fn page(request: Request) -> Handled {
    let id = request.instance()?;
    let limit = request.query.limit(PAGE_ENTRIES, request.api.options.limits.page_rows_max)?;
    let skip = request.query.parsed("cursor")?.unwrap_or(0);
    // Read before the entries, which hold at least everything that was durable then.
    let position = request.handle().position();
    let entries = request.handle().history(id, skip, limit).await?;
    let is_full = entries.len() >= limit;
    // Behind what cannot be read nothing follows.
    let last = entries.last().filter(|last| is_full && !last.is_damage());
    let next = last.map(|last| last.number + 1);
    let text = json::object(|list| {
        list.array("items", |items| {
            for entry in &entries {
                items.object(|item| print::entry(item, entry));
            }
        });
        list.maybe_text("next", next);
    });
    Ok(answer::json(StatusCode::OK, text, position))
}
