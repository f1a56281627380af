//! Whose calls wait for a service: of which version of which workflow, of how many instances, and until when the first of
//! them may.
//!
//! Their instances may be outside of memory, so what is told of them is noted as a call joins its line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_engine::Instance;
use motet_types::{Attempt, InstanceId, StepId, Timestamp, WorkflowRef};

use crate::shard::dispatch::CallId;

/// Versions of workflows that are told of one line, those with the nearest deadline first.
pub const WORKFLOWS_SHOWN_MAX: usize = 100;

/// What ends the time of a call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadlineKind {
    /// The timeout of its task, or of one that this is in.
    Task,
    /// The timeout of its workflow.
    Workflow,
    /// The patience of the service's document.
    Patience,
}

impl DeadlineKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Workflow => "workflow",
            Self::Patience => "patience",
        }
    }
}

/// When the first of some calls stops waiting, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    pub at: Timestamp,
    pub kind: DeadlineKind,
}

/// Calls of one version of a workflow that wait in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingWorkflow {
    pub workflow: WorkflowRef,
    pub calls: usize,
    pub instances: usize,
    /// None where all undo something and no timeout is around them.
    pub deadline: Option<Deadline>,
}

/// A call as it joins a line.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    workflow: Arc<WorkflowRef>,
    timeout: Option<Deadline>,
    /// Since when it waits, if its patience has an end.
    patient_since: Option<Timestamp>,
}

impl Caller {
    pub(super) fn new(instance: &Instance, step: StepId, patient_since: Option<Timestamp>) -> Self {
        let timeout = instance.timeout_of(step).map(|(at, of)| {
            let kind = if of == ROOT { DeadlineKind::Workflow } else { DeadlineKind::Task };
            Deadline { at, kind }
        });
        let workflow = Arc::new(instance.start.definition.clone());
        Self { workflow, timeout, patient_since }
    }
}

/// The step that stands for the workflow.
const ROOT: StepId = StepId(0);

/// The callers of one line.
#[derive(Default)]
pub(super) struct Callers {
    calls: BTreeMap<CallId, Caller>,
    workflows: BTreeMap<Arc<WorkflowRef>, Own>,
}

/// Those of one version of a workflow.
#[derive(Default)]
struct Own {
    calls: usize,
    instances: usize,
    timeouts: Counts<Deadline>,
    patient_since: Counts<Timestamp>,
}

impl Callers {
    pub(super) fn join(&mut self, call: CallId, mut caller: Caller) {
        self.leave(&call);
        let is_first = !self.has_others(&call, &caller.workflow);
        if let Some((workflow, _)) = self.workflows.get_key_value(&caller.workflow) {
            caller.workflow = workflow.clone();
        }
        let own = self.workflows.entry(caller.workflow.clone()).or_default();
        own.calls += 1;
        own.instances += usize::from(is_first);
        caller.timeout.into_iter().for_each(|timeout| own.timeouts.add(timeout));
        caller.patient_since.into_iter().for_each(|since| own.patient_since.add(since));
        self.calls.insert(call, caller);
    }

    pub(super) fn leave(&mut self, call: &CallId) {
        let Some(caller) = self.calls.remove(call) else { return };
        let was_last = !self.has_others(call, &caller.workflow);
        let own = self.workflows.get_mut(&caller.workflow);
        let own = own.expect("a call is counted with its workflow as long as it waits");
        own.calls -= 1;
        own.instances -= usize::from(was_last);
        caller.timeout.into_iter().for_each(|timeout| own.timeouts.take(&timeout));
        caller.patient_since.into_iter().for_each(|since| own.patient_since.take(&since));
        if own.calls == 0 {
            self.workflows.remove(&caller.workflow);
        }
    }

    /// Instances that wait.
    pub(super) fn instances(&self) -> usize {
        self.workflows.values().map(|own| own.instances).sum()
    }

    /// Those with the nearest deadline first, and how many more there are.
    pub(super) fn views(&self, patience: Duration) -> (Vec<WaitingWorkflow>, usize) {
        let view = |(workflow, own): (&Arc<WorkflowRef>, &Own)| WaitingWorkflow {
            workflow: WorkflowRef::clone(workflow),
            calls: own.calls,
            instances: own.instances,
            deadline: own.deadline(patience),
        };
        let mut views: Vec<_> = self.workflows.iter().map(view).collect();
        views.sort_by_key(|own| (own.deadline.is_none(), own.deadline));
        let left_out = views.len().saturating_sub(WORKFLOWS_SHOWN_MAX);
        views.truncate(WORKFLOWS_SHOWN_MAX);
        (views, left_out)
    }

    /// Whether another call of the same instance waits.
    fn has_others(&self, call: &CallId, workflow: &Arc<WorkflowRef>) -> bool {
        let all = first_of(call.0)..=last_of(call.0);
        let mut others = self.calls.range(all).filter(|(other, _)| *other != call);
        others.any(|(_, other)| other.workflow == *workflow)
    }
}

impl Own {
    fn deadline(&self, patience: Duration) -> Option<Deadline> {
        let ends = self.patient_since.first().map(|since| Deadline {
            at: since.saturating_add(patience),
            kind: DeadlineKind::Patience,
        });
        self.timeouts.first().copied().into_iter().chain(ends).min()
    }
}

/// How often there is each of some values.
struct Counts<T>(BTreeMap<T, usize>);

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Counts<T> {
    fn add(&mut self, value: T) {
        *self.0.entry(value).or_default() += 1;
    }

    fn take(&mut self, value: &T) {
        let Some(count) = self.0.get_mut(value) else { return };
        *count -= 1;
        if *count == 0 {
            self.0.remove(value);
        }
    }

    fn first(&self) -> Option<&T> {
        self.0.first_key_value().map(|(value, _)| value)
    }
}

fn first_of(id: InstanceId) -> CallId {
    (id, StepId(0), Attempt(0))
}

fn last_of(id: InstanceId) -> CallId {
    (id, StepId(u32::MAX), Attempt(u32::MAX))
}
