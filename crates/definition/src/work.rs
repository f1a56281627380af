//! Counts what loops over a user's document do, in the tests of this crate alone.
//!
//! A document may be made to be slow. The tests hold what one costs to a multiple of its length by these counts, which are the
//! same on every machine; in every other build they are nothing.

#[cfg(test)]
thread_local! {
    static SPENT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that a loop over what somebody wrote took so many steps.
#[inline]
pub(crate) fn spend(steps: usize) {
    #[cfg(test)]
    SPENT.with(|spent| spent.set(spent.get() + steps as u64));
    #[cfg(not(test))]
    let _ = steps;
}

/// What `run` gives, and how many steps it took on this thread.
#[cfg(test)]
fn measured<T>(run: impl FnOnce() -> T) -> (T, u64) {
    SPENT.with(|spent| spent.set(0));
    let result = run();
    (result, SPENT.with(std::cell::Cell::get))
}

#[cfg(test)]
mod tests;
