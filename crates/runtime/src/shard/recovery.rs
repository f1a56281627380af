//! How a machine begins: from what the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::room::Line;
use motet_engine::schedule::EventSet;
use motet_engine::{Catalog, Schedule};
use motet_journal::{Message, decode_event, decode_message, decode_schedule, decode_set_head};
use motet_store::{Position, Row, Value};
use motet_types::{InstanceId, ShardId, Timestamp, WorkflowName, WorkflowRef};

use super::Machine;
use super::jobs::{Entry, entry_of};
use super::rooms::{self, Place};
use super::services::{ServiceRow, read_endpoint, read_service};
use super::usage::Sum;
use crate::CatalogView;
use crate::sabotage::{self, Sabotage};

/// What recovery read, table by table.
#[derive(Default)]
pub struct Recovered {
    pub position: Position,
    pub catalog: Catalog,
    /// Every definition that compiles.
    pub graphs: BTreeMap<WorkflowRef, Arc<Graph>>,
    timers: Vec<(Timestamp, InstanceId)>,
    pending: Vec<InstanceId>,
    unloadable: Vec<InstanceId>,
    sent: Vec<(ShardId, ShardId, u64)>,
    taken: Vec<(ShardId, ShardId, u64)>,
    outbox: Vec<(ShardId, u64, ShardId, u64, Message)>,
    usage: Vec<(ShardId, String, Sum)>,
    jobs: Vec<Entry>,
    schedules: Vec<(WorkflowName, Schedule)>,
    sets: BTreeMap<(WorkflowName, u64), EventSet>,
    intakes: Vec<(String, u32, u64)>,
    turns: Vec<(WorkflowName, String, u64, InstanceId, bool)>,
    rooms: Vec<(Line, u64, Place)>,
    outgoing: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    services: Vec<ServiceRow>,
}

/// A stored row does not have the form that its table declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the table {table} cannot be read: {row}")]
pub struct RowError {
    pub table: &'static str,
    pub row: String,
}

impl Recovered {
    /// Takes a row of the timer table.
    ///
    /// # Errors
    /// The row does not have the table's form; the same holds for the other tables.
    pub fn timer(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [Value::Int(_), Value::Int(due), id] => {
                instance(id).map(|id| (Timestamp::from_micros(*due), id))
            }
            _ => None,
        };
        self.timers.push(read.ok_or_else(|| wrong("timer", row))?);
        Ok(())
    }

    /// Takes a row of the pending table.
    pub fn pending(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [Value::Int(_), id] => instance(id),
            _ => None,
        };
        self.pending.push(read.ok_or_else(|| wrong("pending", row))?);
        Ok(())
    }

    /// Takes a row of the table of what could not be loaded.
    pub fn unloadable(&mut self, row: &Row) -> Result<(), RowError> {
        let read = row.first().and_then(instance);
        self.unloadable.push(read.ok_or_else(|| wrong("unloadable", row))?);
        Ok(())
    }

    /// Takes a row of the table of sequences sent.
    pub fn sent(&mut self, row: &Row) -> Result<(), RowError> {
        self.sent.push(sequence(row).ok_or_else(|| wrong("sent", row))?);
        Ok(())
    }

    /// Takes a row of the table of sequences taken.
    pub fn inbox(&mut self, row: &Row) -> Result<(), RowError> {
        self.taken.push(sequence(row).ok_or_else(|| wrong("inbox", row))?);
        Ok(())
    }

    /// Takes a row of the job table.
    pub fn job(&mut self, row: &Row) -> Result<(), RowError> {
        self.jobs.push(entry_of(row).ok_or_else(|| wrong("job", row))?);
        Ok(())
    }

    /// Takes a row of the message table.
    pub fn message(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [from, Value::Int(sequence), to, Value::Int(previous), Value::Blob(body)] => {
                decode_message(body).ok().and_then(|message| {
                    let (sequence, previous) = (number(*sequence)?, number(*previous)?);
                    Some((shard(from)?, sequence, shard(to)?, previous, message))
                })
            }
            _ => None,
        };
        self.outbox.push(read.ok_or_else(|| wrong("message", row))?);
        Ok(())
    }

    /// Takes a row of the table of schedules.
    pub fn schedule(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [Value::Int(_), Value::Text(namespace), Value::Text(name), Value::Blob(body)] => {
                let names = namespace.parse().ok().zip(name.parse().ok());
                let workflow = names.map(|(namespace, name)| WorkflowName { namespace, name });
                workflow.zip(decode_schedule(body).ok())
            }
            _ => None,
        };
        self.schedules.push(read.ok_or_else(|| wrong("schedule", row))?);
        Ok(())
    }

    /// Takes a row of the table of gathered events; the rows of a set come in order.
    pub fn schedule_set(&mut self, row: &Row) -> Result<(), RowError> {
        self.read_set(row).ok_or_else(|| wrong("schedule_set", row))
    }

    fn read_set(&mut self, row: &Row) -> Option<()> {
        let [Value::Int(_), Value::Text(namespace), Value::Text(name), set, nth, body] =
            row.as_slice()
        else {
            return None;
        };
        let (Value::Int(set), Value::Int(nth), Value::Blob(body)) = (set, nth, body) else {
            return None;
        };
        let workflow =
            WorkflowName { namespace: namespace.parse().ok()?, name: name.parse().ok()? };
        let set = self.sets.entry((workflow, number(*set)?)).or_default();
        match nth {
            0 => set.head = decode_set_head(body).ok()?,
            _ => set.events.push(Arc::new(decode_event(body).ok()?)),
        }
        Some(())
    }

    /// Takes a row of the table of how far sources are read.
    pub fn intake(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [Value::Int(_), Value::Text(source), Value::Int(partition), Value::Int(next)] => {
                let numbers = u32::try_from(*partition).ok().zip(number(*next));
                numbers.map(|(partition, next)| (source.clone(), partition, next))
            }
            _ => None,
        };
        self.intakes.push(read.ok_or_else(|| wrong("intake", row))?);
        Ok(())
    }

    /// Takes a row of the table of events that wait for sinks.
    pub fn outgoing(&mut self, row: &Row) -> Result<(), RowError> {
        let sink = sink(row).ok_or_else(|| wrong("outgoing", row))?;
        *self.outgoing.entry(sink.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Takes a row of the table of events that sinks have refused.
    pub fn refused(&mut self, row: &Row) -> Result<(), RowError> {
        let sink = sink(row).ok_or_else(|| wrong("refused", row))?;
        *self.refused.entry(sink.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Takes a row of the table of services.
    pub fn service(&mut self, row: &Row) -> Result<(), RowError> {
        self.services.push(read_service(row).ok_or_else(|| wrong("service", row))?);
        Ok(())
    }

    /// Takes a row of the table of endpoints.
    pub fn endpoint(&mut self, row: &Row) -> Result<(), RowError> {
        self.services.push(read_endpoint(row).ok_or_else(|| wrong("endpoint", row))?);
        Ok(())
    }

    /// Takes a row of the table of turns.
    pub fn turn(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [
                _,
                Value::Text(namespace),
                Value::Text(name),
                Value::Text(key),
                Value::Int(place),
                id,
                _,
                awaited,
            ] => {
                let names = namespace.parse().ok().zip(name.parse().ok());
                let workflow = names.map(|(namespace, name)| WorkflowName { namespace, name });
                let rest = number(*place).zip(instance(id));
                let is_awaited = *awaited != Value::Null;
                workflow
                    .zip(rest)
                    .map(|(workflow, (place, id))| (workflow, key.clone(), place, id, is_awaited))
            }
            _ => None,
        };
        self.turns.push(read.ok_or_else(|| wrong("turn", row))?);
        Ok(())
    }

    /// Takes a row of the table of places under limits.
    pub fn room(&mut self, row: &Row) -> Result<(), RowError> {
        self.rooms.push(rooms::read(row).ok_or_else(|| wrong("room", row))?);
        Ok(())
    }

    /// Takes a row of the table of what ended instances take.
    pub fn usage(&mut self, row: &Row) -> Result<(), RowError> {
        let read = match row.as_slice() {
            [of, Value::Text(namespace), Value::Int(instances), Value::Int(bytes)] => {
                let sum = number(*instances).zip(number(*bytes));
                let sum = sum.map(|(instances, bytes)| Sum::of_columns(instances, bytes));
                shard(of).zip(sum).map(|(shard, sum)| (shard, namespace.clone(), sum))
            }
            _ => None,
        };
        self.usage.push(read.ok_or_else(|| wrong("usage", row))?);
        Ok(())
    }
}

impl Machine {
    pub(super) fn recovered(&mut self, recovered: Recovered) {
        let Recovered {
            position,
            catalog,
            graphs,
            timers,
            pending,
            unloadable,
            sent,
            taken,
            outbox,
            usage,
            jobs,
            schedules,
            sets,
            intakes,
            turns,
            rooms,
            outgoing,
            refused,
            services,
        } = recovered;
        self.recover_services(services);
        self.sinks_known.recover(outgoing, refused);
        self.intakes.recover(intakes);
        // Perhaps this version can read them.
        for id in &unloadable {
            self.dispatch.resume(*id);
        }
        self.unloadable.extend(unloadable);
        self.position = position;
        self.catalog = catalog.clone();
        self.view = Arc::new(CatalogView::new(catalog, graphs, position));
        self.outputs.push(super::Output::Catalog(self.view.clone()));
        self.timers.extend(timers);
        for (shard, namespace, sum) in usage {
            self.usage.recover(shard, namespace, sum);
        }
        for id in pending.into_iter().filter(|_| !sabotage::is(Sabotage::CallForgotten)) {
            self.dispatch.resume(id);
        }
        for (workflow, key, place, id, is_awaited) in turns {
            self.turns.recover((workflow, key), place, id, is_awaited);
        }
        for (line, number, place) in rooms {
            self.rooms.recover(line, number, place);
        }
        self.jobs.recover(jobs, self.now);
        self.links.recover(sent, taken, outbox);
        // What these send is not durable yet; what was sent before may be for them.
        let unacknowledged = self.links.unacknowledged();
        self.recover_schedules(schedules, sets);
        self.recover_rooms();
        for (from, sequence) in unacknowledged {
            self.deliver(from, sequence);
        }
    }
}

fn instance(value: &Value) -> Option<InstanceId> {
    match value {
        Value::Blob(id) => Some(InstanceId(id.as_ref().try_into().ok()?)),
        _ => None,
    }
}

fn shard(value: &Value) -> Option<ShardId> {
    match value {
        Value::Int(shard) => Some(ShardId(u16::try_from(*shard).ok()?)),
        _ => None,
    }
}

fn sink(row: &Row) -> Option<&str> {
    match row.first()? {
        Value::Text(sink) => Some(sink),
        _ => None,
    }
}

fn number(value: i64) -> Option<u64> {
    u64::try_from(value).ok()
}

fn sequence(row: &Row) -> Option<(ShardId, ShardId, u64)> {
    match row.as_slice() {
        [one, other, Value::Int(sequence)] => {
            Some((shard(one)?, shard(other)?, number(*sequence)?))
        }
        _ => None,
    }
}

fn wrong(table: &'static str, row: &Row) -> RowError {
    RowError { table, row: format!("{row:?}") }
}
