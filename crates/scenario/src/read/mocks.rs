//! Answers of services, ends of other workflows, secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use motet_expr::{Value, json};
use motet_types::WorkflowName;

use super::cursor::Cursor;
use super::{duration, outside, program};
use crate::model::{
    Answer, CallMock, CallPattern, ChildAnswer, ChildMock, ChildResult, EventMock, Failure, Reply,
    WorkMock,
};

/// What a file or a scenario says of the world around its instances.
#[derive(Default)]
pub(super) struct Mocks {
    pub(super) calls: Vec<CallMock>,
    pub(super) children: Vec<ChildMock>,
    pub(super) work: Vec<WorkMock>,
    pub(super) events: Vec<EventMock>,
}

impl Mocks {
    pub(super) fn extend(&mut self, further: Self) {
        self.calls.extend(further.calls);
        self.children.extend(further.children);
        self.work.extend(further.work);
        self.events.extend(further.events);
    }
}

/// The mocks of a file or a scenario.
pub(super) fn read(at: &Cursor<'_>) -> Mocks {
    let Some(at) = at.get("mocks") else { return Mocks::default() };
    at.only(&["calls", "workflows", "jobs", "people", "events"]);
    let list = |key: &str| at.get(key).map(|it| it.items()).unwrap_or_default();
    let jobs = list("jobs");
    let work = jobs.iter().filter_map(outside::job);
    let people = list("people");
    Mocks {
        calls: list("calls").iter().filter_map(call).collect(),
        children: list("workflows").iter().filter_map(child).collect(),
        work: work.chain(people.iter().filter_map(outside::person)).collect(),
        events: list("events").iter().filter_map(outside::event).collect(),
    }
}

pub(super) fn secrets(at: &Cursor<'_>) -> BTreeMap<String, String> {
    let members = at.get("secrets").map(|it| it.members()).unwrap_or_default();
    let text = |value| json::as_str(value).map_or_else(|| json::to_text(value), str::to_owned);
    members.into_iter().map(|(name, it)| (name.to_owned(), text(it.value()))).collect()
}

fn call(at: &Cursor<'_>) -> Option<CallMock> {
    at.only(&["call", "answer", "answers"]);
    let pattern = pattern(&at.required("call")?)?;
    let (answers, repeats) = match (at.get("answer"), at.get("answers")) {
        (Some(one), None) => (vec![answer(&one)?], true),
        (None, Some(list)) => (list.items().iter().filter_map(answer).collect(), false),
        _ => {
            at.problem("expected `answer` (for every call) or `answers` (one after the other)");
            return None;
        }
    };
    Some(CallMock { at: at.pointer(), pattern, answers, repeats })
}

/// A task's name, its reference, or a method and a URI.
pub(super) fn pattern(at: &Cursor<'_>) -> Option<CallPattern> {
    let text = at.text()?;
    Some(match text.split_once(' ') {
        Some((method, uri)) => {
            CallPattern::Request { method: method.to_uppercase(), uri: uri.trim().to_owned() }
        }
        None if text.starts_with('/') => CallPattern::Reference(text),
        None => CallPattern::Task(text),
    })
}

const ANSWER_KEYS: [&str; 9] =
    ["status", "headers", "body", "text", "base64", "compute", "fail", "delay", "times"];

fn answer(at: &Cursor<'_>) -> Option<Answer> {
    at.only(&ANSWER_KEYS);
    let delay = match at.get("delay") {
        Some(it) => duration(&it)?,
        None => Duration::ZERO,
    };
    let times = match at.get("times") {
        Some(it) => it.whole()?,
        None => 1,
    };
    let reply = match (at.get("fail"), at.get("compute")) {
        (Some(failed), None) => Reply::Failure(failure(&failed)?),
        (None, Some(compute)) => Reply::Computed(program(&compute)?),
        (None, None) => response(at)?,
        (Some(_), Some(_)) => {
            at.problem("`fail` and `compute` exclude each other");
            return None;
        }
    };
    Some(Answer { reply, delay, times })
}

fn failure(at: &Cursor<'_>) -> Option<Failure> {
    match at.text()?.as_str() {
        "connection" => Some(Failure::Connection),
        "silence" => Some(Failure::Silence),
        "timeout" => Some(Failure::Timeout),
        _ => {
            at.problem("a call fails by connection, silence or timeout");
            None
        }
    }
}

fn response(at: &Cursor<'_>) -> Option<Reply> {
    let status = match at.get("status") {
        Some(it) => it.whole()?,
        None => 200,
    };
    let Some(status) = u16::try_from(status).ok().filter(|it| (100..1000).contains(it)) else {
        at.problem("a status has three digits");
        return None;
    };
    let (default, body) = match (at.get("body"), at.get("text"), at.get("base64")) {
        (None, None, None) => (None, Bytes::new()),
        (Some(value), None, None) => {
            (Some("application/json"), Bytes::from(json::to_text(value.value())))
        }
        (None, Some(text), None) => (Some("text/plain"), Bytes::from(text.text()?)),
        (None, None, Some(bytes)) => match STANDARD.decode(bytes.text()?) {
            Ok(decoded) => (Some("application/octet-stream"), Bytes::from(decoded)),
            Err(error) => {
                bytes.problem(format!("not base64: {error}"));
                return None;
            }
        },
        _ => {
            at.problem("`body`, `text` and `base64` exclude each other");
            return None;
        }
    };
    let mut headers = Vec::new();
    for (name, value) in at.get("headers").map(|it| it.members()).unwrap_or_default() {
        headers.push((name.to_lowercase(), value.text()?));
    }
    let has_type = headers.iter().any(|(name, _)| name == "content-type");
    headers.extend(
        default
            .filter(|_| !has_type)
            .map(|media_type| ("content-type".to_owned(), media_type.to_owned())),
    );
    Some(Reply::Response { status, headers, body })
}

fn child(at: &Cursor<'_>) -> Option<ChildMock> {
    at.only(&["workflow", "versions", "result", "results"]);
    let name = at.required("workflow")?;
    let workflow = workflow_name(&name)?;
    let versions = at.get("versions").map(|it| it.items()).unwrap_or_default();
    let versions = versions.iter().filter_map(Cursor::text).collect();
    let results = match (at.get("result"), at.get("results")) {
        (Some(one), None) => vec![result(&one)?],
        (None, Some(list)) => list.items().iter().filter_map(result).collect(),
        _ => {
            at.problem("expected `result` (for every instance) or `results` (one after the other)");
            return None;
        }
    };
    Some(ChildMock { at: at.pointer(), workflow, versions, results })
}

fn workflow_name(at: &Cursor<'_>) -> Option<WorkflowName> {
    let text = at.text()?;
    let parsed = text.split_once('/').and_then(|(namespace, name)| {
        Some(WorkflowName { namespace: namespace.parse().ok()?, name: name.parse().ok()? })
    });
    if parsed.is_none() {
        at.problem("a workflow is written as namespace/name");
    }
    parsed
}

fn result(at: &Cursor<'_>) -> Option<ChildAnswer> {
    at.only(&["output", "error", "cancelled", "pending", "delay", "undo"]);
    let delay = match at.get("delay") {
        Some(it) => duration(&it)?,
        None => Duration::ZERO,
    };
    let kinds = ["output", "error", "cancelled", "pending"];
    let mut given = kinds.iter().filter_map(|kind| Some((*kind, at.get(kind)?)));
    let (Some((kind, of)), None) = (given.next(), given.next()) else {
        at.problem("a result is one of output, error, cancelled and pending");
        return None;
    };
    let result = match kind {
        "output" => ChildResult::Output(of.value().clone()),
        "error" => ChildResult::Error(of.value().clone()),
        "cancelled" => ChildResult::Cancelled,
        _ => ChildResult::Pending,
    };
    let undo = match at.get("undo") {
        Some(it) if *it.value() == Value::Bool(true) => Some(Duration::ZERO),
        Some(it) => Some(duration(&it)?),
        None => None,
    };
    if undo.is_some() && kind != "output" {
        at.problem("only what has completed, and gives an `output`, can undo what it did");
    }
    Some(ChildAnswer { result, delay, undo })
}
