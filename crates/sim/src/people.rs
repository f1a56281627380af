//! People who have tasks to do: some complete them, some only claim them, pass them on or give them back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use motet_engine::{Activity, Assignment, JobCommand};
use motet_expr::json;
use motet_runtime::Error;
use motet_runtime::shard::{Input, Reply, Responder};
use motet_types::{InstanceId, JobId, StepId};

use crate::check::{Check, Checked, ensure};
use crate::world::{Event, World};

const NAMES: [&str; 3] = ["ada", "bob", "eve"];

/// Completions that are refused one after the other, when nothing fails any more, after which a task counts as forgotten.
const REFUSALS_MAX: u64 = 200;

#[derive(Default)]
pub(crate) struct People {
    /// Somebody will look for tasks.
    is_planned: bool,
    replies: Replies,
    refusals: u64,
    /// Tasks whose completion was acknowledged.
    completed: BTreeSet<JobId>,
}

type Replies = Arc<Mutex<Vec<(JobId, JobCommand, Result<Reply, Error>)>>>;

impl World {
    /// Somebody looks for tasks as long as there are any.
    pub(crate) fn stir_people(&mut self) -> Checked {
        self.take_people_replies()?;
        if self.people.is_planned || self.server.is_none() {
            return Ok(());
        }
        let Some(task) = self.shadow.open_tasks().next() else { return Ok(()) };
        let (refusals, calm) = (self.people.refusals, self.services.calm);
        let expected = "a task that can be completed";
        ensure(!calm || refusals < REFUSALS_MAX, Check::JobForgotten, expected, || {
            format!("{task:?} cannot")
        })?;
        self.people.is_planned = true;
        let slowest = if calm { 100_000 } else { 2_500_000 };
        let after = self.random.between(10_000, slowest);
        self.plan(after, Event::Person);
        Ok(())
    }

    /// Somebody does something with one of the tasks.
    pub(crate) fn look_for_tasks(&mut self) -> Checked {
        self.people.is_planned = false;
        let tasks: Vec<(InstanceId, StepId)> = self.shadow.open_tasks().collect();
        if tasks.is_empty() || self.server.is_none() {
            return Ok(());
        }
        let (instance, step) = *self.random.pick(&tasks);
        let assignment = self.assignment(instance, step);
        let anybody = (*self.random.pick(&NAMES)).to_owned();
        let owner = assignment.claimant.or(assignment.assignee).unwrap_or_else(|| anybody.clone());
        let roll = if self.services.calm { 0 } else { self.random.below(100) };
        let command = match roll {
            0..55 => complete(step, owner),
            55..75 => JobCommand::Claim { by: anybody },
            75..83 => JobCommand::Unclaim { by: owner },
            83..93 => JobCommand::Reassign {
                assignee: self.random.percent(50).then_some(anybody),
                groups: vec!["clerks".to_owned()],
                due: None,
                by: Some(owner),
            },
            _ => complete(step, anybody),
        };
        let job = JobId { instance, step, attempt: None };
        self.tell(|| format!("person: {command:?} of {job}"));
        let (replies, told) = (self.people.replies.clone(), command.clone());
        let reply: Responder = Box::new(move |result, _| {
            replies.lock().expect("nobody panics with it").push((job, told, result));
        });
        self.feed(Input::Job { job, command: Some(command), actor: None, reply })
    }

    fn assignment(&self, instance: InstanceId, step: StepId) -> Assignment {
        let known = self.shadow.instances.get(&instance);
        match known.and_then(|known| known.state.steps.get(&step)).map(|open| &open.activity) {
            Some(Activity::Job { assignment: Some(assignment), .. }) => (**assignment).clone(),
            _ => Assignment::default(),
        }
    }

    fn take_people_replies(&mut self) -> Checked {
        let replies =
            std::mem::take(&mut *self.people.replies.lock().expect("nobody panics with it"));
        for (job, command, result) in replies {
            self.tell(|| format!("answer to the person about {job}: {result:?}"));
            self.people.refusals = if result.is_ok() { 0 } else { self.people.refusals + 1 };
            match (command, result) {
                (JobCommand::Complete { .. }, Ok(_)) => self.task_completed(job)?,
                (_, Ok(_)) => self.summary.tasks_passed += 1,
                (_, Err(_)) => self.summary.tasks_refused += 1,
            }
        }
        Ok(())
    }

    fn task_completed(&mut self, job: JobId) -> Checked {
        self.summary.tasks_completed += 1;
        let is_first = self.people.completed.insert(job);
        let expected = "one completion of a task";
        ensure(is_first, Check::OutcomeAppliedTwice, expected, || job.to_string())?;
        let is_durable = self.shadow.has_settled(job);
        ensure(is_durable, Check::EffectBeforeDurable, "a durable completion", || job.to_string())
    }

    /// Who asked a server that is gone never learns what became of it.
    pub(crate) fn people_lost(&mut self) {
        self.people.replies.lock().expect("nobody panics with it").clear();
    }
}

fn complete(step: StepId, by: String) -> JobCommand {
    let v = motet_expr::Value::from(step.0 as usize % 5);
    JobCommand::Complete { output: json::object([("v", v)]), by: Some(by) }
}
