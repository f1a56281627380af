//! Copying the data of the running server.

use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use motet_runtime::Note;

use crate::backup::Error;
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

/// When to come again while another backup is under way.
const RETRY_AFTER: Duration = Duration::from_secs(10);

pub(crate) async fn backup(mut request: Request) -> Handled {
    let [directory] = request.members(["directory"]).await?;
    let Some(backup) = request.api.options.backup.clone() else {
        let detail = "this server keeps its data where it cannot copy them from";
        return Err(Problem::new(Code::BackupUnavailable, detail));
    };
    let directory = directory.ok_or_else(|| {
        let detail = "say where to: {\"directory\": \"/a/new/directory\"} on the server's machine";
        Problem::new(Code::InvalidBody, detail)
    })?;
    let directory = PathBuf::from(directory);
    let note = Note {
        action: "server.backup",
        subject: directory.display().to_string(),
        ..Note::default()
    };
    request.handle().note(note).await?;
    let report = backup.run(directory.clone()).await.map_err(|error| match error {
        Error::Running => Problem {
            retry_after: Some(RETRY_AFTER),
            ..Problem::new(Code::Overloaded, error.to_string())
        },
        Error::Target(_) => Problem::invalid("directory", &error),
        Error::Failed(_) => Problem::new(Code::BackupFailed, error.to_string()),
        Error::Defect(_) => Problem::new(Code::Internal, error.to_string()),
    })?;
    let text = json::object(|result| {
        result.text("directory", directory.display());
        result.number("bytes", report.bytes);
        result.number("position", report.position.0);
    });
    Ok(answer::json(StatusCode::OK, text, report.position))
}
