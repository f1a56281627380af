//! The start of a nominal time, or of events: what it is called, and where it lives.

use motet_definition::schedule::Trigger;
use motet_expr::{Value, json};
use motet_types::{InstanceId, ShardId, Timestamp, WorkflowName, WorkflowRef};

use super::Place;
use crate::sabotage::{self, Sabotage};

/// What an instance knows of the schedule that started it.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub trigger: Trigger,
    pub nominal: Timestamp,
}

/// A start as its schedule asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledStart {
    pub id: InstanceId,
    pub definition: WorkflowRef,
    pub start_key: String,
    pub origin: Origin,
    /// What the instance gets as its input, where that does not follow from the origin.
    pub input: Option<Value>,
}

impl Origin {
    /// What an instance gets as its input that the clock, or a person, starts.
    pub fn input(&self) -> Value {
        json::object([
            ("trigger", json::string(self.trigger.as_str())),
            ("scheduledAt", json::string(self.nominal.to_string())),
        ])
    }
}

impl ScheduledStart {
    /// The start of a nominal time: its id and key follow from that alone.
    pub fn of(
        definition: &WorkflowRef,
        trigger: Trigger,
        nominal: Timestamp,
        place: Place<'_>,
        now: Timestamp,
    ) -> Self {
        let mut key = format!("schedule/{trigger}/{}", nominal.as_micros());
        if sabotage::is(Sabotage::ScheduleFiresTwice) {
            key = format!("{key}/{}", now.as_micros());
        }
        Self::new(definition, &key, Origin { trigger, nominal }, None, place)
    }

    /// What the instance gets as its input.
    pub fn input(&self) -> Value {
        self.input.clone().unwrap_or_else(|| self.origin.input())
    }

    /// The start under a key that is unique within the workflow.
    pub(super) fn new(
        definition: &WorkflowRef,
        key: &str,
        origin: Origin,
        input: Option<Value>,
        place: Place<'_>,
    ) -> Self {
        let workflow = &definition.workflow;
        let start_key = format!("{workflow}/{key}");
        let hash = blake3::hash(start_key.as_bytes());
        let mut random = [0; 8];
        random.copy_from_slice(&hash.as_bytes()[..8]);
        let nominal = origin.nominal;
        let mut start = Self {
            id: InstanceId::new(nominal, ShardId(0), 0),
            definition: definition.clone(),
            start_key,
            origin,
            input,
        };
        let shard = place(definition, &start.input()).unwrap_or_else(|| {
            ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), key)
        });
        start.id = InstanceId::new(nominal, shard, u64::from_le_bytes(random));
        start
    }

    /// The shard on which the schedule of a workflow lives.
    pub fn shard_of_schedule(workflow: &WorkflowName) -> ShardId {
        ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), "schedule")
    }
}
