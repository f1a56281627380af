//! When instances of a workflow are to begin: pure arithmetic of nominal times.
//!
//! Time zones come from a database that is part of the program, never from the machine: every server gives the same times.

mod cron;
mod zone;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use motet_types::Timestamp;

use crate::graph::Listen;
use crate::model::{Catchup, Document, Overlap};

pub use cron::{Cron, CronProblem};
pub use zone::{UnknownZone, Zone};

/// The shortest time between two starts that a schedule may ask for.
pub const INTERVAL_MIN: Duration = Duration::from_secs(1);

/// What makes an instance begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    Cron,
    Every,
    After,
    /// Events came.
    On,
    /// A person asked for it.
    Manual,
}

impl Trigger {
    pub const ALL: [Self; 5] = [Self::Cron, Self::Every, Self::After, Self::On, Self::Manual];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Every => "every",
            Self::After => "after",
            Self::On => "on",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Trigger {
    type Err = UnknownTrigger;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|trigger| trigger.as_str() == text);
        known.ok_or_else(|| UnknownTrigger(text.to_owned()))
    }
}

/// The text names no trigger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no trigger: use cron, every, after, on or manual")]
pub struct UnknownTrigger(pub String);

/// The schedule of one version of a workflow, with what it leaves out filled in.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the document asks for by the clock, in the order of [`Trigger`].
    pub rules: Vec<Rule>,
    /// The events that start instances; there are rules where there are none.
    pub on: Option<Arc<OnEvents>>,
    pub zone: Zone,
    pub overlap: Overlap,
    pub catchup: Catchup,
}

/// Which events start instances.
#[derive(Debug)]
pub struct OnEvents {
    /// What makes two of them the same: a digest of what the document says.
    pub spec: String,
    pub listen: Listen,
}

/// One of the triggers of a schedule that go by the clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// At the times of a calendar.
    Cron(Box<Cron>),
    /// At equal distances, whatever the run before does.
    Every(Duration),
    /// So long after the run before has ended.
    After(Duration),
}

impl Plan {
    /// The schedule of a document without errors; none where it has no trigger.
    pub fn of(document: &Document, on: Option<Arc<OnEvents>>) -> Option<Self> {
        let schedule = document.schedule.as_ref()?;
        let own = document.motet().and_then(|motet| motet.schedule.clone()).unwrap_or_default();
        let fixed = |duration: &Option<crate::model::Duration>| duration.as_ref()?.fixed();
        let cron = schedule.cron.as_ref().and_then(|text| Cron::parse(text).ok());
        let rules: Vec<Rule> = [
            cron.map(|cron| Rule::Cron(Box::new(cron))),
            fixed(&schedule.every).map(Rule::Every),
            fixed(&schedule.after).map(Rule::After),
        ]
        .into_iter()
        .flatten()
        .collect();
        let zone = own.timezone.as_deref().map_or(Ok(Zone::utc()), str::parse).ok()?;
        (!rules.is_empty() || on.is_some()).then(|| Self {
            rules,
            on,
            zone,
            overlap: own.overlap.unwrap_or(Overlap::Allow),
            catchup: own.catchup.unwrap_or(Catchup::Last),
        })
    }

    /// The rule behind a trigger.
    pub fn rule(&self, trigger: Trigger) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.trigger() == trigger)
    }

    /// What makes two rules the same: as long as it stays, a new version goes on where the old one was.
    pub fn spec(&self, rule: &Rule) -> String {
        match rule {
            Rule::Cron(cron) => format!("{} {}", cron.text(), self.zone),
            Rule::Every(interval) | Rule::After(interval) => format!("{} us", interval.as_micros()),
        }
    }

    /// The first nominal time after an instant; none if there never is one, or if it depends on the run before.
    pub fn next(&self, rule: &Rule, anchor: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match rule {
            Rule::Cron(cron) => self.zone.next(cron, after),
            Rule::Every(interval) => step_after(anchor, *interval, after),
            Rule::After(_) => None,
        }
    }

    /// The last nominal time up to an instant, that included.
    pub fn last(&self, rule: &Rule, anchor: Timestamp, until: Timestamp) -> Option<Timestamp> {
        match rule {
            Rule::Cron(cron) => self.zone.last(cron, until),
            Rule::Every(interval) => {
                let micros = micros(*interval);
                let steps = until.as_micros().checked_sub(anchor.as_micros())?.div_euclid(micros);
                let at = anchor.as_micros().checked_add(steps.checked_mul(micros)?)?;
                (steps > 0).then(|| Timestamp::from_micros(at))
            }
            Rule::After(_) => None,
        }
    }

    /// The next `count` starts by the clock after an instant, had the schedule come into force at `anchor`.
    pub fn upcoming(
        &self,
        anchor: Timestamp,
        after: Timestamp,
        count: usize,
    ) -> Vec<(Timestamp, Trigger)> {
        let mut upcoming = Vec::new();
        for rule in &self.rules {
            let next = |at: &Timestamp| self.next(rule, anchor, *at);
            let times = std::iter::successors(next(&after), next).take(count);
            upcoming.extend(times.map(|at| (at, rule.trigger())));
        }
        upcoming.sort_unstable();
        upcoming.truncate(count);
        upcoming
    }
}

impl Rule {
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::Cron(_) => Trigger::Cron,
            Self::Every(_) => Trigger::Every,
            Self::After(_) => Trigger::After,
        }
    }
}

fn step_after(anchor: Timestamp, interval: Duration, after: Timestamp) -> Option<Timestamp> {
    let micros = micros(interval);
    let past = after.as_micros().checked_sub(anchor.as_micros())?;
    let steps = past.div_euclid(micros).checked_add(1)?.max(1);
    let at = anchor.as_micros().checked_add(steps.checked_mul(micros)?)?;
    Some(Timestamp::from_micros(at))
}

/// An interval in microseconds, never zero.
fn micros(interval: Duration) -> i64 {
    i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests;
