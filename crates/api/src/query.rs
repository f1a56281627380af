//! The query of a request: only what its route knows, each parameter read into its type.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::problem::{Code, Problem};
use crate::routes::Route;

/// Parameters of one request, checked against its route.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `application/x-www-form-urlencoded` pairs.
    ///
    /// # Errors
    /// A parameter that the route does not know, or that it takes once comes twice.
    pub(crate) fn parse(route: &Route, query: Option<&str>) -> Result<Self, Problem> {
        let Some(query) = query.filter(|query| !query.is_empty()) else {
            return Ok(Self::default());
        };
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(known) = route.query_parameters().find(|known| known.admits(&name)) else {
                return Err(unknown(route, &name));
            };
            if !known.repeats && pairs.iter().any(|(other, _)| *other == name) {
                return Err(Problem::invalid(&name, "it may be given only once"));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every text of a parameter that may repeat; commas separate too.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(|text| text.split(',')).filter(|text| !text.is_empty())
    }

    /// Parameters whose names begin with `prefix`: the rest of each name, and its text.
    pub(crate) fn named<'q>(
        &'q self,
        prefix: &'static str,
    ) -> impl Iterator<Item = (&'q str, &'q str)> {
        let rest =
            move |(name, value): &'q (String, String)| Some((name.strip_prefix(prefix)?, &**value));
        self.0.iter().filter_map(rest)
    }

    /// A parameter as its type.
    pub(crate) fn parsed<T>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr<Err: Display>,
    {
        self.text(name).map(|text| read(name, text)).transpose()
    }

    /// A length of time, as in `30s`, `500ms` or `2m`; absent: zero.
    pub(crate) fn duration(&self, name: &str, max: Duration) -> Result<Duration, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(Duration::ZERO);
        };
        let duration = read_duration(text).ok_or_else(|| {
            let why = format!("{text:?} is not a length of time: write 30s, 500ms or 2m");
            Problem::invalid(name, why)
        })?;
        if duration > max {
            let why = format!("{text} is longer than the limit of {}s", max.as_secs());
            return Err(Problem::invalid(name, why));
        }
        Ok(duration)
    }

    /// A switch: `true` or `false`, and the bare name means true.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("" | "true") => Ok(true),
            Some(other) => {
                Err(Problem::invalid(name, format!("{other:?} is neither true nor false")))
            }
        }
    }

    /// A number of rows, from 1 to `max`; absent: `default`, or `max` where that is less.
    pub(crate) fn limit(&self, default: usize, max: usize) -> Result<usize, Problem> {
        match self.parsed::<usize>("limit")? {
            None => Ok(default.min(max)),
            Some(limit) if (1..=max).contains(&limit) => Ok(limit),
            Some(limit) => {
                Err(Problem::invalid("limit", format!("{limit} is not between 1 and {max}")))
            }
        }
    }

    fn all<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// A text as its type.
pub(crate) fn read<T>(name: &str, text: &str) -> Result<T, Problem>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|error| Problem::invalid(name, error))
}

/// A length of time that may be days: `90d`, `12h`, `30m`, `10s`.
pub(crate) fn length(text: &str) -> Option<Duration> {
    let seconds = |text: &str, unit| text.parse::<u64>().ok()?.checked_mul(unit);
    let seconds = match text.split_at_checked(text.len().checked_sub(1)?)? {
        (days, "d") => seconds(days, 86_400),
        (hours, "h") => seconds(hours, 3_600),
        (minutes, "m") => seconds(minutes, 60),
        (whole, "s") => seconds(whole, 1),
        _ => None,
    };
    seconds.map(Duration::from_secs)
}

pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_secs(count.checked_mul(60)?)),
        _ => None,
    }
}

fn unknown(route: &Route, name: &str) -> Problem {
    let known: Vec<&str> = route.query_parameters().map(|known| known.name).collect();
    let rest = match known.as_slice() {
        [] => "this route takes none".to_owned(),
        known => format!("this route takes {}", known.join(", ")),
    };
    Problem::new(
        Code::UnknownParameter,
        format!("the query parameter {name:?} is not known: {rest}"),
    )
}

#[cfg(test)]
mod tests;
