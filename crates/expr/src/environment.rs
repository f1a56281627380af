use std::sync::atomic::AtomicBool;

use motet_types::Timestamp;

/// What one evaluation may use; nothing else reaches an expression.
#[derive(Debug)]
pub struct Environment<'a> {
    /// Fuel that is left: about one unit a term of jq, or 64 bytes made by a built-in function. Decremented.
    pub fuel: &'a mut u64,
    /// What `now` answers.
    pub now: Timestamp,
    pub limits: ExpressionLimits,
    /// Set by the shell when its wall-clock patience is over; ends the evaluation at the next term.
    pub interrupt: Option<&'a AtomicBool>,
}

impl<'a> Environment<'a> {
    /// An environment with the default limits and no interrupt.
    pub fn new(fuel: &'a mut u64, now: Timestamp) -> Self {
        Self { fuel, now, limits: ExpressionLimits::default(), interrupt: None }
    }
}

/// Limits of one evaluation, beside its fuel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpressionLimits {
    /// Nesting of arrays and objects in any value, intermediate ones included; at most [`crate::json::DEPTH_MAX`].
    pub depth_max: u16,
    /// Size of any value with everything in it, shared parts counted as often as they occur: 16 bytes a value
    /// and the bytes of its text. JSON text of one byte an item (`[1,1,...]`) needs eight times its length.
    pub value_bytes_max: u32,
    /// Calls of a function by itself that are not the last thing it does, at any moment.
    pub recursion_max: u32,
    /// Stack between the entry of an evaluation and its deepest term, in bytes: the net under `recursion_max` for
    /// functions with very large bodies, and the only limit that depends on the build. An evaluation brings its
    /// own stack where the caller's has less room than this and a reserve; see
    /// [`ExpressionLimits::STACK_BYTES_WANTED`].
    pub stack_bytes_max: usize,
}

impl ExpressionLimits {
    /// Stack size of a thread on which evaluations with the default limits need no stack of their own, in bytes.
    pub const STACK_BYTES_WANTED: usize = 18 * 1024 * 1024;
}

impl Default for ExpressionLimits {
    fn default() -> Self {
        Self {
            depth_max: 128,
            value_bytes_max: 16 * 1024 * 1024,
            recursion_max: 256,
            stack_bytes_max: 12 * 1024 * 1024,
        }
    }
}
