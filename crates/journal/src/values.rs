//! The large values of one instance's history: each is written once, later records refer to where it stands.

use std::collections::{BTreeMap, BTreeSet};

use motet_expr::Value;

use crate::value::Identity;

/// Values of at least this many encoded bytes can be referred to by later chunks of the same history.
pub const REFERRED_BYTES_MIN: usize = 4 * 1024;

/// A history is made of blocks of so many records, and a chunk refers only to chunks that begin in the same block; in the next
/// one a value is written again. So nobody needs more than a block before the records that he reads, and what lies before
/// the beginning of a block may go.
pub const BLOCK_RECORDS: u64 = 1_024;

/// What a writer or a reader of one history knows of its large values. It belongs to the history up to the last chunk or
/// snapshot that went through it, and is of no use to any other.
///
/// A snapshot holds its values itself, with their places in the history; values that it does not hold are forgotten by it.
#[derive(Debug, Default)]
pub struct Values {
    known: BTreeMap<ValuePlace, Known>,
    /// The places of known values by what makes a value itself. What is known stays in memory, so no other value can take
    /// its identity.
    places: BTreeMap<Identity, ValuePlace>,
}

/// Where a value stands: the ordinal of its chunk's first record, and its number in the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValuePlace {
    pub(crate) record: u64,
    pub(crate) number: u64,
}

/// A value with all that it holds.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) value: Value,
    /// 0 for what contains nothing.
    pub(crate) height: usize,
    /// The oldest record whose chunk is needed to read the chunk in which it stands.
    pub(crate) oldest: u64,
}

impl Values {
    /// How many values are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The value that stands there.
    pub(crate) fn at(&self, place: ValuePlace) -> Option<&Known> {
        self.known.get(&place)
    }

    /// Where the value with this identity stands, if a chunk that begins with `record` may refer to it.
    pub(crate) fn within_reach(&self, identity: Identity, record: u64) -> Option<ValuePlace> {
        let place = self.place_of(identity)?;
        let block = self.known.get(&place)?.oldest / BLOCK_RECORDS;
        (block == record / BLOCK_RECORDS).then_some(place)
    }

    /// Where the value with this identity stands, however far back.
    pub(crate) fn place_of(&self, identity: Identity) -> Option<ValuePlace> {
        self.places.get(&identity).copied()
    }

    pub(crate) fn add(&mut self, place: ValuePlace, identity: Option<Identity>, known: Known) {
        if let Some(identity) = identity {
            self.places.insert(identity, place);
        }
        self.known.insert(place, known);
    }

    /// The chunk that begins with this record needs nothing older than that: what holds for it holds for its values.
    pub(crate) fn close(&mut self, record: u64, oldest: u64) {
        let of_chunk = ValuePlace { record, number: 0 }..=ValuePlace { record, number: u64::MAX };
        for (_, known) in self.known.range_mut(of_chunk) {
            known.oldest = oldest;
        }
    }

    /// Forgets every value that stands elsewhere.
    pub(crate) fn retain(&mut self, kept: &BTreeSet<ValuePlace>) {
        self.places.retain(|_, place| kept.contains(place));
        self.known.retain(|place, _| kept.contains(place));
    }
}
