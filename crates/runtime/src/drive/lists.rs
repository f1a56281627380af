//! Lists and counts: queries over the instance table.

use std::time::Duration;

use bytes::Bytes;
use motet_store::{Answer, Filter, Order, Position, Query, Row, Test, Value};
use motet_types::{InstanceId, Status, Timestamp, Version, WorkflowName, WorkflowRef};
use tokio::sync::oneshot;

use super::Inner;
use crate::tables::{AUDIT, INSTANCE};
use crate::{AuditFilter, AuditId, AuditPage, Error, InstanceFilter, InstanceRow, Page, audit};

/// How long a list waits until its view covers a position.
const COVER_WITHIN: Duration = Duration::from_secs(5);
const COVER_POLL: Duration = Duration::from_millis(20);
/// Versions of a workflow of which open instances are counted.
const OPEN_VERSIONS_MAX: usize = 1_000;

impl Inner {
    pub(crate) async fn instances(
        &self,
        filter: InstanceFilter,
        after: Option<InstanceId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<Page<InstanceRow>, Error> {
        if let Some(at) = at {
            self.cover(at).await?;
        }
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let mut page = match filter.attributes.is_empty() {
            true => self.unattributed(&filter, after, limit).await?,
            false => self.attributed(&filter, after, limit).await?,
        };
        self.with_turns(&mut page.items).await?;
        self.with_attributes(&mut page.items).await?;
        Ok(page)
    }

    async fn unattributed(
        &self,
        filter: &InstanceFilter,
        after: Option<InstanceId>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, Error> {
        let query = Query {
            table: INSTANCE.id,
            filters: filters(filter),
            count_by: None,
            order: Order::Descending,
            after: after.map(|id| vec![Value::Blob(Bytes::copy_from_slice(&id.0))]),
            limit: limit + 1,
        };
        match self.query(query).await? {
            Answer::Rows { rows, covered } => {
                let mut items = rows
                    .iter()
                    .map(|row| instance(row).ok_or_else(|| Error::Unloadable(format!("{row:?}"))))
                    .collect::<Result<Vec<_>, _>>()?;
                let has_more = items.len() > limit;
                items.truncate(limit);
                let next = items.last().map(|item| item.id).filter(|_| has_more);
                Ok(Page { items, next, covered })
            }
            Answer::Counts { .. } => Err(other_kind()),
        }
    }

    pub(crate) async fn counts(
        &self,
        filter: InstanceFilter,
        at: Option<Position>,
    ) -> Result<(Vec<(Status, u64)>, Position), Error> {
        if let Some(at) = at {
            self.cover(at).await?;
        }
        if !filter.attributes.is_empty() {
            return self.attributed_counts(&filter).await;
        }
        let query = Query {
            table: INSTANCE.id,
            filters: filters(&filter),
            count_by: Some("status"),
            order: Order::Ascending,
            after: None,
            limit: Status::ALL.len(),
        };
        match self.query(query).await? {
            Answer::Counts { counts, covered } => {
                let count = |(status, count): &(Value, u64)| match status {
                    Value::Text(status) => Some((status.parse().ok()?, *count)),
                    _ => None,
                };
                Ok((counts.iter().filter_map(count).collect(), covered))
            }
            Answer::Rows { .. } => Err(other_kind()),
        }
    }

    pub(crate) async fn open_versions(
        &self,
        workflow: &WorkflowName,
    ) -> Result<(Vec<(Version, u64)>, Position), Error> {
        let statuses = Status::ALL.into_iter().filter(|status| !status.is_final()).collect();
        let filter = InstanceFilter {
            namespace: Some(workflow.namespace.to_string()),
            workflow: Some(workflow.name.to_string()),
            statuses,
            ..InstanceFilter::default()
        };
        let query = Query {
            table: INSTANCE.id,
            filters: filters(&filter),
            count_by: Some("version"),
            order: Order::Ascending,
            after: None,
            limit: OPEN_VERSIONS_MAX,
        };
        let Answer::Counts { counts, covered } = self.query(query).await? else {
            return Err(other_kind());
        };
        let count = |(version, count): &(Value, u64)| match version {
            Value::Text(version) => Some((version.parse().ok()?, *count)),
            _ => None,
        };
        Ok((counts.iter().filter_map(count).collect(), covered))
    }

    pub(crate) async fn audit(
        &self,
        filter: AuditFilter,
        after: Option<AuditId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<AuditPage, Error> {
        if let Some(at) = at {
            self.cover(at).await?;
        }
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let query = Query {
            table: AUDIT.id,
            filters: audit_filters(&filter),
            count_by: None,
            order: Order::Descending,
            after: after.map(|id| vec![Value::Blob(Bytes::copy_from_slice(&id.0))]),
            limit: limit + 1,
        };
        let Answer::Rows { rows, covered } = self.query(query).await? else {
            return Err(other_kind());
        };
        let entry = |row| audit::entry(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        let mut items = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().map(|item| item.id).filter(|_| has_more);
        Ok(AuditPage { items, next, covered })
    }

    pub(super) async fn query(&self, query: Query) -> Result<Answer, Error> {
        let (sender, receiver) = oneshot::channel();
        // A receiver that is gone does not want the answer any more.
        self.reads.query(query, Box::new(move |result| drop(sender.send(result))));
        let answer = receiver.await.map_err(|_| Error::Unavailable("it stopped".to_owned()))?;
        answer.map_err(|error| Error::Unavailable(error.to_string()))
    }

    pub(super) async fn cover(&self, at: Position) -> Result<(), Error> {
        let covered = async {
            while self.reads.covered() < at {
                tokio::time::sleep(COVER_POLL).await;
            }
        };
        tokio::time::timeout(COVER_WITHIN, covered).await.map_err(|_| {
            Error::Unavailable(format!("the lists do not cover position {} yet", at.0))
        })
    }
}

pub(super) fn filters(filter: &InstanceFilter) -> Vec<Filter> {
    let equal = |column, value: Option<Value>| {
        value.map(|value| Filter { column, test: Test::Equal(value) })
    };
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let blob = |id: InstanceId| Value::Blob(Bytes::copy_from_slice(&id.0));
    let instant = |at: Timestamp| Value::Int(at.as_micros());
    let statuses = filter.statuses.iter().map(|status| Value::Text(status.as_str().to_owned()));
    let statuses: Vec<Value> = statuses.collect();
    let within = [
        filter.from.map(|from| Filter { column: "started", test: Test::AtLeast(instant(from)) }),
        filter.to.map(|to| Filter { column: "started", test: Test::Below(instant(to)) }),
        (!statuses.is_empty()).then_some(Filter { column: "status", test: Test::In(statuses) }),
    ];
    [
        equal("namespace", text(&filter.namespace)),
        filter.namespaces.as_deref().map(in_namespaces),
        equal("workflow", text(&filter.workflow)),
        equal("version", text(&filter.version)),
        equal("parent", filter.parent.map(blob)),
        equal("business_key", text(&filter.business_key)),
        equal("incident", filter.incidents.then_some(Value::Int(1))),
    ]
    .into_iter()
    .chain(within)
    .flatten()
    .collect()
}

fn in_namespaces(names: &[String]) -> Filter {
    let names = names.iter().cloned().map(Value::Text).collect();
    Filter { column: "namespace", test: Test::In(names) }
}

fn audit_filters(filter: &AuditFilter) -> Vec<Filter> {
    let equal = |column, text: &Option<String>| {
        let test = text.clone().map(|text| Test::Equal(Value::Text(text)));
        test.map(|test| Filter { column, test })
    };
    let instant = |at: Timestamp| Value::Int(at.as_micros());
    let filters = [
        filter.namespaces.as_deref().map(in_namespaces),
        equal("actor", &filter.actor),
        equal("action", &filter.action),
        equal("subject", &filter.subject),
        filter.from.map(|from| Filter { column: "at", test: Test::AtLeast(instant(from)) }),
        filter.to.map(|to| Filter { column: "at", test: Test::Below(instant(to)) }),
    ];
    filters.into_iter().flatten().collect()
}

/// An instance as its row in the table of instances shows it.
pub(crate) fn instance(row: &Row) -> Option<InstanceRow> {
    let [
        Value::Blob(id),
        _,
        Value::Text(namespace),
        Value::Text(workflow),
        Value::Text(version),
        Value::Text(status),
        Value::Int(started),
        Value::Int(updated),
        ended,
        parent,
        business_key,
        error,
        incident,
    ] = row.as_slice()
    else {
        return None;
    };
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let workflow =
        WorkflowName { namespace: namespace.parse().ok()?, name: workflow.parse().ok()? };
    Some(InstanceRow {
        id: InstanceId(id.as_ref().try_into().ok()?),
        definition: WorkflowRef { workflow, version: version.parse().ok()? },
        status: status.parse().ok()?,
        started_at: Timestamp::from_micros(*started),
        updated_at: Timestamp::from_micros(*updated),
        ended_at: match ended {
            Value::Int(ended) => Some(Timestamp::from_micros(*ended)),
            _ => None,
        },
        parent: match parent {
            Value::Blob(parent) => Some(InstanceId(parent.as_ref().try_into().ok()?)),
            _ => None,
        },
        business_key: text(business_key),
        error: text(error),
        has_incident: *incident == Value::Int(1),
        attributes: Vec::new(),
        waits_for: None,
    })
}

pub(super) fn other_kind() -> Error {
    Error::Unavailable("an answer of another kind arrived".to_owned())
}
