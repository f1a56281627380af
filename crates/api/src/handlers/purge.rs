//! Removing an instance for good.

use std::time::Duration;

use http::StatusCode;
use motet_runtime::{Command, Error};

use crate::answer;
use crate::json::object;
use crate::request::Request;
use crate::routes::Handled;

/// How long a forced purge waits until the instance has ended.
const END_WITHIN: Duration = Duration::from_secs(30);

pub(crate) async fn purge(request: Request) -> Handled {
    let id = request.instance()?;
    let reason = request.query.text("reason").map(str::to_owned);
    let handle = request.handle();
    if request.query.switch("force")? {
        // What it did is undone first: with its records the knowledge of that would go.
        let cancel = Command::Cancel { reason: reason.clone(), force: true, without_undo: false };
        match handle.command(id, cancel).await {
            // What cannot be cancelled has ended, or the purge says why it cannot be done.
            Ok(_) | Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        handle.instance(id, END_WITHIN).await?;
    }
    let (count, position) = handle.purge(id, reason).await?;
    let text = object(|result| {
        result.text("id", id);
        result.number("purged", count);
    });
    Ok(answer::json(StatusCode::OK, text, position))
}
