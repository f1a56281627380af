//! The language of scripts, one command a line.
//!
//! ```text
//! start {"a":1}                  begins the instance; without it the input is null
//! answer getPet 200 {"id":1}     JSON; `answer getPet 200 content-type: text/plain | hello` anything else,
//!                                `| 0xfffe` bytes; getPet@3 is the one of step 3
//! fail getPet connection         or silence, timeout, withdrawn, refused
//! late getPet 200 {}             the outcome of the oldest abandoned attempt; `late getPet withdrawn` too
//! again getPet 200 {}            an outcome of an attempt that was answered before
//! park getPet gate              the call waits for the gate, breaker, limit or endpoint; `release getPet`
//! child sub completed {"a":1}    or failed, or cancelled; `child sub undoable {"a":1}` completed and can undo it
//! undone sub                     the child has undone it; with a text it cannot: `undone sub gone`
//! undo                           the parent undoes this instance
//! doubt getPet                  it is sent again after a crash that took its outcome
//! cancel | cancel forced | cancel uncompensated
//! advance 5s                     time goes on, every timer fires when it is due
//! sleep 5s                       time goes on, nobody looks; `timers` then fires what is due
//! panic answer getPet 200 {}     the command's input meets a defect of the engine and is kept
//! rewind 5s                      the clock goes back
//! continue | continue all | timers | cancel | suspend | resume | retry
//! job label complete {"a":1}     a worker completes the job; `job label#1 …` holds attempt 1
//! job label fail timeout 3 5s    a worker fails it: type, retries, back-off
//! task approve claim ada         also: unclaim ada; complete ada {"ok":true}; reassign ada; reassign - clerks,owners
//! event a.b e1 {"k":1}            an event of this type and id is published, with these data
//! delayed a.b e1 {"k":1}         it is published, and what topics give out of it is on its way until `arrive`
//! mail a.b e1 {"k":1}             it is sent to the instance itself
//! limit steps_max 3              moves a limit
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use motet_engine::event::Event;
use motet_engine::{ErrorKind, JobCommand, Outcome, ParkReason, Response, WorkflowError};
use motet_expr::{Value, json};
use motet_types::Attempt;

use super::value;

pub(super) struct Command {
    /// As written.
    pub(super) text: String,
    pub(super) verb: Verb,
}

pub(super) enum Verb {
    Start(Value),
    Settle { which: Which, call: Target, outcome: Outcome },
    Park { call: Target, reason: ParkReason },
    Release(Target),
    Child { task: String, result: Result<Value, Box<WorkflowError>>, undoable: bool },
    Undone { task: String, error: Option<Box<WorkflowError>> },
    Undo,
    Doubt(Target),
    Panic(Box<Self>),
    Event(Arc<Event>),
    Delayed(Arc<Event>),
    Arrive,
    Mail(Arc<Event>),
    Advance(Duration),
    Sleep(Duration),
    Rewind(Duration),
    Timers,
    Continue,
    ContinueAll,
    Cancel { reason: Option<String>, force: bool, without_undo: bool },
    Suspend(Option<String>),
    Resume,
    Retry,
    Job { task: String, attempt: Option<Attempt>, command: JobCommand },
    Limit { name: String, value: usize },
}

/// Which of a task's attempts an outcome is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Which {
    InFlight,
    Abandoned,
    Answered,
}

pub(super) struct Target {
    pub(super) task: String,
    pub(super) step: Option<u32>,
}

pub(super) fn parse(script: &str) -> Vec<Command> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut commands: Vec<Command> =
        lines.map(|line| Command { text: line.to_owned(), verb: verb(line) }).collect();
    if !matches!(commands.first(), Some(Command { verb: Verb::Start(_) | Verb::Limit { .. }, .. }))
    {
        commands.insert(0, Command { text: "start".to_owned(), verb: Verb::Start(Value::Null) });
    }
    commands
}

fn verb(line: &str) -> Verb {
    let (word, rest) = split(line);
    let reason = || (!rest.is_empty()).then(|| rest.to_owned());
    match word {
        "start" if rest.is_empty() => Verb::Start(Value::Null),
        "start" => Verb::Start(value(rest)),
        "answer" | "fail" => settle(Which::InFlight, rest),
        "late" => settle(Which::Abandoned, rest),
        "again" => settle(Which::Answered, rest),
        "park" => {
            let (task, reason) = split(rest);
            Verb::Park { call: target(task), reason: park_reason(reason) }
        }
        "release" => Verb::Release(target(rest)),
        "panic" => Verb::Panic(Box::new(verb(rest))),
        "child" => child(rest),
        "event" => Verb::Event(event(rest)),
        "delayed" => Verb::Delayed(event(rest)),
        "arrive" => Verb::Arrive,
        "mail" => Verb::Mail(event(rest)),
        "advance" => Verb::Advance(duration(rest)),
        "sleep" => Verb::Sleep(duration(rest)),
        "rewind" => Verb::Rewind(duration(rest)),
        "timers" => Verb::Timers,
        "continue" if rest == "all" => Verb::ContinueAll,
        "continue" => Verb::Continue,
        "cancel" => Verb::Cancel {
            reason: reason().filter(|it| !["forced", "uncompensated"].contains(&it.as_str())),
            force: rest == "forced",
            without_undo: rest == "uncompensated",
        },
        "undo" => Verb::Undo,
        "doubt" => Verb::Doubt(Target { task: rest.to_owned(), step: None }),
        "undone" => undone(rest),
        "suspend" => Verb::Suspend(reason()),
        "resume" => Verb::Resume,
        "retry" => Verb::Retry,
        "job" => job(rest),
        "task" => task(rest),
        "limit" => {
            let (name, value) = split(rest);
            Verb::Limit { name: name.to_owned(), value: value.parse().expect("a number") }
        }
        other => panic!("unknown command {other:?}"),
    }
}

fn settle(which: Which, rest: &str) -> Verb {
    let (task, rest) = split(rest);
    let (word, rest) = split(rest);
    let failed = |maybe_run, timed_out, message: &str| Outcome::Failed {
        maybe_run,
        timed_out,
        message: message.to_owned(),
    };
    let outcome = match word {
        "connection" => failed(false, false, "connection refused"),
        "silence" => failed(true, false, "connection closed before the response"),
        "timeout" => failed(true, true, "no response within the limit"),
        "withdrawn" => Outcome::Withdrawn,
        "refused" => {
            let kind = ErrorKind::Authorization;
            let error = WorkflowError::new(kind, "a secret is missing", "secret \"pin\"");
            Outcome::Refused { error: Box::new(error) }
        }
        status => Outcome::Response(response(status.parse().expect("a status"), rest)),
    };
    Verb::Settle { which, call: target(task), outcome }
}

fn target(text: &str) -> Target {
    match text.split_once('@') {
        Some((task, step)) => {
            Target { task: task.to_owned(), step: Some(step.parse().expect("a step")) }
        }
        None => Target { task: text.to_owned(), step: None },
    }
}

fn park_reason(word: &str) -> ParkReason {
    let reasons = [ParkReason::Gate, ParkReason::Breaker, ParkReason::Limit, ParkReason::Endpoint];
    reasons.into_iter().find(|reason| reason.as_str() == word).expect("a reason to park")
}

/// `{"json":1}`, or `name: value, name: value | body`.
pub(crate) fn response(status: u16, text: &str) -> Response {
    let is_name = |text: &str| text.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    let (headers, body) = match text.split_once('|') {
        Some((headers, body)) if headers.split_once(':').is_none_or(|(name, _)| is_name(name)) => {
            (headers.trim(), body.trim_start())
        }
        _ if text.is_empty() => ("", ""),
        _ => ("content-type: application/json", text),
    };
    let headers = headers
        .split(", ")
        .filter_map(|field| field.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = match body.strip_prefix("0x") {
        Some(hex) => hex
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                let digits = std::str::from_utf8(pair).expect("digits");
                u8::from_str_radix(digits, 16).expect("hexadecimal digits")
            })
            .collect(),
        None => Bytes::copy_from_slice(body.as_bytes()),
    };
    Response { status, headers, body }
}

/// Type, id and data; data that have `specversion` are the whole event.
fn event(rest: &str) -> Arc<Event> {
    let (kind, rest) = split(rest);
    let (id, data) = split(rest);
    let data = if data.is_empty() { Value::Null } else { value(data) };
    let own = [("specversion", "1.0"), ("id", id), ("source", "/test"), ("type", kind)];
    let own = own.into_iter().map(|(name, text)| (name, json::string(text)));
    let event = match json::get(&data, "specversion") {
        Some(_) => data,
        None => json::object(own.chain([("data", data)])),
    };
    Arc::new(Event::parse(event).expect("a CloudEvent"))
}

fn child(rest: &str) -> Verb {
    let (task, rest) = split(rest);
    let (word, rest) = split(rest);
    let error = |kind, title: &str| {
        let mut error = WorkflowError::new(kind, title, rest);
        error.instance = Some("/do/0/inChild".to_owned());
        Err(Box::new(error))
    };
    let result = match word {
        "completed" | "undoable" => Ok(value(rest)),
        "failed" => error(ErrorKind::Communication, "a call of the child failed"),
        "cancelled" => error(ErrorKind::Runtime, "the child was cancelled"),
        other => panic!("unknown end {other:?}"),
    };
    Verb::Child { task: task.to_owned(), result, undoable: word == "undoable" }
}

fn undone(rest: &str) -> Verb {
    let (task, why) = split(rest);
    let error = (!why.is_empty()).then(|| {
        Box::new(WorkflowError::new(ErrorKind::Runtime, "the child is not to be had", why))
    });
    Verb::Undone { task: task.to_owned(), error }
}

fn job(rest: &str) -> Verb {
    let (task, rest) = split(rest);
    let (task, attempt) = match task.split_once('#') {
        Some((task, attempt)) => (task, Some(Attempt(attempt.parse().expect("an attempt")))),
        None => (task, None),
    };
    let (word, rest) = split(rest);
    let command = match word {
        "complete" => JobCommand::Complete { output: value(rest), by: None },
        "fail" => {
            let (kind, rest) = split(rest);
            let (retries, backoff) = split(rest);
            let known = ErrorKind::ALL.into_iter().find(|known| known.word() == kind);
            let kind = known.expect("a standard error");
            let error = WorkflowError::new(kind, "the worker failed", "out of paper");
            JobCommand::Fail {
                error: Box::new(error),
                retries: retries.parse().unwrap_or(0),
                backoff: (!backoff.is_empty()).then(|| duration(backoff)),
                by: Some("w1".to_owned()),
            }
        }
        other => panic!("unknown end {other:?}"),
    };
    Verb::Job { task: task.to_owned(), attempt, command }
}

fn task(rest: &str) -> Verb {
    let (task, rest) = split(rest);
    let (word, rest) = split(rest);
    let (who, rest) = split(rest);
    let by = who.to_owned();
    let command = match word {
        "claim" => JobCommand::Claim { by },
        "unclaim" => JobCommand::Unclaim { by },
        "complete" => JobCommand::Complete { output: value(rest), by: Some(by) },
        "reassign" => JobCommand::Reassign {
            assignee: (who != "-").then_some(by),
            groups: rest.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
            due: None,
            by: Some("boss".to_owned()),
        },
        other => panic!("unknown command {other:?}"),
    };
    Verb::Job { task: task.to_owned(), attempt: None, command }
}

fn duration(text: &str) -> Duration {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().expect("a number");
    let millis = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => panic!("unknown unit {other:?}"),
    };
    Duration::from_millis(number * millis)
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}
