//! The shell of a scenario: clock, calls in flight, children.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use motet_definition::graph::Graph;
use motet_engine::event::{Event, TopicId};
use motet_engine::secret::SecretKey;
use motet_engine::topic::{self, Topic};
use motet_engine::{
    Activity, ChildRequest, Context, Effect, Fact, Input, Instance, Listens, Parked, Record,
    SEMANTICS, Start, begin, effects, outstanding, step,
};
use motet_expr::Value;
use motet_types::{Attempt, InstanceId, ShardId, StepId, Timestamp};

use super::script::{Command, Target, Verb, Which};
use super::transcript::Transcript;
use super::{Setup, epoch};

/// Inputs that one script may cause; a scenario that needs more does not end.
const INPUTS_MAX: usize = 10_000;

pub(super) struct World {
    setup: Setup,
    graph: Graph,
    now: Timestamp,
    live: Option<Instance>,
    /// Knows the records alone.
    rebuilt: Option<Instance>,
    /// What topics know of its listens.
    listens: Listens,
    calls: BTreeMap<(StepId, Attempt), Call>,
    children: Vec<(StepId, Arc<ChildRequest>)>,
    /// Tasks and steps of the jobs so far.
    jobs: Vec<(String, StepId)>,
    topics: BTreeMap<TopicId, Topic>,
    /// What topics have given out.
    arriving: VecDeque<Input>,
    /// What is on its way for longer.
    delayed: Vec<Input>,
    inputs: usize,
    transcript: Transcript,
}

struct Call {
    task: String,
    state: CallState,
}

#[derive(Clone, Copy, PartialEq)]
enum CallState {
    InFlight,
    Abandoned,
    Answered,
}

const SECRET_KEY: SecretKey = SecretKey([7; 32]);

impl World {
    pub(super) fn new(setup: Setup, graph: Graph) -> Self {
        Self {
            setup,
            graph,
            now: epoch(),
            live: None,
            rebuilt: None,
            listens: Listens::default(),
            calls: BTreeMap::new(),
            children: Vec::new(),
            jobs: Vec::new(),
            topics: BTreeMap::new(),
            arriving: VecDeque::new(),
            delayed: Vec::new(),
            inputs: 0,
            transcript: Transcript::new(id(), SECRET_KEY),
        }
    }

    pub(super) fn obey(&mut self, command: Command) {
        self.transcript.command(&command.text);
        match command.verb {
            Verb::Limit { name, value } => return self.limit(&name, value),
            Verb::Start(input) => self.start(input),
            Verb::Event(event) => self.publish(event),
            Verb::Delayed(event) => {
                self.publish(event);
                self.delayed.extend(self.arriving.drain(..));
            }
            Verb::Arrive => self.arriving.extend(self.delayed.drain(..)),
            Verb::Mail(event) => self.feed(Input::Mail { event }),
            Verb::Advance(by) => self.advance(self.now.saturating_add(by)),
            Verb::Sleep(by) => self.now = self.now.saturating_add(by),
            Verb::Rewind(by) => {
                let micros = self.now.as_micros() - by.as_micros() as i64;
                self.now = Timestamp::from_micros(micros);
            }
            Verb::ContinueAll => {
                while self.live().has_work() {
                    self.feed(Input::Continue);
                }
            }
            Verb::Panic(verb) => {
                let input = Box::new(self.input(*verb));
                self.feed(Input::Panicked { message: "a bug".to_owned(), input });
            }
            verb => {
                let input = self.input(verb);
                self.feed(input);
            }
        }
        self.deliver();
        self.check_outstanding();
        self.print_status();
    }

    fn publish(&mut self, event: Arc<Event>) {
        let namespace = self.graph.definition.workflow.namespace.clone();
        let input = topic::Input::Publish { event: event.clone(), received: None };
        self.ask(event.topic(namespace.clone()), input.clone());
        self.ask(TopicId { namespace, kind: None }, input);
    }

    /// Asks a topic; what it gives out arrives when everything else is done.
    fn ask(&mut self, id: TopicId, mut input: topic::Input) {
        let context = topic::Context { now: self.now, limits: &self.setup.limits };
        let topic = self.topics.entry(id.clone()).or_insert_with(|| Topic::new(id));
        loop {
            let records = topic.step(&context, input).expect("it is not asked while it gives out");
            for record in records {
                match record {
                    topic::Record::Delivered { delivery, received, event, .. } => {
                        let ((_, step), matches) = (delivery.to, delivery.matches);
                        let found = Input::Found { step, event, received, matches };
                        self.arriving.push_back(found);
                    }
                    topic::Record::Refused { listener: (_, step), reason } => {
                        self.arriving.push_back(Input::NotListening { step, reason });
                    }
                    _ => {}
                }
            }
            if !topic.has_work() {
                return;
            }
            input = topic::Input::Continue;
        }
    }

    fn deliver(&mut self) {
        while let Some(input) = self.arriving.pop_front() {
            self.feed(input);
        }
    }

    /// The input that a command gives.
    fn input(&self, verb: Verb) -> Input {
        match verb {
            Verb::Settle { which, call, outcome } => {
                let (step, attempt) = self.find(which, &call);
                Input::Outcome { step, attempt, outcome }
            }
            Verb::Park { call, reason } => {
                let (step, attempt) = self.find(Which::InFlight, &call);
                let (since, until, sent) = (self.now, None, false);
                Input::Park { step, attempt, parked: Parked { reason, since, until, sent } }
            }
            Verb::Release(call) => {
                let (step, attempt) = self.find(Which::InFlight, &call);
                Input::Release { step, attempt }
            }
            Verb::Child { task, result, undoable } => {
                let (step, child) = self.child(&task);
                Input::ChildEnded { step, child, result, undoable }
            }
            Verb::Job { task, attempt, command } => {
                Input::Job { step: self.job(&task), attempt, command }
            }
            Verb::Undone { task, error } => {
                let (step, child) = self.undo_of(&task);
                Input::ChildUndone { step, child, error }
            }
            Verb::Undo => Input::Undo { step: StepId(7) },
            Verb::Doubt(call) => {
                let (step, attempt) = self.find(Which::InFlight, &call);
                Input::Doubt { step, attempt }
            }
            Verb::Timers => Input::TimersDue,
            Verb::Continue => Input::Continue,
            Verb::Cancel { reason, force, without_undo } => {
                Input::Cancel { reason, force, without_undo }
            }
            Verb::Suspend(reason) => Input::Suspend { reason },
            Verb::Resume => Input::Resume,
            Verb::Retry => Input::Retry,
            _ => panic!("this command is no single input"),
        }
    }

    fn print_status(&mut self) {
        let calls = self.calls.iter();
        let unanswered: Vec<String> = calls
            .filter(|(_, call)| call.state != CallState::Answered)
            .map(|(_, call)| match call.state {
                CallState::Abandoned => format!("{} (abandoned)", call.task),
                _ => call.task.clone(),
            })
            .collect();
        let live = self.live.as_ref().expect("the script starts it");
        self.transcript.status(live, &unanswered);
    }

    pub(super) fn finish(self) -> String {
        self.transcript.text()
    }

    fn start(&mut self, input: Value) {
        let start = Start {
            definition: self.graph.definition.clone(),
            digest: self.graph.digest,
            semantics: SEMANTICS,
            input,
            start_key: "client/1".to_owned(),
            parent: self.setup.parent.clone(),
            business_key: None,
            attributes: Vec::new(),
            schedule: None,
            concurrency_key: None,
            lines: Vec::new(),
        };
        self.rebuilt = Some(Instance::blank(id(), Arc::new(start.clone())));
        let (live, records) = begin(&self.context(), id(), start.clone());
        let (again, same) = begin(&self.context(), id(), start);
        assert!((&again, &same) == (&live, &records), "a second beginning differs");
        self.live = Some(live);
        self.take(&records);
    }

    fn feed(&mut self, input: Input) {
        self.inputs += 1;
        assert!(self.inputs < INPUTS_MAX, "the script does not end:\n{}", self.transcript.tail());
        let mut live = self.live.take().expect("the script starts it");
        let before = live.clone();
        let result = step(&self.context(), &mut live, input);
        match result {
            Ok(records) => {
                self.live = Some(live);
                self.take(&records);
            }
            Err(rejection) => {
                assert!(live == before, "a rejected input changed the instance");
                self.live = Some(live);
                self.transcript.line(&format!("! {rejection}"));
            }
        }
    }

    /// Applies the records to the instance that knows nothing else, and carries their effects out.
    fn take(&mut self, records: &[Record]) {
        let mut rebuilt = self.rebuilt.take().expect("the script starts it");
        for record in records {
            rebuilt.apply(record);
            let effect = effects(record, &rebuilt, &mut self.listens);
            self.transcript.record(&self.graph, record, effect.as_ref());
            if let Err(broken) = rebuilt.check() {
                panic!("{broken}\n{}", self.transcript.tail());
            }
            if let (Fact::JobCreated { .. }, Some(task)) = (&record.fact, record.task) {
                self.jobs.push((self.graph.vertex(task).name.clone(), record.step));
            }
            if let Fact::Settled { attempt, .. } = &record.fact {
                let call = self.calls.get_mut(&(record.step, *attempt)).expect("it was sent");
                call.state = CallState::Answered;
            }
            if let Some(effect) = effect {
                self.carry_out(record, effect);
            }
        }
        if let Err(broken) = rebuilt.check_at_rest() {
            panic!("{broken}\n{}", self.transcript.tail());
        }
        let live = self.live();
        assert!(*live == rebuilt, "live:\n{live:#?}\nrebuilt:\n{rebuilt:#?}");
        self.rebuilt = Some(rebuilt);
    }

    fn carry_out(&mut self, record: &Record, effect: Effect) {
        match effect {
            Effect::Call { step, attempt, .. } if matches!(record.fact, Fact::Released { .. }) => {
                let call = self.calls.get(&(step, attempt)).expect("it was asked for");
                assert!(call.state == CallState::InFlight, "only what is in flight is let go");
            }
            Effect::Call { step, attempt, .. } => {
                let task = record.task.map(|task| self.graph.vertex(task).name.clone());
                let call = Call { task: task.expect("a task calls"), state: CallState::InFlight };
                let twice = self.calls.insert((step, attempt), call);
                assert!(twice.is_none(), "step {step} sends attempt {attempt} twice");
            }
            Effect::Withdraw { step, attempt } => {
                let call = self.calls.get_mut(&(step, attempt)).expect("it was sent");
                assert!(call.state == CallState::InFlight, "only what is in flight is withdrawn");
                call.state = CallState::Abandoned;
            }
            Effect::StartChild { step, child } => {
                let is_new = self
                    .children
                    .iter()
                    .all(|(_, other)| other.start_key != child.start_key && other.id != child.id);
                assert!(is_new, "two children under one start key: {}", child.start_key);
                self.children.push((step, child));
            }
            Effect::CancelChild { .. }
            | Effect::TellParent { .. }
            | Effect::TellSchedule { .. }
            | Effect::UndoChild { .. }
            | Effect::TellUndone { .. } => {}
            Effect::Publish { event } => self.publish(event),
            Effect::Subscribe { subscription, topics } => {
                for topic in topics {
                    let subscription = subscription.clone();
                    self.ask(topic, topic::Input::Subscribe { subscription });
                }
            }
            Effect::Unsubscribe { step, topics } => {
                for topic in topics {
                    let listener = (id(), step);
                    self.ask(topic, topic::Input::Unsubscribe { listener });
                }
            }
        }
    }

    /// What a recovery would send again is exactly what is in flight.
    fn check_outstanding(&self) {
        let Some(live) = &self.live else { return };
        let again: Vec<(StepId, Attempt)> = outstanding(live, self.now)
            .into_iter()
            .map(|effect| match effect {
                Effect::Call { step, attempt, .. } => (step, attempt),
                other => panic!("not a call: {other:?}"),
            })
            .collect();
        let calls = self.calls.iter().filter(|(_, call)| call.state == CallState::InFlight);
        let in_flight: Vec<(StepId, Attempt)> = calls.map(|(key, _)| *key).collect();
        assert_eq!(again, in_flight, "what recovery sends again, what is in flight");
    }

    fn advance(&mut self, until: Timestamp) {
        while let Some(due) = self.live().next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.feed(Input::TimersDue);
        }
        self.now = until;
    }

    fn find(&self, which: Which, target: &Target) -> (StepId, Attempt) {
        let wanted = match which {
            Which::InFlight => CallState::InFlight,
            Which::Abandoned => CallState::Abandoned,
            Which::Answered => CallState::Answered,
        };
        let found = self.calls.iter().find(|((step, _), call)| {
            call.state == wanted
                && call.task == target.task
                && target.step.is_none_or(|wanted| wanted == step.0)
        });
        let tail = || self.transcript.tail();
        *found.unwrap_or_else(|| panic!("{} makes no such call\n{}", target.task, tail())).0
    }

    /// The newest job of the task.
    fn job(&self, task: &str) -> StepId {
        let newest = self.jobs.iter().rev().find(|(name, _)| name == task);
        newest.unwrap_or_else(|| panic!("{task} has no job\n{}", self.transcript.tail())).1
    }

    fn child(&self, task: &str) -> (StepId, InstanceId) {
        let named = |step: &StepId| {
            let task_of = self.live().steps.get(step).and_then(|step| step.task);
            task_of.is_some_and(|it| self.graph.vertex(it).name == task)
        };
        let open = self.children.iter().rev().find(|(step, _)| named(step));
        let (step, child) = open.or(self.children.last()).expect("a child was started");
        (*step, child.id)
    }

    /// The step that has asked the child of a task to undo itself.
    fn undo_of(&self, task: &str) -> (StepId, InstanceId) {
        let live = self.live();
        let asked = live.steps.iter().find_map(|(id, step)| match &step.activity {
            Activity::Undo { child: Some(child), .. } => {
                let name = step.task.map(|task| self.graph.vertex(task).name.as_str());
                (name == Some(task)).then_some((*id, *child))
            }
            _ => None,
        });
        asked.unwrap_or_else(|| panic!("{task} undoes no child\n{}", self.transcript.tail()))
    }

    fn limit(&mut self, name: &str, value: usize) {
        let limits = &mut self.setup.limits;
        match name {
            "steps_max" => limits.steps_max = value as u32,
            "undo_entries_max" => limits.undo_entries_max = value,
            "step_records_max" => limits.step_records_max = value,
            "step_bytes_max" => limits.step_bytes_max = value,
            "step_fuel_max" => limits.step_fuel_max = value as u64,
            "payload_bytes_max" => limits.payload_bytes_max = value,
            "instance_bytes_max" => limits.instance_bytes_max = value,
            "expression_fuel_max" => limits.expression_fuel_max = value as u64,
            "listen_events_max" => limits.listen_events_max = value,
            "events_waiting_max" => limits.events_waiting_max = value,
            "events_remembered_max" => limits.events_remembered_max = value,
            "event_filters_max" => limits.event_filters_max = value,
            "subscriptions_max" => limits.subscriptions_max = value,
            "events_retained_max" => limits.events_retained_max = value,
            "lookback_fuel_max" => limits.lookback_fuel_max = value as u64,
            "children_depth_max" => limits.children_depth_max = value as u32,
            other => panic!("unknown limit {other:?}"),
        }
    }

    fn live(&self) -> &Instance {
        self.live.as_ref().expect("the script starts it")
    }

    fn context(&self) -> Context<'_> {
        Context {
            graph: &self.graph,
            catalog: &self.setup.catalog,
            now: self.now,
            limits: &self.setup.limits,
            secret_key: &SECRET_KEY,
            undoable: &|definition| definition.workflow.name.as_str().starts_with("saga"),
            place: &|_, _| None,
        }
    }
}

fn id() -> InstanceId {
    InstanceId::new(epoch(), ShardId(7), 1)
}
