//! Objects whose members are named in any case, with underscores or without.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_expr::{Value, json as value};

use crate::consul::unsupported;
use crate::problem::{Code, Problem};

/// Members of one object that nobody has read yet.
pub(super) struct Fields {
    what: &'static str,
    members: BTreeMap<String, Value>,
}

impl Fields {
    /// # Errors
    /// It is no object, or two of its members have one name.
    pub(super) fn of(own: &Value, what: &'static str) -> Result<Self, Problem> {
        let Value::Obj(own) = own else {
            return Err(refuse(format!("{what} is not an object")));
        };
        let mut members = BTreeMap::new();
        for (name, value) in own.iter() {
            let written = value::as_str(name).unwrap_or_default();
            if members.insert(folded(written), value.clone()).is_some() {
                return Err(refuse(format!("{what} says {written:?} twice")));
            }
        }
        Ok(Self { what, members })
    }

    /// A member, unless it is missing or null.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(&folded(name)).filter(|value| !matches!(value, Value::Null))
    }

    /// Text; absent where it is empty.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let text = self.typed(name, "text", |value| value::as_str(value).map(str::to_owned))?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let list = self.typed(name, "a list of texts", |value| {
            let Value::Arr(items) = value else { return None };
            items.iter().map(|item| value::as_str(item).map(str::to_owned)).collect()
        })?;
        Ok(list.unwrap_or_default())
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<u32>, Problem> {
        self.typed(name, "a whole number", |value| {
            let Value::Num(number) = value else { return None };
            number.to_string().parse().ok()
        })
    }

    /// A length of time as Go writes it, or nanoseconds.
    pub(super) fn span(&mut self, name: &str) -> Result<Option<Duration>, Problem> {
        self.typed(name, "a length of time, as in 10s or 1m30s", |value| match value {
            Value::Num(nanos) => nanos.to_string().parse().ok().map(Duration::from_nanos),
            value => span(value::as_str(value)?),
        })
    }

    /// Texts by name.
    pub(super) fn map(&mut self, name: &str) -> Result<BTreeMap<String, String>, Problem> {
        let map = self.typed(name, "an object of texts", |value| {
            let Value::Obj(members) = value else { return None };
            let pair = |(name, text): (&Value, &Value)| {
                Some((value::as_str(name)?.to_owned(), value::as_str(text)?.to_owned()))
            };
            members.iter().map(pair).collect()
        })?;
        Ok(map.unwrap_or_default())
    }

    /// What is left is of no effect here; what says nothing may be left.
    ///
    /// # Errors
    /// Something else is left.
    pub(super) fn end(self) -> Result<(), Problem> {
        let what = self.what;
        match self.members.into_iter().find(|(_, value)| !is_empty(value)) {
            None => Ok(()),
            Some((name, _)) => {
                let detail =
                    format!("{what} says {name:?}, which Motet does not know: leave it out");
                Err(unsupported(detail))
            }
        }
    }

    fn typed<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let wrong = format!("{}: {name} is not {kind}", self.what);
        self.take(name).map(|value| read(&value).ok_or_else(|| refuse(wrong))).transpose()
    }
}

pub(super) fn refuse(detail: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidBody, detail)
}

/// `10s`, `1m30s`, `1.5h`, `250ms`.
pub(super) fn span(text: &str) -> Option<Duration> {
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count: f64 = rest[..unit].parse().ok()?;
        let end = rest[unit..].find(|c: char| c.is_ascii_digit());
        let (name, next) = rest[unit..].split_at(end.unwrap_or(rest.len() - unit));
        let seconds = match name {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(count * seconds).ok()?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Num(number) => number.to_string() == "0",
        Value::Arr(items) => items.is_empty(),
        Value::Obj(members) => members.is_empty(),
        value => value::as_str(value).is_some_and(str::is_empty),
    }
}
