//! Publishing documents.

use std::path::{Path, PathBuf};

use http::{Method, StatusCode};
use motet_definition::Code;
use motet_definition::service::is_service;
use motet_expr::Value;
use motet_expr::json::array;
use motet_types::Limits;

use super::Ended;
use super::documents::{checked, checked_service, read, report, report_service};
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
    let path = match is_service(&text, &Limits::default()) {
        true => {
            let (path, remarks) = checked_service(file, &text, output)?;
            remarks.iter().for_each(|remark| output.note(remark));
            Some(path)
        }
        false => {
            let checked = checked(file, &text, output)?;
            if !checked.diagnostics.is_empty() {
                output.note(report(file, &checked, output).trim_end());
            }
            None
        }
    };
    let media_type = match text.trim_start().starts_with('{') {
        true => "application/json",
        false => "application/yaml",
    };
    let call = match path {
        Some(path) => Call { method: Method::PUT, ..Call::post(path, media_type, text) },
        None => Call::post("/api/v1/workflows", media_type, text),
    };
    let answer = client.send(call).await.map_err(|failure| Failure {
        message: format!("{}: {}", file.display(), failure.message),
        ..failure
    })?;
    // Which services there are only the server knows.
    let unknown = Code::UnknownService.as_str();
    let found = answer.value.items("diagnostics").iter();
    for found in found.filter(|found| found.text("code") == Some(unknown)) {
        output.note(&report_service(file, found));
    }
    Ok(answer)
}

/// What came of it, in one line.
pub(crate) fn summary(answer: &Answer) -> String {
    let name = name(&answer.value);
    if answer.value.text("version").is_none() {
        let verb = if answer.status == StatusCode::CREATED { "is known" } else { "is up to date" };
        return format!("service {name} {verb}");
    }
    match answer.status {
        StatusCode::CREATED => format!("{name} published"),
        _ => format!("{name} was published already, with the same content"),
    }
}

fn name(value: &Value) -> String {
    let text = |key| value.text(key).unwrap_or_default();
    match value.text("version") {
        Some(version) => format!("{}/{}:{version}", text("namespace"), text("name")),
        None => format!("{}/{}", text("namespace"), text("name")),
    }
}
