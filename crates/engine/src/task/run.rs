use std::sync::Arc;

use motet_definition::graph::RunWorkflow;
use motet_expr::Value;
use motet_types::{InstanceId, ShardId, StepId};

use crate::data::Frame;
use crate::decide::{Decider, Handled};
use crate::instance::child_start_key;
use crate::{ChildRequest, ErrorKind, Fact, WorkflowError};

/// Asks for a child of a version that is resolved now. Its id follows from the step, so that a repeated request finds it.
pub(super) fn handle(
    decider: &mut Decider<'_>,
    step: StepId,
    run: &RunWorkflow,
    input: &Value,
    frame: &Frame<'_>,
) -> Result<Handled, WorkflowError> {
    let child_input = match &run.input {
        Some(template) => decider.evaluate(template, input, frame, "run.workflow.input")?,
        None => input.clone(),
    };
    decider.check_size(&child_input, "run.workflow.input")?;
    let definition =
        decider.catalog.resolve(&run.workflow, Some(&run.version)).map_err(|error| {
            WorkflowError::new(
                ErrorKind::Configuration,
                "there is no such workflow",
                error.to_string(),
            )
        })?;
    let instance = &*decider.instance;
    let parent = instance.start.parent.as_ref();
    let depth = parent.map_or(0, |parent| parent.depth) + 1;
    if depth > decider.limits.children_depth_max {
        let detail = format!("children_depth_max is {}", decider.limits.children_depth_max);
        return Err(WorkflowError::new(ErrorKind::Runtime, "children are nested too deep", detail));
    }
    let undoable = run.awaited && (decider.undoable)(&definition);
    let start_key = child_start_key(instance.id, step);
    let workflow = &definition.workflow;
    let shard = (decider.place)(&definition, &child_input).unwrap_or_else(|| {
        ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), &start_key)
    });
    let child = ChildRequest {
        id: InstanceId::new(decider.now, shard, seed(&start_key)),
        definition,
        start_key,
        input: child_input,
        awaited: run.awaited,
        root: parent.map_or(instance.id, |parent| parent.root),
        depth,
        undoable,
    };
    decider.emit(step, Fact::ChildRequested { child: Arc::new(child) });
    if run.awaited { Ok(Handled::Open) } else { Ok(Handled::Done { output: None, then: None }) }
}

/// The free bits of the child's id.
fn seed(start_key: &str) -> u64 {
    let hash = blake3::hash(start_key.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}
