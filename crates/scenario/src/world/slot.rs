//! One instance, live and rebuilt from its journal after every commit.

use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::{
    Context, Fact, Input, Instance, Listens, Opening, Record, Rejection, Start, UndoOutcome,
    UndoState, WorkflowError, begin, step,
};
use motet_expr::{Value, json};
use motet_journal::{decode_records, encode_records};
use motet_types::{InstanceId, StepId, TaskId, Timestamp};

pub(super) struct Slot<'s> {
    pub(super) graph: &'s Graph,
    pub(super) live: Instance,
    /// What topics know of its listens.
    pub(super) listens: Listens,
    /// Knows the records alone, as they were read back.
    rebuilt: Instance,
    /// Entries whose undo has begun, in order, with what was known of them then.
    pub(super) undone: Vec<(StepId, TaskId, UndoOutcome)>,
}

impl<'s> Slot<'s> {
    pub(super) fn begin(ctx: &Context<'s>, id: InstanceId, start: Start) -> (Self, Vec<Record>) {
        let rebuilt = Instance::blank(id, Arc::new(start.clone()));
        let (live, records) = begin(ctx, id, start);
        let mut slot = Self {
            graph: ctx.graph,
            live,
            listens: Listens::default(),
            rebuilt,
            undone: Vec::new(),
        };
        slot.rebuild(&records);
        (slot, records)
    }

    pub(super) fn feed(
        &mut self,
        ctx: &Context<'_>,
        input: Input,
    ) -> Result<Vec<Record>, Rejection> {
        let records = step(ctx, &mut self.live, input)?;
        self.rebuild(&records);
        Ok(records)
    }

    /// Goes on as a server does that knows the journal alone.
    pub(super) fn recover(&mut self) {
        self.live = self.rebuilt.clone();
    }

    /// `since` is when the scenario began: `at` counts milliseconds from it.
    pub(super) fn to_value(&self, since: Timestamp) -> Value {
        let at = self.live.started_at.since(since).as_millis();
        json::object([
            ("at", Value::from(usize::try_from(at).unwrap_or(usize::MAX))),
            ("workflow", json::string(self.live.start.definition.workflow.to_string())),
            ("version", json::string(self.live.start.definition.version.to_string())),
            ("status", json::string(self.live.status().to_string())),
            ("input", self.live.start.input.clone()),
            ("output", self.live.output().cloned().unwrap_or(Value::Null)),
            ("error", self.live.error().map_or(Value::Null, WorkflowError::to_value)),
        ])
    }

    /// The `nth` thing that is undone; what is forgotten already is undone.
    pub(super) fn undo_value(&self, nth: usize) -> Value {
        let (entry, task, outcome) = self.undone[nth];
        let vertex = self.graph.vertex(task);
        let state = match self.live.undo.get(&entry).map(|entry| entry.state) {
            Some(UndoState::Noted) => "noted",
            Some(UndoState::Undoing(_)) => "undoing",
            Some(UndoState::Undone) | None => "undone",
        };
        let outcome = match outcome {
            UndoOutcome::Completed => "completed",
            UndoOutcome::Pending | UndoOutcome::Unknown => "unknown",
        };
        json::object([
            ("task", json::string(vertex.name.as_str())),
            ("reference", json::string(vertex.reference.as_str())),
            ("workflow", json::string(self.graph.definition.workflow.to_string())),
            ("outcome", json::string(outcome)),
            ("state", json::string(state)),
        ])
    }

    /// # Panics
    /// The journal leads to another state, or the state breaks an invariant: a defect of Motet.
    fn rebuild(&mut self, records: &[Record]) {
        let mut journal = Vec::new();
        encode_records(records, &mut journal);
        let read = decode_records(&journal).expect("what was written can be read");
        for record in &read {
            self.rebuilt.apply(record);
            if let Err(broken) = self.rebuilt.check() {
                panic!("an instance breaks an invariant: {broken}");
            }
            if let Fact::Activated { opening: Opening::Undo { entry: id, .. }, .. } = &record.fact
                && let Some(entry) = self.rebuilt.undo.get(id)
            {
                self.undone.push((*id, entry.task, entry.outcome));
            }
        }
        assert!(self.live == self.rebuilt, "the journal leads to another state");
    }
}
