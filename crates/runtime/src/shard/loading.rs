//! Instances on their way from the store: rebuilt from what it holds, or shown as what could not be.

use std::collections::VecDeque;

use motet_engine::{Instance, Listens};
use motet_journal::{Values, decode_history, decode_snapshot};
use motet_store::Loaded;
use motet_types::InstanceId;

use super::jobs::posted;
use super::slots::{State, Task};
use super::usage::Size;
use super::{Machine, Output};
use crate::Error;
use crate::lifecycle::Tasks;

impl Machine {
    pub(super) fn loaded(
        &mut self,
        id: InstanceId,
        token: u64,
        loaded: Result<Option<Loaded>, motet_store::Error>,
    ) {
        self.services.lines.loaded(id);
        let Some(slot) = self.slots.get_mut(&id) else { return self.sleepers.loaded(id) };
        if matches!(slot.state, State::Loading(awaited) if awaited != token) {
            // It was asked before the one that is awaited, and may tell what has been taken back since.
            return;
        }
        self.sleepers.loaded(id);
        if !matches!(slot.state, State::Loading(_)) {
            return;
        }
        self.dispatch.loaded(id);
        let result = match loaded {
            Err(motet_store::Error::Io(error)) => return self.unread(id, error),
            Err(error) => Err(Error::Unloadable(error.to_string())),
            Ok(None) => Err(Error::UnknownInstance(id)),
            Ok(Some(loaded)) => rebuild(id, &loaded).map_err(Error::Unloadable),
        };
        let result = result.and_then(|rebuilt: Rebuilt| {
            let definition = &rebuilt.instance.start.definition;
            let is_over = rebuilt.instance.end.is_some();
            if is_over || self.view.graphs.contains_key(definition) {
                return Ok(rebuilt);
            }
            let reason = format!("the definition {definition} cannot be compiled by this version");
            Err(Error::Unloadable(reason))
        });
        match result {
            Ok(Rebuilt { instance, size, values }) => {
                slot.size = size;
                slot.values = values;
                slot.due = instance.next_due();
                slot.jobs = posted(&instance);
                slot.listens = Listens::of(&instance);
                slot.tasks = (!self.sinks.is_empty()).then(|| Box::new(Tasks::of(&instance)));
                slot.pending = super::commits::is_pending(&instance);
                slot.state = State::Live(Box::new(instance));
                self.loadable_again(id);
                // Before anything else: now all that it asks for is durable.
                self.resume(id);
                self.perform_queue(id);
                self.retire(id);
            }
            Err(Error::Unloadable(reason)) => {
                slot.state = State::Unloadable(reason);
                self.outputs.push(Output::Row(id));
            }
            Err(error) => {
                let Some(slot) = self.slots.remove(&id) else { return };
                for task in slot.queue {
                    self.fail_task(id, task, &error);
                }
            }
        }
    }

    /// The store could not read the instance just now: who asks from outside is told, the rest waits for another try.
    fn unread(&mut self, id: InstanceId, error: String) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let is_ours = |task: &Task| {
            matches!(
                task,
                Task::Outcome { .. }
                    | Task::TimersDue
                    | Task::Continue
                    | Task::Resume
                    | Task::Dispatch { .. }
                    | Task::Panicked { .. }
                    | Task::Message { .. }
            )
        };
        let (kept, failed): (VecDeque<_>, VecDeque<_>) =
            slot.take_queue().into_iter().partition(is_ours);
        match kept.is_empty() {
            true => drop(self.slots.remove(&id)),
            false => {
                slot.queue = kept;
                slot.state = State::Unread;
                self.dispatch.resume_later(self.now, id);
            }
        }
        let error = Error::Unloadable(error);
        for task in failed {
            self.fail_task(id, task, &error);
        }
    }
}

/// What comes out of the store, with what is known of it besides.
struct Rebuilt {
    instance: Instance,
    size: Size,
    values: Values,
}

/// Recovery: the newest snapshot and the records after it, by the same `apply` as ever.
fn rebuild(id: InstanceId, loaded: &Loaded) -> Result<Rebuilt, String> {
    let mut size = Size {
        snapshot: loaded.snapshot.as_ref().map_or(0, |snapshot| snapshot.len() as u64),
        ..Size::default()
    };
    let mut values = Values::default();
    let mut instance = match &loaded.snapshot {
        Some(snapshot) => {
            Some(decode_snapshot(snapshot, &mut values).map_err(|error| error.to_string())?)
        }
        None => None,
    };
    for chunk in &loaded.records {
        size.bytes += chunk.len() as u64;
        let first = instance.as_ref().map_or(0, |instance| instance.records);
        let records =
            decode_history(chunk, first, &mut values).map_err(|error| error.to_string())?;
        for record in records {
            size.records += 1;
            let instance = match (&mut instance, &record.fact) {
                (Some(instance), _) => instance,
                (blank @ None, fact) => {
                    let start = fact.start().ok_or("its history does not begin with its start")?;
                    blank.insert(Instance::blank(id, start.clone()))
                }
            };
            instance.apply(&record);
        }
    }
    let instance = instance.ok_or("its history is empty")?;
    Ok(Rebuilt { instance, size, values })
}
