use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use motet_expr::ExpressionLimits;

use crate::check::{Check, Failure, Violation};
use crate::sabotage::{self, Sabotage};
use crate::summary::Summary;
use crate::world::{Telling, World};

/// With less, every expression would bring a stack of its own; the rest of a world needs little.
const STACK_BYTES: usize = ExpressionLimits::STACK_BYTES_WANTED + 2 * 1024 * 1024;

/// Runs one seed.
///
/// # Errors
/// A check failed; the failure says which, and what happened before.
pub fn run(seed: u64, fault: Option<Sabotage>) -> Result<Summary, Box<Failure>> {
    let _sabotaged = sabotage::install(fault);
    match simulate(seed, fault, Telling::Nothing) {
        Ok(summary) => Ok(summary),
        // The same story again, this time told.
        Err((violation, _)) => {
            let again = simulate(seed, fault, Telling::Last);
            let (violation, events) = again.err().unwrap_or((violation, Vec::new()));
            let sabotage = fault.map(Sabotage::name);
            Err(Box::new(Failure { seed, sabotage, violation, events }))
        }
    }
}

/// Runs one seed and prints everything that happens.
///
/// # Errors
/// As [`run`].
pub fn trace(seed: u64, fault: Option<Sabotage>) -> Result<Summary, Box<Failure>> {
    let _sabotaged = sabotage::install(fault);
    simulate(seed, fault, Telling::All).map_err(|(violation, events)| {
        let sabotage = fault.map(Sabotage::name);
        Box::new(Failure { seed, sabotage, violation, events })
    })
}

/// Runs many seeds on `threads` threads.
///
/// # Errors
/// The lowest seed that was found to fail; seeds above it may not have been run.
pub fn run_all(
    seeds: Range<u64>,
    threads: usize,
    fault: Option<Sabotage>,
) -> Result<Summary, Box<Failure>> {
    let next = AtomicU64::new(seeds.start);
    let end = AtomicU64::new(seeds.end);
    let total = Mutex::new(Summary::default());
    let failed: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            match run(seed, fault) {
                Ok(summary) => *lock(&total) += summary,
                Err(failure) => {
                    end.fetch_min(seed, Ordering::Relaxed);
                    let mut failed = lock(&failed);
                    if failed.as_ref().is_none_or(|known| known.seed > seed) {
                        *failed = Some(failure);
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("the system has room for a few threads");
        }
    });
    match lock(&failed).take() {
        Some(failure) => Err(failure),
        None => Ok(*lock(&total)),
    }
}

type Told = (Violation, Vec<String>);

fn simulate(seed: u64, fault: Option<Sabotage>, telling: Telling) -> Result<Summary, Told> {
    let mut world = World::new(seed, telling, fault.is_some());
    sabotage::into_store(fault, &mut world.store_options);
    match catch_unwind(AssertUnwindSafe(|| world.run())) {
        Ok(Ok(())) => Ok(world.summary),
        Ok(Err(violation)) => Err((*violation, world.last_events())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            let seen = text.unwrap_or("something else than a text").to_owned();
            let expected = "no panic".to_owned();
            let violation = Violation { check: Check::Panicked, expected, seen };
            Err((violation, world.last_events()))
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
