//! How the flow moves: tasks begin, loops turn, scopes end, branches join.

use motet_expr::Value;
use motet_types::{StepId, TaskId, Timestamp};

use crate::{
    Activity, Branch, BranchState, Instance, Next, Opening, Record, Step, TimerKind, TryPhase, Work,
};

impl Instance {
    pub(super) fn skipped(&mut self, parent: StepId, task: Option<TaskId>, next: Next) {
        let Some(task) = task else { return };
        self.work.retain(|work| *work != Work::Enter { parent, task });
        self.change(parent, |step| *step.visits.entry(task).or_default() += 1);
        if self.start.semantics >= 2 && self.is_race(parent) {
            self.set_branch(parent, task, BranchState::Skipped);
            return self.join(parent);
        }
        let data = self.steps.get(&parent).map(|step| step.data.clone()).unwrap_or_default();
        let context = self.enter_branch(parent, task);
        self.advance(parent, task, data, context, next);
    }

    /// Whether the first of the step's tasks that is done ends the others.
    pub(crate) fn is_race(&self, step: StepId) -> bool {
        let activity = self.steps.get(&step).map(|step| &step.activity);
        matches!(activity, Some(Activity::Fork { compete: true, .. }))
    }

    pub(super) fn activated(
        &mut self,
        record: &Record,
        parent: StepId,
        input: Option<&Value>,
        due: Option<Timestamp>,
        opening: &Opening,
    ) {
        if let Opening::Undo { entry, first } = opening {
            return self.undo_opened(record, parent, *entry, *first);
        }
        let (Some(task), Some(above)) = (record.task, self.steps.get(&parent)) else {
            return;
        };
        let id = record.step;
        let raw_input = above.data.clone();
        let path = self.path_of(parent, task);
        let context = self.enter_branch(parent, task);
        let input = input.unwrap_or(&raw_input).clone();
        let step = Step {
            path,
            raw_input,
            context,
            ..Step::new(Some(task), Some(parent), record.at, input)
        };
        self.work.retain(|work| *work != Work::Enter { parent, task });
        self.change(parent, |parent| *parent.visits.entry(task).or_default() += 1);
        self.steps.insert(id, step);
        self.steps_activated = self.steps_activated.max(id.0 + 1);
        if let Some(due) = due {
            self.timers.insert((due, id, TimerKind::Timeout));
        }
        self.open(id, opening);
    }

    fn open(&mut self, id: StepId, opening: &Opening) {
        match opening {
            Opening::Leaf => {}
            Opening::Scope { first, data } => {
                self.change(id, |step| {
                    step.activity = Activity::Scope;
                    if let Some(data) = data {
                        step.data = data.clone();
                    }
                });
                self.push(Work::Enter { parent: id, task: *first });
            }
            Opening::Loop { items } => {
                self.change(id, |step| {
                    step.activity = Activity::Loop { items: items.clone(), index: 0 };
                });
                self.push(Work::Iterate { step: id });
            }
            Opening::Parallel { items, max, collect } => {
                self.open_iterations(id, items, *max, *collect);
            }
            Opening::Fork { branches, compete, needs } => {
                let branches = branches.iter().map(|task| Branch::new(*task, needs)).collect();
                self.change(id, |step| {
                    step.activity = Activity::Fork { compete: *compete, branches };
                });
                self.enter_branches(id);
            }
            Opening::Try { first, due } => {
                self.change(id, |step| {
                    step.activity = Activity::Try { phase: TryPhase::Body, retries: 0 };
                });
                self.timers.extend(due.map(|due| (due, id, TimerKind::Attempt)));
                self.push(Work::Enter { parent: id, task: *first });
            }
            // It has an `apply` of its own.
            Opening::Undo { .. } => {}
        }
    }

    pub(super) fn iterated(&mut self, id: StepId, index: u32, first: TaskId) {
        self.work.retain(|work| *work != Work::Iterate { step: id });
        self.change(id, |step| {
            step.visits.clear();
            if let Activity::Loop { index: at, .. } = &mut step.activity {
                *at = index;
            }
        });
        self.push(Work::Enter { parent: id, task: first });
    }

    pub(super) fn completed(
        &mut self,
        id: StepId,
        output: Option<&Value>,
        context: Option<&Value>,
        next: Next,
    ) {
        if !self.steps.contains_key(&id) {
            return;
        }
        if let Some(context) = context {
            let holder = self.context_holder(id);
            self.change(holder, |step| step.context = Some(context.clone()));
        }
        let step = self.step(id);
        let output = output.cloned().unwrap_or_else(|| step.raw_output());
        let (Some(parent), Some(task)) = (step.parent, step.task) else {
            return;
        };
        let (branch_context, path) = (step.context.clone(), step.path);
        let iteration = match step.activity {
            Activity::Iteration { index } => Some(index),
            _ => None,
        };
        self.note_completed(id, &output);
        self.repeats.remove(&path);
        if let Some(index) = iteration {
            return self.iteration_completed(id, parent, index, output);
        }
        self.clear_as(id, true);
        self.advance(parent, task, output, branch_context, next);
    }

    /// Moves the flow of `parent`'s scope on from `task`, which gave `output`.
    fn advance(
        &mut self,
        parent: StepId,
        task: TaskId,
        output: Value,
        branch_context: Option<Value>,
        next: Next,
    ) {
        if next == Next::EndWorkflow {
            if self.start.semantics >= 2 {
                self.export_on_the_way(parent, task, branch_context);
            }
            self.clear_beneath(StepId(0));
            self.doom_pending();
            let stays = |work: &Work| matches!(work, Work::Undo { .. } | Work::Feed { .. });
            self.work.retain(|work| stays(work) || work.step() != StepId(0));
            self.change(StepId(0), |root| root.data = output);
            self.push(Work::Leave { step: StepId(0) });
            return;
        }
        let Some(above) = self.steps.get(&parent) else {
            return;
        };
        if let Activity::Fork { .. } = above.activity {
            let context = branch_context.filter(|context| context != self.context(parent));
            self.set_branch(parent, task, BranchState::Completed { output, context });
            self.enter_branches(parent);
            self.join(parent);
            return;
        }
        let work = self.steps.change(parent, |above| {
            above.data = output;
            match (next, &mut above.activity) {
                (Next::Enter(task), _) => Some(Work::Enter { parent, task }),
                (_, Activity::Listen(listen)) => {
                    listen.is_handled = true;
                    None
                }
                (_, Activity::Loop { index, .. }) => {
                    *index += 1;
                    Some(Work::Iterate { step: parent })
                }
                _ => Some(Work::Leave { step: parent }),
            }
        });
        let Some(work) = work.flatten() else { return self.stir(parent) };
        if let Work::Leave { .. } = work {
            self.timers.remove(parent, TimerKind::Attempt);
        }
        self.push(work);
    }

    /// The workflow ends at `task` of `parent`: what was exported in the forks and parallel loops around it is folded as at
    /// their ends.
    fn export_on_the_way(&mut self, parent: StepId, task: TaskId, context: Option<Value>) {
        let (mut at, mut below, mut context) = (parent, task, context);
        while let Some(step) = self.steps.get(&at) {
            if let Activity::Fork { compete, .. } = step.activity {
                let context = context.take().filter(|context| context != self.context(at));
                if compete {
                    self.export_at_the_join(at, context);
                } else {
                    let output = Value::Null;
                    self.set_branch(at, below, BranchState::Completed { output, context });
                    let context = self.joined_context(at);
                    self.export_at_the_join(at, context);
                }
            }
            if let Some((parent, index)) = self.iteration(at) {
                self.export_iteration(at, parent, index);
            }
            let Some(step) = self.steps.get(&at) else { return };
            let (Some(above), Some(own)) = (step.parent, step.task) else { return };
            (context, below, at) = (step.context.clone(), own, above);
        }
    }

    /// Ends a fork whose outcome is clear: the first completed branch of a race, or the last of all. A race of which no
    /// branch ran is over too, with its input; one whose branches failed is the decider's.
    fn join(&mut self, fork: StepId) {
        let Some(step) = self.steps.get(&fork) else {
            return;
        };
        let Activity::Fork { compete, branches } = &step.activity else {
            return;
        };
        let completed = branches.iter().filter_map(|branch| match &branch.state {
            BranchState::Completed { output, context } => Some((output, context.as_ref())),
            _ => None,
        });
        let (output, context) = if *compete {
            match completed.clone().next() {
                Some((output, context)) => (output.clone(), context.cloned()),
                None if branches.iter().all(|branch| branch.state == BranchState::Skipped) => {
                    (step.data.clone(), None)
                }
                None => return,
            }
        } else {
            if completed.clone().count() < branches.len() {
                return;
            }
            let outputs = completed.map(|(output, _)| output.clone()).collect();
            (Value::Arr(std::sync::Arc::new(outputs)), self.joined_context(fork))
        };
        self.export_at_the_join(fork, context);
        self.clear_beneath(fork);
        self.work.retain(|work| work.step() != fork);
        self.change(fork, |step| step.data = output);
        self.push(Work::Leave { step: fork });
    }
}
