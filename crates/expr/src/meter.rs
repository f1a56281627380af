//! What an evaluation has used, and how it is ended when that is too much.
//!
//! jaq's value operations receive no context, so the meter of the running evaluation lives in a thread-local.
//! A violation unwinds the whole evaluation with a payload of our own: jq's `try` works on error *values* and so
//! cannot catch it, and `resume_unwind` prints nothing.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Environment, EvalError, EvalErrorKind, ExpressionLimits, json};

/// Grains in one unit of fuel: work that is cheaper than a term is counted in grains, about one a byte.
pub(crate) const GRAINS_PER_FUEL: u64 = 64;

/// Stack beyond the limit for what runs between two terms, and for dropping what they made.
const STACK_RESERVE_BYTES: usize = 4 * 1024 * 1024;

thread_local! {
    static METER: Meter = const { Meter::idle() };
}

struct Meter {
    grains: Cell<u64>,
    /// Address of a local of the evaluation's entry.
    entry: Cell<usize>,
    recursion: Cell<u32>,
    limits: Cell<ExpressionLimits>,
}

impl Meter {
    /// Outside evaluations values are moved and compared freely.
    const fn idle() -> Self {
        Self {
            grains: Cell::new(u64::MAX),
            entry: Cell::new(0),
            recursion: Cell::new(0),
            limits: Cell::new(ExpressionLimits {
                depth_max: u16::MAX,
                value_bytes_max: u32::MAX,
                recursion_max: u32::MAX,
                stack_bytes_max: usize::MAX,
            }),
        }
    }

    fn swap(&self, other: &Self) {
        self.grains.swap(&other.grains);
        self.entry.swap(&other.entry);
        self.recursion.swap(&other.recursion);
        self.limits.swap(&other.limits);
    }
}

/// Runs `evaluate` within the fuel and limits of `env`, and takes what it used from the fuel.
pub(crate) fn metered<T>(
    env: &mut Environment<'_>,
    evaluate: impl FnOnce() -> Result<T, EvalError>,
) -> Result<T, EvalError> {
    let mine = Meter::idle();
    mine.grains.set(env.fuel.saturating_mul(GRAINS_PER_FUEL));
    mine.limits.set(ExpressionLimits {
        depth_max: env.limits.depth_max.min(json::DEPTH_MAX as u16),
        ..env.limits
    });
    METER.with(|meter| meter.swap(&mine));
    // Nothing behind this line is looked at again after a panic but the meter.
    let outcome = catch_unwind(AssertUnwindSafe(evaluate));
    METER.with(|meter| meter.swap(&mine));
    *env.fuel = (*env.fuel).min(mine.grains.get() / GRAINS_PER_FUEL);
    outcome.unwrap_or_else(|payload| Err(error_of(payload)))
}

/// Runs `evaluate` where the stack has room for what the limits allow, whoever the caller is.
pub(crate) fn with_stack<T>(evaluate: impl FnOnce() -> T) -> T {
    let room = limits().stack_bytes_max.saturating_add(STACK_RESERVE_BYTES);
    stacker::maybe_grow(room, room.saturating_add(STACK_RESERVE_BYTES), || {
        let marker = 0_u8;
        METER.with(|meter| meter.entry.set(std::ptr::from_ref(&marker).addr()));
        evaluate()
    })
}

/// Takes `grains` from the running evaluation, or ends it.
pub(crate) fn charge(grains: usize) {
    METER.with(|meter| {
        let left = meter.grains.get().checked_sub(grains as u64);
        meter.grains.set(left.unwrap_or(0));
        if left.is_none() {
            end(EvalErrorKind::Fuel, "the expression has used up its fuel");
        }
    });
}

/// Takes one term's fuel and checks the stack and the interrupt.
pub(crate) fn term(interrupt: Option<&AtomicBool>) {
    charge(GRAINS_PER_FUEL as usize);
    if interrupt.is_some_and(|interrupt| interrupt.load(Ordering::Relaxed)) {
        end(EvalErrorKind::Interrupted, "the expression took too long and was interrupted");
    }
    let marker = 0_u8;
    let here = std::ptr::from_ref(&marker).addr();
    METER.with(|meter| {
        if meter.entry.get().abs_diff(here) > meter.limits.get().stack_bytes_max {
            end(EvalErrorKind::Stack, "the expression has used up its stack");
        }
    });
}

/// Runs `inner` one call deeper.
pub(crate) fn deeper<T>(inner: impl FnOnce() -> T) -> T {
    METER.with(|meter| {
        let recursion = meter.recursion.get() + 1;
        if recursion > meter.limits.get().recursion_max {
            end(EvalErrorKind::Depth, "a function of the expression calls itself too deeply");
        }
        meter.recursion.set(recursion);
        let result = inner();
        meter.recursion.set(recursion - 1);
        result
    })
}

/// Limits of the running evaluation.
pub(crate) fn limits() -> ExpressionLimits {
    METER.with(|meter| meter.limits.get())
}

/// Ends the running evaluation because a value would be larger than allowed.
pub(crate) fn too_large() -> ! {
    end(
        EvalErrorKind::Size,
        format!("the expression makes a value of more than {} bytes", limits().value_bytes_max),
    )
}

/// Ends the running evaluation because a value would be nested more deeply than allowed.
pub(crate) fn too_deep() -> ! {
    end(
        EvalErrorKind::Depth,
        format!("the expression makes a value of more than {} levels", limits().depth_max),
    )
}

/// Ends the running evaluation.
pub(crate) fn end(kind: EvalErrorKind, message: impl Into<String>) -> ! {
    resume_unwind(Box::new(EvalError::new(kind, message)))
}

fn error_of(payload: Box<dyn Any + Send>) -> EvalError {
    match payload.downcast::<EvalError>() {
        Ok(violation) => *violation,
        Err(payload) => {
            let text = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied());
            EvalError::new(
                EvalErrorKind::Internal,
                format!("bug in the evaluator: {}", text.unwrap_or("unknown panic")),
            )
        }
    }
}
