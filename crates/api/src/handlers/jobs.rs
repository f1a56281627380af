//! What workers ask for.

use std::time::Duration;

use http::StatusCode;
use motet_definition::is_job_type;
use motet_engine::ErrorKind;
use motet_expr::{Value, json as values};
use motet_runtime::{Activation, Heartbeat, JobCommand, Role, WorkflowError};
use motet_types::JobId;

use super::members::{Members, refuse};
use crate::problem::{Code, Problem};
use crate::request::Request;
use crate::routes::Handled;
use crate::{answer, json, print};

/// Longest time that a worker waits for a job.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Jobs of one activation.
const JOBS_MAX: u32 = 1_000;

/// How often a worker may ask to get a job back.
const RETRIES_MAX: u32 = 1_000;

pub(crate) async fn activate(mut request: Request) -> Handled {
    let kind: String = request.part("type")?;
    if !is_job_type(&kind) {
        let why = "a type has 1 to 128 letters, digits, `-`, `_`, `.` and `:`";
        return Err(Problem::invalid("type", why));
    }
    let known = ["worker", "maxJobs", "timeout", "wait", "namespaces"];
    let members = Members::read(&mut request, &known).await?;
    let wait = members.span("wait")?.unwrap_or_default();
    if wait > WAIT_MAX {
        return Err(refuse("the member \"wait\" is longer than 60s".to_owned()));
    }
    let namespaces = namespaces(&request, members.names("namespaces")?)?;
    let jobs_max = members.number("maxJobs", JOBS_MAX)?.unwrap_or(1).max(1);
    let activation = Activation {
        kind,
        namespaces,
        worker: members.maybe_name("worker")?,
        jobs_max: jobs_max as usize,
        lease: members.span("timeout")?,
    };
    let jobs = request.handle().activate(activation, wait).await?;
    let text = json::object(|object| {
        object.array("jobs", |items| {
            for job in &jobs {
                items.object(|item| print::job(item, job));
            }
        });
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

/// Those that were asked for, all of which the worker must have rights in; else all that it has rights in.
fn namespaces(
    request: &Request,
    wanted: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Problem> {
    let Some(wanted) = wanted else { return Ok(request.caller.namespaces()) };
    wanted.iter().try_for_each(|namespace| request.permit(Role::Worker, namespace))?;
    Ok(Some(wanted))
}

pub(crate) async fn complete(mut request: Request) -> Handled {
    let job = held(&request)?;
    let members = Members::read(&mut request, &["output", "worker"]).await?;
    let output = members.value("output").cloned().unwrap_or_default();
    let by = members.maybe_name("worker")?;
    settle(request, job, JobCommand::Complete { output, by }).await
}

pub(crate) async fn fail(mut request: Request) -> Handled {
    let job = held(&request)?;
    let known = ["error", "retries", "backoff", "worker"];
    let members = Members::read(&mut request, &known).await?;
    let command = JobCommand::Fail {
        error: Box::new(error(members.value("error"))?),
        retries: members.number("retries", RETRIES_MAX)?.unwrap_or(0),
        backoff: members.span("backoff")?,
        by: members.maybe_name("worker")?,
    };
    settle(request, job, command).await
}

pub(crate) async fn heartbeat(mut request: Request) -> Handled {
    let job = held(&request)?;
    let members = Members::read(&mut request, &["worker"]).await?;
    let worker = members.maybe_name("worker")?;
    let heartbeat = request.handle().heartbeat(job, worker).await.map_err(of_job)?;
    let text = json::object(|object| match &heartbeat {
        Heartbeat::Kept { until } => {
            object.truth("cancelled", false);
            object.text("leaseUntil", until);
        }
        Heartbeat::Lost { reason } => {
            object.truth("cancelled", true);
            object.text("reason", reason);
        }
    });
    Ok(answer::with_body(StatusCode::OK, answer::JSON, text))
}

async fn settle(request: Request, job: JobId, command: JobCommand) -> Handled {
    let (_, position) = request.handle().job(job, command).await.map_err(of_job)?;
    let text = json::object(|object| object.text("id", job));
    Ok(answer::json(StatusCode::OK, text, position))
}

/// A worker names the attempt that it holds.
fn held(request: &Request) -> Result<JobId, Problem> {
    let job = request.job()?;
    match job.attempt {
        Some(_) => Ok(job),
        None => Err(Problem::invalid("job", "it does not say which attempt: use the id as given")),
    }
}

/// Without its instance there is no job either.
pub(crate) fn of_job(error: motet_runtime::Error) -> Problem {
    match error {
        motet_runtime::Error::UnknownInstance(_) => {
            let detail = format!(
                "{error}: it never was, or it has ended and is forgotten, and nobody waits for what came of its jobs"
            );
            Problem::new(Code::UnknownJob, detail)
        }
        error => error.into(),
    }
}

/// The error that a worker reports: an object as in `raise`, or a text that says what went wrong.
fn error(value: Option<&Value>) -> Result<WorkflowError, Problem> {
    let Some(value) = value else {
        return Err(refuse("the member \"error\" is missing".to_owned()));
    };
    if let Some(text) = values::as_str(value) {
        return Ok(WorkflowError::new(ErrorKind::Runtime, "the worker failed", text));
    }
    let members = Members::of(value, &["type", "status", "title", "detail"], "\"error\"")?;
    let kind = members.text("type")?;
    let standard = |word: &str| ErrorKind::ALL.into_iter().find(|kind| kind.word() == word);
    let title = members.text("title")?;
    let words = title.as_deref().unwrap_or("the worker failed");
    let mut error = match kind.as_deref() {
        None => WorkflowError::new(ErrorKind::Runtime, words, ""),
        Some(text) => match standard(text) {
            Some(kind) => WorkflowError::new(kind, words, ""),
            None if text.contains(':') => WorkflowError {
                kind: text.to_owned(),
                ..WorkflowError::new(ErrorKind::Runtime, words, "")
            },
            None => {
                let words = ErrorKind::ALL.map(ErrorKind::word).join(", ");
                let detail = format!("the type {text:?} is neither a URI nor one of {words}");
                return Err(refuse(detail));
            }
        },
    };
    error.detail = members.text("detail")?;
    if let Some(status) = members.number("status", 599)? {
        let status = u16::try_from(status).unwrap_or_default();
        if status < 400 {
            return Err(refuse("the status of an error is between 400 and 599".to_owned()));
        }
        error.status = status;
    }
    Ok(error)
}
