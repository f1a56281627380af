//! What the store shows, compared with what is known to be durable.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use motet_engine::{Fact, Instance};
use motet_journal::{Values, decode_history, decode_snapshot};
use motet_store::{Answer, Commit, Entity, Loaded, Order, Query, Row, RowScan, Value};
use motet_store_embedded::Inline;
use motet_types::{InstanceId, Status, Timestamp};

use crate::check::{Check, Checked, ensure, violated};
use crate::cuts::Chunks;
use crate::shadow::{forgets, jobs_of};
use crate::tables;
use crate::world::World;

/// Rows of one page; small, so that paging is used.
const PAGE: usize = 50;

impl World {
    /// Every acknowledged history is there unchanged; beyond it only what was handed over and never answered, in order.
    pub(crate) fn compare_histories(&mut self, store: &Inline) -> Checked {
        let unknown = std::mem::take(&mut self.unknown);
        let telling: Vec<&Commit> = unknown.iter().filter(|commit| tells(commit)).collect();
        let mut entities: BTreeSet<Entity> = telling.iter().map(|commit| commit.entity).collect();
        entities.extend(self.shadow.histories.keys());
        entities.extend(self.shadow.forgotten.keys().map(|id| Entity(id.0)));
        let mut there: BTreeMap<Entity, usize> = BTreeMap::new();
        for entity in entities {
            let stored = history(store, entity)?;
            let none = Chunks::default();
            let known = self.shadow.histories.get(&entity).map_or(&none, |known| &known.chunks);
            let handed = telling.iter().filter(|commit| commit.entity == entity);
            let handed: Vec<&Commit> = handed.copied().collect();
            let Some(commits) = known.commits_to(&handed, &stored) else {
                let is_short = stored.len() < known.list.len();
                let check = if is_short { Check::CommandLost } else { Check::HistoryChanged };
                let same = |(one, other): &(_, _)| one == other;
                let common = stored.iter().zip(&known.list).take_while(same).count();
                let seen = format!(
                    "{entity:?} has {} chunks, {common} of {} acknowledged ones are the same",
                    stored.len(),
                    known.list.len()
                );
                let expected = "every acknowledged commit, unchanged, and those handed over";
                return Err(violated(check, expected, seen));
            };
            there.insert(entity, commits);
        }
        self.take_unacknowledged(&telling, there)?;
        self.shadow.last = store.machine().last();
        Ok(())
    }

    /// Commits that are durable although nobody was told: the first ones of the group, whole. `there` says how many of each
    /// entity.
    fn take_unacknowledged(
        &mut self,
        telling: &[&Commit],
        mut there: BTreeMap<Entity, usize>,
    ) -> Checked {
        let mut is_over = false;
        for commit in telling {
            let left = there.get_mut(&commit.entity).filter(|left| **left > 0);
            let Some(left) = left else {
                is_over = true;
                continue;
            };
            *left -= 1;
            ensure(!is_over, Check::HistoryChanged, "commits in their order", || {
                format!("a commit of {:?} without the one before it", commit.entity)
            })?;
            self.summary.commits_unacknowledged += 1;
            self.tell(|| format!("a commit of {:?} was kept", commit.entity));
            self.enter(commit)?;
        }
        Ok(())
    }

    /// What recovery lives on: the rows of timers and of what is in flight.
    pub(crate) fn compare_rows(&mut self, store: &Inline) -> Checked {
        let mut timers = BTreeSet::new();
        let mut pending = BTreeSet::new();
        for known in self.shadow.instances.values() {
            let state = &known.state;
            timers.extend(state.next_due().map(|due| (due, state.id)));
            let is_in_flight = !motet_engine::outstanding(state, state.updated_at).is_empty()
                || state.unsettled().next().is_some();
            if state.end.is_none() && (state.has_work() || is_in_flight) {
                pending.insert(state.id);
            }
        }
        let found: BTreeSet<InstanceId> =
            rows(store, "pending")?.iter().filter_map(|row| id_of(&row[1])).collect();
        self.summary.rows_compared += (found.len() + timers.len()) as u64;
        ensure(
            found == pending,
            Check::CallForgotten,
            "a row for each instance in flight",
            || difference(&pending, &found),
        )?;
        let found: BTreeSet<(Timestamp, InstanceId)> = rows(store, "timer")?
            .iter()
            .filter_map(|row| match (&row[1], id_of(&row[2])) {
                (Value::Int(due), Some(id)) => Some((Timestamp::from_micros(*due), id)),
                _ => None,
            })
            .collect();
        let jobs: BTreeSet<(InstanceId, u32, u32)> = self
            .shadow
            .instances
            .values()
            .flat_map(|known| jobs_of(&known.state))
            .map(|((id, step, attempt), _)| (id, step.0, attempt.0))
            .collect();
        let listed: BTreeSet<(InstanceId, u32, u32)> = rows(store, "job")?
            .iter()
            .filter_map(|row| match (id_of(&row[3]), &row[4], &row[5]) {
                (Some(id), Value::Int(step), Value::Int(attempt)) => {
                    Some((id, u32::try_from(*step).ok()?, u32::try_from(*attempt).ok()?))
                }
                _ => None,
            })
            .collect();
        ensure(listed == jobs, Check::JobForgotten, "a row for each open job", || {
            difference(&jobs, &listed)
        })?;
        ensure(found == timers, Check::TimerWrong, "a row for each instance that waits", || {
            difference(&timers, &found)
        })
    }

    /// Lists show how every instance began and ended. The store has no commit that its tables do not cover.
    pub(crate) fn compare_view(&mut self, store: &Inline) -> Checked {
        let mut found: BTreeMap<InstanceId, Row> = BTreeMap::new();
        let mut after = None;
        loop {
            let query = Query {
                table: tables::named("instance").id,
                filters: Vec::new(),
                count_by: None,
                order: Order::Ascending,
                after: after.take(),
                limit: PAGE,
            };
            let answer = store.machine().query(&query);
            let Ok(Answer::Rows { rows, .. }) = answer else {
                return Err(violated(Check::ViewDisagrees, "rows", format!("{answer:?}")));
            };
            after = rows.last().map(|row| row[..1].to_vec());
            let is_last = rows.len() < PAGE;
            found.extend(rows.into_iter().filter_map(|row| Some((id_of(&row[0])?, row))));
            if is_last {
                break;
            }
        }
        let known: BTreeSet<InstanceId> = self.shadow.instances.keys().copied().collect();
        let listed: BTreeSet<InstanceId> = found.keys().copied().collect();
        ensure(known == listed, Check::ViewDisagrees, "a row for each instance", || {
            difference(&known, &listed)
        })?;
        for (id, row) in &found {
            self.summary.rows_compared += 1;
            let state = &self.shadow.instances[id].state;
            let agrees = row_agrees(row, state);
            ensure(agrees, Check::ViewDisagrees, "the row that follows from the history", || {
                format!("{row:?} of {id}, {}, updated at {}", state.status(), state.updated_at)
            })?;
        }
        Ok(())
    }

    /// Every instance as the store holds it, and as the machine does where nothing of it waits to become durable.
    pub(crate) fn compare_states(&mut self, chance: u64) -> Checked {
        // A part of an unknown group may be there, and the server that asked is about to stop.
        let Some(server) = self.server.as_ref().filter(|_| self.unknown.is_empty()) else {
            return Ok(());
        };
        let mut live: BTreeMap<InstanceId, &Instance> = BTreeMap::new();
        live.extend(server.machine.live().map(|instance| (instance.id, instance)));
        for (id, known) in &self.shadow.instances {
            let state = &known.state;
            if let Some(instance) = live.get(id).filter(|live| live.records == state.records) {
                self.summary.states_compared += 1;
                let expected = "a live instance equal to what its records say";
                ensure(*instance == state, Check::RebuildDiffers, expected, || {
                    format!("live {instance:?}\n  rebuilt {state:?}")
                })?;
            }
            if state.end.is_some() || !self.random.percent(chance) {
                continue;
            }
            let loaded = server.store.machine().load(&[Entity(id.0)]);
            let loaded = loaded.ok().and_then(|loaded| loaded.into_iter().next().flatten());
            let rebuilt = loaded.as_ref().and_then(|loaded| rebuild(*id, loaded));
            self.summary.states_compared += 1;
            let expected = "snapshot and records that give the same state";
            ensure(rebuilt.as_ref() == Some(state), Check::RebuildDiffers, expected, || {
                format!("loaded {rebuilt:?}\n  known {state:?}")
            })?;
        }
        Ok(())
    }
}

/// Snapshot and records by hand, apart from what the runtime does.
fn rebuild(id: InstanceId, loaded: &Loaded) -> Option<Instance> {
    let mut values = Values::default();
    let mut state = match &loaded.snapshot {
        Some(snapshot) => Some(decode_snapshot(snapshot, &mut values).ok()?),
        None => None,
    };
    for chunk in &loaded.records {
        let first = state.as_ref().map_or(0, |state| state.records);
        for record in decode_history(chunk, first, &mut values).ok()? {
            if let (None, Fact::Started { start, .. }) = (&state, &record.fact) {
                state = Some(Instance::blank(id, start.clone()));
            }
            state.as_mut()?.apply(&record);
        }
    }
    state
}

fn row_agrees(row: &Row, state: &Instance) -> bool {
    let [_, _, _, workflow, _, status, started, updated, ended, parent, .., incident] =
        row.as_slice()
    else {
        return false;
    };
    let is_text = |value: &Value, text: &str| matches!(value, Value::Text(found) if found == text);
    let is_time = |value: &Value, at: Timestamp| *value == Value::Int(at.as_micros());
    let same_parent = match &state.start.parent {
        None => *parent == Value::Null,
        Some(above) => id_of(parent) == Some(above.instance),
    };
    let same_end = match &state.end {
        Some(_) => is_time(ended, state.updated_at) || is_late(ended, state),
        None => *ended == Value::Null,
    };
    let status_now = state.status();
    // Between the two, lists do not follow each step.
    let moves = |status: &str| matches!(status, "running" | "waiting" | "pending");
    let same_status = is_text(status, status_now.as_str())
        || matches!(status, Value::Text(shown) if moves(shown) && moves(status_now.as_str()));
    let has_incident = state.end.is_none() && !state.incidents.is_empty();
    is_text(workflow, state.start.definition.workflow.name.as_str())
        && same_status
        && is_time(started, state.started_at)
        && matches!(updated, Value::Int(updated) if *updated <= state.updated_at.as_micros())
        && same_end
        && same_parent
        && (*incident == Value::Int(1)) == has_incident
}

/// Outcomes of abandoned calls go into a history after its end.
fn is_late(ended: &Value, state: &Instance) -> bool {
    matches!(ended, Value::Int(at) if *at < state.updated_at.as_micros())
        && state.status() != Status::Running
}

/// Whether a commit changes a history.
fn tells(commit: &Commit) -> bool {
    !commit.records.is_empty() || forgets(commit)
}

fn history(store: &Inline, entity: Entity) -> Checked<Vec<(u64, Bytes)>> {
    let chunks = store.machine().history(entity, 0, usize::MAX).map_err(|error| {
        let expected = "a history that can be read";
        violated(Check::CommandLost, expected, format!("{entity:?}: {error}"))
    })?;
    Ok(chunks.into_iter().map(|(first, _, chunk)| (first, chunk)).collect())
}

pub(crate) fn rows(store: &Inline, table: &str) -> Checked<Vec<Row>> {
    let table = tables::named(table);
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map(|row| row[..table.key_columns].to_vec());
        let scan = RowScan { table: table.id, prefix: Vec::new(), after, limit: PAGE };
        let page = store.machine().rows(scan).map_err(|error| {
            violated(Check::ViewDisagrees, "rows that can be read", error.to_string())
        })?;
        let is_last = page.len() < PAGE;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

pub(crate) fn id_of(value: &Value) -> Option<InstanceId> {
    match value {
        Value::Blob(id) => Some(InstanceId(id.as_ref().try_into().ok()?)),
        _ => None,
    }
}

fn difference<T: Ord + std::fmt::Debug>(expected: &BTreeSet<T>, found: &BTreeSet<T>) -> String {
    let missing: Vec<&T> = expected.difference(found).collect();
    let surplus: Vec<&T> = found.difference(expected).collect();
    format!("missing {missing:?}, surplus {surplus:?}")
}
