//! The audit: what somebody did stands in it from the commit that did it, until it is old enough or there is too much.

use std::collections::BTreeMap;
use std::time::Duration;

use motet_engine::{End, Fact, Record};
use motet_runtime::Actor;
use motet_runtime::shard::Input;
use motet_store::{Commit, RowChange, Value};
use motet_types::{Limits, Timestamp};

use crate::check::{Check, Checked, ensure};
use crate::random::Random;
use crate::tables;
use crate::world::World;

/// Seeds of a hundred in which clients have names, and old entries go.
const SEEDS_PERCENT: u64 = 30;

/// Longer than all entries were read.
const REST_MICROS: i64 = 700_000_000;

/// Passes after which everything has to be gone.
const PASSES_MAX: usize = 20;

/// What the limits say of the audit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Audits {
    pub(crate) is_there: bool,
    age: Duration,
    entries_max: usize,
}

/// Some seeds keep entries for seconds only, some of them few.
pub(crate) fn shorten(limits: &mut Limits, random: &mut Random) -> Audits {
    let (roll, age) = (random.below(100), Duration::from_secs(random.between(3, 20)));
    let entries_max = *random.pick(&[4, 10, 1_000]);
    if roll >= SEEDS_PERCENT {
        return Audits::default();
    }
    (limits.audit_retention, limits.audit_entries_max) = (age, entries_max);
    Audits { is_there: true, age, entries_max }
}

impl World {
    /// Who asks.
    pub(crate) fn actor(&self) -> Actor {
        self.audits.is_there.then(|| "ann".into())
    }

    /// What people did stands in the audit, in the same commit. `records` are those of its instance.
    pub(crate) fn check_audited(&mut self, commit: &Commit, records: &[Record]) -> Checked {
        if !self.audits.is_there {
            return Ok(());
        }
        let of = tables::named("audit").id;
        let is_entry =
            |change: &&RowChange| matches!(change, RowChange::Put { table, .. } if *table == of);
        let came = commit.rows.iter().filter(is_entry).count();
        self.summary.audited += came as u64;
        let acts = records.iter().filter(|record| is_audited(record)).count();
        ensure(came >= acts, Check::AuditWrong, "an entry for what somebody did", || {
            format!("{acts} acts, {came} entries: {records:?}")
        })
    }

    /// Entries go because they are old, or because more are left than there may be. The audit is as it was before the commit.
    pub(crate) fn check_audit_gone(&mut self, commit: &Commit) -> Checked {
        let of = tables::named("audit").id;
        let gone = commit.rows.iter().filter_map(|change| match change {
            RowChange::Delete { table, key } if *table == of => key.first(),
            _ => None,
        });
        let gone: Vec<&Value> = gone.collect();
        if gone.is_empty() {
            return Ok(());
        }
        let rows = self.shadow.rows("audit");
        let known: BTreeMap<&Value, Timestamp> = rows
            .iter()
            .filter_map(|row| match &row[1] {
                Value::Int(at) => Some((&row[0], Timestamp::from_micros(*at))),
                _ => None,
            })
            .collect();
        let left = known.len() - gone.len().min(known.len());
        for key in &gone {
            // A page may be read before the last one is gone.
            let Some(at) = known.get(key).copied() else { continue };
            let is_old = at.saturating_add(self.audits.age) < self.clock_latest;
            let is_right = is_old || left >= self.audits.entries_max;
            ensure(
                is_right,
                Check::AuditWrong,
                "an entry that stays as long as it has to",
                || {
                    let Audits { age, entries_max, .. } = self.audits;
                    let now = self.clock_latest;
                    format!(
                        "{key:?} of {at} is gone when it is {now}: entries stay for {age:?}, and {left} of at most {entries_max} are left"
                    )
                },
            )?;
        }
        self.summary.audit_gone += gone.len() as u64;
        Ok(())
    }

    /// Long afterwards every entry has gone.
    pub(crate) fn forget_audit(&mut self) -> Checked {
        if !self.audits.is_there {
            return Ok(());
        }
        for _ in 0..PASSES_MAX {
            if self.shadow.rows("audit").is_empty() {
                return Ok(());
            }
            self.ahead += REST_MICROS;
            self.feed(Input::Sweep)?;
            self.drive_server()?;
            self.settle()?;
        }
        let left = self.shadow.rows("audit");
        ensure(left.is_empty(), Check::AuditWrong, "nothing that is too old", || {
            format!("{left:?}")
        })
    }
}

/// Whether somebody who is named did it, and people want to know.
fn is_audited(record: &Record) -> bool {
    let is_act = matches!(
        record.fact,
        Fact::Suspended { .. } | Fact::Resumed | Fact::Ended { end: End::Cancelled { .. } }
    );
    record.actor.is_some() && is_act
}
