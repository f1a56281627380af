//! Instances that begin by events: each event counts for one start, none is lost, and what belongs together meets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motet_engine::event::{Event as CloudEvent, EventKey};
use motet_journal::decode_event;
use motet_runtime::shard::Input;
use motet_store::Value;
use motet_types::{InstanceId, Timestamp};

use crate::check::{Check, Checked, ensure, violated};
use crate::clients::Action;
use crate::definitions::{BELL, GONG, HEEDING, NAMESPACE, definition};
use crate::events::{key_of, made};
use crate::random::Random;
use crate::schedules::Order;
use crate::world::{Event, HORIZON, World};

/// Seeds of a hundred whose schedule waits for events, of those that have none by the clock.
const SEEDS_PERCENT: u64 = 35;

/// Events that are correlated by different numbers.
const NUMBERS: u64 = 4;

/// What is left out at once has no more events than this.
const EVENTS_OF_SET_MAX: u64 = 2;

/// What clients publish for a schedule, and what began by it.
#[derive(Default)]
pub(crate) struct Bells {
    /// What each of them says: its type, and the number that it is correlated by.
    rung: Vec<(&'static str, u64)>,
    /// Those that were acknowledged.
    heard: BTreeSet<usize>,
    /// The instance that an event is the start of, or of a part of it.
    begun: BTreeMap<EventKey, InstanceId>,
}

/// The workflow of a seed that has one.
pub(crate) fn chosen(random: &mut Random) -> Option<usize> {
    let number = random.between(HEEDING.start as u64, HEEDING.end as u64) as usize;
    random.percent(SEEDS_PERCENT).then_some(number)
}

impl World {
    pub(crate) fn plan_bells(&mut self, random: &mut Random) {
        if !self.schedules.is_heeding() {
            return;
        }
        for _ in 0..random.between(8, 25) {
            let kind = if random.percent(50) { BELL } else { GONG };
            self.bells.rung.push((kind, random.below(NUMBERS)));
            let number = self.bells.rung.len() - 1;
            for _ in 0..if random.percent(30) { 2 } else { 1 } {
                let after = random.between(100_000, HORIZON);
                self.plan(after, Event::Client(Action::Ring(number)));
            }
        }
        if random.percent(25) {
            let pause = random.between(3_000_000, HORIZON / 2);
            let resume = pause + random.between(1, HORIZON / 3);
            self.plan(pause, Event::Client(Action::Schedule(Order::Pause)));
            self.plan(resume, Event::Client(Action::Schedule(Order::Resume)));
        }
    }

    pub(crate) fn ring(&mut self, number: usize) -> Input {
        let namespace = NAMESPACE.parse().expect("a label");
        let event = Arc::new(self.bell(number));
        Input::Publish { namespace, event, reply: self.responder() }
    }

    fn bell(&self, number: usize) -> CloudEvent {
        let (kind, n) = self.bells.rung[number];
        made(&format!("b{number}"), "/bells", kind, n)
    }

    /// It is durable: whoever waits for it begins.
    pub(crate) fn rung(&mut self, number: usize) {
        self.bells.heard.insert(number);
    }

    /// An instance begins by events: they are durable, and no other one began by them.
    pub(crate) fn begun_by_events(&mut self, id: InstanceId) -> Checked {
        let Some(state) = self.shadow.instances.get(&id).map(|known| &known.state) else {
            return Ok(());
        };
        let motet_expr::Value::Arr(events) = state.start.input.clone() else {
            let seen = format!("{id} begins with {:?}", state.start.input);
            return Err(violated(Check::ScheduleWrong, "the events of a start", seen));
        };
        self.summary.sets_started += 1;
        for event in events.iter() {
            let event = CloudEvent::parse(event.clone()).map_err(|error| {
                violated(Check::ScheduleWrong, "events as they came", error.to_string())
            })?;
            let first = *self.bells.begun.entry(event.key()).or_insert(id);
            ensure(first == id, Check::ScheduleWrong, "one start by an event", || {
                format!("{first} and {id}, both by {event:?}")
            })?;
        }
        Ok(())
    }

    /// In the end each event has begun an instance, waits for what belongs to it, or was left out.
    pub(crate) fn check_bells(&mut self) -> Checked {
        if !self.schedules.is_heeding() {
            return Ok(());
        }
        let Some(schedule) = self.schedule_of_seed()? else { return Ok(()) };
        let since = schedule.on.as_ref().and_then(|on| on.terms.filters.first()).map(|it| it.0);
        let since = since.unwrap_or_default();
        let received = self.received();
        for number in &self.bells.heard {
            let key = self.bell(*number).key();
            ensure(received.contains_key(&key), Check::EventTwiceOrLost, "every event", || {
                format!("bell {number} was acknowledged and is gone")
            })?;
        }
        let gathered = self.gathered()?;
        let wanted = definition(self.schedules.definition.unwrap_or_default());
        let types =
            wanted.graph.schedule.as_ref().and_then(|plan| plan.on.as_ref()?.listen.types());
        let types = types.unwrap_or_default();
        let mut missing = Vec::new();
        for (number, (kind, n)) in self.bells.rung.iter().enumerate() {
            let key = made(&format!("b{number}"), "/bells", kind, *n).key();
            let counts = received.get(&key).is_some_and(|at| *at >= since) && types.contains(kind);
            let places =
                u32::from(self.bells.begun.contains_key(&key)) + u32::from(gathered.contains(&key));
            ensure(places < 2, Check::ScheduleWrong, "an event that counts once", || {
                format!("bell {number} has begun an instance and waits")
            })?;
            missing.extend((counts && places == 0).then_some(number));
        }
        let left_out = schedule.left_out * EVENTS_OF_SET_MAX;
        let is_whole = missing.len() as u64 <= left_out;
        ensure(is_whole, Check::ScheduleWrong, "a start by each event", || {
            format!("none by {missing:?}, {schedule:?}")
        })
    }

    /// When each event came to its topic.
    fn received(&self) -> BTreeMap<EventKey, Timestamp> {
        let rows = self.shadow.rows("event").into_iter();
        let received = rows.filter_map(|row| match (key_of(&row[4]), &row[3]) {
            (Some(key), Value::Int(at)) => Some((key, Timestamp::from_micros(*at))),
            _ => None,
        });
        received.collect()
    }

    /// Events that wait for others.
    fn gathered(&self) -> Checked<BTreeSet<EventKey>> {
        let mut gathered = BTreeSet::new();
        for row in self.shadow.rows("schedule_set") {
            let [.., Value::Int(1..), Value::Blob(body)] = row.as_slice() else { continue };
            let event = decode_event(body).map_err(|error| {
                violated(Check::ScheduleWrong, "events that can be read", error.to_string())
            })?;
            gathered.insert(event.key());
        }
        Ok(gathered)
    }
}
