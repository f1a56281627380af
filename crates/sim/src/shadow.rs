//! What is durable, kept apart from the store: every acknowledged commit, and the instances that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use motet_engine::event::EventKey;
use motet_engine::{
    Activity, CallState, Fact, Instance, JobWork, Opening, Record, TimerKind, UndoState,
};
use motet_journal::{Values, decode_history};
use motet_store::{Commit, Entity, Position, RowChange};
use motet_types::{Attempt, InstanceId, JobId, StepId, Timestamp};

use crate::check::{Check, Checked, ensure, violated};
use crate::cuts::{Chunks, Kept};
use crate::reads::Model;
use crate::retention::Retention;

/// The durable state as the acknowledgements say.
pub(crate) struct Shadow {
    pub(crate) histories: BTreeMap<Entity, History>,
    pub(crate) instances: BTreeMap<InstanceId, Known>,
    /// As they were when they were forgotten.
    pub(crate) forgotten: BTreeMap<InstanceId, Known>,
    pub(crate) retention: Retention,
    kept: Kept,
    /// Instances that wait for workers, and for people.
    with_jobs: BTreeSet<InstanceId>,
    with_tasks: BTreeSet<InstanceId>,
    /// The rows that the store has to show.
    pub(crate) model: Model,
    /// Position of the last acknowledged commit.
    pub(crate) last: Position,
}

/// What one entity was given.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) chunks: Chunks,
    /// The newest snapshot, and how many records it covers.
    pub(crate) snapshot: Option<(Bytes, u64)>,
    values: Values,
}

/// What the history of one instance says.
pub(crate) struct Known {
    pub(crate) state: Instance,
    /// When it was asked for; it may have begun later, when it was its turn.
    pub(crate) asked_at: Timestamp,
    /// Attempts that are to be sent.
    sent: BTreeSet<(StepId, Attempt)>,
    settled: BTreeSet<(StepId, Attempt)>,
    abandoned: BTreeSet<(StepId, Attempt)>,
    children: BTreeSet<InstanceId>,
    children_ended: BTreeSet<StepId>,
    taken: BTreeMap<EventKey, Taken>,
    pub(crate) suspensions: u64,
    /// Even if it was reopened since.
    pub(crate) has_ended: bool,
    /// When it ended last; what was given up before may settle later.
    pub(crate) ended_at: Timestamp,
}

/// Who took an event.
struct Taken {
    /// Steps that there were when it was taken first.
    steps: u32,
    by: BTreeSet<StepId>,
}

impl Shadow {
    pub(crate) fn new(retention: Retention, kept: Kept) -> Self {
        Self {
            histories: BTreeMap::new(),
            instances: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            retention,
            kept,
            with_jobs: BTreeSet::new(),
            with_tasks: BTreeSet::new(),
            model: Model::new(),
            last: Position::default(),
        }
    }

    /// Takes a commit that the store calls durable, and gives the records of its instance. `clock` is the latest time that any
    /// server has seen.
    pub(crate) fn enter(&mut self, commit: &Commit, clock: Timestamp) -> Checked<Vec<Record>> {
        self.model.take(commit);
        if forgets(commit) {
            self.histories.remove(&commit.entity);
            if let Some(id) = instance_of(commit.entity) {
                self.forget(id, clock)?;
            }
        }
        if commit.records.is_empty() {
            return Ok(Vec::new());
        }
        let history = self.histories.entry(commit.entity).or_default();
        let first = history.chunks.records;
        if commit.cuts().next().is_some() {
            let before = history.chunks.clone();
            history.chunks.take(commit);
            self.kept.check(&before, &history.chunks)?;
        } else {
            history.chunks.take(commit);
        }
        if let Some(snapshot) = &commit.snapshot {
            history.snapshot = Some((snapshot.clone(), history.chunks.records));
        }
        let Some(id) = instance_of(commit.entity) else { return Ok(Vec::new()) };
        let decoded = decode_history(&commit.records, first, &mut history.values);
        let records = decoded.map_err(|error| {
            violated(Check::HistoryChanged, "records that can be read", error.to_string())
        })?;
        for record in &records {
            self.record(id, record, clock)?;
        }
        self.note_waiting(id);
        Ok(records)
    }

    fn note_waiting(&mut self, id: InstanceId) {
        let Some(state) = self.instances.get(&id).map(|known| &known.state) else { return };
        match jobs_of(state).next() {
            Some(_) => self.with_jobs.insert(id),
            None => self.with_jobs.remove(&id),
        };
        match tasks_of(state).next() {
            Some(_) => self.with_tasks.insert(id),
            None => self.with_tasks.remove(&id),
        };
    }

    fn record(&mut self, id: InstanceId, record: &Record, clock: Timestamp) -> Checked {
        ensure(record.at <= clock, Check::TimerWrong, "no record of the future", || {
            format!("{id} at {} when it is {clock}: {:?}", record.at, record.fact)
        })?;
        let queued = self.known(id).is_some_and(|known| known.state.steps_activated == 0);
        if let Some(start) = record.fact.start().filter(|_| !queued) {
            let is_child = start.parent.is_some();
            let check = if is_child { Check::MessageTwiceOrLost } else { Check::CommandLost };
            ensure(self.known(id).is_none(), check, "one start of an instance", || {
                format!("{id} is started again under {:?}", start.start_key)
            })?;
            if let Some(parent) = &start.parent {
                let asked = self.known(parent.instance);
                let is_asked = asked.is_some_and(|known| known.children.contains(&id));
                let expected = "a child whose request is durable";
                ensure(is_asked, Check::EffectBeforeDurable, expected, || {
                    format!("{id} began, but {} never asked for it", parent.instance)
                })?;
            }
            self.instances.insert(id, Known::new(Instance::blank(id, start.clone()), record.at));
        }
        if let Fact::ChildEnded { .. } = &record.fact {
            self.child_ended(id, record.step)?;
        }
        let Some(known) = self.instances.get_mut(&id) else {
            let seen = format!("{id} begins with {:?}", record.fact);
            return Err(violated(Check::HistoryChanged, "a history that begins at a start", seen));
        };
        known.record(record)
    }

    /// The parent may know of its child's end only once that is durable.
    fn child_ended(&self, parent: InstanceId, step: StepId) -> Checked {
        let Some(known) = self.instances.get(&parent) else { return Ok(()) };
        let Some(open) = known.state.steps.get(&step) else { return Ok(()) };
        let motet_engine::Activity::Child(child) = &open.activity else { return Ok(()) };
        let has_ended = match self.known(child.id) {
            Some(child) => child.state.end.is_some(),
            // A child that cannot be started is answered for by its shard.
            None => true,
        };
        let expected = "the end of a child, after it is durable";
        ensure(has_ended, Check::EffectBeforeDurable, expected, || {
            format!("{parent} took the end of {}, which is not durable", child.id)
        })
    }

    /// The state of an instance whose call is about to leave; fails unless the intent is durable.
    ///
    /// A job may still be on its way to a worker when its instance is cancelled and forgotten.
    pub(crate) fn may_send(&self, id: InstanceId, step: StepId, attempt: Attempt) -> Checked {
        let known = self.known(id);
        let is_durable = known.is_some_and(|known| known.sent.contains(&(step, attempt)));
        ensure(is_durable, Check::EffectBeforeDurable, "a call whose request is durable", || {
            format!("a call of {id}, step {step}, attempt {attempt} left before that")
        })?;
        let open = known.and_then(|known| known.state.steps.get(&step));
        let is_parked = open.is_some_and(|open| open.parked().is_some());
        let expected = "a parked call whose release is durable";
        ensure(!is_parked, Check::EffectBeforeDurable, expected, || {
            format!("the parked call of {id}, step {step}, attempt {attempt} left before that")
        })
    }

    pub(crate) fn may_withdraw(&self, id: InstanceId, step: StepId, attempt: Attempt) -> Checked {
        let known = self.instances.get(&id);
        let is_durable = known.is_some_and(|known| known.abandoned.contains(&(step, attempt)));
        let expected = "a withdrawal whose record is durable";
        ensure(is_durable, Check::EffectBeforeDurable, expected, || {
            format!("step {step}, attempt {attempt} of {id} was withdrawn before that")
        })
    }

    /// An instance as it is, or as it was when it was forgotten.
    pub(crate) fn known(&self, id: InstanceId) -> Option<&Known> {
        self.instances.get(&id).or_else(|| self.forgotten.get(&id))
    }

    /// An open job that may be given out.
    pub(crate) fn open_job(&self) -> Option<(InstanceId, StepId, Attempt)> {
        let waiting = self.with_jobs.iter().filter_map(|id| self.instances.get(id));
        let awake = waiting.filter(|known| !known.state.suspended);
        awake.flat_map(|known| jobs_of(&known.state)).next()
    }

    /// Open tasks of people.
    pub(crate) fn open_tasks(&self) -> impl Iterator<Item = (InstanceId, StepId)> {
        let waiting = self.with_tasks.iter().filter_map(|id| self.instances.get(id));
        waiting.flat_map(|known| tasks_of(&known.state))
    }

    /// Whether a completion of the job is durable.
    pub(crate) fn has_settled(&self, job: JobId) -> bool {
        let known = self.known(job.instance);
        known.is_some_and(|known| match job.attempt {
            Some(attempt) => known.settled.contains(&(job.step, attempt)),
            None => known.settled.iter().any(|(step, _)| *step == job.step),
        })
    }

    pub(crate) fn records(&self, id: InstanceId) -> u64 {
        self.known(id).map_or(0, |known| known.state.records)
    }
}

impl Known {
    fn new(state: Instance, asked_at: Timestamp) -> Self {
        Self {
            state,
            asked_at,
            sent: BTreeSet::new(),
            settled: BTreeSet::new(),
            abandoned: BTreeSet::new(),
            children: BTreeSet::new(),
            children_ended: BTreeSet::new(),
            taken: BTreeMap::new(),
            suspensions: 0,
            has_ended: false,
            ended_at: Timestamp::default(),
        }
    }

    fn record(&mut self, record: &Record) -> Checked {
        let (id, step) = (self.state.id, record.step);
        let is_in_order = record.at >= self.state.updated_at;
        ensure(is_in_order, Check::HistoryChanged, "records in order of time", || {
            format!("{id} goes back to {}: {:?}", record.at, record.fact)
        })?;
        match &record.fact {
            Fact::Requested { attempt, .. } | Fact::Resent { attempt, .. } => {
                self.sent.insert((step, *attempt));
            }
            Fact::Abandoned { attempt } => {
                self.abandoned.insert((step, *attempt));
            }
            Fact::Settled { attempt, .. } => {
                let is_first = self.settled.insert((step, *attempt));
                let expected = "one outcome of an attempt that was sent";
                let was_sent = self.sent.contains(&(step, *attempt));
                ensure(is_first && was_sent, Check::OutcomeAppliedTwice, expected, || {
                    format!("{id}, step {step}, attempt {attempt} settles again or unsent")
                })?;
            }
            Fact::ChildRequested { child } => {
                self.children.insert(child.id);
            }
            Fact::ChildEnded { .. } => {
                let is_first = self.children_ended.insert(step);
                let expected = "one end of a child";
                ensure(is_first, Check::MessageTwiceOrLost, expected, || {
                    format!("{id}, step {step} takes its child's end again")
                })?;
            }
            Fact::JobCreated { attempt, .. } | Fact::JobReturned { attempt, .. } => {
                self.sent.insert((step, *attempt));
            }
            Fact::JobSettled { attempt, .. } => {
                let is_first = self.settled.insert((step, *attempt));
                let mut attempts = self.sent.range((step, *attempt)..=(step, Attempt(u32::MAX)));
                let is_present = attempts.next_back() == Some(&(step, *attempt));
                let expected = "one outcome of a job, of its present attempt";
                ensure(is_first && is_present, Check::OutcomeAppliedTwice, expected, || {
                    format!("{id}, step {step}: attempt {attempt} of a job settles")
                })?;
            }
            Fact::Activated { parent, opening: Opening::Undo { entry, .. }, .. } => {
                self.undoes(*parent, *entry)?;
            }
            Fact::Consumed { event, .. } => self.consumed(step, event.key())?,
            Fact::Handled { closes: true, .. } => self.gave_back(step),
            Fact::Suspended { .. } => self.suspensions += 1,
            Fact::Ended { .. } => (self.has_ended, self.ended_at) = (true, record.at),
            Fact::Fired { timer } => self.fired(record, *timer)?,
            Fact::Retried { .. } => self.fired(record, TimerKind::Retry)?,
            _ => {}
        }
        self.state.apply(record);
        Ok(())
    }

    /// An undo begins: it is the turn of the newest, and nobody waits for the outcome of its call any more.
    fn undoes(&self, parent: StepId, entry: StepId) -> Checked {
        let state = &self.state;
        let is_settled = |(step, attempt): &(StepId, Attempt)| {
            *step != entry || self.settled.contains(&(*step, *attempt))
        };
        let expected = "an undo after its call is settled";
        ensure(self.abandoned.iter().all(is_settled), Check::UndoTooEarly, expected, || {
            format!("{} undoes step {entry}", state.id)
        })?;
        let is_foreground = state.steps.get(&parent).is_some_and(|step| step.undoing.is_some());
        let newer = state.undo.range(entry..).skip(1).find(|(_, other)| {
            other.holder == parent && other.is_doomed && other.state == UndoState::Noted
        });
        let is_its_turn = !is_foreground || newer.is_none();
        ensure(is_its_turn, Check::UndoOutOfOrder, "the newest undone first", || {
            format!("{} undoes step {entry} before {newer:?}", state.id)
        })
    }

    /// No event reaches a listen twice, or one that began after it was taken.
    fn consumed(&mut self, step: StepId, event: EventKey) -> Checked {
        let steps = self.state.steps_activated;
        let taken = self.taken.entry(event).or_insert_with(|| Taken { steps, by: BTreeSet::new() });
        let is_free = taken.by.insert(step) && step.0 < taken.steps;
        let expected = "an event once for each listen that waited by then";
        ensure(is_free, Check::EventTwiceOrLost, expected, || {
            format!("{}, step {step} takes {event:?} again", self.state.id)
        })
    }

    /// A listen is over: what waited behind its last event was not taken after all.
    fn gave_back(&mut self, step: StepId) {
        let Some(listen) = self.state.listen(step) else { return };
        let handled = usize::from(listen.current.is_none());
        for (event, _) in listen.queue.iter().skip(handled) {
            if let Some(taken) = self.taken.get_mut(event) {
                taken.by.remove(&step);
                if taken.by.is_empty() {
                    self.taken.remove(event);
                }
            }
        }
    }

    /// A timer fires once, and not before its time.
    fn fired(&self, record: &Record, timer: TimerKind) -> Checked {
        let due = self.state.timers.due(record.step, timer);
        let expected = "a timer that fires once, when it is due";
        ensure(due.is_some_and(|due| due <= record.at), Check::TimerWrong, expected, || {
            let (id, step) = (self.state.id, record.step);
            format!("{timer:?} of {id}, step {step} fires at {}, due {due:?}", record.at)
        })
    }
}

/// Whether a commit forgets its entity.
pub(crate) fn forgets(commit: &Commit) -> bool {
    commit.rows.iter().any(|row| matches!(row, RowChange::Forget))
}

/// The jobs for which an instance waits.
pub(crate) fn jobs_of(state: &Instance) -> impl Iterator<Item = (InstanceId, StepId, Attempt)> {
    waiting_of(state, |work| matches!(work, JobWork::Worker { .. }))
}

/// The tasks of people for which an instance waits.
pub(crate) fn tasks_of(state: &Instance) -> impl Iterator<Item = (InstanceId, StepId)> {
    let tasks = waiting_of(state, |work| matches!(work, JobWork::Person { .. }));
    tasks.map(|(id, step, _)| (id, step))
}

fn waiting_of(
    state: &Instance,
    is_wanted: fn(&JobWork) -> bool,
) -> impl Iterator<Item = (InstanceId, StepId, Attempt)> {
    let is_open = state.end.is_none();
    state.steps.iter().filter(move |_| is_open).filter_map(move |(step, open)| {
        match &open.activity {
            Activity::Job { attempt, state: CallState::InFlight, job, .. }
                if is_wanted(&job.work) =>
            {
                Some((state.id, *step, *attempt))
            }
            _ => None,
        }
    })
}

/// The instance that an entity is; the catalog and the shards themselves have entities too.
pub(crate) fn instance_of(entity: Entity) -> Option<InstanceId> {
    (entity.0[6] >> 4 == 7).then_some(InstanceId(entity.0))
}
