//! Who did what.

use http::StatusCode;
use motet_runtime::AuditFilter;

use super::filter::page;
use crate::json::object;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, print};

/// Entries of a page where none are asked for.
const PAGE_ENTRIES: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let query = &request.query;
    let limit = query.limit(PAGE_ENTRIES, request.api.options.limits.page_rows_max)?;
    let text = |name| query.text(name).map(str::to_owned);
    let namespace = text("namespace");
    let filter = AuditFilter {
        namespaces: request
            .visible(namespace.as_deref())?
            .filter(|_| namespace.is_none())
            .or_else(|| Some(vec![namespace.clone()?])),
        actor: text("actor"),
        action: text("action"),
        subject: text("subject"),
        from: query.parsed("from")?,
        to: query.parsed("to")?,
    };
    let (after, at) = page(&request)?;
    let page = request.handle().audit(filter, after, limit, at).await?;
    let text = object(|list| {
        list.array("items", |items| {
            for entry in &page.items {
                items.object(|item| print::audit(item, entry));
            }
        });
        list.maybe_text("next", page.next);
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}
