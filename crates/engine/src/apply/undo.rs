//! What can be undone is noted as it happens; what has to be is undone one entry after the other.

use std::collections::BTreeSet;

use motet_expr::Value;
use motet_types::{Attempt, InstanceId, StepId, TaskId, Timestamp};

use crate::instance::CHILD;
use crate::sabotage::{self, Sabotage};
use crate::{
    Activity, End, Incident, Instance, Path, Record, Settled, Step, TimerKind, UndoCause,
    UndoEntry, UndoOutcome, UndoState, Undoing, Work, WorkflowError,
};

impl Instance {
    /// An attempt has an outcome: what it did is noted, whether it steers or not.
    pub(super) fn note_settled(&mut self, id: StepId, attempt: Attempt, settled: &Settled) {
        let open = (id, attempt);
        let waits = self.undo.iter().find(|(_, entry)| entry.open.contains(&open));
        let Some(of) = waits.map(|(of, _)| *of).or_else(|| self.concerned(id)) else { return };
        let ran = match &settled.result {
            Ok(_) => UndoOutcome::Completed,
            Err(_) if settled.maybe_run => UndoOutcome::Unknown,
            Err(_) => UndoOutcome::Pending,
        };
        let forgets = sabotage::is(Sabotage::MaybeRunForgotten) && ran == UndoOutcome::Unknown;
        if ran == UndoOutcome::Pending || forgets {
            return self.note_not_run(of, open);
        }
        let Some(entry) = self.entry(of) else { return };
        entry.open.remove(&open);
        match &settled.result {
            _ if entry.is_group => entry.may_have_run(None),
            Ok(output) => entry.completed(output),
            Err(error) => entry.may_have_run(Some(error)),
        }
        self.wake_holder(of);
    }

    fn note_not_run(&mut self, of: StepId, open: (StepId, Attempt)) {
        let Some(entry) = self.undo.get_mut(&of) else { return };
        entry.open.remove(&open);
        let holder = entry.holder;
        if entry.outcome == UndoOutcome::Pending && entry.open.is_empty() {
            self.undo.remove(&of);
        }
        self.wake(holder);
    }

    /// An attempt steers nothing any more; its outcome still counts for the undo.
    pub(super) fn note_abandoned(&mut self, id: StepId, attempt: Attempt) {
        if sabotage::is(Sabotage::UndoBeforeSettled) {
            if let Some(entry) = self.concerned(id).and_then(|of| self.entry(of)) {
                entry.may_have_run(None);
            }
            return;
        }
        if let Some(entry) = self.concerned(id).and_then(|of| self.entry(of)) {
            entry.open.insert((id, attempt));
        }
    }

    /// A job was taken back, or a call is sent again whose first outcome is lost: it may have been done.
    pub(super) fn note_withdrawn(&mut self, id: StepId) {
        if let Some(entry) = self.concerned(id).and_then(|of| self.entry(of)) {
            entry.may_have_run(None);
        }
    }

    /// A child was let go: what it has done is known when it ends.
    pub(super) fn note_child_cancelled(&mut self, id: StepId) {
        let Some(step) = self.steps.get(&id) else { return };
        let Activity::Child(child) = &step.activity else { return };
        let (child, has_undo) = (child.clone(), step.has_undo());
        if has_undo || child.undoable {
            if let Some(entry) = self.entry(id) {
                entry.child = (!has_undo).then_some(child.id);
                entry.open.insert((id, CHILD));
            }
        } else if let Some(group) = self.concerned(id).and_then(|of| self.entry(of)) {
            group.may_have_run(None);
        }
    }

    /// A child has ended; `undoable` if it can undo what it did.
    pub(super) fn note_child_ended(
        &mut self,
        id: StepId,
        result: &Result<Value, Box<WorkflowError>>,
        undoable: bool,
    ) {
        let open = (id, CHILD);
        let is_awaited = self.steps.contains_key(&id);
        let waits = self.undo.iter().find(|(_, entry)| entry.open.contains(&open));
        let of = waits.map(|(of, _)| *of);
        if of.is_none() && !is_awaited {
            return;
        }
        let has_undo = match of.and_then(|of| self.undo.get(&of)) {
            Some(entry) => entry.child.is_none(),
            None => self.steps.get(&id).is_some_and(Step::has_undo),
        };
        let child = self.child_of(id).or_else(|| self.undo.get(&of?)?.child);
        let of = of.unwrap_or(id);
        match (result, has_undo) {
            (Err(error), true) => self.note_child(of, |entry| entry.may_have_run(Some(error))),
            (Ok(output), true) => self.note_child(of, |entry| entry.completed(output)),
            (Ok(output), false) if undoable => self.note_child(of, |entry| {
                entry.completed(output);
                entry.child = child;
            }),
            // It has undone itself, or there is nothing to undo.
            (_, false) => {
                self.note_not_run(of, open);
                if let Some(group) = self.concerned(id).and_then(|of| self.entry(of)) {
                    group.may_have_run(None);
                }
            }
        }
    }

    fn child_of(&self, id: StepId) -> Option<InstanceId> {
        match &self.steps.get(&id)?.activity {
            Activity::Child(child) => Some(child.id),
            _ => None,
        }
    }

    fn note_child(&mut self, of: StepId, note: impl FnOnce(&mut UndoEntry)) {
        if let Some(entry) = self.entry(of) {
            entry.open.retain(|(_, attempt)| *attempt != CHILD);
            note(entry);
        }
        self.wake_holder(of);
    }

    /// A step is complete: its own undo takes the place of those inside, everything else passes to what stands around it.
    pub(super) fn note_completed(&mut self, id: StepId, output: &Value) {
        let Some(step) = self.steps.get(&id) else { return };
        let Some(guard) = step.guard else { return };
        let (above, is_leaf) = (self.holder_above(id), step.is_leaf());
        if guard.undo {
            let inside = |of: &StepId, entry: &UndoEntry| {
                *of != id && entry.holder == id && !entry.is_doomed && !is_leaf
            };
            let mut open = BTreeSet::new();
            self.undo.retain(|of, entry| {
                let is_replaced = inside(of, entry);
                if is_replaced {
                    open.append(&mut entry.open);
                }
                !is_replaced
            });
            if let Some(entry) = self.entry(id) {
                entry.open.append(&mut open);
                entry.outcome = UndoOutcome::Completed;
                entry.output = Some(output.clone());
                entry.error = None;
                entry.child = None;
                entry.holder = above;
            }
        }
        if guard.pivot {
            let saga = self.saga_above(id);
            self.change(saga, |saga| saga.committed = true);
        }
    }

    /// The entry of a step; one of an earlier activation under the same key becomes this one's.
    fn entry(&mut self, id: StepId) -> Option<&mut UndoEntry> {
        if !self.undo.contains_key(&id) {
            let entry = self.new_entry(id)?;
            let is_same = |other: &UndoEntry| {
                other.path == entry.path && other.key == entry.key && other.is_noted()
            };
            let earlier = self.undo.iter().rfind(|(_, other)| is_same(other)).map(|(of, _)| *of);
            let entry = match earlier.and_then(|earlier| self.undo.remove(&earlier)) {
                Some(earlier) => UndoEntry { holder: entry.holder, input: entry.input, ..earlier },
                None => entry,
            };
            self.undo.insert(id, entry);
        }
        self.undo.get_mut(&id)
    }

    fn new_entry(&self, id: StepId) -> Option<UndoEntry> {
        let step = self.steps.get(&id)?;
        let key = match &step.activity {
            Activity::Call { key, .. } | Activity::Job { key, .. } => key.clone(),
            Activity::Child(child) => child.start_key.clone(),
            _ => step.path.step_key(self.id),
        };
        let is_race = step.guard.is_some_and(|guard| guard.race);
        Some(UndoEntry {
            task: step.task?,
            path: step.path,
            key,
            holder: if is_race { id } else { self.holder_above(id) },
            is_group: !step.is_leaf(),
            input: step.input.clone(),
            output: None,
            error: None,
            outcome: UndoOutcome::Pending,
            open: BTreeSet::new(),
            child: None,
            is_doomed: false,
            state: UndoState::Noted,
        })
    }

    /// A step undoes from now on: everything else beneath it is over, and no timer around it interferes.
    pub(super) fn undo_began(&mut self, at: StepId, cause: &UndoCause) {
        let is_all = self.undoes_all(at, cause);
        self.end = None;
        let timers = self.take_timers_around(at);
        let cause = cause.clone();
        self.change(at, |step| step.undoing = Some(Box::new(Undoing { cause, timers })));
        if at == StepId(0) {
            self.undo_begun |= is_all;
            if let Some(Incident::Panic { input, .. }) = self.incidents.get(&at).cloned() {
                self.push(Work::Feed { input });
            }
        }
        self.incidents.remove(&at);
        self.clear_beneath(at);
        self.work.retain(|work| work.step() != at || matches!(work, Work::Feed { .. }));
        if is_all {
            for entry in self.undo.values_mut().filter(|entry| entry.holder == at) {
                entry.is_doomed = true;
            }
            self.spend(at);
        }
        self.wake(at);
    }

    /// Whether everything beneath is undone, or only what was doomed before.
    pub(crate) fn undoes_all(&self, at: StepId, cause: &UndoCause) -> bool {
        let step = self.steps.get(&at);
        match cause {
            UndoCause::Cancelled { .. } | UndoCause::Parent { .. } => true,
            UndoCause::Finishing
            | UndoCause::Error { catch: Some(crate::CatchAction::Retry { .. }), .. } => false,
            UndoCause::Error { .. } => {
                step.is_some_and(|step| (at.0 == 0 || step.is_saga()) && !step.committed)
            }
        }
    }

    fn take_timers_around(&mut self, at: StepId) -> Vec<(Timestamp, StepId, TimerKind)> {
        let mut around: BTreeSet<StepId> = self.ancestors(at).map(|(id, _)| id).collect();
        around.insert(at);
        let mut timers: Vec<_> = around.iter().flat_map(|id| self.timers.take(*id)).collect();
        timers.sort_unstable();
        let beneath = self.steps.undoing().filter(|(id, _)| *id >= at);
        let stopped = beneath.flat_map(|(_, step)| step.undoing.iter().flat_map(|it| &it.timers));
        timers.extend(stopped.copied().filter(|(_, step, _)| around.contains(step)));
        timers
    }

    /// An undo begins: a step of its own whose data is what was recorded.
    pub(super) fn undo_opened(
        &mut self,
        record: &Record,
        parent: StepId,
        of: StepId,
        first: Option<TaskId>,
    ) {
        let id = record.step;
        let Some(entry) = self.undo.get_mut(&of) else { return };
        entry.state = UndoState::Undoing(id);
        let (data, child) = (entry.to_value(), entry.child);
        let step = Step {
            path: entry.path.undo(&entry.key),
            activity: Activity::Undo { entry: of, child },
            ..Step::new(record.task, Some(parent), record.at, data)
        };
        self.work.retain(|work| *work != Work::Undo { step: parent });
        self.steps.insert(id, step);
        self.steps_activated = self.steps_activated.max(id.0 + 1);
        match first {
            Some(task) => self.push(Work::Enter { parent: id, task }),
            None if child.is_none() => self.push(Work::Leave { step: id }),
            None => {}
        }
    }

    pub(super) fn undone(&mut self, id: StepId) {
        let Some(step) = self.steps.get(&id) else { return };
        let Activity::Undo { entry, .. } = step.activity else { return };
        let (parent, path) = (step.parent.unwrap_or(StepId(0)), step.path);
        if let Some(entry) = self.undo.get_mut(&entry) {
            if sabotage::is(Sabotage::UndoTwice) && self.spent.insert(entry.path.undo("twice")) {
                entry.path = entry.path.undo("again");
                self.spent.insert(entry.path.undo("twice"));
                entry.state = UndoState::Noted;
            } else {
                entry.state = UndoState::Undone;
                entry.strip();
            }
        }
        self.repeats.remove(&path);
        self.clear(id);
        self.wake(parent);
    }

    /// The undo of an entry begins again from its beginning.
    pub(super) fn undo_again(&mut self, id: StepId) {
        let Some(step) = self.steps.get(&id) else { return };
        let Activity::Undo { entry, .. } = step.activity else { return };
        let parent = step.parent.unwrap_or(StepId(0));
        if let Some(entry) = self.undo.get_mut(&entry) {
            entry.state = UndoState::Noted;
        }
        self.clear(id);
        self.wake(parent);
    }

    /// Everything that was to be undone at the step is.
    pub(super) fn undo_ended(&mut self, at: StepId) {
        self.work.retain(|work| *work != Work::Undo { step: at });
        let Some(undoing) = self.steps.change(at, |step| step.undoing.take()).flatten() else {
            return;
        };
        self.timers.extend(undoing.timers);
        let is_holder = at.0 == 0 || self.steps.get(&at).is_some_and(|step| step.guard.is_some());
        if !is_holder {
            let above = self.holder_above(at);
            for entry in self.undo.values_mut().filter(|entry| entry.holder == at) {
                entry.holder = above;
            }
        }
        if undoing.cause == UndoCause::Finishing {
            self.push(Work::Leave { step: at });
        }
    }

    /// Steps are about to go. Undo steps among them stay, beneath the nearest step that does; entries pass upwards, and are
    /// doomed where a saga or a race's branch goes that is not complete.
    pub(super) fn release(
        &mut self,
        gone: &mut BTreeSet<StepId>,
        target: Option<StepId>,
        complete: bool,
    ) {
        self.spare_undos(gone, target);
        let holders: BTreeSet<StepId> = self.undo.values().map(|entry| entry.holder).collect();
        let mut anchors = BTreeSet::new();
        for holder in holders.intersection(gone) {
            let (mut below, mut is_doomed) = (*holder, false);
            while gone.contains(&below) {
                let Some(step) = self.steps.get(&below) else { break };
                if step.dooms() && !(complete && target == Some(below)) {
                    is_doomed = true;
                    self.spent.insert(step.path);
                }
                let Some(parent) = step.parent else { break };
                below = parent;
            }
            let (anchor, above) = (self.anchor(below), self.holder_from(below));
            for entry in self.undo.values_mut().filter(|entry| entry.holder == *holder) {
                entry.is_doomed |= is_doomed;
                entry.holder = if entry.is_doomed { anchor } else { above };
            }
            anchors.insert(anchor);
        }
        for anchor in anchors {
            self.wake(anchor);
        }
    }

    /// `end` cuts steps off whose outcome is open: what they turn out to have done is undone.
    pub(super) fn doom_pending(&mut self) {
        let is_pending = |entry: &&mut UndoEntry| entry.outcome == UndoOutcome::Pending;
        for entry in self.undo.values_mut().filter(is_pending) {
            entry.is_doomed = true;
        }
    }

    /// What remains of the entries when the instance ends.
    pub(super) fn undo_at_end(&mut self, end: &End) {
        let is_awaited = self.start.parent.as_ref().is_some_and(|parent| parent.awaited);
        match end {
            // The parent may want it undone.
            End::Completed(_) if is_awaited => {
                self.undo.retain(|_, entry| entry.is_noted());
            }
            End::Completed(_) => self.undo.clear(),
            End::Faulted { .. } if !self.undo_begun => {}
            End::Faulted { .. } | End::Cancelled { .. } => {
                self.undo.values_mut().for_each(UndoEntry::strip);
            }
        }
    }

    /// A step above the present one that holds entries, or this one.
    fn holder_from(&self, id: StepId) -> StepId {
        let own = self.steps.get(&id).is_some_and(|it| it.guard.is_some() || it.undoing.is_some());
        if own { id } else { self.holder_above(id) }
    }

    fn spare_undos(&mut self, gone: &mut BTreeSet<StepId>, target: Option<StepId>) {
        let undos: Vec<StepId> = gone
            .iter()
            .copied()
            .filter(|id| self.steps.get(id).is_some_and(Step::is_undo))
            .filter(|id| target != Some(*id))
            .collect();
        for undo in undos {
            gone.remove(&undo);
            for beneath in self.descendants(undo) {
                gone.remove(&beneath);
            }
            let mut above = self.steps.get(&undo).and_then(|step| step.parent);
            while let Some(id) = above.filter(|id| gone.contains(id)) {
                above = self.steps.get(&id).and_then(|step| step.parent);
            }
            let anchor = self.anchor(above.unwrap_or(StepId(0)));
            self.change(undo, |step| step.parent = Some(anchor));
        }
    }

    /// The paths of a step that was undone are not used again: its services would take repeated calls for the old ones.
    fn spend(&mut self, at: StepId) {
        if let Some(step) = self.steps.get(&at).filter(|_| at.0 != 0) {
            self.spent.insert(step.path);
        }
    }

    fn wake_holder(&mut self, of: StepId) {
        if let Some(holder) = self.undo.get(&of).map(|entry| entry.holder) {
            self.wake(holder);
        }
    }

    pub(super) fn wake(&mut self, at: StepId) {
        if self.is_undo_ready(at) {
            self.push(Work::Undo { step: at });
        }
    }
}

impl UndoEntry {
    fn completed(&mut self, output: &Value) {
        self.outcome = UndoOutcome::Completed;
        self.output = Some(output.clone());
        self.error = None;
    }

    /// Later attempts do not take back what an earlier one may have done.
    fn may_have_run(&mut self, error: Option<&WorkflowError>) {
        if self.outcome == UndoOutcome::Completed {
            return;
        }
        self.outcome = UndoOutcome::Unknown;
        if let Some(error) = error {
            self.error = Some(Box::new(error.clone()));
        }
    }
}

impl Step {
    /// A step that has just begun with this data.
    pub(crate) fn new(
        task: Option<TaskId>,
        parent: Option<StepId>,
        at: Timestamp,
        data: Value,
    ) -> Self {
        Self {
            task,
            parent,
            path: Path::default(),
            started_at: at,
            raw_input: data.clone(),
            input: data.clone(),
            context: None,
            data,
            visits: std::collections::BTreeMap::new(),
            result: None,
            activity: Activity::Leaf,
            guard: None,
            committed: false,
            undoing: None,
        }
    }

    /// Whether it holds no tasks.
    fn is_leaf(&self) -> bool {
        matches!(
            self.activity,
            Activity::Leaf
                | Activity::Wait
                | Activity::Call { .. }
                | Activity::Job { .. }
                | Activity::Child(_)
        )
    }
}
