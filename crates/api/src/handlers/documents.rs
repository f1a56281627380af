//! Publishing and checking definitions.

use http::StatusCode;
use http::header::LOCATION;
use motet_runtime::{Diagnostic, Role};

use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Forms of a definition, the usual one first.
pub(crate) const MEDIA_TYPES: &[&str] =
    &["application/yaml", "application/json", "application/x-yaml", "text/yaml", "text/x-yaml"];

pub(crate) async fn publish(mut request: Request) -> Handled {
    let source = document(&mut request).await?;
    permit(&request, &source)?;
    let reply = request.handle().publish(source).await?;
    let status = if reply.created { StatusCode::CREATED } else { StatusCode::OK };
    let workflow = &reply.definition.workflow;
    let location = format!("/api/v1/workflows/{workflow}/versions/{}", reply.definition.version);
    let response = answer::json(status, print::publication(&reply), reply.position);
    Ok(answer::with_header(response, LOCATION, location))
}

pub(crate) async fn validate(mut request: Request) -> Handled {
    let source = document(&mut request).await?;
    let handle = request.handle().clone();
    // Checking a large document takes milliseconds of computing, which would hold up other requests.
    let checked = tokio::task::spawn_blocking(move || handle.validate(&source)).await;
    let diagnostics = checked.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let text = json::object(|validation| {
        validation.truth("valid", !diagnostics.iter().any(Diagnostic::is_error));
        print::diagnostics(validation, &diagnostics);
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

/// Whether the caller may publish in the document's namespace; one that cannot be read is refused for that.
fn permit(request: &Request, source: &str) -> Result<(), Problem> {
    if request.caller.sees_all() {
        return Ok(());
    }
    let parsed = motet_definition::parse(source, &request.api.options.limits);
    match parsed.document {
        Some(document) => request.permit(Role::Author, document.header.namespace.as_str()),
        None => Ok(()),
    }
}

pub(super) async fn document(request: &mut Request) -> Result<String, Problem> {
    let bytes_max = request.api.options.limits.document_bytes_max;
    let bytes = request.bytes(MEDIA_TYPES, bytes_max).await?;
    String::from_utf8(bytes.into()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::new(Code::InvalidBody, format!("the document is not UTF-8 at byte {at}"))
    })
}
