//! Steps: what a live instance is given, one task after the other, and what a defect costs.

use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::{self as engine, Context, Instance, Metered, Record, Rejection};
use motet_journal::Message;
use motet_types::InstanceId;

use super::away::guarded_step;
use super::batch::Release;
use super::links::taken_row;
use super::slots::{Slot, State, Task};
use super::{Machine, Output, Reply};
use crate::{Actor, Command, Error};

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
            Task::Purge { ends, reason, actor, reply } => {
                self.purge(id, &ends, reason, actor, reply);
            }
            Task::Read { until, created, reply } => {
                self.answer_when_ended(id, until, created, reply)
            }
            Task::ReadUndo { reply } => {
                let plan = self.slots.get(&id).and_then(Slot::live).map(|it| self.undo_of(it));
                self.reply(reply, plan.map(Reply::Undo).ok_or(Error::UnknownInstance(id)));
            }
            Task::Watch { watcher, reply } => {
                // Nothing follows an end that could be told.
                if self.slots.get(&id).is_some_and(|slot| slot.end().is_none()) {
                    self.waiters.watch(id, watcher);
                }
                self.reply(reply, Ok(Reply::Watching));
            }
            // It has been loaded, which is all that was wanted.
            Task::Resume => {}
            Task::Dispatch { step, attempt } => self.dispatch_again(id, step, attempt),
            Task::Park { step, attempt, .. } if !self.dispatch.waits(&(id, step, attempt)) => {}
            Task::Claim { shard, key, digest } => {
                self.claimed(shard, key, Ok(self.is_alive(id).then_some((id, digest))));
            }
            Task::Offer { step, poller } => self.offered(id, step, poller),
            Task::Heartbeat { job, worker, reply } => self.beat(job, worker.as_deref(), reply),
            Task::Job { job, command: None, reply, .. } => self.look_at_task(job, reply),
            Task::Sweep(candidate) => self.judge(id, candidate),
            Task::Message { from, to, sequence, .. } if !self.is_next((to, from), sequence) => {}
            Task::Message { from, to, sequence, message: Message::Hasten { by, hops, .. } }
                if by != id =>
            {
                self.hasten(id, (to, from), sequence, (by, hops));
            }
            Task::Message { from, to, sequence, message: Message::Admit { .. } }
                if self.lacks_room(id) =>
            {
                self.goes_on_to_room(id, (to, from), sequence);
            }
            Task::Message { from, to, sequence, message: Message::StartScheduled { start } } => {
                self.was_scheduled((to, from), sequence, &start)
            }
            Task::Command { command: Command::Retry, reply, .. }
                if self.why_not_reopened(id).is_some() =>
            {
                let error = self.why_not_reopened(id).unwrap_or(Error::UnknownInstance(id));
                self.reply(reply, Err(error));
            }
            task => match task.input() {
                Some(input) => self.step(id, task, input),
                None => self.follow(id, task, Ok(())),
            },
        }
    }

    /// Steps an instance, here or elsewhere.
    fn step(&mut self, id: InstanceId, task: Task, input: engine::Input) {
        if matches!(task, Task::TimersDue) {
            self.counters.timers_fired += 1;
        }
        let graph = match self.graph_of(id) {
            Ok(graph) => graph,
            Err(error) => return self.follow(id, task, Err(error)),
        };
        // An instance that takes its concurrency key again was asked for it just now: meanwhile another one would take it.
        let takes_turn = matches!(task, Task::Command { command: Command::Retry, .. })
            && self.slots.get(&id).and_then(Slot::live).is_some_and(holds_key);
        if self.is_dear(&graph) && !takes_turn {
            return self.give_away(id, graph, task, input);
        }
        let Some(Slot { state: State::Live(instance), .. }) = self.slots.get_mut(&id) else {
            unreachable!("only a live instance has a graph");
        };
        let view = &self.view;
        let ctx = Context {
            graph: &graph,
            catalog: &self.view.catalog,
            now: self.now,
            limits: &self.config.limits,
            secret_key: &self.config.secret_key,
            undoable: &|definition| view.may_undo(definition),
            place: &|definition, input| view.place(definition, input),
        };
        let fed = guarded_step(&ctx, instance, input);
        if let Ok(fed) = &fed {
            self.costs.note(graph.digest, fed.fuel_burnt, self.now);
        }
        self.fed(id, &graph, task, fed);
    }

    fn graph_of(&self, id: InstanceId) -> Result<Arc<Graph>, Error> {
        let Some(slot) = self.slots.get(&id) else { return Err(Error::UnknownInstance(id)) };
        let Some(instance) = slot.live() else {
            return Err(Error::Unloadable("the instance is being loaded again".to_owned()));
        };
        let definition = &instance.start.definition;
        self.view.graphs.get(definition).cloned().ok_or_else(|| {
            Error::Unloadable(format!("the definition {definition} cannot be compiled"))
        })
    }

    /// A step is done: gathers what follows.
    pub(super) fn fed(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        task: Task,
        fed: Result<Metered<Result<Vec<Record>, Rejection>>, String>,
    ) {
        let result = match fed.map(|fed| fed.result) {
            Ok(Ok(mut records)) => {
                sign(&mut records, &task.actor());
                self.commit_step(id, graph, records, &task);
                Ok(())
            }
            Ok(Err(rejection)) => Err(rejected(rejection)),
            Err(message) => {
                self.broken(id, message, task.input());
                Err(Error::Unloadable("the instance met a defect of the engine".to_owned()))
            }
        };
        self.follow(id, task, result);
    }

    /// What a task wants when its input was fed.
    fn follow(&mut self, id: InstanceId, task: Task, result: Result<(), Error>) {
        let is_mail = matches!(task, Task::Command { command: Command::Deliver { .. }, .. });
        match task {
            Task::Command { reply, .. } => match result {
                Ok(()) => self.answer(id, false, reply),
                // Nothing to do: the event has come before.
                Err(Error::Unavailable(_)) if is_mail => self.answer(id, false, reply),
                Err(error) => self.reply(reply, Err(error)),
            },
            Task::Release { step, attempt } if result.is_err() => {
                self.give_back((id, step, attempt));
            }
            Task::Job { job, command: Some(command), reply, .. } => {
                self.job_told(job, &command, result, reply);
            }
            Task::TimersDue => self.register_timer(id),
            Task::Message { from, to, sequence, .. } if result.is_ok() => {
                self.taken((to, from), sequence);
            }
            Task::Message { from, to, sequence, message } => {
                self.message_rejected((to, from), sequence, &message);
            }
            // A rejection of an internal input means that there is nothing to do any more.
            _ => {}
        }
    }

    /// A panic costs the instance's live state alone: what it wrote before is made durable and loaded again.
    fn broken(&mut self, id: InstanceId, message: String, input: Option<engine::Input>) {
        self.counters.panics += 1;
        let input = match input {
            Some(input) if !matches!(input, engine::Input::Panicked { .. }) => input,
            _ => return self.give_up(id),
        };
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
            self.fail_task(id, task, &error);
        }
    }

    pub(super) fn load_again(&mut self, id: InstanceId) {
        let token = self.next_token();
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.state = State::Loading(token);
            self.outputs.push(Output::Load { id, token });
        }
    }

    /// What came by message is taken in the commit of the step that it caused.
    fn commit_step(
        &mut self,
        id: InstanceId,
        graph: &Arc<Graph>,
        records: Vec<Record>,
        task: &Task,
    ) {
        let (rows, releases) = match *task {
            Task::Message { from, to, sequence, .. } => (
                vec![taken_row((to, from), sequence)],
                vec![Release::Acknowledge { from, sequence }],
            ),
            _ => (Vec::new(), Vec::new()),
        };
        self.commit_records(id, graph, &records, rows, releases);
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

/// Writes on records who asked for them.
pub(super) fn sign(records: &mut [Record], actor: &Actor) {
    for record in records.iter_mut().filter(|record| record.fact.is_commanded()) {
        record.actor.clone_from(actor);
    }
}

fn rejected(rejection: Rejection) -> Error {
    match rejection {
        Rejection::Conflict { status, reason } => {
            Error::Conflict { status, reason: reason.to_owned() }
        }
        Rejection::Job(rejection) => Error::Job(rejection),
        Rejection::Stale => Error::Unavailable("there is nothing to do".to_owned()),
    }
}

fn holds_key(instance: &Instance) -> bool {
    instance.start.concurrency_key.is_some()
}
