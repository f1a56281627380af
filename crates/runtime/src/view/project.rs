//! How instances and records look to people.

mod details;

use std::ops::Range;

use motet_definition::graph::Graph;
use motet_definition::redact::{MASK, Redaction};
use motet_engine::event::{EventFilter, Test};
use motet_engine::listen::Listen;
use motet_engine::{Activity, End, ErrorKind, Fact, Incident, Instance, Record, WorkflowError};
use motet_expr::{Value, json};
use motet_types::{Status, StepId, Timestamp};

use super::{HistoryEntry, InstanceView, StepView};

use details::{Details, assigned_word, details};

/// An instance as it is; without its graph the steps have no names.
pub(crate) fn instance(instance: &Instance, graph: Option<&Graph>) -> InstanceView {
    let start = &instance.start;
    let redaction = graph.map(|graph| &graph.redaction);
    InstanceView {
        id: instance.id,
        definition: start.definition.clone(),
        digest: start.digest,
        status: instance.status(),
        is_compensating: instance.is_compensating(),
        started_at: instance.started_at,
        updated_at: instance.updated_at,
        ended_at: instance.end.is_some().then_some(instance.updated_at),
        parent: start.parent.as_ref().map(|parent| parent.instance),
        business_key: instance.business_key().map(str::to_owned),
        attributes: attributes(instance, redaction),
        turn: None,
        room: None,
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
    let due = instance.timers.of(id).map(|(_, due)| due).min();
    let (status, attempt) = match &step.activity {
        Activity::Call { attempt, parked: Some(_), .. } => (Status::Waiting, Some(*attempt)),
        Activity::Call { attempt, .. } => (Status::Running, Some(*attempt)),
        Activity::Job { attempt, .. } => (Status::Waiting, Some(*attempt)),
        Activity::Wait
        | Activity::Child(_)
        | Activity::Listen(_)
        | Activity::Undo { child: Some(_), .. } => (Status::Waiting, None),
        _ => (Status::Running, None),
    };
    let failed = matches!(step.result, Some(Err(_)));
    Some(StepView {
        id,
        parent: step.parent,
        name: vertex.name.clone(),
        reference: vertex.reference.clone(),
        kind: if step.is_undo() { "undo" } else { vertex.kind.word() },
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
pub(crate) fn masked(value: &Value, redaction: Option<&Redaction>) -> Value {
    match redaction {
        Some(redaction) if redaction.is_empty() => value.clone(),
        Some(redaction) => redaction.mask(value),
        None => json::string(MASK),
    }
}

/// What may be seen of an error: paths lead into its form as an object.
pub(crate) fn masked_error(error: &WorkflowError, redaction: Option<&Redaction>) -> WorkflowError {
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

/// The search attributes as they may be seen.
pub(crate) fn attributes(
    instance: &Instance,
    redaction: Option<&Redaction>,
) -> Vec<(String, Value)> {
    let all = json::object(instance.search_attributes().map(|(name, value)| (name, value.clone())));
    let masked = masked(&all, redaction);
    let shown = |name: &str| json::get(&masked, name).cloned();
    instance
        .search_attributes()
        .map(|(name, _)| (name.to_owned(), shown(name).unwrap_or_else(|| json::string(MASK))))
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
        Incident::Fault(error) | Incident::Undo(error) => (**error).clone(),
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

/// What stands for everything from this number on, which cannot be read; `last` is the time of the record before, as far as it
/// is known, else that of the start.
pub(crate) fn damaged(number: u64, last: Timestamp, reason: String) -> HistoryEntry {
    HistoryEntry {
        number,
        at: last,
        step: StepId(0),
        name: None,
        task: None,
        kind: HistoryEntry::DAMAGED,
        actor: None,
        details: vec![("reason", json::string(reason))],
    }
}

/// Details that hold data of the workflow; the others are the engine's.
const DATA: [&str; 7] = ["input", "output", "context", "items", "error", "request", "attributes"];

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
        Fact::Queued { .. } => "queued",
        Fact::Admitted => "admitted",
        Fact::Described { .. } => "described",
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
        Fact::UndoBegan { .. } => "undo-began",
        Fact::Undone => "undone",
        Fact::UndoEnded { .. } => "undo-ended",
        Fact::Postponed { .. } => "postponed",
        Fact::ChildUndoRequested { .. } => "child-undo-requested",
        Fact::Doubted { .. } => "doubted",
        Fact::Ended { end: End::Completed(_) } => "workflow-completed",
        Fact::Ended { end: End::Faulted { .. } } => "workflow-faulted",
        Fact::Ended { end: End::Cancelled { .. } } => "workflow-cancelled",
    }
}
