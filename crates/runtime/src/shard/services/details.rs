//! What an endpoint says of itself beyond its address, in the words of registries that know tags and checks.

use std::time::Duration;

use motet_definition::service::Probe;
use motet_expr::{Value, json};

/// Tags of one endpoint.
pub const TAGS_MAX: usize = 64;
/// Checks of one endpoint.
pub const CHECKS_MAX: usize = 8;
/// Longest text of a check, in bytes: of its name, its notes and its output each.
pub const CHECK_TEXT_BYTES_MAX: usize = 4 * 1024;

/// An endpoint that is asked is believed for so many of its intervals without an answer ...
const INTERVALS_MISSED: u32 = 3;
/// ... and for no shorter than this.
const LEASE_OF_PROBES_MIN: Duration = motet_definition::service::LEASE_DEFAULT;

/// See the module. An endpoint that has them lives by its checks: without one it is believed until it leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    pub tags: Vec<String>,
    /// Its weight while a check warns.
    pub warning_weight: u32,
    pub checks: Vec<Check>,
}

/// One thing that is looked after.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub id: String,
    pub name: String,
    pub notes: String,
    pub kind: CheckKind,
    /// How long after its lease the endpoint is forgotten; none: never.
    pub forget_after: Option<Duration>,
    /// What was said last; for a probe nothing is said.
    pub status: CheckStatus,
    pub output: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// The endpoint says how it does, at least as often as this.
    Ttl(Duration),
    /// It is asked.
    Probe { probe: Probe, interval: Duration, timeout: Duration },
}

/// Worse ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    #[default]
    Passing,
    Warning,
    Critical,
}

impl CheckStatus {
    pub const ALL: [Self; 3] = [Self::Passing, Self::Warning, Self::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl Details {
    /// The worst that the endpoint says of itself.
    pub fn status(&self) -> CheckStatus {
        let said = self.checks.iter().filter(|check| matches!(check.kind, CheckKind::Ttl(_)));
        said.map(|check| check.status).max().unwrap_or_default()
    }

    /// How long it is believed without a word of it; none where nothing is looked after.
    pub fn lease(&self) -> Option<Duration> {
        let of = |check: &Check| match &check.kind {
            CheckKind::Ttl(ttl) => *ttl,
            CheckKind::Probe { interval, .. } => {
                interval.saturating_mul(INTERVALS_MISSED).max(LEASE_OF_PROBES_MIN)
            }
        };
        self.checks.iter().map(of).min()
    }

    /// How it is asked; the first check that asks says so.
    pub(super) fn probe(&self) -> Option<(&Probe, Duration, Duration)> {
        self.checks.iter().find_map(|check| match &check.kind {
            CheckKind::Ttl(_) => None,
            CheckKind::Probe { probe, interval, timeout } => Some((probe, *interval, *timeout)),
        })
    }

    /// How long after its lease it is forgotten: when the first check says so.
    pub(super) fn forget_after(&self) -> Option<Duration> {
        self.checks.iter().filter_map(|check| check.forget_after).min()
    }

    /// Whether both were registered alike, whatever was said of the checks meanwhile.
    pub(super) fn registers_like(&self, other: &Self) -> bool {
        let silent = |details: &Self| {
            let mut details = details.clone();
            for check in &mut details.checks {
                (check.status, check.output) = (CheckStatus::default(), String::new());
            }
            details
        };
        silent(self) == silent(other)
    }

    /// What was said of the checks before holds for those that are still there.
    pub(super) fn keep_word(&mut self, before: &Self) {
        for check in &mut self.checks {
            if let Some(known) = before.checks.iter().find(|known| known.id == check.id) {
                check.status = known.status;
                check.output.clone_from(&known.output);
            }
        }
    }

    /// As text for the endpoint's row.
    pub(super) fn write(&self) -> String {
        let tags = self.tags.iter().map(|tag| json::string(tag.as_str()));
        json::to_text(&json::object([
            ("tags", json::array(tags)),
            ("warningWeight", number(u64::from(self.warning_weight))),
            ("checks", json::array(self.checks.iter().map(Check::write))),
        ]))
    }

    /// None if the text is not of that form.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value = json::parse(text.as_bytes(), json::Limits::default()).ok()?;
        let tags = items(&value, "tags")?.iter().map(|tag| json::as_str(tag).map(str::to_owned));
        Some(Self {
            tags: tags.collect::<Option<_>>()?,
            warning_weight: u32::try_from(whole(&value, "warningWeight")?).ok()?,
            checks: items(&value, "checks")?.iter().map(Check::read).collect::<Option<_>>()?,
        })
    }
}

impl Check {
    fn write(&self) -> Value {
        let mut members = vec![
            ("id", json::string(self.id.as_str())),
            ("name", json::string(self.name.as_str())),
            ("notes", json::string(self.notes.as_str())),
            ("status", json::string(self.status.as_str())),
            ("output", json::string(self.output.as_str())),
        ];
        let millis = |span: Duration| number(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
        match &self.kind {
            CheckKind::Ttl(ttl) => members.push(("ttl", millis(*ttl))),
            CheckKind::Probe { probe, interval, timeout } => {
                members.push(("interval", millis(*interval)));
                members.push(("timeout", millis(*timeout)));
                if let Probe::Http(path) = probe {
                    members.push(("http", json::string(path.as_str())));
                }
            }
        }
        members.extend(self.forget_after.map(|after| ("forgetAfter", millis(after))));
        json::object(members)
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| json::get(value, name).and_then(json::as_str).map(str::to_owned);
        let span = |name: &str| whole(value, name).map(Duration::from_millis);
        let status = text("status")?;
        Some(Self {
            id: text("id")?,
            name: text("name")?,
            notes: text("notes")?,
            kind: match span("ttl") {
                Some(ttl) => CheckKind::Ttl(ttl),
                None => CheckKind::Probe {
                    probe: text("http").map_or(Probe::Tcp, Probe::Http),
                    interval: span("interval")?,
                    timeout: span("timeout")?,
                },
            },
            forget_after: span("forgetAfter"),
            status: CheckStatus::ALL.into_iter().find(|own| own.as_str() == status)?,
            output: text("output")?,
        })
    }
}

fn number(whole: u64) -> Value {
    json::parse(whole.to_string().as_bytes(), json::Limits::default()).unwrap_or(Value::Null)
}

fn whole(value: &Value, name: &str) -> Option<u64> {
    let Value::Num(number) = json::get(value, name)? else { return None };
    number.to_string().parse().ok()
}

fn items<'v>(value: &'v Value, name: &str) -> Option<&'v [Value]> {
    let Value::Arr(items) = json::get(value, name)? else { return None };
    Some(items)
}

#[cfg(test)]
mod tests;
