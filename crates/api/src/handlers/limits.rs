//! Limits of how many instances run at once.

use http::StatusCode;
use motet_runtime::{LimitView, Line};
use motet_types::Label;

use super::workflows::read_name;
use crate::print::limit_of;
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let namespace: Option<Label> = request.query.parsed("namespace")?;
    let after = request.query.text("cursor").map(read_cursor).transpose()?;
    let namespaces = request.visible_in(namespace.as_ref())?;
    let (views, position) = request.handle().limits_at_work(namespaces, after, limit).await?;
    let next = views.last().filter(|_| views.len() == limit).map(|last| cursor(&last.line));
    let text = json::object(|list| {
        list.array("items", |items| {
            for view in &views {
                items.object(|item| print(item, view));
            }
        });
        list.maybe_text("next", next);
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

fn print(item: &mut json::Object<'_>, view: &LimitView) {
    item.text("of", limit_of(&view.line));
    match &view.line {
        Line::Root(_) => {}
        Line::Workflow(workflow) => {
            item.text("namespace", &workflow.namespace);
            item.text("workflow", &workflow.name);
        }
        Line::Namespace(namespace) => item.text("namespace", namespace),
    }
    if let Some(max) = view.max {
        item.number("max", max);
    }
    item.number("running", view.running);
    item.number("waiting", view.waiting);
}

/// The last limit of a page: a namespace, or a workflow as namespace/name.
fn cursor(line: &Line) -> String {
    match line {
        Line::Root(root) => root.to_string(),
        Line::Workflow(workflow) => workflow.to_string(),
        Line::Namespace(namespace) => namespace.to_string(),
    }
}

fn read_cursor(text: &str) -> Result<Line, Problem> {
    if text.contains('/') {
        return read_name(text).map(Line::Workflow);
    }
    let namespace = text.parse();
    let namespace =
        namespace.map_err(|_| Problem::invalid("cursor", "it is not one that a page gave"))?;
    Ok(Line::Namespace(namespace))
}
