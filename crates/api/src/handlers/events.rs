//! Events: published, listed, and sent to one instance.

use std::sync::Arc;

use http::StatusCode;
use motet_runtime::{Command, Event, EventFilter, Handle, Role};
use motet_types::{InstanceId, Label};

use super::filter::at;
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, cloud_event, json, print};

/// Events on a page, if nothing is asked for.
const PAGE_ROWS: usize = 100;

/// Answers once everything is durable; what was there already is accepted like what is new.
pub(crate) async fn publish(mut request: Request) -> Handled {
    let namespace = namespace(&request)?;
    request.permit(Role::Operator, namespace.as_str())?;
    let events = cloud_event::read(&mut request).await?;
    let events = events.into_iter().map(Arc::new).collect();
    let (duplicates, position) = request.handle().publish_events(namespace, events).await?;
    let repeated = duplicates.iter().filter(|duplicate| **duplicate).count();
    let text = json::object(|object| {
        object.number("accepted", duplicates.len() as u64);
        object.number("duplicates", repeated as u64);
        object.number("position", position.0);
    });
    Ok(answer::json(StatusCode::ACCEPTED, text, position))
}

pub(crate) async fn list(request: Request) -> Handled {
    let namespace = namespace(&request)?;
    request.permit(Role::Viewer, namespace.as_str())?;
    let filter = EventFilter {
        namespace,
        kind: request.query.text("type").map(str::to_owned),
        source: request.query.text("source").map(str::to_owned),
    };
    let cursor = request.query.text("cursor").map(str::to_owned);
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let at = at(&request)?;
    let page = request.handle().events(filter, cursor, limit, at).await?;
    let text = json::object(|object| {
        object.array("items", |items| {
            for row in &page.items {
                items.object(|item| {
                    item.text("received", row.received);
                    item.value("event", row.event.value());
                });
            }
        });
        object.maybe_text("next", page.next.as_ref());
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}

/// Events for one instance by its id.
pub(crate) async fn send(mut request: Request) -> Handled {
    let id = request.instance()?;
    let events = cloud_event::read(&mut request).await?;
    deliver(request.handle(), id, events).await
}

/// Events for the one live instance of a workflow with a business key.
pub(crate) async fn send_by_key(mut request: Request) -> Handled {
    let workflow = request.workflow()?;
    let Some(key) = request.query.text("businessKey").map(str::to_owned) else {
        return Err(Problem::invalid("businessKey", "say which instance is meant"));
    };
    let events = cloud_event::read(&mut request).await?;
    let id = request.handle().instance_by_business_key(&workflow, &key).await?;
    deliver(request.handle(), id, events).await
}

async fn deliver(handle: &Handle, id: InstanceId, events: Vec<Event>) -> Handled {
    let mut last = None;
    for event in events {
        let command = Command::Deliver { event: Arc::new(event) };
        last = Some(handle.command(id, command).await?);
    }
    let (instance, position) = match last {
        Some(last) => last,
        None => handle.instance(id, std::time::Duration::ZERO).await?,
    };
    Ok(answer::json(StatusCode::ACCEPTED, print::instance(&instance), position))
}

fn namespace(request: &Request) -> Result<Label, Problem> {
    let given = request.query.parsed("namespace")?;
    given.ok_or_else(|| {
        Problem::invalid("namespace", "say in which namespace, as in ?namespace=shop")
    })
}
