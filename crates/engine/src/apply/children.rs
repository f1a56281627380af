//! Instances that a step has started.

use std::sync::Arc;

use motet_expr::Value;
use motet_types::StepId;

use crate::{Activity, ChildRequest, Instance, WorkflowError};

impl Instance {
    pub(super) fn child_requested(&mut self, id: StepId, child: &Arc<ChildRequest>) {
        if child.awaited {
            self.change(id, |step| step.activity = Activity::Child(child.clone()));
        }
    }

    pub(super) fn child_ended(
        &mut self,
        id: StepId,
        result: &Result<Value, Box<WorkflowError>>,
        undoable: bool,
    ) {
        self.note_child_ended(id, result, undoable);
        self.take_result(id, result);
    }

    /// The child's end no longer steers; the step that awaited it is about to go.
    pub(super) fn child_cancelled(&mut self, id: StepId) {
        self.note_child_cancelled(id);
        self.change(id, |step| step.activity = Activity::Leaf);
    }
}
