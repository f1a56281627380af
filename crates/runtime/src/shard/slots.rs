//! Live instances: loaded when needed, stepped in order, let go when nothing moves them.

use std::collections::{BTreeMap, VecDeque};

use motet_engine::{self as engine, Incident, Instance, Listens, Outcome, Parked, Work};
use motet_journal::{Message, Values};
use motet_store::{CommitError, Row};
use motet_types::{Attempt, Digest, InstanceId, JobId, ShardId, StepId, Timestamp};

use super::jobs::Posted;
use super::retention::Candidate;
use super::starts::Beginning;
use super::usage::Size;
use super::{Machine, Output, Reply, Responder, Watcher, feeds, jobs};
use crate::lifecycle::Tasks;
use crate::{Actor, Command, Error, view};

/// An instance in memory, or on its way there.
pub(super) struct Slot {
    pub(super) state: State,
    /// What waits for the load, or until the instance comes back.
    pub(super) queue: VecDeque<Task>,
    /// The due time of its timer row.
    pub(super) due: Option<Timestamp>,
    /// Whether its pending row exists.
    pub(super) pending: bool,
    /// Commits that are not durable yet.
    pub(super) unsettled: u32,
    /// Records and bytes since the last snapshot.
    pub(super) since_snapshot: (usize, usize),
    pub(super) size: Size,
    /// Up to where its history was cut in this life.
    pub(super) cut_to: u64,
    /// What its history holds of large values.
    pub(super) values: Values,
    /// No commit of it is durable yet.
    pub(super) is_new: bool,
    /// Its place among the idle.
    pub(super) idle: Option<u64>,
    /// Its open jobs, as their rows say them.
    pub(super) jobs: BTreeMap<StepId, Posted>,
    /// Its listens, as topics know them.
    pub(super) listens: Listens,
    /// Its open tasks, where somebody wants its lifecycle events.
    pub(super) tasks: Option<Box<Tasks>>,
}

pub(super) enum State {
    /// The load of this number is awaited; the answer to another one is not for it.
    Loading(u64),
    /// It cannot be rebuilt, for this reason: its row is asked for, to show that.
    Unloadable(String),
    /// The store could not be read: loaded again after a rest, or when somebody asks.
    Unread,
    Live(Box<Instance>),
    /// Its task is done elsewhere, with the instance.
    Away {
        token: u64,
        task: Box<Task>,
    },
    /// A panic: loaded again once everything it has written is durable.
    Broken,
    /// Its removal is on its way: there is nothing any more, and nothing may begin until that is durable.
    Erased,
}

/// Something for one instance.
pub(super) enum Task {
    Command {
        command: Command,
        actor: Actor,
        reply: Responder,
    },
    Purge {
        /// Its rows in the table of ended instances.
        ends: Vec<Row>,
        reason: Option<String>,
        actor: Actor,
        reply: Responder,
    },
    Read {
        until: Option<Timestamp>,
        created: bool,
        reply: Responder,
    },
    ReadUndo {
        reply: Responder,
    },
    Watch {
        watcher: Watcher,
        reply: Responder,
    },
    Outcome {
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    },
    /// Its call has waited for a while.
    Park {
        step: StepId,
        attempt: Attempt,
        parked: Parked,
    },
    /// Its parked call has a place among those in flight.
    Release {
        step: StepId,
        attempt: Attempt,
    },
    /// It is sent again after a crash that took its outcome.
    Doubt {
        step: StepId,
        attempt: Attempt,
    },
    TimersDue,
    Continue,
    /// Be loaded, which sends what is in flight again.
    Resume,
    /// Let a call stand in line again whose instance was away.
    Dispatch {
        step: StepId,
        attempt: Attempt,
    },
    /// Begin: the task of an instance whose first step was given away.
    Begin(Box<Beginning>),
    /// Say whether it is alive, and with that whether the old start key still leads to it.
    Claim {
        shard: ShardId,
        key: String,
        digest: Digest,
    },
    /// Fail a job whose workers were lost one after the other.
    WorkersLost {
        step: StepId,
        attempt: Attempt,
        workers: u32,
    },
    /// Hand a job out that was taken for this worker.
    Offer {
        step: StepId,
        poller: u64,
    },
    Heartbeat {
        job: JobId,
        worker: Option<String>,
        reply: Responder,
    },
    Job {
        job: JobId,
        command: Option<engine::JobCommand>,
        actor: Actor,
        reply: Responder,
    },
    Sweep(Candidate),
    /// An input met a defect: keep it, and wait for a person.
    Panicked {
        message: String,
        input: Box<engine::Input>,
    },
    Message {
        from: ShardId,
        to: ShardId,
        sequence: u64,
        message: Message,
    },
}

impl Slot {
    pub(super) fn new(state: State) -> Self {
        Self {
            state,
            queue: VecDeque::new(),
            due: None,
            pending: false,
            unsettled: 0,
            since_snapshot: (0, 0),
            size: Size::default(),
            cut_to: 0,
            values: Values::default(),
            is_new: false,
            idle: None,
            jobs: BTreeMap::new(),
            listens: Listens::default(),
            tasks: None,
        }
    }

    /// An instance whose first commit is being gathered.
    pub(super) fn begun(instance: Instance) -> Self {
        Self { is_new: true, ..Self::new(State::Live(Box::new(instance))) }
    }

    pub(super) fn live(&self) -> Option<&Instance> {
        match &self.state {
            State::Live(instance) => Some(instance),
            State::Loading(_)
            | State::Unloadable(_)
            | State::Unread
            | State::Away { .. }
            | State::Broken
            | State::Erased => None,
        }
    }

    pub(super) fn is_away(&self) -> bool {
        matches!(self.state, State::Away { .. })
    }

    /// What waits for the load, which will not come.
    pub(super) fn take_queue(&mut self) -> VecDeque<Task> {
        std::mem::take(&mut self.queue)
    }

    /// Whether the outcome of this attempt is there: it waits for the load, or was kept when it met a defect.
    pub(super) fn is_answered(&self, of: StepId, nth: Attempt) -> bool {
        let answers = |input: &engine::Input| matches!(input, engine::Input::Outcome { step, attempt, .. } if *step == of && *attempt == nth);
        let waits = self.queue.iter().any(|task| match task {
            Task::Outcome { step, attempt, .. } => *step == of && *attempt == nth,
            Task::Panicked { input, .. } => answers(input),
            _ => false,
        });
        let is_kept = |instance: &Instance| {
            let by_incident = instance.incidents.values().any(|incident| match incident {
                Incident::Panic { input, .. } => answers(input),
                Incident::Fault(_) | Incident::Undo(_) => false,
            });
            // Of two defects the later one's incident stands; the earlier one's input waits to be fed.
            by_incident
                || instance.work.iter().any(|work| match work {
                    Work::Feed { input } => answers(input),
                    _ => false,
                })
        };
        waits || self.live().is_some_and(is_kept)
    }
}

impl Task {
    /// Who asks for it, where that is somebody.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Command { actor, .. } | Self::Job { actor, .. } => actor.clone(),
            _ => None,
        }
    }

    /// What the engine is fed for it; none if it is for the machine alone.
    pub(super) fn input(&self) -> Option<engine::Input> {
        Some(match self {
            Self::Command { command, .. } => match command {
                Command::Cancel { reason, force, without_undo } => {
                    let (reason, force) = (reason.clone(), *force);
                    engine::Input::Cancel { reason, force, without_undo: *without_undo }
                }
                Command::Suspend { reason } => engine::Input::Suspend { reason: reason.clone() },
                Command::Resume => engine::Input::Resume,
                Command::Retry => engine::Input::Retry,
                Command::Deliver { event } => engine::Input::Mail { event: event.clone() },
            },
            Self::Outcome { step, attempt, outcome } => {
                let (step, attempt, outcome) = (*step, *attempt, outcome.clone());
                engine::Input::Outcome { step, attempt, outcome }
            }
            Self::Park { step, attempt, parked } => {
                engine::Input::Park { step: *step, attempt: *attempt, parked: *parked }
            }
            Self::Release { step, attempt } => {
                engine::Input::Release { step: *step, attempt: *attempt }
            }
            Self::Doubt { step, attempt } => {
                engine::Input::Doubt { step: *step, attempt: *attempt }
            }
            Self::TimersDue => engine::Input::TimersDue,
            Self::Continue => engine::Input::Continue,
            Self::Panicked { message, input } => {
                engine::Input::Panicked { message: message.clone(), input: input.clone() }
            }
            Self::Message { message, .. } => return feeds::input_of(message),
            Self::Job { job, command: Some(command), .. } => {
                let (step, attempt, command) = (job.step, job.attempt, command.clone());
                engine::Input::Job { step, attempt, command }
            }
            Self::WorkersLost { step, attempt, workers } => {
                let command = jobs::workers_lost(*workers);
                engine::Input::Job { step: *step, attempt: Some(*attempt), command }
            }
            Self::Purge { .. }
            | Self::ReadUndo { .. }
            | Self::Read { .. }
            | Self::Watch { .. }
            | Self::Resume
            | Self::Dispatch { .. }
            | Self::Begin(_)
            | Self::Claim { .. }
            | Self::Offer { .. }
            | Self::Heartbeat { .. }
            | Self::Job { command: None, .. }
            | Self::Sweep(_) => return None,
        })
    }
}

impl Machine {
    pub(super) fn read(&mut self, id: InstanceId, until: Option<Timestamp>, reply: Responder) {
        self.give(id, Task::Read { until, created: false, reply });
    }

    pub(super) fn watch(&mut self, id: InstanceId, watcher: Watcher, reply: Responder) {
        self.give(id, Task::Watch { watcher, reply });
    }

    pub(super) fn outcome(
        &mut self,
        id: InstanceId,
        step: StepId,
        attempt: Attempt,
        outcome: Outcome,
    ) {
        self.counters.outcomes += 1;
        // One that says that its service is away may lead to another try.
        if let Some(outcome) = self.heed((id, step, attempt), outcome) {
            self.give(id, Task::Outcome { step, attempt, outcome });
        }
    }

    /// Does a task now if the instance is live; else it waits for the load.
    pub(super) fn give(&mut self, id: InstanceId, task: Task) {
        match self.slots.get_mut(&id) {
            Some(slot) if slot.live().is_some() => self.perform(id, task),
            Some(slot) if matches!(slot.state, State::Erased) => {
                self.fail_task(id, task, &Error::UnknownInstance(id));
            }
            Some(slot) => {
                slot.queue.push_back(task);
                if matches!(slot.state, State::Unread) {
                    self.load_again(id);
                }
            }
            None => {
                let mut slot = Slot::new(State::Unread);
                slot.queue.push_back(task);
                self.slots.insert(id, slot);
                self.load_again(id);
            }
        }
    }

    /// Answers with the instance as it is now, when that is durable.
    pub(super) fn answer(&mut self, id: InstanceId, created: bool, reply: Responder) {
        let view = self.view_of(id).map(|view| Reply::Instance { view: Box::new(view), created });
        self.reply(reply, view.ok_or(Error::UnknownInstance(id)));
    }

    pub(super) fn view_of(&self, id: InstanceId) -> Option<view::InstanceView> {
        let instance = self.slots.get(&id)?.live()?;
        let graph = self.view.graphs.get(&instance.start.definition);
        let mut view = view::instance(instance, graph.map(|graph| &**graph));
        (view.turn, view.room) = (self.turn_of(instance), self.room_of(instance));
        Some(view)
    }

    pub(super) fn undo_of(&self, instance: &Instance) -> Box<view::UndoView> {
        let graph = self.view.graphs.get(&instance.start.definition);
        Box::new(view::undo(instance, graph.map(|graph| &**graph)))
    }

    /// A commit of the instance is durable; a doubt may be about to be written still.
    pub(super) fn settled_commit(&mut self, id: InstanceId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.unsettled = slot.unsettled.saturating_sub(1);
        if slot.unsettled == 0 && slot.queue.is_empty() && !slot.is_away() {
            self.dispatch.doubts_settled(id);
        }
        slot.is_new = false;
        if slot.unsettled == 0 && matches!(slot.state, State::Broken) {
            return self.load_again(id);
        }
        if slot.unsettled == 0 && matches!(slot.state, State::Erased) {
            if let Some(slot) = self.slots.remove(&id) {
                self.erasure_settled(&slot);
            }
            self.counters.forgotten += 1;
            return;
        }
        self.retire(id);
    }

    /// Drops an instance whose last commits were refused; it goes on from what is durable, a little later. One that never
    /// was durable never was.
    pub(super) fn forget(&mut self, id: InstanceId, error: &CommitError) {
        let Some(mut slot) = self.slots.remove(&id) else { return };
        self.erasure_settled(&slot);
        self.give_all_back(id);
        if let Some(due) = slot.due {
            self.timers.remove(&(due, id));
        }
        if let Some(place) = slot.idle {
            self.idle.remove(&place);
        }
        // What comes back from elsewhere finds that nobody waits for it; its task is done again.
        if let State::Away { task, .. } = slot.state {
            slot.queue.push_front(*task);
        }
        if !slot.is_new {
            self.dispatch.resume_later(self.now, id);
            for task in slot.queue {
                // What waits to leave has lost its place above, and asks again when the instance is back.
                if !matches!(task, Task::Release { .. }) {
                    self.give(id, task);
                }
            }
            return;
        }
        let error = Error::Unavailable(error.to_string());
        for task in slot.queue {
            self.fail_task(id, task, &error);
        }
        for (_, reply) in self.waiters.take(id) {
            self.reply(reply, Err(error.clone()));
        }
        self.waiters.unwatch(id);
    }

    pub(super) fn fail_task(&mut self, id: InstanceId, task: Task, error: &Error) {
        match task {
            Task::Command { reply, .. }
            | Task::Purge { reply, .. }
            | Task::Read { reply, .. }
            | Task::ReadUndo { reply }
            | Task::Watch { reply, .. }
            | Task::Heartbeat { reply, .. }
            | Task::Job { reply, .. } => {
                self.reply(reply, Err(error.clone()));
            }
            Task::Offer { step, poller } => self.offer_failed(id, step, poller, error),
            Task::Message { from, to, sequence, message } => {
                self.refuse_message(from, to, sequence, message, error);
            }
            Task::Claim { shard, key, .. } => self.claimed(
                shard,
                key,
                match error {
                    Error::UnknownInstance(_) => Ok(None),
                    error => Err(error.clone()),
                },
            ),
            Task::Sweep(candidate) => self.judge_absent(candidate, error),
            Task::Begin(beginning) => self.not_begun(*beginning, error.clone()),
            // The instance stays as it is stored; its rows bring it back at the next start of the server.
            Task::WorkersLost { .. }
            | Task::Outcome { .. }
            | Task::Park { .. }
            | Task::Doubt { .. }
            | Task::TimersDue
            | Task::Continue
            | Task::Resume
            | Task::Dispatch { .. }
            | Task::Panicked { .. } => {}
            Task::Release { step, attempt } => self.give_back((id, step, attempt)),
        }
    }

    /// The end is durable. It is told as it was then: what follows it may not be durable yet.
    pub(super) fn ended(&mut self, id: InstanceId, view: Option<Box<view::InstanceView>>) {
        self.counters.ended += 1;
        self.waiters.unwatch(id);
        for (created, reply) in self.waiters.take(id) {
            match &view {
                Some(view) => {
                    let result = Ok(Reply::Instance { view: view.clone(), created });
                    self.outputs.push(Output::Reply { reply, result, position: self.position });
                }
                None => self.give(id, Task::Read { until: None, created, reply }),
            }
        }
    }
}
