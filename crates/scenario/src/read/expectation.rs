//! What is to come of a scenario.

use std::time::Duration;

use motet_types::Status;

use super::cursor::Cursor;
use super::{asserts, duration};
use crate::matcher;
use crate::model::{Elapsed, Expectation};

const KEYS: [&str; 12] = [
    "refused", "status", "output", "error", "calls", "children", "events", "jobs", "people",
    "undo", "elapsed", "assert",
];

pub(super) fn read(scenario: &Cursor<'_>) -> Option<Expectation> {
    let at = scenario.required("expect")?;
    at.only(&KEYS);
    let value = |key: &str| {
        let found = at.get(key)?;
        for (place, message) in matcher::problems(found.value(), &found.pointer()) {
            at.at(&place).problem(message);
        }
        Some(found.value().clone())
    };
    let refused = at.get("refused").map(|list| list.items());
    let refused = refused.map(|list| list.iter().filter_map(Cursor::text).collect());
    let error = value("error");
    let status = match at.get("status") {
        Some(it) => status(&it)?,
        None if error.is_some() => Status::Faulted.to_string(),
        None => Status::Completed.to_string(),
    };
    Some(Expectation {
        at: at.pointer(),
        refused,
        status,
        output: value("output"),
        error,
        calls: value("calls"),
        children: value("children"),
        events: value("events"),
        jobs: value("jobs"),
        people: value("people"),
        undo: value("undo"),
        elapsed: at.get("elapsed").and_then(|it| elapsed(&it)),
        asserts: at.get("assert").map(|it| asserts(&it)).unwrap_or_default(),
    })
}

pub(super) fn status(at: &Cursor<'_>) -> Option<String> {
    let text = at.text()?;
    let known = Status::ALL.iter().any(|status| status.to_string() == text);
    if !known {
        at.problem("no status of an instance: completed, faulted, cancelled, waiting, suspended");
    }
    known.then_some(text)
}

/// `PT5S`, or `{min: PT4S, max: PT6S}`.
fn elapsed(at: &Cursor<'_>) -> Option<Elapsed> {
    if motet_expr::json::as_str(at.value()).is_some() {
        let exact = duration(at)?;
        return Some(Elapsed { min: exact, max: exact });
    }
    at.only(&["min", "max"]);
    let bound = |key: &str, absent| match at.get(key) {
        Some(it) => duration(&it),
        None => Some(absent),
    };
    Some(Elapsed { min: bound("min", Duration::ZERO)?, max: bound("max", Duration::MAX)? })
}
