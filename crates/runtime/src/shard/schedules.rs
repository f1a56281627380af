//! Schedules: when their next nominal time comes they ask for starts, one message each, in the commit that moves the time on.
//!
//! A waiting schedule is a row and an entry in an ordered set: thousands of them cost nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::schedule::Plan;
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
use crate::Error;
use crate::sabotage::{self, Sabotage};
use crate::tables::SCHEDULE;

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
}

/// What a schedule's change brings along, and what may leave with it.
#[derive(Default)]
struct Along {
    rows: Vec<RowChange>,
    releases: Vec<Release>,
}

impl Schedules {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A change is durable.
    pub(super) fn settle(&mut self, workflow: WorkflowName, schedule: Option<Arc<Schedule>>) {
        match schedule {
            Some(schedule) => drop(self.durable.insert(workflow, schedule)),
            None => drop(self.durable.remove(&workflow)),
        }
    }

    /// Changes were refused: what is durable counts, and is tried again a little later.
    pub(super) fn refused(&mut self, now: Timestamp) {
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
            Some(schedule) => drop(self.current.insert(workflow.clone(), schedule)),
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
    pub(super) fn recover_schedules(&mut self, schedules: Vec<(WorkflowName, Schedule)>) {
        let mut workflows: BTreeSet<WorkflowName> =
            self.view.catalog.workflows.keys().cloned().collect();
        for (workflow, schedule) in schedules {
            let schedule = Arc::new(schedule);
            self.schedules.put(&workflow, Some(schedule.clone()));
            self.schedules.settle(workflow.clone(), Some(schedule));
            workflows.insert(workflow);
        }
        for workflow in workflows {
            self.adopt_schedule(&workflow);
            self.set_schedule_due(&workflow);
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
        reply: Responder,
    ) {
        let result = match self.feed_schedule(workflow, input, Along::default()) {
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
        self.inform_schedule(workflow, input, Along { rows, releases });
        self.taken(pair, sequence);
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
        let actions = schedule.step(plan.as_deref(), &place, self.now, input)?;
        let is_same = schedule == *before;
        if is_same && along.rows.is_empty() {
            self.set_schedule_due(workflow);
            return Ok(());
        }
        let after = (!schedule.is_idle()).then(|| Arc::new(schedule));
        let mut along = along;
        along.rows.push(schedule_row(workflow, after.as_deref()));
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
        let Along { mut rows, mut releases } = along;
        let from = ScheduledStart::shard_of_schedule(workflow);
        for action in actions {
            let (to, message) = match action {
                ScheduleAction::Start(start) => {
                    let start = Arc::new(start.clone());
                    (start.id.shard(), Message::StartScheduled { start })
                }
                ScheduleAction::Cancel(id) => (id.shard(), Message::CancelScheduled { id: *id }),
            };
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
        let ScheduledStart { id, definition, start_key, origin } = start.clone();
        let workflow = definition.workflow.clone();
        // A slot is there while the removal of an earlier one becomes durable.
        let is_absent = *error == Error::UnknownInstance(id) && !self.slots.contains_key(&id);
        if !is_absent {
            return self.refuse_scheduled(pair, sequence, workflow, id);
        }
        let input = origin.input();
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
