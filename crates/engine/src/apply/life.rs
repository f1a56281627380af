//! The instance as a whole: how it begins, stops, goes on and ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_expr::Value;
use motet_types::{InstanceId, StepId, TaskId, Timestamp};

use crate::{
    Activity, CallState, End, Fact, Incident, Instance, Start, Step, Steps, TimerKind, Timers,
    TryPhase, Work,
};

impl Instance {
    /// An instance about which nothing is known yet; the first record it takes makes it: `Queued` or `Started`.
    pub fn blank(id: InstanceId, start: Arc<Start>) -> Self {
        Self {
            id,
            start,
            started_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            records: 0,
            steps_activated: 0,
            steps: Steps::default(),
            work: std::collections::VecDeque::new(),
            timers: Timers::default(),
            abandoned: std::collections::BTreeSet::new(),
            abandoned_tasks: BTreeMap::new(),
            has_completed_call: false,
            suspended: false,
            incidents: BTreeMap::new(),
            end: None,
            events: None,
            undo: BTreeMap::new(),
            spent: std::collections::BTreeSet::new(),
            repeats: BTreeMap::new(),
            undo_begun: false,
            is_queued: false,
            business_key: None,
            attributes: BTreeMap::new(),
        }
    }

    pub(super) fn queued(&mut self, start: &Arc<Start>, at: Timestamp) {
        self.start = start.clone();
        self.started_at = at;
        self.is_queued = true;
    }

    pub(super) fn admitted(&mut self) {
        self.is_queued = false;
        self.work.push_back(Work::Begin);
    }

    pub(super) fn described(&mut self, fact: &Fact) {
        let Fact::Described { business_key, attributes } = fact else { return };
        if let Some(key) = business_key {
            self.business_key = Some(key.clone());
        }
        self.attributes
            .extend(attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    pub(super) fn started(
        &mut self,
        start: &Arc<Start>,
        data: Option<&Value>,
        due: Option<Timestamp>,
        first: TaskId,
        at: Timestamp,
    ) {
        let data = data.unwrap_or(&start.input).clone();
        self.start = start.clone();
        self.started_at = at;
        self.work.retain(|work| *work != Work::Begin);
        self.steps_activated = 1;
        let root = Step {
            raw_input: start.input.clone(),
            context: Some(data.clone()),
            activity: Activity::Scope,
            ..Step::new(None, None, at, data)
        };
        self.steps.insert(StepId(0), root);
        if let Some(due) = due {
            self.timers.insert((due, StepId(0), TimerKind::Timeout));
        }
        self.push(Work::Enter { parent: StepId(0), task: first });
    }

    pub(super) fn failed(&mut self, id: StepId, error: &crate::WorkflowError) {
        self.clear_beneath(id);
        self.work.retain(|work| work.step() != id);
        self.timers.take(id);
        self.change(id, |step| step.result = Some(Err(Box::new(error.clone()))));
    }

    /// An incident takes the place of an earlier one of its step; the input that a defect kept stays to be fed.
    pub(super) fn incident_raised(&mut self, id: StepId, incident: &Incident) {
        let earlier = self.incidents.insert(id, incident.clone());
        if let Some(Incident::Panic { input, .. }) = earlier {
            self.push(Work::Feed { input });
        }
    }

    /// The instance goes on: failed steps, and those whose child was cancelled, are entered again on their old paths,
    /// abandoned calls are sent again.
    pub(super) fn reopened(&mut self) {
        let mut again = Vec::new();
        let incidents = self.incidents.clone();
        for (step, incident) in incidents {
            match incident {
                Incident::Fault(_) | Incident::Undo(_) => again.push(step),
                Incident::Panic { input, .. } => {
                    self.incidents.remove(&step);
                    self.push(Work::Feed { input });
                }
            }
        }
        again.extend(self.postponed_steps());
        if let Some(End::Faulted { step, .. }) = self.end.take() {
            again.push(step);
        }
        // The incident of a failed workflow may have given way to that of a defect.
        let has_failed = |root: &Step| matches!(root.result, Some(Err(_)));
        if self.steps.get(&StepId(0)).is_some_and(has_failed) {
            again.push(StepId(0));
        }
        again.extend(
            self.steps
                .iter()
                .filter(|(_, step)| step.activity == Activity::Leaf && step.result.is_none())
                .map(|(id, _)| *id),
        );
        for id in again {
            self.enter_again(id);
        }
        let abandoned: Vec<StepId> = self
            .steps
            .iter()
            .filter(|(_, step)| {
                matches!(
                    step.activity,
                    Activity::Call { state: CallState::Abandoned, .. }
                        | Activity::Job { state: CallState::Abandoned, .. }
                )
            })
            .map(|(id, _)| *id)
            .collect();
        for step in abandoned {
            self.push(Work::Resend { step });
        }
        self.listen_again();
    }

    /// A step that has to succeed begins again later.
    pub(super) fn postponed(&mut self, id: StepId, number: u32, at: Timestamp) {
        let Some(path) = self.steps.get(&id).map(|step| step.path) else {
            return;
        };
        self.repeats.insert(path, number);
        self.timers.insert((at, id, TimerKind::Again));
    }

    /// Failed steps that wait for another try.
    pub(crate) fn postponed_steps(&self) -> Vec<StepId> {
        let again = self.timers.iter().filter(|(.., kind)| *kind == TimerKind::Again);
        again.map(|(_, step, _)| *step).collect()
    }

    pub(super) fn enter_again(&mut self, id: StepId) {
        let Some(step) = self.steps.get(&id) else {
            return;
        };
        if step.is_undo() {
            return self.undo_again(id);
        }
        match (step.parent, step.task) {
            (Some(parent), Some(task)) => {
                // What it did stands: it is the same work on the same path.
                self.clear_as(id, true);
                self.change(parent, |parent| {
                    if let Some(visits) = parent.visits.get_mut(&task) {
                        *visits = visits.saturating_sub(1);
                    }
                });
                self.push(Work::Enter { parent, task });
            }
            // The workflow itself: its output failed, or its time was up while steps were open.
            _ => {
                self.incidents.remove(&id);
                self.change(id, |step| step.result = None);
                if self.steps.len() == 1 {
                    self.push(Work::Leave { step: id });
                }
            }
        }
    }

    /// A faulted instance keeps its open steps, because it may be reopened; every other end keeps the workflow alone.
    pub(super) fn ended(&mut self, end: &End) {
        self.end = Some(end.clone());
        self.undo_at_end(end);
        if !matches!(end, End::Faulted { .. }) {
            self.is_queued = false;
            for id in self.steps.keys().copied().skip(1).collect::<Vec<_>>() {
                self.steps.remove(id);
            }
            self.change(StepId(0), |root| root.undoing = None);
            self.work.clear();
            self.timers.clear();
            self.incidents.clear();
        }
    }

    pub(super) fn retried(&mut self, id: StepId, first: TaskId, due: Option<Timestamp>) {
        self.timers.remove(id, TimerKind::Retry);
        self.change(id, |step| {
            step.data = step.input.clone();
            step.visits.clear();
            step.result = None;
            if let Activity::Try { phase, .. } = &mut step.activity {
                *phase = TryPhase::Body;
            }
        });
        self.timers.extend(due.map(|due| (due, id, TimerKind::Attempt)));
        self.push(Work::Enter { parent: id, task: first });
    }
}
