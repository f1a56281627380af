//! Bodies that are objects with members of several types.

use std::time::Duration;

use motet_definition::model::span_of;
use motet_expr::{Map, Value, json};

use crate::problem::{Code, Problem};
use crate::query::read_duration;
use crate::request::Request;

/// The members of a body; null counts as absent.
pub(super) struct Members(Map);

impl Members {
    /// Reads the body, which may have no other members than these.
    pub(super) async fn read(request: &mut Request, known: &[&str]) -> Result<Self, Problem> {
        let body = request.json().await?;
        Self::of(&body, known, "the body")
    }

    pub(super) fn of(value: &Value, known: &[&str], what: &str) -> Result<Self, Problem> {
        let Value::Obj(members) = value else {
            return Err(refuse(format!("{what} is not an object")));
        };
        for key in members.keys() {
            let key = json::as_str(key).unwrap_or_default();
            if !known.contains(&key) {
                let known = known.join(", ");
                return Err(refuse(format!("the member {key:?} is not known: write {known}")));
            }
        }
        Ok(Self((**members).clone()))
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(&json::string(name)).filter(|value| !matches!(value, Value::Null))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.typed(name, "text", |value| json::as_str(value).map(str::to_owned))
    }

    /// A text that has to be there, of a length that people's and workers' names have.
    pub(super) fn name(&self, name: &str) -> Result<String, Problem> {
        let missing = || refuse(format!("the member {name:?} is missing"));
        self.maybe_name(name)?.ok_or_else(missing)
    }

    pub(super) fn maybe_name(&self, name: &str) -> Result<Option<String>, Problem> {
        let fits = |text: &String| (1..=NAME_BYTES_MAX).contains(&text.len());
        let what = "text of 1 to 256 bytes";
        self.typed(name, what, |value| json::as_str(value).map(str::to_owned).filter(fits))
    }

    pub(super) fn names(&self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let what = "a list of at most 32 texts";
        self.typed(name, what, |value| {
            let Value::Arr(items) = value else { return None };
            let texts = items.iter().map(|item| json::as_str(item).map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().filter(|texts| texts.len() <= NAMES_MAX)
        })
    }

    pub(super) fn number(&self, name: &str, max: u32) -> Result<Option<u32>, Problem> {
        let what = format!("a whole number from 0 to {max}");
        self.typed(name, &what, |value| {
            let Value::Num(number) = value else { return None };
            number.to_string().parse().ok().filter(|number| *number <= max)
        })
    }

    /// A length of time: `30s`, `500ms`, `2m`, ISO 8601 text, or an object of units.
    pub(super) fn span(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let what = "a length of time: write 30s, 500ms, 2m or PT1H";
        let plain = |value: &Value| json::as_str(value).and_then(read_duration);
        self.typed(name, what, |value| plain(value).or_else(|| span_of(value)))
    }

    pub(super) fn instant(&self, name: &str) -> Result<Option<motet_types::Timestamp>, Problem> {
        let what = "an instant, as in 2026-01-01T12:00:00Z";
        self.typed(name, what, |value| json::as_str(value)?.parse().ok())
    }

    fn typed<T>(
        &self,
        name: &str,
        what: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let wrong = || refuse(format!("the member {name:?} is not {what}"));
        self.value(name).map(|value| read(value).ok_or_else(wrong)).transpose()
    }
}

const NAME_BYTES_MAX: usize = 256;
const NAMES_MAX: usize = 32;

pub(super) fn refuse(detail: String) -> Problem {
    Problem::new(Code::InvalidBody, detail)
}
