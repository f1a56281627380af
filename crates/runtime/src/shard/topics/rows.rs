//! The rows that a topic's records put and remove.

use bytes::Bytes;
use motet_engine::event::TopicId;
use motet_engine::topic::{Listener, Record, Source};
use motet_journal::{encode_event, encode_subscription};
use motet_store::{RowChange, Value};

use crate::tables::{EVENT, GIVING, SUBSCRIPTION};

pub(super) fn of(id: &TopicId, record: &Record) -> Option<RowChange> {
    match record {
        Record::Kept { sequence, received, event } => {
            let mut body = Vec::new();
            encode_event(event, &mut body);
            let kind = id.kind.as_deref();
            let mut row = event_key(id, *sequence);
            row.extend([
                Value::Int(received.as_micros()),
                Value::Blob(Bytes::copy_from_slice(&event.key().0)),
                text(id.namespace.as_str()),
                kind.map_or(Value::Null, text),
                kind.map_or(Value::Null, |_| text(event.source())),
                Value::Blob(Bytes::from(body)),
            ]);
            Some(RowChange::Put { table: EVENT.id, row })
        }
        Record::Faded { sequence, received, key } => {
            let mut row = event_key(id, *sequence);
            row.extend([
                Value::Int(received.as_micros()),
                Value::Blob(Bytes::copy_from_slice(&key.0)),
                text(id.namespace.as_str()),
                Value::Null,
                Value::Null,
                Value::Null,
            ]);
            Some(RowChange::Put { table: EVENT.id, row })
        }
        Record::Forgotten { sequence } => {
            Some(RowChange::Delete { table: EVENT.id, key: event_key(id, *sequence) })
        }
        Record::Subscribed { subscription, position } => {
            let mut body = Vec::new();
            encode_subscription(subscription, &mut body);
            let mut row = listener_key(id, (subscription.instance, subscription.step));
            row.extend([int(*position), Value::Blob(Bytes::from(body))]);
            Some(RowChange::Put { table: SUBSCRIPTION.id, row })
        }
        Record::Unsubscribed { listener } => Some(deletion(id, *listener)),
        Record::Delivered { delivery, ends: true, .. } => Some(deletion(id, delivery.to)),
        Record::Paused { source, after: (after, sequence) } => {
            let mut row = topic_key(id);
            row.extend(match source {
                Source::Event(sequence) => [int(*sequence), Value::Null, Value::Null],
                Source::Listener(instance, step) => {
                    [Value::Null, blob(&instance.0), Value::Int(i64::from(step.0))]
                }
            });
            let (instance, step) = after;
            row.extend([blob(&instance.0), Value::Int(i64::from(step.0)), int(*sequence)]);
            Some(RowChange::Put { table: GIVING.id, row })
        }
        Record::Given => Some(RowChange::Delete { table: GIVING.id, key: topic_key(id) }),
        Record::Delivered { .. } | Record::Refused { .. } => None,
    }
}

fn deletion(id: &TopicId, listener: Listener) -> RowChange {
    RowChange::Delete { table: SUBSCRIPTION.id, key: listener_key(id, listener) }
}

fn topic_key(id: &TopicId) -> Vec<Value> {
    vec![Value::Int(i64::from(id.shard().0)), Value::Text(id.to_string())]
}

fn event_key(id: &TopicId, sequence: u64) -> Vec<Value> {
    let mut key = topic_key(id);
    key.push(int(sequence));
    key
}

fn listener_key(id: &TopicId, (instance, step): Listener) -> Vec<Value> {
    let mut key = topic_key(id);
    key.extend([blob(&instance.0), Value::Int(i64::from(step.0))]);
    key
}

fn int(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn blob(bytes: &[u8]) -> Value {
    Value::Blob(Bytes::copy_from_slice(bytes))
}
