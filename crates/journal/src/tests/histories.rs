//! Histories whose large values stand in one chunk and are referred to by others: whoever reads any part of one gets the
//! same records.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::expect;
use motet_engine::{Fact, Instance, Record, Settled};
use motet_expr::{Value, json};
use motet_types::{Attempt, StepId};
use proptest::prelude::*;

use super::samples::{self, at};
use crate::{
    BLOCK_RECORDS, Error, FORMAT, REFERRED_BYTES_MIN, Values, decode_history, decode_records,
    decode_snapshot, encode_history, encode_snapshot,
};

/// A text of so many kilobytes.
fn large(seed: u8, kilobytes: usize) -> Value {
    json::string(char::from(b'a' + seed % 26).to_string().repeat(kilobytes * 1024))
}

fn record(nth: u64, value: Value) -> Record {
    let settled = Settled { result: Ok(value), maybe_run: false };
    let fact = Fact::Settled { attempt: Attempt(1), settled };
    Record { at: at(nth as i64), step: StepId(1), task: None, fact, actor: None }
}

fn value_of(record: &Record) -> Value {
    match &record.fact {
        Fact::Settled { settled: Settled { result: Ok(value), .. }, .. } => value.clone(),
        other => panic!("not of these histories: {other:?}"),
    }
}

fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Arr(Arc::new(values.into_iter().collect()))
}

/// A state that holds these values.
fn state(records: u64, values: &[Value]) -> Instance {
    let mut instance = samples::instance();
    instance.records = records;
    let ids: Vec<StepId> = instance.steps.keys().copied().collect();
    for (id, value) in ids.into_iter().zip(values) {
        instance.steps.change(id, |step| step.data = value.clone()).expect("it is open");
    }
    instance
}

/// A history as it is stored.
#[derive(Default)]
struct Stored {
    chunks: BTreeMap<u64, Vec<u8>>,
    records: Vec<Record>,
    snapshot: Option<(u64, Vec<u8>)>,
    values: Values,
}

impl Stored {
    fn append(&mut self, values: Vec<Value>) {
        let first = self.records.len() as u64;
        let records: Vec<Record> = (first..).zip(values).map(|(nth, it)| record(nth, it)).collect();
        let mut bytes = Vec::new();
        encode_history(&records, first, &mut self.values, &mut bytes);
        self.chunks.insert(first, bytes);
        self.records.extend(records);
    }

    fn snapshot(&mut self, held: &[Value]) {
        let mut bytes = Vec::new();
        let records = self.records.len() as u64;
        encode_snapshot(&state(records, held), &mut self.values, &mut bytes);
        self.snapshot = Some((records, bytes));
    }

    /// What comes back when the newest snapshot and what follows it is loaded, with what the writer needs to go on.
    fn load(&self) -> (Vec<Record>, Values) {
        let mut values = Values::default();
        let from = self.snapshot.as_ref().map_or(0, |(records, bytes)| {
            let state = decode_snapshot(bytes, &mut values).expect("a snapshot");
            assert_eq!(state.records, *records);
            *records
        });
        let tail = self.chunks.range(from..).flat_map(|(first, bytes)| {
            decode_history(bytes, *first, &mut values).expect("a snapshot needs nothing before it")
        });
        (tail.collect(), values)
    }

    /// The records from `skip` on, read as a page is: chunks before it are read where a value stands there.
    fn page(&self, skip: u64) -> Vec<Record> {
        let mut values = Values::default();
        let mut read = Vec::new();
        for first in self.chunks.range(skip..).map(|(first, _)| *first) {
            let mut wanted = vec![first];
            while let Some(at) = wanted.last().copied() {
                match decode_history(&self.chunks[&at], at, &mut values) {
                    Ok(records) => {
                        wanted.pop();
                        if wanted.is_empty() {
                            read.extend(records);
                        }
                    }
                    Err(Error::Elsewhere { record }) => {
                        assert!(record < at && record / BLOCK_RECORDS == first / BLOCK_RECORDS);
                        wanted.push(record);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
        read
    }

    fn bytes(&self) -> usize {
        self.chunks.values().map(Vec::len).sum()
    }

    #[track_caller]
    fn check(&self) {
        for skip in self.chunks.keys() {
            assert_eq!(self.page(*skip), self.records[*skip as usize..], "a page from {skip}");
        }
        let from = self.snapshot.as_ref().map_or(0, |(records, _)| *records as usize);
        assert_eq!(self.load().0, self.records[from..], "after a crash");
    }
}

#[test]
fn a_large_value_is_written_once() {
    let mut stored = Stored::default();
    let value = list([large(0, 40), large(1, 40)]);
    for _ in 0..10 {
        stored.append(vec![value.clone(), list([value.clone(), large(2, 1)])]);
    }
    stored.check();
    assert!(stored.bytes() < 100_000, "{} bytes", stored.bytes());
    let formats: Vec<u8> = stored.chunks.values().map(|bytes| bytes[0]).collect();
    assert_eq!(formats[..3], [1, FORMAT, FORMAT], "only what refers is of the newer format");
}

#[test]
fn what_a_large_value_holds_is_not_written_again_when_it_comes_alone() {
    let mut stored = Stored::default();
    // Nothing but the list points to its texts when it is written.
    let value = list([large(0, 40), list([large(1, 40)])]);
    stored.append(vec![value.clone()]);
    let Value::Arr(items) = &value else { unreachable!("a list was made") };
    for _ in 0..3 {
        stored.append(vec![items[0].clone(), list([items[1].clone()])]);
    }
    stored.check();
    assert!(stored.bytes() < 90_000, "{} bytes", stored.bytes());
}

#[test]
fn a_small_value_is_written_each_time() {
    let mut stored = Stored::default();
    let value = json::string("x".repeat(REFERRED_BYTES_MIN - 100));
    stored.append(vec![value.clone()]);
    stored.append(vec![value]);
    stored.check();
    for bytes in stored.chunks.values() {
        assert_eq!(decode_records(bytes).map(|records| records.len()), Ok(1));
    }
}

#[test]
fn a_snapshot_carries_what_its_tail_refers_to_and_nothing_else() {
    let mut stored = Stored::default();
    let (held, gone) = (large(0, 8), large(1, 8));
    stored.append(vec![held.clone(), gone.clone()]);
    stored.snapshot(std::slice::from_ref(&held));
    assert_eq!(stored.values.len(), 1);
    stored.append(vec![held.clone(), gone.clone()]);
    stored.append(vec![held, gone]);
    stored.check();
    let lengths: Vec<usize> = stored.chunks.values().map(Vec::len).collect();
    assert!(lengths[0] > 16_384 && lengths[1] > 8_192 && lengths[1] < 9_000, "{lengths:?}");
    assert!(lengths[2] < 100, "{lengths:?}");
}

#[test]
fn a_block_refers_to_nothing_before_it() {
    let mut stored = Stored::default();
    let value = large(0, 8);
    let nested = list([value.clone(), large(1, 8)]);
    stored.append(vec![value.clone()]);
    for _ in 0..BLOCK_RECORDS - 2 {
        stored.append(vec![Value::Null]);
    }
    stored.append(vec![nested.clone()]);
    stored.append(vec![nested, value]);
    let lengths: Vec<usize> = stored.chunks.values().rev().take(2).map(Vec::len).collect();
    assert!(lengths[1] > 8_192 && lengths[1] < 9_000, "the last chunk of a block: {lengths:?}");
    assert!(lengths[0] > 16_384 && lengths[0] < 17_000, "the first of the next: {lengths:?}");
    stored.check();
}

#[test]
fn what_lies_before_a_block_may_go() {
    let mut stored = Stored::default();
    let values: Vec<Value> = (0..5).map(|seed| large(seed, 5)).collect();
    for nth in 0..700_usize {
        let one = values[nth % 5].clone();
        stored.append(vec![one.clone(), list([one, values[nth % 3].clone()]), Value::Null]);
        match nth % 97 {
            0 => stored.snapshot(&values[..nth % 4]),
            50 => stored.values = stored.load().1,
            _ => {}
        }
    }
    stored.check();
    for block in 1..=2_100 / BLOCK_RECORDS {
        let mut values = Values::default();
        let kept = stored.chunks.range(block * BLOCK_RECORDS..);
        let read = kept.flat_map(|(first, bytes)| {
            decode_history(bytes, *first, &mut values).expect("it needs nothing that is gone")
        });
        let read: Vec<Record> = read.collect();
        assert!(!read.is_empty());
        assert_eq!(read, stored.records[stored.records.len() - read.len()..], "block {block}");
    }
}

#[test]
fn references_to_nowhere_are_refused() {
    let mut stored = Stored::default();
    let value = large(0, 8);
    stored.append(vec![value.clone()]);
    stored.append(vec![value]);
    let bytes = &stored.chunks[&1];
    let refused = |result: Result<Vec<Record>, Error>| result.unwrap_err().to_string();
    expect!["a value refers to another chunk, at byte 23"]
        .assert_eq(&refused(decode_records(bytes)));
    expect!["a value stands in the chunk that begins with record 0"]
        .assert_eq(&refused(decode_history(bytes, 1, &mut Values::default())));
    expect!["a value refers to no earlier chunk, at byte 23"].assert_eq(&refused(decode_history(
        bytes,
        0,
        &mut Values::default(),
    )));
    let mut plain = bytes.clone();
    plain[0] = 1;
    expect!["a value has an unknown kind, at byte 23"].assert_eq(&refused(decode_history(
        &plain,
        1,
        &mut stored.values,
    )));
}

/// What happens to a history.
#[derive(Clone, Debug)]
enum Event {
    /// A commit of these, each built from the pool by numbers.
    Commit(Vec<(usize, usize, bool)>),
    Snapshot(usize),
    /// The writer is gone; the next one goes on from what it loads.
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    let value = (0..12_usize, 0..12_usize, any::<bool>());
    prop_oneof![
        6 => prop::collection::vec(value, 1..4).prop_map(Event::Commit),
        1 => (0..8_usize).prop_map(Event::Snapshot),
        1 => Just(Event::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_part_of_a_history_reads_the_same(events in prop::collection::vec(event(), 1..24)) {
        let mut stored = Stored::default();
        let mut pool: Vec<Value> = (0..6).map(|seed| large(seed, 2 + usize::from(seed) * 2)).collect();
        for event in events {
            match event {
                Event::Commit(plan) => {
                    let values = plan.into_iter().map(|(one, other, nests)| {
                        let (one, other) = (&pool[one % pool.len()], &pool[other % pool.len()]);
                        let is_flat = !nests || json::depth(one) > 4 || json::depth(other) > 4;
                        if is_flat { one.clone() } else { list([one.clone(), other.clone()]) }
                    });
                    let values: Vec<Value> = values.collect();
                    pool.extend(values.iter().cloned());
                    pool.truncate(32);
                    stored.append(values);
                }
                Event::Snapshot(held) => stored.snapshot(&pool[..held.min(pool.len())]),
                Event::Crash => {
                    let (tail, values) = stored.load();
                    stored.values = values;
                    let read: Vec<Value> = tail.iter().map(value_of).collect();
                    if !read.is_empty() {
                        pool = read;
                    }
                }
            }
        }
        stored.check();
    }
}
