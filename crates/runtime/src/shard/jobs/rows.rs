//! The rows of jobs and people's tasks, which follow from the state after each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_definition::graph::Graph;
use motet_engine::{Activity, Assignment, CallState, Fact, Instance, Job, JobWork, Record};
use motet_expr::json;
use motet_store::{Row, RowChange, TableId, Value};
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use super::queue::{Entry, QueueKey, Waiting};
use crate::tables::{JOB, TASK};

/// How long a job stays with an unknown worker after a restart, at most.
const HOLD_MAX: Duration = Duration::from_secs(30);

/// An open job as its rows say it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::shard) enum Posted {
    /// In the queue of its type.
    Queued(Entry),
    /// In lists of people's tasks, once for each group.
    Listed { groups: Vec<String> },
}

/// What became of a step's job.
pub(in crate::shard) struct JobChange {
    pub(in crate::shard) before: Option<Entry>,
    pub(in crate::shard) after: Option<Entry>,
    /// It was settled, well or not.
    pub(in crate::shard) settled: Option<bool>,
}

impl JobChange {
    fn again(posted: &Posted) -> Option<Self> {
        match posted {
            Posted::Queued(entry) => {
                Some(Self { before: None, after: Some(entry.clone()), settled: None })
            }
            Posted::Listed { .. } => None,
        }
    }
}

/// The open jobs of an instance, when it is loaded.
pub(in crate::shard) fn posted(instance: &Instance) -> BTreeMap<StepId, Posted> {
    let steps = instance.steps.keys();
    steps.filter_map(|step| Some((*step, post(instance, *step)?))).collect()
}

/// Adds the rows that these records change; `posted` is what the rows said before.
pub(in crate::shard) fn job_rows(
    posted: &mut BTreeMap<StepId, Posted>,
    instance: &Instance,
    graph: &Graph,
    records: &[Record],
    rows: &mut Vec<RowChange>,
) -> Vec<JobChange> {
    let mut changes = Vec::new();
    for record in records {
        if matches!(record.fact, Fact::Resumed) {
            // Nobody was given them while the instance was suspended.
            changes.extend(posted.values().filter_map(JobChange::again));
        }
        let settled = match &record.fact {
            Fact::JobSettled { settled, .. } => Some(settled.result.is_ok()),
            Fact::JobCreated { .. }
            | Fact::JobReturned { .. }
            | Fact::JobWithdrawn { .. }
            | Fact::TaskAssigned { .. } => None,
            _ => continue,
        };
        let before = posted.remove(&record.step);
        let after = post(instance, record.step);
        let keys = |posted: &Option<Posted>| {
            posted.as_ref().map(|it| keys(instance.id, record.step, it)).unwrap_or_default()
        };
        let (gone, kept) = (keys(&before), keys(&after));
        rows.extend(gone.into_iter().filter(|key| !kept.contains(key)).map(deletion));
        if let Some(after) = &after {
            rows.extend(puts(instance, graph, record.step, after));
            posted.insert(record.step, after.clone());
        }
        let entry = |posted| match posted {
            Some(Posted::Queued(entry)) => Some(entry),
            _ => None,
        };
        changes.push(JobChange { before: entry(before), after: entry(after), settled });
    }
    changes
}

/// The entry of a row of the job table.
pub(in crate::shard) fn entry_of(row: &Row) -> Option<Entry> {
    let [
        Value::Text(kind),
        Value::Text(namespace),
        Value::Int(rank),
        Value::Blob(id),
        Value::Int(step),
        Value::Int(attempt),
        Value::Int(created),
        Value::Int(ready),
        Value::Int(hold),
    ] = row.as_slice()
    else {
        return None;
    };
    let id = InstanceId(id.as_ref().try_into().ok()?);
    let step = StepId(u32::try_from(*step).ok()?);
    Some(Entry {
        queue: Arc::new(QueueKey { kind: kind.clone(), namespace: namespace.clone() }),
        waiting: Waiting { rank: *rank, id, step },
        attempt: Attempt(u32::try_from(*attempt).ok()?),
        ready_at: Timestamp::from_micros(*ready),
        created_at: Timestamp::from_micros(*created),
        hold: Duration::from_micros(u64::try_from(*hold).ok()?),
    })
}

/// The key after which a page begins whose first row is to be `from`; steps of jobs are never 0.
pub(in crate::shard) fn key_before(queue: &QueueKey, from: Waiting) -> Vec<Value> {
    let before = Waiting { step: StepId(from.step.0.saturating_sub(1)), ..from };
    job_key(queue, before)
}

/// The open job of a step, as it is in a worker's queue.
pub(in crate::shard) fn entry(instance: &Instance, step: StepId) -> Option<Entry> {
    match post(instance, step)? {
        Posted::Queued(entry) => Some(entry),
        Posted::Listed { .. } => None,
    }
}

fn post(instance: &Instance, step: StepId) -> Option<Posted> {
    if instance.end.is_some() {
        return None;
    }
    let Activity::Job { attempt, job, state: CallState::InFlight, ready_at, assignment, .. } =
        &instance.steps.get(&step)?.activity
    else {
        return None;
    };
    Some(match (&job.work, assignment) {
        (JobWork::Worker { kind, priority, timeout, .. }, _) => Posted::Queued(Entry {
            queue: Arc::new(QueueKey {
                kind: kind.clone(),
                namespace: instance.start.definition.workflow.namespace.to_string(),
            }),
            waiting: Waiting { rank: priority.rank(job.created_at), id: instance.id, step },
            attempt: *attempt,
            ready_at: *ready_at,
            created_at: job.created_at,
            hold: timeout.map_or(HOLD_MAX, |timeout| timeout.min(HOLD_MAX)),
        }),
        (JobWork::Person { .. }, assignment) => Posted::Listed {
            groups: assignment.iter().flat_map(|own| own.groups.clone()).collect(),
        },
    })
}

fn puts(instance: &Instance, graph: &Graph, step: StepId, posted: &Posted) -> Vec<RowChange> {
    match posted {
        Posted::Queued(entry) => {
            let mut row = job_key(&entry.queue, entry.waiting);
            let hold = i64::try_from(entry.hold.as_micros()).unwrap_or(i64::MAX);
            row.extend([
                Value::Int(i64::from(entry.attempt.0)),
                Value::Int(entry.created_at.as_micros()),
                Value::Int(entry.ready_at.as_micros()),
                Value::Int(hold),
            ]);
            vec![RowChange::Put { table: JOB.id, row }]
        }
        Posted::Listed { groups } => {
            let Some(open) = instance.steps.get(&step) else { return Vec::new() };
            let Activity::Job { job, assignment, .. } = &open.activity else { return Vec::new() };
            let name = open.task.map_or("", |task| graph.vertex(task).name.as_str());
            let assignment = assignment.as_deref().cloned().unwrap_or_default();
            let rest = task_columns(instance, name, job, &assignment);
            group_keys(groups)
                .map(|group| {
                    let mut row = task_key(instance.id, step, group);
                    row.extend(rest.clone());
                    RowChange::Put { table: TASK.id, row }
                })
                .collect()
        }
    }
}

type Key = (TableId, Vec<Value>);

/// The keys of the rows that say this.
fn keys(id: InstanceId, step: StepId, posted: &Posted) -> Vec<Key> {
    match posted {
        Posted::Queued(entry) => vec![(JOB.id, job_key(&entry.queue, entry.waiting))],
        Posted::Listed { groups } => {
            group_keys(groups).map(|group| (TASK.id, task_key(id, step, group))).collect()
        }
    }
}

fn deletion((table, key): Key) -> RowChange {
    RowChange::Delete { table, key }
}

/// The row without a group stands for the task; one for each group lets lists of a group find it.
fn group_keys(groups: &[String]) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(groups.iter().map(String::as_str))
}

fn job_key(queue: &QueueKey, waiting: Waiting) -> Vec<Value> {
    vec![
        Value::Text(queue.kind.clone()),
        Value::Text(queue.namespace.clone()),
        Value::Int(waiting.rank),
        Value::Blob(Bytes::copy_from_slice(&waiting.id.0)),
        Value::Int(i64::from(waiting.step.0)),
    ]
}

fn task_key(id: InstanceId, step: StepId, group: &str) -> Vec<Value> {
    vec![
        Value::Blob(Bytes::copy_from_slice(&id.0)),
        Value::Int(i64::from(step.0)),
        Value::Text(group.to_owned()),
    ]
}

fn task_columns(instance: &Instance, name: &str, job: &Job, own: &Assignment) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let maybe = |value: Option<&String>| value.map_or(Value::Null, |value| text(value));
    let title = match &job.work {
        JobWork::Person { title, .. } => title.as_ref(),
        JobWork::Worker { .. } => None,
    };
    let definition = &instance.start.definition;
    let groups = json::array(own.groups.iter().map(|group| json::string(group.as_str())));
    vec![
        text(definition.workflow.namespace.as_str()),
        text(definition.workflow.name.as_str()),
        Value::Text(definition.version.to_string()),
        text(name),
        maybe(title),
        maybe(own.claimant.as_ref().or(own.assignee.as_ref())),
        text(if own.claimant.is_some() { "claimed" } else { "open" }),
        own.due.map_or(Value::Null, |due| Value::Int(due.as_micros())),
        Value::Int(job.created_at.as_micros()),
        Value::Text(json::to_text(&groups)),
    ]
}
