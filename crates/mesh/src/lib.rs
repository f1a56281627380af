//! Calls to services: connection pools, protocols, TLS and deadlines.
//!
//! The mesh sends what it is given, once, and reports what it saw, in terms of what the attempt may have done. It knows no
//! workflows and never retries on its own.

mod call;

pub use call::{CallError, Request, Response, Undone};
