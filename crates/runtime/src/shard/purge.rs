//! Purging: somebody wants everything gone that is stored of an instance, now.

use motet_engine::Instance;
use motet_store::{Row, RowChange, Value};
use motet_types::{InstanceId, ShardId};

use super::usage::Ended;
use super::{Machine, Reply, Responder};
use crate::tables::START;
use crate::{Actor, Error, audit};

impl Machine {
    /// Removes an instance that has ended: history, state, its row, those of its ends, and the start key that leads to it. A
    /// row of the audit stands in the same commit.
    pub(super) fn purge(
        &mut self,
        id: InstanceId,
        ends: &[Row],
        reason: Option<String>,
        actor: Actor,
        reply: Responder,
    ) {
        let Some(instance) = self.slots.get(&id).and_then(super::Slot::live) else {
            return self.reply(reply, Err(Error::UnknownInstance(id)));
        };
        if instance.end.is_none() {
            let status = instance.status();
            let reason = "only an instance that has ended can be purged".to_owned();
            return self.reply(reply, Err(Error::Conflict { status, reason }));
        }
        let mut rows = Vec::new();
        if instance.start.parent.is_none() && !instance.start.start_key.starts_with("random/") {
            rows.push(RowChange::Delete { table: START.id, key: start_key(instance) });
        }
        rows.extend(audit::of_purge(self.now, instance, &actor, reason));
        let ends: Vec<Ended> = ends.iter().filter_map(Ended::of_row).collect();
        self.erase(id, &ends, rows);
        self.reply(reply, Ok(Reply::Purged));
    }
}

/// The key of the row of the start key: its shard is the instance's, unless a concurrency key has called that elsewhere.
fn start_key(instance: &Instance) -> Vec<Value> {
    let (id, start) = (instance.id, &instance.start);
    let workflow = &start.definition.workflow;
    let key = start.start_key.strip_prefix(&format!("{workflow}/"));
    let shard = match key.filter(|_| start.concurrency_key.is_some()) {
        Some(key) => ShardId::of_start(workflow.namespace.as_str(), workflow.name.as_str(), key),
        None => id.shard(),
    };
    vec![Value::Int(i64::from(shard.0)), Value::Text(start.start_key.clone())]
}
