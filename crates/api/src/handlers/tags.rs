//! Tags: names that move from version to version.

use http::StatusCode;
use motet_types::{Label, Version};

use super::workflows::find;
use crate::problem::{Code, Problem};
use crate::query::read;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

pub(crate) async fn list(request: Request) -> Handled {
    let name = request.workflow()?;
    let view = request.handle().catalog();
    let workflow = find(&view.catalog, &name)?;
    let text = json::object(|object| print::tags(object, workflow));
    Ok(answer::json(StatusCode::OK, text, view.position))
}

pub(crate) async fn set(mut request: Request) -> Handled {
    let workflow = request.workflow()?;
    let tag: Label = request.part("tag")?;
    let [version, reason] = request.members(["version", "reason"]).await?;
    let Some(version) = version else {
        let detail = "the body does not say which version: write {\"version\": \"1.2.0\"}";
        return Err(Problem::new(Code::InvalidBody, detail));
    };
    let version: Version = read("version", &version)?;
    let handle = request.handle();
    let position = handle.set_tag(workflow.clone(), tag.clone(), version, reason).await?;
    let view = handle.catalog();
    let known = find(&view.catalog, &workflow)?;
    let moves = known.tags.get(&tag).map(Vec::as_slice).unwrap_or_default();
    let text = json::object(|object| print::tag(object, &tag, moves));
    Ok(answer::json(StatusCode::OK, text, position))
}
