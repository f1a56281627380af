use super::parameters::{AT, CURSOR, LIMIT, TASK_FILTER};
use super::{Answer, Handler, Route, Verb, answer, json};
use motet_runtime::Role;

use crate::access::Access;
use crate::handlers::{jobs, tasks};
use crate::problem::Code;

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Verb::Post,
        path: "/api/v1/jobs/{type}/activate",
        operation: "activateJobs",
        access: Access::Anywhere(Role::Worker),
        summary: "Take jobs of a type, waiting for them if there are none; they are the worker's for the length of a lease.",
        query: &[],
        headers: &[],
        body: Some(json("Activation")),
        answers: &[answer(200, "The jobs; none, if none came in time.", json("Jobs"))],
        refusals: &[
            Code::InvalidParameter,
            Code::InvalidBody,
            Code::MalformedJson,
            Code::Overloaded,
            Code::Unavailable,
        ],
        handler: |request| Box::pin(jobs::activate(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/jobs/{job}/complete",
        operation: "completeJob",
        access: Access::OfJob(Role::Worker),
        summary: "Complete a job with its output. The first completion of an attempt counts.",
        query: &[],
        headers: &[],
        body: Some(json("JobOutput")),
        answers: SETTLED,
        refusals: CHANGES_JOB,
        handler: |request| Box::pin(jobs::complete(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/jobs/{job}/fail",
        operation: "failJob",
        access: Access::OfJob(Role::Worker),
        summary: "Fail a job: with retries left it is given out again after a while, else its error rises in the instance.",
        query: &[],
        headers: &[],
        body: Some(json("JobFailure")),
        answers: SETTLED,
        refusals: CHANGES_JOB,
        handler: |request| Box::pin(jobs::fail(request)),
    },
    Route {
        method: Verb::Post,
        path: "/api/v1/jobs/{job}/heartbeat",
        operation: "keepJob",
        access: Access::OfJob(Role::Worker),
        summary: "Tell that the worker is alive; learn whether anybody still waits for the job.",
        query: &[],
        headers: &[],
        body: Some(json("WorkerName")),
        answers: &[answer(200, "Whether the job is still the worker's.", json("Heartbeat"))],
        refusals: CHANGES_JOB,
        handler: |request| Box::pin(jobs::heartbeat(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/tasks",
        operation: "listTasks",
        access: Access::Listed(Role::Viewer),
        summary: "List open tasks of people, oldest instances first.",
        query: &[TASK_FILTER, CURSOR, LIMIT, AT],
        headers: &[],
        body: None,
        answers: &[answer(200, "One page.", json("TaskPage"))],
        refusals: &[Code::InvalidParameter, Code::Overloaded, Code::Unavailable],
        handler: |request| Box::pin(tasks::list(request)),
    },
    Route {
        method: Verb::Get,
        path: "/api/v1/tasks/{task}",
        operation: "readTask",
        access: Access::OfJob(Role::Viewer),
        summary: "Read a task, with what it is about and its form.",
        query: &[],
        headers: &[],
        body: None,
        answers: CHANGED,
        refusals: CHANGES_JOB,
        handler: |request| Box::pin(tasks::one(request)),
    },
    change("/api/v1/tasks/{task}/claim", "claimTask", "Take a task.", "TaskUser", |request| {
        Box::pin(tasks::claim(request))
    }),
    change(
        "/api/v1/tasks/{task}/unclaim",
        "unclaimTask",
        "Give a task back.",
        "TaskUser",
        |request| Box::pin(tasks::unclaim(request)),
    ),
    change(
        "/api/v1/tasks/{task}/complete",
        "completeTask",
        "Complete a task with an output that fits its form.",
        "TaskOutput",
        |request| Box::pin(tasks::complete(request)),
    ),
    change(
        "/api/v1/tasks/{task}/reassign",
        "reassignTask",
        "Give a task to somebody else.",
        "TaskAssignment",
        |request| Box::pin(tasks::reassign(request)),
    ),
];

const SETTLED: &[Answer] = &[answer(200, "It is durable.", json("JobSettled"))];
const CHANGED: &[Answer] = &[answer(200, "The task as it is now.", json("Task"))];

const CHANGES_JOB: &[Code] = &[
    Code::InvalidParameter,
    Code::InvalidBody,
    Code::MalformedJson,
    Code::UnknownJob,
    Code::JobSuperseded,
    Code::TaskConflict,
    Code::JobOver,
    Code::FormMismatch,
    Code::PayloadTooLarge,
    Code::Unloadable,
    Code::Overloaded,
    Code::Unavailable,
];

const fn change(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    body: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Verb::Post,
        path,
        operation,
        access: Access::OfJob(Role::Operator),
        summary,
        query: &[],
        headers: &[],
        body: Some(json(body)),
        answers: CHANGED,
        refusals: CHANGES_JOB,
        handler,
    }
}
