//! From local times to instants: what becomes of a time that a clock change skips or repeats.
//!
//! An expression that names times of day fires once for each of them: a time that is skipped fires when the clock has
//! changed, one that comes twice the first time. One that repeats (`*` in the seconds, minutes or hours) goes with the
//! clock: skipped times are left out, repeated ones fire twice. Vixie's cron and its heirs do the same.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use motet_types::Timestamp;

use super::Cron;

/// A time zone, by its name in the IANA database.
#[derive(Clone, PartialEq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// The name is none of the IANA time zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a time zone")]
pub struct UnknownZone(pub String);

/// Longest name of a time zone, in bytes; the longest one in use has 32.
const ZONE_BYTES_MAX: usize = 64;

/// Clock changes that one search passes at most: two a year, for as long as an expression may rest.
const SEGMENTS_MAX: usize = 64;

/// A stretch of time between two clock changes.
struct Segment {
    begin: jiff::Timestamp,
    /// Exclusive.
    end: jiff::Timestamp,
    offset: Offset,
    /// What held before.
    before: Offset,
}

impl Zone {
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// The local time at an instant, as in `2026-03-29T03:00:00+02:00`.
    pub fn local(&self, at: Timestamp) -> Option<String> {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
        let offset = self.rules.to_offset(at);
        Some(at.display_with_offset(offset).to_string())
    }

    /// The first instant after another at which an expression fires.
    pub(super) fn next(&self, cron: &Cron, after: Timestamp) -> Option<Timestamp> {
        let second = after.as_seconds().checked_add(1)?;
        let mut from = jiff::Timestamp::from_second(second).ok()?;
        for _ in 0..SEGMENTS_MAX {
            let segment = self.segment(from);
            if let Some(at) = segment.first(cron, from) {
                return Some(Timestamp::from_micros(at.as_microsecond()));
            }
            if segment.end == jiff::Timestamp::MAX {
                return None;
            }
            from = segment.end;
        }
        None
    }

    /// The last instant up to another, that included, at which an expression fires.
    pub(super) fn last(&self, cron: &Cron, until: Timestamp) -> Option<Timestamp> {
        let mut until = jiff::Timestamp::from_second(until.as_seconds()).ok()?;
        for _ in 0..SEGMENTS_MAX {
            let segment = self.segment(until);
            if let Some(at) = segment.last(cron, until) {
                return Some(Timestamp::from_micros(at.as_microsecond()));
            }
            if segment.begin == jiff::Timestamp::MIN {
                return None;
            }
            until = segment.begin - jiff::SignedDuration::from_secs(1);
        }
        None
    }

    fn segment(&self, at: jiff::Timestamp) -> Segment {
        let later = at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(at);
        let begin = self.rules.preceding(later).next().map(|change| change.timestamp());
        let end = self.rules.following(at).next().map(|change| change.timestamp());
        let offset = self.rules.to_offset(at);
        let before = begin.and_then(|begin| {
            let earlier = begin.checked_sub(jiff::SignedDuration::from_secs(1)).ok()?;
            Some(self.rules.to_offset(earlier))
        });
        Segment {
            begin: begin.unwrap_or(jiff::Timestamp::MIN),
            end: end.unwrap_or(jiff::Timestamp::MAX),
            offset,
            before: before.unwrap_or(offset),
        }
    }
}

impl Segment {
    fn first(&self, cron: &Cron, from: jiff::Timestamp) -> Option<jiff::Timestamp> {
        if from == self.begin && self.has_skipped(cron) {
            return Some(self.begin);
        }
        let fresh = self.fresh(cron).max(self.offset.to_datetime(from));
        let at = cron.first(fresh, self.offset.to_datetime(self.end))?;
        self.offset.to_timestamp(at).ok()
    }

    fn last(&self, cron: &Cron, until: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let at = cron.last(self.offset.to_datetime(until), self.fresh(cron));
        match at {
            Some(at) => self.offset.to_timestamp(at).ok(),
            None => self.has_skipped(cron).then_some(self.begin),
        }
    }

    /// Whether times were skipped as it began that are to be made up for.
    fn has_skipped(&self, cron: &Cron) -> bool {
        let skipped = self.before.to_datetime(self.begin)..self.offset.to_datetime(self.begin);
        !cron.repeats() && cron.first(skipped.start, skipped.end).is_some()
    }

    /// The first local time that did not come before, in the segment before.
    fn fresh(&self, cron: &Cron) -> DateTime {
        let begin = self.offset.to_datetime(self.begin);
        if cron.repeats() { begin } else { begin.max(self.before.to_datetime(self.begin)) }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Names are spelt exactly as in the database.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownZone(name.to_owned());
        if name.len() > ZONE_BYTES_MAX {
            return Err(unknown());
        }
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| unknown())?;
        let is_exact = rules.iana_name() == Some(name);
        is_exact.then(|| Self { name: name.to_owned(), rules }).ok_or_else(unknown)
    }
}
