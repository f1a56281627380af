//! Instances that begin by the clock: each nominal time has its one start, none too early, none left out without a reason,
//! and those that may not overlap do not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use motet_definition::model::{Catchup, Overlap};
use motet_definition::schedule::{Plan, Rule, Trigger};
use motet_engine::{Fact, Record, Schedule, ScheduleInput};
use motet_journal::decode_schedule;
use motet_runtime::shard::Input;
use motet_store::Value;
use motet_types::{InstanceId, Limits, Timestamp, WorkflowName};

use crate::check::{Check, Checked, ensure, violated};
use crate::clients::Action;
use crate::definitions::{HEEDING, SCHEDULED, definition};
use crate::random::Random;
use crate::world::{Event, HORIZON, World};

/// Seeds of a hundred that have a schedule.
const SEEDS_PERCENT: u64 = 25;

/// How long everything goes on when nothing fails any more, until nobody wants further starts; in microseconds.
const CALM: u64 = 15_000_000;

/// What came due so long before that has begun: the server may have been opening, or a commit been refused.
const DELAY: Duration = Duration::from_secs(10);

/// A start that was not made in this time may count as missed.
const MISSED: Duration = Duration::from_secs(60);

/// The schedule of a seed.
#[derive(Default)]
pub(crate) struct Schedules {
    pub(crate) definition: Option<usize>,
    /// The instance of each nominal time.
    starts: BTreeMap<(Trigger, Timestamp), InstanceId>,
    /// The end of an instance that the next one follows, and all instances that have ended once: further ends count not.
    after: Option<Timestamp>,
    ended: BTreeSet<InstanceId>,
    /// The clock jumped from here to there.
    jumps: Vec<(Timestamp, Timestamp)>,
    /// From here to there somebody may have wanted no starts.
    pauses: Vec<(Timestamp, Timestamp)>,
    /// The latest request for a pause that no later resumption has lifted, and when it was made first.
    paused: Option<(usize, Timestamp)>,
    /// When everything was to stop.
    stopped: Option<Timestamp>,
    /// Spans that were to be made up for, by request; and those of which it was acknowledged.
    asked: BTreeMap<usize, (Timestamp, Timestamp)>,
    made_up: Vec<(Timestamp, Timestamp)>,
}

/// What people want of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Pause,
    Resume,
    Trigger,
    /// Make up for what passed so many seconds ago, and for so many.
    Backfill(u8, u8),
    /// In the end: a pause that nobody lifts.
    Stop,
}

impl Schedules {
    /// What a seed has is drawn from numbers of its own.
    pub(crate) fn new(random: &mut Random) -> Self {
        let number = random.between(SCHEDULED.start as u64, SCHEDULED.end as u64) as usize;
        let definition = random.percent(SEEDS_PERCENT).then_some(number);
        Self { definition, ..Self::default() }
    }

    /// Whether events start its instances.
    pub(crate) fn is_heeding(&self) -> bool {
        self.definition.is_some_and(|number| HEEDING.contains(&number))
    }

    fn is_by_clock(&self) -> bool {
        self.definition.is_some_and(|number| SCHEDULED.contains(&number))
    }

    fn plan(&self) -> Option<&'static Plan> {
        definition(self.definition?).graph.schedule.as_deref()
    }

    /// The clock jumps forward.
    pub(crate) fn jumped(&mut self, from: Timestamp, to: Timestamp) {
        self.jumps.push((from, to));
    }

    /// Why a nominal time may have no start, whatever else happened.
    fn is_excused(&self, nominal: Timestamp, plan: &Plan) -> bool {
        let within = |(from, to): &(Timestamp, Timestamp)| *from <= nominal && nominal <= *to;
        let missed = |(from, to): &(Timestamp, Timestamp)| {
            *from <= nominal.saturating_add(MISSED) && nominal <= *to
        };
        self.pauses.iter().any(within)
            || self.paused.is_some_and(|(_, since)| since <= nominal)
            || plan.catchup != Catchup::All && self.jumps.iter().any(missed)
    }
}

impl World {
    pub(crate) fn plan_schedules(&mut self, random: &mut Random) {
        if !self.schedules.is_by_clock() {
            return;
        }
        if random.percent(40) {
            let pause = random.between(5_000_000, HORIZON / 2);
            let resume = pause + random.between(1, HORIZON / 2);
            self.plan(pause, Event::Client(Action::Schedule(Order::Pause)));
            self.plan(resume, Event::Client(Action::Schedule(Order::Resume)));
        }
        for _ in 0..random.below(3) {
            let after = random.between(2_000_000, HORIZON);
            self.plan(after, Event::Client(Action::Schedule(Order::Trigger)));
        }
    }

    /// Some spans are made up for, where nobody forgets what began in them.
    pub(crate) fn plan_backfills(&mut self, random: &mut Random) {
        let forgets = self.limits.retention_age < Limits::default().retention_age;
        if !self.schedules.is_by_clock() || forgets || random.percent(50) {
            return;
        }
        for _ in 0..random.between(1, 4) {
            let after = random.between(3_000_000, HORIZON);
            let order = Order::Backfill(random.between(4, 40) as u8, random.below(25) as u8);
            self.plan(after, Event::Client(Action::Schedule(order)));
        }
    }

    /// Nobody wants further starts a while after nothing fails any more.
    pub(crate) fn stop_schedules(&mut self) {
        if self.schedules.is_by_clock() {
            self.clients.left += 1;
            self.plan(CALM, Event::Client(Action::Schedule(Order::Stop)));
        }
    }

    /// What somebody asks of the schedule, with the number of the request.
    pub(crate) fn order_schedule(&mut self, order: Order) -> Option<Input> {
        let workflow = definition(self.schedules.definition?).graph.definition.workflow.clone();
        let (now, request) = (self.clock(), self.clients.requests.len());
        let input = match order {
            Order::Pause | Order::Stop => {
                let since = self.schedules.paused.map_or(now, |(_, since)| since.min(now));
                self.schedules.paused = Some((request, since));
                if order == Order::Stop {
                    self.schedules.stopped.get_or_insert(now);
                }
                ScheduleInput::Pause { reason: None }
            }
            Order::Resume => ScheduleInput::Resume,
            Order::Trigger => ScheduleInput::Trigger,
            Order::Backfill(ago, length) => {
                let from = before(now, u64::from(ago));
                let to = from.saturating_add(Duration::from_secs(u64::from(length.min(ago))));
                self.schedules.asked.insert(request, (from, to));
                ScheduleInput::Backfill { from, to }
            }
        };
        Some(Input::Schedule { workflow, input, actor: self.actor(), reply: self.responder() })
    }

    /// An order was carried out.
    pub(crate) fn schedule_ordered(&mut self, request: usize, order: Order) {
        let now = self.clock_latest;
        let schedules = &mut self.schedules;
        if let (Order::Resume, Some((paused, since))) = (order, schedules.paused)
            && paused < request
        {
            schedules.pauses.push((since, now));
            schedules.paused = None;
        }
        if let (Order::Backfill(..), Some(span)) = (order, schedules.asked.get(&request)) {
            schedules.made_up.push(*span);
            self.summary.backfills += 1;
        }
    }

    /// What the durable records of an instance say of its schedule.
    pub(crate) fn note_schedule_records(&mut self, id: InstanceId, records: &[Record]) -> Checked {
        let Some(plan) = self.schedules.plan() else { return Ok(()) };
        let Some(state) = self.shadow.instances.get(&id).map(|known| &known.state) else {
            return Ok(());
        };
        let Some(origin) = state.start.schedule.clone() else { return Ok(()) };
        for record in records {
            if record.fact.start().is_some() {
                self.begun_by_clock(id, origin.trigger, origin.nominal, plan)?;
                if origin.trigger == Trigger::On {
                    self.begun_by_events(id)?;
                }
            }
            if let Fact::Ended { .. } = &record.fact
                && origin.trigger == Trigger::After
                && self.schedules.ended.insert(id)
            {
                self.schedules.after = Some(record.at);
            }
        }
        Ok(())
    }

    fn begun_by_clock(
        &mut self,
        id: InstanceId,
        trigger: Trigger,
        nominal: Timestamp,
        plan: &Plan,
    ) -> Checked {
        self.summary.scheduled += 1;
        let first = *self.schedules.starts.entry((trigger, nominal)).or_insert(id);
        ensure(first == id, Check::ScheduleWrong, "one start of a nominal time", || {
            format!("{first} and {id}, both of {trigger} {nominal}")
        })?;
        let is_timed = !matches!(trigger, Trigger::Manual | Trigger::On);
        let is_early = is_timed && nominal > self.clock_latest;
        ensure(!is_early, Check::ScheduleWrong, "no start before its time", || {
            format!("{id} of {trigger} {nominal} when it is {}", self.clock_latest)
        })?;
        if let (Some(Rule::After(delay)), Some(end)) = (plan.rule(trigger), self.schedules.after) {
            let is_rested = nominal >= end.saturating_add(*delay);
            let expected = "a start so long after the end of the one before";
            ensure(is_rested, Check::ScheduleWrong, expected, || {
                format!("{id} of {nominal}, which is not {delay:?} after {end}")
            })?;
        }
        if plan.overlap == Overlap::Allow {
            return Ok(());
        }
        let others = self.shadow.instances.values().filter(|known| {
            known.state.id != id && !known.has_ended && known.state.start.schedule.is_some()
        });
        let other = others.map(|known| known.state.id).next();
        let expected = "one instance of the schedule at a time";
        ensure(other.is_none(), Check::ScheduleWrong, expected, || {
            format!("{id} begins while {other:?} runs")
        })
    }

    /// In the end each nominal time has a start, or a reason to have none.
    pub(crate) fn check_schedule(&mut self) -> Checked {
        let Some(plan) = self.schedules.plan() else { return Ok(()) };
        let Some(schedule) = self.schedule_of_seed()? else {
            return Err(violated(Check::ScheduleWrong, "a row of the schedule", "none"));
        };
        let starts = self.schedules.starts.len() as u64;
        // What is made up for may be asked for once more, and is there.
        let is_exact = self.schedules.asked.is_empty();
        let fits = if is_exact { schedule.started == starts } else { schedule.started >= starts };
        let expected = "as many starts as the schedule has asked for";
        ensure(fits, Check::ScheduleWrong, expected, || format!("{starts} starts, {schedule:?}"))?;
        if self.schedules.is_heeding() {
            return self.check_bells();
        }
        let expected = "an acknowledged pause that stays";
        ensure(schedule.paused.is_some(), Check::ScheduleWrong, expected, || {
            format!("{schedule:?}")
        })?;
        self.check_made_up(&schedule, plan)?;
        self.check_nominal_times(&schedule, plan)
    }

    fn check_nominal_times(&self, schedule: &Schedule, plan: &Plan) -> Checked {
        let stopped = self.schedules.stopped.unwrap_or_default();
        let mut missing = Vec::new();
        for timer in &schedule.timers {
            let Some(rule) = plan.rule(timer.trigger) else { continue };
            let following = |at: &Timestamp| plan.next(rule, timer.anchor, *at);
            let times = std::iter::successors(following(&timer.anchor), following);
            let due = times.take_while(|at| at.saturating_add(DELAY) < stopped);
            missing.extend(due.map(|at| (timer.trigger, at)).filter(|(trigger, at)| {
                !self.schedules.starts.contains_key(&(*trigger, *at))
                    && !self.schedules.is_excused(*at, plan)
            }));
        }
        // Others were left out because one still ran.
        let is_complete = missing.len() as u64 <= schedule.left_out;
        ensure(is_complete, Check::ScheduleWrong, "a start for each nominal time", || {
            format!("none at {missing:?}, {schedule:?}")
        })
    }

    /// What was to be made up for has begun, whatever policy there is.
    fn check_made_up(&self, schedule: &Schedule, plan: &Plan) -> Checked {
        for (from, to) in &self.schedules.made_up {
            for timer in &schedule.timers {
                let Some(rule) = plan.rule(timer.trigger) else { continue };
                let following = |at: &Timestamp| plan.next(rule, timer.anchor, *at);
                let first = Timestamp::from_micros(from.as_micros() - 1);
                let times = std::iter::successors(following(&first), following);
                let mut times = times.take_while(|at| at <= to);
                let missing =
                    times.find(|at| !self.schedules.starts.contains_key(&(timer.trigger, *at)));
                let expected = "a start for each nominal time that was made up for";
                ensure(missing.is_none(), Check::ScheduleWrong, expected, || {
                    format!("none at {missing:?}, from {from} to {to}, {schedule:?}")
                })?;
            }
        }
        Ok(())
    }

    pub(crate) fn schedule_of_seed(&self) -> Checked<Option<Schedule>> {
        let Some(number) = self.schedules.definition else { return Ok(None) };
        self.stored_schedule(&definition(number).graph.definition.workflow)
    }

    fn stored_schedule(&self, workflow: &WorkflowName) -> Checked<Option<Schedule>> {
        let rows = self.shadow.rows("schedule");
        let is_own =
            |value: &Value| matches!(value, Value::Text(name) if name == workflow.name.as_str());
        let Some(row) = rows.into_iter().find(|row| is_own(&row[2])) else { return Ok(None) };
        let Value::Blob(body) = &row[3] else { return Ok(None) };
        let schedule = decode_schedule(body).map_err(|error| {
            violated(Check::ScheduleWrong, "a schedule that can be read", error.to_string())
        })?;
        Ok(Some(schedule))
    }
}

fn before(at: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_micros(at.as_micros() - (seconds * 1_000_000) as i64)
}
