//! What an input leads to: a state, and the records that lead there.

mod commands;
mod describe;
mod events;
mod failure;
mod flow;
mod iterations;
mod jobs;
mod timers;
mod undo;

pub(crate) use flow::Handled;
pub(crate) use jobs::leave_again;

use motet_definition::graph::{Graph, Vertex};
use motet_expr::Value;
use motet_types::{InstanceId, Limits, ShardId, StepId, TaskId, Timestamp, WorkflowRef};

use crate::secret::SecretKey;
use crate::{Catalog, Fact, Input, Instance, Record, Rejection, Start};

/// What a step may look at besides the instance and its input.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The graph of the instance's version.
    pub graph: &'a Graph,
    pub catalog: &'a Catalog,
    pub now: Timestamp,
    pub limits: &'a Limits,
    /// Makes the markers of secrets.
    pub secret_key: &'a SecretKey,
    /// Whether instances of a version may have something to undo.
    pub undoable: &'a dyn Fn(&WorkflowRef) -> bool,
    /// Where an instance of a version has to begin with this input, where that is not free: [`crate::turn::place`].
    pub place: &'a dyn Fn(&WorkflowRef, &Value) -> Option<ShardId>,
}

/// A result, and the fuel that its expressions burnt, in evaluated terms.
#[derive(Debug)]
pub struct Metered<T> {
    pub result: T,
    pub fuel_burnt: u64,
}

/// Begins an instance: its first records, up to the first thing it has to wait for.
///
/// Input that the definition refuses makes an instance that faults at once, so that every accepted start leaves a trace.
pub fn begin(ctx: &Context<'_>, id: InstanceId, start: Start) -> (Instance, Vec<Record>) {
    begin_metered(ctx, id, start).result
}

/// [`begin`], with what it cost.
pub fn begin_metered(
    ctx: &Context<'_>,
    id: InstanceId,
    start: Start,
) -> Metered<(Instance, Vec<Record>)> {
    let mut instance = Instance::blank(id, std::sync::Arc::new(start.clone()));
    let mut decider = Decider::new(ctx, &mut instance);
    decider.begin(start);
    decider.run();
    let Metered { result: records, fuel_burnt } = decider.finish();
    Metered { result: (instance, records), fuel_burnt }
}

/// Makes an instance that waits for its turn: [`Input::Admit`] begins it, or it goes on at once where that `has_come`.
pub fn queue(
    now: Timestamp,
    id: InstanceId,
    start: Start,
    has_come: bool,
) -> (Instance, Vec<Record>) {
    let start = std::sync::Arc::new(start);
    let mut instance = Instance::blank(id, start.clone());
    let facts = [Some(Fact::Queued { start }), has_come.then_some(Fact::Admitted)];
    let record = |fact| Record { at: now, step: StepId(0), task: None, fact, actor: None };
    let records: Vec<Record> = facts.into_iter().flatten().map(record).collect();
    records.iter().for_each(|record| instance.apply(record));
    (instance, records)
}

/// Feeds one input to an instance: applies what follows from it, and returns the records to persist.
///
/// # Errors
/// A [`Rejection`] comes before the first record: nothing has changed then.
pub fn step(
    ctx: &Context<'_>,
    instance: &mut Instance,
    input: Input,
) -> Result<Vec<Record>, Rejection> {
    step_metered(ctx, instance, input).result
}

/// [`step`], with what it cost; a rejection costs nothing.
pub fn step_metered(
    ctx: &Context<'_>,
    instance: &mut Instance,
    input: Input,
) -> Metered<Result<Vec<Record>, Rejection>> {
    let mut decider = Decider::new(ctx, instance);
    if let Err(rejection) = decider.take(input) {
        return Metered { result: Err(rejection), fuel_burnt: 0 };
    }
    decider.run();
    let Metered { result: records, fuel_burnt } = decider.finish();
    Metered { result: Ok(records), fuel_burnt }
}

/// One step in the making: every record is applied as it is written, so that what follows sees it.
pub(crate) struct Decider<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) catalog: &'a Catalog,
    pub(crate) limits: &'a Limits,
    pub(crate) secret_key: &'a SecretKey,
    pub(crate) undoable: &'a dyn Fn(&WorkflowRef) -> bool,
    pub(crate) place: &'a dyn Fn(&WorkflowRef, &Value) -> Option<ShardId>,
    /// Not before the instance's last record.
    pub(crate) now: Timestamp,
    pub(crate) instance: &'a mut Instance,
    records: Vec<Record>,
    /// Terms evaluated so far.
    pub(crate) fuel_burnt: u64,
    /// Bytes of values written so far.
    pub(crate) bytes_written: usize,
    /// Bytes written when the instance's size was last looked at.
    pub(crate) bytes_checked: usize,
}

impl<'a> Decider<'a> {
    fn new(ctx: &Context<'a>, instance: &'a mut Instance) -> Self {
        Self {
            graph: ctx.graph,
            catalog: ctx.catalog,
            limits: ctx.limits,
            secret_key: ctx.secret_key,
            undoable: ctx.undoable,
            place: ctx.place,
            now: ctx.now.max(instance.updated_at),
            instance,
            records: Vec::with_capacity(8),
            fuel_burnt: 0,
            bytes_written: 0,
            bytes_checked: 0,
        }
    }

    fn take(&mut self, input: Input) -> Result<(), Rejection> {
        match input {
            Input::Outcome { step, attempt, outcome } => self.outcome(step, attempt, outcome),
            Input::Park { step, attempt, parked } => self.park(step, attempt, parked),
            Input::Release { step, attempt } => self.release(step, attempt),
            Input::ChildEnded { step, child, result, undoable } => {
                self.child_ended(step, child, result, undoable)
            }
            Input::TimersDue => self.timers_due(),
            Input::Admit => self.admit(),
            Input::Refuse { error } => self.refuse_queued(error),
            Input::Continue => self.proceed(),
            Input::Found { step, event, received, matches } => {
                self.found(step, event, received, &matches)
            }
            Input::NotListening { step, reason } => self.not_listening(step, &reason),
            Input::Mail { event } => self.mail(event),
            Input::Cancel { reason, force, without_undo } => {
                self.cancel(reason, force, without_undo)
            }
            Input::Suspend { reason } => self.suspend(reason),
            Input::Resume => self.resume(),
            Input::Retry => self.retry(),
            Input::Job { step, attempt, command } => self.job(step, attempt, command),
            Input::Panicked { message, input } => self.panicked(message, input),
            Input::Doubt { step, attempt } => self.doubt(step, attempt),
            Input::Undo { step } => self.undo_for_parent(step),
            Input::ChildUndone { step, child, error } => self.child_undone(step, child, error),
        }
    }

    fn finish(self) -> Metered<Vec<Record>> {
        Metered { result: self.records, fuel_burnt: self.fuel_burnt }
    }

    /// Writes a record about an open step, or about one that left an attempt in flight.
    pub(crate) fn emit(&mut self, step: StepId, fact: Fact) {
        let open = self.instance.steps.get(&step);
        let gone = || self.instance.abandoned_tasks.get(&step).copied();
        let task = open.map_or_else(gone, |step| step.task);
        self.emit_about(step, task, fact);
    }

    /// Writes a record about a step that is not open, or not yet.
    pub(crate) fn emit_about(&mut self, step: StepId, task: Option<TaskId>, fact: Fact) {
        self.bytes_written += written(&fact);
        let record = Record { at: self.now, step, task, fact, actor: None };
        self.instance.apply(&record);
        self.records.push(record);
    }

    pub(crate) fn vertex(&self, task: TaskId) -> &'a Vertex {
        self.graph.vertex(task)
    }

    /// The vertex of an open step other than the workflow.
    pub(crate) fn vertex_of(&self, step: StepId) -> Option<&'a Vertex> {
        self.instance
            .steps
            .get(&step)
            .and_then(|step| step.task)
            .map(|task| self.graph.vertex(task))
    }

    /// The JSON pointer of an open step: where its errors come from.
    pub(crate) fn reference(&self, step: StepId) -> &'a str {
        self.vertex_of(step).map_or("", |vertex| &vertex.reference)
    }

    fn is_spent(&self) -> bool {
        self.records.len() >= self.limits.step_records_max
            || self.bytes_written >= self.limits.step_bytes_max
            || self.fuel_burnt >= self.limits.step_fuel_max
    }
}

/// Bytes of the values that a fact carries, roughly.
fn written(fact: &Fact) -> usize {
    let optional = |value: &Option<Value>| value.as_ref().map_or(0, motet_expr::json::size_bound);
    match fact {
        Fact::Activated { input, .. } => optional(input),
        Fact::Completed { output, context, .. } => optional(output) + optional(context),
        Fact::JobCreated { job, .. } => motet_expr::json::size_bound(&job.input),
        Fact::Settled { settled, .. } | Fact::JobSettled { settled, .. } => {
            settled.result.as_ref().map_or(0, motet_expr::json::size_bound)
        }
        Fact::Emitted { event } | Fact::Consumed { event, .. } | Fact::Received { event } => {
            event.size_bound()
        }
        Fact::Handled { output, context, .. } => {
            motet_expr::json::size_bound(output) + optional(context)
        }
        _ => 0,
    }
}
