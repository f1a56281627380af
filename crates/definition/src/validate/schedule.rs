//! When instances start, and other texts that tell a time.

use std::ops::Range;

use motet_expr::Mode;
use motet_types::Timestamp;

use super::Checker;
use super::scope::{Scope, Site};
use crate::model::Template;
use crate::pointer::Path;
use crate::{Code, Diagnostic};

impl<'a> Checker<'a> {
    pub(super) fn schedule(&mut self, path: &Path<'a>) {
        let Some(schedule) = &self.document.schedule else {
            return;
        };
        let scope = Scope::new(Site::WorkflowInput);
        for (key, duration) in [("every", &schedule.every), ("after", &schedule.after)] {
            if let Some(duration) = duration {
                self.duration(duration, &path.key(key), &scope);
            }
        }
        if let Some(cron) = &schedule.cron {
            for (range, message) in cron_problems(cron) {
                let problem =
                    Diagnostic::new(Code::InvalidValue, path.key("cron").pointer(), message);
                self.report(problem.within(cron, range));
            }
        }
        if let Some(strategy) = &schedule.on {
            self.strategy(strategy, &path.key("on"), &scope);
        }
    }

    /// A name of the IANA time zone database, by its form.
    pub(super) fn time_zone(&mut self, zone: &str, path: &Path<'a>) {
        if !is_zone(zone) {
            let message = format!(
                "`{zone}` is no name of a time zone: write one such as `Europe/Berlin`, or `UTC`"
            );
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
        }
    }

    /// The time of an event (CloudEvents 1.0.2 §3.1.2); a literal one is an instant.
    pub(super) fn instant(&mut self, own: &Template, path: &Path<'a>) {
        let literal = own.literal().filter(|_| self.mode == Mode::Strict);
        if let Some(text) = literal.filter(|text| text.parse::<Timestamp>().is_err()) {
            let message = format!(
                "`{text}` is no instant: write RFC 3339, as in `2026-01-31T08:30:00Z`, or an expression"
            );
            self.report(Diagnostic::new(Code::InvalidValue, path.pointer(), message));
        }
    }
}

/// Segments of a time zone's name: a continent, perhaps a country, and a place.
const ZONE_SEGMENTS_MAX: usize = 3;

/// Longest name of a time zone, in bytes; the longest one in use has 32.
const ZONE_BYTES_MAX: usize = 64;

fn is_zone(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let segment = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_uppercase()) && segment.chars().all(letter)
    };
    text.len() <= ZONE_BYTES_MAX
        && text.split('/').count() <= ZONE_SEGMENTS_MAX
        && text.split('/').all(segment)
}

/// A field of a cron expression: its values, some of which have names.
struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

impl Field {
    const fn new(name: &'static str, min: u8, max: u8, names: &'static [&'static str]) -> Self {
        Self { name, min, max, names }
    }
}

const FIELDS: [Field; 5] = [
    Field::new("minute", 0, 59, &[]),
    Field::new("hour", 0, 23, &[]),
    Field::new("day of the month", 1, 31, &[]),
    Field::new(
        "month",
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    // Both 0 and 7 are Sunday.
    Field::new("day of the week", 0, 7, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Words that stand for a whole expression.
const MACROS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What is wrong with a cron expression (five fields, as in crontab), and where.
fn cron_problems(text: &str) -> Vec<(Range<usize>, String)> {
    if text.starts_with('@') {
        let known = MACROS.contains(&text);
        let message = || format!("`{text}` is not known: use one such as `@daily` or `@hourly`");
        return if known { Vec::new() } else { vec![(0..text.len(), message())] };
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let message = format!(
            "a cron expression has five fields (minute, hour, day of the month, month, day of the week), this one has {}",
            fields.len()
        );
        return vec![(0..text.len(), message)];
    }
    let mut problems = Vec::new();
    for (written, field) in fields.into_iter().zip(&FIELDS) {
        for item in written.split(',') {
            if let Some(message) = item_problem(item, field) {
                // Both are parts of `text`.
                let start = item.as_ptr() as usize - text.as_ptr() as usize;
                problems.push((start..start + item.len(), message));
            }
        }
    }
    problems
}

/// What is wrong with one item of a field: `*`, a value or a range, perhaps with a step.
fn item_problem(item: &str, field: &Field) -> Option<String> {
    let Field { name, min, max, .. } = field;
    let (values, step) = match item.split_once('/') {
        Some((values, step)) => (values, Some(step)),
        None => (item, None),
    };
    if step.is_some_and(|step| number(step).is_none_or(|step| step == 0 || step > *max)) {
        return Some(format!("the step of `{item}` is not a number from 1 to {max}"));
    }
    if values == "*" {
        return None;
    }
    let (first, last) = values.split_once('-').unwrap_or((values, values));
    match (value(first, field), value(last, field)) {
        (Some(first), Some(last)) if first <= last => None,
        (Some(_), Some(_)) => Some(format!("the range `{values}` ends before it begins")),
        _ => Some(format!(
            "`{item}` is no {name}: use {min} to {max}, `*`, or ranges, lists and steps of these"
        )),
    }
}

/// The value of a number or a name, if the field has it.
fn value(text: &str, field: &Field) -> Option<u8> {
    let named = field.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    match named {
        Some(place) => Some(field.min + u8::try_from(place).ok()?),
        None => number(text).filter(|number| (field.min..=field.max).contains(number)),
    }
}

/// Digits alone: no sign, no white space.
fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
