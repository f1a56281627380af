//! Iterations of a parallel loop: steps of their own, each with a copy of `$context`.
//!
//! What they export is folded in the order of the items, as soon as all before have ended, so that a long loop keeps few
//! contexts. Outputs stand in the order of the items too.

use std::sync::Arc;

use motet_expr::Value;
use motet_types::{StepId, TaskId};

use super::branches::with_changes;
use crate::{Activity, BranchState, Instance, Record, Step, Work, WorkflowError};

impl Instance {
    /// Loop and index of an iteration.
    pub(super) fn iteration(&self, id: StepId) -> Option<(StepId, u32)> {
        let step = self.steps.get(&id)?;
        match step.activity {
            Activity::Iteration { index } => Some((step.parent?, index)),
            _ => None,
        }
    }

    pub(super) fn open_iterations(&mut self, id: StepId, items: &Value, max: u32, collect: bool) {
        self.change(id, |step| {
            step.activity = Activity::Parallel {
                items: items.clone(),
                max,
                collect,
                iterations: Vec::new(),
                open: 0,
                is_closed: false,
                folded: 0,
                context: None,
            };
        });
        self.go_through(id);
    }

    pub(super) fn iteration_began(
        &mut self,
        record: &Record,
        parent: StepId,
        index: u32,
        first: TaskId,
    ) {
        let (id, Some(task)) = (record.step, record.task) else { return };
        let began = self.steps.change(parent, |above| {
            let Activity::Parallel { iterations, open, .. } = &mut above.activity else {
                return None;
            };
            iterations.push(BranchState::Open);
            *open += 1;
            Some((above.path.iteration(task, index), above.input.clone()))
        });
        let Some((path, input)) = began.flatten() else { return };
        let step = Step {
            path,
            context: Some(self.context(parent).clone()),
            activity: Activity::Iteration { index },
            ..Step::new(Some(task), Some(parent), record.at, input)
        };
        self.steps.insert(id, step);
        self.steps_activated = self.steps_activated.max(id.0 + 1);
        self.push(Work::Enter { parent: id, task: first });
        self.go_through(parent);
    }

    pub(super) fn iteration_completed(
        &mut self,
        id: StepId,
        parent: StepId,
        index: u32,
        output: Value,
    ) {
        let context = self.export_of_iteration(id, parent);
        self.clear(id);
        self.end_iteration(parent, index, BranchState::Completed { output, context });
        self.go_through(parent);
    }

    pub(super) fn iteration_failed(&mut self, id: StepId, error: &WorkflowError) {
        let Some((parent, index)) = self.iteration(id) else { return };
        self.clear(id);
        self.end_iteration(parent, index, BranchState::Failed(Box::new(error.clone())));
        self.go_through(parent);
    }

    pub(super) fn iterations_closed(&mut self, id: StepId) {
        self.change(id, |step| {
            if let Activity::Parallel { is_closed, .. } = &mut step.activity {
                *is_closed = true;
            }
        });
        self.go_through(id);
    }

    /// The workflow ends within an iteration: what it and those before have exported becomes the loop's.
    pub(super) fn export_iteration(&mut self, id: StepId, parent: StepId, index: u32) {
        let context = self.export_of_iteration(id, parent);
        let output = Value::Null;
        self.end_iteration(parent, index, BranchState::Completed { output, context });
        self.fold_exports(parent, true);
        self.export_of_loop(parent);
    }

    fn export_of_iteration(&self, id: StepId, parent: StepId) -> Option<Value> {
        let own = self.steps.get(&id).and_then(|step| step.context.as_ref());
        own.filter(|own| *own != self.context(parent)).cloned()
    }

    fn end_iteration(&mut self, id: StepId, index: u32, mut end: BranchState) {
        self.change(id, |step| {
            let Activity::Parallel { iterations, open, collect, .. } = &mut step.activity else {
                return;
            };
            if let (BranchState::Completed { output, .. }, false) = (&mut end, *collect) {
                *output = Value::Null;
            }
            if let Some(state) = iterations.get_mut(index as usize) {
                *state = end;
                *open = open.saturating_sub(1);
            }
        });
        self.fold_exports(id, false);
    }

    /// Folds exports in the order of the items: up to the first iteration that is open, or of all that have ended.
    fn fold_exports(&mut self, id: StepId, over_open: bool) {
        if !self.steps.contains_key(&id) {
            return;
        }
        let before = self.context(id).clone();
        self.change(id, |step| {
            let Activity::Parallel { iterations, folded, context, .. } = &mut step.activity else {
                return;
            };
            for state in iterations.iter_mut().skip(*folded as usize) {
                match state {
                    BranchState::Open if !over_open => break,
                    BranchState::Completed { context: after, .. } => {
                        if let Some(after) = after.take() {
                            let all = context.take().unwrap_or_else(|| before.clone());
                            *context = Some(with_changes(&before, all, &after));
                        }
                    }
                    _ => {}
                }
                *folded += 1;
            }
        });
    }

    fn export_of_loop(&mut self, id: StepId) {
        let context = match self.steps.get(&id).map(|step| &step.activity) {
            Some(Activity::Parallel { context, .. }) => context.clone(),
            _ => None,
        };
        self.export_at_the_join(id, context);
    }

    /// Lets the next iteration begin if one may, or ends the loop if none is left: with the outputs, or with the error of
    /// the first item that failed.
    fn go_through(&mut self, id: StepId) {
        self.work.retain(|work| *work != Work::Iterate { step: id });
        let Some(Activity::Parallel { items, max, collect, iterations, open, is_closed, .. }) =
            self.steps.get(&id).map(|step| &step.activity)
        else {
            return;
        };
        let Value::Arr(items) = items else { return };
        if !is_closed && iterations.len() < items.len() {
            if open < max {
                self.push(Work::Iterate { step: id });
            }
            return;
        }
        if *open > 0 {
            return;
        }
        let failed = iterations.iter().find_map(|state| match state {
            BranchState::Failed(error) => Some(error.clone()),
            _ => None,
        });
        let outputs = collect.then(|| outputs(iterations));
        if failed.is_none() {
            self.export_of_loop(id);
        }
        self.change(id, |step| {
            if let Some(outputs) = outputs {
                step.data = outputs;
            }
            step.result = failed.map(Err);
        });
        self.push(Work::Leave { step: id });
    }
}

fn outputs(iterations: &[BranchState]) -> Value {
    let outputs = iterations.iter().filter_map(|state| match state {
        BranchState::Completed { output, .. } => Some(output.clone()),
        _ => None,
    });
    Value::Arr(Arc::new(outputs.collect()))
}
