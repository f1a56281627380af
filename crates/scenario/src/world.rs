//! A world of instances in virtual time: clock, services, other workflows.

mod asked;
mod effects;
mod events;
mod schedules;
mod setup;
mod slot;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_definition::graph::Graph;
use motet_engine::event::{Event, TopicId};
use motet_engine::secret::SecretKey;
use motet_engine::topic::Topic;
use motet_engine::{
    Context, End, Input, JobCommand, Outcome as Settlement, Parent, Path, Rejection, ScheduleInput,
    Start, WorkflowError,
};
use motet_expr::{Value, json};
use motet_types::{Attempt, InstanceId, ShardId, Status, StepId, Timestamp, WorkflowRef};

pub(crate) use asked::{Asked, AskedKind};
pub use setup::{Refused, Setup};

use crate::coverage::Seen;
use crate::mock::{Book, Call};
use crate::model::{Command, Failure, Scenario, ScheduleOrder};
use schedules::Scheduled;
use slot::Slot;
use work::Work;

/// Inputs that one run may cause; one that needs more does not end.
pub(crate) const INPUTS_MAX: usize = 100_000;
/// Instances of one run.
pub(crate) const INSTANCES_MAX: usize = 1_000;

const SECRET_KEY: SecretKey = SecretKey([7; 32]);

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// A word of the language.
    pub status: String,
    pub output: Option<Value>,
    pub error: Option<Value>,
    /// In the order of sending; what a crash made to be sent again is left out.
    pub calls: Vec<Call>,
    /// Instances started by others, or by the schedule: workflow, status, input and output, in order of their start.
    pub children: Vec<Value>,
    /// Events that instances emitted, in order.
    pub events: Vec<Value>,
    /// In the order in which they were left.
    pub jobs: Vec<Value>,
    /// Tasks of people.
    pub people: Vec<Value>,
    /// What was undone, or is being undone, in that order.
    pub undo: Vec<Value>,
    /// From the start to the end, or to the last thing that happened.
    pub elapsed: Duration,
    /// Commits of all instances.
    pub commits: usize,
    /// Why it could not go on as a scenario.
    pub trouble: Option<String>,
    /// Whether a call that must not be repeated was in flight at a crash.
    pub is_unknown: bool,
    pub(crate) asked: Vec<Asked>,
    pub(crate) seen: Seen,
}

impl Outcome {
    /// What services and clients see of an instance.
    pub fn from_outside(
        status: String,
        (output, error): (Option<Value>, Option<Value>),
        calls: Vec<Call>,
        trouble: Option<String>,
    ) -> Self {
        Self { status, output, error, calls, trouble, ..Self::default() }
    }

    /// The outcome as expressions see it; `elapsed` and `at` are milliseconds.
    pub fn to_value(&self) -> Value {
        let elapsed = usize::try_from(self.elapsed.as_millis()).unwrap_or(usize::MAX);
        json::object([
            ("status", json::string(self.status.as_str())),
            ("output", self.output.clone().unwrap_or(Value::Null)),
            ("error", self.error.clone().unwrap_or(Value::Null)),
            ("calls", json::array(self.calls.iter().map(Call::to_value))),
            ("children", json::array(self.children.iter().cloned())),
            ("events", json::array(self.events.iter().cloned())),
            ("jobs", json::array(self.jobs.iter().cloned())),
            ("people", json::array(self.people.iter().cloned())),
            ("undo", json::array(self.undo.iter().cloned())),
            ("elapsed", Value::from(elapsed)),
        ])
    }
}

/// Something that goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What is asked as this number, from 0, fails; `for_good`: whenever it is tried again, too.
    Step { number: usize, failure: Failure, for_good: bool },
    /// The server stops after this many commits and comes back.
    Crash { commits: usize },
}

/// Runs a scenario once.
pub fn perform(setup: &Setup, scenario: &Scenario) -> Outcome {
    perform_with(setup, scenario, None)
}

pub(crate) fn perform_with(setup: &Setup, scenario: &Scenario, fault: Option<Fault>) -> Outcome {
    let mut world = World {
        setup,
        scenario,
        fault,
        now: scenario.starts_at,
        book: Book::new(&scenario.calls),
        children_used: vec![0; scenario.children.len()],
        work_used: vec![0; scenario.work.len()],
        mocked: BTreeMap::new(),
        topics: BTreeMap::new(),
        schedule: None,
        until: None,
        work: Vec::new(),
        emitted: Vec::new(),
        events_sent: 0,
        undone: Vec::new(),
        slots: BTreeMap::new(),
        order: Vec::new(),
        arrivals: BTreeMap::new(),
        arrived: 0,
        failing: BTreeMap::new(),
        root_ended: None,
        outcome: Outcome::default(),
    };
    world.run();
    world.finish()
}

pub(crate) struct World<'s> {
    setup: &'s Setup,
    scenario: &'s Scenario,
    fault: Option<Fault>,
    now: Timestamp,
    book: Book<'s>,
    /// Results taken so far, by mock.
    children_used: Vec<usize>,
    /// Answers given so far, by mock of workers and people.
    work_used: Vec<u32>,
    /// Children that are not run: their place in the outcome, and how long they take to undo what they did.
    mocked: BTreeMap<InstanceId, (usize, Option<Duration>)>,
    topics: BTreeMap<TopicId, Topic>,
    schedule: Option<Scheduled>,
    /// The end of a scenario that tries a schedule.
    until: Option<Timestamp>,
    work: Vec<Work>,
    emitted: Vec<Value>,
    /// Events from outside so far.
    events_sent: usize,
    /// What is undone, in order: the how manieth of which instance.
    undone: Vec<(InstanceId, usize)>,
    slots: BTreeMap<InstanceId, Slot<'s>>,
    /// In order of their start.
    order: Vec<InstanceId>,
    /// What is under way, by arrival; the number keeps those of one instant in order.
    arrivals: BTreeMap<(Timestamp, usize), Arrival>,
    arrived: usize,
    /// Steps that fail for good, and how often they have.
    failing: BTreeMap<(InstanceId, Path), u32>,
    root_ended: Option<Timestamp>,
    outcome: Outcome,
}

pub(crate) enum Arrival {
    Outcome {
        to: InstanceId,
        step: StepId,
        attempt: Attempt,
        outcome: Settlement,
    },
    ChildEnded {
        to: InstanceId,
        step: StepId,
        child: InstanceId,
        end: End,
        undoable: bool,
    },
    Undo {
        to: InstanceId,
        step: StepId,
    },
    ChildUndone {
        to: InstanceId,
        step: StepId,
        child: InstanceId,
    },
    Cancel {
        to: InstanceId,
    },
    Job {
        to: InstanceId,
        step: StepId,
        attempt: Attempt,
        command: JobCommand,
    },
    OfTopic {
        to: InstanceId,
        input: Box<Input>,
    },
    Event {
        event: Arc<Event>,
    },
    Mail {
        event: Arc<Event>,
    },
    Command {
        command: Command,
        is_refused: bool,
    },
    /// An instance that the schedule started has ended.
    Ended {
        input: Box<ScheduleInput>,
    },
    Order {
        order: ScheduleOrder,
        is_refused: bool,
    },
}

impl<'s> World<'s> {
    fn run(&mut self) {
        for action in &self.scenario.actions {
            let at = self.now.saturating_add(action.after);
            let (command, is_refused) = (action.command.clone(), action.is_refused);
            self.arrive(at, Arrival::Command { command, is_refused });
        }
        self.send_events();
        match &self.scenario.schedule {
            Some(trial) => self.begin_schedule(trial),
            None => {
                let main = self.setup.main.clone();
                self.begin(root_id(), &main, self.scenario.input.clone(), "test/1", None);
            }
        }
        for _ in 0..INPUTS_MAX {
            if self.outcome.trouble.is_some() || !self.advance() {
                return;
            }
        }
        self.trouble(format!("it had not ended after {INPUTS_MAX} inputs"));
    }

    /// Does the next thing; false when there is none.
    fn advance(&mut self) -> bool {
        if let Some(id) = self.with_work() {
            self.feed(id, Input::Continue);
            return true;
        }
        let timers = self.slots.iter().filter_map(|(id, slot)| Some((slot.live.next_due()?, *id)));
        let timer = timers.min();
        let arriving = self.arrivals.keys().next().copied();
        let times = [arriving.map(|key| key.0), timer.map(|(due, _)| due), self.schedule_due()];
        let Some(next) = times.into_iter().flatten().min() else { return false };
        let at = self.now.max(self.awake(next));
        if self.until.is_some_and(|until| at > until) {
            return false;
        }
        match (arriving, timer) {
            (Some(key), _) if key.0 == next => {
                let arrival = self.arrivals.remove(&key).expect("it was just found");
                if self.concerns_anyone(&arrival) {
                    self.now = at;
                    self.take(arrival);
                }
            }
            (_, Some((due, id))) if due == next => {
                self.now = at;
                self.feed(id, Input::TimersDue);
            }
            _ => {
                self.now = at;
                self.ask_schedule(ScheduleInput::Due, false);
            }
        }
        true
    }

    fn with_work(&self) -> Option<InstanceId> {
        self.slots.iter().find(|(_, slot)| slot.live.has_work()).map(|(id, _)| *id)
    }

    /// Whether an instance still wants to know; time does not pass for what nobody does.
    fn concerns_anyone(&self, arrival: &Arrival) -> bool {
        let is_open =
            |id| self.slots.get(id).is_some_and(|slot: &Slot<'_>| slot.live.end.is_none());
        match arrival {
            Arrival::Outcome { to, .. } | Arrival::ChildEnded { to, .. } => is_open(to),
            Arrival::Cancel { to } | Arrival::ChildUndone { to, .. } => is_open(to),
            Arrival::Undo { to, .. } => self.slots.contains_key(to),
            Arrival::Job { to, step, attempt, .. } => self.is_to_be_done(*to, *step, *attempt),
            Arrival::OfTopic { to, .. } => is_open(to) || self.is_schedule(*to),
            Arrival::Event { .. } => {
                self.has_schedule() || self.slots.values().any(|slot| slot.live.end.is_none())
            }
            Arrival::Mail { .. } => is_open(&root_id()),
            Arrival::Command { .. } | Arrival::Ended { .. } | Arrival::Order { .. } => true,
        }
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Outcome { to, step, attempt, outcome } => {
                self.feed(to, Input::Outcome { step, attempt, outcome });
            }
            Arrival::ChildEnded { to, step, child, end, undoable } => {
                let result = result_of(end);
                self.feed(to, Input::ChildEnded { step, child, result, undoable });
            }
            Arrival::Undo { to, step } => self.feed(to, Input::Undo { step }),
            Arrival::ChildUndone { to, step, child } => {
                self.feed(to, Input::ChildUndone { step, child, error: None });
            }
            Arrival::Cancel { to } => self.feed(to, cancelled(Some("the parent was".to_owned()))),
            Arrival::Job { to, step, attempt, command } => self.do_work(to, step, attempt, command),
            Arrival::OfTopic { to, input } if self.is_schedule(to) => self.tell_schedule(*input),
            Arrival::OfTopic { to, input } => self.feed(to, *input),
            Arrival::Event { event } => {
                let namespace = self.setup.main.workflow.namespace.clone();
                self.publish(&namespace, &event);
            }
            Arrival::Mail { event } => self.feed(root_id(), Input::Mail { event }),
            Arrival::Command { command, is_refused } => self.command(command, is_refused),
            Arrival::Ended { input } => self.ask_schedule(*input, false),
            Arrival::Order { order, is_refused } => self.order(&order, is_refused),
        }
    }

    fn command(&mut self, command: Command, is_refused: bool) {
        let input = match command {
            Command::Cancel { reason, force, without_undo } => {
                Input::Cancel { reason, force, without_undo }
            }
            Command::Suspend(reason) => Input::Suspend { reason },
            Command::Resume => Input::Resume,
            Command::Retry => {
                self.root_ended = None;
                Input::Retry
            }
        };
        let shown = format!("{input:?}");
        match (self.try_feed(root_id(), input), is_refused) {
            (None, false) | (Some(_), true) => {}
            (None, true) => self.trouble(format!("a command is not refused ({shown})")),
            (Some(rejection), false) => {
                self.trouble(format!("a command is refused: {rejection} ({shown})"));
            }
        }
    }

    pub(crate) fn begin(
        &mut self,
        id: InstanceId,
        definition: &WorkflowRef,
        input: Value,
        start_key: &str,
        parent: Option<Parent>,
    ) {
        let setup = self.setup;
        let Some(graph) = setup.graphs.get(definition) else {
            return self.trouble(format!("{definition} is neither given nor mocked"));
        };
        self.begin_as(id, graph, Setup::start(graph, input, start_key, parent));
    }

    fn begin_as(&mut self, id: InstanceId, graph: &'s Graph, start: Start) {
        if self.slots.len() >= INSTANCES_MAX {
            return self.trouble(format!("it has started {INSTANCES_MAX} instances"));
        }
        let (slot, records) = Slot::begin(&self.context(graph), id, start);
        self.slots.insert(id, slot);
        self.order.push(id);
        self.committed(id, &records);
    }

    fn feed(&mut self, id: InstanceId, input: Input) {
        let shown = format!("{input:?}");
        match self.try_feed(id, input) {
            // Two that come at once: the second one finds nothing to do.
            None | Some(Rejection::Stale) => {}
            Some(rejection) => self.trouble(format!("it is refused: {rejection} ({shown})")),
        }
    }

    /// Why the input is refused, if it is.
    fn try_feed(&mut self, id: InstanceId, input: Input) -> Option<Rejection> {
        let mut slot = self.slots.remove(&id)?;
        let fed = slot.feed(&self.context(slot.graph), input);
        self.slots.insert(id, slot);
        match fed {
            Ok(records) => {
                self.committed(id, &records);
                None
            }
            Err(rejection) => Some(rejection),
        }
    }

    fn context(&self, graph: &'s Graph) -> Context<'s> {
        let setup: &'s Setup = self.setup;
        Context {
            graph,
            catalog: &setup.catalog,
            now: self.now,
            limits: &setup.limits,
            secret_key: &SECRET_KEY,
            undoable: &*setup.undoable.0,
            place: &|_, _| None,
        }
    }

    pub(crate) fn arrive(&mut self, at: Timestamp, arrival: Arrival) {
        self.arrived += 1;
        self.arrivals.insert((at, self.arrived), arrival);
    }

    pub(crate) fn trouble(&mut self, message: impl Into<String>) {
        self.outcome.trouble.get_or_insert(message.into());
    }

    fn finish(mut self) -> Outcome {
        let ended = self.until.or(self.root_ended).unwrap_or(self.now);
        self.outcome.elapsed = ended.since(self.scenario.starts_at);
        if let Some(root) = self.slots.get(&root_id()) {
            self.outcome.status = root.live.status().to_string();
            self.outcome.output = root.live.output().cloned();
            self.outcome.error = root.live.error().map(WorkflowError::to_value);
        } else if self.until.is_some() {
            // The time of the schedule is over.
            self.outcome.status = Status::Completed.to_string();
        }
        let since = self.scenario.starts_at;
        let others = self.order.iter().filter(|id| **id != root_id());
        let children = others.filter_map(|id| self.slots.get(id));
        let mut children: Vec<Value> = children.map(|slot| slot.to_value(since)).collect();
        children.splice(0..0, std::mem::take(&mut self.outcome.children));
        self.outcome.children = children;
        self.outcome.events = std::mem::take(&mut self.emitted);
        let (people, jobs): (Vec<&Work>, Vec<&Work>) =
            self.work.iter().partition(|work| work.is_for_person());
        self.outcome.people = people.into_iter().map(Work::to_value).collect();
        self.outcome.jobs = jobs.into_iter().map(Work::to_value).collect();
        let undone = |(id, nth): &(InstanceId, usize)| self.slots[id].undo_value(*nth);
        self.outcome.undo = self.undone.iter().map(undone).collect();
        self.outcome
    }
}

pub(crate) fn root_id() -> InstanceId {
    let epoch = crate::read::EPOCH.parse().expect("it is an instant");
    InstanceId::new(epoch, ShardId(0), 1)
}

fn cancelled(reason: Option<String>) -> Input {
    Input::Cancel { reason, force: false, without_undo: false }
}

/// What a parent makes of its child's end.
fn result_of(end: End) -> Result<Value, Box<WorkflowError>> {
    match end {
        End::Completed(output) => Ok(output),
        End::Faulted { error, .. } => Err(error),
        End::Cancelled { .. } => {
            let kind = motet_engine::ErrorKind::Runtime;
            Err(Box::new(WorkflowError::new(kind, "the child was cancelled", "it gave no output")))
        }
    }
}
