//! Purging: somebody wants everything gone that is stored of an instance, now.

use motet_store::{Row, RowChange, Value};
use motet_types::InstanceId;

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
            let key = Value::Text(instance.start.start_key.clone());
            let key = vec![Value::Int(i64::from(id.shard().0)), key];
            rows.push(RowChange::Delete { table: START.id, key });
        }
        rows.extend(audit::of_purge(self.now, instance, &actor, reason));
        let ends: Vec<Ended> = ends.iter().filter_map(Ended::of_row).collect();
        self.erase(id, &ends, rows);
        self.reply(reply, Ok(Reply::Purged));
    }
}
