//! Events that are too old, at topics to which nothing happens any more: a page of rows now and then proposes which topics
//! are to be told. A topic that takes events forgets old ones by itself.

use std::collections::BTreeSet;

use motet_engine::event::TopicId;
use motet_store::{Row, RowScan, Value};
use motet_types::Timestamp;

use super::TopicTask;
use crate::shard::{Machine, Output};
use crate::tables::EVENT;

/// Rows of one page.
const PAGE_ROWS: usize = 256;

/// How long nothing is read after all rows were, in microseconds.
const REST_MICROS: i64 = 60_000_000;

/// How far the pages are.
#[derive(Default)]
pub(super) struct Expiry {
    after: Option<Vec<Value>>,
    rests_until: Timestamp,
    is_reading: bool,
    /// Topics of the last page that were not told yet.
    open: usize,
}

impl Expiry {
    /// A topic was told.
    pub(super) fn is_done(&mut self) {
        self.open = self.open.saturating_sub(1);
    }
}

impl Machine {
    /// Asks for the next page, unless the last one is still in work.
    pub(in crate::shard) fn sweep_topics(&mut self) {
        let expiry = &mut self.topics.expiry;
        if expiry.is_reading || expiry.open > 0 || expiry.rests_until > self.now {
            return;
        }
        expiry.is_reading = true;
        let after = expiry.after.clone();
        let scan = RowScan { table: EVENT.id, prefix: Vec::new(), after, limit: PAGE_ROWS };
        self.outputs.push(Output::ScanTopics(scan));
    }

    pub(in crate::shard) fn topics_swept(&mut self, rows: Result<Vec<Row>, motet_store::Error>) {
        let expiry = &mut self.topics.expiry;
        expiry.is_reading = false;
        let Ok(rows) = rows else {
            // The next sweep reads the same page.
            self.counters.sweeps_failed += 1;
            return;
        };
        let window = self.config.limits.event_window.as_micros();
        let window = i64::try_from(window).unwrap_or(i64::MAX);
        let horizon = self.now.as_micros().saturating_sub(window);
        let is_last = rows.len() < PAGE_ROWS;
        expiry.after = rows.last().filter(|_| !is_last).map(|row| next_after(row, horizon));
        if is_last {
            let until = self.now.as_micros().saturating_add(REST_MICROS);
            expiry.rests_until = Timestamp::from_micros(until);
        }
        let topics: BTreeSet<TopicId> =
            rows.iter().filter(|row| is_old(row, horizon)).filter_map(topic).collect();
        expiry.open = topics.len();
        for topic in topics {
            self.give_topic(topic, TopicTask::Expire);
        }
    }
}

/// Rows of a topic are in order of age: behind a young one the next topic follows.
fn next_after(row: &Row, horizon: i64) -> Vec<Value> {
    let mut key = row[..EVENT.key_columns].to_vec();
    if !is_old(row, horizon) {
        key[2] = Value::Int(i64::MAX);
    }
    key
}

fn is_old(row: &Row, horizon: i64) -> bool {
    matches!(row.get(3), Some(Value::Int(received)) if *received < horizon)
}

fn topic(row: &Row) -> Option<TopicId> {
    match row.get(1)? {
        Value::Text(topic) => TopicId::parse(topic),
        _ => None,
    }
}
