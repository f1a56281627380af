//! Whether an outcome is what a scenario expects.

use motet_definition::Pointer;
use motet_engine::ErrorKind;
use motet_expr::{Value, json};

use crate::matcher::{self, Difference, Style};
use crate::model::{Elapsed, Expectation, Invariant};
use crate::world::Outcome;

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// In the scenario file.
    pub at: Pointer,
    pub message: String,
}

/// What a service cannot know of a call.
const INSIDE: [&str; 5] = ["task", "reference", "workflow", "at", "answer"];

/// Everything in which `outcome` is not as expected; `is_outside`: it was seen from outside, by services and clients.
pub fn check(expect: &Expectation, outcome: &Outcome, is_outside: bool) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(trouble) = &outcome.trouble {
        found.push(Mismatch { at: expect.at.clone(), message: trouble.clone() });
        return found;
    }
    if outcome.status != expect.status {
        let why = match &outcome.error {
            Some(error) => format!(": {}", json::to_text(error)),
            None => String::new(),
        };
        let message = format!("status: expected {}, was {}{why}", expect.status, outcome.status);
        found.push(Mismatch { at: expect.at.key("status"), message });
    }
    let mut compare = |key: &str, expected: &Option<Value>, actual: &Option<Value>, style| {
        if let Some(expected) = expected {
            let actual = actual.as_ref().unwrap_or(&Value::Null);
            let at = expect.at.key(key);
            let differences = matcher::differences(expected, actual, style, &at, key);
            found.extend(differences.into_iter().map(mismatch));
        }
    };
    compare("output", &expect.output, &outcome.output, Style::Exact);
    compare("error", &expect.error.as_ref().map(with_whole_type), &outcome.error, Style::Partial);
    if !is_outside {
        let children = Some(json::array(outcome.children.iter().cloned()));
        compare("children", &expect.children, &children, Style::Partial);
    }
    let asked = json::array(outcome.calls.iter().map(crate::Call::to_value));
    found.extend(list(expect, "calls", &expect.calls, asked, &|item| call(item, is_outside)));
    let events = json::array(outcome.events.iter().cloned());
    if !is_outside {
        found.extend(list(expect, "events", &expect.events, events, &|item| named(item, "type")));
    }
    for (key, expected, actual) in [
        ("jobs", &expect.jobs, &outcome.jobs),
        ("people", &expect.people, &outcome.people),
        ("undo", &expect.undo, &outcome.undo),
    ] {
        let actual = json::array(actual.iter().cloned());
        found.extend(list(expect, key, expected, actual, &|item| named(item, "task")));
    }
    if !is_outside {
        found.extend(elapsed(expect, outcome));
        found.extend(failing(&expect.asserts, outcome));
    }
    found
}

fn elapsed(expect: &Expectation, outcome: &Outcome) -> Option<Mismatch> {
    let Elapsed { min, max } = expect.elapsed?;
    let actual = outcome.elapsed;
    let wanted = match min == max {
        true => format!("{min:?}"),
        false => format!("{min:?} to {max:?}"),
    };
    let message = format!("elapsed: expected {wanted}, was {actual:?}");
    let at = expect.at.key("elapsed");
    (actual < min || actual > max).then_some(Mismatch { at, message })
}

/// The expressions that do not give true.
pub(crate) fn failing(asserts: &[Invariant], outcome: &Outcome) -> Vec<Mismatch> {
    let value = outcome.to_value();
    let fails = |assert: &&Invariant| !matcher::holds(&assert.program, &value);
    let message = |assert: &Invariant| Mismatch {
        at: assert.at.clone(),
        message: format!("it does not hold that {}", assert.program.source()),
    };
    asserts.iter().filter(fails).map(message).collect()
}

/// What differs of a list whose items may be written in short.
fn list(
    expect: &Expectation,
    key: &str,
    expected: &Option<Value>,
    actual: Value,
    item: &dyn Fn(&Value) -> Value,
) -> Vec<Mismatch> {
    let Some(expected) = expected else { return Vec::new() };
    let expected = match (json::get(expected, "$unordered"), expected) {
        (Some(Value::Arr(items)), _) => {
            json::object([("$unordered", json::array(items.iter().map(item)))])
        }
        (None, Value::Arr(items)) => json::array(items.iter().map(item)),
        _ => expected.clone(),
    };
    let at = expect.at.key(key);
    let differences = matcher::differences(&expected, &actual, Style::Partial, &at, key);
    differences.into_iter().map(mismatch).collect()
}

/// An item of which one member says enough.
fn named(item: &Value, member: &str) -> Value {
    match json::as_str(item) {
        Some(name) => json::object([(member, json::string(name))]),
        None => item.clone(),
    }
}

/// A call as it is expected: a task's name, `METHOD uri`, or some of its members.
fn call(item: &Value, is_outside: bool) -> Value {
    let text = |text: &str| json::string(text);
    let members: Vec<(String, Value)> = match (json::as_str(item), item) {
        (Some(written), _) => match written.split_once(' ') {
            Some((method, uri)) => {
                vec![("method".to_owned(), text(method)), ("uri".to_owned(), text(uri))]
            }
            None => vec![("task".to_owned(), text(written))],
        },
        (None, Value::Obj(members)) => members
            .iter()
            .map(|(key, value)| (json::as_str(key).unwrap_or_default().to_owned(), value.clone()))
            .collect(),
        _ => return item.clone(),
    };
    let seen = members.into_iter().filter(|(key, _)| !is_outside || !INSIDE.contains(&&**key));
    json::object(seen)
}

/// An expected error whose type may be the word of a standard one.
fn with_whole_type(error: &Value) -> Value {
    let word = json::get(error, "type").and_then(json::as_str);
    let Some(kind) = ErrorKind::ALL.into_iter().find(|kind| Some(kind.word()) == word) else {
        return error.clone();
    };
    let whole = motet_engine::WorkflowError::new(kind, "", "").kind;
    let Value::Obj(members) = error else { return error.clone() };
    json::object(members.iter().map(|(key, value)| {
        let key = json::as_str(key).unwrap_or_default().to_owned();
        let value = if key == "type" { json::string(whole.clone()) } else { value.clone() };
        (key, value)
    }))
}

fn mismatch(difference: Difference) -> Mismatch {
    let Difference { at, place, expected, actual } = difference;
    Mismatch { at, message: format!("{place}: expected {expected}, was {actual}") }
}
