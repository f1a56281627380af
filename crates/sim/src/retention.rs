//! Retention: what may be forgotten and when, and that in the end nothing is left whose time is over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use motet_runtime::shard::Input;
use motet_store::Value;
use motet_types::{InstanceId, Limits, Timestamp};

use crate::check::{Check, Checked, ensure};
use crate::compare::id_of;
use crate::random::Random;
use crate::shadow::{Known, Shadow};
use crate::world::{Event, World};

/// Seeds of a hundred in which ended instances are forgotten while everything goes on.
const SEEDS_PERCENT: u64 = 30;

/// Sweeps until everything whose time is over has to be gone.
const SWEEPS_MAX: usize = 400;

/// What the shadow needs to know: when an instance may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    age: Duration,
    key: Duration,
    /// Whether room is a reason, too.
    by_bytes: bool,
}

impl Retention {
    pub(crate) fn of(limits: &Limits) -> Self {
        let Limits { retention_age, start_key_retention, retention_bytes, .. } = *limits;
        let by_bytes = retention_bytes.is_some();
        Self { age: retention_age.max(start_key_retention), key: start_key_retention, by_bytes }
    }

    /// Whether the time of an instance is over that has ended `since` then, if `clock` is the latest time that a server has seen.
    fn is_over(self, known: &Known, since: Timestamp, clock: Timestamp) -> bool {
        let state = &known.state;
        let is_old = since.saturating_add(self.age) < clock;
        let is_keyed =
            state.start.start_key.contains("/client/") && !self.has_expired(known, clock);
        state.end.is_some() && (is_old || self.by_bytes && !is_keyed)
    }

    /// Whether the key of a start leads to it no more once it has ended.
    pub(crate) fn has_expired(self, known: &Known, clock: Timestamp) -> bool {
        known.asked_at.saturating_add(self.key) <= clock
    }
}

/// Some seeds keep ended instances and start keys for seconds only, some of them a few kilobytes.
pub(crate) fn shorten(limits: &mut Limits, random: &mut Random) {
    // Always drawn, so that a seed tells the same story otherwise.
    let (roll, age, key) = (random.below(100), random.between(1, 15), random.between(1, 10));
    let bytes = *random.pick(&[None, Some(3_000), Some(12_000)]);
    if roll < SEEDS_PERCENT {
        limits.retention_age = Duration::from_secs(age);
        limits.start_key_retention = Duration::from_secs(key);
        limits.retention_bytes = bytes;
    }
}

impl Shadow {
    /// An instance and its history go: it has ended long enough ago, and nobody above it can need it any more.
    pub(crate) fn forget(&mut self, id: InstanceId, clock: Timestamp) -> Checked {
        let Some(known) = self.instances.remove(&id) else {
            let expected = "an instance that was there";
            return ensure(false, Check::ForgottenWrongly, expected, || id.to_string());
        };
        let state = &known.state;
        let expected = "an ended instance whose time is over";
        let is_over = self.retention.is_over(&known, state.updated_at, clock);
        ensure(is_over, Check::ForgottenWrongly, expected, || {
            format!("{id}, {}, updated at {}, when it is {clock}", state.status(), state.updated_at)
        })?;
        if let Some(parent) = &state.start.parent {
            let root = self.instances.get(&parent.root);
            // It may have been looked at before something settled that it had given up.
            let is_over =
                root.is_none_or(|root| self.retention.is_over(root, root.ended_at, clock));
            let expected = "a descendant of what may go, too";
            ensure(is_over, Check::ForgottenWrongly, expected, || {
                format!("{id} is gone before {}", parent.root)
            })?;
        }
        self.forgotten.insert(id, known);
        Ok(())
    }
}

impl World {
    /// The engine thread asks for a sweep, and will again.
    pub(crate) fn sweep(&mut self, life: u32) -> Checked {
        if self.services.calm {
            return Ok(());
        }
        let after = self.random.between(50_000, 1_500_000);
        self.plan(after, Event::Sweep { life });
        self.feed(Input::Sweep)
    }

    /// Sweeps are asked for where there is anything to sweep within the time of a seed.
    pub(crate) fn plan_sweeps(&mut self) {
        if self.audits.is_there || self.limits.retention_age < Limits::default().retention_age {
            let life = self.life;
            let after = self.random.between(1, 1_000_000);
            self.plan(after, Event::Sweep { life });
        }
    }

    /// Long afterwards everything is forgotten that began in this seed.
    pub(crate) fn forget_all(&mut self) -> Checked {
        if self.limits.retention_age == Limits::default().retention_age {
            return Ok(());
        }
        for _ in 0..SWEEPS_MAX {
            if self.shadow.instances.is_empty() {
                break;
            }
            self.ahead += 20_000_000;
            self.feed(Input::Sweep)?;
            self.drive_server()?;
            self.settle()?;
        }
        let left = self.shadow.instances.keys().next();
        let expected = "nothing left whose time is over";
        ensure(left.is_none(), Check::ForgottenWrongly, expected, || format!("{left:?}"))
    }

    /// Rows of ended instances: one at least for each, none of an instance that never was, and their sums.
    pub(crate) fn compare_ended(&mut self) -> Checked {
        let mut ended = BTreeSet::new();
        let mut sums: BTreeMap<(i64, String), (i64, i64)> = BTreeMap::new();
        for row in self.shadow.rows("ended") {
            let [Value::Text(namespace), Value::Int(_), id, Value::Int(_), Value::Int(bytes)] =
                row.as_slice()
            else {
                continue;
            };
            let Some(id) = id_of(id) else { continue };
            ended.insert(id);
            let sum = sums.entry((i64::from(id.shard().0), namespace.clone())).or_default();
            *sum = (sum.0 + 1, sum.1 + bytes);
        }
        let over = self.shadow.instances.values().filter(|known| known.state.end.is_some());
        let missing = over.map(|known| known.state.id).find(|id| !ended.contains(id));
        let expected = "a row for each end";
        ensure(missing.is_none(), Check::ViewDisagrees, expected, || format!("{missing:?}"))?;
        let mut stored = BTreeMap::new();
        for row in self.shadow.rows("usage") {
            if let [
                Value::Int(shard),
                Value::Text(namespace),
                Value::Int(count),
                Value::Int(bytes),
            ] = row.as_slice()
            {
                stored.insert((*shard, namespace.clone()), (*count, *bytes));
            }
        }
        ensure(stored == sums, Check::ViewDisagrees, "the sums of the rows of ends", || {
            format!("{stored:?}, the rows give {sums:?}")
        })
    }
}
