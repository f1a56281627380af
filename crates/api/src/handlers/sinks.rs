//! Sinks of events: what waits for them, what they refused, and what is done about it.

use std::sync::Arc;

use http::StatusCode;
use motet_runtime::{OutgoingKey, SinkChange};
use motet_types::InstanceId;

use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

/// Events of a page where none are asked for, and at most: each may be as large as a payload.
const PAGE_ROWS: usize = 20;
const PAGE_ROWS_MAX: usize = 100;

pub(crate) async fn list(request: Request) -> Handled {
    let (sinks, position) = request.handle().sinks().await?;
    let text = json::object(|list| {
        list.array("items", |items| {
            for sink in &sinks {
                items.object(|item| {
                    item.text("name", &sink.name);
                    item.truth("configured", sink.configured);
                    item.number("waiting", sink.waiting);
                    item.number("waitingMax", sink.waiting_max);
                    item.truth("holdsUpStarts", sink.holds_up);
                    item.number("refused", sink.refused);
                    item.number("refusedMax", sink.refused_max);
                    item.number("dropped", sink.dropped);
                });
            }
        });
    });
    Ok(answer::json(StatusCode::OK, text, position))
}

pub(crate) async fn refused(request: Request) -> Handled {
    let sink = sink(&request)?;
    let limit = request.query.limit(PAGE_ROWS, PAGE_ROWS_MAX)?;
    let after = request.query.text("cursor").map(|text| after(&sink, text)).transpose()?;
    let page = request.handle().refused_by_sink(sink, after, limit).await?;
    let next = page.last().filter(|_| page.len() == limit).map(|last| cursor(&last.key));
    let text = json::object(|list| {
        list.array("items", |items| {
            for refused in &page {
                items.object(|item| {
                    item.text("refusedAt", refused.at);
                    item.text("reason", &refused.reason);
                    item.text("instanceId", refused.key.instance);
                    item.number("record", refused.key.record);
                    item.value("event", refused.event.value());
                });
            }
        });
        list.maybe_text("next", next);
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

pub(crate) async fn retry(request: Request) -> Handled {
    change(request, &[SinkChange::Retry]).await
}

pub(crate) async fn discard(request: Request) -> Handled {
    change(request, &[SinkChange::Discard]).await
}

pub(crate) async fn remove(request: Request) -> Handled {
    change(request, &[SinkChange::Remove, SinkChange::Discard]).await
}

/// Once its last event is gone a sink that is not configured is not there any more.
async fn change(request: Request, changes: &[SinkChange]) -> Handled {
    let sink = sink(&request)?;
    let reason = request.query.text("reason").map(str::to_owned);
    let (mut events, mut last) = (0, None);
    for change in changes {
        match request.handle().change_sink(sink.clone(), *change, reason.clone()).await {
            Ok((count, position)) => {
                events += count;
                last = Some(position);
            }
            Err(motet_runtime::Error::UnknownSink(_)) if last.is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = json::object(|object| {
        object.text("sink", &sink);
        object.number("events", events);
    });
    Ok(answer::json(StatusCode::OK, text, last.unwrap_or_default()))
}

fn sink(request: &Request) -> Result<Arc<str>, Problem> {
    let name: String = request.part("sink")?;
    Ok(name.into())
}

/// A place in the list, as a page gives it.
fn cursor(key: &OutgoingKey) -> String {
    format!("{}.{}.{}", key.instance, key.record, key.part)
}

fn after(sink: &Arc<str>, text: &str) -> Result<OutgoingKey, Problem> {
    let read = || {
        let mut parts = text.split('.');
        let instance: InstanceId = parts.next()?.parse().ok()?;
        let (record, part) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(OutgoingKey { sink: sink.clone(), instance, record, part })
    };
    read().ok_or_else(|| Problem::invalid("cursor", "it is not one that a page gave"))
}
