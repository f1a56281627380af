//! Which variants were read, so that fixtures can be held to contain them all.

use std::cell::RefCell;
use std::collections::BTreeSet;

/// The table of an enum, as its `variants!` has it.
pub(crate) trait Variants {
    const WHAT: &'static str;
    const VARIANTS: &'static [(u64, &'static str)];
}

thread_local! {
    static SEEN: RefCell<BTreeSet<(&'static str, u64)>> = const { RefCell::new(BTreeSet::new()) };
}

/// A variant was read, or an attempt at it was made.
pub(crate) fn saw(what: &'static str, number: u64) {
    SEEN.with_borrow_mut(|seen| seen.insert((what, number)));
}

/// Everything that this thread read since the last call.
pub(crate) fn take() -> BTreeSet<(&'static str, u64)> {
    SEEN.take()
}
