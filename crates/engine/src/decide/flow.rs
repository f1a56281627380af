//! How the flow moves: the queue of work, tasks that begin, tasks that are done.

use motet_definition::graph::{self, Flow, Vertex};
use motet_expr::Value;
use motet_types::{StepId, TaskId};

use super::Decider;
use crate::data::{Frame, Place};
use crate::{
    Activity, End, ErrorKind, Fact, Guard, Next, Opening, Rejection, Start, TryPhase, UndoCause,
    Work, WorkflowError, task,
};

/// How a task's handler leaves it.
pub(crate) enum Handled {
    /// Something else moves the step now.
    Open,
    /// It is done, with this raw output (`None`: its input) and perhaps a directive of its own.
    Done { output: Option<Value>, then: Option<Flow> },
}

/// What a step gives that is done, each where it differs from what the state holds.
struct Outgoing {
    output: Option<Value>,
    context: Option<Value>,
    /// How the instance is found from now on.
    described: Option<Fact>,
}

impl Decider<'_> {
    /// Does what can be done at once, up to the first thing to wait for, or the limits of one step.
    pub(super) fn run(&mut self) {
        while self.instance.has_work() {
            if self.is_spent() {
                self.emit(StepId(0), Fact::Yielded);
                return;
            }
            // An undo frees what it took; there is no other way out.
            if !self.instance.is_compensating()
                && let Err(error) = self.check_instance_size()
            {
                return self.fault_workflow(error);
            }
            let Some(work) = self.instance.work.front().cloned() else {
                return;
            };
            let records_before = self.records.len();
            match work {
                Work::Enter { parent, task } => self.enter(parent, task),
                Work::Iterate { step } => self.iterate(step),
                Work::Leave { step } => self.leave(step),
                Work::Resend { step } => task::call::resend(self, step),
                Work::Feed { input } => self.feed(*input),
                Work::Listen { step } => task::listen::go_on(self, step),
                Work::Undo { step } => self.undo(step),
                Work::Begin => self.begin((*self.instance.start).clone()),
            }
            let is_done = self.records.len() > records_before;
            assert!(is_done, "work that leaves no record would never end");
        }
    }

    /// Goes on after a yield or a recovery.
    pub(super) fn proceed(&mut self) -> Result<(), Rejection> {
        if self.instance.has_work() { Ok(()) } else { Err(Rejection::Stale) }
    }

    pub(super) fn admit(&mut self) -> Result<(), Rejection> {
        if !self.instance.is_queued || self.instance.end.is_some() {
            return Err(Rejection::Stale);
        }
        self.emit_about(StepId(0), None, Fact::Admitted);
        Ok(())
    }

    /// Ends what will never begin.
    pub(super) fn refuse_queued(&mut self, error: Box<WorkflowError>) -> Result<(), Rejection> {
        if !self.instance.is_queued || self.instance.end.is_some() {
            return Err(Rejection::Stale);
        }
        let end = End::Faulted { step: StepId(0), error };
        self.emit_about(StepId(0), None, Fact::Ended { end });
        Ok(())
    }

    /// Writes that the workflow begins; what can be done at once is left to be done.
    pub(super) fn begin(&mut self, mut start: Start) {
        let graph = self.graph;
        let first = graph.first(graph.root);
        let input = start.input.clone();
        let frame = Frame::new(Place::Outside { raw_input: &input });
        let described = self.describe(&mut start, &frame);
        let prepared = described.and_then(|()| self.prepare(&graph.input, &input, &frame, "input"));
        let due = graph.timeout.as_ref().map(|timeout| {
            self.span(&timeout.after, &input, &frame).map(|after| self.now.saturating_add(after))
        });
        let (data, due, error) = match (prepared, due.transpose()) {
            (Ok(data), Ok(due)) => (data, due, None),
            (Err(error), _) | (_, Err(error)) => (None, None, Some(error)),
        };
        let start = std::sync::Arc::new(start);
        self.emit_about(StepId(0), None, Fact::Started { start, data, due, first });
        if let Some(error) = error {
            self.refuse(error);
        }
    }

    /// Evaluates the business key and the search attributes, which are fixed from the start.
    fn describe(&mut self, start: &mut Start, frame: &Frame<'_>) -> Result<(), WorkflowError> {
        let input = start.input.clone();
        let (business_key, attributes) =
            self.evaluate_description(&self.graph.description, &input, frame)?;
        start.business_key = business_key;
        start.attributes = attributes;
        Ok(())
    }

    fn enter(&mut self, parent: StepId, task: TaskId) {
        let vertex = self.vertex(task);
        let raw_input = self.instance.step(parent).data.clone();
        let frame = Frame::new(Place::Before { parent, vertex, raw_input: &raw_input });
        match self.condition(vertex.condition.as_ref(), &raw_input, &frame, "if") {
            Ok(true) => {}
            Ok(false) => {
                let next = self.in_order(vertex);
                if self.instance.start.semantics < 2 && self.instance.is_race(parent) {
                    self.abandon_all(parent, None);
                }
                self.emit_about(parent, Some(task), Fact::Skipped { next });
                return self.fail_race_without_winner(parent);
            }
            Err(error) => {
                let step = self.activate(parent, vertex, None, None, Opening::Leaf);
                return self.fail(step, error);
            }
        }
        if let Some(error) = self.too_many(parent, vertex) {
            let step = self.activate(parent, vertex, None, None, Opening::Leaf);
            return self.fault(step, error.at(&vertex.reference));
        }
        let prepared = self.prepare(&vertex.input, &raw_input, &frame, "input");
        let input = match prepared {
            Ok(input) => input,
            Err(error) => {
                let step = self.activate(parent, vertex, None, None, Opening::Leaf);
                return self.fail(step, error);
            }
        };
        task::begin(self, parent, vertex, input);
    }

    /// Whether the instance has had enough: of steps, where an undo may need as many again, or of entries to undo.
    fn too_many(&self, parent: StepId, vertex: &Vertex) -> Option<WorkflowError> {
        let instance = &*self.instance;
        let has_undo = vertex.undo.is_some() || matches!(vertex.kind, graph::Kind::Run(_));
        let (entries_max, steps_max) = (self.limits.undo_entries_max, self.limits.steps_max);
        if has_undo && instance.undo_entries() >= entries_max {
            let detail = format!("undo_entries_max is {entries_max}");
            return Some(WorkflowError::new(ErrorKind::Runtime, "too much to undo", detail));
        }
        let steps_max = match instance.is_undo(parent) {
            true => steps_max.saturating_mul(2),
            false => steps_max,
        };
        (instance.steps_activated >= steps_max).then(|| {
            let detail = format!("the instance has activated {steps_max} steps");
            WorkflowError::new(ErrorKind::Runtime, "too many steps", detail)
        })
    }

    /// What a task means to the saga around it.
    fn guard(&self, parent: StepId, vertex: &Vertex) -> Option<Guard> {
        let guard = Guard {
            undo: vertex.undo.is_some(),
            saga: vertex.is_saga,
            pivot: vertex.is_pivot,
            race: self.graph.may_undo && self.instance.is_race(parent),
        };
        guard.some()
    }

    /// Writes that a task begins; `input` is given where it differs from the raw one.
    pub(crate) fn activate(
        &mut self,
        parent: StepId,
        vertex: &Vertex,
        input: Option<Value>,
        due: Option<motet_types::Timestamp>,
        opening: Opening,
    ) -> StepId {
        let step = StepId(self.instance.steps_activated);
        let guard = self.guard(parent, vertex);
        let fact = Fact::Activated { parent, input, due, opening, guard };
        self.emit_about(step, Some(vertex.id), fact);
        step
    }

    fn iterate(&mut self, step: StepId) {
        let Some(vertex) = self.vertex_of(step) else {
            return;
        };
        let graph::Kind::For(task) = &vertex.kind else {
            return;
        };
        if task.parallel.is_some() {
            return self.begin_iteration(step, vertex, task);
        }
        let open = self.instance.step(step);
        let Activity::Loop { items: Value::Arr(items), index } = &open.activity else {
            return;
        };
        let (index, is_over) = (*index, *index as usize >= items.len());
        let data = open.data.clone();
        let frame = Frame::new(Place::Within { step, vertex });
        let goes_on = !is_over
            && match self.condition(task.condition.as_ref(), &data, &frame, "while") {
                Ok(goes_on) => goes_on,
                Err(error) => return self.fail(step, error),
            };
        if goes_on {
            let first = self.graph.first(task.body);
            self.emit(step, Fact::Iterated { index, first });
        } else {
            self.complete(step, None, None);
        }
    }

    fn leave(&mut self, step: StepId) {
        let open = self.instance.step(step);
        if let Some(Err(error)) = &open.result {
            let error = (**error).clone();
            return self.fail(step, error);
        }
        if let Activity::Iteration { .. } = &open.activity {
            let end = Fact::Completed { output: None, context: None, next: Next::EndScope };
            return self.emit(step, end);
        }
        if open.is_undo() {
            return self.emit(step, Fact::Undone);
        }
        let Some(vertex) = self.vertex_of(step) else {
            return self.end_workflow();
        };
        let then = match (&vertex.kind, &open.activity) {
            (graph::Kind::Try(task), Activity::Try { phase: TryPhase::Handling(_), .. }) => {
                task.then
            }
            _ => None,
        };
        self.complete(step, None, then);
    }

    /// Completes a step: transforms and checks its output, exports, and goes where the directive says.
    ///
    /// `output` is the raw output where the state does not hold it; `then` overrides the task's own directive.
    pub(crate) fn complete(&mut self, step: StepId, output: Option<Value>, then: Option<Flow>) {
        let Some(vertex) = self.vertex_of(step) else {
            return;
        };
        let is_held = output.is_none();
        let raw = output.unwrap_or_else(|| self.instance.step(step).raw_output());
        match self.outgoing(step, vertex, &raw) {
            Ok(Outgoing { output: transformed, context, described }) => {
                if let Some(described) = described {
                    self.emit(step, described);
                }
                let next = self.resolve(vertex, then.unwrap_or(vertex.then));
                let parent = self.instance.step(step).parent;
                if next == Next::EndWorkflow {
                    self.abandon_all(StepId(0), Some(step));
                } else if let Some(race) = parent.filter(|parent| self.instance.is_race(*parent)) {
                    self.abandon_all(race, Some(step));
                }
                let output = match transformed {
                    Some(transformed) => Some(transformed),
                    None if is_held => None,
                    None => Some(raw),
                };
                self.emit(step, Fact::Completed { output, context, next });
            }
            Err(error) => self.fail(step, error),
        }
    }

    /// What a step gives that is done.
    fn outgoing(
        &mut self,
        step: StepId,
        vertex: &Vertex,
        raw: &Value,
    ) -> Result<Outgoing, WorkflowError> {
        let request = match &self.instance.step(step).activity {
            Activity::Call { request, .. } => Some(request.clone()),
            _ => None,
        };
        let mut frame = Frame::new(Place::Within { step, vertex });
        frame.raw_output = Some(raw);
        frame.authorization = request.as_ref().and_then(|it| it.authorization.as_ref());
        let transformed = self.transform(&vertex.output, raw, &frame, "output")?;
        let output = transformed.as_ref().unwrap_or(raw);
        self.check_size(output, "output")?;
        let exports = vertex.export.transform.is_some() || vertex.export.schema.is_some();
        if !exports && vertex.description.is_empty() {
            return Ok(Outgoing { output: transformed, context: None, described: None });
        }
        frame.output = Some(output);
        let described = self.description_of(vertex, output, &frame)?;
        let exported = match &vertex.export.transform {
            None => None,
            Some(_) => {
                let exported = self.transform(&vertex.export, output, &frame, "export")?;
                self.check_size(exported.as_ref().unwrap_or(output), "export")?;
                Some(exported.unwrap_or_else(|| output.clone()))
            }
        };
        Ok(Outgoing { output: transformed, context: exported, described })
    }

    fn end_workflow(&mut self) {
        if self.instance.has_loose_ends() {
            return self.emit(StepId(0), Fact::UndoBegan { cause: UndoCause::Finishing });
        }
        let root = self.instance.step(StepId(0));
        let raw = root.data.clone();
        let start = self.instance.start.clone();
        let frame = Frame::new(Place::Outside { raw_input: &start.input });
        let graph = self.graph;
        let result = self.transform(&graph.output, &raw, &frame, "output").and_then(|output| {
            let output = output.unwrap_or(raw);
            self.check_size(&output, "output").map(|()| output)
        });
        match result {
            Ok(output) => self.emit(StepId(0), Fact::Ended { end: End::Completed(output) }),
            Err(error) => self.fail(StepId(0), error),
        }
    }

    fn resolve(&self, vertex: &Vertex, flow: Flow) -> Next {
        match flow {
            Flow::Continue => self.in_order(vertex),
            Flow::Exit if self.graph.scope(vertex.scope).owner.is_none() => Next::EndWorkflow,
            Flow::Exit => Next::EndScope,
            Flow::End => Next::EndWorkflow,
            Flow::Goto(task) => Next::Enter(task),
        }
    }

    /// The next task in declaration order; a branch of a fork has none.
    fn in_order(&self, vertex: &Vertex) -> Next {
        match vertex.next.filter(|_| !self.graph.is_branch(vertex)) {
            None => Next::EndScope,
            Some(next) => Next::Enter(next),
        }
    }
}
