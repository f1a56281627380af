use std::collections::{BTreeMap, BTreeSet};

use motet_engine::{Activity, Instance};
use motet_types::{StepId, TaskId};

/// The open tasks of an instance, as its records tell of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tasks {
    open: BTreeMap<StepId, Open>,
    /// The step in which the last error began; the ones above it are those that it goes through.
    failing: Option<StepId>,
    /// Listens that wait.
    listening: BTreeSet<StepId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    parent: StepId,
    /// None: an iteration of a loop, which is no task.
    task: Option<TaskId>,
    /// It was told that it failed.
    has_failed: bool,
}

impl Tasks {
    /// Those of an instance that was loaded.
    pub(crate) fn of(instance: &Instance) -> Self {
        let mut tasks = Self::default();
        for (id, step) in instance.steps.iter() {
            let Some(parent) = step.parent else { continue };
            // An iteration stands for its loop's task, which is open itself.
            let above = instance.steps.get(&parent);
            let is_iteration = above.is_some_and(|above| {
                above.task == step.task && matches!(above.activity, Activity::Parallel { .. })
            });
            let task = step.task.filter(|_| !is_iteration);
            let has_failed = matches!(step.result, Some(Err(_)));
            if has_failed {
                tasks.failing = Some(*id);
            }
            tasks.open.insert(*id, Open { parent, task, has_failed });
            if instance.listen(*id).is_some_and(|listen| listen.is_waiting()) {
                tasks.listening.insert(*id);
            }
        }
        tasks
    }

    pub(super) fn open(&mut self, step: StepId, parent: StepId, task: TaskId) {
        self.open.insert(step, Open { parent, task: Some(task), has_failed: false });
    }

    /// A step that is no task of its own.
    pub(super) fn group(&mut self, step: StepId, parent: StepId) {
        self.open.insert(step, Open { parent, task: None, has_failed: false });
    }

    pub(super) fn close(&mut self, step: StepId) -> Vec<TaskId> {
        self.listening.remove(&step);
        self.open.remove(&step).and_then(|open| open.task).into_iter().collect()
    }

    /// The tasks within a step are over, innermost first.
    pub(super) fn close_below(&mut self, step: StepId) -> Vec<TaskId> {
        let below = self.below(step, None);
        below.into_iter().flat_map(|step| self.close_unfailed(step)).collect()
    }

    /// An error begins here. The step stays known: `retry` may go on with it.
    pub(super) fn fail(&mut self, step: StepId) -> Vec<TaskId> {
        self.failing = Some(step);
        let Some(open) = self.open.get_mut(&step) else { return Vec::new() };
        open.has_failed = true;
        open.task.into_iter().collect()
    }

    /// An error ends the tasks within a step, or within one branch of it: those it went through, and the others.
    pub(super) fn failed_below(
        &mut self,
        step: StepId,
        branch: Option<TaskId>,
    ) -> (Vec<TaskId>, Vec<TaskId>) {
        let ended = self.failing(step, branch);
        for below in self.below(step, branch) {
            self.close(below);
        }
        ended
    }

    /// The same, and they stay known.
    pub(super) fn failing(
        &mut self,
        step: StepId,
        branch: Option<TaskId>,
    ) -> (Vec<TaskId>, Vec<TaskId>) {
        let mut through = BTreeSet::new();
        let mut above = self.failing;
        while let Some(open) = above.and_then(|step| self.open.get(&step)) {
            through.insert(open.parent);
            above = Some(open.parent);
        }
        let (mut faulted, mut others) = (Vec::new(), Vec::new());
        for below in self.below(step, branch) {
            let Some(open) = self.open.get_mut(&below) else { continue };
            let was_told = std::mem::replace(&mut open.has_failed, true);
            match through.contains(&below) {
                _ if was_told => {}
                true => faulted.extend(open.task),
                false => others.extend(open.task),
            }
        }
        (faulted, others)
    }

    /// After a fault the flow goes on: what is open is open again, and the step that failed begins anew.
    pub(super) fn reopen(&mut self, after_fault: bool) {
        if !after_fault {
            return;
        }
        if let Some(step) = self.failing.take() {
            self.close(step);
        }
        for open in self.open.values_mut() {
            open.has_failed = false;
        }
    }

    /// Every open task, outermost first.
    pub(super) fn all(&self) -> Vec<TaskId> {
        self.open.values().filter(|open| !open.has_failed).filter_map(|open| open.task).collect()
    }

    pub(super) fn listen(&mut self, step: StepId) {
        self.listening.insert(step);
    }

    /// Whether it did listen.
    pub(super) fn stop_listening(&mut self, step: StepId) -> bool {
        self.listening.remove(&step)
    }

    fn close_unfailed(&mut self, step: StepId) -> Vec<TaskId> {
        let was_told = self.open.get(&step).is_some_and(|open| open.has_failed);
        let tasks = self.close(step);
        if was_told { Vec::new() } else { tasks }
    }

    /// Open steps within a step, or within one branch of it, innermost first. Steps are numbered as they begin, so those
    /// within come after those around.
    fn below(&self, step: StepId, branch: Option<TaskId>) -> Vec<StepId> {
        let mut within = BTreeSet::new();
        for (id, open) in &self.open {
            let is_child =
                open.parent == step && branch.is_none_or(|branch| open.task == Some(branch));
            if is_child || within.contains(&open.parent) {
                within.insert(*id);
            }
        }
        within.into_iter().rev().collect()
    }
}
