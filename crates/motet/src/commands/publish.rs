//! Publishing documents.

use std::path::{Path, PathBuf};

use http::StatusCode;
use motet_expr::Value;
use motet_expr::json::array;

use super::Ended;
use super::documents::{checked, read, report};
use crate::client::{Answer, Call, Client};
use crate::failure::{Exit, Failure};
use crate::output::{Format, Output};
use crate::value::Members;

/// Publishes files in order; what cannot be published does not keep the others from it.
pub(super) async fn publish(client: &Client, files: &[PathBuf], output: &Output) -> Ended {
    let mut exit = Exit::Done;
    let mut published = Vec::new();
    for file in files {
        match one(client, file, output).await {
            Ok(answer) => {
                if output.format == Format::Table {
                    output.line(&summary(&answer));
                }
                published.push(answer.value);
            }
            Err(failure) => exit = output.fail(&failure),
        }
    }
    if output.format != Format::Table {
        output.value(&array(published), |_| String::new());
    }
    Ok(exit)
}

/// Publishes one file. Errors and warnings are shown with the lines they are about.
pub(crate) async fn one(client: &Client, file: &Path, output: &Output) -> Result<Answer, Failure> {
    let text = read(file)?;
    let checked = checked(file, &text, output)?;
    if !checked.diagnostics.is_empty() {
        output.note(report(file, &checked, output).trim_end());
    }
    let media_type = match text.trim_start().starts_with('{') {
        true => "application/json",
        false => "application/yaml",
    };
    let answer = client.send(Call::post("/api/v1/workflows", media_type, text)).await;
    answer.map_err(|failure| Failure {
        message: format!("{}: {}", file.display(), failure.message),
        ..failure
    })
}

/// What came of it, in one line.
pub(crate) fn summary(answer: &Answer) -> String {
    let name = name(&answer.value);
    match answer.status {
        StatusCode::CREATED => format!("{name} published"),
        _ => format!("{name} was published already, with the same content"),
    }
}

fn name(value: &Value) -> String {
    let text = |key| value.text(key).unwrap_or_default();
    format!("{}/{}:{}", text("namespace"), text("name"), text("version"))
}
