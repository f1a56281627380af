//! Calls to services: connection pools, protocols, TLS and deadlines.
//!
//! The mesh sends what it is given, once, and reports what it saw, in terms of what the attempt may have done. It knows no
//! workflows and never retries on its own; the single exception is a request of which surely not a byte was sent, because the
//! pooled connection meant for it had been closed: that goes out on another connection within the same call.
//!
//! Invariants: [`Undone::NotRun`] is said only where it is certain; a call ends within its timeout; no more of a response is
//! kept than the request allows; credentials do not follow a redirect to another origin.

mod call;
mod mesh;
mod names;
mod options;
mod probe;

mod connect;
mod failure;
mod flights;
mod redirect;

#[cfg(test)]
mod tests;

pub use call::{CallError, Request, Response, Undone};
pub use mesh::Mesh;
pub use names::{Found, Names, NamesError, Wanted};
pub use options::{Error, Options};
pub use probe::ProbeError;
