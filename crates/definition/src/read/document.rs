use motet_types::{Label, Version};

use super::authentication::policy;
use super::data::{duration, expression, input, output, timeout, timeout_ref};
use super::event::{READS, strategy};
use super::metadata::document_metadata;
use super::resource::endpoint;
use super::task::{task_list, task_or_stand_in};
use super::trying::{error, retry_policy};
use super::{Cursor, all_of};
use crate::model::{
    Document, Evaluate, EvaluateMode, Extension, ExtensionItem, ExtensionTarget, Header, Schedule,
    TaskList, Use,
};
use crate::pointer::Pointer;
use crate::{Code, Diagnostic};

/// The words of `evaluate.mode`.
pub(crate) const MODES: [(&str, EvaluateMode); 2] =
    [("strict", EvaluateMode::Strict), ("loose", EvaluateMode::Loose)];

/// The words of `extend`.
pub(crate) const TARGETS: [(&str, ExtensionTarget); 12] = [
    ("call", ExtensionTarget::Call),
    ("composite", ExtensionTarget::Composite),
    ("emit", ExtensionTarget::Emit),
    ("for", ExtensionTarget::For),
    ("listen", ExtensionTarget::Listen),
    ("raise", ExtensionTarget::Raise),
    ("run", ExtensionTarget::Run),
    ("set", ExtensionTarget::Set),
    ("switch", ExtensionTarget::Switch),
    ("try", ExtensionTarget::Try),
    ("wait", ExtensionTarget::Wait),
    ("all", ExtensionTarget::All),
];

/// Reads the whole document; with problems the result holds stand-ins and is good for further checks only.
pub(crate) fn document(cursor: Cursor<'_>) -> Option<Document> {
    let mut fields = cursor.object()?;
    let header = fields.required_or("document", header, header_stand_in);
    let input = fields.optional("input", input);
    let use_ = fields.optional("use", use_);
    let do_ = fields.required_or("do", task_list, TaskList::default);
    let timeout = fields.optional("timeout", timeout_ref);
    let output = fields.optional("output", output);
    let schedule = fields.optional("schedule", schedule);
    let evaluate = fields.optional("evaluate", evaluate);
    let extra = fields.open_without_effect();
    Some(Document { header, input, use_, do_, timeout, output, schedule, evaluate, extra })
}

fn header(cursor: Cursor<'_>) -> Option<Header> {
    let mut fields = cursor.object()?;
    let stand_in = header_stand_in();
    let header = Header {
        dsl: fields.required_or("dsl", dsl, || stand_in.dsl),
        namespace: fields.required_or("namespace", label, || stand_in.namespace),
        name: fields.required_or("name", label, || stand_in.name),
        version: fields.required_or("version", version, || stand_in.version),
        title: fields.optional("title", Cursor::string),
        summary: fields.optional("summary", Cursor::string),
        tags: fields.optional("tags", |cursor| Some(cursor.object()?.free())),
        metadata: fields.optional("metadata", document_metadata),
    };
    fields.close();
    Some(header)
}

fn header_stand_in() -> Header {
    let label: Label = "unnamed".parse().expect("a label of letters");
    Header {
        dsl: Version::new(1, 0, 0),
        namespace: label.clone(),
        name: label,
        version: Version::new(0, 0, 0),
        title: None,
        summary: None,
        tags: None,
        metadata: None,
    }
}

fn dsl(cursor: Cursor<'_>) -> Option<Version> {
    let dsl = version(cursor.clone())?;
    if (dsl.major, dsl.minor) == (1, 0) {
        return Some(dsl);
    }
    cursor.refuse(
        Code::UnsupportedDsl,
        format!("version {dsl} of the language is not supported: write the document for 1.0.x"),
    )
}

pub(super) fn version(cursor: Cursor<'_>) -> Option<Version> {
    let text = cursor.clone().text()?;
    match text.parse() {
        Ok(version) => Some(version),
        Err(_) => cursor.refuse(
            Code::InvalidVersion,
            format!("`{text}` is no semantic version: write three numbers, as in `1.0.0`"),
        ),
    }
}

pub(super) fn label(cursor: Cursor<'_>) -> Option<Label> {
    let text = cursor.clone().text()?;
    name(text, cursor.path.pointer()).map_err(|problem| cursor.report(*problem)).ok()
}

/// A namespace or the name of a workflow.
///
/// # Errors
/// It is none; where a similar one would be, the diagnostic says so.
pub(crate) fn name(text: &str, path: Pointer) -> Result<Label, Box<Diagnostic>> {
    text.parse().map_err(|_| {
        let message = format!(
            "`{text}` is no name: use 1 to 63 lower-case letters, digits and inner hyphens"
        );
        let problem = Diagnostic::new(Code::InvalidName, path, message);
        let lower = text.to_lowercase().replace(['_', ' ', '.'], "-");
        Box::new(match lower.parse::<Label>() {
            Ok(label) => problem.with_help(format!("`{label}` would do")),
            Err(_) => problem,
        })
    })
}

fn use_(cursor: Cursor<'_>) -> Option<Use> {
    let mut fields = cursor.object()?;
    let use_ = Use {
        authentications: fields.optional("authentications", |cursor| cursor.named(policy)),
        catalogs: fields.optional("catalogs", |cursor| {
            cursor.named(|cursor| {
                let mut fields = cursor.object()?;
                let endpoint = fields.required("endpoint", endpoint);
                fields.close();
                endpoint
            })
        }),
        errors: fields.optional("errors", |cursor| cursor.named(error)),
        extensions: fields.optional("extensions", |cursor| cursor.list(extension_item)),
        functions: fields
            .optional("functions", |cursor| cursor.named(|cursor| Some(task_or_stand_in(cursor)))),
        retries: fields.optional("retries", |cursor| cursor.named(retry_policy)),
        secrets: fields.optional("secrets", |cursor| cursor.list(Cursor::string)),
        timeouts: fields.optional("timeouts", |cursor| cursor.named(timeout)),
    };
    fields.close();
    Some(use_)
}

fn extension_item(cursor: Cursor<'_>) -> Option<ExtensionItem> {
    let entries = cursor.clone().entries()?;
    let [(name, body)] = entries.as_slice() else {
        let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
        let message = match names.as_slice() {
            [] => "an extension is missing here: write its name and its properties".to_owned(),
            names => format!("one item holds {}: begin each with `- `", all_of(names)),
        };
        return cursor.refuse(Code::TaskItem, message);
    };
    let mut fields = body.clone().object()?;
    let extend = fields.required("extend", |cursor| cursor.word(&TARGETS));
    let when = fields.optional("when", expression);
    let before = fields.optional("before", task_list);
    let after = fields.optional("after", task_list);
    fields.close();
    let extension = Extension { extend: extend?, when, before, after };
    Some(ExtensionItem { name: (*name).to_owned(), extension })
}

fn schedule(cursor: Cursor<'_>) -> Option<Schedule> {
    let mut fields = cursor.object()?;
    let schedule = Schedule {
        every: fields.optional("every", duration),
        cron: fields.optional("cron", Cursor::string),
        after: fields.optional("after", duration),
        on: fields.optional("on", strategy),
        read: fields.optional("read", |cursor| cursor.word(&READS)),
    };
    if fields.cursor.has("read") && !fields.cursor.has("on") {
        fields.missing("on");
    }
    fields.close();
    Some(schedule)
}

fn evaluate(cursor: Cursor<'_>) -> Option<Evaluate> {
    let mut fields = cursor.object()?;
    let language = fields.optional("language", |cursor| cursor.word(&[("jq", "jq")]));
    let mode = fields.optional("mode", |cursor| cursor.word(&MODES));
    fields.close();
    Some(Evaluate { language: language.map(str::to_owned), mode })
}
