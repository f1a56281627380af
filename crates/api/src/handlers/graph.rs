//! Drawing definitions.

use http::StatusCode;
use http::header::ACCEPT;
use motet_definition::graph::{self, Format};

use super::workflows::resolve;
use crate::answer;
use crate::problem::{Code, Problem};
use crate::request::{Request, essence};
use crate::routes::Handled;

/// Forms of a drawing, text first.
pub(crate) const MEDIA_TYPES: &[&str] =
    &["text/plain", "text/vnd.graphviz", "text/vnd.mermaid", "image/svg+xml"];

pub(crate) async fn draw(request: Request) -> Handled {
    let view = request.handle().catalog();
    let (definition, _) = resolve(&request, &view.catalog)?;
    let format = match request.query.parsed("format")? {
        Some(format) => format,
        None => accepted(request.header(ACCEPT.as_str())?),
    };
    let Some(graph) = view.graphs.get(&definition) else {
        let detail = format!("this server cannot compile {definition} any more");
        return Err(Problem::new(Code::Internal, detail));
    };
    Ok(answer::with_body(StatusCode::OK, media_type(format), graph::draw(graph, format)))
}

/// The first form that is asked for; text for whoever takes anything.
fn accepted(accept: Option<&str>) -> Format {
    let mut wanted = accept.unwrap_or_default().split(',').map(essence);
    wanted
        .find_map(|wanted| {
            Format::ALL.into_iter().find(|format| essence(media_type(*format)) == wanted)
        })
        .unwrap_or(Format::Text)
}

pub(super) fn media_type(format: Format) -> &'static str {
    match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Dot => "text/vnd.graphviz; charset=utf-8",
        Format::Mermaid => "text/vnd.mermaid; charset=utf-8",
        Format::Svg => "image/svg+xml",
    }
}
