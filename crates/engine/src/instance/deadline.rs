use motet_types::{StepId, Timestamp};

use super::{Instance, TimerKind};

impl Instance {
    /// When a step's time ends by its own timeout, or by that of what it is in, whichever is earlier; and whose timeout
    /// that is: the root step stands for the workflow.
    pub fn timeout_of(&self, step: StepId) -> Option<(Timestamp, StepId)> {
        let around = std::iter::once(step).chain(self.ancestors(step).map(|(id, _)| id));
        let ends = around.flat_map(|id| self.timers.of(id).map(move |(kind, due)| (kind, due, id)));
        let is_end = |kind| matches!(kind, TimerKind::Timeout | TimerKind::Attempt);
        ends.filter(|(kind, ..)| is_end(*kind)).map(|(_, due, id)| (due, id)).min()
    }
}
