//! Schedules: when their next nominal time comes they ask for starts, one message each, in the commit that moves the time on.
//!
//! A waiting schedule is a row and an entry in an ordered set: thousands of them cost nothing.

mod sets;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::schedule::Plan;
use motet_engine::schedule::{self, EventSet, Heard};
use motet_engine::{
    Ending, Instance, Schedule, ScheduleAction, ScheduleInput, ScheduleRejection, ScheduledStart,
};
use motet_journal::{Message, encode_schedule};
use motet_store::{RowChange, Value};
use motet_types::{InstanceId, ShardId, Timestamp, WorkflowName};

use super::batch::Release;
use super::links::taken_row;
use super::starts::{Beginning, Origin};
use super::{Machine, Reply, Responder};
use crate::sabotage::{self, Sabotage};
use crate::tables::SCHEDULE;
use crate::{Actor, Error, audit};

use sets::Sets;

/// Schedules that one tick fires at most.
const FIRED_MAX: usize = 256;

/// How long a schedule rests whose commit was refused.
const REST: Duration = Duration::from_secs(1);

/// Every schedule, as it is durable and with what is not yet.
#[derive(Default)]
pub(super) struct Schedules {
    current: BTreeMap<WorkflowName, Arc<Schedule>>,
    durable: BTreeMap<WorkflowName, Arc<Schedule>>,
    /// When each wants to be fed, soonest first.
    due: BTreeSet<(Timestamp, WorkflowName)>,
    due_of: BTreeMap<WorkflowName, Timestamp>,
    /// The events that they gather.
    sets: Sets,
    /// Who listens under an id that is none of an instance.
    listeners: HashMap<InstanceId, WorkflowName>,
}

/// What a schedule's change brings along, and what may leave with it.
#[derive(Default)]
struct Along {
    rows: Vec<RowChange>,
    releases: Vec<Release>,
    /// The row of the audit, if somebody asked for the change; it stands only beside one.
    told: Option<RowChange>,
}

impl Schedules {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A change is durable.
    pub(super) fn settle(&mut self, workflow: WorkflowName, schedule: Option<Arc<Schedule>>) {
        self.sets.settle();
        self.put_durable(workflow, schedule);
    }

    /// The workflow whose schedule listens under an id.
    pub(super) fn listener(&self, id: InstanceId) -> Option<WorkflowName> {
        self.listeners.get(&id).cloned()
    }

    fn put_durable(&mut self, workflow: WorkflowName, schedule: Option<Arc<Schedule>>) {
        match schedule {
            Some(schedule) => drop(self.durable.insert(workflow, schedule)),
            None => drop(self.durable.remove(&workflow)),
        }
    }

    /// Changes were refused: what is durable counts, and is tried again a little later.
    pub(super) fn refused(&mut self, now: Timestamp) {
        self.sets.refused();
        let is_lost = |workflow: &&WorkflowName| {
            let (current, durable) = (self.current.get(*workflow), self.durable.get(*workflow));
            match (current, durable) {
                (Some(current), Some(durable)) => !Arc::ptr_eq(current, durable),
                (None, None) => false,
                _ => true,
            }
        };
        let known: BTreeSet<&WorkflowName> =
            self.current.keys().chain(self.durable.keys()).collect();
        let lost: Vec<WorkflowName> = known.into_iter().filter(is_lost).cloned().collect();
        for workflow in lost {
            let durable = self.durable.get(&workflow).cloned();
            let due = durable.as_ref().and_then(|schedule| schedule.due());
            self.put(&workflow, durable);
            // The version in force may be what was lost with it.
            let rested = now.saturating_add(REST);
            self.set_due(&workflow, Some(due.map_or(rested, |due| due.max(rested))));
        }
    }

    fn put(&mut self, workflow: &WorkflowName, schedule: Option<Arc<Schedule>>) {
        match schedule {
            Some(schedule) => {
                if schedule.on.is_some() {
                    self.listeners.insert(schedule::listener(workflow), workflow.clone());
                }
                self.current.insert(workflow.clone(), schedule);
            }
            None => drop(self.current.remove(workflow)),
        }
    }

    fn set_due(&mut self, workflow: &WorkflowName, due: Option<Timestamp>) {
        if let Some(before) = self.due_of.remove(workflow) {
            self.due.remove(&(before, workflow.clone()));
        }
        if let Some(due) = due {
            self.due_of.insert(workflow.clone(), due);
            self.due.insert((due, workflow.clone()));
        }
    }
}

impl Machine {
    /// Takes up what the store holds; versions that came into force behind it follow.
    pub(super) fn recover_schedules(
        &mut self,
        schedules: Vec<(WorkflowName, Schedule)>,
        sets: BTreeMap<(WorkflowName, u64), EventSet>,
    ) {
        for ((workflow, number), set) in sets {
            self.schedules.sets.load(workflow, number, set);
        }
        let mut workflows: BTreeSet<WorkflowName> =
            self.view.catalog.workflows.keys().cloned().collect();
        for (workflow, schedule) in schedules {
            let schedule = Arc::new(schedule);
            self.schedules.put(&workflow, Some(schedule.clone()));
            self.schedules.put_durable(workflow.clone(), Some(schedule));
            workflows.insert(workflow);
        }
        for workflow in workflows {
            self.adopt_schedule(&workflow);
            self.set_schedule_due(&workflow);
            if sabotage::is(Sabotage::ScheduleForgotten) {
                self.schedules.set_due(&workflow, None);
            }
        }
    }

    /// Another version may be in force: what an absent version names.
    pub(super) fn adopt_schedule(&mut self, workflow: &WorkflowName) {
        let Ok(definition) = self.view.catalog.resolve(workflow, None) else { return };
        // A version that this server cannot compile leaves the schedule as it is; it does not fire.
        let Some(graph) = self.view.graphs.get(&definition) else { return };
        let is_known = self.schedules.current.contains_key(workflow);
        if graph.schedule.is_none() && !is_known {
            return;
        }
        let input = ScheduleInput::Adopt(definition);
        self.inform_schedule(workflow, input, Along::default());
    }

    /// Feeds those whose time has come.
    pub(super) fn fire_schedules(&mut self) {
        for _ in 0..FIRED_MAX {
            let Some((due, workflow)) = self.schedules.due.first().cloned() else { return };
            if due > self.now {
                return;
            }
            self.schedules.set_due(&workflow, None);
            self.adopt_schedule(&workflow);
            self.inform_schedule(&workflow, ScheduleInput::Due, Along::default());
        }
    }

    /// A person wants something of a schedule.
    pub(super) fn command_schedule(
        &mut self,
        workflow: &WorkflowName,
        input: ScheduleInput,
        actor: Actor,
        reply: Responder,
    ) {
        let told = audit::of_schedule(self.now, self.next_note(), workflow, &actor, &input);
        let along = Along { told, ..Along::default() };
        let result = match self.feed_schedule(workflow, input, along) {
            Ok(()) => self.one_schedule(workflow),
            Err(rejection) => Err(Error::Schedule(workflow.clone(), rejection)),
        };
        self.reply(reply, result);
    }

    /// The schedules after a workflow, by name.
    pub(super) fn list_schedules(
        &mut self,
        namespaces: Option<&[String]>,
        after: Option<&WorkflowName>,
        limit: usize,
        reply: Responder,
    ) {
        let schedules = self.schedules.current.iter();
        let fits = |workflow: &WorkflowName| {
            let own = workflow.namespace.as_str();
            namespaces.is_none_or(|names| names.iter().any(|name| name == own))
                && after.is_none_or(|after| workflow > after)
        };
        let page = schedules.filter(|(workflow, schedule)| fits(workflow) && schedule.shows());
        let page = page.take(limit).map(|(name, own)| (name.clone(), own.clone())).collect();
        self.reply(reply, Ok(Reply::Schedules(page)));
    }

    pub(super) fn read_schedule(&mut self, workflow: &WorkflowName, reply: Responder) {
        let result = self.one_schedule(workflow);
        self.reply(reply, result);
    }

    fn one_schedule(&self, workflow: &WorkflowName) -> Result<Reply, Error> {
        let schedule = self.schedules.current.get(workflow).filter(|own| own.shows());
        let none = || Error::Schedule(workflow.clone(), ScheduleRejection::None);
        let schedule = schedule.cloned().ok_or_else(none)?;
        Ok(Reply::Schedules(vec![(workflow.clone(), schedule)]))
    }

    /// What a message tells a schedule, taken with its change.
    pub(super) fn tell_schedule(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        workflow: &WorkflowName,
        input: ScheduleInput,
    ) {
        let rows = vec![taken_row(pair, sequence)];
        let releases = vec![Release::Acknowledge { from: pair.1, sequence }];
        self.inform_schedule(workflow, input, Along { rows, releases, told: None });
        self.taken(pair, sequence);
    }

    /// What a topic tells who listens under an id that is none of an instance. Nobody may any more: then the message is
    /// all there is to take.
    pub(super) fn tell_listener(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        listener: InstanceId,
        message: Message,
    ) {
        let input = match message {
            Message::Found { step, event, received, matches, .. } => {
                Some(ScheduleInput::Heard(Heard { step, event, received, matches }))
            }
            Message::NotListening { step, reason, .. } => {
                Some(ScheduleInput::NotListening { step, reason })
            }
            _ => None,
        };
        match self.schedules.listener(listener).zip(input) {
            Some((workflow, input)) => self.tell_schedule(pair, sequence, &workflow, input),
            None => {
                self.consume(pair, sequence, None);
                self.taken(pair, sequence);
            }
        }
    }

    /// Feeds a schedule what nobody asked for: a refusal means that it is gone, and has nobody to be told.
    fn inform_schedule(&mut self, workflow: &WorkflowName, input: ScheduleInput, along: Along) {
        self.feed_schedule(workflow, input, along).unwrap_or_default();
    }

    /// Feeds a schedule, and gathers the commit of what that changes, if anything.
    fn feed_schedule(
        &mut self,
        workflow: &WorkflowName,
        input: ScheduleInput,
        along: Along,
    ) -> Result<(), ScheduleRejection> {
        let definition = match &input {
            ScheduleInput::Adopt(definition) => Some(definition.clone()),
            _ => None,
        };
        let known = self.schedules.current.get(workflow).cloned();
        let before = match (known, &definition) {
            (Some(known), _) => known,
            (None, Some(definition)) => Arc::new(Schedule::new(definition.clone())),
            // It is gone: what came along is all there is to do.
            (None, None) => {
                self.commit_schedule(workflow, along, &[]);
                return Err(ScheduleRejection::None);
            }
        };
        let mut schedule = (*before).clone();
        let plan = self.plan(definition.as_ref().unwrap_or(&before.definition));
        let view = self.view.clone();
        let place = |definition: &_, input: &_| view.place(definition, input);
        let ctx = schedule::Context {
            plan: plan.as_deref(),
            place: &place,
            now: self.now,
            limits: &self.config.limits,
        };
        let mut sets = self.schedules.sets.take(workflow);
        let stepped = schedule.step(&ctx, &mut sets, input);
        let set_rows = self.schedules.sets.put(workflow, sets);
        let is_same = schedule == *before && set_rows.is_empty();
        let is_nothing = is_same && along.rows.is_empty();
        if stepped.is_err() || is_nothing {
            self.schedules.sets.forget_last();
        }
        let actions = stepped?;
        if is_nothing {
            self.set_schedule_due(workflow);
            return Ok(());
        }
        let after = (!schedule.is_idle()).then(|| Arc::new(schedule));
        let mut along = along;
        along.rows.extend(along.told.take());
        along.rows.push(schedule_row(workflow, after.as_deref()));
        along.rows.extend(set_rows);
        if sabotage::is(Sabotage::ScheduleFiresTwice) && !actions.is_empty() {
            along.rows.pop();
        }
        along.releases.push(Release::Schedule(workflow.clone(), after.clone()));
        self.schedules.put(workflow, after);
        self.commit_schedule(workflow, along, &actions);
        self.set_schedule_due(workflow);
        Ok(())
    }

    fn commit_schedule(
        &mut self,
        workflow: &WorkflowName,
        along: Along,
        actions: &[ScheduleAction],
    ) {
        let Along { mut rows, mut releases, told: _ } = along;
        let from = ScheduledStart::shard_of_schedule(workflow);
        for (to, message) in actions.iter().flat_map(|action| messages(workflow, action)) {
            let (sequence, message_rows) = self.links.send(from, to, message);
            rows.extend(message_rows);
            releases.push(Release::Deliver { from, sequence });
        }
        if rows.is_empty() {
            return;
        }
        self.commit_rows(from, rows);
        for release in releases {
            self.release(release);
        }
    }

    /// A schedule that is in force and compiles is fed when it wants to be.
    fn set_schedule_due(&mut self, workflow: &WorkflowName) {
        let current = self.schedules.current.get(workflow).cloned();
        let current = current.filter(|schedule| self.plan(&schedule.definition).is_some());
        let due = current.and_then(|schedule| schedule.due());
        self.schedules.set_due(workflow, due);
    }

    fn plan(&self, definition: &motet_types::WorkflowRef) -> Option<Arc<Plan>> {
        self.view.graphs.get(definition)?.schedule.clone()
    }

    /// The instance that a schedule asks for is there already: that counts as its start.
    pub(super) fn was_scheduled(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        start: &ScheduledStart,
    ) {
        let instance = self.slots.get(&start.id).and_then(|slot| slot.live());
        let ended = instance.and_then(ended);
        let workflow = start.definition.workflow.clone();
        let id = start.id;
        let answer = ended.map(|(at, ending)| Message::ScheduledEnded { workflow, id, at, ending });
        self.consume(pair, sequence, answer);
        self.taken(pair, sequence);
    }

    /// Begins the instance that a schedule asks for, which is not there; or it cannot be had.
    pub(super) fn start_scheduled(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        start: &ScheduledStart,
        error: &Error,
    ) {
        let input = start.input();
        let ScheduledStart { id, definition, start_key, origin, .. } = start.clone();
        let workflow = definition.workflow.clone();
        // A slot is there while the removal of an earlier one becomes durable.
        let is_absent = *error == Error::UnknownInstance(id) && !self.slots.contains_key(&id);
        if !is_absent {
            return self.refuse_scheduled(pair, sequence, workflow, id);
        }
        let rows = vec![taken_row(pair, sequence)];
        let releases = vec![Release::Acknowledge { from: pair.1, sequence }];
        let beginning = Beginning {
            rows,
            releases,
            origin: Origin::Scheduled { pair, sequence, workflow, id },
        };
        match self.start_of(definition, input, start_key, None) {
            Ok(mut start) => {
                start.schedule = Some(origin);
                self.begin_instance(id, start, beginning);
            }
            Err(error) => self.not_begun(beginning, error),
        }
    }

    /// The schedule is told that there is no instance.
    pub(super) fn refuse_scheduled(
        &mut self,
        pair: (ShardId, ShardId),
        sequence: u64,
        workflow: WorkflowName,
        id: InstanceId,
    ) {
        let (at, ending) = (self.now, Ending::Refused);
        let answer = Message::ScheduledEnded { workflow, id, at, ending };
        self.consume(pair, sequence, Some(answer));
        self.taken(pair, sequence);
    }
}

/// When and how an instance ended, if it did.
fn ended(instance: &Instance) -> Option<(Timestamp, Ending)> {
    let ending = Ending::of(instance.end.as_ref()?);
    Some((instance.updated_at, ending))
}

/// What an action tells other shards.
fn messages(workflow: &WorkflowName, action: &ScheduleAction) -> Vec<(ShardId, Message)> {
    match action {
        ScheduleAction::Start(start) => {
            let start = Arc::new(start.clone());
            vec![(start.id.shard(), Message::StartScheduled { start })]
        }
        ScheduleAction::Cancel(id) => vec![(id.shard(), Message::CancelScheduled { id: *id })],
        ScheduleAction::Subscribe { topics, subscription } => topics
            .iter()
            .map(|topic| {
                let (topic, subscription) = (topic.clone(), subscription.clone());
                (topic.shard(), Message::Subscribe { topic, subscription })
            })
            .collect(),
        ScheduleAction::Unsubscribe { topics, step } => topics
            .iter()
            .map(|topic| {
                let (topic, instance) = (topic.clone(), schedule::listener(workflow));
                (topic.shard(), Message::Unsubscribe { topic, instance, step: *step })
            })
            .collect(),
    }
}

fn schedule_row(workflow: &WorkflowName, schedule: Option<&Schedule>) -> RowChange {
    let shard = ScheduledStart::shard_of_schedule(workflow);
    let mut row = vec![
        Value::Int(i64::from(shard.0)),
        Value::Text(workflow.namespace.as_str().to_owned()),
        Value::Text(workflow.name.as_str().to_owned()),
    ];
    match schedule {
        Some(schedule) => {
            let mut body = Vec::new();
            encode_schedule(schedule, &mut body);
            row.push(Value::Blob(Bytes::from(body)));
            RowChange::Put { table: SCHEDULE.id, row }
        }
        None => RowChange::Delete { table: SCHEDULE.id, key: row },
    }
}
