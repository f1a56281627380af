//! Steps: what a live instance is given, one task after the other, and what a defect costs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::{self as engine, Context, Instance, Record, Rejection};
use motet_types::InstanceId;

use super::slots::{Slot, State, Task};
use super::{Machine, Output, Reply};
use crate::{Command, Error};

impl Machine {
    pub(super) fn perform_queue(&mut self, id: InstanceId) {
        while let Some(slot) = self.slots.get_mut(&id) {
            if slot.live().is_none() {
                return;
            }
            let Some(task) = slot.queue.pop_front() else { return };
            self.perform(id, task);
        }
    }

    pub(super) fn perform(&mut self, id: InstanceId, task: Task) {
        match task {
            Task::Command { command, reply } => {
                let input = match command {
                    Command::Cancel { reason } => engine::Input::Cancel { reason },
                    Command::Suspend { reason } => engine::Input::Suspend { reason },
                    Command::Resume => engine::Input::Resume,
                    Command::Retry => engine::Input::Retry,
                };
                match self.step(id, input) {
                    Ok(()) => self.answer(id, false, reply),
                    Err(error) => self.reply(reply, Err(error)),
                }
            }
            Task::Read { until, created, reply } => {
                self.answer_when_ended(id, until, created, reply)
            }
            Task::Watch { watcher, reply } => {
                // Nothing follows an end that could be told.
                if self.slots.get(&id).is_some_and(|slot| slot.end().is_none()) {
                    self.waiters.watch(id, watcher);
                }
                self.reply(reply, Ok(Reply::Watching));
            }
            Task::Outcome { step, attempt, outcome } => {
                self.drive(id, engine::Input::Outcome { step, attempt, outcome });
            }
            Task::TimersDue => {
                self.counters.timers_fired += 1;
                self.drive(id, engine::Input::TimersDue);
                self.register_timer(id);
            }
            Task::Continue => self.drive(id, engine::Input::Continue),
            // It has been loaded, which is all that was wanted.
            Task::Resume => {}
            Task::Claim { shard, key, digest } => {
                let is_alive = self.slots.get(&id).is_some_and(|slot| slot.end().is_none());
                self.claimed(shard, key, Ok(is_alive.then_some((id, digest))));
            }
            Task::Sweep(candidate) => self.judge(id, candidate),
            Task::Panicked { message, input } => {
                self.drive(id, engine::Input::Panicked { message, input });
            }
            Task::Message { from, to, sequence, message } => {
                self.take_message(id, from, to, sequence, message);
            }
        }
    }

    /// Feeds an input that nobody waits for; one that comes too late is dropped.
    fn drive(&mut self, id: InstanceId, input: engine::Input) {
        // A rejection of an internal input means that there is nothing to do any more.
        drop(self.step(id, input));
    }

    /// Steps an instance and gathers what follows.
    pub(super) fn step(&mut self, id: InstanceId, input: engine::Input) -> Result<(), Error> {
        let Some(slot) = self.slots.get_mut(&id) else { return Err(Error::UnknownInstance(id)) };
        let State::Live(instance) = &mut slot.state else {
            return Err(Error::Unloadable("the instance is being loaded again".to_owned()));
        };
        let Some(graph) = self.view.graphs.get(&instance.start.definition).cloned() else {
            let message =
                format!("the definition {} cannot be compiled", instance.start.definition);
            return Err(Error::Unloadable(message));
        };
        let ctx = Context {
            graph: &graph,
            catalog: &self.view.catalog,
            now: self.now,
            limits: &self.config.limits,
            secret_key: &self.config.secret_key,
        };
        let again = input.clone();
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            super::tests::meet_defect(id, &input);
            engine::step(&ctx, instance, input)
        }));
        match stepped {
            Ok(Ok(records)) => {
                self.commit_step(id, &graph, records);
                Ok(())
            }
            Ok(Err(rejection)) => Err(rejected(rejection)),
            Err(panic) => {
                self.broken(id, message_of(&*panic), again);
                Err(Error::Unloadable("the instance met a defect of the engine".to_owned()))
            }
        }
    }

    /// A panic costs the instance's live state alone: what it wrote before is made durable and loaded again.
    fn broken(&mut self, id: InstanceId, message: String, input: engine::Input) {
        self.counters.panics += 1;
        if matches!(input, engine::Input::Panicked { .. }) {
            return self.give_up(id);
        }
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.state = State::Broken;
        slot.queue.push_front(Task::Panicked { message, input: Box::new(input) });
        if slot.unsettled == 0 {
            self.load_again(id);
        }
    }

    /// Not even the panic can be written down: the instance stays as it is stored until the server starts again.
    pub(super) fn give_up(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        if let Some(place) = slot.idle {
            self.idle.remove(&place);
        }
        if let Some(due) = slot.due {
            self.timers.remove(&(due, id));
        }
        let error = Error::Unloadable("the instance meets a defect at every step".to_owned());
        for task in slot.queue {
            self.fail_task(task, &error);
        }
    }

    pub(super) fn load_again(&mut self, id: InstanceId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.state = State::Loading;
            self.outputs.push(Output::Load(id));
        }
    }

    fn commit_step(&mut self, id: InstanceId, graph: &Arc<Graph>, records: Vec<Record>) {
        self.commit_records(id, graph, &records, Vec::new(), Vec::new());
        if self.slots.get(&id).and_then(Slot::live).is_some_and(Instance::has_work) {
            self.yielded.push_back(id);
        }
    }

    pub(super) fn continue_yielded(&mut self) {
        for _ in 0..self.yielded.len() {
            let Some(id) = self.yielded.pop_front() else { return };
            self.give(id, Task::Continue);
        }
    }
}

/// What a panic said.
fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn rejected(rejection: Rejection) -> Error {
    match rejection {
        Rejection::Conflict { status, reason } => {
            Error::Conflict { status, reason: reason.to_owned() }
        }
        Rejection::Stale => Error::Unavailable("there is nothing to do".to_owned()),
    }
}
