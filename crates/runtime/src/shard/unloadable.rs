//! Instances that cannot be rebuilt: their journal cannot be read, or their definition cannot be compiled any more.
//!
//! They cost nobody else anything. Lists show them with an incident, and so do reads, from the row that lists have. Whoever
//! asks for one loads it again; `retry` says whether that went well. One that can be loaded again goes on.

use bytes::Bytes;
use motet_engine::{ErrorKind, WorkflowError};
use motet_store::{Row, RowChange, Value};
use motet_types::{Digest, InstanceId, StepId};

use super::commits::instance_row;
use super::slots::{Slot, State, Task};
use super::{Machine, Reply};
use crate::drive::listed;
use crate::tables::{INSTANCE, UNLOADABLE};
use crate::{Command, Error, InstanceRow, InstanceView};

impl Machine {
    /// The row of an instance that cannot be rebuilt: it shows that, and whoever waits is told.
    pub(super) fn listed(&mut self, id: InstanceId, row: Result<Option<Row>, motet_store::Error>) {
        let is_it = |slot: &Slot| matches!(slot.state, State::Unloadable(_));
        if !self.slots.get(&id).is_some_and(is_it) {
            return;
        }
        let Some(Slot { state: State::Unloadable(reason), queue, .. }) = self.slots.remove(&id)
        else {
            return;
        };
        let row = row.ok().flatten();
        if let Some(row) = &row {
            self.show_unloadable(id, row, &reason);
        }
        let view = row.as_ref().and_then(listed).map(|row| self.view_of_row(row, &reason));
        let error = Error::Unloadable(reason);
        for task in queue {
            match (task, &view) {
                (Task::Read { created, reply, .. }, Some(view)) => {
                    let view = Box::new(view.clone());
                    self.reply(reply, Ok(Reply::Instance { view, created }));
                }
                (task, _) => self.fail_task(id, task, &error),
            }
        }
    }

    /// The instance could be rebuilt: lists show it as it is, and a `retry` has done what it can.
    pub(super) fn loadable_again(&mut self, id: InstanceId) {
        if !self.unloadable.remove(&id) {
            return;
        }
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let queue = slot.take_queue();
        slot.queue = queue
            .into_iter()
            .map(|task| match task {
                Task::Command { command: Command::Retry, reply, .. } => {
                    Task::Read { until: None, created: false, reply }
                }
                task => task,
            })
            .collect();
        let Some(instance) = slot.live() else { return };
        let rows = vec![
            RowChange::Put { table: INSTANCE.id, row: instance_row(instance) },
            RowChange::Delete { table: UNLOADABLE.id, key: vec![blob(id)] },
        ];
        self.commit_rows(id.shard(), rows);
    }

    fn show_unloadable(&mut self, id: InstanceId, row: &Row, reason: &str) {
        let error = error(reason);
        let text = format!("{} {}", error.kind, error.title.unwrap_or_default());
        let shown = [("error", Value::Text(text)), ("incident", Value::Int(1))];
        let mut changed = row.clone();
        for (column, value) in shown {
            if let Some(place) = INSTANCE.column(column).and_then(|column| changed.get_mut(column))
            {
                *place = value;
            }
        }
        let is_known = !self.unloadable.insert(id);
        if changed == *row && is_known {
            return;
        }
        let since = Value::Int(self.now.as_micros());
        let reason = Value::Text(reason.to_owned());
        let rows = vec![
            RowChange::Put { table: INSTANCE.id, row: changed },
            RowChange::Put { table: UNLOADABLE.id, row: vec![blob(id), reason, since] },
        ];
        self.commit_rows(id.shard(), rows);
    }

    /// What lists know of the instance, with the reason why there is no more.
    fn view_of_row(&self, row: InstanceRow, reason: &str) -> InstanceView {
        let versions = self.view.catalog.workflows.get(&row.definition.workflow);
        let published = versions.and_then(|it| it.versions.get(&row.definition.version));
        InstanceView {
            id: row.id,
            digest: published.map_or(Digest([0; 32]), |published| published.digest),
            definition: row.definition,
            status: row.status,
            is_compensating: false,
            started_at: row.started_at,
            updated_at: row.updated_at,
            ended_at: row.ended_at,
            parent: row.parent,
            business_key: row.business_key,
            attributes: Vec::new(),
            turn: None,
            room: None,
            input: motet_expr::Value::Null,
            output: None,
            error: Some(error(reason)),
            steps: Vec::new(),
            incidents: vec![(StepId(0), error(reason))],
            records: 0,
        }
    }
}

fn error(reason: &str) -> WorkflowError {
    let detail = format!("{reason}; `retry` loads it again");
    WorkflowError::new(ErrorKind::Runtime, "the instance cannot be loaded", detail)
}

fn blob(id: InstanceId) -> Value {
    Value::Blob(Bytes::copy_from_slice(&id.0))
}
