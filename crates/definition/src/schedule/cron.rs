//! Expressions of crontab: which times of which days.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time};

/// What is wrong with an expression: where, and a sentence.
pub type CronProblem = (Range<usize>, String);

/// A cron expression, read: five fields, or six with the seconds first.
///
/// Where both the day of the month and the day of the week are restricted, a day passes that fits either, as in crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    /// Bit n: the field has the value n.
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// `L`: the last day of the month.
    is_last_day: bool,
    /// Neither kind of day is `*`: one of them is enough.
    is_either_day: bool,
    /// Seconds, minutes or hours begin with `*`: it repeats with the clock rather than naming times of day.
    repeats: bool,
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

const FIELDS: [Field; 6] = [
    Field::new("second", 0, 59, &[]),
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

const DAY: usize = 3;

/// Words that stand for a whole expression.
const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Days of each month in a leap year.
const MONTH_DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Years within which every expression comes true that ever does: 29 February skips 2100, say.
const YEARS_MAX: i16 = 8;

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<CronProblem>> {
        let whole = |message: String| Err(vec![(0..text.len(), message)]);
        if text.starts_with('@') {
            let Some((_, meaning)) = MACROS.iter().find(|(name, _)| *name == text) else {
                let message = "is not known: use one such as `@daily` or `@hourly`";
                return whole(format!("`{text}` {message}"));
            };
            return Self::parse(meaning).map(|cron| Self { text: text.to_owned(), ..cron });
        }
        let written: Vec<&str> = text.split_ascii_whitespace().collect();
        let Some(omitted) = FIELDS.len().checked_sub(written.len()).filter(|left| *left <= 1)
        else {
            return whole(format!(
                "a cron expression has five fields (minute, hour, day of the month, month, day of the week), or six with the second first; this one has {}",
                written.len()
            ));
        };
        let mut problems = Vec::new();
        // Without a field of their own the seconds are 0.
        let mut bits = [u64::from(omitted == 1), 0, 0, 0, 0, 0];
        let mut is_last_day = false;
        for (nth, field) in FIELDS.iter().enumerate().skip(omitted) {
            for item in written[nth - omitted].split(',') {
                if nth == DAY && item == "L" {
                    is_last_day = true;
                    continue;
                }
                match values(item, field) {
                    Ok(values) => bits[nth] |= values,
                    Err(message) => {
                        // Both are parts of `text`.
                        let start = item.as_ptr() as usize - text.as_ptr() as usize;
                        problems.push((start..start + item.len(), message));
                    }
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let star = |nth: usize| nth >= omitted && written[nth - omitted].starts_with('*');
        let [seconds, minutes, hours, days, months, weekdays] = bits;
        Ok(Self {
            text: text.to_owned(),
            seconds,
            minutes,
            hours,
            days,
            months,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            is_last_day,
            is_either_day: !star(DAY) && !star(5),
            repeats: star(0) || star(1) || star(2),
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is a day that it names: 30 February is none.
    pub fn ever_fires(&self) -> bool {
        let fits = |month: u32, days: u32| {
            self.months & (1 << month) != 0 && self.days & ((2 << days) - 1) != 0
        };
        let has_weekday = self.is_either_day && self.weekdays != 0;
        has_weekday
            || self.is_last_day
            || (1..).zip(MONTH_DAYS).any(|(month, days)| fits(month, days))
    }

    /// Whether it repeats with the clock rather than naming times of day.
    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }

    /// The first local time from one on, before another.
    pub(super) fn first(&self, from: DateTime, before: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let mut time = from.time();
        let horizon = from.date().year().saturating_add(YEARS_MAX + 1);
        while date <= before.date() && date.year() <= horizon {
            if !has(self.months, date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
                time = Time::midnight();
                continue;
            }
            let found = if self.has_day(date) { self.first_time(time) } else { None };
            if let Some(found) = found {
                let at = date.to_datetime(found);
                return (at < before).then_some(at);
            }
            date = date.tomorrow().ok()?;
            time = Time::midnight();
        }
        None
    }

    /// The last local time up to one, not before another.
    pub(super) fn last(&self, until: DateTime, from: DateTime) -> Option<DateTime> {
        const END: (i8, i8, i8) = (23, 59, 59);
        let mut date = until.date();
        let mut time = (until.hour(), until.minute(), until.second());
        let horizon = until.date().year().saturating_sub(YEARS_MAX + 1);
        while date >= from.date() && date.year() >= horizon {
            if !has(self.months, date.month()) {
                date = date.first_of_month().yesterday().ok()?;
                time = END;
                continue;
            }
            let found = if self.has_day(date) { self.last_time(time) } else { None };
            if let Some(found) = found {
                let at = date.to_datetime(found);
                return (at >= from).then_some(at);
            }
            date = date.yesterday().ok()?;
            time = END;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let is_last = self.is_last_day && date.day() == date.days_in_month();
        let day = is_last || has(self.days, date.day());
        if self.is_either_day { day || weekday } else { day && weekday }
    }

    fn first_time(&self, from: Time) -> Option<Time> {
        for hour in upward(self.hours, from.hour()) {
            let in_hour = hour == from.hour();
            for minute in upward(self.minutes, if in_hour { from.minute() } else { 0 }) {
                let in_minute = in_hour && minute == from.minute();
                let second = upward(self.seconds, if in_minute { from.second() } else { 0 }).next();
                if let Some(second) = second {
                    return Some(Time::constant(hour, minute, second, 0));
                }
            }
        }
        None
    }

    fn last_time(&self, until: (i8, i8, i8)) -> Option<Time> {
        for hour in downward(self.hours, until.0) {
            let in_hour = hour == until.0;
            for minute in downward(self.minutes, if in_hour { until.1 } else { 59 }) {
                let in_minute = in_hour && minute == until.1;
                let second = downward(self.seconds, if in_minute { until.2 } else { 59 }).next();
                if let Some(second) = second {
                    return Some(Time::constant(hour, minute, second, 0));
                }
            }
        }
        None
    }
}

fn has(bits: u64, value: i8) -> bool {
    bits & (1 << value) != 0
}

fn upward(bits: u64, from: i8) -> impl Iterator<Item = i8> {
    (from..60).filter(move |value| has(bits, *value))
}

fn downward(bits: u64, from: i8) -> impl Iterator<Item = i8> {
    (0..=from).rev().filter(move |value| has(bits, *value))
}

/// The values of one item of a field: `*`, a value or a range, perhaps with a step.
fn values(item: &str, field: &Field) -> Result<u64, String> {
    let Field { name, min, max, .. } = field;
    let (written, step) = match item.split_once('/') {
        Some((written, step)) => (written, Some(step)),
        None => (item, None),
    };
    let every = step.map(number).unwrap_or(Some(1)).filter(|step| (1..=*max).contains(step));
    let Some(every) = every else {
        return Err(format!("the step of `{item}` is not a number from 1 to {max}"));
    };
    let (first, last) = match written.split_once('-') {
        _ if written == "*" => (Some(*min), Some(*max)),
        Some((first, last)) => (value(first, field), value(last, field)),
        // As everywhere: from one value on, if there is a step.
        None if step.is_some() => (value(written, field), Some(*max)),
        None => (value(written, field), value(written, field)),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            let values = (first..=last).step_by(usize::from(every));
            Ok(values.fold(0, |bits, value| bits | 1 << value))
        }
        (Some(_), Some(_)) => Err(format!("the range `{written}` ends before it begins")),
        _ => Err(format!(
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
