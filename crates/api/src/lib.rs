//! The HTTP API of Motet: `/api/v1`, probes and metrics, over the runtime's [`Handle`](motet_runtime::Handle).
//!
//! One table of routes says what there is: method, path, parameters, bodies and answers. The router, the refusal of
//! unknown query parameters and the OpenAPI document are made from it, so that they cannot say different things.
//!
//! The crate deliberately holds no state of its own beyond counters, decides nothing about workflows, and never sees storage:
//! it turns requests into calls of the handle, and views into JSON, which it prints without an intermediate form.
//!
//! Invariants: every refusal is a problem document (RFC 9457) with a stable code; every answer that is as of a position
//! says so in `Motet-Position`; nothing is answered to a page of a foreign site; every body and every wait has a limit.

mod backup;
mod options;
mod problem;
mod routes;

mod router;
mod serve;
mod tls;

mod access;
mod answer;
mod guard;
mod handlers;
mod query;
mod request;

mod cloud_event;
mod consul;
mod counters;
mod critical;
mod json;
mod openapi;
mod pages;
mod print;

pub use access::rights;
pub use backup::{Backup, BackupReport};
pub use openapi::document as openapi;
pub use options::Options;
pub use problem::Code;
pub use router::router;
pub use serve::serve;
pub use tls::{Tls, TlsError, TlsFiles};
