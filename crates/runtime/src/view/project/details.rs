//! What a history entry says beside its header.

use motet_definition::graph::Graph;
use motet_engine::{
    Assignment, AssignmentChange, Body, CatchAction, ChildRequest, End, Fact, JobWork, Opening,
    Parked, Request, Settled, TimerKind, UndoCause, WorkflowError,
};
use motet_expr::{Num, Value, json};
use motet_types::{Attempt, TaskId, Timestamp};

use super::incident;

pub(super) type Details = Vec<(&'static str, Value)>;

pub(super) fn details(fact: &Fact, graph: &Graph) -> Details {
    let number = |number: u32| Value::from(number as usize);
    match fact {
        Fact::Started { start, due, .. } => {
            let definition = ("workflow", json::string(start.definition.to_string()));
            with(vec![definition, ("input", start.input.clone())], "due", due.map(instant))
        }
        Fact::Queued { .. } | Fact::Admitted | Fact::Described { .. } => found(fact),
        Fact::Undone
        | Fact::UndoEnded { .. }
        | Fact::UndoBegan { .. }
        | Fact::Postponed { .. }
        | Fact::ChildUndoRequested { .. }
        | Fact::Doubted { .. }
        | Fact::Activated { opening: Opening::Undo { .. }, .. } => undo_details(fact),
        Fact::Skipped { .. }
        | Fact::IterationsClosed
        | Fact::Yielded
        | Fact::Resumed
        | Fact::Reopened
        | Fact::Fed
        | Fact::Handling { .. }
        | Fact::Unsubscribed => Vec::new(),
        Fact::Emitted { .. }
        | Fact::Received { .. }
        | Fact::Listening { .. }
        | Fact::Consumed { .. }
        | Fact::Handled { .. } => event_details(fact),
        Fact::Activated { parent, input, due, opening, .. } => {
            activated(number(parent.0), input.as_ref(), *due, opening)
        }
        Fact::Iterated { .. } | Fact::IterationBegan { .. } => iteration(fact),
        Fact::Waiting { until } => vec![("due", instant(*until))],
        Fact::Fired { timer } => vec![("timer", json::string(timer_word(*timer)))],
        Fact::Requested { attempt, key, request, due, .. } => {
            requested(number(attempt.0), key, request, *due)
        }
        Fact::Resent { attempt, due } => {
            vec![("attempt", number(attempt.0)), ("due", instant(*due))]
        }
        Fact::Settled { attempt, settled: came } => settled(number(attempt.0), came),
        Fact::Parked { attempt, parked: held } => parked(number(attempt.0), held),
        Fact::Abandoned { attempt } => vec![("attempt", number(attempt.0))],
        Fact::Released { attempt } => vec![("attempt", number(attempt.0))],
        Fact::ChildRequested { .. } | Fact::ChildCancelled { .. } => child(fact),
        Fact::ChildEnded { result: Ok(output), .. } => vec![("output", output.clone())],
        Fact::ChildEnded { result: Err(error), .. }
        | Fact::Failed { error }
        | Fact::IterationFailed { error } => failed(error),
        Fact::JobCreated { .. }
        | Fact::JobReturned { .. }
        | Fact::JobSettled { .. }
        | Fact::JobWithdrawn { .. }
        | Fact::TaskAssigned { .. } => job_details(fact),
        Fact::Completed { output, context, .. } => {
            with(with(Vec::new(), "output", output.clone()), "context", context.clone())
        }
        Fact::Caught { error, action } => caught(error, action),
        Fact::Retried { due, .. } => with(Vec::new(), "due", due.map(instant)),
        Fact::BranchFailed { branch, error } => {
            vec![("branch", json::string(reference(graph, *branch))), ("error", error.to_value())]
        }
        Fact::Suspended { reason } | Fact::Ended { end: End::Cancelled { reason } } => {
            with(Vec::new(), "reason", reason.as_deref().map(json::string))
        }
        Fact::IncidentRaised { incident: raised } => failed(&incident(raised)),
        Fact::Ended { end: End::Completed(output) } => vec![("output", output.clone())],
        Fact::Ended { end: End::Faulted { error, .. } } => failed(error),
    }
}

/// Of what an instance is found by, and of its turn.
fn found(fact: &Fact) -> Details {
    match fact {
        Fact::Queued { start } => {
            let definition = ("workflow", json::string(start.definition.to_string()));
            vec![definition, ("input", start.input.clone())]
        }
        Fact::Described { business_key, attributes } => {
            let key = business_key.as_deref().map(json::string);
            let set = attributes.iter().map(|(name, set)| (name.as_str(), set.clone()));
            with(with(Vec::new(), "businessKey", key), "attributes", Some(json::object(set)))
        }
        _ => Vec::new(),
    }
}

fn activated(
    parent: Value,
    input: Option<&Value>,
    due: Option<Timestamp>,
    opening: &Opening,
) -> Details {
    let details = with(vec![("parent", parent)], "input", input.cloned());
    let details = with(details, "due", due.map(instant));
    with(details, "items", items(opening))
}

fn iteration(fact: &Fact) -> Details {
    let number = |number: u32| Value::from(number as usize);
    match fact {
        Fact::Iterated { index, .. } => vec![("index", number(*index))],
        Fact::IterationBegan { parent, index, .. } => {
            vec![("parent", number(parent.0)), ("index", number(*index))]
        }
        _ => Vec::new(),
    }
}

fn undo_details(fact: &Fact) -> Details {
    let number = |number: u32| Value::from(number as usize);
    match fact {
        Fact::UndoBegan { cause } => undo_cause(cause),
        Fact::Activated { parent, opening: Opening::Undo { entry, .. }, .. } => {
            vec![("parent", number(parent.0)), ("undoes", number(entry.0))]
        }
        Fact::Doubted { attempt } => vec![("attempt", number(attempt.0))],
        Fact::ChildUndoRequested { child } => vec![("child", json::string(child.to_string()))],
        Fact::Postponed { error, number: tries, at } => {
            let details = with(failed(error), "tries", Some(number(*tries)));
            with(details, "due", Some(instant(*at)))
        }
        _ => Vec::new(),
    }
}

fn requested(attempt: Value, key: &str, sent: &Request, due: Timestamp) -> Details {
    vec![
        ("attempt", attempt),
        ("idempotencyKey", json::string(key)),
        ("request", request(sent)),
        ("due", instant(due)),
    ]
}

fn child(fact: &Fact) -> Details {
    match fact {
        Fact::ChildRequested { child } => asked(child),
        Fact::ChildCancelled { child } => vec![("child", json::string(child.to_string()))],
        _ => Vec::new(),
    }
}

fn asked(child: &ChildRequest) -> Details {
    vec![
        ("child", json::string(child.id.to_string())),
        ("workflow", json::string(child.definition.to_string())),
        ("input", child.input.clone()),
    ]
}

fn event_details(fact: &Fact) -> Details {
    match fact {
        Fact::Emitted { event } | Fact::Received { event } => {
            vec![("event", event.value().clone())]
        }
        Fact::Listening { terms, .. } => {
            let topics = terms.topics.iter().map(|topic| json::string(topic.to_string()));
            vec![("topics", json::array(topics))]
        }
        Fact::Consumed { event, keys, .. } => {
            let keys = (!keys.is_empty()).then(|| json::object(keys.clone()));
            with(vec![("event", event.value().clone())], "keys", keys)
        }
        Fact::Handled { output, context, .. } => {
            with(vec![("output", output.clone())], "context", context.clone())
        }
        _ => Vec::new(),
    }
}

fn settled(attempt: Value, settled: &Settled) -> Details {
    match &settled.result {
        Ok(output) => vec![("attempt", attempt), ("output", output.clone())],
        Err(error) => vec![
            ("attempt", attempt),
            ("error", error.to_value()),
            ("maybeRun", Value::Bool(settled.maybe_run)),
        ],
    }
}

fn parked(attempt: Value, parked: &Parked) -> Details {
    let details = vec![
        ("attempt", attempt),
        ("reason", json::string(parked.reason.as_str())),
        ("since", instant(parked.since)),
        ("sent", Value::Bool(parked.sent)),
    ];
    with(details, "until", parked.until.map(instant))
}

pub(super) fn assigned_word(change: AssignmentChange) -> &'static str {
    match change {
        AssignmentChange::Claimed => "task-claimed",
        AssignmentChange::Unclaimed => "task-unclaimed",
        AssignmentChange::Reassigned => "task-reassigned",
        AssignmentChange::Escalated => "task-escalated",
    }
}

fn job_details(fact: &Fact) -> Details {
    let by = |by: &Option<String>| by.as_deref().map(json::string);
    let attempt = |attempt: &Attempt| ("attempt", Value::from(attempt.0 as usize));
    match fact {
        Fact::JobCreated { attempt: nth, key, job, assignment } => {
            let key = ("idempotencyKey", json::string(key.as_str()));
            let mut details = vec![attempt(nth), key, ("input", job.input.clone())];
            if let JobWork::Worker { kind, priority, .. } = &job.work {
                details.push(("job", json::string(kind.as_str())));
                details.push(("priority", Value::Num(Num::Int(priority.0.into()))));
            }
            details.extend(assignment.iter().flat_map(|own| assignment_details(own)));
            details
        }
        Fact::JobReturned { attempt: nth, at, error, by: own } => {
            let details = vec![attempt(nth), ("due", instant(*at))];
            let error = error.as_ref().map(|error| error.to_value());
            with(with(details, "error", error), "by", by(own))
        }
        Fact::JobSettled { attempt: nth, by: own, settled } => {
            let result = match &settled.result {
                Ok(output) => ("output", output.clone()),
                Err(error) => ("error", error.to_value()),
            };
            with(vec![attempt(nth), result], "by", by(own))
        }
        Fact::JobWithdrawn { attempt: nth } => vec![attempt(nth)],
        Fact::TaskAssigned { assignment, by: own, .. } => {
            with(assignment_details(assignment), "by", by(own))
        }
        _ => Vec::new(),
    }
}

fn assignment_details(own: &Assignment) -> Details {
    let text = |text: &Option<String>| text.as_deref().map(json::string);
    let groups = own.groups.iter().map(|group| json::string(group.as_str()));
    let groups = (!own.groups.is_empty()).then(|| json::array(groups));
    let details = with(Vec::new(), "assignee", text(&own.assignee));
    let details = with(with(details, "groups", groups), "claimant", text(&own.claimant));
    with(details, "due", own.due.map(instant))
}

fn with(mut details: Details, name: &'static str, value: Option<Value>) -> Details {
    details.extend(value.map(|value| (name, value)));
    details
}

fn failed(error: &WorkflowError) -> Details {
    vec![("error", error.to_value())]
}

fn caught(error: &WorkflowError, action: &CatchAction) -> Details {
    let details = failed(error);
    match action {
        CatchAction::Retry { number, at } => {
            let number = Value::from(*number as usize);
            with(with(details, "retry", Some(number)), "due", Some(instant(*at)))
        }
        CatchAction::Handle { .. } | CatchAction::Leave => details,
    }
}

fn undo_cause(cause: &UndoCause) -> Details {
    let word = |word: &str| vec![("cause", json::string(word))];
    match cause {
        UndoCause::Error { error, .. } => with(word("error"), "error", Some(error.to_value())),
        UndoCause::Cancelled { reason } => {
            with(word("cancelled"), "reason", reason.as_deref().map(json::string))
        }
        UndoCause::Finishing => word("finishing"),
        UndoCause::Parent { .. } => word("parent"),
    }
}

fn items(opening: &Opening) -> Option<Value> {
    match opening {
        Opening::Loop { items } | Opening::Parallel { items, .. } => Some(items.clone()),
        _ => None,
    }
}

fn timer_word(timer: TimerKind) -> &'static str {
    match timer {
        TimerKind::Wait => "wait",
        TimerKind::Retry => "retry",
        TimerKind::Attempt => "attempt",
        TimerKind::Timeout => "timeout",
        TimerKind::Due => "due",
        TimerKind::Again => "again",
    }
}

fn reference(graph: &Graph, task: TaskId) -> &str {
    &graph.vertex(task).reference
}

/// The request as it was recorded: markers in the place of secrets, no credentials.
fn request(request: &Request) -> Value {
    let headers =
        request.headers.iter().map(|(name, value)| (name.as_str(), json::string(value.as_str())));
    let mut members = vec![
        ("method", json::string(request.method.as_str())),
        ("uri", json::string(request.uri.as_str())),
        ("headers", json::object(headers)),
    ];
    match &request.body {
        Body::Empty => {}
        Body::Json(body) => members.push(("body", body.clone())),
        Body::Text(body) => members.push(("body", json::string(body.as_str()))),
    }
    if let Some(authorization) = &request.authorization {
        members.push(("authorization", json::string(authorization.scheme())));
    }
    json::object(members)
}

fn instant(at: Timestamp) -> Value {
    json::string(at.to_string())
}
