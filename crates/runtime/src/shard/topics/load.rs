//! A topic on its way into memory: its rows, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_engine::event::{EventKey, TopicId};
use motet_engine::topic::{Context, Listener, Source, Topic};
use motet_journal::{decode_event, decode_subscription};
use motet_store::{Row, RowScan, Table, Value};
use motet_types::{InstanceId, StepId, Timestamp};

use crate::tables::{EVENT, GIVING, SUBSCRIPTION};

/// Rows that are read at once.
const PAGE_ROWS: usize = 4_096;

/// The tables in the order in which they are read.
const TABLES: [Table; 3] = [EVENT, SUBSCRIPTION, GIVING];

pub(super) struct Loading {
    /// The number of this load.
    pub(super) token: u64,
    topic: Topic,
    /// What listens were told to be without: only one that is given to needs it, and which one that is comes last.
    taken: BTreeMap<Listener, Vec<EventKey>>,
    /// Which of the tables is read.
    table: usize,
    after: Option<Vec<Value>>,
    giving: Option<Giving>,
}

/// What was given out when the topic was last seen, and up to where.
type Giving = (Source, (Listener, u64));

impl Loading {
    pub(super) fn new(id: TopicId, token: u64) -> Self {
        let (topic, taken) = (Topic::new(id), BTreeMap::new());
        Self { token, topic, taken, table: 0, after: None, giving: None }
    }

    /// What to read next.
    pub(super) fn next(&self) -> RowScan {
        let id = &self.topic.id;
        RowScan {
            table: TABLES[self.table].id,
            prefix: vec![Value::Int(i64::from(id.shard().0)), Value::Text(id.to_string())],
            after: self.after.clone(),
            limit: PAGE_ROWS,
        }
    }

    /// Takes a page; true once nothing more is to be read.
    pub(super) fn take(&mut self, rows: &[Row]) -> Result<bool, String> {
        let table = &TABLES[self.table];
        for row in rows {
            let read = match self.table {
                0 => self.event(row),
                1 => self.subscription(row),
                _ => self.giving(row),
            };
            read.ok_or_else(|| format!("a row of the table {} cannot be read", table.name))?;
        }
        self.after = rows.last().map(|row| row[..table.key_columns].to_vec());
        if rows.len() < PAGE_ROWS {
            self.table += 1;
            self.after = None;
        }
        Ok(self.table == TABLES.len())
    }

    pub(super) fn finish(&mut self, context: &Context<'_>) -> Topic {
        let empty = Topic::new(self.topic.id.clone());
        let mut topic = std::mem::replace(&mut self.topic, empty);
        if let Some((source, after)) = self.giving.take() {
            let taken = match source {
                Source::Listener(instance, step) => self.taken.get(&(instance, step)),
                Source::Event(_) => None,
            };
            let taken = taken.map_or(&[][..], Vec::as_slice);
            topic.load_giving(context, source, after, taken);
        }
        topic
    }

    fn event(&mut self, row: &Row) -> Option<()> {
        let [_, _, Value::Int(sequence), Value::Int(received), Value::Blob(key), .., body] =
            row.as_slice()
        else {
            return None;
        };
        let (sequence, received) = (number(*sequence)?, Timestamp::from_micros(*received));
        match body {
            Value::Blob(body) => {
                let event = Arc::new(decode_event(body).ok()?);
                self.topic.load_event(sequence, received, event);
            }
            _ => self.topic.load_key(sequence, received, EventKey(key.as_ref().try_into().ok()?)),
        }
        Some(())
    }

    fn subscription(&mut self, row: &Row) -> Option<()> {
        let [_, _, _, _, Value::Int(position), Value::Blob(body)] = row.as_slice() else {
            return None;
        };
        let subscription = decode_subscription(body).ok()?;
        self.topic.load_subscription(&subscription, number(*position)?);
        if !subscription.taken.is_empty() {
            let listener = (subscription.instance, subscription.step);
            self.taken.insert(listener, subscription.taken);
        }
        Some(())
    }

    fn giving(&mut self, row: &Row) -> Option<()> {
        let [_, _, event, to, to_step, after, after_step, Value::Int(sequence)] = row.as_slice()
        else {
            return None;
        };
        let source = match event {
            Value::Int(sequence) => Source::Event(number(*sequence)?),
            _ => {
                let (instance, step) = listener(to, to_step)?;
                Source::Listener(instance, step)
            }
        };
        self.giving = Some((source, (listener(after, after_step)?, number(*sequence)?)));
        Some(())
    }
}

fn listener(instance: &Value, step: &Value) -> Option<(InstanceId, StepId)> {
    let (Value::Blob(instance), Value::Int(step)) = (instance, step) else { return None };
    let instance = InstanceId(instance.as_ref().try_into().ok()?);
    Some((instance, StepId(u32::try_from(*step).ok()?)))
}

fn number(value: i64) -> Option<u64> {
    u64::try_from(value).ok()
}
