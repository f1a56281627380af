//! Steering many instances: all that pass a filter.

use http::StatusCode;
use motet_runtime::{Command, Error, Handle, InstanceFilter, Position};
use motet_types::InstanceId;
use tokio::task::JoinSet;

use super::command::Steer;
use super::filter::{at, filter};
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Instances that a dry run shows.
const SAMPLE_ROWS: usize = 10;
/// Failures that are told one by one.
const FAILURES_TOLD_MAX: usize = 100;

pub(crate) async fn steer(mut request: Request, steer: Steer) -> Handled {
    // Whoever asks after a start was acknowledged means that instance, too; the lists follow a moment later.
    let arrived = request.handle().position();
    let seen = at(&request)?.map_or(arrived, |at| at.max(arrived));
    let [reason] = request.members(["reason"]).await?;
    let mut filter = filter(&request)?;
    let asked = InstanceFilter { namespaces: None, ..filter.clone() };
    if asked == InstanceFilter::default() && !request.query.switch("all")? {
        let detail = "say which instances: with a filter such as workflow=shop/order, or all=true";
        return Err(Problem::new(Code::MissingFilter, detail));
    }
    // Retry also serves instances that wait for a person, in whatever status.
    if filter.statuses.is_empty() && !filter.incidents {
        filter.statuses = steer.statuses().to_vec();
    }
    if request.query.switch("dryRun")? {
        return rehearse(request.handle(), filter, seen).await;
    }
    let cursor = request.query.parsed("cursor")?;
    Bulk {
        handle: request.handle().clone(),
        command: steer.command(reason, &request.query)?,
        instances_max: request.api.options.bulk_instances_max,
        in_flight_max: request.api.options.bulk_in_flight_max,
        page_rows: request.api.options.limits.page_rows_max,
        running: JoinSet::new(),
        done: Done { position: seen, ..Done::default() },
    }
    .run(filter, cursor, seen)
    .await
}

async fn rehearse(handle: &Handle, filter: InstanceFilter, seen: Position) -> Handled {
    let page = handle.instances(filter.clone(), None, SAMPLE_ROWS, Some(seen)).await?;
    let (counts, _) = handle.counts(filter, Some(seen)).await?;
    let text = json::object(|result| {
        result.truth("dryRun", true);
        result.number("matched", counts.iter().map(|(_, count)| count).sum::<u64>());
        result.array("sample", |items| {
            for row in &page.items {
                items.object(|item| print::row(item, row));
            }
        });
    });
    Ok(answer::json(StatusCode::OK, text, page.covered))
}

/// One bulk command under way.
struct Bulk {
    handle: Handle,
    command: Command,
    instances_max: usize,
    in_flight_max: usize,
    page_rows: usize,
    running: JoinSet<(InstanceId, Result<Position, Error>)>,
    done: Done,
}

#[derive(Default)]
struct Done {
    matched: usize,
    applied: u64,
    failed: u64,
    failures: Vec<(InstanceId, Problem)>,
    position: Position,
}

impl Bulk {
    /// Pages through the list by id, which stays in order while statuses change, and commands each instance once.
    async fn run(
        mut self,
        filter: InstanceFilter,
        mut cursor: Option<InstanceId>,
        seen: Position,
    ) -> Handled {
        loop {
            let rows = self.page_rows.min(self.instances_max - self.done.matched);
            let page = self.handle.instances(filter.clone(), cursor, rows, Some(seen)).await?;
            self.done.matched += page.items.len();
            for row in &page.items {
                self.begin(row.id).await;
            }
            cursor = page.next;
            if cursor.is_none() || self.done.matched >= self.instances_max {
                break;
            }
        }
        while self.finish_one().await {}
        Ok(answer::json(StatusCode::OK, self.done.print(cursor), self.done.position))
    }

    async fn begin(&mut self, id: InstanceId) {
        while self.running.len() >= self.in_flight_max {
            self.finish_one().await;
        }
        let (handle, command) = (self.handle.clone(), self.command.clone());
        self.running.spawn(async move {
            let outcome = handle.command(id, command).await;
            (id, outcome.map(|(_, position)| position))
        });
    }

    /// Waits for one command; false if none is in flight.
    async fn finish_one(&mut self) -> bool {
        match self.running.join_next().await {
            None => return false,
            Some(Ok((_, Ok(position)))) => {
                self.done.applied += 1;
                self.done.position = self.done.position.max(position);
            }
            Some(Ok((id, Err(error)))) => self.done.fail(id, error.into()),
            // The task's panic is a defect that the panic hook has told; the instance's id went with it.
            Some(Err(_panic)) => self.done.failed += 1,
        }
        true
    }
}

impl Done {
    fn fail(&mut self, id: InstanceId, problem: Problem) {
        self.failed += 1;
        if self.failures.len() < FAILURES_TOLD_MAX {
            self.failures.push((id, problem));
        }
    }

    fn print(&self, cursor: Option<InstanceId>) -> Vec<u8> {
        json::object(|result| {
            result.truth("dryRun", false);
            result.number("matched", self.matched as u64);
            result.number("applied", self.applied);
            result.number("failed", self.failed);
            result.array("failures", |items| {
                for (id, problem) in &self.failures {
                    items.object(|item| {
                        item.text("id", id);
                        item.text("code", problem.code);
                        item.text("detail", &problem.detail);
                    });
                }
            });
            result.maybe_text("next", cursor);
        })
    }
}
