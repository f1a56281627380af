//! A source with partitions: it gives each message at least once and in order, and each takes effect once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use motet_engine::event::{Event as CloudEvent, EventKey};
use motet_runtime::Error;
use motet_runtime::shard::{Input, Intake, Reply, Responder};
use motet_store::{Commit, RowChange, Value};

use crate::check::{Check, Checked, ensure};
use crate::definitions::{NAMESPACE, TICK};
use crate::events::{self, key_of};
use crate::random::Random;
use crate::tables;
use crate::world::{Event, HORIZON, World};

/// Seeds of a hundred that have a source.
const SEEDS_PERCENT: u64 = 30;

const NAME: &str = "broker";
const PARTITIONS: usize = 2;

/// Messages that are handed over at once, at most.
const BATCH_MAX: u64 = 4;

/// A broker and who reads it.
pub(crate) struct Sources {
    random: Random,
    is_there: bool,
    /// The number of the event of each message, and what it is correlated by.
    logs: [Vec<(usize, u64)>; PARTITIONS],
    events: usize,
    /// How far each partition is read, as far as was acknowledged.
    acknowledged: [u64; PARTITIONS],
    pumps: [Pump; PARTITIONS],
    replies: Replies,
}

type Replies = Arc<Mutex<Vec<(u32, Asked, Result<Reply, Error>)>>>;

/// Who reads a partition; in memory of the server alone.
#[derive(Clone, Copy, Default)]
struct Pump {
    position: Position,
    is_planned: bool,
    /// Answers that it waits for.
    waits: u32,
}

#[derive(Clone, Copy, Default)]
enum Position {
    /// The server was not asked yet, or said that it is another one.
    #[default]
    Unknown,
    /// Nothing was ever read.
    Nowhere,
    At(u64),
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Position(usize),
    Batch { partition: usize, from: Option<u64>, next: u64 },
}

impl Sources {
    pub(crate) fn new(mut random: Random) -> Self {
        Self {
            is_there: random.percent(SEEDS_PERCENT),
            random,
            logs: Default::default(),
            events: 0,
            acknowledged: [0; PARTITIONS],
            pumps: [Pump::default(); PARTITIONS],
            replies: Replies::default(),
        }
    }
}

impl World {
    /// Somebody sends to the broker, some of it twice.
    pub(crate) fn plan_sources(&mut self) {
        if !self.sources.is_there {
            return;
        }
        let count = self.sources.random.between(10, 30);
        for _ in 0..count {
            let after = self.sources.random.between(100_000, HORIZON);
            let partition = self.sources.random.below(PARTITIONS as u64) as usize;
            let n = self.sources.random.below(self.clients.orders.len() as u64);
            let number = self.sources.events;
            self.sources.events += 1;
            self.plan(after, Event::Append { partition, number, n });
            if self.sources.random.percent(25) {
                let later = after + self.sources.random.below(3_000_000);
                let partition = self.sources.random.below(PARTITIONS as u64) as usize;
                self.plan(later, Event::Append { partition, number, n });
            }
        }
    }

    /// The broker has another message.
    pub(crate) fn append(&mut self, partition: usize, message: (usize, u64)) {
        self.sources.logs[partition].push(message);
        self.wake_reader(partition, 300_000);
    }

    pub(crate) fn open_sources(&mut self) {
        self.sources.pumps = [Pump::default(); PARTITIONS];
        self.sources.replies.lock().expect("nobody panics with it").clear();
        for partition in 0..PARTITIONS {
            self.wake_reader(partition, 100_000);
        }
    }

    fn wake_reader(&mut self, partition: usize, slowest: u64) {
        let pump = &mut self.sources.pumps[partition];
        if self.sources.is_there && !pump.is_planned && pump.waits == 0 {
            pump.is_planned = true;
            let (after, life) = (self.sources.random.below(slowest), self.life);
            self.plan(after, Event::Fetch { life, partition });
        }
    }

    /// Hands over what the broker has next, perhaps twice.
    pub(crate) fn fetch(&mut self, partition: usize) -> Checked {
        self.sources.pumps[partition].is_planned = false;
        if self.sources.pumps[partition].waits > 0 || self.server.is_none() {
            return Ok(());
        }
        let (from, begin) = match self.sources.pumps[partition].position {
            Position::Unknown => {
                let reply = self.source_responder(Asked::Position(partition));
                return self.feed(Input::Offsets { source: NAME.into(), reply });
            }
            Position::Nowhere => (None, 0),
            Position::At(at) => (Some(at), at),
        };
        let end = self.sources.logs[partition].len() as u64;
        if from == Some(end) {
            return Ok(());
        }
        let most = (end - begin).min(BATCH_MAX);
        let next =
            begin + if from.is_none() { 0 } else { self.sources.random.between(1, most + 1) };
        let again = !self.services.calm && self.sources.random.percent(20);
        for _ in 0..if again { 2 } else { 1 } {
            self.summary.batches += 1;
            let intake = self.intake(partition, from, next);
            let reply = self.source_responder(Asked::Batch { partition, from, next });
            self.feed(Input::Intake { intake: Box::new(intake), reply })?;
        }
        Ok(())
    }

    fn intake(&self, partition: usize, from: Option<u64>, next: u64) -> Intake {
        let messages = &self.sources.logs[partition][from.unwrap_or(next) as usize..next as usize];
        Intake {
            source: NAME.into(),
            partition: partition as u32,
            from,
            next,
            namespace: NAMESPACE.parse().expect("a label"),
            events: messages.iter().map(|message| Arc::new(cloud_event(*message))).collect(),
        }
    }

    fn source_responder(&mut self, asked: Asked) -> Responder {
        let (Asked::Position(partition) | Asked::Batch { partition, .. }) = asked;
        self.sources.pumps[partition].waits += 1;
        let (replies, life) = (self.sources.replies.clone(), self.life);
        Box::new(move |result, _| {
            replies.lock().expect("nobody panics with it").push((life, asked, result));
        })
    }

    pub(crate) fn take_source_replies(&mut self) -> Checked {
        let replies =
            std::mem::take(&mut *self.sources.replies.lock().expect("nobody panics with it"));
        let life = self.life;
        for (_, asked, result) in replies.into_iter().filter(|(of, ..)| *of == life) {
            let (Asked::Position(partition) | Asked::Batch { partition, .. }) = asked;
            let pump = &mut self.sources.pumps[partition];
            pump.waits = pump.waits.saturating_sub(1);
            match (asked, result) {
                (Asked::Position(_), Ok(Reply::Offsets(offsets))) => {
                    self.read_position(partition, &offsets)?;
                }
                (Asked::Batch { from, next, .. }, Ok(_)) => self.taken_in(partition, from, next)?,
                // A batch that came twice, or after another one: what is stored tells.
                (_, Err(Error::Offset { .. })) => {
                    self.summary.batches_again += 1;
                    self.sources.pumps[partition].position = Position::Unknown;
                }
                _ => {}
            }
            self.wake_reader(partition, 200_000);
        }
        Ok(())
    }

    fn read_position(&mut self, partition: usize, offsets: &[(u32, u64)]) -> Checked {
        let found = offsets.iter().find(|(own, _)| *own == partition as u32).map(|it| it.1);
        let stored = self.stored_offset(partition);
        ensure(found <= stored, Check::EffectBeforeDurable, "an offset that is durable", || {
            format!("partition {partition} is said to be read to {found:?}, stored is {stored:?}")
        })?;
        let acknowledged = self.sources.acknowledged[partition];
        let is_kept = found.unwrap_or_default() >= acknowledged;
        ensure(is_kept, Check::OutletWrong, "an acknowledged offset that stays", || {
            format!("partition {partition} was read to {acknowledged}, now to {found:?}")
        })?;
        let position = found.map_or(Position::Nowhere, Position::At);
        self.sources.pumps[partition].position = position;
        // What was taken in and never acknowledged counts as well.
        self.owe_to(partition, found.unwrap_or_default());
        Ok(())
    }

    fn owe_to(&mut self, partition: usize, next: u64) {
        let taken = self.sources.acknowledged[partition] as usize..next as usize;
        for message in self.sources.logs[partition][taken].iter().copied() {
            self.summary.messages_read += 1;
            self.clients.events.owe(cloud_event(message).key(), message.1);
        }
        self.sources.acknowledged[partition] = next;
    }

    /// A batch is durable: each of its messages has to reach whoever waits.
    fn taken_in(&mut self, partition: usize, from: Option<u64>, next: u64) -> Checked {
        let stored = self.stored_offset(partition);
        ensure(
            stored >= Some(next),
            Check::EffectBeforeDurable,
            "an offset that is durable",
            || format!("a batch of {partition} to {next} is acknowledged, stored is {stored:?}"),
        )?;
        let acknowledged = self.sources.acknowledged[partition];
        let is_first = from.unwrap_or_default() == acknowledged;
        ensure(is_first, Check::OutletWrong, "a batch that is taken once", || {
            format!("partition {partition} from {from:?} to {next}, read to {acknowledged}")
        })?;
        self.sources.pumps[partition].position = Position::At(next);
        self.owe_to(partition, next);
        Ok(())
    }

    /// What a durable commit says of offsets.
    pub(crate) fn note_offsets(&mut self, commit: &Commit) -> Checked {
        let table = tables::named("intake").id;
        for change in &commit.rows {
            let RowChange::Put { table: of, row } = change else { continue };
            let [_, _, Value::Int(partition), Value::Int(next)] = row.as_slice() else { continue };
            if *of != table {
                continue;
            }
            let partition = usize::try_from(*partition).unwrap_or(PARTITIONS);
            let (before, next) = (self.stored_offset(partition), u64::try_from(*next).ok());
            ensure(before <= next, Check::OutletWrong, "offsets that only grow", || {
                format!("partition {partition} goes from {before:?} to {next:?}")
            })?;
        }
        Ok(())
    }

    fn stored_offset(&self, partition: usize) -> Option<u64> {
        let rows = self.shadow.rows("intake");
        let is_it =
            |row: &&Vec<Value>| matches!(row[2], Value::Int(own) if own as usize == partition);
        match rows.iter().find(is_it).map(|row| &row[3]) {
            Some(Value::Int(next)) => u64::try_from(*next).ok(),
            _ => None,
        }
    }

    /// Everything was read, each event is there once, and those of a partition stand in their order.
    pub(crate) fn check_sources(&mut self) -> Checked {
        if !self.sources.is_there {
            return Ok(());
        }
        let mut sequences: BTreeMap<EventKey, i64> = BTreeMap::new();
        for row in self.shadow.rows("event") {
            let (Some(key), Value::Int(sequence)) = (key_of(&row[4]), &row[2]) else { continue };
            sequences.insert(key, *sequence);
        }
        let mut seen = BTreeSet::new();
        let both = self.sources.logs.iter().flatten().map(|(number, _)| *number);
        let doubled: BTreeSet<usize> = both.filter(|number| !seen.insert(*number)).collect();
        for (partition, log) in self.sources.logs.iter().enumerate() {
            let (stored, end) = (self.stored_offset(partition), log.len() as u64);
            let is_read = stored.unwrap_or_default() == end;
            ensure(is_read, Check::OutletWrong, "a partition that is read to its end", || {
                format!("partition {partition} has {end} messages, {stored:?} are read")
            })?;
            let mut last = 0;
            for message in log {
                let sequence = sequences.get(&cloud_event(*message).key()).copied();
                let is_in_order = sequence > Some(last) || doubled.contains(&message.0);
                let is_right = sequence.is_some() && is_in_order;
                ensure(is_right, Check::OutletWrong, "every message, in order", || {
                    format!("{message:?} of {partition} is {sequence:?} behind {last}")
                })?;
                if !doubled.contains(&message.0) {
                    last = sequence.unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

fn cloud_event((number, n): (usize, u64)) -> CloudEvent {
    events::made(&format!("m{number}"), "/broker", TICK, n)
}
