//! Our extensions: the key `motet` of the free maps called `metadata`. What is under it is closed.

use super::Cursor;
use super::data::{expression, template};
use super::task::task_list;
use crate::Code;
use crate::model::{
    Catchup, ConcurrencyPolicy, DocumentMetadata, MotetConcurrency, MotetDocument, MotetLimits,
    MotetSchedule, MotetTask, OnFault, Overlap, PARALLEL_MAX, Parallel, RUNNING_MAX, TaskList,
    TaskMetadata,
};
use crate::redact::RedactedPath;

/// The words of `onFault`.
pub(crate) const ON_FAULTS: [(&str, OnFault); 2] =
    [("fault", OnFault::Fault), ("incident", OnFault::Incident)];

/// The words of `schedule.overlap`.
pub(crate) const OVERLAPS: [(&str, Overlap); 4] = [
    ("allow", Overlap::Allow),
    ("skip", Overlap::Skip),
    ("queue", Overlap::Queue),
    ("replace", Overlap::Replace),
];

/// The words of `schedule.catchup`.
pub(crate) const CATCHUPS: [(&str, Catchup); 3] =
    [("none", Catchup::None), ("last", Catchup::Last), ("all", Catchup::All)];

/// The words of `concurrency.policy`.
pub(crate) const POLICIES: [(&str, ConcurrencyPolicy); 3] = [
    ("queue", ConcurrencyPolicy::Queue),
    ("reject", ConcurrencyPolicy::Reject),
    ("replace", ConcurrencyPolicy::Replace),
];

pub(super) fn document_metadata(cursor: Cursor<'_>) -> Option<DocumentMetadata> {
    let mut fields = cursor.object()?;
    let motet = fields.optional("motet", motet_document);
    Some(DocumentMetadata { motet, extra: fields.open() })
}

pub(super) fn task_metadata(cursor: Cursor<'_>) -> Option<TaskMetadata> {
    let mut fields = cursor.object()?;
    let motet = fields.optional("motet", motet_task);
    Some(TaskMetadata { motet, extra: fields.open() })
}

fn motet_document(cursor: Cursor<'_>) -> Option<MotetDocument> {
    let mut fields = cursor.object()?;
    let motet = MotetDocument {
        on_fault: fields.optional("onFault", |cursor| cursor.word(&ON_FAULTS)),
        schedule: fields.optional("schedule", schedule),
        attributes: fields.optional("attributes", |cursor| cursor.named(template)),
        business_key: fields.optional("businessKey", template),
        concurrency: fields.optional("concurrency", concurrency),
        limits: fields.optional("limits", limits),
        redact: fields.optional("redact", redact),
        lifecycle: fields.optional("lifecycle", Cursor::boolean),
    };
    fields.close();
    Some(motet)
}

fn concurrency(cursor: Cursor<'_>) -> Option<MotetConcurrency> {
    let mut fields = cursor.object()?;
    let key = fields.required("key", template);
    let policy = fields.optional("policy", |cursor| cursor.word(&POLICIES));
    fields.close();
    Some(MotetConcurrency { key: key?, policy })
}

fn limits(cursor: Cursor<'_>) -> Option<MotetLimits> {
    let mut fields = cursor.object()?;
    let running = fields.optional("running", |cursor| cursor.integer(1, u64::from(RUNNING_MAX)));
    fields.close();
    Some(MotetLimits { running: running.and_then(|count| u32::try_from(count).ok()) })
}

fn schedule(cursor: Cursor<'_>) -> Option<MotetSchedule> {
    let mut fields = cursor.object()?;
    let schedule = MotetSchedule {
        timezone: fields.optional("timezone", Cursor::string),
        overlap: fields.optional("overlap", |cursor| cursor.word(&OVERLAPS)),
        catchup: fields.optional("catchup", |cursor| cursor.word(&CATCHUPS)),
    };
    fields.close();
    Some(schedule)
}

fn motet_task(cursor: Cursor<'_>) -> Option<MotetTask> {
    let mut fields = cursor.object()?;
    let motet = MotetTask {
        attributes: fields.optional("attributes", |cursor| cursor.named(template)),
        business_key: fields.optional("businessKey", template),
        compensate: fields.take("compensate").map(|cursor| {
            let tasks = task_list(cursor.clone());
            cursor.or_stand_in(tasks, TaskList::default)
        }),
        saga: fields.optional("saga", Cursor::boolean),
        pivot: fields.optional("pivot", Cursor::boolean),
        idempotent: fields.optional("idempotent", Cursor::boolean),
        parallel: fields.optional("parallel", parallel),
        needs: fields.optional("needs", |cursor| cursor.list(Cursor::string)),
        version: fields.optional("version", Cursor::string),
        until: fields.optional("until", expression),
        redact: fields.optional("redact", redact),
    };
    fields.close();
    Some(motet)
}

fn redact(cursor: Cursor<'_>) -> Option<Vec<RedactedPath>> {
    cursor.list(|cursor| match cursor.clone().text()?.parse::<RedactedPath>() {
        Ok(path) => Some(path),
        Err(error) => cursor.refuse(Code::InvalidValue, error.to_string()),
    })
}

fn parallel(cursor: Cursor<'_>) -> Option<Parallel> {
    let count = |cursor: Cursor<'_>| cursor.integer(1, u64::from(PARALLEL_MAX));
    let narrow = |count: Option<u64>| count.and_then(|count| u32::try_from(count).ok());
    if !cursor.is_object() {
        return narrow(count(cursor)).map(Parallel::Max);
    }
    let mut fields = cursor.object()?;
    let max = narrow(fields.optional("max", count));
    let fail_fast = fields.optional("failFast", Cursor::boolean);
    let collect = fields.optional("collect", Cursor::boolean);
    fields.close();
    Some(Parallel::Detailed { max, fail_fast, collect })
}
