//! Workers, people, and events that come from elsewhere.

use std::time::Duration;

use motet_engine::event::Event;
use motet_expr::{Value, json};

use super::cursor::Cursor;
use super::mocks::pattern;
use super::{duration, program};
use crate::model::{Deed, EventContent, EventMock, EventTime, WorkAnswer, WorkMock};

pub(super) fn job(at: &Cursor<'_>) -> Option<WorkMock> {
    work(at, "job", false)
}

pub(super) fn person(at: &Cursor<'_>) -> Option<WorkMock> {
    work(at, "task", true)
}

fn work(at: &Cursor<'_>, name: &str, is_person: bool) -> Option<WorkMock> {
    at.only(&[name, "answer", "answers"]);
    let pattern = at.required(name)?.text()?;
    let one = |it: &Cursor<'_>| answer(it, is_person);
    let (answers, repeats) = match (at.get("answer"), at.get("answers")) {
        (Some(it), None) => (vec![one(&it)?], true),
        (None, Some(list)) => (list.items().iter().filter_map(one).collect(), false),
        _ => {
            at.problem("expected `answer` (for every one) or `answers` (one after the other)");
            return None;
        }
    };
    Some(WorkMock { at: at.pointer(), is_person, pattern, answers, repeats })
}

const DEEDS: [&str; 4] = ["output", "compute", "fail", "pending"];

fn answer(at: &Cursor<'_>, is_person: bool) -> Option<WorkAnswer> {
    match is_person {
        true => at.only(&["output", "compute", "pending", "delay", "times", "by"]),
        false => at.only(&[
            "output", "compute", "fail", "retries", "backoff", "pending", "delay", "times", "by",
        ]),
    }
    let mut given = DEEDS.iter().filter_map(|deed| Some((*deed, at.get(deed)?)));
    let (Some((word, of)), None) = (given.next(), given.next()) else {
        at.problem("what becomes of it is one of output, compute, fail and pending");
        return None;
    };
    let deed = match word {
        "output" => Deed::Complete(of.value().clone()),
        "compute" => Deed::Computed(program(&of)?),
        "fail" => fail(at, &of)?,
        _ => Deed::Pending,
    };
    Some(WorkAnswer {
        deed,
        delay: at.get("delay").map_or(Some(Duration::ZERO), |it| duration(&it))?,
        times: at.get("times").map_or(Some(1), |it| it.whole())?,
        by: at.get("by").map_or(Some(None), |it| it.text().map(Some))?,
    })
}

/// An error, in one word or with its members.
fn fail(at: &Cursor<'_>, of: &Cursor<'_>) -> Option<Deed> {
    let error = match json::as_str(of.value()) {
        Some(text) => json::object([("title", json::string(text))]),
        None => {
            of.only(&["type", "status", "title", "detail"]);
            of.value().clone()
        }
    };
    let retries = at.get("retries").map_or(Some(0), |it| it.whole())?;
    let backoff = at.get("backoff").map_or(Some(None), |it| duration(&it).map(Some))?;
    Some(Deed::Fail { error, retries, backoff })
}

pub(super) fn event(at: &Cursor<'_>) -> Option<EventMock> {
    at.only(&["at", "after", "delay", "event", "compute", "to"]);
    let delay = at.get("delay").map_or(Some(Duration::ZERO), |it| duration(&it))?;
    let when = match (at.get("at"), at.get("after")) {
        (Some(it), None) if json::as_str(it.value()) == Some("before") => EventTime::Before,
        (Some(it), None) => EventTime::At(duration(&it)?),
        (None, Some(task)) => EventTime::After { pattern: pattern(&task)?, delay },
        (None, None) => EventTime::At(Duration::ZERO),
        (Some(_), Some(_)) => {
            at.problem("an event comes `at` a time or `after` a task, not both");
            return None;
        }
    };
    let content = match (at.get("event"), at.get("compute")) {
        (Some(it), None) => {
            let value = it.value();
            if let Err(error) = whole(value, 0) {
                it.problem(error);
            }
            EventContent::Given(value.clone())
        }
        (None, Some(it)) if matches!(when, EventTime::After { .. }) => {
            EventContent::Computed(program(&it)?)
        }
        _ => {
            at.problem("expected `event`, or, for what comes after a task, `compute`");
            return None;
        }
    };
    let is_mail = match at.get("to") {
        None => false,
        Some(it) if json::as_str(it.value()) == Some("instance") => true,
        Some(it) => {
            it.problem("an event goes to the `instance`, or without `to` to everybody");
            return None;
        }
    };
    if is_mail && matches!(when, EventTime::Before) {
        at.problem("there is no instance yet to which it could go");
    }
    Some(EventMock { at: at.pointer(), when, content, is_mail })
}

/// An event of these attributes; those that it must have and that are absent are made up, `number` telling events apart.
///
/// # Errors
/// It is no CloudEvent; text for people.
pub fn whole(attributes: &Value, number: usize) -> Result<Event, String> {
    let Value::Obj(members) = attributes else {
        return Err("an event is an object of its attributes".to_owned());
    };
    let missing = [
        ("specversion", "1.0".to_owned()),
        ("id", format!("event-{number}")),
        ("source", "/scenario".to_owned()),
    ];
    let absent = missing.into_iter().filter(|(name, _)| json::get(attributes, name).is_none());
    let own = members
        .iter()
        .map(|(key, value)| (json::as_str(key).unwrap_or_default().to_owned(), value.clone()));
    let absent = absent.map(|(name, text)| (name.to_owned(), json::string(text)));
    let value = json::object(absent.chain(own));
    Event::parse(value).map_err(|error| format!("this is no CloudEvent: {error}"))
}
