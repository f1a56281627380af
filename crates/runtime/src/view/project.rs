//! How instances and records look to people.

use std::ops::Range;

use motet_definition::graph::Graph;
use motet_definition::redact::{MASK, Redaction};
use motet_engine::event::{EventFilter, Test};
use motet_engine::listen::Listen;
use motet_engine::{
    Activity, Assignment, AssignmentChange, Body, CatchAction, End, ErrorKind, Fact, Incident,
    Instance, JobWork, Opening, Parked, Record, Request, Settled, TimerKind, WorkflowError,
};
use motet_expr::{Num, Value, json};
use motet_types::{Attempt, Status, StepId, TaskId, Timestamp};

use super::{HistoryEntry, InstanceView, StepView};

/// An instance as it is; without its graph the steps have no names.
pub(crate) fn instance(instance: &Instance, graph: Option<&Graph>) -> InstanceView {
    let start = &instance.start;
    let redaction = graph.map(|graph| &graph.redaction);
    InstanceView {
        id: instance.id,
        definition: start.definition.clone(),
        digest: start.digest,
        status: instance.status(),
        started_at: instance.started_at,
        updated_at: instance.updated_at,
        ended_at: instance.end.is_some().then_some(instance.updated_at),
        parent: start.parent.as_ref().map(|parent| parent.instance),
        business_key: start.business_key.clone(),
        attributes: attributes(&start.attributes, redaction),
        input: masked(&start.input, redaction),
        output: instance.output().map(|output| masked(output, redaction)),
        error: instance.error().map(|error| masked_error(error, redaction)),
        steps: instance.steps.keys().filter_map(|id| step(instance, *id, graph?)).collect(),
        incidents: incidents(instance, graph),
        records: instance.records,
    }
}

fn step(instance: &Instance, id: StepId, graph: &Graph) -> Option<StepView> {
    let step = instance.steps.get(&id)?;
    let vertex = graph.vertex(step.task?);
    let due = instance.timers.iter().find(|(_, of, _)| *of == id).map(|(due, ..)| *due);
    let (status, attempt) = match &step.activity {
        Activity::Call { attempt, parked: Some(_), .. } => (Status::Waiting, Some(*attempt)),
        Activity::Call { attempt, .. } => (Status::Running, Some(*attempt)),
        Activity::Job { attempt, .. } => (Status::Waiting, Some(*attempt)),
        Activity::Wait | Activity::Child(_) | Activity::Listen(_) => (Status::Waiting, None),
        _ => (Status::Running, None),
    };
    let failed = matches!(step.result, Some(Err(_)));
    Some(StepView {
        id,
        parent: step.parent,
        name: vertex.name.clone(),
        reference: vertex.reference.clone(),
        kind: vertex.kind.word(),
        status: if failed { Status::Faulted } else { status },
        started_at: step.started_at,
        attempt,
        due,
        parked: step.parked().copied(),
        waits_for: super::waits_for(instance, id),
        listens_to: match vertex.redaction.is_empty() {
            true => instance.listen(id).map(listens_to).unwrap_or_default(),
            // What it expects may be what nobody is to see.
            false => instance.listen(id).map(|_| vec![MASK.to_owned()]).unwrap_or_default(),
        },
    })
}

/// What may be seen of a value; nothing where nobody can tell.
fn masked(value: &Value, redaction: Option<&Redaction>) -> Value {
    match redaction {
        Some(redaction) if redaction.is_empty() => value.clone(),
        Some(redaction) => redaction.mask(value),
        None => json::string(MASK),
    }
}

/// What may be seen of an error: paths lead into its form as an object.
fn masked_error(error: &WorkflowError, redaction: Option<&Redaction>) -> WorkflowError {
    let Some(redaction) = redaction.filter(|redaction| !redaction.is_empty()) else {
        return error.clone();
    };
    let masked = redaction.mask(&error.to_value());
    let text = |key: &str, own: &Option<String>| match json::get(&masked, key) {
        Some(value) => json::as_str(value).map(str::to_owned),
        None => own.as_ref().map(|_| MASK.to_owned()),
    };
    let (title, detail) = (text("title", &error.title), text("detail", &error.detail));
    WorkflowError { title, detail, ..error.clone() }
}

fn attributes(
    attributes: &[(String, Value)],
    redaction: Option<&Redaction>,
) -> Vec<(String, Value)> {
    let all = json::object(attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let masked = masked(&all, redaction);
    let shown = |name: &String| json::get(&masked, name).cloned();
    attributes
        .iter()
        .map(|(name, _)| (name.clone(), shown(name).unwrap_or_else(|| json::string(MASK))))
        .collect()
}

fn incidents(instance: &Instance, graph: Option<&Graph>) -> Vec<(StepId, WorkflowError)> {
    let redaction = |id: &StepId| {
        let task = instance.steps.get(id).and_then(|step| step.task);
        graph.map(|graph| task.map_or(&graph.redaction, |task| &graph.vertex(task).redaction))
    };
    let told = |(id, it): (&StepId, &Incident)| (*id, masked_error(&incident(it), redaction(id)));
    instance.incidents.iter().map(told).collect()
}

/// What a listen still waits for, in words.
fn listens_to(listen: &Listen) -> Vec<String> {
    if !listen.is_waiting() {
        return Vec::new();
    }
    let filters = listen.terms.filters.iter().enumerate();
    let open = filters.filter(|(idx, _)| !listen.satisfied.contains(&(*idx as u32)));
    open.map(|(_, (_, filter))| event_words(filter, listen)).collect()
}

fn event_words(filter: &EventFilter, listen: &Listen) -> String {
    let equal = |wanted: &str| {
        filter.with.iter().find_map(|(name, test)| match test {
            Test::Equal(value) if name == wanted => json::as_str(value).map(str::to_owned),
            _ => None,
        })
    };
    let mut words = match equal("type") {
        Some(kind) => format!("event {kind}"),
        None => "any event".to_owned(),
    };
    let mut conditions = Vec::new();
    for (name, test) in filter.with.iter().filter(|(name, _)| name != "type") {
        conditions.push(match test {
            Test::Equal(value) => format!("{name} = {}", json::to_text(value)),
            Test::Holds { source, .. } => format!("{name}: {source}"),
        });
    }
    for own in &filter.correlate {
        let name = if own.name.is_empty() { &*own.from } else { own.name.as_str() };
        let expected = own.expect.as_ref().or_else(|| listen.keys.get(&own.name));
        conditions.push(match expected {
            Some(value) => format!("{name} = {}", json::to_text(value)),
            None => format!("any {name}"),
        });
    }
    if !conditions.is_empty() {
        words.push_str(" with ");
        words.push_str(&conditions.join(", "));
    }
    words
}

/// What a person is told of an incident.
fn incident(incident: &Incident) -> WorkflowError {
    match incident {
        Incident::Fault(error) => (**error).clone(),
        Incident::Panic { message, .. } => {
            let detail = format!("{message}; `retry` feeds the input again that met it");
            WorkflowError::new(ErrorKind::Runtime, "a defect of the engine", detail)
        }
    }
}

/// Records as history entries; the first one has the ordinal `first`.
pub(crate) fn history(records: &[Record], first: u64, graph: &Graph) -> Vec<HistoryEntry> {
    let entry = |(idx, record): (usize, &Record)| {
        let vertex = record.task.map(|task| graph.vertex(task));
        HistoryEntry {
            number: first + idx as u64,
            at: record.at,
            step: record.step,
            name: vertex.map(|vertex| vertex.name.clone()),
            task: vertex.map(|vertex| vertex.reference.clone()),
            kind: word(&record.fact),
            actor: record.actor.clone(),
            details: redacted(
                details(&record.fact, graph),
                vertex.map_or(&graph.redaction, |vertex| &vertex.redaction),
            ),
        }
    };
    records.iter().enumerate().map(entry).collect()
}

/// What stands in the place of records that were cut out of a long history; `next` is the time of the record behind them.
pub(crate) fn cut(records: Range<u64>, next: Timestamp) -> HistoryEntry {
    let count = |count: u64| Value::from(usize::try_from(count).unwrap_or(usize::MAX));
    HistoryEntry {
        number: records.end - 1,
        at: next,
        step: StepId(0),
        name: None,
        task: None,
        kind: "cut",
        actor: None,
        details: vec![
            ("from", count(records.start)),
            ("records", count(records.end - records.start)),
        ],
    }
}

/// Details that hold data of the workflow; the others are the engine's.
const DATA: [&str; 6] = ["input", "output", "context", "items", "error", "request"];

fn redacted(mut details: Details, redaction: &Redaction) -> Details {
    if redaction.is_empty() {
        return details;
    }
    for (name, value) in details.iter_mut().filter(|(name, _)| DATA.contains(name)) {
        *value = match *name {
            "request" => redacted_request(value, redaction),
            _ => redaction.mask(value),
        };
    }
    details
}

/// Paths lead into the body, and into the headers as an object; parameters of the URI go by their names.
fn redacted_request(request: &Value, redaction: &Redaction) -> Value {
    let Value::Obj(members) = request else { return request.clone() };
    let member = |(key, value): (&Value, &Value)| {
        let key = json::as_str(key).unwrap_or_default().to_owned();
        let masked = match (key.as_str(), json::as_str(value)) {
            ("body" | "headers", _) => redaction.mask(value),
            ("uri", Some(uri)) => json::string(redaction.mask_uri(uri)),
            _ => value.clone(),
        };
        (key, masked)
    };
    json::object(members.iter().map(member))
}

/// The kind of a record, in one word.
fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Started { .. } => "started",
        Fact::Skipped { .. } => "skipped",
        Fact::Activated { .. } => "activated",
        Fact::Iterated { .. } => "iterated",
        Fact::IterationBegan { .. } => "iteration-began",
        Fact::IterationFailed { .. } => "iteration-failed",
        Fact::IterationsClosed => "iterations-closed",
        Fact::Waiting { .. } => "waiting",
        Fact::Fired { .. } => "fired",
        Fact::Requested { .. } => "requested",
        Fact::Resent { .. } => "resent",
        Fact::Parked { .. } => "parked",
        Fact::Released { .. } => "released",
        Fact::Settled { .. } => "settled",
        Fact::Abandoned { .. } => "abandoned",
        Fact::ChildRequested { .. } => "child-requested",
        Fact::ChildEnded { .. } => "child-ended",
        Fact::ChildCancelled { .. } => "child-cancelled",
        Fact::JobCreated { assignment: None, .. } => "job-created",
        Fact::JobCreated { .. } => "task-created",
        Fact::JobReturned { .. } => "job-returned",
        Fact::JobSettled { .. } => "job-settled",
        Fact::JobWithdrawn { .. } => "job-withdrawn",
        Fact::TaskAssigned { change, .. } => assigned_word(*change),
        Fact::Completed { .. } => "completed",
        Fact::Failed { .. } => "failed",
        Fact::Caught { .. } => "caught",
        Fact::Retried { .. } => "retried",
        Fact::BranchFailed { .. } => "branch-failed",
        Fact::Yielded => "yielded",
        Fact::Suspended { .. } => "suspended",
        Fact::Resumed => "resumed",
        Fact::IncidentRaised { .. } => "incident-raised",
        Fact::Reopened => "reopened",
        Fact::Fed => "fed",
        Fact::Emitted { .. } => "emitted",
        Fact::Listening { .. } => "listening",
        Fact::Consumed { .. } => "consumed",
        Fact::Handling { .. } => "handling",
        Fact::Handled { .. } => "handled",
        Fact::Unsubscribed => "unsubscribed",
        Fact::Received { .. } => "received",
        Fact::Ended { end: End::Completed(_) } => "workflow-completed",
        Fact::Ended { end: End::Faulted { .. } } => "workflow-faulted",
        Fact::Ended { end: End::Cancelled { .. } } => "workflow-cancelled",
    }
}

type Details = Vec<(&'static str, Value)>;

fn details(fact: &Fact, graph: &Graph) -> Details {
    let number = |number: u32| Value::from(number as usize);
    match fact {
        Fact::Started { start, due, .. } => {
            let definition = ("workflow", json::string(start.definition.to_string()));
            with(vec![definition, ("input", start.input.clone())], "due", due.map(instant))
        }
        Fact::Skipped { .. }
        | Fact::IterationsClosed
        | Fact::Yielded
        | Fact::Resumed
        | Fact::Reopened
        | Fact::Fed
        | Fact::Handling { .. }
        | Fact::Unsubscribed => Vec::new(),
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
        Fact::IterationBegan { parent, index, .. } => {
            vec![("parent", number(parent.0)), ("index", number(*index))]
        }
        Fact::Activated { parent, input, due, opening } => {
            let details = with(vec![("parent", number(parent.0))], "input", input.clone());
            let details = with(details, "due", due.map(instant));
            with(details, "items", items(opening))
        }
        Fact::Iterated { index, .. } => vec![("index", number(*index))],
        Fact::Waiting { until } => vec![("due", instant(*until))],
        Fact::Fired { timer } => vec![("timer", json::string(timer_word(*timer)))],
        Fact::Requested { attempt, key, request: sent, due, .. } => vec![
            ("attempt", number(attempt.0)),
            ("idempotencyKey", json::string(key.as_str())),
            ("request", request(sent)),
            ("due", instant(*due)),
        ],
        Fact::Resent { attempt, due } => {
            vec![("attempt", number(attempt.0)), ("due", instant(*due))]
        }
        Fact::Settled { attempt, settled: came } => settled(number(attempt.0), came),
        Fact::Parked { attempt, parked: held } => parked(number(attempt.0), held),
        Fact::Released { attempt } => vec![("attempt", number(attempt.0))],
        Fact::Abandoned { attempt } => vec![("attempt", number(attempt.0))],
        Fact::ChildRequested { child } => vec![
            ("child", json::string(child.id.to_string())),
            ("workflow", json::string(child.definition.to_string())),
            ("input", child.input.clone()),
        ],
        Fact::ChildEnded { result: Ok(output) } => vec![("output", output.clone())],
        Fact::ChildEnded { result: Err(error) }
        | Fact::Failed { error }
        | Fact::IterationFailed { error } => failed(error),
        Fact::ChildCancelled { child } => vec![("child", json::string(child.to_string()))],
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

fn assigned_word(change: AssignmentChange) -> &'static str {
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
