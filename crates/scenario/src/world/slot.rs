//! One instance, live and rebuilt from its journal after every commit.

use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::{
    Context, Input, Instance, Record, Rejection, Start, WorkflowError, begin, step,
};
use motet_expr::{Value, json};
use motet_journal::{decode_records, encode_records};
use motet_types::InstanceId;

pub(super) struct Slot<'s> {
    pub(super) graph: &'s Graph,
    pub(super) live: Instance,
    /// Knows the records alone, as they were read back.
    rebuilt: Instance,
}

impl<'s> Slot<'s> {
    pub(super) fn begin(ctx: &Context<'s>, id: InstanceId, start: Start) -> (Self, Vec<Record>) {
        let rebuilt = Instance::blank(id, Arc::new(start.clone()));
        let (live, records) = begin(ctx, id, start);
        let mut slot = Self { graph: ctx.graph, live, rebuilt };
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

    pub(super) fn to_value(&self) -> Value {
        json::object([
            ("workflow", json::string(self.live.start.definition.workflow.to_string())),
            ("version", json::string(self.live.start.definition.version.to_string())),
            ("status", json::string(self.live.status().to_string())),
            ("input", self.live.start.input.clone()),
            ("output", self.live.output().cloned().unwrap_or(Value::Null)),
            ("error", self.live.error().map_or(Value::Null, WorkflowError::to_value)),
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
        }
        assert!(self.live == self.rebuilt, "the journal leads to another state");
    }
}
