//! Instances that a step has started.

use std::sync::Arc;

use motet_types::StepId;

use crate::{Activity, ChildRequest, Instance};

impl Instance {
    pub(super) fn child_requested(&mut self, id: StepId, child: &Arc<ChildRequest>) {
        if child.awaited {
            self.change(id, |step| step.activity = Activity::Child(child.clone()));
        }
    }

    /// The child's end no longer steers; the step that awaited it is about to go.
    pub(super) fn child_cancelled(&mut self, id: StepId) {
        self.change(id, |step| step.activity = Activity::Leaf);
    }
}
