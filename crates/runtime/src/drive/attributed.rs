//! Lists of instances by search attributes, and what queued instances of a list wait for.
//!
//! Attributes stand in a table of their own, in the order of the instances: a page of instances with the first of the wanted
//! attributes is narrowed by the others, and by what the instances' own rows say.

use motet_store::{Answer, Filter, Order, Position, Query, Row, Test, Value};
use motet_types::{InstanceId, Status};

use super::Inner;
use super::lists::{filters, instance, other_kind};
use crate::tables::{ATTRIBUTE, INSTANCE, ROOM, TURN, id_value};
use crate::{Error, InstanceFilter, InstanceRow, Page, QueuedFor, TurnRow, attribute};

/// Instances of one round.
const ROUND: usize = 500;

/// Rounds of one page: one on which little fits ends there, and the next one begins where it ended.
const ROUNDS_MAX: usize = 20;

impl Inner {
    /// A page of instances with the filter's attributes; shorter than `limit` where few of many fit.
    pub(super) async fn attributed(
        &self,
        filter: &InstanceFilter,
        mut after: Option<InstanceId>,
        limit: usize,
    ) -> Result<Page<InstanceRow>, Error> {
        let mut page = Page { items: Vec::new(), next: None, covered: self.reads.covered() };
        for round in 1.. {
            let Round { ids, last, covered } = self.round(filter, after).await?;
            page.covered = page.covered.min(covered);
            page.items.extend(self.among(filter, ids).await?);
            if page.items.len() > limit {
                page.items.truncate(limit);
                page.next = page.items.last().map(|item| item.id);
                break;
            }
            page.next = last;
            after = last;
            if last.is_none() || page.items.len() == limit || round == ROUNDS_MAX {
                break;
            }
        }
        Ok(page)
    }

    pub(super) async fn attributed_counts(
        &self,
        filter: &InstanceFilter,
    ) -> Result<(Vec<(Status, u64)>, Position), Error> {
        let (mut after, mut all) = (None, self.reads.covered());
        let mut counts = std::collections::BTreeMap::<&str, u64>::new();
        loop {
            let Round { ids, last, covered } = self.round(filter, after).await?;
            all = all.min(covered);
            for row in self.among(filter, ids).await? {
                *counts.entry(row.status.as_str()).or_default() += 1;
            }
            after = last;
            if last.is_none() {
                break;
            }
        }
        let count = |(status, count): (&str, u64)| Some((status.parse().ok()?, count));
        Ok((counts.into_iter().filter_map(count).collect(), all))
    }

    /// Instances that have every attribute, newest first.
    async fn round(
        &self,
        filter: &InstanceFilter,
        after: Option<InstanceId>,
    ) -> Result<Round, Error> {
        let mut wanted = filter.attributes.iter();
        let first = wanted.next().map(|first| first.filters()).unwrap_or_default();
        // The key goes on behind the instance's last attribute.
        let after = after.map(|id| vec![id_value(id), Value::Text(String::new())]);
        let (ids, covered) = self.holders(first, after).await?;
        let last = ids.last().copied().filter(|_| ids.len() == ROUND);
        let mut ids = ids;
        for other in wanted {
            let mut filters = other.filters();
            filters.push(within("instance", &ids));
            ids = self.holders(filters, None).await?.0;
        }
        Ok(Round { ids, last, covered })
    }

    async fn holders(
        &self,
        filters: Vec<Filter>,
        after: Option<Vec<Value>>,
    ) -> Result<(Vec<InstanceId>, Position), Error> {
        let (rows, covered) = self.page_of(ATTRIBUTE.id, filters, after, ROUND).await?;
        Ok((rows.iter().filter_map(|row| id_of(row.first()?)).collect(), covered))
    }

    /// Those of the instances that pass the rest of the filter.
    async fn among(
        &self,
        filter: &InstanceFilter,
        ids: Vec<InstanceId>,
    ) -> Result<Vec<InstanceRow>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut filters = filters(filter);
        filters.push(within("id", &ids));
        let (rows, _) = self.page_of(INSTANCE.id, filters, None, ids.len()).await?;
        let read = |row: &Row| instance(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        rows.iter().map(read).collect()
    }

    /// Says by what instances are found.
    pub(super) async fn with_attributes(&self, items: &mut [InstanceRow]) -> Result<(), Error> {
        let ids: Vec<InstanceId> = items.iter().map(|item| item.id).collect();
        let mut after = None;
        while !ids.is_empty() {
            let filters = vec![within("instance", &ids)];
            let (rows, _) = self.page_of(ATTRIBUTE.id, filters, after, ROUND).await?;
            for row in &rows {
                let own = id_of(&row[0]).and_then(|id| items.iter_mut().find(|item| item.id == id));
                let (own, read) = own
                    .zip(attribute::read(row))
                    .ok_or_else(|| Error::Unloadable(format!("{row:?}")))?;
                own.attributes.push(read);
            }
            if rows.len() < ROUND {
                break;
            }
            after = rows.last().map(|last| last[..2].to_vec());
        }
        // They were read the other way round.
        items.iter_mut().for_each(|item| item.attributes.reverse());
        Ok(())
    }

    /// Says of those that are queued what they wait for.
    pub(super) async fn with_turns(&self, items: &mut [InstanceRow]) -> Result<(), Error> {
        let is_queued = |item: &&InstanceRow| item.status == Status::Pending;
        let ids: Vec<InstanceId> = items.iter().filter(is_queued).map(|item| item.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let (waiting, _) =
            self.page_of(TURN.id, vec![within("instance", &ids)], None, ids.len()).await?;
        let keys = waiting.iter().filter_map(|row| row.get(3).cloned()).collect();
        let held = vec![
            Filter { column: "key", test: Test::In(keys) },
            Filter { column: "holds", test: Test::Equal(Value::Int(1)) },
        ];
        let limit = self.limits.page_rows_max.saturating_mul(4);
        let (held, _) = self.page_of(TURN.id, held, None, limit).await?;
        for row in &waiting {
            let [_, _, _, Value::Text(key), _, id, holds, _] = row.as_slice() else { continue };
            if *holds != Value::Null {
                continue;
            }
            let holder = held.iter().find(|held| held[..4] == row[..4]);
            let holder = holder.and_then(|held| id_of(held.get(5)?));
            let own = id_of(id).and_then(|id| items.iter_mut().find(|item| item.id == id));
            if let Some(own) = own {
                own.waits_for = Some(QueuedFor::Key(TurnRow { key: key.clone(), holder }));
            }
        }
        self.with_rooms(items, &ids).await
    }

    /// Says of those that are queued under which limit they wait for room.
    async fn with_rooms(&self, items: &mut [InstanceRow], ids: &[InstanceId]) -> Result<(), Error> {
        let waiting = vec![within("instance", ids)];
        // An instance has one place in each of up to three lines.
        let (rows, _) = self.page_of(ROOM.id, waiting, None, ids.len().saturating_mul(3)).await?;
        for row in &rows {
            let [_, Value::Text(of), _, _, _, id, _, Value::Null] = row.as_slice() else {
                continue;
            };
            let own = id_of(id).and_then(|id| items.iter_mut().find(|item| item.id == id));
            let waits_for = match of.as_str() {
                "workflow" => QueuedFor::Workflow,
                _ => QueuedFor::Namespace,
            };
            if let Some(own) = own {
                own.waits_for = Some(waits_for);
            }
        }
        Ok(())
    }

    async fn page_of(
        &self,
        table: motet_store::TableId,
        filters: Vec<Filter>,
        after: Option<Vec<Value>>,
        limit: usize,
    ) -> Result<(Vec<Row>, Position), Error> {
        let order = Order::Descending;
        let query = Query { table, filters, count_by: None, order, after, limit };
        match self.query(query).await? {
            Answer::Rows { rows, covered } => Ok((rows, covered)),
            Answer::Counts { .. } => Err(other_kind()),
        }
    }
}

struct Round {
    ids: Vec<InstanceId>,
    /// The last instance that was looked at, if there may be more.
    last: Option<InstanceId>,
    covered: Position,
}

fn within(column: &'static str, ids: &[InstanceId]) -> Filter {
    Filter { column, test: Test::In(ids.iter().map(|id| id_value(*id)).collect()) }
}

fn id_of(value: &Value) -> Option<InstanceId> {
    match value {
        Value::Blob(id) => Some(InstanceId(id.as_ref().try_into().ok()?)),
        _ => None,
    }
}
