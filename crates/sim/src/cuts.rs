//! Long histories: in some seeds their middle is cut out, and what has to stay is known.

use bytes::Bytes;
use motet_journal::{Values, decode_history};
use motet_store::Commit;
use motet_types::Limits;

use crate::check::{Check, Checked, ensure, violated};
use crate::random::Random;
use crate::shadow::forgets;

/// Seeds of a hundred in which histories are cut while everything goes on.
const SEEDS_PERCENT: u64 = 8;

/// What of a live history has to stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    first: u64,
    last: u64,
}

/// The chunks of one entity, in order, each with the ordinal of its first record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunks {
    pub(crate) list: Vec<(u64, Bytes)>,
    /// Those counted that were cut out.
    pub(crate) records: u64,
}

/// Some seeds keep a few records at both ends of a history.
pub(crate) fn shorten(limits: &mut Limits, random: &mut Random) {
    // Always drawn, so that a seed tells the same story otherwise.
    let (roll, first, last) = (random.below(100), random.between(1, 300), random.between(1, 200));
    if roll < SEEDS_PERCENT {
        limits.history_first_records_max = first;
        limits.history_last_records_max = last;
    }
}

/// Whether there should be histories long enough to be cut.
pub(crate) fn are_due(limits: &Limits) -> bool {
    limits.history_last_records_max < Limits::default().history_last_records_max
}

impl Kept {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self { first: limits.history_first_records_max, last: limits.history_last_records_max }
    }

    /// A commit cut between these chunks, the last of which is its own: both ends are there, and can be read by themselves.
    pub(crate) fn check(self, before: &Chunks, after: &Chunks) -> Checked {
        let ends = before.list.iter().skip(1).map(|(first, _)| *first).chain([before.records]);
        let is_left = |first: u64| after.list.iter().any(|(left, _)| *left == first);
        for ((first, _), end) in before.list.iter().zip(ends) {
            let is_kept = *first < self.first || end + self.last > before.records;
            let expected = "beginning and end of a history that is cut";
            ensure(!is_kept || is_left(*first), Check::HistoryChanged, expected, || {
                format!("records {first} to {end} of {} are gone, {self:?}", before.records)
            })?;
        }
        let mut expected_next = 0;
        let mut values = Values::default();
        for (first, chunk) in &after.list {
            if *first > expected_next {
                values = Values::default();
            }
            let records = decode_history(chunk, *first, &mut values).map_err(|error| {
                let expected = "records that can be read without those that were cut out";
                violated(Check::HistoryChanged, expected, error.to_string())
            })?;
            expected_next = first + records.len() as u64;
        }
        Ok(())
    }
}

impl Chunks {
    /// Takes what a commit does to the history.
    pub(crate) fn take(&mut self, commit: &Commit) {
        if forgets(commit) {
            *self = Self::default();
        }
        for (from, to) in commit.cuts() {
            self.list.retain(|(first, _)| !(from..to).contains(first));
        }
        if !commit.records.is_empty() {
            self.list.push((self.records, commit.records.clone()));
            self.records += u64::from(commit.record_count);
        }
    }
}

#[cfg(test)]
mod tests;
