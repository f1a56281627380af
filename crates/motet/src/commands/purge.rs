//! Removing instances for good.

use http::Method;

use super::Ended;
use crate::client::{Call, Client, query};
use crate::failure::Exit;
use crate::output::Output;
use crate::value::Members;

pub(super) async fn purge(
    client: &Client,
    ids: &[String],
    force: bool,
    reason: Option<String>,
    output: &Output,
) -> Ended {
    let mut exit = Exit::Done;
    let reason = reason.map(|reason| format!("&{}", query("reason", &reason))).unwrap_or_default();
    for id in ids {
        let path = format!("/api/v1/instances/{id}?force={force}{reason}");
        match client.send(Call { method: Method::DELETE, ..Call::get(path) }).await {
            Ok(answer) => output.value(&answer.value, |_| match answer.value.number("purged") {
                Some(0 | 1) | None => format!("{id} is gone\n"),
                Some(count) => format!("{id} is gone, with {} that it started\n", count - 1),
            }),
            Err(failure) => exit = output.fail(&failure),
        }
    }
    Ok(exit)
}
