//! What the store shows, compared with what is known to be durable.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use motet_engine::Instance;
use motet_journal::{Values, decode_history, decode_snapshot};
use motet_store::{Answer, Entity, Loaded, Order, Query, Row, Value};
use motet_store_embedded::Inline;
use motet_types::{InstanceId, Status, Timestamp};

use crate::check::{Check, Checked, ensure, violated};
use crate::shadow::jobs_of;
use crate::tables;
use crate::world::World;

/// Rows of one page; small, so that paging is used.
const PAGE: usize = 50;

impl World {
    /// Everything acknowledged is there unchanged; beyond it only what was handed over and never answered, in order.
    pub(crate) fn compare_acknowledged(&mut self, store: &Inline) -> Checked {
        let unknown = std::mem::take(&mut self.unknown);
        let (last, before) = (store.machine().last(), self.shadow.last);
        let expected = "a log that holds every acknowledged commit";
        ensure(last >= before, Check::CommandLost, expected, || {
            format!("it ends at {last:?}, {before:?} was acknowledged")
        })?;
        // Each commit has a position of its own.
        let kept = (last.0 - before.0) as usize;
        let expected = "no commits but those handed over";
        ensure(kept <= unknown.len(), Check::HistoryChanged, expected, || {
            format!("{kept} commits are behind {before:?}, {} were handed over", unknown.len())
        })?;
        for commit in &unknown[..kept] {
            self.summary.commits_unacknowledged += 1;
            self.tell(|| format!("a commit of {:?} was kept", commit.entity));
            self.enter(commit)?;
        }
        self.shadow.last = last;
        let mut entities: BTreeSet<Entity> = self.shadow.histories.keys().copied().collect();
        entities.extend(unknown.iter().map(|commit| commit.entity));
        entities.extend(self.shadow.forgotten.keys().map(|id| Entity(id.0)));
        for entity in entities {
            self.compare_history(store, entity)?;
        }
        self.summary.rows_compared += self.shadow.compare_tables(store)?;
        Ok(())
    }

    fn compare_history(&self, store: &Inline, entity: Entity) -> Checked {
        let stored = history(store, entity)?;
        let known = self.shadow.histories.get(&entity);
        let known = known.map_or(&[][..], |known| &known.chunks.list);
        if stored == known {
            return Ok(());
        }
        let check = match known.starts_with(&stored) {
            true => Check::CommandLost,
            false => Check::HistoryChanged,
        };
        let same = |(one, other): &(_, _)| one == other;
        let common = stored.iter().zip(known).take_while(same).count();
        let seen = format!(
            "{entity:?} has {} chunks, {common} of {} acknowledged ones are the same",
            stored.len(),
            known.len()
        );
        Err(violated(check, "every acknowledged commit, unchanged", seen))
    }

    /// What recovery lives on: the rows of timers, jobs and tasks, and of what is in flight.
    pub(crate) fn compare_rows(&mut self) -> Checked {
        let mut timers = BTreeSet::new();
        let mut pending = BTreeSet::new();
        let mut jobs = BTreeSet::new();
        for known in self.shadow.instances.values() {
            let state = &known.state;
            timers.extend(state.next_due().map(|due| (due, state.id)));
            let is_in_flight = !motet_engine::outstanding(state, state.updated_at).is_empty()
                || state.unsettled().next().is_some();
            if state.end.is_none() && (state.has_work() || is_in_flight) {
                pending.insert(state.id);
            }
            jobs.extend(jobs_of(state).map(|(id, step, attempt)| (id, step.0, attempt.0)));
        }
        let rows = self.shadow.rows("pending");
        let found: BTreeSet<InstanceId> = rows.iter().filter_map(|row| id_of(&row[1])).collect();
        let expected = "a row for each instance in flight";
        ensure(found == pending, Check::CallForgotten, expected, || difference(&pending, &found))?;
        let rows = self.shadow.rows("timer");
        let found: BTreeSet<(Timestamp, InstanceId)> = rows
            .iter()
            .filter_map(|row| match (&row[1], id_of(&row[2])) {
                (Value::Int(due), Some(id)) => Some((Timestamp::from_micros(*due), id)),
                _ => None,
            })
            .collect();
        let expected = "a row for each instance that waits";
        ensure(found == timers, Check::TimerWrong, expected, || difference(&timers, &found))?;
        let number = |value: &Value| match value {
            Value::Int(number) => u32::try_from(*number).ok(),
            _ => None,
        };
        let rows = self.shadow.rows("job");
        let found: BTreeSet<(InstanceId, u32, u32)> = rows
            .iter()
            .filter_map(|row| Some((id_of(&row[3])?, number(&row[4])?, number(&row[5])?)))
            .collect();
        let expected = "a row for each open job";
        ensure(found == jobs, Check::JobForgotten, expected, || difference(&jobs, &found))?;
        let tasks: BTreeSet<(InstanceId, u32)> =
            self.shadow.open_tasks().map(|(id, step)| (id, step.0)).collect();
        let rows = self.shadow.rows("task");
        let found: BTreeSet<(InstanceId, u32)> =
            rows.iter().filter_map(|row| Some((id_of(&row[0])?, number(&row[1])?))).collect();
        let expected = "a row for each open task";
        ensure(found == tasks, Check::JobForgotten, expected, || difference(&tasks, &found))
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
            self.shadow.check_loaded(Entity(id.0), loaded.as_ref())?;
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
            if let (None, Some(start)) = (&state, record.fact.start()) {
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

fn history(store: &Inline, entity: Entity) -> Checked<Vec<(u64, Bytes)>> {
    let chunks = store.machine().history(entity, 0, usize::MAX).map_err(|error| {
        let expected = "a history that can be read";
        violated(Check::CommandLost, expected, format!("{entity:?}: {error}"))
    })?;
    Ok(chunks.into_iter().map(|(first, _, chunk)| (first, chunk)).collect())
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
