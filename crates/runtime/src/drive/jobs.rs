//! What handles do for workers and people.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_expr::json;
use motet_store::{Answer, Filter, Order, Position, Query, Row, Test, Value};
use motet_types::{InstanceId, JobId, StepId, Timestamp, WorkflowName, WorkflowRef};
use tokio::sync::oneshot;

use super::Inner;
use super::inner::{ensure_of_instance, unexpected};
use super::lists::other_kind;
use crate::shard::{Input, Reply, Responder};
use crate::tables::TASK;
use crate::{
    Activation, Actor, Error, Heartbeat, JobCommand, JobFigures, JobView, TaskFilter, TaskPage,
    TaskRow, TaskView,
};

impl Inner {
    pub(crate) async fn activate(
        self: &Arc<Self>,
        activation: Activation,
        wait: Duration,
    ) -> Result<Vec<JobView>, Error> {
        let (sender, receiver) = oneshot::channel();
        let inner = self.clone();
        let reply: Responder = Box::new(move |result, _| {
            // A worker that went away while it waited leaves its jobs to the next one.
            if let Err(Ok(Reply::Jobs(jobs))) = sender.send(result) {
                let jobs = jobs.iter().map(|job| job.id).collect();
                inner.lanes.push_internal(Input::Undelivered(jobs));
            }
        });
        let until = self.clock.now().saturating_add(wait);
        self.push(Input::Activate { activation, until, reply })?;
        let stopped = || Error::Unavailable("it stopped before it answered".to_owned());
        match receiver.await.map_err(|_| stopped())?? {
            Reply::Jobs(jobs) => Ok(jobs),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn heartbeat(
        &self,
        job: JobId,
        worker: Option<String>,
    ) -> Result<Heartbeat, Error> {
        ensure_of_instance(job.instance)?;
        match self.ask(|reply| Input::Heartbeat { job, worker, reply }).await? {
            (Reply::Heartbeat(heartbeat), _) => Ok(heartbeat),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn job(
        &self,
        job: JobId,
        command: Option<JobCommand>,
        actor: Actor,
    ) -> Result<(Option<TaskView>, Position), Error> {
        ensure_of_instance(job.instance)?;
        match self.ask(|reply| Input::Job { job, command, actor, reply }).await? {
            (Reply::Task(task), position) => Ok((task.map(|task| *task), position)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn task(&self, job: JobId) -> Result<(TaskView, Position), Error> {
        match self.job(job, None, None).await? {
            (Some(task), position) => Ok((task, position)),
            (None, _) => Err(Error::Job(motet_engine::JobRejection::Over)),
        }
    }

    pub(crate) async fn job_figures(&self) -> Result<Vec<JobFigures>, Error> {
        match self.ask(|reply| Input::JobFigures { reply }).await? {
            (Reply::JobFigures(figures), _) => Ok(figures),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(crate) async fn tasks(
        &self,
        filter: TaskFilter,
        after: Option<JobId>,
        limit: usize,
        at: Option<Position>,
    ) -> Result<TaskPage, Error> {
        if let Some(at) = at {
            self.cover(at).await?;
        }
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let group = filter.group.clone().unwrap_or_default();
        let query = Query {
            table: TASK.id,
            filters: filters(&filter),
            count_by: None,
            order: Order::Ascending,
            after: after.map(|id| {
                vec![
                    Value::Blob(Bytes::copy_from_slice(&id.instance.0)),
                    Value::Int(i64::from(id.step.0)),
                    Value::Text(group),
                ]
            }),
            limit: limit + 1,
        };
        let Answer::Rows { rows, covered } = self.query(query).await? else {
            return Err(other_kind());
        };
        let read = |row| task(row).ok_or_else(|| Error::Unloadable(format!("{row:?}")));
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().map(|item| item.id).filter(|_| has_more);
        Ok(TaskPage { items, next, covered })
    }
}

/// Rows without a group stand for tasks; those of a group for what it may take.
fn filters(filter: &TaskFilter) -> Vec<Filter> {
    let equal = |column, text: &Option<String>| {
        text.clone().map(|text| Filter { column, test: Test::Equal(Value::Text(text)) })
    };
    let group = Some(filter.group.clone().unwrap_or_default());
    let visible = filter.namespaces.as_ref().map(|namespaces| Filter {
        column: "namespace",
        test: Test::In(namespaces.iter().cloned().map(Value::Text).collect()),
    });
    let due = filter
        .due_before
        .map(|before| Filter { column: "due", test: Test::Below(Value::Int(before.as_micros())) });
    [
        equal("of_group", &group),
        equal("namespace", &filter.namespace),
        equal("assignee", &filter.assignee),
        equal("status", &filter.status),
        due,
        visible,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn task(row: &Row) -> Option<TaskRow> {
    let [
        Value::Blob(id),
        Value::Int(step),
        _,
        Value::Text(namespace),
        Value::Text(workflow),
        Value::Text(version),
        Value::Text(name),
        title,
        assignee,
        Value::Text(status),
        due,
        Value::Int(created),
        Value::Text(groups),
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
    let instance = InstanceId(id.as_ref().try_into().ok()?);
    let step = StepId(u32::try_from(*step).ok()?);
    Some(TaskRow {
        id: JobId { instance, step, attempt: None },
        definition: WorkflowRef { workflow, version: version.parse().ok()? },
        name: name.clone(),
        title: text(title),
        assignee: text(assignee),
        groups: json::parse(groups.as_bytes(), json::Limits::default()).ok()?,
        status: status.clone(),
        due: match due {
            Value::Int(due) => Some(Timestamp::from_micros(*due)),
            _ => None,
        },
        created_at: Timestamp::from_micros(*created),
    })
}
