//! Schedules as people see and steer them, and limits of how many instances run at once.

use std::sync::Arc;

use motet_engine::room::Line;
use motet_engine::{Schedule, ScheduleInput};
use motet_store::Position;
use motet_types::WorkflowName;

use super::Inner;
use crate::shard::{Input, Reply};
use crate::{Actor, Error, LimitView, ScheduleView};

/// Starts to come that a view shows.
const UPCOMING: usize = 5;

impl Inner {
    pub(crate) async fn schedules(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<WorkflowName>,
        limit: usize,
    ) -> Result<(Vec<ScheduleView>, Position), Error> {
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let list = |reply| Input::ListSchedules { namespaces, after, limit, reply };
        self.viewed(self.ask(list).await?)
    }

    pub(crate) async fn limits_at_work(
        &self,
        namespaces: Option<Vec<String>>,
        after: Option<Line>,
        limit: usize,
    ) -> Result<(Vec<LimitView>, Position), Error> {
        let limit = limit.clamp(1, self.limits.page_rows_max);
        let list = |reply| Input::ListLimits { namespaces, after, limit, reply };
        match self.ask(list).await? {
            (Reply::Limits(limits), position) => Ok((limits, position)),
            (other, _) => Err(super::inner::unexpected(&other)),
        }
    }

    pub(crate) async fn schedule(
        &self,
        workflow: WorkflowName,
    ) -> Result<(ScheduleView, Position), Error> {
        let asked = self.ask(|reply| Input::ReadSchedule { workflow, reply }).await?;
        first(self.viewed(asked)?)
    }

    pub(crate) async fn command_schedule(
        &self,
        workflow: WorkflowName,
        input: ScheduleInput,
        actor: Actor,
    ) -> Result<(ScheduleView, Position), Error> {
        let asked = self.ask(|reply| Input::Schedule { workflow, input, actor, reply }).await?;
        first(self.viewed(asked)?)
    }

    fn viewed(
        &self,
        (reply, position): (Reply, Position),
    ) -> Result<(Vec<ScheduleView>, Position), Error> {
        let Reply::Schedules(schedules) = reply else {
            return Err(super::inner::unexpected(&reply));
        };
        let view = |(workflow, schedule)| self.view_schedule(workflow, schedule);
        Ok((schedules.into_iter().map(view).collect(), position))
    }

    fn view_schedule(&self, workflow: WorkflowName, schedule: Arc<Schedule>) -> ScheduleView {
        let graph = self.catalog().graphs.get(&schedule.definition).cloned();
        let plan = graph.and_then(|graph| graph.schedule.clone());
        let upcoming = plan.as_ref().map(|plan| schedule.upcoming(plan, UPCOMING));
        ScheduleView { workflow, schedule, plan, upcoming: upcoming.unwrap_or_default() }
    }
}

fn first(
    (views, position): (Vec<ScheduleView>, Position),
) -> Result<(ScheduleView, Position), Error> {
    let view = views.into_iter().next();
    view.map(|view| (view, position))
        .ok_or_else(|| Error::Unavailable("no schedule was answered".to_owned()))
}
