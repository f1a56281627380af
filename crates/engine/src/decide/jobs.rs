//! What workers and people do with jobs.

use std::time::Duration;

use motet_expr::{Value, json};
use motet_types::{Attempt, StepId};

use super::Decider;
use crate::job::{Assignment, AssignmentChange, JobCommand, JobRejection, JobWork};
use crate::sabotage::{self, Sabotage};
use crate::{Activity, CallState, Fact, Rejection, Settled, WorkflowError, task};

/// How often a job is given back at most, whatever its workers ask for.
const RETURNS_MAX: u32 = 100;

/// What the error that a worker reports may have as JSON: it goes wherever people look, in lists, incidents and logs.
const JOB_ERROR_BYTES_MAX: usize = 64 << 10;

/// The wait before a job is given out again, where its worker does not say: doubled each time.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_LONGEST: Duration = Duration::from_secs(300);

impl Decider<'_> {
    /// Takes a command about a job; `attempt` is given by workers, who hold one.
    pub(super) fn job(
        &mut self,
        step: StepId,
        attempt: Option<Attempt>,
        command: JobCommand,
    ) -> Result<(), Rejection> {
        let present = self.open_job(step, attempt)?;
        let assignment = self.assignment(step);
        let is_task_command = matches!(
            command,
            JobCommand::Claim { .. } | JobCommand::Unclaim { .. } | JobCommand::Reassign { .. }
        );
        if is_task_command && assignment.is_none() {
            return Err(JobRejection::OtherKind.into());
        }
        match command {
            JobCommand::Complete { output, by } => {
                self.complete_job(step, present, assignment, output, by)
            }
            JobCommand::Fail { error, retries, backoff, by } => {
                if assignment.is_some() {
                    return Err(JobRejection::OtherKind.into());
                }
                self.fail_job(step, present, *error, retries, backoff, by)
            }
            JobCommand::Claim { by } => self.claim(step, assignment.unwrap_or_default(), by),
            JobCommand::Unclaim { by } => self.unclaim(step, assignment.unwrap_or_default(), by),
            JobCommand::Reassign { assignee, groups, due, by } => {
                let before = assignment.unwrap_or_default();
                let due = due.or(before.due);
                let assignment = Assignment { assignee, groups, claimant: None, due, ..before };
                self.assign(step, AssignmentChange::Reassigned, assignment, by);
                Ok(())
            }
        }
    }

    /// The present attempt of a job that somebody may still do.
    fn open_job(&self, step: StepId, attempt: Option<Attempt>) -> Result<Attempt, Rejection> {
        let instance = &*self.instance;
        let Some(open) = instance.steps.get(&step) else {
            let was_there = step.0 != 0 && step.0 < instance.steps_activated;
            let rejection = if was_there { JobRejection::Over } else { JobRejection::Unknown };
            return Err(rejection.into());
        };
        let Activity::Job { attempt: present, state, .. } = &open.activity else {
            return Err(JobRejection::Unknown.into());
        };
        let is_any = sabotage::is(Sabotage::JobTakenTwice);
        if instance.end.is_some() || (*state != CallState::InFlight && !is_any) {
            return Err(JobRejection::Over.into());
        }
        match attempt {
            Some(attempt) if attempt > *present => Err(JobRejection::Unknown.into()),
            Some(attempt) if attempt != *present && !is_any => {
                Err(JobRejection::Superseded { attempt: attempt.0, present: present.0 }.into())
            }
            _ => Ok(attempt.unwrap_or(*present)),
        }
    }

    fn assignment(&self, step: StepId) -> Option<Assignment> {
        match &self.instance.step(step).activity {
            Activity::Job { assignment, .. } => assignment.as_deref().cloned(),
            _ => None,
        }
    }

    fn complete_job(
        &mut self,
        step: StepId,
        attempt: Attempt,
        assignment: Option<Assignment>,
        output: Value,
        by: Option<String>,
    ) -> Result<(), Rejection> {
        if let Some(assignment) = assignment {
            match (&assignment.claimant, &by) {
                (Some(claimant), Some(by)) if claimant == by => {}
                (Some(claimant), _) => {
                    return Err(JobRejection::Claimed(claimant.clone()).into());
                }
                (None, Some(by)) => assignment.ensure_open_to(by)?,
                (None, None) => {}
            }
            let misfits = task::human::misfits(self, step, &output);
            if !misfits.is_empty() {
                return Err(JobRejection::Form(misfits).into());
            }
        }
        self.check_size(&output, "the output")
            .map_err(|error| JobRejection::TooLarge(error.detail.unwrap_or_default()))?;
        let settled = Settled::output(output);
        self.emit(step, Fact::JobSettled { attempt, by, settled });
        Ok(())
    }

    /// Gives a job back, or fails it: then its error rises like that of any call.
    fn fail_job(
        &mut self,
        step: StepId,
        attempt: Attempt,
        error: WorkflowError,
        retries: u32,
        backoff: Option<Duration>,
        by: Option<String>,
    ) -> Result<(), Rejection> {
        let bytes = json::to_text(&error.to_value()).len();
        if bytes > JOB_ERROR_BYTES_MAX {
            let detail = format!(
                "the error has {bytes} bytes as JSON, that of a job may have {JOB_ERROR_BYTES_MAX}"
            );
            return Err(JobRejection::TooLarge(detail).into());
        }
        let error = error.at(self.reference(step));
        if attempt.0 <= retries.min(RETURNS_MAX) {
            let doubled = BACKOFF_FIRST.saturating_mul(1 << (attempt.0 - 1).min(16));
            let backoff = backoff.unwrap_or(doubled.min(BACKOFF_LONGEST));
            let at = self.now.saturating_add(backoff.min(self.limits.duration_max));
            let (attempt, error) = (Attempt(attempt.0 + 1), Some(Box::new(error)));
            self.emit(step, Fact::JobReturned { attempt, at, error, by });
            return Ok(());
        }
        let settled = Settled::error(error, true);
        self.emit(step, Fact::JobSettled { attempt, by, settled });
        Ok(())
    }

    fn claim(&mut self, step: StepId, task: Assignment, by: String) -> Result<(), Rejection> {
        match &task.claimant {
            Some(claimant) if *claimant == by => return Err(Rejection::Stale),
            Some(claimant) => return Err(JobRejection::Claimed(claimant.clone()).into()),
            None => task.ensure_open_to(&by)?,
        }
        let assignment = Assignment { claimant: Some(by.clone()), ..task };
        self.assign(step, AssignmentChange::Claimed, assignment, Some(by));
        Ok(())
    }

    fn unclaim(&mut self, step: StepId, task: Assignment, by: String) -> Result<(), Rejection> {
        if task.claimant.as_ref() != Some(&by) {
            return Err(JobRejection::NotClaimed(by).into());
        }
        let assignment = Assignment { claimant: None, ..task };
        self.assign(step, AssignmentChange::Unclaimed, assignment, Some(by));
        Ok(())
    }

    fn assign(
        &mut self,
        step: StepId,
        change: AssignmentChange,
        assignment: Assignment,
        by: Option<String>,
    ) {
        self.emit(step, Fact::TaskAssigned { change, assignment: Box::new(assignment), by });
    }
}

impl Assignment {
    /// Members of its groups may take it, and its assignee; with neither, everybody. Who is in a group is not known here.
    fn ensure_open_to(&self, by: &str) -> Result<(), Rejection> {
        match &self.assignee {
            Some(assignee) if assignee != by && self.groups.is_empty() => {
                Err(JobRejection::AssignedTo(assignee.clone()).into())
            }
            _ => Ok(()),
        }
    }
}

/// Leaves an abandoned job again.
pub(crate) fn leave_again(decider: &mut Decider<'_>, step: StepId) {
    let Activity::Job { attempt, .. } = &decider.instance.step(step).activity else { return };
    let attempt = Attempt(attempt.0 + 1);
    decider.emit(step, Fact::JobReturned { attempt, at: decider.now, error: None, by: None });
}

impl JobWork {
    /// Whether a person is to do it.
    pub fn is_for_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }
}
