//! What traces are made of: a span for each attempt of a call, and one for each instance that has ended.
//!
//! The ids follow from those of instances, steps and attempts, so that whoever made a span, before or after a crash, made the
//! same one, and a service sees in `traceparent` the span that is exported later.

use motet_engine::Outcome;
use motet_types::{Attempt, InstanceId, StepId, Timestamp};

use crate::shard::{Call, Ended};

/// Something that took time, as the W3C's Trace Context and OpenTelemetry name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The id of the outermost instance.
    pub trace: [u8; 16],
    pub id: [u8; 8],
    pub parent: Option<[u8; 8]>,
    /// Spans of the same trace without which this one would not be.
    pub links: Vec<[u8; 8]>,
    pub name: String,
    /// Whether a service was called; else it is all of an instance.
    pub is_call: bool,
    pub from: Timestamp,
    pub until: Timestamp,
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What went wrong.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    Text(String),
    Number(i64),
}

/// The span of an attempt.
pub(super) fn attempt_id(id: InstanceId, step: StepId, attempt: Attempt) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&id.0);
    hasher.update(&step.0.to_le_bytes());
    hasher.update(&attempt.0.to_le_bytes());
    first(&hasher)
}

/// The span of an instance.
fn instance_id(id: InstanceId) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&id.0);
    first(&hasher)
}

fn first(hasher: &blake3::Hasher) -> [u8; 8] {
    let mut id = [0; 8];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    id
}

/// An attempt that has come back. It follows from the one before it, however long the wait between them was.
pub(super) fn of_attempt(
    call: &Call,
    from: Timestamp,
    until: Timestamp,
    outcome: &Outcome,
) -> Span {
    let definition = &call.graph.definition;
    let task = &call.graph.vertex(call.task).reference;
    let mut attributes = vec![
        ("motet.instance", Attribute::Text(call.id.to_string())),
        ("motet.workflow", Attribute::Text(definition.to_string())),
        ("motet.task", Attribute::Text(task.clone())),
        ("motet.step", Attribute::Number(i64::from(call.step.0))),
        ("motet.attempt", Attribute::Number(i64::from(call.attempt.0))),
        ("http.request.method", Attribute::Text(call.request.method.clone())),
    ];
    // Of the address its host alone: the rest may be confidential.
    let host = motet_definition::dependencies::host_of(&call.request.uri);
    attributes.extend(host.map(|host| ("server.address", Attribute::Text(host))));
    let endpoint = call.endpoint.as_ref();
    attributes
        .extend(endpoint.map(|url| ("motet.endpoint", Attribute::Text(url.as_str().to_owned()))));
    let error = match outcome {
        Outcome::Response(response) => {
            let status = i64::from(response.status);
            attributes.push(("http.response.status_code", Attribute::Number(status)));
            (status >= 400).then(|| format!("status {status}"))
        }
        Outcome::Failed { message, .. } => Some(message.clone()),
        Outcome::Refused { error } => Some(error.title.clone().unwrap_or_default()),
        Outcome::Withdrawn => Some("withdrawn".to_owned()),
    };
    let before = call.attempt.0.checked_sub(1).filter(|before| *before > 0);
    Span {
        trace: call.root.0,
        id: attempt_id(call.id, call.step, call.attempt),
        parent: Some(instance_id(call.id)),
        links: before.map(|nth| attempt_id(call.id, call.step, Attempt(nth))).into_iter().collect(),
        name: format!("{} {task}", call.request.method),
        is_call: true,
        from,
        until,
        attributes,
        error,
    }
}

/// All of an instance; one that is opened again and ends once more is told again.
pub(super) fn of_instance(ended: Ended) -> Span {
    let Ended { id, root, parent, definition, from, until, status, error } = ended;
    Span {
        trace: root.0,
        id: instance_id(id),
        parent: parent.map(instance_id),
        links: Vec::new(),
        name: definition.workflow.to_string(),
        is_call: false,
        from,
        until,
        attributes: vec![
            ("motet.instance", Attribute::Text(id.to_string())),
            ("motet.workflow", Attribute::Text(definition.to_string())),
            ("motet.status", Attribute::Text(status.to_string())),
        ],
        error,
    }
}
