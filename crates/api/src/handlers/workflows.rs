//! What is published.

use std::ops::Bound;

use http::StatusCode;
use http::header::ACCEPT;
use motet_runtime::{Catalog, Published, Workflow};
use motet_types::{Label, Limits, WorkflowName, WorkflowRef};

use crate::problem::{Code, Problem};
use crate::request::{Request, essence};
use crate::routes::Handled;
use crate::{answer, json, print};

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;

const YAML: &str = "application/yaml";

pub(crate) async fn list(request: Request) -> Handled {
    let limit = request.query.limit(PAGE_ROWS, request.api.options.limits.page_rows_max)?;
    let namespace: Option<Label> = request.query.parsed("namespace")?;
    let visible = request.visible(namespace.as_ref().map(Label::as_str))?;
    let sees = |name: &WorkflowName| {
        let within = |names: &Vec<String>| names.iter().any(|one| one == name.namespace.as_str());
        visible.as_ref().is_none_or(within)
    };
    let after = request.query.text("cursor").map(read_name).transpose()?;
    let view = request.handle().catalog();
    let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let mut found = view
        .catalog
        .workflows
        .range((start, Bound::Unbounded))
        .filter(|(name, _)| sees(name))
        .filter(|(name, _)| namespace.as_ref().is_none_or(|wanted| name.namespace == *wanted));
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let next = page.last().filter(|_| found.next().is_some());
    let text = json::object(|list| {
        list.array("items", |items| {
            for (name, workflow) in &page {
                items.object(|item| print::workflow_summary(item, name, workflow));
            }
        });
        list.maybe_text("next", next.map(|(name, _)| name));
    });
    Ok(answer::json(StatusCode::OK, text, view.position))
}

pub(crate) async fn one(request: Request) -> Handled {
    let name = request.workflow()?;
    let view = request.handle().catalog();
    let workflow = find(&view.catalog, &name)?;
    let text = json::object(|object| print::workflow(object, &name, workflow));
    Ok(answer::json(StatusCode::OK, text, view.position))
}

pub(crate) async fn version(request: Request) -> Handled {
    let view = request.handle().catalog();
    let (_, published) = resolve(&request, &view.catalog)?;
    let wanted = Form::wanted(request.header(ACCEPT.as_str())?)?;
    let own = Form::of(&published.source);
    let form = wanted.unwrap_or(own);
    let text =
        if form == own { published.source.to_string() } else { convert(&published.source, form)? };
    let media_type = match form {
        Form::Yaml => YAML,
        Form::Json => answer::JSON,
    };
    Ok(answer::with_body(StatusCode::OK, media_type, text))
}

/// The published version that the path names: a version, a tag, `latest` or a range.
pub(super) fn resolve<'c>(
    request: &Request,
    catalog: &'c Catalog,
) -> Result<(WorkflowRef, &'c Published), Problem> {
    let name = request.workflow()?;
    let wanted: String = request.part("version")?;
    let definition =
        catalog.resolve(&name, Some(&wanted)).map_err(motet_runtime::Error::Unresolved)?;
    let published = catalog.version(&name, &definition.version);
    let published = published.expect("only published versions are resolved");
    Ok((definition, published))
}

pub(super) fn find<'c>(catalog: &'c Catalog, name: &WorkflowName) -> Result<&'c Workflow, Problem> {
    let unknown = || {
        let detail = format!("the workflow {name} is not published");
        Problem::new(Code::UnknownWorkflow, detail)
    };
    catalog.workflows.get(name).ok_or_else(unknown)
}

pub(super) fn read_name(cursor: &str) -> Result<WorkflowName, Problem> {
    let parsed = cursor.split_once('/').and_then(|(namespace, name)| {
        Some(WorkflowName { namespace: namespace.parse().ok()?, name: name.parse().ok()? })
    });
    parsed.ok_or_else(|| Problem::invalid("cursor", "it is not one that a page gave"))
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Yaml,
    Json,
}

impl Form {
    fn of(source: &str) -> Self {
        if source.trim_start().starts_with('{') { Self::Json } else { Self::Yaml }
    }

    /// The first form of the header that there is; none where any will do.
    fn wanted(accept: Option<&str>) -> Result<Option<Self>, Problem> {
        let Some(accept) = accept else {
            return Ok(None);
        };
        for media_type in accept.split(',').map(essence) {
            match media_type {
                "*/*" | "application/*" | "" => return Ok(None),
                answer::JSON => return Ok(Some(Self::Json)),
                YAML | "application/x-yaml" | "text/yaml" | "text/*" => {
                    return Ok(Some(Self::Yaml));
                }
                _ => {}
            }
        }
        let detail = format!("{accept:?} asks for neither {YAML} nor {}", answer::JSON);
        Err(Problem::new(Code::NotAcceptable, detail))
    }
}

/// The document in another form, with comments lost and nothing else.
fn convert(source: &str, form: Form) -> Result<String, Problem> {
    let parsed = motet_definition::parse(source, &Limits::default());
    let unreadable = || {
        let detail = "this server cannot read the published document any more";
        Problem::new(Code::Internal, detail)
    };
    let value = motet_definition::print(&parsed.document.ok_or_else(unreadable)?);
    Ok(match form {
        Form::Yaml => motet_definition::to_yaml(&value),
        Form::Json => motet_definition::to_json(&value),
    })
}
