//! What instances of a workflow wait for, as their histories tell.

use http::StatusCode;
use motet_runtime::InstanceFilter;
use motet_types::Status;

use super::workflows::resolve;
use crate::critical::{self, Path};
use crate::problem::Problem;
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json};

/// Instances that are looked at where no number is asked for, and at most.
const INSTANCES: usize = 20;
const INSTANCES_MAX: usize = 200;
/// Records of a history that are read; one that is longer is left out.
const RECORDS_MAX: usize = 2_000;

pub(crate) async fn read(request: Request) -> Handled {
    let view = request.handle().catalog();
    let (definition, _) = resolve(&request, &view.catalog)?;
    let limit = request.query.limit(INSTANCES, INSTANCES_MAX)?;
    let filter = InstanceFilter {
        namespace: Some(definition.workflow.namespace.to_string()),
        workflow: Some(definition.workflow.name.to_string()),
        version: Some(definition.version.to_string()),
        statuses: vec![Status::Completed],
        ..InstanceFilter::default()
    };
    // Whoever has seen an instance end finds it here.
    let now = request.handle().position();
    let page = request.handle().instances(filter, None, limit, Some(now)).await?;
    let mut paths: Vec<Path> = Vec::new();
    let mut left_out = 0;
    for row in &page.items {
        match request.handle().history(row.id, 0, RECORDS_MAX).await {
            Ok(history) => match critical::path(&history) {
                Some(path) => paths.push(path),
                None => left_out += 1,
            },
            // It was forgotten since.
            Err(motet_runtime::Error::UnknownInstance(_)) => {}
            Err(error) => return Err(Problem::from(error)),
        }
    }
    let common = critical::common(&paths);
    let text = json::object(|object| {
        object.text("workflow", &definition.workflow);
        object.text("version", &definition.version);
        object.number("instances", common.instances as u64);
        object.number("leftOut", left_out as u64);
        object.decimal("meanMs", common.took.as_secs_f64() * 1e3);
        object.decimal("betweenMs", common.between.as_secs_f64() * 1e3);
        object.array("tasks", |tasks| {
            for share in &common.tasks {
                tasks.object(|task| {
                    task.text("task", &share.task);
                    task.text("kind", share.kind);
                    task.number("on", share.on as u64);
                    task.decimal("meanMs", share.took.as_secs_f64() * 1e3);
                    task.decimal("maxMs", share.longest.as_secs_f64() * 1e3);
                });
            }
        });
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}
