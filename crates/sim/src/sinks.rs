//! A sink, and who sends to it: what an instance tells arrives at least once and in order, and what the sink refuses for
//! good stays until somebody has decided about it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use motet_engine::{Fact, Record};
use motet_journal::decode_event;
use motet_runtime::shard::{Input, Outgoing, OutgoingKey, Responder, SinkChange, SinkRule};
use motet_store::{Commit, Row, RowChange, RowScan, Value};
use motet_types::InstanceId;

use crate::check::{Check, Checked, ensure};
use crate::compare::id_of;
use crate::random::Random;
use crate::shadow::instance_of;
use crate::tables;
use crate::world::{Event, HORIZON, World};

/// Seeds of a hundred that have a sink.
const SEEDS_PERCENT: u64 = 35;

const NAME: &str = "receiver";

/// Rows of one page, and of what somebody decides about at once.
const PAGE: usize = 8;

/// Columns that an event which waits and one that was refused have in common.
const SHARED_COLUMNS: usize = 6;

/// One of so many events is refused for good when it comes first.
const REFUSED_ONE_IN: u64 = 9;

/// What is known of the sink and of those who send to it.
pub(crate) struct Sinks {
    pub(crate) is_there: bool,
    random: Random,
    /// Every event that was to go out durably.
    told: BTreeMap<Key, Told>,
    pump: Pump,
    replies: Replies,
    /// Changes of refused events that were asked for in this life and have no answer.
    changing: bool,
}

/// An event: the instance, the ordinal of its record, and its part.
type Key = (InstanceId, u64, u32);
type Replies = Arc<Mutex<Vec<(u32, Asked, bool)>>>;

/// What became of an event.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    arrived: u64,
    /// It was refused once; then somebody has looked at it.
    was_refused: bool,
    is_refused: bool,
    is_discarded: bool,
}

/// Sends page by page; in memory of the server alone.
#[derive(Default)]
struct Pump {
    after: Option<Vec<Value>>,
    left: VecDeque<Row>,
    is_planned: bool,
    is_waiting: bool,
}

/// What the server was asked.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// To let so many events go that have arrived.
    LetGo(usize),
    /// To set this one of the page aside.
    SetAside(usize),
    Change,
}

impl Sinks {
    pub(crate) fn new(mut random: Random) -> Self {
        Self {
            is_there: random.percent(SEEDS_PERCENT),
            random,
            told: BTreeMap::new(),
            pump: Pump::default(),
            replies: Replies::default(),
            changing: false,
        }
    }

    /// What servers are started with.
    pub(crate) fn rules(&self) -> Arc<[SinkRule]> {
        let rule = SinkRule {
            name: NAME.into(),
            namespace: None,
            types: Vec::new(),
            emitted: true,
            lifecycle: true,
            drops: false,
        };
        self.is_there.then_some(rule).into_iter().collect()
    }

    /// Whether the sink refuses an event that comes for the first time.
    fn refuses(&self, key: &Key) -> bool {
        let (id, record, part) = key;
        let known = self.told.get(key).copied().unwrap_or_default();
        let mixed = id.0.iter().fold(record << 8 | u64::from(*part), |mixed, byte| {
            (mixed ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        !known.was_refused && known.arrived == 0 && (mixed >> 20).is_multiple_of(REFUSED_ONE_IN)
    }
}

impl World {
    /// Now and then somebody looks after what was refused.
    pub(crate) fn plan_sinks(&mut self) {
        for _ in 0..if self.sinks.is_there { 4 } else { 0 } {
            let after = self.sinks.random.between(5_000_000, HORIZON);
            self.plan(after, Event::Refused);
        }
    }

    /// A new life begins: everything that waits is sent, whoever has got it.
    pub(crate) fn open_sinks(&mut self) {
        (self.sinks.pump, self.sinks.changing) = (Pump::default(), false);
        self.sinks.replies.lock().expect("nobody panics with it").clear();
        self.wake_pump(1);
    }

    fn wake_pump(&mut self, slowest: u64) {
        if self.sinks.is_there && !self.sinks.pump.is_planned && !self.sinks.pump.is_waiting {
            self.sinks.pump.is_planned = true;
            let (after, life) = (self.sinks.random.below(slowest), self.life);
            self.plan(after, Event::Send { life });
        }
    }

    /// The next events go to the sink, which takes them, refuses one, fails, or answers so that nobody hears it.
    pub(crate) fn send(&mut self) -> Checked {
        self.sinks.pump.is_planned = false;
        if self.sinks.pump.is_waiting {
            return Ok(());
        }
        if self.sinks.pump.left.is_empty() && !self.next_page()? {
            return Ok(());
        }
        let fails = !self.services.calm && self.sinks.random.percent(20);
        let most = self.sinks.pump.left.len().min(4) as u64;
        let count = self.sinks.random.between(1, most + 1) as usize;
        let page: Vec<Row> = self.sinks.pump.left.iter().take(count).cloned().collect();
        for (nth, row) in page.iter().enumerate() {
            if fails && self.sinks.random.percent(40) {
                // It has got some of them.
                self.summary.sink_failures += 1;
                self.wake_pump(1_500_000);
                return Ok(());
            }
            let Some(key) = key_of(row) else { continue };
            if self.sinks.refuses(&key) {
                return self.set_aside(nth, row);
            }
            self.arrive_at_sink(key)?;
        }
        if fails {
            // It has got all of them, and nobody hears that.
            self.summary.sink_failures += 1;
            self.wake_pump(1_500_000);
            return Ok(());
        }
        let keys = page.iter().filter_map(|row| key_of(row).map(outgoing_key)).collect();
        let reply = self.sink_responder(Asked::LetGo(count));
        self.feed(Input::Delivered { keys, reply })
    }

    /// Takes up the next rows, behind the last ones or from the beginning; false if there are none.
    fn next_page(&mut self) -> Checked<bool> {
        let after = self.sinks.pump.after.clone();
        let Some(rows) = self.rows_of("outgoing", after)? else { return Ok(false) };
        match rows.last() {
            Some(last) => {
                self.sinks.pump.after = Some(key_columns(last));
                self.sinks.pump.left = rows.into();
                Ok(true)
            }
            None => {
                if self.sinks.pump.after.take().is_some() {
                    self.wake_pump(100_000);
                }
                Ok(false)
            }
        }
    }

    fn rows_of(&mut self, table: &str, after: Option<Vec<Value>>) -> Checked<Option<Vec<Row>>> {
        let prefix = vec![Value::Text(NAME.to_owned())];
        let scan = RowScan { table: tables::named(table).id, prefix, after, limit: PAGE };
        let Some(rows) = self.rows(scan)? else { return Ok(None) };
        if rows.is_err() {
            self.wake_pump(500_000);
        }
        Ok(rows.ok())
    }

    fn arrive_at_sink(&mut self, key: Key) -> Checked {
        self.summary.sink_arrivals += 1;
        let told = self.sinks.told.get(&key).copied();
        ensure(told.is_some(), Check::EffectBeforeDurable, "an event that is durable", || {
            format!("{key:?} arrives at the sink before that")
        })?;
        let told = told.unwrap_or_default();
        if told.arrived == 0 && !told.was_refused {
            let mut earlier = self.sinks.told.range((key.0, 0, 0)..key);
            let missing = earlier.find(|(_, told)| told.arrived == 0 && !told.was_refused);
            ensure(missing.is_none(), Check::OutletWrong, "an instance's events in order", || {
                format!("{key:?} arrives before {missing:?}")
            })?;
        }
        self.summary.sink_repeats += u64::from(told.arrived > 0);
        self.sinks.told.entry(key).or_default().arrived += 1;
        Ok(())
    }

    fn set_aside(&mut self, nth: usize, row: &Row) -> Checked {
        let (Some(key), Some(Value::Blob(body))) = (key_of(row), row.get(SHARED_COLUMNS - 1))
        else {
            return Ok(());
        };
        let event = decode_event(body);
        ensure(event.is_ok(), Check::OutletWrong, "an event that can be read", || {
            format!("{key:?}: {event:?}")
        })?;
        let Ok(event) = event else { return Ok(()) };
        let outgoing = Box::new(Outgoing { key: outgoing_key(key), event });
        let reply = self.sink_responder(Asked::SetAside(nth));
        self.feed(Input::SinkRefuses { outgoing, reason: "never".to_owned(), reply })
    }

    fn sink_responder(&mut self, asked: Asked) -> Responder {
        match asked {
            Asked::Change => self.sinks.changing = true,
            Asked::LetGo(_) | Asked::SetAside(_) => self.sinks.pump.is_waiting = true,
        }
        let (replies, life) = (self.sinks.replies.clone(), self.life);
        Box::new(move |result, _| {
            let answered = (life, asked, result.is_ok());
            replies.lock().expect("nobody panics with it").push(answered);
        })
    }

    /// What was asked is durable, or was not done.
    pub(crate) fn take_sink_replies(&mut self) {
        let replies =
            std::mem::take(&mut *self.sinks.replies.lock().expect("nobody panics with it"));
        for (life, asked, is_done) in replies {
            if life != self.life {
                continue;
            }
            let pump = &mut self.sinks.pump;
            match asked {
                Asked::Change => {
                    self.sinks.changing = false;
                    continue;
                }
                Asked::LetGo(count) if is_done => drop(pump.left.drain(..count)),
                Asked::SetAside(nth) if is_done => drop(pump.left.remove(nth)),
                // It is sent once more, which does no harm.
                Asked::LetGo(_) | Asked::SetAside(_) => {}
            }
            pump.is_waiting = false;
            self.wake_pump(50_000);
        }
    }

    /// Somebody lets what was refused go out again, or does without it.
    pub(crate) fn decide_about_refused(&mut self) -> Checked {
        if self.sinks.changing || self.server.is_none() {
            return Ok(());
        }
        let Some(rows) = self.rows_of("refused", None)? else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let change = match self.sinks.random.percent(70) {
            true => SinkChange::Retry,
            false => SinkChange::Discard,
        };
        if change == SinkChange::Discard {
            for key in rows.iter().filter_map(key_of) {
                self.sinks.told.entry(key).or_default().is_discarded = true;
            }
        }
        let reply = self.sink_responder(Asked::Change);
        self.feed(Input::ChangeSink { change, rows, reply })
    }

    /// What a durable commit says of events that go out. `records` are those of its instance.
    pub(crate) fn note_outgoing(&mut self, commit: &Commit, records: &[Record]) -> Checked {
        if !self.sinks.is_there {
            return Ok(());
        }
        let outgoing = changes_of(commit, "outgoing");
        let refused = changes_of(commit, "refused");
        for (key, is_put) in &refused {
            self.note_refused(*key, *is_put, outgoing.get(key) == Some(&true))?;
        }
        for (key, is_put) in &outgoing {
            let told = self.sinks.told.entry(*key).or_default();
            let is_over = *is_put || told.arrived > 0 || refused.get(key) == Some(&true);
            ensure(is_over, Check::OutletWrong, "an event that a sink has got", || {
                format!("{key:?} is gone, and nobody has it")
            })?;
            self.summary.sink_events += u64::from(*is_put);
        }
        if outgoing.values().any(|is_put| *is_put) {
            self.wake_pump(200_000);
        }
        self.check_emitted(commit, records, &outgoing)
    }

    fn note_refused(&mut self, key: Key, is_put: bool, goes_out: bool) -> Checked {
        let told = self.sinks.told.entry(key).or_default();
        let is_decided = is_put || goes_out || told.is_discarded;
        told.is_refused = is_put;
        told.was_refused = true;
        if is_put {
            self.summary.sink_refusals += 1;
        }
        ensure(
            is_decided,
            Check::OutletWrong,
            "a refused event that somebody decides about",
            || format!("{key:?} is gone"),
        )
    }

    /// What a step emits goes out in its commit.
    fn check_emitted(
        &self,
        commit: &Commit,
        records: &[Record],
        outgoing: &BTreeMap<Key, bool>,
    ) -> Checked {
        let Some(id) = instance_of(commit.entity) else { return Ok(()) };
        let first = self.shadow.records(id) - records.len() as u64;
        let emits = |record: &Record| matches!(record.fact, Fact::Emitted { .. });
        let mut emitted = records.iter().zip(first..).filter(|(record, _)| emits(record));
        let missing = emitted.find(|(_, ordinal)| outgoing.get(&(id, *ordinal, 0)) != Some(&true));
        ensure(
            missing.is_none(),
            Check::OutletWrong,
            "a row for each event that is emitted",
            || format!("{id} has none for {missing:?}"),
        )
    }

    /// In the end the sink has everything but what it refused, which is kept.
    pub(crate) fn check_sinks(&mut self) -> Checked {
        let waiting = self.shadow.rows("outgoing");
        ensure(waiting.is_empty(), Check::OutletWrong, "nothing that waits for a sink", || {
            format!("{waiting:?}")
        })?;
        let kept: BTreeSet<Key> = self.shadow.rows("refused").iter().filter_map(key_of).collect();
        for (key, told) in &self.sinks.told {
            let is_kept = kept.contains(key);
            let is_there = told.arrived > 0 || is_kept || told.is_discarded;
            ensure(
                is_there && is_kept == told.is_refused,
                Check::OutletWrong,
                "every event",
                || format!("{key:?} is kept: {is_kept}, {told:?}"),
            )?;
        }
        Ok(())
    }
}

/// The events of which a commit puts or removes a row in this table: whether it is there afterwards.
fn changes_of(commit: &Commit, table: &str) -> BTreeMap<Key, bool> {
    let of = tables::named(table).id;
    let mut changes = BTreeMap::new();
    for change in &commit.rows {
        match change {
            RowChange::Put { table, row } if *table == of => {
                changes.extend(key_of(row).map(|key| (key, true)));
            }
            RowChange::Delete { table, key } if *table == of => {
                changes.extend(key_of(key).map(|key| (key, false)));
            }
            _ => {}
        }
    }
    changes
}

fn key_of(row: &Row) -> Option<Key> {
    let [Value::Text(_), Value::Int(_), id, Value::Int(record), Value::Int(part), ..] =
        row.as_slice()
    else {
        return None;
    };
    Some((id_of(id)?, u64::try_from(*record).ok()?, u32::try_from(*part).ok()?))
}

fn key_columns(row: &Row) -> Vec<Value> {
    row[..tables::named("outgoing").key_columns].to_vec()
}

fn outgoing_key((instance, record, part): Key) -> OutgoingKey {
    OutgoingKey { sink: NAME.into(), instance, record, part }
}
