use std::time;

use super::Expression;
use crate::value::{Map, Value, as_str};

/// A span of time, in one of the three forms of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Duration {
    /// `{ minutes: 5, seconds: 30 }`.
    Parts(DurationParts),
    /// `PT5M30S` (ISO 8601-1:2019 §5.5.2.4).
    Iso8601(String),
    /// `${ .patience }`: gives either of the other two forms.
    Expression(Expression),
}

impl Duration {
    /// The span, unless an expression decides it; `None` also for text that is no ISO 8601 duration,
    /// which a document without diagnostics never holds.
    pub fn fixed(&self) -> Option<time::Duration> {
        match self {
            Self::Parts(parts) => Some(parts.total()),
            Self::Iso8601(text) => parse_iso8601(text).ok(),
            Self::Expression(_) => None,
        }
    }
}

/// The object form: whole, non-negative counts that are added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DurationParts {
    pub days: Option<u64>,
    pub hours: Option<u64>,
    pub minutes: Option<u64>,
    pub seconds: Option<u64>,
    pub milliseconds: Option<u64>,
}

impl DurationParts {
    /// The sum of the parts, at most `u64::MAX` seconds.
    pub fn total(&self) -> time::Duration {
        let scaled = |count: Option<u64>, seconds: u64| {
            time::Duration::from_secs(count.unwrap_or(0).saturating_mul(seconds))
        };
        [
            scaled(self.days, SECONDS_PER_DAY),
            scaled(self.hours, 3_600),
            scaled(self.minutes, 60),
            scaled(self.seconds, 1),
            time::Duration::from_millis(self.milliseconds.unwrap_or(0)),
        ]
        .into_iter()
        .fold(time::Duration::ZERO, time::Duration::saturating_add)
    }
}

const SECONDS_PER_DAY: u64 = 86_400;

/// The span that a value says: text of ISO 8601, or an object of whole counts.
pub fn span_of(value: &Value) -> Option<time::Duration> {
    match value {
        Value::Obj(members) => parts_of(members).map(|parts| parts.total()),
        _ => as_str(value).and_then(|text| parse_iso8601(text).ok()),
    }
}

fn parts_of(members: &Map) -> Option<DurationParts> {
    let mut parts = DurationParts::default();
    for (key, count) in members {
        let Value::Num(count) = count else { return None };
        let unit = match as_str(key)? {
            "days" => &mut parts.days,
            "hours" => &mut parts.hours,
            "minutes" => &mut parts.minutes,
            "seconds" => &mut parts.seconds,
            "milliseconds" => &mut parts.milliseconds,
            _ => return None,
        };
        *unit = Some(count.to_string().parse().ok()?);
    }
    Some(parts)
}

/// The text is not a duration of ISO 8601.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 8601 duration: expected a form such as PT30S, PT1H30M or P2D")]
pub struct InvalidDuration(pub String);

/// Reads an ISO 8601 duration down to nanoseconds; a year counts 365 days, a month 30.
pub fn parse_iso8601(text: &str) -> Result<time::Duration, InvalidDuration> {
    parse(text).ok_or_else(|| InvalidDuration(text.to_owned()))
}

fn parse(text: &str) -> Option<time::Duration> {
    let (date, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((date, clock)) => (date, clock),
        None => (&text[1..], ""),
    };
    if date.is_empty() && clock.is_empty() {
        return None;
    }
    let day = SECONDS_PER_DAY;
    let days = designated(date, &[('Y', 365 * day), ('M', 30 * day), ('W', 7 * day), ('D', day)])?;
    let clock = designated(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(days.saturating_add(clock))
}

/// Sums `count designator` pairs that stand in the order of `units`, each at most once.
fn designated(mut text: &str, units: &[(char, u64)]) -> Option<time::Duration> {
    let mut total = time::Duration::ZERO;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let designator = text[end..].chars().next()?;
        let (_, seconds) = units.find(|(unit, _)| *unit == designator)?;
        total = total.saturating_add(scaled(&text[..end], *seconds)?);
        text = &text[end + 1..];
    }
    Some(total)
}

/// `count` units of `seconds`; the fraction is cut at nine digits.
fn scaled(count: &str, seconds: u64) -> Option<time::Duration> {
    let (whole, fraction) = count.split_once('.').unwrap_or((count, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(seconds);
    let nanos: u64 = format!("{fraction:0<9}")[..9].parse().ok()?;
    let nanos = u128::from(nanos) * u128::from(seconds);
    let rest = time::Duration::from_nanos(u64::try_from(nanos).ok()?);
    Some(time::Duration::from_secs(whole).saturating_add(rest))
}
