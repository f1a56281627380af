//! Checks as Consul's clients define them.

use std::time::Duration;

use motet_expr::Value;
use motet_runtime::service::{EndpointUrl, Probe};
use motet_runtime::{CHECK_TEXT_BYTES_MAX, Check, CheckKind, CheckStatus};

use super::fields::{Fields, refuse};
use super::unsupported;
use crate::problem::Problem;

/// Shortest and longest time of a check between two words, or two questions.
const SPAN_MIN: Duration = Duration::from_secs(1);
const SPAN_MAX: Duration = Duration::from_secs(86_400);
/// How long an answer is waited for where the check does not say.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
const TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Consul forgets nobody sooner.
const FORGET_MIN: Duration = Duration::from_secs(60);
/// Longest id of a check, in bytes.
const ID_BYTES_MAX: usize = 255;

/// A check without an id yet.
pub(super) struct Defined {
    pub(super) id: Option<String>,
    /// Of the service that it is about, where it comes alone.
    pub(super) service: Option<String>,
    pub(super) name: Option<String>,
    notes: String,
    kind: Kind,
    forget_after: Option<Duration>,
    status: CheckStatus,
}

enum Kind {
    Ttl(Duration),
    Http(String, Duration, Duration),
    Tcp(String, Duration, Duration),
}

impl Defined {
    pub(super) fn read(own: &Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(own, "the check")?;
        let (check_id, id) = (fields.text("CheckID")?, fields.text("ID")?);
        let service = fields.text("ServiceID")?;
        let (name, notes) = (fields.text("Name")?, fields.text("Notes")?.unwrap_or_default());
        let status = match fields.text("Status")? {
            Some(text) => status(&text)?,
            None => CheckStatus::Critical,
        };
        let forget_after = fields.span("DeregisterCriticalServiceAfter")?;
        let kind = kind(&mut fields)?;
        fields.end()?;
        let id = check_id.or(id);
        let fits = |text: &str| text.len() <= CHECK_TEXT_BYTES_MAX;
        if ![name.as_deref().unwrap_or_default(), &notes].iter().all(|text| fits(text)) {
            return Err(refuse("the check has a name or notes of more than 4 KiB"));
        }
        if id.as_ref().is_some_and(|id| id.len() > ID_BYTES_MAX) {
            return Err(refuse("the check has an id of more than 255 bytes"));
        }
        let forget_after = forget_after.map(|after| after.max(FORGET_MIN));
        Ok(Self { id, service, name, notes, kind, forget_after, status })
    }

    /// The check of an endpoint at that address.
    ///
    /// # Errors
    /// It asks another address.
    pub(super) fn at(self, url: &EndpointUrl, id: String) -> Result<Check, Problem> {
        let kind = match self.kind {
            Kind::Ttl(ttl) => CheckKind::Ttl(ttl),
            Kind::Http(asked, interval, timeout) => {
                let path = asked.strip_prefix(url.as_str());
                let path = path.filter(|path| path.is_empty() || path.starts_with(['/', '?']));
                let Some(path) = path else { return Err(elsewhere(&asked, url.as_str())) };
                CheckKind::Probe { probe: Probe::Http(path.to_owned()), interval, timeout }
            }
            Kind::Tcp(asked, ..) if asked != url.authority() => {
                return Err(elsewhere(&asked, url.authority()));
            }
            Kind::Tcp(_, interval, timeout) => {
                CheckKind::Probe { probe: Probe::Tcp, interval, timeout }
            }
        };
        let name = self.name.unwrap_or_else(|| format!("Check {id:?}"));
        Ok(Check {
            id,
            name,
            notes: self.notes,
            kind,
            forget_after: self.forget_after,
            status: self.status,
            output: String::new(),
        })
    }
}

pub(super) fn status(text: &str) -> Result<CheckStatus, Problem> {
    let known = CheckStatus::ALL.into_iter().find(|own| own.as_str() == text);
    known.ok_or_else(|| {
        refuse(format!("the status {text:?} is none: write passing, warning or critical"))
    })
}

fn kind(fields: &mut Fields) -> Result<Kind, Problem> {
    let (ttl, http, tcp) = (fields.span("TTL")?, fields.text("HTTP")?, fields.text("TCP")?);
    let (interval, timeout) = (fields.span("Interval")?, fields.span("Timeout")?);
    let method = fields.text("Method")?;
    if method.is_some_and(|method| method != "GET") {
        return Err(unsupported("checks over HTTP ask with GET: leave the method out"));
    }
    let timeout = timeout.unwrap_or(TIMEOUT_DEFAULT);
    if timeout.is_zero() || timeout > TIMEOUT_MAX {
        return Err(refuse("the check: Timeout is not between 1ms and 60s"));
    }
    let interval = || {
        let missing = || refuse("the check has no Interval");
        between("Interval", interval.ok_or_else(missing)?)
    };
    match (ttl, http, tcp) {
        (Some(ttl), None, None) => Ok(Kind::Ttl(between("TTL", ttl)?)),
        (None, Some(http), None) => Ok(Kind::Http(http, interval()?, timeout)),
        (None, None, Some(tcp)) => Ok(Kind::Tcp(tcp, interval()?, timeout)),
        (None, None, None) => {
            Err(unsupported("the check is of a kind that Motet has not: write TTL, HTTP or TCP"))
        }
        _ => Err(refuse("the check is of several kinds: write one of TTL, HTTP and TCP")),
    }
}

fn between(name: &str, span: Duration) -> Result<Duration, Problem> {
    if (SPAN_MIN..=SPAN_MAX).contains(&span) {
        return Ok(span);
    }
    Err(refuse(format!("the check: {name} is not between 1s and a day")))
}

fn elsewhere(asked: &str, own: &str) -> Problem {
    unsupported(format!(
        "the check asks {asked:?}, and the service is at {own:?}: Motet asks a service at its own address alone"
    ))
}
