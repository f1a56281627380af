//! Runtime expressions: jq programs over JSON values, safe to run on what strangers wrote.
//!
//! [`Program`] is one compiled expression, [`Template`] a JSON value with expressions inside, [`json`] the exact
//! passage between text and [`Value`]. Evaluation needs an [`Environment`]: fuel, the recorded time, limits and
//! perhaps an interrupt. The language is jq 1.7 as jaq implements it, without everything that reaches outside.
//!
//! It deliberately does not: read a clock, an environment variable or a file, write anywhere, know what a
//! workflow is, or decide which variables exist (the caller names them).
//!
//! Where it differs from jq 1.7: of several outputs on both sides of an operator or in one text, the right one varies
//! first; NaN is equal to itself in order (not in `==`); `nan < nan` is false; objects keep the order of their keys;
//! numbers keep their text until they are calculated with, and integers their digits even then; slices in paths leave
//! out an open end. `tests/manual` shows all of it.
//!
//! Invariants: the same source, input, variables, fuel and time give the same result on every machine; no source
//! and no input panics, overflows the stack, exhausts memory or runs for ever; a violated limit ends the whole
//! evaluation and no `try` catches it; what leaves an expression is JSON (no NaN, no byte strings, text keys).

mod arithmetic;
mod bounded;
mod check;
mod environment;
mod error;
mod fast;
pub mod json;
mod leave;
mod library;
mod meter;
mod natives;
mod order;
mod program;
mod syntax;
mod template;
mod update;
mod value;

pub use environment::{Environment, ExpressionLimits};
pub use error::{CompileError, EvalError, EvalErrorKind, TemplateError};
pub use jaq_json::{Map, Num, Val as Value};
pub use program::{Program, SOURCE_BYTES_MAX};
pub use syntax::{Part, SyntaxError, is_expression, parse_interpolated};
pub use template::{Mode, Template};

#[cfg(test)]
mod tests;
