//! Who did what: rows that stand in the commits of what was done, so that neither is without the other.

use bytes::Bytes;
use motet_definition::graph::{Graph, Kind};
use motet_engine::{
    AssignmentChange, Catalog, CatalogFact, CatalogRecord, End, Fact, Instance, Record,
    ScheduleInput, UndoCause,
};
use motet_expr::json::{self, object, string};
use motet_store::{Row, RowChange, Value};
use motet_types::{Hex, JobId, Timestamp, WorkflowName};

use crate::tables::AUDIT;
use crate::{Actor, AuditEntry, AuditId, Note};

/// The row of a change of the catalog, which is applied already; none if nobody did it.
pub(crate) fn of_catalog(record: &CatalogRecord, after: &Catalog) -> Option<RowChange> {
    let actor = record.actor.clone()?;
    let told = told(&record.fact, after);
    let entry = AuditEntry {
        id: id(record.at, b"catalog", after.records),
        at: record.at,
        namespace: told.namespace,
        actor,
        action: told.action.to_owned(),
        subject: told.subject,
        reason: told.reason,
        before: told.before,
        after: told.after,
    };
    Some(row(entry))
}

/// The rows of what people asked of an instance; its records end with ordinal `instance.records`. Starts have none: the
/// history says who made one, and there are too many.
pub(crate) fn of_instance(
    records: &[Record],
    instance: &Instance,
    graph: &Graph,
) -> Vec<RowChange> {
    let first = instance.records - records.len() as u64;
    let told = |(idx, record): (usize, &Record)| {
        let actor = record.actor.as_ref()?;
        let (action, reason) = match &record.fact {
            Fact::Suspended { reason } => ("instance.suspend", reason.clone()),
            Fact::Resumed => ("instance.resume", None),
            Fact::Reopened | Fact::Fed => ("instance.retry", None),
            Fact::Ended { end: End::Cancelled { reason } } => ("instance.cancel", reason.clone()),
            Fact::UndoBegan { cause: UndoCause::Cancelled { reason } } => {
                ("instance.cancel", reason.clone())
            }
            fact => (of_task(fact, record, graph)?, None),
        };
        let is_task = action.starts_with("task.");
        let task = JobId { instance: instance.id, step: record.step, attempt: None };
        let status = object([("status", string(instance.status().as_str()))]);
        Some(row(AuditEntry {
            id: id(record.at, &instance.id.0, first + idx as u64),
            at: record.at,
            namespace: Some(instance.start.definition.workflow.namespace.to_string()),
            actor: actor.to_string(),
            action: action.to_owned(),
            subject: if is_task { task.to_string() } else { instance.id.to_string() },
            reason,
            before: None,
            after: if is_task { taken(&record.fact) } else { Some(status) },
        }))
    };
    records.iter().enumerate().filter_map(told).collect()
}

/// What somebody did with a person's task. What workers do with jobs stands in histories alone: there are too many.
fn of_task(fact: &Fact, record: &Record, graph: &Graph) -> Option<&'static str> {
    let is_task = |task| matches!(graph.vertex(task).kind, Kind::Human(_));
    match fact {
        Fact::TaskAssigned { change, .. } => Some(match change {
            AssignmentChange::Claimed => "task.claim",
            AssignmentChange::Unclaimed => "task.unclaim",
            AssignmentChange::Reassigned => "task.reassign",
            AssignmentChange::Escalated => return None,
        }),
        Fact::JobSettled { .. } if record.task.is_some_and(is_task) => Some("task.complete"),
        _ => None,
    }
}

/// For whom a task was taken, returned or done, and whose it is now.
fn taken(fact: &Fact) -> Option<motet_expr::Value> {
    let (by, assignment) = match fact {
        Fact::TaskAssigned { by, assignment, .. } => (by, Some(assignment)),
        Fact::JobSettled { by, .. } => (by, None),
        _ => return None,
    };
    let mut shown = Vec::new();
    shown.extend(by.as_ref().map(|by| ("by", string(by.as_str()))));
    if let Some(own) = assignment {
        let assignee = own.claimant.as_ref().or(own.assignee.as_ref());
        shown.extend(assignee.map(|name| ("assignee", string(name.as_str()))));
        if !own.groups.is_empty() {
            let groups = own.groups.iter().map(|group| string(group.as_str()));
            shown.push(("groups", json::array(groups)));
        }
    }
    (!shown.is_empty()).then(|| object(shown))
}

/// The row of what somebody asked of a schedule; `nth` tells apart what is asked at one instant. What changes nothing has none.
pub(crate) fn of_schedule(
    at: Timestamp,
    nth: u64,
    workflow: &WorkflowName,
    actor: &Actor,
    input: &ScheduleInput,
) -> Option<RowChange> {
    let (action, reason) = match input {
        ScheduleInput::Pause { reason } => ("schedule.pause", reason.clone()),
        ScheduleInput::Resume => ("schedule.resume", None),
        ScheduleInput::Trigger => ("schedule.trigger", None),
        ScheduleInput::Backfill { .. } => ("schedule.backfill", None),
        ScheduleInput::Adopt(_)
        | ScheduleInput::Due
        | ScheduleInput::Ended { .. }
        | ScheduleInput::Heard(_)
        | ScheduleInput::NotListening { .. } => return None,
    };
    let after = match input {
        ScheduleInput::Backfill { from, to } => {
            let span = [("from", string(from.to_string())), ("to", string(to.to_string()))];
            Some(object(span))
        }
        _ => None,
    };
    let note = Note {
        actor: actor.clone(),
        namespace: Some(workflow.namespace.to_string()),
        action,
        subject: workflow.to_string(),
        reason,
        after,
    };
    Some(of_note(at, nth, note, actor.as_ref()?))
}

/// The row of what no record tells.
pub(crate) fn of_note(at: Timestamp, nth: u64, note: Note, actor: &str) -> RowChange {
    of_change(at, nth, note, None, actor)
}

/// The same with what was before.
pub(crate) fn of_change(
    at: Timestamp,
    nth: u64,
    note: Note,
    before: Option<motet_expr::Value>,
    actor: &str,
) -> RowChange {
    row(AuditEntry {
        id: id(at, note.action.as_bytes(), nth),
        at,
        namespace: note.namespace,
        actor: actor.to_owned(),
        action: note.action.to_owned(),
        subject: note.subject,
        reason: note.reason,
        before,
        after: note.after,
    })
}

/// The row of a purge, which leaves no record.
pub(crate) fn of_purge(
    at: Timestamp,
    instance: &Instance,
    actor: &Actor,
    reason: Option<String>,
) -> Option<RowChange> {
    let before = object([
        ("workflow", string(instance.start.definition.to_string())),
        ("status", string(instance.status().as_str())),
    ]);
    Some(row(AuditEntry {
        id: id(at, &instance.id.0, instance.records),
        at,
        namespace: Some(instance.start.definition.workflow.namespace.to_string()),
        actor: actor.as_ref()?.to_string(),
        action: "instance.purge".to_owned(),
        subject: instance.id.to_string(),
        reason,
        before: Some(before),
        after: None,
    }))
}

/// An entry as its row has it.
pub(crate) fn entry(row: &Row) -> Option<AuditEntry> {
    let [
        Value::Blob(id),
        Value::Int(at),
        namespace,
        Value::Text(actor),
        Value::Text(action),
        Value::Text(subject),
        reason,
        before,
        after,
    ] = row.as_slice()
    else {
        return None;
    };
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let read = |value: &Value| json::parse(text(value)?.as_bytes(), json::Limits::default()).ok();
    Some(AuditEntry {
        id: AuditId(id.as_ref().try_into().ok()?),
        at: Timestamp::from_micros(*at),
        namespace: text(namespace),
        actor: actor.clone(),
        action: action.clone(),
        subject: subject.clone(),
        reason: text(reason),
        before: read(before),
        after: read(after),
    })
}

/// What an entry says of a change of the catalog.
#[derive(Default)]
struct Told {
    action: &'static str,
    namespace: Option<String>,
    subject: String,
    reason: Option<String>,
    before: Option<motet_expr::Value>,
    after: Option<motet_expr::Value>,
}

fn told(fact: &CatalogFact, catalog: &Catalog) -> Told {
    match fact {
        CatalogFact::Published { definition, digest, .. } => Told {
            action: "workflow.publish",
            namespace: Some(definition.workflow.namespace.to_string()),
            subject: definition.to_string(),
            after: Some(object([("digest", string(digest.to_string()))])),
            ..Told::default()
        },
        CatalogFact::Tagged { workflow, tag, version, reason, .. } => {
            let moves = catalog.workflows.get(workflow).and_then(|known| known.tags.get(tag));
            let from = moves.and_then(|moves| moves.last()).and_then(|last| last.from.as_ref());
            let shown =
                |version: &motet_types::Version| object([("version", string(version.to_string()))]);
            Told {
                action: "tag.set",
                namespace: Some(workflow.namespace.to_string()),
                subject: format!("{workflow}:{tag}"),
                reason: reason.clone(),
                before: from.map(shown),
                after: Some(shown(version)),
            }
        }
        CatalogFact::TokenCreated { id, grant } => {
            let roles = grant.roles.iter().map(|role| string(role.as_str()));
            let mut allowed = vec![
                ("name", string(grant.name.as_str())),
                ("roles", json::array(roles)),
                ("namespaces", string(grant.namespaces.to_string())),
            ];
            allowed.extend(grant.expires.map(|at| ("expiresAt", string(at.to_string()))));
            Told {
                action: "token.create",
                subject: id.to_string(),
                after: Some(object(allowed)),
                ..Told::default()
            }
        }
        CatalogFact::TokenRevoked { id, reason } => Told {
            action: "token.revoke",
            subject: id.to_string(),
            reason: reason.clone(),
            before: catalog
                .tokens
                .get(id)
                .map(|token| object([("name", string(token.grant.name.as_str()))])),
            ..Told::default()
        },
        CatalogFact::SecretSet { name, .. } => {
            let version = catalog.secrets.get(name).map_or(1, |secret| secret.version);
            let shown =
                |version: u32| object([("version", motet_expr::Value::from(version as usize))]);
            Told {
                action: "secret.set",
                namespace: Some(name.namespace.to_string()),
                subject: name.to_string(),
                before: (version > 1).then(|| shown(version - 1)),
                after: Some(shown(version)),
                ..Told::default()
            }
        }
        CatalogFact::SecretDeleted { name, reason } => Told {
            action: "secret.delete",
            namespace: Some(name.namespace.to_string()),
            subject: name.to_string(),
            reason: reason.clone(),
            ..Told::default()
        },
    }
}

fn row(entry: AuditEntry) -> RowChange {
    let optional = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let json = |value: Option<motet_expr::Value>| optional(value.as_ref().map(json::to_text));
    let row = vec![
        Value::Blob(Bytes::copy_from_slice(&entry.id.0)),
        Value::Int(entry.at.as_micros()),
        optional(entry.namespace),
        Value::Text(entry.actor),
        Value::Text(entry.action),
        Value::Text(entry.subject),
        optional(entry.reason),
        json(entry.before),
        json(entry.after),
    ];
    RowChange::Put { table: AUDIT.id, row }
}

/// In order of time; what happens at one instant to different things, or to one thing twice, has different ids.
fn id(at: Timestamp, of: &[u8], ordinal: u64) -> AuditId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(of);
    hasher.update(&ordinal.to_be_bytes());
    let mut id = [0; 16];
    id[..8].copy_from_slice(&at.as_micros().to_be_bytes());
    id[8..].copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    AuditId(id)
}

impl std::fmt::Display for AuditId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl std::str::FromStr for AuditId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "it is not one that a page gave";
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong);
        }
        let mut id = [0; 16];
        for (idx, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * idx..2 * idx + 2], 16).map_err(|_| wrong)?;
        }
        Ok(Self(id))
    }
}
