//! Parallel loops: which iterations begin, and what their failures do.

use motet_definition::graph::{For, Kind, Vertex};
use motet_types::StepId;

use super::Decider;
use crate::data::{Frame, Place};
use crate::{Activity, ErrorKind, Fact, WorkflowError};

impl Decider<'_> {
    /// Begins the next iteration of a parallel loop, unless `while` says that there is none.
    pub(super) fn begin_iteration(&mut self, id: StepId, vertex: &Vertex, task: &For) {
        let open = self.instance.step(id);
        let Activity::Parallel { iterations, .. } = &open.activity else { return };
        let (index, input) = (iterations.len() as u32, open.input.clone());
        let frame = Frame::new(Place::Within { step: id, vertex });
        match self.condition(task.condition.as_ref(), &input, &frame, "while") {
            Ok(true) => {}
            Ok(false) => return self.emit(id, Fact::IterationsClosed),
            Err(error) => return self.fail(id, error),
        }
        if self.instance.steps_activated >= self.limits.steps_max {
            let detail = format!("the instance has activated {} steps", self.limits.steps_max);
            let error = WorkflowError::new(ErrorKind::Runtime, "too many steps", detail);
            return self.fault(id, error.at(&vertex.reference));
        }
        let step = StepId(self.instance.steps_activated);
        let first = self.graph.first(task.body);
        self.emit_about(step, Some(vertex.id), Fact::IterationBegan { parent: id, index, first });
    }

    /// Whether an error within the iteration leaves its loop at once.
    pub(super) fn is_fail_fast(&self, iteration: StepId) -> bool {
        match self.vertex_of(iteration).map(|vertex| &vertex.kind) {
            Some(Kind::For(task)) => task.parallel.is_none_or(|parallel| parallel.fail_fast),
            _ => true,
        }
    }

    /// An iteration is given up, and the others of its loop go on.
    pub(super) fn give_up(&mut self, iteration: StepId, error: WorkflowError) {
        self.abandon_all(iteration, None);
        self.emit(iteration, Fact::IterationFailed { error: Box::new(error) });
    }
}
