//! Events as lists show them, and instances by what events name them with.

use motet_journal::decode_event;
use motet_store::{Answer, Filter, Order, Position, Query, Row, Test, Value};
use motet_types::{InstanceId, Limits, ShardId, Status, Timestamp, WorkflowName};

use super::Inner;
use crate::tables::EVENT;
use crate::{Error, EventFilter, EventPage, EventRow, InstanceFilter};

/// Statuses of instances that may still take an event.
const LIVE: [Status; 4] = [Status::Pending, Status::Running, Status::Waiting, Status::Suspended];

impl Inner {
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) async fn events(
        &self,
        filter: EventFilter,
        after: Option<String>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<EventPage, Error> {
        if let Some(at) = at {
            self.cover(at).await?;
        }
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let text = |text: &str| Value::Text(text.to_owned());
        let test = |column, value: Option<&String>| {
            // Rows of the topic of all events, and those without a body, have neither type nor source.
            let test = value.map_or(Test::AtLeast(text("")), |it| Test::Equal(text(it)));
            Filter { column, test }
        };
        let namespace = Test::Equal(text(filter.namespace.as_str()));
        let query = Query {
            table: EVENT.id,
            filters: vec![
                Filter { column: "namespace", test: namespace },
                test("type", filter.kind.as_ref()),
                test("source", filter.source.as_ref()),
            ],
            count_by: None,
            order: Order::Descending,
            after: after.as_deref().and_then(|after| key_of(&filter, after)),
            limit: limit + 1,
        };
        let Answer::Rows { rows, covered } = self.query(query).await? else {
            return Err(Error::Unavailable("an answer of another kind arrived".to_owned()));
        };
        let has_more = rows.len() > limit;
        let shown = &rows[..rows.len().min(limit)];
        let next = shown.last().filter(|_| has_more).and_then(cursor_of);
        let read = |row| event(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        let items = shown.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(EventPage { items, next, covered })
    }

    pub(crate) async fn instance_by_business_key(
        &self,
        workflow: &WorkflowName,
        key: &str,
    ) -> Result<InstanceId, Error> {
        let filter = InstanceFilter {
            namespace: Some(workflow.namespace.to_string()),
            workflow: Some(workflow.name.to_string()),
            statuses: LIVE.to_vec(),
            business_key: Some(key.to_owned()),
            ..InstanceFilter::default()
        };
        // What was acknowledged by now is found.
        let page = self.instances(filter, None, 2, Some(self.position())).await?;
        match page.items.as_slice() {
            [only] => Ok(only.id),
            found => Err(Error::BusinessKey {
                workflow: workflow.clone(),
                key: key.to_owned(),
                count: found.len(),
            }),
        }
    }
}

fn event(row: &Row) -> Option<EventRow> {
    let [_, _, _, Value::Int(received), .., Value::Blob(body)] = row.as_slice() else {
        return None;
    };
    let received = Timestamp::from_micros(*received);
    Some(EventRow { received, event: decode_event(body).ok()? })
}

/// `type@sequence`: where a page ends.
fn cursor_of(row: &Row) -> Option<String> {
    match row.as_slice() {
        [_, _, Value::Int(sequence), _, _, _, Value::Text(kind), ..] => {
            Some(format!("{kind}@{sequence}"))
        }
        _ => None,
    }
}

fn key_of(filter: &EventFilter, cursor: &str) -> Option<Vec<Value>> {
    let (kind, sequence) = cursor.rsplit_once('@')?;
    let shard = ShardId::of_topic(filter.namespace.as_str(), Some(kind));
    Some(vec![
        Value::Int(i64::from(shard.0)),
        Value::Text(format!("{}/{kind}", filter.namespace)),
        Value::Int(sequence.parse().ok()?),
    ])
}
