//! Branches of a fork: which of them begin, and what those that need others and the join see of what was exported.
//!
//! A branch works on a copy of `$context`. Its *export* is what it changed between its beginning and its end; exports are
//! folded in declaration order, each after those of the branches it needs.

use std::collections::{BTreeMap, BTreeSet};

use motet_expr::{Map, Value};
use motet_types::{StepId, TaskId};

use crate::{Activity, Branch, BranchState, Instance, Work};

impl Branch {
    /// A branch of a fork that opens; `needs` are the pairs of the whole fork.
    pub(super) fn new(task: TaskId, needs: &[(TaskId, TaskId)]) -> Self {
        let own = needs.iter().filter(|(branch, _)| *branch == task);
        let needs = own.map(|(_, needed)| *needed).collect();
        Self { task, state: BranchState::Pending, needs, base: None }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, BranchState::Completed { .. })
    }
}

impl Instance {
    /// `$context` as the task sees it that `parent` enters next.
    pub(crate) fn context_before(&self, parent: StepId, task: TaskId) -> Value {
        let own = self.context(parent);
        let branches = self.branches(parent);
        let Some(branch) = branches.iter().find(|branch| branch.task == task) else {
            return own.clone();
        };
        match branch.needs.as_slice() {
            [] => own.clone(),
            [only] => {
                let needed = branches.iter().find(|branch| branch.task == *only);
                needed.map_or(own, |needed| export_of(needed, own).1).clone()
            }
            _ => {
                let needed = all_needed(branches, branch);
                folded(own, branches, |branch| needed.contains(&branch.task))
            }
        }
    }

    /// Gives a branch that begins, or is skipped, its own `$context`; `None` for other tasks.
    pub(super) fn enter_branch(&mut self, parent: StepId, task: TaskId) -> Option<Value> {
        if !self.steps.get(&parent).is_some_and(|step| is_fork(&step.activity)) {
            return None;
        }
        let context = self.context_before(parent, task);
        let base = (context != *self.context(parent)).then(|| context.clone());
        self.change_branches(parent, |branch| {
            if branch.task == task {
                branch.base.clone_from(&base);
            }
        });
        Some(context)
    }

    /// Lets every branch begin whose needs are complete.
    pub(super) fn enter_branches(&mut self, fork: StepId) {
        let branches = self.branches(fork);
        if !branches.iter().any(|branch| branch.state == BranchState::Pending) {
            return;
        }
        let complete = branches.iter().filter(|branch| branch.is_complete());
        let complete: BTreeSet<TaskId> = complete.map(|branch| branch.task).collect();
        let mut ready = Vec::new();
        self.change_branches(fork, |branch| {
            let is_pending = branch.state == BranchState::Pending;
            if is_pending && branch.needs.iter().all(|needed| complete.contains(needed)) {
                branch.state = BranchState::Open;
                ready.push(branch.task);
            }
        });
        for task in ready {
            self.push(Work::Enter { parent: fork, task });
        }
    }

    /// `$context` of a fork with what its completed branches have exported; `None` where that is nothing.
    pub(super) fn joined_context(&self, fork: StepId) -> Option<Value> {
        let before = self.context(fork);
        let after = folded(before, self.branches(fork), |_| true);
        (after != *before).then_some(after)
    }

    /// What was exported inside a fork becomes its `$context`.
    pub(super) fn export_at_the_join(&mut self, fork: StepId, context: Option<Value>) {
        if context.is_some() {
            let holder = self.context_holder(fork);
            self.change(holder, |step| step.context = context);
        }
    }

    fn branches(&self, fork: StepId) -> &[Branch] {
        match self.steps.get(&fork).map(|step| &step.activity) {
            Some(Activity::Fork { branches, .. }) => branches,
            _ => &[],
        }
    }

    fn change_branches(&mut self, fork: StepId, change: impl FnMut(&mut Branch)) {
        self.change(fork, |step| {
            if let Activity::Fork { branches, .. } = &mut step.activity {
                branches.iter_mut().for_each(change);
            }
        });
    }
}

fn is_fork(activity: &Activity) -> bool {
    matches!(activity, Activity::Fork { .. })
}

/// `$context` with which a completed branch of a fork began, and with which it ended.
fn export_of<'v>(branch: &'v Branch, of_fork: &'v Value) -> (&'v Value, &'v Value) {
    let after = match &branch.state {
        BranchState::Completed { context, .. } => context.as_ref(),
        _ => None,
    };
    (branch.base.as_ref().unwrap_or(of_fork), after.unwrap_or(of_fork))
}

/// The fork's context with the exports of those completed branches that are `wanted`.
fn folded(before: &Value, branches: &[Branch], wanted: impl Fn(&Branch) -> bool) -> Value {
    let ordered = in_order(branches).into_iter().map(|place| &branches[place]);
    let exports = ordered.filter(|branch| branch.is_complete() && wanted(branch));
    exports.map(|branch| export_of(branch, before)).fold(before.clone(), |all, (base, after)| {
        if base == after { all } else { with_changes(base, all, after) }
    })
}

/// What a branch added, changed or removed at the top level of an object counts; anything but an object replaces.
pub(super) fn with_changes(base: &Value, all: Value, after: &Value) -> Value {
    let (Value::Obj(base), Value::Obj(all), Value::Obj(after)) = (base, &all, after) else {
        return after.clone();
    };
    let mut result: Map = (**all).clone();
    result.retain(|key, _| after.contains_key(key) || !base.contains_key(key));
    for (key, value) in after.iter() {
        if base.get(key) != Some(value) {
            result.insert(key.clone(), value.clone());
        }
    }
    Value::Obj(std::sync::Arc::new(result))
}

/// Everything a branch needs, and what that needs.
fn all_needed(branches: &[Branch], branch: &Branch) -> BTreeSet<TaskId> {
    let by_task: BTreeMap<TaskId, &Branch> = branches.iter().map(|it| (it.task, it)).collect();
    let mut found = BTreeSet::new();
    let mut open = branch.needs.clone();
    while let Some(task) = open.pop() {
        if found.insert(task) {
            open.extend(by_task.get(&task).into_iter().flat_map(|branch| &branch.needs));
        }
    }
    found
}

/// Places of the branches in declaration order, each after those it needs.
fn in_order(branches: &[Branch]) -> Vec<usize> {
    if branches.iter().all(|branch| branch.needs.is_empty()) {
        return (0..branches.len()).collect();
    }
    let places: BTreeMap<TaskId, usize> =
        branches.iter().enumerate().map(|(place, branch)| (branch.task, place)).collect();
    let mut dependents = vec![Vec::new(); branches.len()];
    let mut missing: Vec<usize> = branches.iter().map(|branch| branch.needs.len()).collect();
    for (place, branch) in branches.iter().enumerate() {
        for needed in branch.needs.iter().filter_map(|task| places.get(task)) {
            dependents[*needed].push(place);
        }
    }
    let mut ready: BTreeSet<usize> =
        (0..branches.len()).filter(|place| missing[*place] == 0).collect();
    let mut order = Vec::with_capacity(branches.len());
    while let Some(place) = ready.pop_first() {
        order.push(place);
        for dependent in &dependents[place] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    order
}
