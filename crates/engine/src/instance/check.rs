use std::collections::BTreeSet;

use motet_types::{StepId, TaskId, Timestamp};

use super::CHILD;
use crate::{
    Activity, BranchState, CallState, Instance, TimerKind, TryPhase, UndoOutcome, UndoState,
};

impl Instance {
    /// Checks every invariant of the state; tests call it after each record.
    ///
    /// # Errors
    /// Names the first invariant that does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.check_steps()?;
        self.check_work()?;
        self.check_timers()?;
        self.check_calls()?;
        self.check_forks()?;
        self.check_iterations()?;
        self.check_listens()?;
        self.check_undo()
    }

    /// Checks what holds besides between two inputs: each innermost step has something that will move it.
    ///
    /// # Errors
    /// Names the first step that nothing moves.
    pub fn check_at_rest(&self) -> Result<(), String> {
        if self.end.is_some() {
            return Ok(());
        }
        let parents: BTreeSet<StepId> =
            self.steps.values().filter_map(|step| step.parent).collect();
        for (id, step) in self.steps.iter() {
            let is_moved = parents.contains(id)
                || self.work.iter().any(|work| work.step() == *id)
                || self.incidents.contains_key(id)
                || self.timers.due(*id, TimerKind::Again).is_some()
                || (step.undoing.is_some() && !self.is_undo_ready(*id))
                || match &step.activity {
                    Activity::Child(_) | Activity::Wait => step.result.is_none(),
                    Activity::Job { state, .. } => {
                        *state == CallState::InFlight && step.result.is_none()
                    }
                    Activity::Undo { child, .. } => child.is_some() && step.result.is_none(),
                    Activity::Try { phase, .. } => *phase == TryPhase::Delaying,
                    Activity::Listen(listen) => listen.is_waiting() && !listen.has_work(),
                    _ => step.is_in_flight(),
                };
            if !is_moved {
                return Err(format!("nothing will ever move step {id}: {step:?}"));
            }
        }
        Ok(())
    }

    fn check_steps(&self) -> Result<(), String> {
        let ensure = |holds: bool, what: &str, id: StepId| {
            if holds { Ok(()) } else { Err(format!("step {id}: {what}")) }
        };
        ensure(self.steps.are_indexed(), "an index of the steps says something else", StepId(0))?;
        for (id, step) in self.steps.iter() {
            ensure(id.0 < self.steps_activated, "was never activated", *id)?;
            ensure(step.parent.is_none() == (id.0 == 0), "only the workflow has no parent", *id)?;
            ensure(step.task.is_none() == (id.0 == 0), "only the workflow has no task", *id)?;
            ensure(step.started_at <= self.updated_at, "begins in the future", *id)?;
            if let Some(parent) = step.parent {
                ensure(parent < *id, "is older than its parent", *id)?;
                ensure(self.steps.contains_key(&parent), "has lost its parent", *id)?;
                let above = &self.step(parent).activity;
                let in_fork = matches!(above, Activity::Fork { .. } | Activity::Parallel { .. })
                    && !step.is_undo();
                ensure(step.context.is_some() == in_fork, "only branches have a context", *id)?;
            } else {
                ensure(step.context.is_some(), "the workflow has lost its context", *id)?;
            }
        }
        let has_begun = self.steps_activated > 0;
        ensure(self.steps.contains_key(&StepId(0)) == has_begun, "the workflow is gone", StepId(0))
    }

    fn check_work(&self) -> Result<(), String> {
        for (idx, work) in self.work.iter().enumerate() {
            if !self.steps.contains_key(&work.step()) && !work.is_before_begin() {
                return Err(format!("{work:?} belongs to a step that is gone"));
            }
            if self.work.iter().skip(idx + 1).any(|other| other == work) {
                return Err(format!("{work:?} stands twice in the queue"));
            }
        }
        Ok(())
    }

    fn check_timers(&self) -> Result<(), String> {
        for (_, step, kind) in self.timers.iter() {
            let activity = self.steps.get(step).map(|step| &step.activity);
            let fits = match (kind, activity) {
                (_, None) => false,
                (TimerKind::Timeout, Some(_)) => true,
                (TimerKind::Again, Some(_)) => {
                    matches!(self.step(*step).result, Some(Err(_)))
                }
                (TimerKind::Wait, Some(activity)) => matches!(activity, Activity::Wait),
                (TimerKind::Retry, Some(activity)) => {
                    matches!(activity, Activity::Try { phase: TryPhase::Delaying, .. })
                }
                (TimerKind::Attempt, Some(activity)) => {
                    matches!(activity, Activity::Try { phase: TryPhase::Body, .. })
                }
                (TimerKind::Due, Some(activity)) => matches!(
                    activity,
                    Activity::Job { assignment: Some(_), state: CallState::InFlight, .. }
                ),
            };
            if !fits {
                return Err(format!("a {kind:?} timer of step {step} does not fit {activity:?}"));
            }
        }
        Ok(())
    }

    fn check_calls(&self) -> Result<(), String> {
        let mut keys = BTreeSet::new();
        for (id, step) in self.steps.iter() {
            if step.parked().is_some() && !step.is_in_flight() {
                return Err(format!("step {id}: a call waits to be sent that is not in flight"));
            }
            let key = match &step.activity {
                Activity::Call { key, .. } | Activity::Job { key, .. } => Some(key),
                _ => None,
            };
            if let Some(key) = key
                && !keys.insert(key)
            {
                return Err(format!("step {id}: another open call has its key {key}"));
            }
            if let Some(attempt) = step.attempt_in_flight()
                && self.abandoned.contains(&(*id, attempt))
            {
                return Err(format!("step {id}: attempt {attempt} is in flight and abandoned"));
            }
        }
        Ok(())
    }

    fn check_iterations(&self) -> Result<(), String> {
        for (id, step) in self.steps.iter() {
            let Activity::Parallel { items, max, iterations, open, folded, .. } = &step.activity
            else {
                continue;
            };
            let children = self.steps.values().filter(|child| child.parent == Some(*id));
            let mut running: Vec<u32> = children
                .map(|child| match child.activity {
                    Activity::Iteration { index } => Ok(index),
                    _ => Err(format!("step {id}: a parallel loop holds iterations alone")),
                })
                .collect::<Result<_, _>>()?;
            running.sort_unstable();
            let is_open = |index: &u32| iterations[*index as usize] == BranchState::Open;
            let expected: Vec<u32> = (0..iterations.len() as u32).filter(is_open).collect();
            let count = match items {
                motet_expr::Value::Arr(items) => items.len(),
                _ => 0,
            };
            let is_sound = *open as usize == expected.len()
                && open <= max
                && iterations.len() <= count
                && expected.first().is_none_or(|first| folded <= first);
            if !is_sound || (step.result.is_none() && running != expected) {
                return Err(format!("step {id}: {running:?} run of {:?}", step.activity));
            }
        }
        Ok(())
    }

    fn check_forks(&self) -> Result<(), String> {
        for (id, step) in self.steps.iter() {
            let Activity::Fork { branches, .. } = &step.activity else {
                continue;
            };
            let is_complete = |task: &TaskId| {
                let needed = branches.iter().find(|branch| branch.task == *task);
                needed.is_some_and(|it| matches!(it.state, BranchState::Completed { .. }))
            };
            for branch in branches {
                let is_pending = branch.state == BranchState::Pending;
                if is_pending == branch.needs.iter().all(is_complete) {
                    return Err(format!("step {id}: a branch begins out of turn: {branch:?}"));
                }
                let is_open = self.steps.values().any(|child| {
                    child.parent == Some(*id) && child.task == Some(branch.task) && !child.is_undo()
                });
                if is_open && !matches!(branch.state, BranchState::Open) {
                    return Err(format!("step {id}: a branch that is done has an open step"));
                }
            }
        }
        Ok(())
    }

    fn check_listens(&self) -> Result<(), String> {
        for id in self.steps.keys() {
            let Some(listen) = self.listen(*id) else { continue };
            let taken = self.events.iter().flat_map(|events| events.taken.values());
            let own = taken.filter(|taken| taken.by.contains(id)).count();
            let is_floored = self.events.as_ref().is_some_and(|it| it.floor > Timestamp::default());
            if own != listen.taken as usize && !is_floored {
                return Err(format!("step {id} took {} events, {own} are known", listen.taken));
            }
            if listen.is_handled && listen.current.is_none() {
                return Err(format!("step {id} has handled an event that it does not have"));
            }
            let limit = listen.terms.filters.len();
            if listen.satisfied.iter().any(|filter| *filter as usize >= limit) {
                return Err(format!("step {id} has satisfied a filter that it does not have"));
            }
        }
        Ok(())
    }

    fn check_undo(&self) -> Result<(), String> {
        let ensure = |holds: bool, what: &str, id: StepId| {
            if holds { Ok(()) } else { Err(format!("the undo of step {id}: {what}")) }
        };
        let mut keys = BTreeSet::new();
        for (id, entry) in &self.undo {
            ensure(id.0 < self.steps_activated, "was never activated", *id)?;
            if entry.state != UndoState::Undone {
                ensure(keys.insert(&entry.key), "another one has its key", *id)?;
                let is_held = self.steps.contains_key(&entry.holder) || self.end.is_some();
                ensure(is_held, "has lost its holder", *id)?;
            }
            if let UndoState::Undoing(by) = entry.state {
                let activity = self.steps.get(&by).map(|step| &step.activity);
                let is_its = matches!(activity, Some(Activity::Undo { entry, .. }) if entry == id);
                ensure(is_its || self.end.is_some(), "nobody is at it", *id)?;
                ensure(entry.open.is_empty(), "began before everything was settled", *id)?;
            }
            let is_known = entry.outcome != UndoOutcome::Pending || !entry.open.is_empty();
            let is_over = self.end.is_some() || entry.state == UndoState::Undone;
            ensure(is_known || is_over, "nothing is known of it", *id)?;
            for (step, attempt) in &entry.open {
                let is_open = *attempt == CHILD || self.abandoned.contains(&(*step, *attempt));
                ensure(is_open, "waits for an attempt that is not open", *id)?;
            }
        }
        self.check_undoing()
    }

    fn check_undoing(&self) -> Result<(), String> {
        let mut anchors = BTreeSet::new();
        for (id, step) in self.steps.iter() {
            let Some(parent) = step.parent.map(|parent| (parent, self.step(parent))) else {
                continue;
            };
            let ((anchor, above), Activity::Undo { entry, .. }) = (parent, &step.activity) else {
                if parent.1.undoing.is_some() {
                    return Err(format!("step {id} goes on within what is being undone"));
                }
                continue;
            };
            if anchor.0 != 0 && !above.is_saga() && above.undoing.is_none() {
                return Err(format!("step {id}: no saga is above the undo"));
            }
            if self.undo.get(entry).is_none_or(|entry| entry.state != UndoState::Undoing(*id)) {
                return Err(format!("step {id} undoes what is not being undone"));
            }
            // Undos that a wider one took over may stand beside each other until they end.
            if !anchors.insert(anchor) && above.undoing.is_none() {
                return Err(format!("step {id}: two undos at once beneath {anchor}"));
            }
        }
        Ok(())
    }
}
