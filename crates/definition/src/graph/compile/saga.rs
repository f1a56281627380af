//! `metadata.motet.compensate`: the tasks that undo a task.

use motet_types::TaskId;

use super::Compiler;
use crate::graph::ScopeId;
use crate::model;

/// Why an undo does not end the workflow.
pub(super) const NO_END: &str = "a flow directive of an undo names a task of its own list, `continue` or `exit`: an undo cannot end the workflow";

impl<'a> Compiler<'a> {
    /// Compiles the list that undoes a task; what it may not hold is refused at every depth, in functions too.
    pub(super) fn undo(
        &mut self,
        id: TaskId,
        task: &'a model::Task,
        path: &str,
    ) -> Option<ScopeId> {
        let motet = task.motet();
        if self.is_undo {
            if task.common.export.is_some() {
                self.error(&format!("{path}/export"), "an undo cannot export".to_owned());
            }
            let is_marked = motet.is_some_and(|motet| {
                motet.compensate.is_some() || motet.saga == Some(true) || motet.pivot == Some(true)
            });
            if is_marked {
                let message = "an undo is never undone: it has no `compensate`, `saga` and `pivot`";
                self.error(&format!("{path}/metadata/motet"), message.to_owned());
            }
            return None;
        }
        let list = motet?.compensate.as_ref()?;
        // An undo runs later, when the loops and catches around the task are over.
        let locals = std::mem::take(&mut self.locals);
        self.is_undo = true;
        let scope = self.scope(list, &format!("{path}/metadata/motet/compensate"), Some(id));
        self.is_undo = false;
        self.locals = locals;
        self.scopes[scope.0 as usize].undoes = true;
        Some(scope)
    }
}
